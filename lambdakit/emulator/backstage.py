"""What stands behind the running functions: their logs, their metrics, what they used, and their asynchronous events.

    backstage = Backstage(state=Path(".lambdakit"))
    service = LocalService(log=backstage.log, observer=backstage)
    async with service, backstage.behind(service):
        backstage.take_event(served, name, invocation)      # the 202 of an `Event` invocation

The service runs functions and knows nothing of this; it tells a log and an observer what happens. With a `state`
directory events and logs outlive the process; without one they are kept in memory. Metrics begin anew each time.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdakit.emulator.asynchronous.delivery import Deliverer
from lambdakit.emulator.asynchronous.event import Attempt, EventInvokeConfig
from lambdakit.emulator.asynchronous.queue import AsyncQueue
from lambdakit.emulator.asynchronous.store import EventStore
from lambdakit.emulator.clock import SystemClock, VirtualClock
from lambdakit.emulator.cloudwatch.cost import Usage, bill
from lambdakit.emulator.cloudwatch.embedded import MARK, embedded_values
from lambdakit.emulator.cloudwatch.lambda_metrics import Invoked, LambdaMetrics
from lambdakit.emulator.cloudwatch.log_intake import LogIntake
from lambdakit.emulator.cloudwatch.log_store import LogStore
from lambdakit.emulator.cloudwatch.metrics import MINUTE, MetricStore
from lambdakit.emulator.function import ACTIVE, DEFAULT_ACCOUNT_ID, DEFAULT_REGION, LATEST, Invocation
from lambdakit.emulator.names import parse_name
from lambdakit.emulator.service import InvokeRequest
from lambdakit.exceptions import EmulatorError, ServiceError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from lambdakit.emulator.asynchronous.delivery import Failure
    from lambdakit.emulator.asynchronous.event import AsyncEvent
    from lambdakit.emulator.clock import Clock
    from lambdakit.emulator.cloudwatch.cost import Bill
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.lanes import Trip
    from lambdakit.emulator.logs import LogLine, LogOrigin
    from lambdakit.emulator.names import FunctionName
    from lambdakit.emulator.service import LocalService, Served
    from lambdakit.emulator.tracing.tracer import Tracer

__all__ = ("Backstage",)

EVENTS_FILE, LOGS_FILE = "events.db", "logs.db"
# Invocations that are counted together, at most.
_MOST_OVER = 1_000
# The reason of a throttle that no waiting helps: the function may not run at all.
_NEVER = "ReservedFunctionConcurrentInvocationLimitExceeded"


class _Over(NamedTuple):
    """An invocation that is over: when, what is counted, and what its caller named the function with, if anything."""

    time: float
    config: FunctionConfig
    qualifier: str | None
    billed_ms: int
    counts: Invoked


class Backstage:
    """The service's logs, metrics, usage and queue; also its observer.

    `tracer` is told of asynchronous events.
    `also_log` receives all lines too, a few at a time in the order of their time. `clock` is what retries and ages go
    by; invocations run in real time whatever it says.
    """

    def __init__(
        self,
        *,
        state: Path | None = None,
        clock: Clock | None = None,
        region: str = DEFAULT_REGION,
        account_id: str = DEFAULT_ACCOUNT_ID,
        also_log: Callable[[Sequence[tuple[LogOrigin, LogLine]]], None] | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        if state is not None:
            state.mkdir(parents=True, exist_ok=True)
        self.clock: Clock = SystemClock() if clock is None else clock
        self.region = region
        self.account_id = account_id
        # What an environment's lines are given to: the service's `log`.
        self.log = LogIntake(self._take_lines)
        self._logs = LogStore(None if state is None else state / LOGS_FILE)
        self._metrics = LambdaMetrics(MetricStore())
        self._events = EventStore(None if state is None else state / EVENTS_FILE)
        # By function, then by qualifier.
        self._configs: dict[str, dict[str, EventInvokeConfig]] = {}
        # By function and memory: requests and billed milliseconds.
        self._used: dict[tuple[str, int], list[int]] = {}
        # Invocations that are over and not yet in the metrics and in `_used`.
        self._over: list[_Over] = []
        self._also_log = also_log
        self._tracer = tracer
        self._service: LocalService | None = None
        deliverer = Deliverer(
            self.clock,
            arn_of=self._arn_of,
            client=aws_client,
            invoke_function=self._take_record,
            count=self._count_failure,
        )
        self._queue = AsyncQueue(
            self._events,
            self.clock,
            invoke=self._attempt if tracer is None else tracer.attempts(self._attempt),
            config_of=self._config_of,
            deliver=deliverer if tracer is None else tracer.ends(deliverer),
        )
        if isinstance(self.clock, VirtualClock):
            self.clock.attend(self._queue.next_due, self._queue.settled)

    @asynccontextmanager
    async def behind(self, service: LocalService) -> AsyncGenerator[Backstage]:
        """Work the queue with this service's functions; at the end what is under way is left for the next time."""
        self._service = service
        try:
            async with self._queue:
                yield self
        finally:
            self._service = None
            self.log.close()
            self._events.close()
            self._logs.close()

    # Asynchronous invocation.

    def configure(self, function: str, config: EventInvokeConfig, qualifier: str = LATEST) -> None:
        """Say how a function's asynchronous events are retried and where they end, those for one qualifier."""
        self._configs.setdefault(function, {})[qualifier] = config

    def remove_configuration(self, function: str) -> None:
        """Have no function's settings for that name any more."""
        self._configs.pop(function, None)

    def take_event(self, served: Served, name: FunctionName, invocation: Invocation, /) -> None:
        """Take an asynchronous invocation in; when this returns it is kept."""
        self._enqueue(served.config.name, name.qualifier, invocation)

    def _enqueue(self, function: str, qualifier: str | None, invocation: Invocation) -> None:
        self._metrics.counted(self.clock.now(), function, "AsyncEventsReceived")
        tracer, trace_id = self._tracer, invocation.trace_id
        self._queue.enqueue(
            invocation.request_id,
            function,
            invocation.payload,
            qualifier=qualifier or LATEST,
            trace_id=trace_id if tracer is None else self._accept(tracer, function, qualifier, invocation),
            tenant_id=invocation.tenant_id,
        )

    def _accept(self, tracer: Tracer, function: str, qualifier: str | None, invocation: Invocation) -> str | None:
        """The tracing header that an event is kept with."""
        assert self._service is not None
        try:
            config = self._service.find(self._service.parse(function, qualifier, None)).config
        except ServiceError:
            return invocation.trace_id
        return tracer.accept(config, invocation) if config.tracing == ACTIVE else invocation.trace_id

    async def settled(self) -> None:
        """Return when no asynchronous event is under way or due."""
        await self._queue.settled()

    def pending_events(self) -> int:
        """How many asynchronous events have not come to their end."""
        return len(self._events)

    async def empty_queue(self) -> None:
        """Give up every asynchronous event, also those that are under way."""
        await self._queue.give_up()

    def forget(self) -> None:
        """Empty the queue, the logs, the metrics and the traces."""
        self._events.remove_all()
        for group in self.logs.groups():
            self.logs.remove(group.name)
        self.metrics.clear()
        self._used.clear()
        if self._tracer is not None:
            self._tracer.forget()

    async def _attempt(self, event: AsyncEvent) -> Attempt:
        service = self._service
        assert service is not None
        age = (self.clock.now() - event.received) * 1000
        request = InvokeRequest(
            event.function,
            event.payload,
            qualifier=None if event.qualifier == LATEST else event.qualifier,
            request_id=event.request_id,
            trace_id=event.trace_id,
            tenant_id=event.tenant_id,
        )
        try:
            result = await service.invoke(request)
        except ThrottledError as error:
            if dict(error.members).get("Reason") == _NEVER and self._reserved(event.function) == 0:
                return Attempt("zero-concurrency", status=error.status)
            return Attempt("throttled", status=error.status)
        except ServiceError as error:
            return Attempt("throttled", status=error.status)
        except EmulatorError:
            return Attempt("throttled", status=500)
        self._metrics.counted(self.clock.now(), event.function, "AsyncEventAge", age)
        outcome: Literal["success", "error"] = "success" if result.function_error is None else "error"
        return Attempt(outcome, result.payload, result.executed_version, result.function_error)

    def _reserved(self, function: str) -> int | None:
        assert self._service is not None
        return self._service.find(self._service.parse(function, None, None)).share.reserved

    def _config_of(self, event: AsyncEvent) -> EventInvokeConfig:
        return self._configs.get(event.function, {}).get(event.qualifier) or EventInvokeConfig()

    def _arn_of(self, event: AsyncEvent) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{event.function}:{event.qualifier}"

    def _take_record(self, arn: str, payload: bytes) -> None:
        name = parse_name(arn, None)
        self._enqueue(name.name, name.qualifier, Invocation(payload))

    def _count_failure(self, event: AsyncEvent, failure: Failure) -> None:
        self._metrics.counted(self.clock.now(), event.function, failure)

    def iterator_age(self, function: str, milliseconds: float) -> None:
        """The last record of a stream's batch is so old as a function gets it."""
        self._metrics.counted(self.clock.now(), function, "IteratorAge", milliseconds)

    # What the service tells.

    def _take_lines(self, gathered: list[tuple[LogOrigin, list[LogLine]]]) -> None:
        """Keep what execution environments have written; the engine's own phases are not part of a function's log."""
        if self._also_log is not None:
            lines_of = [(origin, line) for origin, lines in gathered for line in lines]
            self._also_log(sorted(lines_of, key=_line_time) if len(gathered) > 1 else lines_of)
        for origin, lines in gathered:
            events: list[tuple[int, int, str]] = []
            for text, source, _, time in lines:
                if source != "engine":
                    moment = int(time * 1000)
                    events.append((moment, moment, text + "\n"))
                    if MARK in text:
                        self._take_embedded(text)
            if events:
                self._logs.add_all(origin.log_group, origin.log_stream, events)
        self._logs.flush()
        self._count_over()

    def _take_embedded(self, text: str) -> None:
        for value in embedded_values(text):
            self._metrics.embedded(value)

    def invoked(self, config: FunctionConfig, trip: Trip) -> None:
        """An invocation is over. It is counted later, with others."""
        figures = trip.figures
        counts = Invoked(figures.duration_ms, trip.function_error is not None, trip.concurrency, trip.unreserved)
        arn = trip.invocation.arn
        qualifier = None if arn is None else arn.rpartition(":")[2]
        self._over.append(_Over(self.clock.now(), config, qualifier, figures.billed_ms, counts))
        if trip.extensions_ms is not None:
            self._metrics.counted(self.clock.now(), config.name, "PostRuntimeExtensionsDuration", trip.extensions_ms)
        if len(self._over) >= _MOST_OVER:
            self._count_over()

    def _count_over(self) -> None:
        over, self._over = self._over, []
        groups: dict[tuple[int, str, int, str | None], list[_Over]] = {}
        for one in over:
            config = one.config
            key = int(one.time) // MINUTE, config.name, config.memory_mb, one.qualifier
            groups.setdefault(key, []).append(one)
        for (minute, name, memory_mb, qualifier), members in groups.items():
            self._metrics.invoked(minute * MINUTE, name, [one.counts for one in members], qualifier)
            used = self._used.setdefault((name, memory_mb), [0, 0])
            used[0] += len(members)
            used[1] += sum([one.billed_ms for one in members])

    def throttled(self, config: FunctionConfig, error: ThrottledError) -> None:
        """An invocation was refused for want of concurrency."""
        self._metrics.throttled(self.clock.now(), config.name)

    @property
    def logs(self) -> LogStore:
        """The log events, with everything that has been written in them."""
        self.log.hand_on()
        return self._logs

    @property
    def metrics(self) -> MetricStore:
        """The metrics, with everything that has happened in them."""
        self.log.hand_on()
        self._count_over()
        return self._metrics.store()

    def usage(self) -> list[Usage]:
        """What each function has used, with each size of memory it has had."""
        self._count_over()
        return [
            Usage(name, memory, requests=requests, billed_ms=billed_ms)
            for (name, memory), (requests, billed_ms) in self._used.items()
        ]

    def bill(self) -> Bill:
        """What that would have cost in a month in which it was all."""
        return bill(self.usage())


def _line_time(entry: tuple[LogOrigin, LogLine]) -> float:
    return entry[1].time


@lru_cache(maxsize=32)
def aws_client(service: str, region: str) -> Any:
    """A boto3 client, made once. Raises EmulatorError where boto3 is not installed."""
    try:
        boto3: Any = import_module("boto3")
    except ImportError:
        raise EmulatorError(
            'destinations and dead-letter queues are reached with boto3: pip install "lambdakit[aws]"'
        ) from None
    return boto3.client(service, region_name=region or None)
