"""A share of the processor in proportion to memory, as Lambda gives it: 1,769 MB are one vCPU.

The kernel's own means is a quota per period (a control group's cpu.max), which few users may set. Here the same is
done from outside: a period's quota is credited as time passes, what the processes took is read from their processor
clocks, and whoever is overdrawn is stopped (SIGSTOP) until the debt is paid. Over a tenth of a second the share is
kept to a few percent; within a few milliseconds it is coarser than the kernel's. INIT is left alone, for Lambda gives
more than the share there, and so is a function whose share is at least all the processors there are.

Source: AWS Lambda developer guide, "Configure Lambda function memory".
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from lambdakit.emulator import proc_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lambdakit.emulator.freezing import Brake

MB_PER_PROCESSOR = 1769
# What may be saved up, and owed at once, is the quota of this long.
_PERIOD_SECONDS = 0.02
# Event loops count timers in milliseconds.
_SHORTEST_SECONDS = 0.001


def share_of(memory_mb: int) -> float | None:
    """How many processors a function may keep busy; None where the machine has no more than that."""
    share = memory_mb / MB_PER_PROCESSOR
    return share if share < (os.cpu_count() or 1) else None


class ProcessorShare:
    """Keeps the processes of one environment to `share` processors from `begin` to `end`."""

    def __init__(self, share: float, brake: Brake, pids: Callable[[], Sequence[int]]) -> None:
        self._share = share
        self._brake = brake
        self._pids = pids
        self._credit = 0.0
        self._taken = 0.0
        self._time = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """The environment is at work; twice is allowed."""
        if self._timer is None:
            self._credit = self._share * _PERIOD_SECONDS
            self._taken = proc_files.processor_seconds(self._pids())
            self._time = asyncio.get_running_loop().time()
            self._set_timer(self._credit)

    def end(self) -> None:
        """It has nothing to do any more, or is about to be ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._brake.release("processor share")

    def _set_timer(self, delay: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(max(delay, _SHORTEST_SECONDS), self._settle)

    def _settle(self) -> None:
        now = asyncio.get_running_loop().time()
        taken = proc_files.processor_seconds(self._pids())
        earned = (now - self._time) * self._share
        # A process that ended took its figure with it.
        spent = max(0.0, taken - self._taken)
        self._credit = min(self._credit + earned, self._share * _PERIOD_SECONDS) - spent
        self._time, self._taken = now, taken
        if self._credit <= 0:
            self._brake.apply("processor share")
            self._set_timer(-self._credit / self._share + _PERIOD_SECONDS * self._share)
        else:
            self._brake.release("processor share")
            self._set_timer(self._credit)
