"""Makes Lambda's own segments: follows the invocations of a service, and the attempts of asynchronous events.

    service = LocalService(tracer=Tracer(store))

It is told of functions with active tracing only; for all others the tracing header is passed on as it came (AWS Compute
Blog, "Streamlining trace sampling behavior for AWS Lambda functions with AWS X-Ray"). Of those the ones that are
sampled get segments: by the caller's decision, or by the sampler's where the caller made none. The header a function is
given names the subsegment Invocation as the parent, so that what it sends hangs below.

An invocation is followed by the hooks of its flight; those that are not traced carry nothing of it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from lambdakit.emulator.clock import SystemClock
from lambdakit.emulator.guard import tell
from lambdakit.emulator.tracing.documents import read_document
from lambdakit.emulator.tracing.sampling import Sampler
from lambdakit.emulator.tracing.segments import (
    Course,
    Ids,
    cause_of,
    encoded,
    function_segment,
    service_segment,
    subsegment,
)
from lambdakit.emulator.tracing.trace_header import TraceHeader, new_segment_id, new_trace_root
from lambdakit.exceptions import InitFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lambdakit.emulator.asynchronous.event import AsyncEvent, Attempt, EventInvokeConfig
    from lambdakit.emulator.clock import Clock
    from lambdakit.emulator.environment import InitSpan
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig, Invocation
    from lambdakit.emulator.lanes import Trip
    from lambdakit.emulator.tracing.segments import Outcome
    from lambdakit.emulator.tracing.store import TraceStore

__all__ = ("Tracer",)


class Tracer:
    """See the module's text.

    `clock` is what asynchronous events are queued by; functions run in real time. `also` is given every document, too.
    """

    def __init__(
        self,
        store: TraceStore,
        sampler: Sampler | None = None,
        *,
        clock: Clock | None = None,
        also: Callable[[bytes], None] | None = None,
    ) -> None:
        self.store = store
        self.sampler = Sampler() if sampler is None else sampler
        self._clock: Clock = SystemClock() if clock is None else clock
        self._also = also
        # Asynchronous events that are traced, and those of which an attempt is under way, by request id.
        self._events: dict[str, EventTrace] = {}
        self._attempts: dict[str, AsyncEvent] = {}

    # what the service tells

    def follow(self, config: FunctionConfig, trip: Trip) -> None:
        """An invocation of such a function begins: give it its header and, if it is sampled, see what becomes of it."""
        header = self._decided(config, trip.invocation.trace_id)
        attempt = self._attempts.get(trip.request_id)
        ids = Ids.new(str(header.root), header.parent)
        if not header.sampled:
            trip.trace_id = str(header if header.parent else header.with_parent(ids.function))
            return
        trip.trace_id = str(header.with_parent(ids.invocation))
        if attempt is None:
            SyncFollower(self, config, trip, ids)
        else:
            event = self._events.get(trip.request_id)
            if event is None:  # it was taken in before the service was started again
                event = self._events[trip.request_id] = EventTrace(ids, config, trip.request_id, time.time())
            ids = ids._replace(service=event.ids.service, caller=event.ids.caller, attempt=new_segment_id())
            event.dwelled(self._clock.now() - attempt.received)
            AttemptFollower(self, config, trip, ids, event, attempt.attempts + 1)

    def throttled(self, config: FunctionConfig, trip: Trip) -> None:
        """An invocation of such a function was refused for want of concurrency; a queued event goes on waiting."""
        if trip.request_id in self._attempts:
            return
        header = self._decided(config, trip.invocation.trace_id)
        if header.sampled:
            ids, now = Ids.new(str(header.root), header.parent), time.time()
            segment = service_segment(ids, config, trip.request_id, start=now, end=now, status=429, outcome="throttle")
            self.put(segment)

    # what the asynchronous queue tells

    def accept(self, config: FunctionConfig, invocation: Invocation) -> str:
        """The tracing header that an event for such a function is kept with, so that all attempts are one trace."""
        header = self._decided(config, invocation.trace_id)
        if header.sampled:
            ids = Ids.new(str(header.root), header.parent)
            event = self._events[invocation.request_id] = EventTrace(ids, config, invocation.request_id, time.time())
            self.put(event.segment(None))
        return str(header)

    def attempts(
        self, invoke: Callable[[AsyncEvent], Awaitable[Attempt]]
    ) -> Callable[[AsyncEvent], Awaitable[Attempt]]:
        """The queue's `invoke`, such that the invocation it makes is known as an attempt of the event."""

        async def attempt(event: AsyncEvent) -> Attempt:
            self._attempts[event.request_id] = event
            try:
                return await invoke(event)
            finally:
                del self._attempts[event.request_id]

        return attempt

    def ends(
        self, deliver: Callable[[AsyncEvent, EventInvokeConfig], Awaitable[None]]
    ) -> Callable[[AsyncEvent, EventInvokeConfig], Awaitable[None]]:
        """The queue's `deliver`, such that the end of an event is known: no further attempt will be made."""

        async def end(event: AsyncEvent, config: EventInvokeConfig) -> None:
            tell(self._end, event)
            await deliver(event, config)

        return end

    def _end(self, event: AsyncEvent) -> None:
        traced = self._events.pop(event.request_id, None)
        if traced is not None:
            failed: Outcome = "fault" if event.attempts else "throttle"
            self.put(traced.segment(time.time(), "success" if event.condition == "Success" else failed))

    def forget(self) -> None:
        """Forget all traces."""
        self._events.clear()
        self.store.clear()

    # own

    def put(self, segment: dict[str, Any]) -> None:
        """Keep a segment."""
        raw = encoded(segment)
        self.store.add(read_document(raw))
        if self._also is not None:
            self._also(raw)

    def _decided(self, config: FunctionConfig, text: str | None) -> TraceHeader:
        header = TraceHeader.parse(text)
        if header.root is None:
            header = replace(header, root=new_trace_root(), parent=None)
        if header.sampled is None:
            header = replace(header, sampled=self.sampler.takes(config.name))
        return header


