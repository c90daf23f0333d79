"""Which version an invocation by alias runs: a draw for each, by the alias's weights.

Source: AWS Lambda developer guide, "Implement Lambda canary deployments using a weighted alias".
"""

from __future__ import annotations

from random import random
from typing import NamedTuple

__all__ = ("Alias",)


class Alias(NamedTuple):
    """An alias: the version it names, and those that take a part of its invocations."""

    version: str
    weights: tuple[tuple[str, float], ...] = ()

    def draw(self) -> str:
        """A version for one invocation."""
        if self.weights:
            left = random()
            for version, weight in self.weights:
                left -= weight
                if left < 0:
                    return version
        return self.version
