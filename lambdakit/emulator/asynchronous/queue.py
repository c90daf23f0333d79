"""The asynchronous queue: takes events in, has them run, and sees each to its end.

What the function is, and where records of its end go, is the caller's: `invoke` runs one attempt, `config_of` gives
the function's configuration, `deliver` hands over an event that has ended. Each may take its time. An `invoke` that
raises counts as a failure of the system: the event goes back, and backs off, like a throttled one. `deliver` is called
at least once for every event, again after a crash that came before it returned; what it raises is logged. While the
store cannot keep what became of an event (a full disk), the event is left alone and run again later.

One task looks for events that are due; each event that is under way is a task of its own, so that a slow function keeps
no other waiting.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import TYPE_CHECKING

from lambdakit.emulator.asynchronous.event import Attempt, Waiting
from lambdakit.emulator.asynchronous.rules import after_attempt, is_too_old

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from lambdakit.emulator.asynchronous.event import AsyncEvent, EventInvokeConfig
    from lambdakit.emulator.asynchronous.store import EventStore
    from lambdakit.emulator.clock import Clock

    Invoke: TypeAlias = Callable[[AsyncEvent], Awaitable[Attempt]]
    ConfigOf: TypeAlias = Callable[[AsyncEvent], EventInvokeConfig]
    Deliver: TypeAlias = Callable[[AsyncEvent, EventInvokeConfig], Awaitable[None]]

__all__ = ("AsyncQueue",)

# Events under way at once. AWS goes up to the functions' concurrency; here each may start a process, and a burst of
# thousands must not start a thousand of them.
MOST_UNDER_WAY = 64

# How long an event whose outcome could not be kept is left alone, and how long a store that cannot be read.
_UNKEPT_SECONDS = 60.0
_UNREADABLE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class AsyncQueue:
    """The queue of one service; `async with` runs it."""

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        *,
        invoke: Invoke,
        config_of: ConfigOf,
        deliver: Deliver,
        most_under_way: int = MOST_UNDER_WAY,
    ) -> None:
        self._store = store
        self._clock = clock
        self._invoke = invoke
        self._config_of = config_of
        self._deliver = deliver
        self._most = most_under_way
        self._under_way: dict[int, asyncio.Task[None]] = {}
        # Until when events are left alone whose outcome could not be kept.
        self._unkept: dict[int, float] = {}
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._dispatcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> AsyncQueue:
        self._dispatcher = asyncio.create_task(self._dispatch())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; what is under way is due again when the store is opened the next time."""
        tasks = [*self._under_way.values(), *([self._dispatcher] if self._dispatcher else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def enqueue(
        self,
        request_id: str,
        function: str,
        payload: bytes,
        *,
        qualifier: str = "$LATEST",
        trace_id: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Take an event in: when this returns it will be run, also if the service dies now."""
        now = self._clock.now()
        self._store.add(request_id, function, qualifier, payload, now, trace_id=trace_id, tenant_id=tenant_id)
        self._wake()

    async def give_up(self) -> None:
        """Forget every event; attempts that are under way are not waited for, and nobody is told of their end."""
        # First, or what is no longer under way would be taken up again.
        self._store.remove_all()
        tasks = [*self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._wake()

    def next_due(self) -> float | None:
        """The moment at which the next event is due that is not under way."""
        due = self._store.next_due(without={*self._under_way, *self._unkept})
        moments = [*self._unkept.values(), *([] if due is None else [due])]
        return min(moments, default=None)

    async def settled(self) -> None:
        """Return when nothing is under way and nothing is due."""
        while self._under_way or self._is_due():
            self._wake()
            await self._settled.wait()

    def _is_due(self) -> bool:
        due = self.next_due()
        return due is not None and due <= self._clock.now()

    def _wake(self) -> None:
        self._settled.clear()
        self._changed.set()

    async def _dispatch(self) -> None:
        while True:
            try:
                await self._dispatch_due()
            except sqlite3.Error as error:
                _log.error("the asynchronous events cannot be read: %r", error, exc_info=error)
                await asyncio.sleep(_UNREADABLE_SECONDS)

    async def _dispatch_due(self) -> None:
        """Begin what is due, and wait for what is due next."""
        for event in self._take():
            task = asyncio.create_task(self._see_through(event))
            self._under_way[event.id] = task
            task.add_done_callback(lambda _, id=event.id: self._over(id))  # type: ignore[misc]
        if not self._under_way:
            self._settled.set()
        full = len(self._under_way) >= self._most
        await self._clock.wait(None if full else self.next_due(), self._changed)

    def _take(self) -> list[AsyncEvent]:
        room = self._most - len(self._under_way)
        now = self._clock.now()
        self._unkept = {id: until for id, until in self._unkept.items() if until > now}
        return self._store.due(now, without={*self._under_way, *self._unkept}, limit=room) if room else []

    def _over(self, id: int) -> None:
        del self._under_way[id]
        self._changed.set()

    async def _see_through(self, event: AsyncEvent) -> None:
        try:
            await self._try_once(event)
        except sqlite3.Error as error:
            _log.error("what became of %s could not be kept: %r", event.request_id, error, exc_info=error)
            self._unkept[event.id] = self._clock.now() + _UNKEPT_SECONDS

    async def _try_once(self, event: AsyncEvent) -> None:
        """One attempt, and the end of the event if it is the last."""
        config = self._config_of(event)
        if event.condition is not None:  # it had ended before a crash, and not all were told
            await self._finish(event, config)
            return
        if is_too_old(event, config, self._clock.now()):
            await self._finish(self._store.end(event, "EventAgeExceeded", None), config)
            return
        attempt = await self._attempt(event)
        following = after_attempt(event, attempt, config, self._clock.now())
        if isinstance(following, Waiting):
            self._store.wait(event, following, attempt)
            return
        await self._finish(self._store.end(event, following, attempt), config)

    async def _attempt(self, event: AsyncEvent) -> Attempt:
        try:
            return await self._invoke(event)
        except Exception as error:
            _log.error("an attempt of %s could not be made: %r", event.request_id, error, exc_info=error)
            return Attempt("throttled", status=500)

    async def _finish(self, event: AsyncEvent, config: EventInvokeConfig) -> None:
        try:
            await self._deliver(event, config)
        except Exception as error:
            _log.error("the end of %s could not be told: %r", event.request_id, error, exc_info=error)
        self._store.remove(event)
