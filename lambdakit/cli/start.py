"""`lambdakit start`: the local Lambda service, until it is told to stop.

stdout says what is served and where, with the lines a shell needs to point AWS clients here; logs go to stderr. Exit
status: 0 after SIGINT or SIGTERM, 2 after a usage error, to which a port that is taken belongs.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from lambdakit.cli.control_options import control_options
from lambdakit.cli.debug_options import debug_lines, debug_option, debuggers_of
from lambdakit.cli.function_input import FunctionOptions, functions_of
from lambdakit.cli.rules_options import service_rules
from lambdakit.cli.terminal import log_screen
from lambdakit.cli.trace_options import trace_options
from lambdakit.emulator import limits
from lambdakit.emulator.api.auth import SignatureCheck, own_credentials
from lambdakit.emulator.api.backstage_routes import BackstageOperations
from lambdakit.emulator.api.control_routes import CodeLinks, ControlOperations
from lambdakit.emulator.api.server import PORT, ApiServer
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.clock import SystemClock, VirtualClock
from lambdakit.emulator.code.source import prepared
from lambdakit.emulator.control.faces import LazyFaces
from lambdakit.emulator.control.plane import ControlPlane
from lambdakit.emulator.faces.route_table import DEFAULT_ROUTE
from lambdakit.emulator.faces.server import HTTP_PORT, FacesServer
from lambdakit.emulator.function import DEFAULT_ACCOUNT_ID, DEFAULT_REGION
from lambdakit.emulator.listener import LOOPBACK
from lambdakit.emulator.loop_choice import run
from lambdakit.emulator.polling.triggers import Triggers
from lambdakit.emulator.reload import reloading
from lambdakit.emulator.service import LocalService
from lambdakit.emulator.tracing.site import Tracing
from lambdakit.exceptions import EmulatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Literal

    from lambdakit.cli.control_options import ControlOptions
    from lambdakit.cli.terminal import Screen
    from lambdakit.cli.trace_options import TraceOptions
    from lambdakit.emulator.confinement import Rules
    from lambdakit.emulator.debugger import Debugger
    from lambdakit.emulator.function import FunctionConfig, LogFormat
    from lambdakit.emulator.logs import LogLine, LogOrigin
    from lambdakit.emulator.polling.pollers import Reach
    from lambdakit.emulator.project import FunctionSpec
    from lambdakit.emulator.reload import Reload

_USAGE_ERROR = 2
# How long running invocations may take to end once the service is told to stop.
_DRAIN_SECONDS = 2.0
_ENDPOINT = "AWS_ENDPOINT_URL_LAMBDA"
# Services of which the local one answers a part: what shows a function's logs, metrics and traces.
_BESIDE = ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "AWS_ENDPOINT_URL_CLOUDWATCH", "AWS_ENDPOINT_URL_XRAY")


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
        functions = [] if control.empty else traces.applied(functions_of(targets, options))
        debuggers = debuggers_of(debug, functions)
        variables = dict(os.environ)
        home = _home(functions, account_id)
        moments = VirtualClock() if clock == "virtual" else SystemClock()
        tracing = Tracing(
            clock=moments,
            region=home.region,
            account_id=home.account_id,
            rate=traces.rate,
            host=host,
            port=traces.port,
            environment=variables,
        )
        backstage = Backstage(
            state=None if state is None else Path(state),
            clock=moments,
            region=home.region,
            account_id=home.account_id,
            also_log=_show_lines(log_screen(), several=len(functions) > 1, verbose=verbose),
            tracer=tracing.tracer,
        )
        service = LocalService(
            concurrency=concurrency,
            environments=environments,
            log=backstage.log,
            observer=backstage,
            tracer=tracing.tracer,
            host=variables,
            rules=rules,
        )
        server = ApiServer(service, host=host, port=port, take_event=backstage.take_event)
        server.router.add(BackstageOperations(backstage).routes())
        if control.require_auth:
            server.authorize = SignatureCheck(own_credentials())
        faces = LazyFaces(FacesServer(service, (), host=host, port=http_port, clock=backstage.clock))
        links = CodeLinks()
        plane = ControlPlane(
            service,
            backstage,
            state=None if state is None else Path(state),
            location=links.link,
            faces=faces,
            note=_tell,
            debuggers=debuggers,
        )
        server.router.add(ControlOperations(plane, links).routes())
        server.on_reset = plane.reset
        reach: Reach = "everywhere" if poll else "elsewhere"
        place = None if state is None else Path(state)
        triggers = Triggers(functions, service, backstage, reach=reach, tell=_tell, state=place)
        site = Site(service, server, backstage, plane, faces, tracing, debuggers, triggers, home, reload)
        run(_serve(site, functions, variables))
    except (UsageError, EmulatorError) as error:
        click.echo(f"lambdakit start: {error}", err=True)
        sys.exit(_USAGE_ERROR)


class Site(NamedTuple):
    """What is started together."""

    service: LocalService
    server: ApiServer
    backstage: Backstage
    plane: ControlPlane
    faces: LazyFaces
    tracing: Tracing
    debuggers: Mapping[str, Debugger]
    triggers: Triggers
    home: Home
    reload: bool


class Home(NamedTuple):
    """Where the functions are."""

    region: str
    account_id: str


def _home(functions: Sequence[FunctionSpec], account_id: str | None) -> Home:
    if functions:
        return Home(functions[0].config.region, functions[0].config.account_id)
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    return Home(region, account_id or DEFAULT_ACCOUNT_ID)


async def _serve(site: Site, functions: Sequence[FunctionSpec], variables: dict[str, str]) -> None:
    """Serve until told to stop; `variables` is the environment that processes' variables are built upon."""
    service, server, backstage, plane, faces, tracing, debuggers, triggers, home, _ = site
    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    async with service, backstage.behind(service), plane, server, faces, contextlib.AsyncExitStack() as stack:
        # Functions reach the service as whoever has taken over the printed lines does.
        for name, value in _exports(server.url, home):
            variables.setdefault(name, value)
        await stack.enter_async_context(tracing.listening(server.router, variables))
        for debugger in debuggers.values():
            await stack.enter_async_context(debugger)
        functions = [prepared(function, plane.store) for function in functions]
        await plane.start(functions)
        if site.reload:
            await stack.enter_async_context(reloading(service, _on_reload(faces.server)))
        await stack.enter_async_context(triggers)
        beside = [
            *_face_lines(faces, functions),
            *triggers.lines(),
            *_trace_lines(tracing),
            *debug_lines(debuggers),
        ]
        for line in _banner(server.url, home, [*service.functions.values()], beside):
            click.echo(line)
        # What is here now stays: the collector need not look at it for every few hundred invocations.
        gc.freeze()
        await told_to_stop.wait()
        server.stop_listening()
        triggers.stop()
        await service.stop(drain_seconds=_DRAIN_SECONDS)


