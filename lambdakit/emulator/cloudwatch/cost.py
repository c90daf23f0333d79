"""What invocations would have cost: requests, and memory for as long as it was billed.

Prices are the public list prices of us-east-1 (AWS Lambda pricing, 2026); other regions differ by a few per cent, and
nobody's contract is in here. The free tier is a month's, and does not cover provisioned concurrency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Bill", "Usage", "bill")

Architecture = Literal["x86_64", "arm64"]

PER_REQUEST = 0.20 / 1_000_000
# Price of a GB-second by architecture: up to so many GB-seconds of a month, at so much.
TIERS: dict[Architecture, tuple[tuple[float, float], ...]] = {
    "x86_64": ((6e9, 0.0000166667), (15e9, 0.0000150000), (float("inf"), 0.0000133334)),
    "arm64": ((7.5e9, 0.0000133334), (18.75e9, 0.0000120001), (float("inf"), 0.0000106667)),
}
# Of provisioned concurrency: a GB-second that is configured, and one in which it runs.
PROVISIONED: dict[Architecture, tuple[float, float]] = {
    "x86_64": (0.0000041667, 0.0000097222),
    "arm64": (0.0000033334, 0.0000077778),
}
FREE_REQUESTS, FREE_GB_SECONDS = 1_000_000, 400_000.0


@dataclass(frozen=True)
class Usage:
    """What one function used: invocations, billed milliseconds, and the seconds its environments stood provisioned."""

    function: str
    memory_mb: int
    requests: int = 0
    billed_ms: int = 0
    provisioned_billed_ms: int = 0
    provisioned_seconds: float = 0.0
    architecture: Architecture = "x86_64"

    @property
    def gb_seconds(self) -> float:
        """Memory times the time billed on demand."""
        return self.billed_ms / 1000 * self.memory_mb / 1024

    @property
    def provisioned_gb_seconds(self) -> tuple[float, float]:
        """The same of provisioned environments: as configured, and as run."""
        gigabytes = self.memory_mb / 1024
        return self.provisioned_seconds * gigabytes, self.provisioned_billed_ms / 1000 * gigabytes


@dataclass(frozen=True)
class Bill:
    """The cost of some usage in US dollars, part by part; `free` is what the free tier takes off."""

    requests: float
    duration: float
    provisioned: float
    free: float

    @property
    def total(self) -> float:
        """What is left to pay."""
        return self.requests + self.duration + self.provisioned - self.free


def bill(usages: Iterable[Usage]) -> Bill:
    """The bill of a month in which this was all."""
    usages = list(usages)
    requests = sum(usage.requests for usage in usages) * PER_REQUEST
    duration = sum(_duration(architecture, _gb_seconds(usages, architecture)) for architecture in TIERS)
    provisioned = sum(
        configured * price[0] + run * price[1]
        for usage in usages
        for price, (configured, run) in [(PROVISIONED[usage.architecture], usage.provisioned_gb_seconds)]
    )
    return Bill(requests, duration, provisioned, _free(usages, requests, duration))


def _gb_seconds(usages: list[Usage], architecture: Architecture) -> float:
    return sum(usage.gb_seconds for usage in usages if usage.architecture == architecture)


def _duration(architecture: Architecture, gb_seconds: float) -> float:
    cost, below = 0.0, 0.0
    for upper, price in TIERS[architecture]:
        cost += max(0.0, min(gb_seconds, upper) - below) * price
        below = upper
    return cost


def _free(usages: list[Usage], requests: float, duration: float) -> float:
    used = sum(usage.gb_seconds for usage in usages)
    share = min(1.0, FREE_GB_SECONDS / used) if used else 0.0
    return min(requests, FREE_REQUESTS * PER_REQUEST) + duration * share
