"""The two kinds of session: one event at a time, and several at once.

`SerialSession` is ruled by the state table. `ConcurrentSession` serves every `next` another event and remembers the
ones that timed out, whose late responses are told apart from answers to nothing. Source: AWS Lambda developer guide,
"Runtime API" and "Lambda Managed Instances" (multi-concurrency).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from lambdakit.emulator import limits, replies, states
from lambdakit.emulator.session import Session

if TYPE_CHECKING:
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.protocol import Connection, Request
    from lambdakit.emulator.session import SessionOwner
    from lambdakit.emulator.telemetry.hub import Telemetry

# Where an accepted upload leads, by endpoint.
_UPLOAD_STATES = {"respond": states.RESPONDING, "report_error": states.REPORTING}


class SerialSession(Session):
    """One event at a time, in the order of the state table."""

    def __init__(
        self, config: FunctionConfig, owner: SessionOwner, telemetry: Telemetry, *, metadata_token: str
    ) -> None:
        super().__init__(config, owner, telemetry, metadata_token=metadata_token)
        self._flight: Flight | None = None
        self._waiting: list[Connection] = []

    def next(self, request: Request) -> bytes | None:
        """Answer `next`: the running event again, the next one, or not yet."""
        if self.state == states.ANSWERED:
            self.state = states.READY
            self._end_flight()
        elif self.state == states.RUNNING and self._flight is not None:
            request.connection.reply(*self._flight.event)
            return None
        elif self.state != states.READY:
            refused = self._step(states.READY)
            if refused is not None:
                return refused
            self._end_flight()
        self._waiting.append(request.connection)
        self._maybe_initialised()
        if self._flight is not None:
            self._hand_over(self._flight)
        return None

    def deliver(self, flight: Flight) -> None:
        """Give the flight to the waiting `next`, or keep it for one to come."""
        self._flight = flight
        if self._waiting:
            self._hand_over(flight)

    def forget(self, flight: Flight) -> None:
        """The process is about to be ended; nothing it still says counts."""
        if self._flight is flight:
            self._flight = None

    def accept_upload(self, request: Request) -> bytes | None:
        """Accept the upload if it is for the running event and none has been accepted before."""
        flight = self._flight
        if flight is None or flight.request_id != request.request_id:
            return replies.INVALID_REQUEST_ID
        assert request.route is not None
        target = _UPLOAD_STATES[request.route.endpoint]
        if target not in states.STEPS[self.state]:
            return replies.invalid_transition(self.state, target)
        refused = self._accept(request, flight)
        if refused is None:
            self.state = target
        return refused

    def upload_cut(self, request: Request) -> None:
        """As in any session, but for what the end of the process has cut because its time was over: a timeout."""
        if request.flight is self._flight:
            super().upload_cut(request)

    def uploaded(self, flight: Flight) -> None:
        """The event is answered; what is left is that the runtime asks for the next."""
        self.state = states.ANSWERED

    def disconnected(self, connection: Connection) -> None:
        """A waiting `next` whose connection has gone gets nothing."""
        super().disconnected(connection)
        if connection in self._waiting:
            self._waiting.remove(connection)

    def _hand_over(self, flight: Flight) -> None:
        self.state = states.RUNNING
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            connection.reply(*flight.event)

    def _end_flight(self) -> None:
        flight, self._flight = self._flight, None
        if flight is not None:
            self.owner.flight_finished(flight)


class ConcurrentSession(Session):
    """Several events at once: every `next` gets another one, and the request id tells answers apart."""

    def __init__(
        self, config: FunctionConfig, owner: SessionOwner, telemetry: Telemetry, *, metadata_token: str
    ) -> None:
        super().__init__(config, owner, telemetry, metadata_token=metadata_token)
        self._flights: dict[str, Flight] = {}
        self._undelivered: deque[Flight] = deque()
        self._waiting: deque[Connection] = deque()
        self._timed_out: OrderedDict[str, None] = OrderedDict()

    def next(self, request: Request) -> bytes | None:
        """Answer `next` with an event nobody has yet, or not yet."""
        if self.state != states.READY:
            refused = self._step(states.READY)
            if refused is not None:
                return refused
        self._maybe_initialised()
        if self._undelivered:
            request.connection.reply(*self._undelivered.popleft().event)
        else:
            self._waiting.append(request.connection)
        return None

    def deliver(self, flight: Flight) -> None:
        """Give the flight to the longest waiting `next`, or keep it for one to come."""
        self._flights[flight.request_id] = flight
        if self._waiting:
            self._waiting.popleft().reply(*flight.event)
        else:
            self._undelivered.append(flight)

    def forget(self, flight: Flight) -> None:
        """The code keeps running; its late response will be answered 410, once."""
        self._flights.pop(flight.request_id, None)
        if flight in self._undelivered:
            self._undelivered.remove(flight)
            return
        self._timed_out[flight.request_id] = None
        if len(self._timed_out) > limits.REMEMBERED_TIMEOUTS:
            self._timed_out.popitem(last=False)

    def accept_upload(self, request: Request) -> bytes | None:
        """Accept the upload if its event is running."""
        flight = self._flights.get(request.request_id)
        if flight is None:
            if self._timed_out.pop(request.request_id, "absent") is None:
                return replies.INVOKE_TIMEOUT
            return replies.INVALID_REQUEST_ID
        refused = self._accept(request, flight)
        if refused is None:
            del self._flights[request.request_id]
        return refused

    def uploaded(self, flight: Flight) -> None:
        """The event is answered and, here, over."""
        self._flights.pop(flight.request_id, None)
        self.owner.flight_finished(flight)

    def disconnected(self, connection: Connection) -> None:
        """A waiting `next` whose connection has gone gets nothing."""
        super().disconnected(connection)
        if connection in self._waiting:
            self._waiting.remove(connection)

    def report_init_error(self, request: Request) -> bytes:
        """Answer `init/error`; late ones, from further workers, are accepted and change nothing."""
        if self.state == states.READY:
            return replies.ACCEPTED
        return super().report_init_error(request)


def session_for(config: FunctionConfig, owner: SessionOwner, telemetry: Telemetry, *, metadata_token: str) -> Session:
    """The kind of session the configuration's concurrency asks for."""
    kind = ConcurrentSession if config.max_concurrency > 1 else SerialSession
    return kind(config, owner, telemetry, metadata_token=metadata_token)
