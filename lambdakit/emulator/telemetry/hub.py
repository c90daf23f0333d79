"""The telemetry of one sandbox: who has subscribed, and what they are told.

Extensions subscribe during INIT, one of the two APIs each. What happened before they did is kept until INIT is over and
given to each that comes. A sandbox in which nobody has subscribed by then has no hub any more. Source: AWS Lambda
developer guide, "Accessing real-time telemetry data for extensions using the Telemetry API".
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Literal

from lambdakit.emulator import replies
from lambdakit.emulator.telemetry import records
from lambdakit.emulator.telemetry.subscriber import Subscriber
from lambdakit.emulator.telemetry.subscription import (
    CONCURRENT_SCHEMAS,
    SCHEMAS,
    SubscriptionError,
    read_subscription,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lambdakit.emulator.extensions import Notice
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig, Status
    from lambdakit.emulator.platform_log import Figures, Phase, PlatformLog
    from lambdakit.emulator.telemetry.records import Event
    from lambdakit.emulator.telemetry.subscription import Api

__all__ = ("Telemetry", "TelemetryLog")

# How an API is called in errors.
_TITLES: dict[Api, str] = {"telemetry": "Telemetry", "logs": "Logs"}
# Events of an INIT that are kept for those who are yet to subscribe; the oldest go first.
KEPT_EVENTS = 10_000

_OK = replies.reply(200, b'"OK"')

SubscriptionState = Literal["Subscribed", "Already subscribed"]


class Telemetry:
    """See the module's text. `tell` hears of each subscription: which API, who, the state and types of it."""

    def __init__(
        self,
        config: FunctionConfig,
        instance_id: str,
        tell: Callable[[Api, str, SubscriptionState, tuple[str, ...]], None],
    ) -> None:
        self.config = config
        self.instance_id = instance_id
        self._tell = tell
        self._subscribers: dict[str, Subscriber] = {}
        self._kept: list[tuple[Event, bytes]] | None = []

    @property
    def subscribed(self) -> bool:
        """Whether anybody has subscribed."""
        return bool(self._subscribers)

    def subscribe(self, api: Api, name: str, body: bytes) -> bytes:
        """Answer an extension's `PUT /telemetry` or `PUT /logs`."""
        title = _TITLES[api]
        if self._kept is None:
            return replies.error(403, f"{title}.SubscriptionClosed", f"{title} API subscription is closed already")
        schemas = CONCURRENT_SCHEMAS if self.config.max_concurrency > 1 else SCHEMAS
        try:
            subscription = read_subscription(api, body, schemas=schemas)
            self._check_only_one_api(api, name)
        except SubscriptionError as error:
            problem = {"errorType": "ValidationError", "errorMessage": str(error)}
            return replies.reply(400, json.dumps(problem).encode())
        state: SubscriptionState = "Already subscribed"
        if name not in self._subscribers:
            state = "Subscribed"
            subscriber = self._subscribers[name] = Subscriber(name, subscription)
            for event, encoded in self._kept:
                if subscriber.wants(event):
                    subscriber.offer(encoded)
        self._tell(api, name, state, subscription.types)
        self.emit((records.subscribed(api, name, state, subscription.types),))
        return _OK

    def emit(self, events: Iterable[Event]) -> None:
        """Tell everybody who wants to know of these."""
        moment = time.time()
        for event in events:
            encoded = event.encoded(moment)
            if self._kept is not None:
                self._kept.append((event, encoded))
                del self._kept[:-KEPT_EVENTS]
            for subscriber in self._subscribers.values():
                if subscriber.wants(event):
                    subscriber.offer(encoded)

    def line(self, category: Literal["function", "extension"], text: str) -> None:
        """A line of log was written."""
        structured = category == "function" and self.config.log_format == "json"
        self.emit(records.line(category, text, structured=structured))

    def runtime_done(self, flight: Flight) -> None:
        """The runtime is done with a flight."""
        self.emit(records.runtime_done(flight, flight.attended))

    def close_subscriptions(self) -> None:
        """INIT is over: nobody may subscribe any more."""
        self._kept = None

    async def flush(self, seconds: float) -> None:
        """Send what there is, if that can be done in so many seconds."""
        if self._subscribers:
            await asyncio.gather(*(subscriber.flush(seconds) for subscriber in self._subscribers.values()))

    async def close(self) -> None:
        """Send nothing any more."""
        self._kept = None
        subscribers, self._subscribers = self._subscribers, {}
        for subscriber in subscribers.values():
            await subscriber.close()

    def _check_only_one_api(self, api: Api, name: str) -> None:
        subscriber = self._subscribers.get(name)
        if subscriber is not None and subscriber.subscription.api != api:
            other = _TITLES[subscriber.subscription.api]
            raise SubscriptionError(f"{name} is subscribed to the {other} API already")


class TelemetryLog:
    """A platform log that tells the hub, too. `flights` are the running invocations by request id."""

    def __init__(self, inner: PlatformLog, telemetry: Telemetry, flights: Mapping[str, Flight]) -> None:
        self._inner = inner
        self._telemetry = telemetry
        self._flights = flights
        self._notices: tuple[Notice, ...] = ()

    def extensions(self, notices: Iterable[Notice]) -> None:
        """How the extensions came through the INIT that is about to end."""
        self._notices = tuple(notices)

    def init_start(self, phase: Phase) -> None:
        """INIT begins."""
        self._inner.init_start(phase)
        hub = self._telemetry
        hub.emit((records.init_start(hub.config, hub.instance_id, phase),))

    def init_end(self, phase: Phase, status: Status, error_type: str | None, duration_ms: float) -> None:
        """INIT is over."""
        self._inner.init_end(phase, status, error_type, duration_ms)
        config = self._telemetry.config
        self._telemetry.emit((records.init_runtime_done(config, phase, status, error_type),))
        self._telemetry.emit(map(records.extension, self._notices))
        self._telemetry.emit((records.init_report(config, phase, status, error_type, duration_ms),))

    def restore_start(self) -> None:
        """A snapshot is about to be resumed."""
        self._inner.restore_start()
        hub = self._telemetry
        hub.emit((records.restore_start(hub.config, hub.instance_id),))

    def restore_end(self, status: Status, error_type: str | None, duration_ms: float) -> None:
        """The after-restore hooks are done."""
        self._inner.restore_end(status, error_type, duration_ms)
        self._telemetry.emit(records.restore_end(status, error_type, duration_ms))

    def start(self, request_id: str, trace_id: str, tenant_id: str | None) -> None:
        """An invocation begins."""
        self._inner.start(request_id, trace_id, tenant_id)
        self._telemetry.emit(records.start(self._telemetry.config, request_id, trace_id, tenant_id))

    def problem(self, request_id: str, error_type: str, cause: str) -> None:
        """The environment ended the invocation."""
        self._inner.problem(request_id, error_type, cause)
        self._telemetry.emit((records.fault(request_id, error_type, cause),))

    def report(self, figures: Figures) -> None:
        """An invocation is over."""
        self._inner.report(figures)
        flight = self._flights.get(figures.request_id)
        attendance = None if flight is None else flight.attended
        if flight is not None and (attendance is None or not attendance.runtime_ended):
            self._telemetry.runtime_done(flight)
        self._telemetry.emit(records.report(self._telemetry.config, figures, attendance))
