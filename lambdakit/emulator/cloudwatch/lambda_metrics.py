"""The metrics in AWS/Lambda that an invocation, a throttle or the asynchronous queue gives rise to.

What happens is noted in a list as it happens, which costs next to nothing, and becomes metrics when somebody asks: an
invocation counts in three sets of dimensions, and most are never looked at.

Source: AWS Lambda developer guide, "Types of metrics for Lambda functions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdakit.emulator.cloudwatch.metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit.emulator.cloudwatch.metrics import MetricStore

__all__ = ("NAMESPACE", "Happening", "LambdaMetrics")

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
# Noted but not yet counted happenings, at most.
_MOST_NOTED = 50_000


class Happening(NamedTuple):
    """Something that counts: when (seconds since 1970), of which function as called by which qualifier, and what."""

    time: float
    function: str
    qualifier: str | None
    values: tuple[tuple[Name, float], ...]


class LambdaMetrics:
    """Notes what happens, and has it counted in a store when that is read."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._noted: list[Happening] = []

    def invoked(
        self,
        time: float,
        function: str,
        qualifier: str | None,
        duration_ms: float,
        *,
        outcome: Literal["success", "error"] = "success",
        concurrency: int = 1,
        unreserved: int | None = None,
    ) -> None:
        """An invocation is over. Errors and throttles get a 0 beside it, so that rates can be told from silence."""
        values: tuple[tuple[Name, float], ...] = (
            ("Invocations", 1),
            ("Errors", outcome == "error"),
            ("Throttles", 0),
            ("Duration", duration_ms),
            ("ConcurrentExecutions", concurrency),
        )
        if unreserved is not None:
            values = (*values, ("UnreservedConcurrentExecutions", unreserved))
        self.note(Happening(time, function, qualifier, values))

    def throttled(self, time: float, function: str, qualifier: str | None = None) -> None:
        """An invocation was refused: it counts as a throttle and as nothing else."""
        self.note(Happening(time, function, qualifier, (("Throttles", 1),)))

    def counted(self, time: float, function: str, name: Name, value: float = 1) -> None:
        """One value of one metric."""
        self.note(Happening(time, function, None, ((name, value),)))

    def note(self, happening: Happening) -> None:
        """Note what has happened."""
        self._noted.append(happening)
        if len(self._noted) >= _MOST_NOTED:
            self.store()

    def store(self) -> MetricStore:
        """The store, with everything noted counted in it."""
        noted, self._noted = self._noted, []
        for happening in noted:
            for name, value in happening.values:
                unit = UNITS.get(name, "Count")
                for metric in _metrics(happening, name):
                    self._store.put(metric, value, happening.time, unit=unit)
        return self._store


def _metrics(happening: Happening, name: Name) -> Iterator[Metric]:
    """One metric in each set of dimensions it has: the account's, the function's, the qualified function's."""
    yield Metric(NAMESPACE, name)
    if name in ACCOUNT_ONLY:
        return
    function, qualifier = happening.function, happening.qualifier
    yield Metric(NAMESPACE, name, (("FunctionName", function),))
    resource = function if qualifier in (None, "$LATEST") else f"{function}:{qualifier}"
    yield Metric(NAMESPACE, name, (("FunctionName", function), ("Resource", resource)))
