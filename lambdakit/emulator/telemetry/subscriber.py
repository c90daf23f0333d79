"""One subscriber: events are gathered into batches, and batches sent one after the other, with a bounded patience.

A batch is complete when it has as many events or bytes as the subscriber asked for, or when its first event has waited
long enough. Whoever produces events never waits: when too many batches lie about, or one cannot be delivered, it is
dropped, and the next begins with a `platform.logsDropped` event that says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from lambdakit.emulator.telemetry.destinations import destination_of
from lambdakit.emulator.telemetry.records import dropped

if TYPE_CHECKING:
    from lambdakit.emulator.telemetry.records import Event
    from lambdakit.emulator.telemetry.subscription import Subscription

__all__ = ("Subscriber",)

# How many batches may wait while one is being sent.
WAITING_BATCHES = 4
# Seconds before each attempt at a batch, and what one attempt may take.
ATTEMPTS = (0.0, 0.1, 0.2, 0.4, 0.8)
ATTEMPT_SECONDS = 2.0

_FAILURES = (OSError, EOFError, asyncio.TimeoutError)


class Subscriber:
    """See the module's text; belongs to the running event loop."""

    def __init__(self, name: str, subscription: Subscription) -> None:
        self.name = name
        self.subscription = subscription
        self._destination = destination_of(subscription)
        self._loop = asyncio.get_running_loop()
        self._events: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._batches: deque[list[bytes]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._dropped_records = 0
        self._dropped_bytes = 0

    def wants(self, event: Event) -> bool:
        """Whether the event is of a type it asked for, in the words of its schema."""
        return event.category in self.subscription.types and self.subscription.schema in event.schemas

    def offer(self, encoded: bytes) -> None:
        """Take an event it wants."""
        if self._dropped_records:
            self._tell_dropped()
        if self._events and self._size + len(encoded) > self.subscription.max_bytes:
            self.cut()
        self._add(encoded)
        if len(self._events) >= self.subscription.max_items or self._size >= self.subscription.max_bytes:
            self.cut()
        elif self._timer is None:
            self._timer = self._loop.call_later(self.subscription.timeout, self.cut)

    def cut(self) -> None:
        """The batch is complete: send it, or let it wait for its turn."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._events, self._size = self._events, [], 0
        if not batch:
            return
        if len(self._batches) > WAITING_BATCHES:
            self._drop(batch)
            return
        self._batches.append(batch)
        if self._sending is None:
            self._sending = self._loop.create_task(self._send())

    async def flush(self, seconds: float) -> None:
        """Send everything, if that can be done in so many seconds."""
        if self._dropped_records:
            self._tell_dropped()
        self.cut()
        if self._sending is not None:
            await asyncio.wait({self._sending}, timeout=seconds)

    async def close(self) -> None:
        """Send nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
        await self._destination.close()

    def _add(self, encoded: bytes) -> None:
        self._events.append(encoded)
        self._size += len(encoded)

    async def _send(self) -> None:
        try:
            while self._batches:
                if not await self._delivered(self._batches[0]):
                    self._drop(self._batches[0])
                self._batches.popleft()
        finally:
            self._sending = None

    async def _delivered(self, batch: list[bytes]) -> bool:
        for delay in ATTEMPTS:
            await asyncio.sleep(delay)
            try:
                await asyncio.wait_for(self._destination.send(batch), ATTEMPT_SECONDS)
            except _FAILURES:
                continue
            return True
        return False

    def _drop(self, batch: list[bytes]) -> None:
        self._dropped_records += len(batch)
        self._dropped_bytes += sum(map(len, batch))

    def _tell_dropped(self) -> None:
        event = dropped(self._dropped_records, self._dropped_bytes)
        self._dropped_records = self._dropped_bytes = 0
        if self.wants(event):
            self.offer(event.encoded())
