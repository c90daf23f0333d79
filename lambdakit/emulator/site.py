"""The local service with all that stands around it, put together: what `lambdakit start` runs.

    async with Site(functions, SiteOptions(port=0, http_port=0)) as site:
        site.server.url                      # the Lambda API; site.faces has the routes and function URLs

It makes the parts known to each other and starts and ends them in their order; what each does is said where it is.
Logs, metrics, traces and asynchronous events are the backstage's and the tracing's, functions made over the API the
control plane's, event sources and schedules the triggers'.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdakit.emulator import limits
from lambdakit.emulator.api.auth import SignatureCheck, own_credentials
from lambdakit.emulator.api.backstage_routes import BackstageOperations
from lambdakit.emulator.api.control_routes import CodeLinks, ControlOperations
from lambdakit.emulator.api.server import PORT, ApiServer
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.clock import SystemClock, VirtualClock
from lambdakit.emulator.code.source import prepared
from lambdakit.emulator.confinement import Rules
from lambdakit.emulator.control.faces import LazyFaces
from lambdakit.emulator.control.plane import ControlPlane
from lambdakit.emulator.faces.server import HTTP_PORT, FacesServer
from lambdakit.emulator.function import DEFAULT_ACCOUNT_ID, DEFAULT_REGION
from lambdakit.emulator.listener import LOOPBACK
from lambdakit.emulator.polling.triggers import Triggers
from lambdakit.emulator.project.watch import watching
from lambdakit.emulator.reload import reloading
from lambdakit.emulator.service import LocalService
from lambdakit.emulator.tracing.sampling import FIXED_RATE
from lambdakit.emulator.tracing.site import Tracing
from lambdakit.exceptions import EmulatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from lambdakit.emulator.debugger import Debugger
    from lambdakit.emulator.logs import LogLine, LogOrigin
    from lambdakit.emulator.polling.pollers import Reach
    from lambdakit.emulator.project import FunctionSpec
    from lambdakit.emulator.project.watch import ProjectSource
    from lambdakit.emulator.reload import Reload

    ShowLines = Callable[[Sequence[tuple[LogOrigin, LogLine]]], None]

__all__ = ("Home", "Site", "SiteOptions")

# How long running invocations may take to end once the service is told to stop.
_DRAIN_SECONDS = 2.0
# Services of which the local one answers all or a part, by the variable that leads a client there.
ENDPOINTS = (
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "AWS_ENDPOINT_URL_CLOUDWATCH",
    "AWS_ENDPOINT_URL_XRAY",
)


class Home(NamedTuple):
    """Where the functions are."""

    region: str
    account_id: str


@dataclass(frozen=True)
class SiteOptions:
    """What can be chosen of a site.

    A port of 0 is any that is free; `xray_port` None is the usual one, or any if that is taken. `state` keeps across
    restarts what is created, asynchronous events and logs. With a `virtual` clock retries and schedules wait until it
    is moved. `reach` says where event sources are polled. `signatures` says whether requests must be signed with this
    process's credentials.
    """

    host: str = LOOPBACK
    port: int = PORT
    http_port: int = HTTP_PORT
    xray_port: int | None = None
    xray_rate: float = FIXED_RATE
    account_id: str | None = None
    concurrency: int = limits.ACCOUNT_CONCURRENCY
    environments: int | None = None
    state: Path | None = None
    clock: Literal["system", "virtual"] = "system"
    rules: Rules = field(default_factory=Rules)
    reach: Reach = "elsewhere"
    signatures: Literal["ignored", "required"] = "ignored"
    source: Literal["watched", "as it is"] = "watched"


class Site:
    """See the module's text; an async context manager.

    `project` is where the functions come from, so that a change of its files can be followed. `show` receives the log
    a few lines at a time, `tell` what there is to say beside it, a line each. Raises UsageError and EmulatorError, as
    its parts do.
    """

    def __init__(
        self,
        functions: Sequence[FunctionSpec],
        options: SiteOptions,
        *,
        debuggers: Mapping[str, Debugger] | None = None,
        project: ProjectSource | None = None,
        show: ShowLines | None = None,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.functions = functions
        self.debuggers: Mapping[str, Debugger] = debuggers or {}
        self.home = _home(functions, options.account_id)
        self._options = options
        self._project = project
        # What follows a change of the project's files, one after the other.
        self._following: asyncio.Task[None] | None = None
        self._tell = tell
        # What the variables of functions' processes are built upon.
        self._variables = dict(os.environ)
        clock = VirtualClock() if options.clock == "virtual" else SystemClock()
        self.tracing = Tracing(
            clock=clock,
            region=self.home.region,
            account_id=self.home.account_id,
            rate=options.xray_rate,
            host=options.host,
            port=options.xray_port,
            environment=self._variables,
        )
        self.backstage = Backstage(
            state=options.state,
            clock=clock,
            region=self.home.region,
            account_id=self.home.account_id,
            also_log=show,
            tracer=self.tracing.tracer,
        )
        self.service = LocalService(
            concurrency=options.concurrency,
            environments=options.environments,
            log=self.backstage.log,
            observer=self.backstage,
            tracer=self.tracing.tracer,
            host=self._variables,
            rules=options.rules,
        )
        self.server = ApiServer(
            self.service, host=options.host, port=options.port, take_event=self.backstage.take_event
        )
        faces = FacesServer(self.service, (), host=options.host, port=options.http_port, clock=clock)
        self.faces = LazyFaces(faces)
        links = CodeLinks()
        self.plane = ControlPlane(
            self.service,
            self.backstage,
            state=options.state,
            location=links.link,
            faces=self.faces,
            note=tell,
            debuggers=self.debuggers,
        )
        self.triggers = Triggers(
            functions, self.service, self.backstage, reach=options.reach, tell=tell, state=options.state
        )
        self.server.router.add(BackstageOperations(self.backstage).routes())
        self.server.router.add(ControlOperations(self.plane, links).routes())
        self.server.on_reset = self.plane.reset
        if options.signatures == "required":
            self.server.authorize = SignatureCheck(own_credentials())
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Site:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.service)
            await stack.enter_async_context(self.backstage.behind(self.service))
            await stack.enter_async_context(self.plane)
            await stack.enter_async_context(self.server)
            await stack.enter_async_context(self.faces)
            # Functions reach the service as whoever has taken over what `exports` says.
            for name, value in self.exports():
                self._variables.setdefault(name, value)
            await stack.enter_async_context(self.tracing.listening(self.server.router, self._variables))
            for debugger in self.debuggers.values():
                await stack.enter_async_context(debugger)
            self.functions = [prepared(function, self.plane.store) for function in self.functions]
            await self.plane.start(self.functions)
            if self._options.source == "watched":
                await stack.enter_async_context(reloading(self.service, self.reloaded))
                if self._project is not None:
                    stack.push_async_callback(self._followed)
                    await stack.enter_async_context(watching(self._project, self._follow_later))
            await stack.enter_async_context(self.triggers)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def wind_down(self) -> None:
        """Take no more requests, and give running invocations a moment to end."""
        self.server.stop_listening()
        self.triggers.stop()
        await self.service.stop(drain_seconds=_DRAIN_SECONDS)

    def reloaded(self, reload: Reload) -> None:
        """Do what a change of the source takes beside the service's part."""
        self.faces.server.authorizers.forget(reload.functions)
        self._tell(reload.problem or f"new code for {', '.join(reload.functions)}")

    def _follow_later(self) -> None:
        self._following = asyncio.create_task(self._follow(self._following))

    async def _followed(self) -> None:
        if self._following is not None:
            await self._following

    async def _follow(self, before: asyncio.Task[None] | None) -> None:
        """Serve the project as its files describe it now; where they are wrong, say so and go on as before."""
        if before is not None:
            await before
        assert self._project is not None
        try:
            functions = [prepared(function, self.plane.store) for function in self._project.read()]
            changed = await self.plane.follow(functions)
        except (UsageError, EmulatorError) as error:
            self._tell(str(error))
            return
        if _sources(functions) != _sources(self.functions):
            self._tell("event sources and schedules stay as they were at the start; start the service anew for others")
        self.functions = functions
        if changed:
            self._tell(f"new configuration of {', '.join(changed)}")

    def exports(self) -> Iterator[tuple[str, str]]:
        """The variables a client's environment lacks to come here.

        Clients sign requests, so some credentials and a region must be there.
        """
        for endpoint in ENDPOINTS:
            yield endpoint, self.server.url
        environment, aws = os.environ, Path.home() / ".aws"
        if not (environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or (aws / "config").exists()):
            yield "AWS_DEFAULT_REGION", self.home.region
        given = environment.get("AWS_ACCESS_KEY_ID") or environment.get("AWS_PROFILE")
        if not (given or (aws / "credentials").exists()):
            yield "AWS_ACCESS_KEY_ID", "local"
            yield "AWS_SECRET_ACCESS_KEY", "local"


def _sources(functions: Sequence[FunctionSpec]) -> list[object]:
    return [
        (function.name, function.sources, function.schedules)
        for function in functions
        if function.sources or function.schedules
    ]


def _home(functions: Sequence[FunctionSpec], account_id: str | None) -> Home:
    if functions:
        return Home(functions[0].config.region, functions[0].config.account_id)
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    return Home(region, account_id or DEFAULT_ACCOUNT_ID)
