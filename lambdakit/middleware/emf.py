"""CloudWatch's embedded metric format: what is collected of one invocation, and the lines it becomes.

Amazon CloudWatch user guide, "Specification: Embedded metric format" and "CloudWatch metrics concepts". A document is
one line of JSON on stdout; CloudWatch makes metrics of it, and the rest of its keys can be searched as log. What the
format limits for one document (metrics, values of a metric, one value of a dimension, bytes) is spread over several
documents; what CloudWatch would drop without a word (names, NaN, too many dimensions) is refused when it is added.

Not here: when lines are written. That is `lambdakit.middleware.measures`.
"""

from __future__ import annotations

import time

from lambdakit.exceptions import MetricError
from lambdakit.middleware.line import to_ascii_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Literal, SupportsFloat, TypeAlias

    Unit: TypeAlias = Literal[
        "Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits",
        "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second",
        "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second", "Kilobits/Second",
        "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
    ]  # fmt: skip
    Resolution: TypeAlias = Literal[1, 60]
    # The definition (unit, resolution) of a metric, and its values.
    Metric: TypeAlias = tuple[tuple[str, int], list[float]]

__all__ = ("UNITS", "Collected", "checked_dimensions", "checked_namespace", "documents")

_RATES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BIT_RATES = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
UNITS = frozenset(
    (
        *("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"),
        *(form for unit in (*_RATES, *_BIT_RATES) for form in (unit, f"{unit}/Second")),
    )
)
RESOLUTIONS = (1, 60)

MOST_METRICS = 100
MOST_VALUES = 100
MOST_DIMENSIONS = 30
LONGEST_NAMESPACE = 255
LONGEST_METRIC = 255
LONGEST_DIMENSION_NAME = 250
LONGEST_DIMENSION_VALUE = 1024
# A log event of 256 KiB, less what the service counts for each event.
MOST_BYTES = 256 * 1024 - 26
LARGEST_VALUE = 2.0**360
# How far from now CloudWatch takes a timestamp, in milliseconds: two weeks back, two hours ahead.
OLDEST_MS, NEWEST_MS = 14 * 86_400_000, 2 * 3_600_000

RESERVED = "_aws"

# `type`, but Any to type checkers.
_type: Any = type


