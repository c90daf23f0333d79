"""One alarm for all flights of an execution environment.

A timer for each flight would cost as much as a good part of a short invocation, and nearly every flight is over long
before its deadline. So the alarm is set for the earliest deadline and left alone when flights end; when it rings it
looks which of those still under way are due, and is set anew for the rest.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.flight import Flight

# Event loops count timers in milliseconds, and an alarm that rings early would have to be set again.
_SLACK_SECONDS = 0.001


class Deadlines:
    """Calls `on_deadline` for every flight that is not over `timeout` seconds after it began."""

    def __init__(self, timeout: float, on_deadline: Callable[[Flight], None]) -> None:
        self._timeout = timeout
        self._on_deadline = on_deadline
        self._watched: set[Flight] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._due = 0.0

    def left(self, flight: Flight) -> float:
        """Seconds until the flight's deadline; negative once it has passed."""
        return self._timeout - flight.elapsed()

    def watch(self, flight: Flight) -> None:
        """See to it that the flight's deadline is noticed."""
        self._watched.add(flight)
        due = flight.started + self._timeout
        if self._alarm is None:
            self._set(due)
        elif due < self._due:
            self._alarm.cancel()
            self._set(due)

    def forget(self, flight: Flight) -> None:
        """The flight is over."""
        self._watched.discard(flight)

    def close(self) -> None:
        """Watch nothing any more."""
        self._watched.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _set(self, due: float) -> None:
        self._due = due
        delay = max(0.0, due - time.perf_counter()) + _SLACK_SECONDS
        self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        for flight in [flight for flight in self._watched if self.left(flight) <= 0]:
            self._watched.discard(flight)
            self._on_deadline(flight)
        if self._watched:
            self._set(min(flight.started for flight in self._watched) + self._timeout)
