"""The time that schedules run by: the system's, or a virtual one that tests move on.

Retries wait minutes, events live for hours: a test of that must not. Whoever waits for a moment asks the clock; under a
VirtualClock the moment comes when the test says so, and everything that is due on the way runs in its order.

Not for deadlines of invocations: a function runs in real time, whatever the clock says.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("Clock", "SystemClock", "VirtualClock")


class Clock(Protocol):
    """Seconds since 1970, and a way to wait for a moment."""

    def now(self) -> float:
        """This moment."""
        ...

    async def wait(self, until: float | None, changed: asyncio.Event) -> None:
        """Return at the moment `until` (None: never), or when `changed` is set; clears it."""
        ...


class SystemClock:
    """The system's time."""

    def now(self) -> float:
        """This moment."""
        return time.time()

    async def wait(self, until: float | None, changed: asyncio.Event) -> None:
        """Return at the moment `until` (None: never), or when `changed` is set; clears it."""
        seconds = None if until is None else max(0.0, until - time.time())
        try:
            await asyncio.wait_for(changed.wait(), seconds)
        except asyncio.TimeoutError:
            return
        changed.clear()


class VirtualClock:
    """A time that stands still until `advance` moves it on.

    Whoever schedules by it is registered with `attend`: a function that gives the next moment at which it has something
    to do, and one to await until it has done all that is due.
    """

    def __init__(self, start: float | None = None) -> None:
        self._now = time.time() if start is None else start
        self._waiting: set[asyncio.Event] = set()
        self._attending: list[tuple[Callable[[], float | None], Callable[[], Awaitable[None]]]] = []

    def now(self) -> float:
        """The moment the clock stands at."""
        return self._now

    async def wait(self, until: float | None, changed: asyncio.Event) -> None:
        """Return when `changed` is set, or the clock has moved; clears it."""
        if until is not None and until <= self._now:
            return
        self._waiting.add(changed)
        try:
            await changed.wait()
        finally:
            self._waiting.discard(changed)
        changed.clear()

    def attend(self, next_due: Callable[[], float | None], settled: Callable[[], Awaitable[None]]) -> None:
        """Have `advance` stop at the moments `next_due` names and await `settled` there."""
        self._attending.append((next_due, settled))

    async def advance(self, seconds: float) -> float:
        """Move on by so many seconds, through every moment at which something is due; the moment reached."""
        target = self._now + seconds
        await self._settle()
        while (due := self._next_due()) is not None and due <= target:
            self._move_to(max(due, self._now))
            await self._settle()
        self._move_to(target)
        await self._settle()
        return self._now

    def _next_due(self) -> float | None:
        moments = [moment for next_due, _ in self._attending if (moment := next_due()) is not None]
        return min(moments, default=None)

    def _move_to(self, moment: float) -> None:
        self._now = moment
        for waiting in self._waiting:
            waiting.set()

    async def _settle(self) -> None:
        for _, settled in self._attending:
            await settled()
