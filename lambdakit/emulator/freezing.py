"""Stopping the processes of an environment for a while, for more reasons than one: frozen, or out of processor time.

SIGSTOP to the process group stops every thread of it, background threads too, which is what Lambda's freeze does;
timers that ran out meanwhile ring when it goes on. Whoever applies a brake for one reason releases it for that reason
alone: a frozen environment that also owes processor time stays stopped until both are settled.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Reason = Literal["between invocations", "processor share"]


class Brake:
    """Stops and continues the processes that `send` reaches."""

    def __init__(self, send: Callable[[signal.Signals], None]) -> None:
        self._send = send
        self._reasons: set[Reason] = set()

    def apply(self, reason: Reason) -> None:
        """Stop them for that reason; twice is allowed."""
        if not self._reasons:
            self._send(signal.SIGSTOP)
        self._reasons.add(reason)

    def release(self, reason: Reason) -> None:
        """That reason is gone; without another one they go on."""
        if reason in self._reasons:
            self._reasons.remove(reason)
            if not self._reasons:
                self._send(signal.SIGCONT)

    def forget(self) -> None:
        """These are other processes now; none of them is stopped."""
        self._reasons.clear()
