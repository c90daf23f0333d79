"""What every poller has: it works until it is told to stop, and goes on after errors, telling of each kind once.

Not here: what is polled. A subclass makes one round at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from lambdakit.emulator.polling.mapping import SourceMapping

    Tell: TypeAlias = Callable[[str], None]

__all__ = ("Invoke", "Outcome", "Poller")

# Seconds before a round after one that failed, and at most.
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 10.0


class Outcome(Protocol):
    """What a poller needs of an invocation's result."""

    @property
    def request_id(self) -> str:
        """The invocation's id."""
        ...

    @property
    def payload(self) -> bytes:
        """What the function answered, or its error."""
        ...

    @property
    def function_error(self) -> str | None:
        """The kind of the error, if it is one."""
        ...

    @property
    def executed_version(self) -> str:
        """The version that was run."""
        ...


class Invoke(Protocol):
    """Runs a mapping's function: the result, or None where the service did not run it (a throttle, its end)."""

    async def __call__(self, function: str, payload: bytes) -> Outcome | None:
        """Run one event."""
        ...


class Poller:
    """Works for one mapping. `tell` hears of problems, in one line each."""

    def __init__(self, mapping: SourceMapping, invoke: Invoke, tell: Tell) -> None:
        self.mapping = mapping
        self._invoke = invoke
        self._tell = tell
        self._stopping = asyncio.Event()
        self._delay = _FIRST_DELAY
        self._told: str | None = None

    async def run(self) -> None:
        """Poll until `stop`; returns when what is under way is over."""
        while not self._stopping.is_set():
            try:
                await self._round()
            except Exception as error:
                self._problem(error)
                await self._pause(self._delay)
                self._delay = min(2 * self._delay, _LONGEST_DELAY)
            else:
                self._told = None
                self._delay = _FIRST_DELAY
        await self._end()

    def stop(self) -> None:
        """Begin no further round."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether the end is near."""
        return self._stopping.is_set()

    async def _round(self) -> None:
        """Look once, and do what is there to do."""
        raise NotImplementedError

    async def _end(self) -> None:
        """Wait for what is under way."""

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _problem(self, error: Exception) -> None:
        text = f"{self.mapping.arn} cannot be polled for {self.mapping.function}: {error}"
        if text != self._told:
            self._told = text
            self._tell(text)