class Collected:
    """The metrics, dimensions and properties of one invocation."""

    __slots__ = ("closed", "default", "dimensions", "metrics", "properties", "sets", "timestamp")

    def __init__(self, default: dict[str, str]) -> None:
        # On every set of dimensions.
        self.default = default
        self.dimensions = dict(default)
        self.sets: list[dict[str, str]] = []
        self.metrics: dict[str, Metric] = {}
        self.properties: dict[str, Any] = {}
        self.timestamp: int | None = None
        self.closed = False

    def add(self, name: str, value: SupportsFloat, unit: str, resolution: int) -> None:
        """Add a value to a metric. Raises MetricError."""
        number: Any = value if _type(value) is int or _type(value) is float else _number(name, value)
        if not -LARGEST_VALUE <= number <= LARGEST_VALUE:  # NaN is not, either
            raise MetricError(f"metric {name!r}: {number} is no value CloudWatch takes; it must be within ±2**360")
        known = self.metrics.get(name)
        if known is None:
            known = self._defined(name, unit, resolution)
        if known[0] != (unit, resolution):
            raise MetricError(
                f"metric {name!r} was added in {known[0][0]} (resolution {known[0][1]}), now in {unit} "
                f"(resolution {resolution}); use one of them, or another name"
            )
        known[1].append(number)

    def _defined(self, name: str, unit: str, resolution: int) -> Metric:
        if unit not in UNITS:
            raise MetricError(_no_such_unit(name, unit))
        if resolution not in RESOLUTIONS:
            raise MetricError(f"metric {name!r}: resolution {resolution!r} is neither 1 (second) nor 60")
        _check_name("metric", name, LONGEST_METRIC)
        if name in self.dimensions or name in self.properties or any(name in one for one in self.sets):
            raise MetricError(_taken("metric", name))
        # Not by assignment: a thread of the same batch may have defined it since.
        return self.metrics.setdefault(name, ((unit, resolution), []))

    def add_dimensions(self, dimensions: Mapping[str, object]) -> None:
        """Add to the first set of dimensions, which all metrics have. Raises MetricError."""
        added = self._free("dimension", checked_dimensions(dimensions))
        _not_too_many({**self.dimensions, **added})
        self.dimensions.update(added)

    def add_set(self, dimensions: Mapping[str, object]) -> None:
        """Add a further set of dimensions, under which all metrics appear too. Raises MetricError."""
        merged = {**self.default, **self._free("dimension", checked_dimensions(dimensions))}
        self.sets.append(_not_too_many(merged))

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add what stands in the document, without being a metric or a dimension. Raises MetricError."""
        self._free("property", properties)
        for name in properties:
            if name in self.dimensions or any(name in one for one in self.sets):
                raise MetricError(_taken("property", name))
        self.properties.update(properties)

    def _free(self, what: str, names: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in names:
            if name == RESERVED or name in self.metrics or (what == "dimension" and name in self.properties):
                raise MetricError(_taken(what, name))
        return names


def _number(name: str, value: Any) -> float:
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        raise MetricError(f"metric {name!r}: {value!r} is {type(value).__name__}, not a number")
    return float(value)


def _no_such_unit(name: str, unit: object) -> str:
    from lambdakit.nearest import suggestion

    advice = suggestion(str(unit).title(), UNITS, f"it can be {', '.join(sorted(UNITS))}")
    return f"metric {name!r}: no unit {unit!r}; {advice}"


def _taken(what: str, name: str) -> str:
    if name == RESERVED:
        return f"{what} {name!r}: this key of the document is the format's own; choose another name"
    return f"{what} {name!r}: a metric, dimension or property has this name; in one document a name stands for one"


def _check_name(what: str, name: object, longest: int) -> None:
    if not isinstance(name, str) or not name.strip() or len(name) > longest or name == RESERVED:
        raise MetricError(f"{what} name {name!r}: it must be text of 1 to {longest} characters, not {RESERVED!r}")
    if not name.isprintable():
        raise MetricError(f"{what} name {name!r}: it must not have control characters")


def checked_namespace(namespace: object) -> str:
    """A namespace CloudWatch takes. Raises MetricError."""
    if not isinstance(namespace, str) or not 0 < len(namespace) <= LONGEST_NAMESPACE or not namespace.strip():
        raise MetricError(f"namespace {namespace!r}: it must be text of 1 to {LONGEST_NAMESPACE} characters")
    if namespace.startswith((":", "AWS/")) or not namespace.isascii():
        raise MetricError(f"namespace {namespace!r}: it must be ASCII and not begin with ':' or 'AWS/', which is AWS's")
    if not namespace.isprintable():
        raise MetricError(f"namespace {namespace!r}: it must not have control characters")
    return namespace


def checked_dimensions(dimensions: Mapping[str, object]) -> dict[str, str]:
    """Dimensions CloudWatch takes, their values as text. Raises MetricError."""
    made = {name: str(value) for name, value in dimensions.items()}
    for name, value in made.items():
        _check_name("dimension", name, LONGEST_DIMENSION_NAME)
        if name.startswith(":") or not name.isascii():
            raise MetricError(f"dimension name {name!r}: it must be ASCII and not begin with ':'")
        if not value.strip() or len(value) > LONGEST_DIMENSION_VALUE or not value.isascii() or not value.isprintable():
            raise MetricError(
                f"dimension {name!r}: its value {value[:80]!r} must be 1 to {LONGEST_DIMENSION_VALUE} ASCII "
                "characters, not all blank and without control characters"
            )
    return _not_too_many(made)


def _not_too_many(dimensions: dict[str, str]) -> dict[str, str]:
    if len(dimensions) > MOST_DIMENSIONS:
        raise MetricError(f"{len(dimensions)} dimensions; CloudWatch takes {MOST_DIMENSIONS}: {', '.join(dimensions)}")
    return dimensions


def checked_timestamp(milliseconds: int) -> int:
    """A time CloudWatch takes, in milliseconds since 1970. Raises MetricError."""
    now = time.time_ns() // 1_000_000
    if not now - OLDEST_MS <= milliseconds <= now + NEWEST_MS:
        raise MetricError(f"timestamp {milliseconds}: CloudWatch takes two weeks back to two hours ahead of now")
    return milliseconds


def documents(namespace: str, collected: Collected) -> Iterator[str]:
    """The lines, without newlines, that say what was collected; none where there is no metric."""
    if not collected.metrics:
        return
    timestamp = collected.timestamp or time.time_ns() // 1_000_000
    for dimensions in _sets(collected):
        for metrics in _portions(dict(collected.metrics)):
            yield from _fitting(namespace, timestamp, dimensions, metrics, collected.properties)


def _sets(collected: Collected) -> list[list[dict[str, str]]]:
    """The sets of dimensions by document: in one document a dimension has one value."""
    if not collected.sets:
        return [[collected.dimensions]]
    groups: list[tuple[dict[str, str], list[dict[str, str]]]] = []
    for one in (collected.dimensions, *collected.sets):
        for values, group in groups:
            if all(values.get(name, value) == value for name, value in one.items()):
                values.update(one)
                if one not in group:
                    group.append(one)
                break
        else:
            groups.append((dict(one), [one]))
    return [group for _, group in groups]


def _portions(metrics: dict[str, Metric]) -> Iterator[dict[str, Metric]]:
    """The metrics in portions of one document each: so many metrics, so many values of each."""
    if len(metrics) <= MOST_METRICS and all(len(values) <= MOST_VALUES for _, values in metrics.values()):
        yield metrics
        return
    first = 0
    while left := [
        (name, (definition, values[first : first + MOST_VALUES]))
        for name, (definition, values) in metrics.items()
        if len(values) > first
    ]:
        for start in range(0, len(left), MOST_METRICS):
            yield dict(left[start : start + MOST_METRICS])
        first += MOST_VALUES


def _fitting(
    namespace: str,
    timestamp: int,
    dimensions: list[dict[str, str]],
    metrics: dict[str, Metric],
    properties: dict[str, Any],
) -> Iterator[str]:
    """The document, halved until each part is short enough for a log event.

    Properties that leave no room for even one metric are left out: a metric counts for more than what is beside it.
    """
    line = _document(namespace, timestamp, dimensions, metrics, properties)
    if len(line) <= MOST_BYTES:
        yield line
    elif len(metrics) > 1:
        items = list(metrics.items())
        middle = len(items) // 2
        yield from _fitting(namespace, timestamp, dimensions, dict(items[:middle]), properties)
        yield from _fitting(namespace, timestamp, dimensions, dict(items[middle:]), properties)
    else:
        yield from _fitting(namespace, timestamp, dimensions, metrics, {}) if properties else (line,)


def _document(
    namespace: str,
    timestamp: int,
    dimensions: list[dict[str, str]],
    metrics: dict[str, Metric],
    properties: dict[str, Any],
) -> str:
    definitions: list[dict[str, Any]] = []
    root: dict[str, Any] = {
        RESERVED: {
            "Timestamp": timestamp,
            "CloudWatchMetrics": [
                {"Namespace": namespace, "Dimensions": [list(one) for one in dimensions], "Metrics": definitions}
            ],
        }
    }
    for one in dimensions:
        root.update(one)
    root.update(properties)
    for name, ((unit, resolution), values) in metrics.items():
        definition: dict[str, Any] = {"Name": name, "Unit": unit}
        if resolution == 1:
            definition["StorageResolution"] = 1
        definitions.append(definition)
        root[name] = values[0] if len(values) == 1 else values
    return to_ascii_line(root)