class Follower:
    """Notes the moments of one invocation, from its flight's hooks, which it stands in front of."""

    def __init__(self, tracer: Tracer, config: FunctionConfig, trip: Trip, ids: Ids) -> None:
        self.tracer = tracer
        self.config = config
        self.trip = trip
        self.ids = ids
        self.arrived = time.time()
        # Flights count by another clock.
        self._offset = self.arrived - time.perf_counter()
        self._answered: float | None = None
        self._on_answer, trip.on_answer = trip.on_answer, self.answered
        self._on_over, trip.on_over = trip.on_over, self.over

    def answered(self, flight: Flight) -> None:
        """There is an answer, or a stream has begun."""
        if flight.answered:
            self._answered = time.perf_counter()
        if self._on_answer is not None:
            self._on_answer(flight)

    def over(self, flight: Flight) -> None:
        """The invocation is over."""
        inits = () if self.trip.place is None else self.trip.place.environment.inits
        flight.on_over = self._on_over
        if self._on_over is not None:
            self._on_over(flight)
        tell(self._tell, inits)

    def tell(self, course: Course) -> None:
        """Make the segments."""
        raise NotImplementedError

    def _tell(self, inits: tuple[InitSpan, ...]) -> None:
        trip = self.trip
        now = time.perf_counter()
        failed = trip.function_error is not None or trip.error is not None or trip.status != "success"
        dispatched = trip.started + self._offset if trip.started else None
        first = trip.error is None and trip.result().init_ms is not None
        course = Course(
            self.config,
            trip.request_id,
            trip.invocation.arn or self.config.arn,
            self.arrived,
            dispatched,
            (self._answered or now) + self._offset,
            now + self._offset,
            # Those that were made for it, and the one whose first invocation it is.
            tuple(init for init in inits if init.began >= self.arrived or (first and not init.failed)),
            None if trip.restore_ms is None else trip.restore_ms / 1000,
            "fault" if failed else "success",
            self._cause() if failed else None,
        )
        self.tell(course)

    def _cause(self) -> dict[str, Any]:
        trip = self.trip
        if trip.error is None:
            return cause_of(trip.xray_cause, trip.payload, trip.error_type)
        error: dict[str, str] = {"errorMessage": str(trip.error), "errorType": type(trip.error).__name__}
        return cause_of(None, orjson.dumps(error), None)


class SyncFollower(Follower):
    """Follows an invocation whose caller waits."""

    def tell(self, course: Course) -> None:
        """Make both segments."""
        error = self.trip.error
        status = 200 if error is None else 502 if isinstance(error, InitFailedError) else 500
        segment = service_segment(
            self.ids,
            self.config,
            course.request_id,
            start=self.arrived,
            end=course.over,
            status=status,
            outcome=course.outcome,
        )
        self.tracer.put(segment)
        self.tracer.put(function_segment(self.ids, course))


class AttemptFollower(Follower):
    """Follows one attempt of an asynchronous event."""

    def __init__(
        self, tracer: Tracer, config: FunctionConfig, trip: Trip, ids: Ids, event: EventTrace, number: int
    ) -> None:
        super().__init__(tracer, config, trip, ids)
        self._event = event
        self._number = number

    def tell(self, course: Course) -> None:
        """Put the attempt on the event's segment, and make the function's."""
        attempt = subsegment(f"Attempt #{self._number}", self.arrived, course.over, course.outcome)
        self._event.parts.append(attempt | {"id": self.ids.attempt})
        self.tracer.put(self._event.segment(None))
        self.tracer.put(function_segment(self.ids, course))


class EventTrace:
    """The service's segment of an asynchronous event, in progress until the event has ended."""

    def __init__(self, ids: Ids, config: FunctionConfig, request_id: str, start: float) -> None:
        self.ids = ids
        self.start = start
        self.parts: list[dict[str, Any]] = []
        self._config = config
        self._request_id = request_id

    def dwelled(self, seconds: float) -> None:
        """The first attempt begins, so long after the event came."""
        if not self.parts:
            now = time.time()
            self.start = now - max(0.0, seconds)
            self.parts.append(subsegment("Dwell Time", self.start, now))

    def segment(self, end: float | None, outcome: Outcome = "success") -> dict[str, Any]:
        """The segment as it stands."""
        return service_segment(
            self.ids,
            self._config,
            self._request_id,
            start=self.start,
            end=end,
            status=202,
            outcome=outcome,
            subsegments=self.parts,
        )
