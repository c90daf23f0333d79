"""Which invocations are traced where the caller has not decided: the first of each second, and some of the others.

Each function has its own seconds. Source: AWS Lambda developer guide, "Visualize Lambda function invocations using AWS
X-Ray": "1 request per second and 5 percent of additional requests".
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("FIXED_RATE", "RESERVOIR", "Sampler")

FIXED_RATE = 0.05
RESERVOIR = 1


class Sampler:
    """Decides by a clock (seconds) and by chance (0 to 1); `rate` is the share of additional requests."""

    def __init__(
        self,
        rate: float = FIXED_RATE,
        *,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.rate = rate
        self._clock = clock
        self._chance = chance
        # By function: the second in which one was taken last.
        self._taken: dict[str, int] = {}

    def takes(self, function: str) -> bool:
        """Whether the next request of a function is traced."""
        second = int(self._clock())
        if self._taken.get(function) != second:
            self._taken[function] = second
            return True
        return self._chance() < self.rate
