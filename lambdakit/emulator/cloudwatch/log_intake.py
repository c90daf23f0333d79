"""Lines on their way from the execution environments to whoever keeps or shows them: gathered, and handed on together.

A line is written three times for every invocation and costs it as little as can be: it is put in a list. A moment
later, or as soon as somebody wants to read, all that has been gathered is handed on, environment by environment.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.logs import LogLine, LogOrigin, LogSink

__all__ = ("LogIntake",)

# How long a line may wait for others: not so long that a person who looks on would see it.
SECONDS = 0.02
# Lines of one environment that are handed on without waiting.
_MOST_LINES = 1_000


class LogIntake:
    """A service log (`intake(origin)` is an environment's sink). `take` is called with what has been gathered.

    Belongs to one event loop, which must be running whenever a line comes.
    """

    def __init__(self, take: Callable[[list[tuple[LogOrigin, list[LogLine]]]], None]) -> None:
        self._take = take
        # The environments that have written something since, and their lines.
        self._gathered: list[tuple[LogOrigin, list[LogLine]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def __call__(self, origin: LogOrigin, /) -> LogSink:
        """The sink of an environment's lines."""
        lines: list[LogLine] = []

        def sink(line: LogLine, /) -> None:
            lines.append(line)
            if len(lines) == 1:
                self._expect(origin, lines)
            elif len(lines) >= _MOST_LINES:
                self.hand_on()

        return sink

    def hand_on(self) -> None:
        """Hand on what has been gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._gathered:
            gathered, self._gathered = self._gathered, []
            taken = [(origin, lines.copy()) for origin, lines in gathered]
            # The sinks go on with the same lists.
            for _, lines in gathered:
                lines.clear()
            self._take(taken)

    def close(self) -> None:
        """Hand on what has been gathered; what comes later is lost."""
        self.hand_on()
        self._closed = True

    def _expect(self, origin: LogOrigin, lines: list[LogLine]) -> None:
        if self._closed:
            lines.clear()
            return
        self._gathered.append((origin, lines))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self.hand_on)
