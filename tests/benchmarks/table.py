"""Measures and the tables they stand in: what is taken from each contender, and how a row is written."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from tests.benchmarks.harness import Bench

    # Name -> what takes one sample, in the measure's unit.
    Contenders: TypeAlias = dict[str, Callable[[], float]]


@dataclass(frozen=True)
class Measure:
    """`target`: the highest accepted ratio to the peer, the highest value where there is none; None: no target."""

    name: str
    title: str
    unit: Literal["us", "ms", "MiB", "x", "events"]
    target: float | None
    contenders: Callable[[Bench], Contenders]
    rounds: int


@dataclass(frozen=True)
class Table:
    """Measures of the same contenders: `ours` is compared with `peer`, `other` is shown for information."""

    ours: str
    peer: str
    other: str
    measures: tuple[Measure, ...]

    @property
    def head(self) -> str:
        """The first two lines."""
        return (
            f"| measure | {self.ours} | {self.peer} | ratio | target | {self.other} |\n|---|---:|---:|---:|---:|---:|"
        )

    def row(self, measure: Measure, samples: dict[str, list[float]]) -> str:
        """One line, of the medians."""
        middle = {name: median(values) for name, values in samples.items()}
        ours, peer, other = (
            f"{middle[name]:.1f} {measure.unit}" if name in middle else "-"
            for name in (self.ours, self.peer, self.other)
        )
        ratio = middle[self.ours] / middle[self.peer] if self.peer in middle else None
        shown = "-" if ratio is None else f"{ratio:.2f}"
        return (
            f"| {measure.title} | {ours} | {peer} | {shown} | {_verdict(measure, middle[self.ours], ratio)} | {other} |"
        )


def _verdict(measure: Measure, ours: float, ratio: float | None) -> str:
    if measure.target is None:
        return "-"
    value, target = (
        (ours, f"≤ {measure.target:g} {measure.unit}") if ratio is None else (ratio, f"≤ {measure.target:.2f}")
    )
    return target if value <= measure.target else f"**{target} (missed)**"
