"""`lambdakit invoke`: one invocation of one function, in a real bootstrap process, and out again.

stdout carries the payload and nothing else, stderr the logs; the exit status is 0, 1 after a function error, 2 after a
usage error. All the work is the engine's: this verb turns options into its values and its answer into bytes.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lambdakit.cli.event_input import checked_json, read_event
from lambdakit.cli.function_input import FunctionOptions, function_of, unpacked
from lambdakit.cli.rules_options import invocation_rules
from lambdakit.cli.terminal import end_payload, screen_for, write_payload
from lambdakit.emulator.service import InvokeRequest, LocalService
from lambdakit.exceptions import EmulatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from lambdakit.cli.terminal import Screen
    from lambdakit.emulator.confinement import Rules
    from lambdakit.emulator.function import FunctionConfig, LogFormat
    from lambdakit.emulator.logs import LogLine, ServiceLog

_FUNCTION_ERROR = 1
_USAGE_ERROR = 2
_SIGNALLED = 128


@dataclass(frozen=True)
class Options:
    """The verb's options as click gives them."""

    target: str
    event: str | None
    data: str | None
    function: FunctionOptions
    client_context: str | None
    rules: Rules
    verbose: bool


@click.command(short_help="Run one invocation of a function.")
@click.argument("target")
@click.option("--event", metavar="FILE|-", help="The event: a JSON file, or - for standard input. Without one: {}.")
@click.option("--data", metavar="JSON", help="The event itself.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds the function may take; else the project's, or 3.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    help="Memory size in MB; else the project's, or 128.",
)
@click.option("--env", multiple=True, metavar="KEY=VALUE", help="An environment variable; may be repeated.")
@click.option("--env-file", multiple=True, metavar="FILE", help="A dotenv file; may be repeated.")
@click.option("--client-context", metavar="JSON", help="The client context the function is given.")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="Else the project's, or text.")
@click.option("--runtime-command", metavar="CMD", help="Another runtime; the handler is its last argument.")
@invocation_rules
@click.option("-v", "--verbose", is_flag=True, help="Show the engine's own phases, too.")
def command(
    target: str,
    event: str | None,
    data: str | None,
    timeout: float | None,
    memory: int | None,
    env: tuple[str, ...],
    env_file: tuple[str, ...],
    client_context: str | None,
    log_format: LogFormat | None,
    runtime_command: str | None,
    rules: Rules,
    verbose: bool,
) -> None:
    """Run one invocation of TARGET in a real bootstrap process.

    TARGET is module.function, path/to/app.py:function, or a function's name in the project's configuration;
    NAME=TARGET gives the function another name. The payload goes to stdout, logs go to stderr. Exit status: 0, 1 after
    a function error, 2 after a usage error.
    """
    about = FunctionOptions(timeout, memory, env, env_file, log_format, runtime_command)
    options = Options(target, event, data, about, client_context, rules, verbose)
    try:
        function = function_of(options.target, options.function)
        request = _request(function.config, options)
        with unpacked(function) as ready, screen_for(f"Invoking {function.name}") as screen:
            failed = run(_invoke(ready.config, request, screen, options))
    except (UsageError, EmulatorError) as error:
        click.echo(f"lambdakit invoke: {error}", err=True)
        sys.exit(_USAGE_ERROR)
    sys.exit(_FUNCTION_ERROR if failed else 0)


def _request(config: FunctionConfig, options: Options) -> InvokeRequest:
    context = options.client_context
    if context is not None:
        checked_json(context.encode("utf-8", "surrogateescape"), "--client-context")
    return InvokeRequest(config.name, read_event(options.event, options.data), client_context=context)


def run(work: Coroutine[None, None, bool]) -> bool:
    """Run to the end; Ctrl-C and SIGTERM end the process with the usual status, after everything is cleaned up.

    On asyncio's own loop even where uvloop is installed: importing uvloop takes longer than the function of most
    single invocations.
    """
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        sys.exit(_SIGNALLED + signal.SIGINT)
    except asyncio.CancelledError:
        sys.exit(_SIGNALLED + signal.SIGTERM)


async def _invoke(config: FunctionConfig, request: InvokeRequest, screen: Screen, options: Options) -> bool:
    """Whether the function failed; the payload has been written."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with LocalService(log=_log(screen, options), rules=options.rules) as service:
        service.add(config)
        running = service.dispatch(request)
        answer = await running.answer()
        if answer.response_mode == "streaming":
            screen.idle()
            async for chunk in running.chunks():
                _write(write_payload, chunk)
        result = await running.result()
    screen.idle()
    if result.response_mode == "streaming" and result.function_error:
        # What was streamed is out already; the error must not be taken for a part of it.
        click.echo(result.payload.decode("utf-8", "replace"), err=True)
    else:
        _write(write_payload, result.payload)
    end_payload()
    return result.function_error is not None


def _log(screen: Screen, options: Options) -> ServiceLog:
    def show(line: LogLine, /) -> None:
        if options.verbose or line.source != "engine":
            screen.line(line)

    return lambda origin: show


def _write(write: Callable[[bytes], None], data: bytes) -> None:
    try:
        write(data)
    except BrokenPipeError:
        # The reader has gone, as in `| head`; the interpreter must not complain about it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