def _on_reload(faces: FacesServer) -> Callable[[Reload], None]:
    """What is done about a change of the source, beside the service's part: it is told."""

    def tell(reload: Reload) -> None:
        faces.authorizers.forget(reload.functions)
        _tell(reload.problem or f"new code for {', '.join(reload.functions)}")

    return tell


def _tell(text: str) -> None:
    click.echo(f"lambdakit start: {text}", err=True)


def _face_lines(lazy: LazyFaces, functions: Sequence[FunctionSpec]) -> Iterator[str]:
    """What is served on the HTTP port, a line each."""
    faces = lazy.server
    for function in functions:
        for route in function.routes:
            path = "/..." if route.path == DEFAULT_ROUTE else route.path
            yield f"  {route.method} {faces.url}{path}  ({route.kind}, {function.name})"
        if function.url is not None:
            yield f"  {faces.path_url_of(function.name)}  (function URL, {function.name})"


def _trace_lines(tracing: Tracing) -> Iterator[str]:
    yield f"  X-Ray daemon at {tracing.address}" + (f" ({tracing.note})" if tracing.note else "")


def _banner(url: str, home: Home, configs: Sequence[FunctionConfig], beside: Sequence[str]) -> Iterator[str]:
    count = "1 function" if len(configs) == 1 else f"{len(configs)} functions"
    yield f"Serving {count} at {url} (account {home.account_id}, {home.region})"
    yield ""
    width = max((len(config.name) for config in configs), default=0)
    for config in configs:
        yield f"  {config.name:<{width}}  {config.handler} in {config.task_root}"
    yield ""
    yield from beside
    yield ""
    for name, value in _exports(url, home):
        yield f"export {name}={value}"
    yield ""
    if configs:
        yield f"aws lambda invoke --function-name {configs[0].name} --payload '{{}}' /dev/stdout"
    else:
        yield "aws lambda create-function --function-name NAME --zip-file fileb://CODE.zip ..."
    yield "Ctrl-C stops the service."


def _exports(url: str, home: Home) -> Iterator[tuple[str, str]]:
    """What a client's environment lacks; clients sign requests, so some credentials and a region must be there."""
    for endpoint in (_ENDPOINT, *_BESIDE):
        yield endpoint, url
    aws = Path.home() / ".aws"
    if not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or (aws / "config").exists()):
        yield "AWS_DEFAULT_REGION", home.region
    given = os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_PROFILE") or (aws / "credentials").exists()
    if not given:
        yield "AWS_ACCESS_KEY_ID", "local"
        yield "AWS_SECRET_ACCESS_KEY", "local"


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
