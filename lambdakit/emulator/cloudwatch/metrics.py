"""The metrics of functions, kept by the minute: counts, sums, extremes, and the values themselves for percentiles.

A metric is a name in a namespace with dimensions; a value counts in the minute it belongs to (in its second, for one of
high resolution). Kept in memory for fifteen days of the clock that the caller goes by; a service that starts anew has
no past. Source: Amazon CloudWatch user guide, "CloudWatch concepts".
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("Metric", "MetricStore", "Statistics")

MINUTE = 60
RETENTION_SECONDS = 15 * 86_400


class Metric(NamedTuple):
    """A metric: namespace, name, and dimensions as sorted pairs of name and value."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
        """The metric with these dimensions, in any order."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


class Statistics:
    """What is known of the values of one period. `values` counts each value, so that percentiles are exact."""

    __slots__ = ("unit", "values")

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.values: Counter[float] = Counter()

    def add(self, value: float, count: int = 1) -> None:
        """Take in a value that was seen so many times."""
        self.values[value] += count

    def merge(self, other: Statistics) -> None:
        """Take in another period's values."""
        self.values.update(other.values)

    @property
    def sample_count(self) -> int:
        """How many values there were."""
        return sum(self.values.values())

    @property
    def sum(self) -> float:
        """What they add up to."""
        return math.fsum(value * count for value, count in self.values.items())

    def statistic(self, name: str) -> float:
        """A statistic by CloudWatch's name for it: Sum, Average, p99.9 ... Raises ValueError for an unknown one."""
        if name == "SampleCount":
            return float(self.sample_count)
        if name == "Sum":
            return self.sum
        if name == "Average":
            return self.sum / self.sample_count
        if name == "Minimum":
            return min(self.values)
        if name == "Maximum":
            return max(self.values)
        return self.percentile(_percentile(name))

    def percentile(self, share: float) -> float:
        """The least value that at least this share (0 to 100) of the values do not exceed."""
        wanted = max(1, math.ceil(self.sample_count * share / 100 - 1e-9))
        seen = 0
        for value in sorted(self.values):
            seen += self.values[value]
            if seen >= wanted:
                return value
        raise ValueError("there are no values")


def _percentile(name: str) -> float:
    try:
        share = float(name[1:]) if name[:1] == "p" else math.nan
    except ValueError:
        share = math.nan
    if not 0 <= share <= 100:
        raise ValueError(
            f"{name!r} is no statistic; expected SampleCount, Sum, Average, Minimum, Maximum or p0 to p100"
        )
    return share


class MetricStore:
    """The metrics of one service."""

    def __init__(self) -> None:
        self._periods: dict[Metric, dict[int, Statistics]] = defaultdict(dict)

    def put(
        self, metric: Metric, value: float, time: float, *, unit: str = "None", count: int = 1, resolution: int = MINUTE
    ) -> None:
        """Take in a value at a time in seconds since 1970; `resolution` is 1 or 60 seconds."""
        start = int(time) // resolution * resolution
        periods = self._periods[metric]
        known = periods.get(start)
        if known is None:
            known = periods[start] = Statistics(unit)
            self._forget(periods, start)
        known.add(value, count)

    def _forget(self, periods: dict[int, Statistics], now: int) -> None:
        for start in [start for start in periods if start < now - RETENTION_SECONDS]:
            del periods[start]

    def metrics(self) -> list[Metric]:
        """Every metric there is."""
        return sorted(self._periods)

    def periods(self, metric: Metric, start: float, end: float, period: int) -> Iterator[tuple[int, Statistics]]:
        """The statistics of a metric for each period that has values, from `start` (included) to `end`, by time."""
        merged: dict[int, Statistics] = {}
        for at, statistics in sorted(self._periods.get(metric, {}).items()):
            if start <= at < end:
                begin = at // period * period
                merged.setdefault(begin, Statistics(statistics.unit)).merge(statistics)
        return iter(merged.items())

    def total(self, metric: Metric) -> Statistics:
        """The statistics of a metric over all of its time."""
        whole = Statistics("None")
        for statistics in self._periods.get(metric, {}).values():
            whole.unit = statistics.unit
            whole.merge(statistics)
        return whole

    def clear(self) -> None:
        """Forget everything."""
        self._periods.clear()
