"""The metrics in AWS/Lambda that an invocation, a throttle or the asynchronous queue gives rise to.

What happens is tallied by the minute as it happens, which costs next to nothing, and becomes metrics when somebody
asks: an invocation counts in three sets of dimensions, and most are never looked at.

Source: AWS Lambda developer guide, "Types of metrics for Lambda functions".
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdakit.emulator.cloudwatch.metrics import MINUTE, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from lambdakit.emulator.cloudwatch.embedded import EmbeddedValue
    from lambdakit.emulator.cloudwatch.metrics import MetricStore

    Tally: TypeAlias = dict["Name", Counter[float]]

__all__ = ("NAMESPACE", "Invoked", "LambdaMetrics")

NAMESPACE = "AWS/Lambda"

Name = Literal[
    "Invocations",
    "Errors",
    "Throttles",
    "Duration",
    "PostRuntimeExtensionsDuration",
    "ConcurrentExecutions",
    "UnreservedConcurrentExecutions",
    "ProvisionedConcurrentExecutions",
    "ProvisionedConcurrencyInvocations",
    "ProvisionedConcurrencySpilloverInvocations",
    "AsyncEventsReceived",
    "AsyncEventAge",
    "AsyncEventsDropped",
    "DeadLetterErrors",
    "DestinationDeliveryFailures",
    "IteratorAge",
    "OffsetLag",
]
UNITS: dict[Name, str] = {
    "Duration": "Milliseconds",
    "PostRuntimeExtensionsDuration": "Milliseconds",
    "AsyncEventAge": "Milliseconds",
    "IteratorAge": "Milliseconds",
}
# Metrics that the account has beside, or without, those of a function.
ACCOUNT_ONLY: frozenset[Name] = frozenset(["UnreservedConcurrentExecutions"])


class Invoked(NamedTuple):
    """What counts of an invocation: its time in milliseconds, whether it failed, and how many ran when it began.

    `unreserved` is the same of all functions without reserved concurrency, None for a function that has some.
    """

    duration_ms: float
    failed: bool = False
    concurrency: int = 1
    unreserved: int | None = None


class LambdaMetrics:
    """Tallies what happens, and puts it in a store when that is read. Times are in seconds since 1970."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        # By minute, function and qualifier: metric -> value -> how often.
        self._tallies: dict[tuple[int, str, str | None], Tally] = {}

    def invoked(self, time: float, function: str, invocations: Sequence[Invoked], qualifier: str | None = None) -> None:
        """Invocations are over. Errors and throttles get a 0 beside each, so that rates can be told from silence."""
        tally = self._tally(time, function, qualifier)
        durations, errors, concurrency, unreserved = zip(*invocations, strict=True)
        _of(tally, "Invocations")[1] += len(invocations)
        _of(tally, "Throttles")[0] += len(invocations)
        _of(tally, "Errors").update(errors)
        # As REPORT says it. Unrounded, no two would be the same, and each would be kept.
        _of(tally, "Duration").update([round(duration, 2) for duration in durations])
        _of(tally, "ConcurrentExecutions").update(concurrency)
        _of(tally, "UnreservedConcurrentExecutions").update([value for value in unreserved if value is not None])

    def throttled(self, time: float, function: str, qualifier: str | None = None) -> None:
        """An invocation was refused: it counts as a throttle and as nothing else."""
        _of(self._tally(time, function, qualifier), "Throttles")[1] += 1

    def counted(self, time: float, function: str, name: Name, value: float = 1) -> None:
        """One value of one metric."""
        _of(self._tally(time, function, None), name)[value] += 1

    def embedded(self, value: EmbeddedValue) -> None:
        """A value that a function's log carries."""
        self._store.put(value.metric, value.value, value.time, unit=value.unit, resolution=value.resolution)

    def _tally(self, time: float, function: str, qualifier: str | None) -> Tally:
        key = (int(time) // MINUTE, function, qualifier)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = {}
        return tally

    def store(self) -> MetricStore:
        """The store, with everything tallied put in it."""
        tallies, self._tallies = self._tallies, {}
        for (minute, function, qualifier), tally in tallies.items():
            for name, values in tally.items():
                unit = UNITS.get(name, "Count")
                for metric in _metrics(function, qualifier, name):
                    for value, count in values.items():
                        self._store.put(metric, value, minute * MINUTE, unit=unit, count=count)
        return self._store


def _of(tally: Tally, name: Name) -> Counter[float]:
    values = tally.get(name)
    if values is None:
        values = tally[name] = Counter()
    return values


def _metrics(function: str, qualifier: str | None, name: Name) -> Iterator[Metric]:
    """One metric in each set of dimensions it has: the account's, the function's, the qualified function's."""
    yield Metric(NAMESPACE, name)
    if name in ACCOUNT_ONLY:
        return
    yield Metric(NAMESPACE, name, (("FunctionName", function),))
    resource = function if qualifier in (None, "$LATEST") else f"{function}:{qualifier}"
    yield Metric(NAMESPACE, name, (("FunctionName", function), ("Resource", resource)))
