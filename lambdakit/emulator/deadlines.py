"""One alarm for all flights of an execution environment.

A timer for each flight would cost as much as a good part of a short invocation, and nearly every flight is over long
before its deadline. So the alarm is set for the earliest deadline and left alone when flights end; when it rings it
looks which of those still under way are due, and is set anew for the rest.

While somebody looks at a function with a debugger its time stands still: a `Hold` keeps count of such times, and what
passed in them is not held against anybody.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lambdakit.emulator.flight import Flight

# Event loops count timers in milliseconds, and an alarm that rings early would have to be set again.
_SLACK_SECONDS = 0.001
# What the runtime is told of a deadline that will not come: it cannot be told again.
_FAR_AWAY_MS = 24 * 60 * 60 * 1000


class Hold:
    """Time that does not count: from `begin` to `end`, as often as there is reason to."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._held = 0.0
        self._changed: asyncio.Future[None] | None = None
        self._listeners: set[Callable[[], None]] = set()

    @property
    def on(self) -> bool:
        """Whether time stands still now."""
        return self._since is not None

    def total(self) -> float:
        """The seconds that have not counted so far."""
        return self._held + (0.0 if self._since is None else time.perf_counter() - self._since)

    def begin(self) -> None:
        """Time stands still from now on; twice is allowed."""
        if self._since is None:
            self._since = time.perf_counter()
            self._tell()

    def end(self) -> None:
        """Time goes on."""
        if self._since is not None:
            self._held = self.total()
            self._since = None
            self._tell()

    def attend(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever time stops or goes on."""
        self._listeners.add(listener)

    def leave(self, listener: Callable[[], None]) -> None:
        """Call it no more."""
        self._listeners.discard(listener)

    def changed(self) -> asyncio.Future[None]:
        """Done when time next stops or goes on."""
        if self._changed is None or self._changed.done():
            self._changed = asyncio.get_running_loop().create_future()
        return self._changed

    def _tell(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)
        for listener in list(self._listeners):
            listener()


async def wait_within(futures: Collection[asyncio.Future[Any]], seconds: float, hold: Hold | None = None) -> None:
    """Wait until one of the futures is done or so many seconds that count have passed."""
    if hold is None:
        await asyncio.wait(futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return
    until = time.perf_counter() + seconds - hold.total()
    while not any(future.done() for future in futures):
        left = until + hold.total() - time.perf_counter()
        if left <= 0 and not hold.on:
            return
        either = {*futures, hold.changed()}
        await asyncio.wait(either, timeout=None if hold.on else left, return_when=asyncio.FIRST_COMPLETED)


class Deadlines:
    """Calls `on_deadline` for every flight that is not over `timeout` seconds after it began.

    With a `hold` those it holds are not counted; `began` must then be called when a flight begins.
    """

    def __init__(self, timeout: float, on_deadline: Callable[[Flight], None], hold: Hold | None = None) -> None:
        self._timeout = timeout
        self._on_deadline = on_deadline
        self._hold = hold
        # What had been held when each began.
        self._held_before: dict[Flight, float] = {}
        self._watched: set[Flight] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._due = 0.0
        if hold is not None:
            hold.attend(self._on_hold)

    def began(self, flight: Flight) -> None:
        """The flight begins: what is held from now on is not held against it, nor is the runtime told of a limit."""
        if self._hold is not None:
            self._held_before[flight] = self._hold.total()
            flight.deadline_ms += _FAR_AWAY_MS if self._hold.on else 0

    def left(self, flight: Flight) -> float:
        """Seconds until the flight's deadline; negative once it has passed."""
        left = self._timeout - flight.elapsed()
        if self._hold is not None:
            left += self._hold.total() - self._held_before.get(flight, 0.0)
        return left

    def watch(self, flight: Flight) -> None:
        """See to it that the flight's deadline is noticed."""
        self._watched.add(flight)
        if self._hold is not None:
            self._on_hold()
            return
        due = flight.started + self._timeout
        if self._alarm is None:
            self._set(due)
        elif due < self._due:
            self._alarm.cancel()
            self._set(due)

    def forget(self, flight: Flight) -> None:
        """The flight is over."""
        self._watched.discard(flight)
        if self._hold is not None:
            self._held_before.pop(flight, None)

    def close(self) -> None:
        """Watch nothing any more."""
        self._watched.clear()
        self._cancel()
        if self._hold is not None:
            self._hold.leave(self._on_hold)

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _on_hold(self) -> None:
        """Time has stopped or goes on, or there is another flight: set the alarm anew, unless nothing can be due."""
        assert self._hold is not None
        self._cancel()
        if self._watched and not self._hold.on:
            self._set(time.perf_counter() + min(self.left(flight) for flight in self._watched))

    def _set(self, due: float) -> None:
        self._due = due
        delay = max(0.0, due - time.perf_counter()) + _SLACK_SECONDS
        self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        for flight in [flight for flight in self._watched if self.left(flight) <= 0]:
            self._watched.discard(flight)
            self._on_deadline(flight)
        if self._hold is not None:
            self._on_hold()
        elif self._watched:
            self._set(min(flight.started for flight in self._watched) + self._timeout)
