"""Metrics in lines of log: the embedded metric format (EMF), read as CloudWatch reads it.

A line that is a JSON object with `_aws.CloudWatchMetrics` gives a value, or several, for each metric in each set of
dimensions it names. A document that is not as the format says gives nothing: the line is a line of log all the same.
Source: Amazon CloudWatch user guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.cloudwatch.metrics import MINUTE, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("MARK", "EmbeddedValue", "embedded_values")

# What stands in every such line, and hardly in any other.
MARK = '"CloudWatchMetrics"'


# `type`, but Any to type checkers.
_type: Any = type


class EmbeddedValue(NamedTuple):
    """One value of one metric; `time` is in seconds since 1970, `resolution` is 1 or 60 seconds."""

    metric: Metric
    value: float
    unit: str
    time: float
    resolution: int


def embedded_values(line: str) -> list[EmbeddedValue]:
    """The values that a line of log carries; none where it is no document of the format."""
    try:
        document: dict[str, Any] = json.loads(line)
        return [*_values(document)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _values(document: Mapping[str, Any]) -> Iterator[EmbeddedValue]:
    aws: dict[str, Any] = document["_aws"]
    time: float = aws["Timestamp"] / 1000
    directives: list[dict[str, Any]] = aws["CloudWatchMetrics"]
    for directive in directives:
        sets: list[list[str]] = directive.get("Dimensions") or [[]]
        for names in sets:
            dimensions = {name: str(document[name]) for name in names}
            for described in directive["Metrics"]:
                metric = Metric.of(directive["Namespace"], described["Name"], dimensions)
                unit, resolution = described.get("Unit", "None"), described.get("StorageResolution", MINUTE)
                for value in _numbers(document[described["Name"]]):
                    yield EmbeddedValue(metric, value, unit, time, resolution)


def _numbers(value: Any) -> Iterator[float]:
    items: list[Any] = value if _type(value) is list else [value]
    for item in items:
        yield float(item)
