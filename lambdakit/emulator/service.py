"""The local Lambda service: many functions, many execution environments, one object with no HTTP in it.

The command line, the test fixtures, the HTTP faces and the event queue all drive this object. It finds the function a
caller means, sees to it that nobody runs more than allowed (`ledger`), gives each event an environment (`lanes`) and
keeps environments while they are of use. What happens inside an environment is `environment`'s.

    async with LocalService() as service:
        service.add(FunctionConfig(name="f", handler="app.handler", task_root=Path("/my/function")))
        result = await service.invoke(InvokeRequest("f", b'{"key": 1}'))

Source: AWS Lambda developer guide, "Understanding Lambda function scaling", and API reference, "Invoke".
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from lambdakit.emulator import limits
from lambdakit.emulator.confinement import Rules, Warden
from lambdakit.emulator.flight import RunningInvocation
from lambdakit.emulator.function import ACTIVE, DEFAULT_ACCOUNT_ID, DEFAULT_REGION, LATEST, Invocation
from lambdakit.emulator.guard import failed, tell
from lambdakit.emulator.ids import new_uuid
from lambdakit.emulator.lanes import Lane, Place, Trip
from lambdakit.emulator.layers import check_layers
from lambdakit.emulator.ledger import Ledger
from lambdakit.emulator.names import parse_name
from lambdakit.emulator.payload import check_payload
from lambdakit.emulator.refusals import refusal
from lambdakit.exceptions import EnvironmentStoppedError, InitFailedError, ThrottledError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping
    from types import TracebackType

    from lambdakit.emulator.debugger import Debugger
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig, InvocationResult
    from lambdakit.emulator.ledger import Kind, Share
    from lambdakit.emulator.logs import ServiceLog
    from lambdakit.emulator.names import FunctionName
    from lambdakit.emulator.tracing.tracer import Tracer
    from lambdakit.emulator.versions import Alias
    from lambdakit.exceptions import ServiceError

# Where exactly one function is served, this name means it too, as in AWS's emulator.
ONLY_FUNCTION = "function"

# How exactly the idle time of environments is kept.
_SWEEPS_PER_IDLE_TIME = 8


@dataclass(frozen=True)
class InvokeRequest:
    """One invocation as a caller asks for it.

    `function` is a name or a (partial) ARN, with or without a qualifier; `client_context` and `cognito_identity` are
    JSON text; `region` is the caller's region, which an ARN must agree with.
    """

    function: str
    payload: bytes = b"{}"
    qualifier: str | None = None
    request_id: str = field(default_factory=new_uuid)
    client_context: str | None = None
    cognito_identity: str | None = None
    trace_id: str | None = None
    tenant_id: str | None = None
    region: str | None = None


class Observer(Protocol):
    """Who wants to know what the service does (metrics, traces, cost): called on the event loop, must not block."""

    def invoked(self, config: FunctionConfig, trip: Trip) -> None:
        """An invocation is over; `trip.result()` is what its caller gets."""

    def throttled(self, config: FunctionConfig, error: ThrottledError) -> None:
        """An invocation was refused for want of concurrency."""


class Served:
    """A function of the service, or one of its versions: its configuration, share of the concurrency, and lanes."""

    __slots__ = ("aliases", "config", "lanes", "share", "versions")

    def __init__(self, config: FunctionConfig, share: Share) -> None:
        self.config = config
        self.share = share
        # By tenant (None where there is none) and by whether its environments are provisioned.
        self.lanes: dict[tuple[str | None, bool], Lane] = {}
        # What a qualifier may mean beside the function itself.
        self.versions: dict[str, Served] = {}
        self.aliases: dict[str, Alias] = {}

    def qualified(self, qualifier: str) -> Served | None:
        """The version a qualifier means, drawn anew each time where an alias has weights."""
        alias = self.aliases.get(qualifier)
        number = qualifier if alias is None else alias.draw()
        return self if number == LATEST else self.versions.get(number)


class LocalService:
    """See the module's text; an async context manager that stops every environment at its end.

    `concurrency` is the account's. `environments` is the most that are started of one function on demand, where the
    machine cannot carry as many as AWS can: invocations beyond wait for their turn. An environment without work for
    `idle_seconds` is stopped. `log` receives every line of every environment, `observer` what became of every
    invocation, `tracer` makes the segments of traced ones. `host` is the environment that processes' variables are
    built upon, `os.environ` unless given. `rules` say what of Lambda's limits the functions are held to, by default
    all but the processor's (see `confinement`). All methods belong to one event loop.
    """

    def __init__(
        self,
        *,
        concurrency: int = limits.ACCOUNT_CONCURRENCY,
        environments: int | None = None,
        idle_seconds: float = limits.IDLE_SECONDS,
        log: ServiceLog | None = None,
        observer: Observer | None = None,
        tracer: Tracer | None = None,
        host: Mapping[str, str] | None = None,
        rules: Rules | None = None,
    ) -> None:
        self.ledger = Ledger(concurrency)
        self._environments = environments
        self._idle_seconds = idle_seconds
        self._log = log
        self._observer = observer
        self._tracer = tracer
        self._host = os.environ if host is None else host
        self._warden = Warden(rules or Rules())
        self._functions: dict[str, Served] = {}
        self._debuggers: dict[str, Debugger] = {}
        self._trips: set[Trip] = set()
        # Every environment there is, also those of functions that are gone.
        self._places: set[Place] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        # Asked for the reason where there is no such function: it may be on its way.
        self.on_absent: Callable[[FunctionName], ServiceError | None] | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        # Done when nothing is running any more; there is one only while the end is waited for.
        self._idle: asyncio.Future[None] | None = None
        self._stopped = False

    async def __aenter__(self) -> LocalService:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    # functions

    @property
    def functions(self) -> Mapping[str, FunctionConfig]:
        """The configurations by name, in the order they were added."""
        return {name: served.config for name, served in self._functions.items()}

    def add(self, config: FunctionConfig, *, debugger: Debugger | None = None) -> None:
        """Serve a function; with a `debugger` in one environment at a time, which is started when one comes.

        Raises UsageError when there is one of that name, a layer is no directory, or the runtime cannot be debugged.
        """
        check_layers(config)
        if config.name in self._functions:
            raise UsageError(f"There are two functions called {config.name}; name one of them otherwise: NAME=TARGET.")
        if debugger is not None:
            debugger.check(config.runtime_command)
            debugger.wanted = partial(self.start_ahead, config.name)
            self._debuggers[config.name] = debugger
        self._functions[config.name] = Served(config, self.ledger.open_share())

    def replace(self, config: FunctionConfig) -> None:
        """Serve another configuration of a function, or the same one afresh: whoever comes next gets a new environment.

        Invocations that are running end where they are; settings of concurrency stay. Raises ServiceError (not found).
        """
        served = self._served(config.name)
        self._close_lanes(served)
        served.config = config
        served.share.provisioned = 0
        if served.share.requested:
            self._background(self._fill(served))

    def remove(self, name: str) -> None:
        """Serve a function no more; running invocations end. Raises ServiceError (not found)."""
        served = self._served(name)
        for version in list(served.versions):
            self.withdraw(name, version)
        del self._functions[served.config.name]
        self._debuggers.pop(served.config.name, None)
        self._close_lanes(served)
        self.ledger.close_share(served.share)

    def publish(self, config: FunctionConfig) -> None:
        """Serve a version of a function, `config.version`, beside it. Raises ServiceError (not found), UsageError."""
        check_layers(config)
        served = self._served(config.name)
        served.versions[config.version] = Served(config, self.ledger.open_share(served.share))

    def withdraw(self, name: str, version: str) -> None:
        """Serve a version no more; running invocations end. Raises ServiceError (not found)."""
        gone = self._served(name).versions.pop(version, None)
        if gone is not None:
            self._close_lanes(gone)
            self.ledger.close_share(gone.share)

    def point(self, name: str, alias: str, target: Alias | None) -> None:
        """Have an alias of a function mean a version, or (None) nothing any more. Raises ServiceError (not found)."""
        aliases = self._served(name).aliases
        if target is None:
            aliases.pop(alias, None)
        else:
            aliases[alias] = target

    # concurrency

    def reserve(self, name: str, amount: int | None) -> None:
        """Set a function's reserved concurrency, 0 to throttle it wholly, None to remove it. Raises ServiceError."""
        self.ledger.reserve(self._served(name).share, amount)

    async def provision(self, name: str, amount: int) -> int:
        """Set a function's provisioned concurrency and initialise that many environments; returns how many are ready.

        Those there were before are replaced. Raises ServiceError.
        """
        await self.promise(name, amount)
        return self._served(name).share.provisioned

    def promise(self, name: str, amount: int) -> asyncio.Task[None]:
        """The same, for a function or a version of it (`f:3`), without waiting for it. Raises ServiceError."""
        served = self._served(name)
        self.ledger.request(served.share, amount)
        served.share.provisioned = 0
        before = served.lanes.pop((None, True), None)
        if before is not None:
            before.close()
        return self._background(self._fill(served))

    def provisioned(self, name: str) -> int:
        """How many provisioned environments of a function or version are ready. Raises ServiceError (not found)."""
        return self._served(name).share.provisioned

    def start_ahead(self, name: str) -> None:
        """Begin to initialise a function's first environment on demand, if it has none. Raises ServiceError."""
        served = self._served(name)
        if self._stopped or served.config.tenant_isolation:
            return
        lane = self._lane(served, None, "unreserved")
        if not lane.places:
            place = self._make_place(served.config)
            lane.add(place)
            self._background(_started(place))

    def environments(self, name: str) -> int:
        """How many execution environments a function has. Raises ServiceError (not found)."""
        return sum(len(lane.places) for lane in self._served(name).lanes.values())

    # invocations

    async def invoke(self, request: InvokeRequest) -> InvocationResult:
        """Run one event and return when the invocation is over.

        Function errors are results. Raises ServiceError with the API's own code where the service refuses, of which
        ThrottledError is one, and EnvironmentStoppedError.
        """
        return await self.dispatch(request).result()

    def dispatch(self, request: InvokeRequest) -> RunningInvocation:
        """Begin one invocation, so that its answer or its stream can be taken early; raises as `invoke()` does."""
        name = self.parse(request.function, request.qualifier, request.region)
        check_payload(request.payload)
        served = self.find(name)
        trip = Trip(
            Invocation(
                payload=request.payload or b"{}",
                request_id=request.request_id,
                client_context=request.client_context,
                cognito_identity=request.cognito_identity,
                trace_id=request.trace_id,
                tenant_id=request.tenant_id,
                arn=invoked_arn(served.config, name.qualifier),
            )
        )
        self.launch(served, trip)
        return RunningInvocation(trip)

    def parse(self, function: str, qualifier: str | None, region: str | None) -> FunctionName:
        """Which function of this account and region a caller's words mean, without looking whether there is one."""
        name = parse_name(function, qualifier)
        if name.region is None and name.account is None:
            return name
        config = self._any_config()
        here = region or (config.region if config else name.region)
        if name.region is not None and name.region != here:
            raise refusal("other region", region=name.region, here=here)
        if name.account is not None and config is not None and name.account != config.account_id:
            raise refusal("other account")
        return name

    def find(self, name: FunctionName) -> Served:
        """The function of that name. Raises ServiceError (not found)."""
        served = self._functions.get(name.name)
        if served is None and name.name == ONLY_FUNCTION and len(self._functions) == 1:
            (served,) = self._functions.values()
        if served is not None and name.qualifier not in (None, LATEST):
            served = served.qualified(name.qualifier)
        if served is None:
            raise self._not_found(name)
        return served

    def launch(self, served: Served, trip: Trip) -> None:
        """Give a trip to a function without waiting for anything; its `tell` is called when there is an answer.

        This is the way of whoever has very many invocations to make. Raises ServiceError and EnvironmentStoppedError.
        """
        if self._stopped:
            raise EnvironmentStoppedError("The service has been stopped.")
        tenant_id = trip.invocation.tenant_id
        if (tenant_id is None) is served.config.tenant_isolation:
            raise refusal("no tenant" if tenant_id is None else "tenant not allowed")
        try:
            kind = self.ledger.lease(served.share)
        except ThrottledError as error:
            if self._observer is not None:
                tell(self._observer.throttled, served.config, error)
            if served.config.tracing == ACTIVE and self._tracer is not None:
                tell(self._tracer.throttled, served.config, trip)
            raise
        trip.served = served
        trip.kind = kind
        trip.concurrency = served.share.whole.running
        if kind == "unreserved":
            trip.unreserved = self.ledger.unreserved_running
        trip.on_answer = self._on_answer
        trip.on_over = self._on_over
        if served.config.tracing == ACTIVE and self._tracer is not None:
            tell(self._tracer.follow, served.config, trip)
        self._trips.add(trip)
        try:
            self._lane(served, tenant_id, kind).take(trip)
        except BaseException:
            self._trips.discard(trip)
            self._give_back(trip)
            raise

    # the end

    async def reset(self) -> None:
        """Stop every environment, running invocations included; functions and their settings stay."""
        await self._stop_environments()
        for served in self._all():
            served.share.provisioned = 0
            if served.share.requested:
                self._background(self._fill(served))

    async def stop(self, *, drain_seconds: float = 0.0) -> None:
        """Take no more invocations, give running ones so long to end, and stop every environment; twice is allowed."""
        self._stopped = True
        if drain_seconds and self._trips:
            await self._drained(drain_seconds)
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        await self._stop_environments()
        self._warden.close()

    async def _drained(self, seconds: float) -> None:
        self._idle = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._idle}, timeout=seconds)

    async def _stop_environments(self) -> None:
        for served in self._all():
            for lane in served.lanes.values():
                lane.close()
            served.lanes = {}
        for trip in list(self._trips):
            if trip.place is None and trip.lane is not None:
                trip.lane.drop(trip)
                trip.abort(EnvironmentStoppedError("The service was stopped before the invocation began."))
        await asyncio.gather(*(self._stop_place(place) for place in list(self._places)))
        while self._tasks:
            await asyncio.wait(self._tasks)

    # hooks of trips

    def _on_answer(self, flight: Flight) -> None:
        assert isinstance(flight, Trip)
        if flight.answered:
            self._give_back(flight)
            if flight.lane is not None:
                flight.lane.answered(flight)
        if flight.tell is not None:
            tell(flight.tell, flight)

    def _on_over(self, flight: Flight) -> None:
        assert isinstance(flight, Trip)
        self._trips.discard(flight)
        self._give_back(flight)
        served = flight.served
        if served is not None and self._observer is not None and flight.error is None:
            try:
                self._observer.invoked(served.config, flight)
            except Exception:
                failed()
        if flight.lane is not None:
            flight.lane.over(flight)
            if self._sweeper is None and not self._stopped:
                self._sweep_later()
        if flight.tell_over is not None:
            tell(flight.tell_over, flight)
        if self._idle is not None and not self._trips and not self._idle.done():
            self._idle.set_result(None)

    def _give_back(self, trip: Trip) -> None:
        kind = trip.kind
        if kind is not None and trip.served is not None:
            trip.kind = None
            self.ledger.give_back(trip.served.share, kind)

    # lanes

    def _lane(self, served: Served, tenant_id: str | None, kind: Kind) -> Lane:
        key = (tenant_id, kind == "provisioned")
        lane = served.lanes.get(key)
        if lane is None:
            make = partial(self._make_place, served.config)
            most = None if kind == "provisioned" else self._environments
            if self._debugger_of(served.config) is not None:
                most = 1
            lane = served.lanes[key] = Lane(make, self._dispose, room=served.config.max_concurrency, most=most)
        return lane

    def _make_place(self, config: FunctionConfig) -> Place:
        debugger = self._debugger_of(config)
        place = Place(config, log=self._log, host=self._host, warden=self._warden, debugger=debugger)
        self._places.add(place)
        return place

    def _dispose(self, place: Place) -> None:
        self._background(self._stop_place(place))

    async def _stop_place(self, place: Place) -> None:
        await place.stop()
        self._places.discard(place)

    def _close_lanes(self, served: Served) -> None:
        lanes, served.lanes = served.lanes, {}
        for lane in lanes.values():
            lane.close()

    async def _fill(self, served: Served) -> None:
        """Start the provisioned environments a function is to have."""
        amount = served.share.requested
        if not amount:
            return
        config = replace(served.config, initialization_type="provisioned-concurrency")
        make = partial(self._make_place, config)
        lane = served.lanes[None, True] = Lane(make, self._dispose, room=config.max_concurrency)
        await asyncio.gather(*(self._start_ahead(served, lane, make()) for _ in range(amount)))

    async def _start_ahead(self, served: Served, lane: Lane, place: Place) -> None:
        try:
            await place.environment.start()
        except (InitFailedError, EnvironmentStoppedError):
            await self._stop_place(place)
            return
        except BaseException:
            await self._stop_place(place)
            raise
        if served.lanes.get((None, True)) is not lane:
            await self._stop_place(place)
            return
        lane.add(place)
        served.share.provisioned += 1

    def _sweep_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(self._idle_seconds / _SWEEPS_PER_IDLE_TIME, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        before = time.monotonic() - self._idle_seconds
        on_demand = [
            lane
            for served in self._all()
            for (_, provisioned), lane in served.lanes.items()
            if not provisioned and not self._is_debugged(served)
        ]
        for lane in on_demand:
            lane.expire(before)
        if any(lane.places for lane in on_demand):
            self._sweep_later()

    # small parts

    def _all(self) -> Iterator[Served]:
        """Every function and every version."""
        for served in self._functions.values():
            yield served
            yield from served.versions.values()

    def _debugger_of(self, config: FunctionConfig) -> Debugger | None:
        """The function's debugger; versions have none, for one process at a time can be debugged."""
        return self._debuggers.get(config.name) if config.version == LATEST else None

    def _is_debugged(self, served: Served) -> bool:
        debugger = self._debugger_of(served.config)
        return debugger is not None and debugger.attached

    def _served(self, name: str) -> Served:
        return self.find(self.parse(name, None, None))

    def _any_config(self) -> FunctionConfig | None:
        return next((served.config for served in self._functions.values()), None)

    def _not_found(self, name: FunctionName) -> ServiceError:
        absent = self.on_absent(name) if self.on_absent is not None else None
        if absent is not None:
            return absent
        config = self._any_config()
        region = name.region or (config.region if config else DEFAULT_REGION)
        account_id = name.account or (config.account_id if config else DEFAULT_ACCOUNT_ID)
        arn = f"arn:aws:lambda:{region}:{account_id}:function:{name.name}:{name.qualifier or LATEST}"
        return refusal("function not found", arn=arn)

    def _background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _started(place: Place) -> None:
    with contextlib.suppress(InitFailedError, EnvironmentStoppedError):
        await place.environment.start()


def invoked_arn(config: FunctionConfig, qualifier: str | None) -> str | None:
    """The ARN as the caller named the function; None where that is the unqualified one."""
    return None if qualifier is None else f"{config.arn}:{qualifier}"
