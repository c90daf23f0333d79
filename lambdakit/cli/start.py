"""`lambdakit start`: the local Lambda service, until it is told to stop.

stdout says what is served and where, with the lines a shell needs to point AWS clients here; logs go to stderr. Exit
status: 0 after SIGINT or SIGTERM, 2 after a usage error, to which a port that is taken belongs.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lambdakit.cli.control_options import control_options
from lambdakit.cli.debug_options import debug_lines, debug_option, debuggers_of
from lambdakit.cli.function_input import FunctionOptions, functions_of
from lambdakit.cli.rules_options import service_rules
from lambdakit.cli.terminal import log_screen
from lambdakit.cli.trace_options import trace_options
from lambdakit.emulator import limits
from lambdakit.emulator.api.server import PORT
from lambdakit.emulator.faces.route_table import DEFAULT_ROUTE
from lambdakit.emulator.faces.server import HTTP_PORT
from lambdakit.emulator.listener import LOOPBACK
from lambdakit.emulator.loop_choice import run
from lambdakit.emulator.project.watch import ProjectSource
from lambdakit.emulator.site import Site, SiteOptions
from lambdakit.exceptions import EmulatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Literal

    from lambdakit.cli.control_options import ControlOptions
    from lambdakit.cli.terminal import Screen
    from lambdakit.cli.trace_options import TraceOptions
    from lambdakit.emulator.confinement import Rules
    from lambdakit.emulator.function import LogFormat
    from lambdakit.emulator.logs import LogLine, LogOrigin
    from lambdakit.emulator.project import FunctionSpec

_USAGE_ERROR = 2


@click.command("start", short_help="Serve functions as the local Lambda service.")
@click.argument("targets", metavar="[TARGET]...", nargs=-1)
@click.option("--host", default=LOOPBACK, show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="The port; 0: any that is free."
)
@click.option(
    "--http-port",
    type=click.IntRange(0, 65535),
    default=HTTP_PORT,
    show_default=True,
    help="The port of the project's routes and function URLs, where it has any.",
)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds a function may take.")
@click.option("--memory", type=click.IntRange(min=1), help="Memory size in MB.")
@click.option("--env", multiple=True, metavar="KEY=VALUE", help="An environment variable; may be repeated.")
@click.option("--env-file", multiple=True, metavar="FILE", help="A dotenv file; may be repeated.")
@click.option("--log-format", type=click.Choice(["text", "json"]))
@click.option("--runtime-command", metavar="CMD", help="Another runtime; the handler is its last argument.")
@click.option("--account-id", metavar="DIGITS", help="The account the functions belong to.")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=limits.ACCOUNT_CONCURRENCY,
    show_default=True,
    help="How many invocations may run at once.",
)
@click.option(
    "--environments",
    type=click.IntRange(min=1),
    metavar="N",
    help="The most environments of one function; invocations beyond wait. Without it, as many as are needed.",
)
@click.option(
    "--state", metavar="DIR", help="Keep what was created, asynchronous events and logs there, across restarts."
)
@click.option(
    "--reload/--no-reload", default=True, show_default=True, help="Run changed source from the next invocation on."
)
@click.option(
    "--clock",
    type=click.Choice(["system", "virtual"]),
    default="system",
    show_default=True,
    help="What retries go by; a virtual clock stands still until POST /_lambdakit/clock moves it.",
)
@control_options
@trace_options
@service_rules
@click.option("--poll", is_flag=True, help="Poll event sources also where no endpoint is set: in AWS itself.")
@debug_option
@click.option("-v", "--verbose", is_flag=True, help="Show the engine's own phases, too.")
def command(
    targets: tuple[str, ...],
    host: str,
    port: int,
    http_port: int,
    timeout: float | None,
    memory: int | None,
    env: tuple[str, ...],
    env_file: tuple[str, ...],
    log_format: LogFormat | None,
    runtime_command: str | None,
    account_id: str | None,
    concurrency: int,
    environments: int | None,
    state: str | None,
    reload: bool,
    clock: Literal["system", "virtual"],
    poll: bool,
    control: ControlOptions,
    traces: TraceOptions,
    rules: Rules,
    debug: tuple[str, ...],
    verbose: bool,
) -> None:
    """Serve functions to AWS clients until Ctrl-C.

    TARGET is module.function, path/to/app.py:function, or a function's name in the project's configuration;
    NAME=TARGET gives the function another name. Without a TARGET all functions of the project are served.
    """
    options = FunctionOptions(timeout, memory, env, env_file, log_format, runtime_command, account_id)
    try:
        if control.empty and targets:
            raise UsageError("--empty serves no function of the project; leave out the TARGET, or --empty.")

        def read() -> Sequence[FunctionSpec]:
            return traces.applied(functions_of(targets, options))

        functions: Sequence[FunctionSpec] = () if control.empty else read()
        site = Site(
            functions,
            SiteOptions(
                host=host,
                port=port,
                http_port=http_port,
                xray_port=traces.port,
                xray_rate=traces.rate,
                account_id=account_id,
                concurrency=concurrency,
                environments=environments,
                state=None if state is None else Path(state),
                clock=clock,
                rules=rules,
                reach="everywhere" if poll else "elsewhere",
                signatures="required" if control.require_auth else "ignored",
                source="watched" if reload else "as it is",
            ),
            debuggers=debuggers_of(debug, functions),
            project=None if control.empty else _project(read, options),
            show=_show_lines(log_screen(), several=len(functions) > 1, verbose=verbose),
            tell=_tell,
        )
        run(_serve(site))
    except (UsageError, EmulatorError) as error:
        click.echo(f"lambdakit start: {error}", err=True)
        sys.exit(_USAGE_ERROR)


def _project(read: Callable[[], Sequence[FunctionSpec]], options: FunctionOptions) -> ProjectSource:
    here = Path.cwd()
    return ProjectSource(read, here, tuple((here / file).resolve() for file in options.env_file))


async def _serve(site: Site) -> None:
    """Serve until told to stop."""
    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    async with site:
        for line in _banner(site):
            click.echo(line)
        # What is here now stays: the collector need not look at it for every few hundred invocations.
        gc.freeze()
        await told_to_stop.wait()
        await site.wind_down()


def _tell(text: str) -> None:
    click.echo(f"lambdakit start: {text}", err=True)


def _banner(site: Site) -> Iterator[str]:
    """What is served, where, and how a shell's clients come here."""
    configs = list(site.service.functions.values())
    count = "1 function" if len(configs) == 1 else f"{len(configs)} functions"
    yield f"Serving {count} at {site.server.url} (account {site.home.account_id}, {site.home.region})"
    yield ""
    width = max((len(config.name) for config in configs), default=0)
    for config in configs:
        yield f"  {config.name:<{width}}  {config.handler} in {config.task_root}"
    yield ""
    yield from _face_lines(site)
    yield from site.triggers.lines()
    yield f"  X-Ray daemon at {site.tracing.address}" + (f" ({site.tracing.note})" if site.tracing.note else "")
    yield from debug_lines(site.debuggers)
    yield ""
    for name, value in site.exports():
        yield f"export {name}={value}"
    yield ""
    if configs:
        yield f"aws lambda invoke --function-name {configs[0].name} --payload '{{}}' /dev/stdout"
    else:
        yield "aws lambda create-function --function-name NAME --zip-file fileb://CODE.zip ..."
    yield "Ctrl-C stops the service."


def _face_lines(site: Site) -> Iterator[str]:
    """What is served on the HTTP port, a line each."""
    faces = site.faces.server
    for function in site.functions:
        for route in function.routes:
            path = "/..." if route.path == DEFAULT_ROUTE else route.path
            yield f"  {route.method} {faces.url}{path}  ({route.kind}, {function.name})"
        if function.url is not None:
            yield f"  {faces.path_url_of(function.name)}  (function URL, {function.name})"


def _show_lines(
    screen: Screen, *, several: bool, verbose: bool
) -> Callable[[Sequence[tuple[LogOrigin, LogLine]]], None]:
    def show(lines: Sequence[tuple[LogOrigin, LogLine]]) -> None:
        screen.lines(
            [
                line._replace(text=f"{origin.function_name} | {line.text}") if several else line
                for origin, line in lines
                if verbose or line.source != "engine"
            ]
        )

    return show
