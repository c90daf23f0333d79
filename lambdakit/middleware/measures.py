"""Metrics in CloudWatch, written as log: no call, no client, nothing to wait for.

    from lambdakit import Context
    from lambdakit.events import SQSMessage, sqs_batch
    from lambdakit.middleware import metrics

    shop = metrics(namespace="Shop", dimensions={"service": "orders"}, capture=["cold_start", "batch"])

    @sqs_batch(middleware=[shop])
    def handler(message: SQSMessage, context: Context) -> None:
        shop.add("Parcels", 2, "Count")

What is added during an invocation is written at its end, also when it fails: as few lines as CloudWatch's embedded
metric format permits (`lambdakit.middleware.emf`), each with one write. It is kept in a context variable, so
invocations that run at once do not mix. Outside of an invocation (at import, in a thread without its context, after
the end) a metric is written at once, with the default dimensions.
"""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar

from lambdakit.exceptions import UsageError
from lambdakit.middleware.base import Middleware
from lambdakit.middleware.emf import Collected, checked_dimensions, checked_namespace, checked_timestamp, documents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any, Literal, SupportsFloat, TypeAlias

    from lambdakit.handlers import Call
    from lambdakit.middleware.emf import Resolution, Unit

    Capture: TypeAlias = Literal["cold_start", "batch"]

__all__ = ("Metrics", "metrics")

# What can be captured without being added.
CAPTURES = ("cold_start", "batch")
COLD_START = "ColdStart"
# The attribute of a BatchResult -> the metric.
BATCH_METRICS = {
    "total": "BatchRecords",
    "succeeded": "BatchRecordsSucceeded",
    "failed": "BatchRecordsFailed",
    "unstarted": "BatchRecordsUnstarted",
}
# Environments made before there is an event are not cold when it comes.
_INITIALIZATION = "AWS_LAMBDA_INITIALIZATION_TYPE"
_WARM_FROM_START = ("provisioned-concurrency", "lambda-managed-instances")

# Whether the environment has had its first invocation.
_started = False


class Metrics(Middleware):
    """Collect the metrics of an invocation, and write them in CloudWatch's embedded metric format when it ends.

    `namespace` is what CloudWatch lists them under, `dimensions` are on every metric and every set. `capture` adds
    without further ado: "cold_start" the metric ColdStart, with the dimension function_name, for the first invocation
    of an environment; "batch" the number of records, and of those that succeeded, failed and were not started, where
    the handler is one of a batch.

    Raises MetricError, here and in every method, for what CloudWatch would not take.
    """

    def __init__(
        self, *, namespace: str, dimensions: Mapping[str, object] | None = None, capture: Sequence[Capture] = ()
    ) -> None:
        self.namespace = checked_namespace(namespace)
        self._default = {} if dimensions is None else checked_dimensions(dimensions)
        self._cold_start = "cold_start" in _captures(capture)
        self._batch = "batch" in capture
        self._current: ContextVar[Collected | None] = ContextVar("lambdakit_metrics", default=None)

    def add(self, name: str, value: SupportsFloat = 1, unit: Unit = "None", *, resolution: Resolution = 60) -> None:
        """Add a value to a metric; `resolution` 1 keeps it by the second. One metric has one unit in an invocation."""
        current = self._current.get()
        if current is None or current.closed:
            self.write(name, value, unit, resolution=resolution)
        else:
            current.add(name, value, unit, resolution)

    def dimensions(self, **dimensions: object) -> None:
        """Add dimensions to all metrics of this invocation. Values are made text."""
        self._invocation("dimensions").add_dimensions(dimensions)

    def dimension_set(self, **dimensions: object) -> None:
        """Have all metrics of this invocation under a further set of dimensions (beside the default ones), too."""
        self._invocation("dimension_set").add_set(dimensions)

    def properties(self, **properties: Any) -> None:
        """Add what can be searched in the log beside the metrics of this invocation, and is no metric itself."""
        self._invocation("properties").add_properties(properties)

    def timestamp(self, moment: datetime) -> None:
        """Say when the metrics of this invocation were measured; else it is when they are written."""
        self._invocation("timestamp").timestamp = checked_timestamp(int(moment.timestamp() * 1000))

    def write(
        self,
        name: str,
        value: SupportsFloat = 1,
        unit: Unit = "None",
        *,
        resolution: Resolution = 60,
        dimensions: Mapping[str, object] | None = None,
    ) -> None:
        """Write one metric at once, in a document of its own, with these dimensions beside the default ones."""
        alone = Collected(self._default)
        if dimensions:
            alone.add_dimensions(dimensions)
        alone.add(name, value, unit, resolution)
        self._flush(alone)

    def __call__(self, event: Any, context: Any, call_next: Call) -> Any:
        """Around a sync handler."""
        collected, token = self._begin(context)
        try:
            result = call_next(event, context)
            if self._batch:
                self._count(collected, result)
            return result
        except Exception as error:
            if self._batch:
                self._count(collected, getattr(error, "result", None))
            raise
        finally:
            self._current.reset(token)
            self._flush(collected)

    async def call_async(self, event: Any, context: Any, call_next: Call) -> Any:
        """Around an async handler."""
        collected, token = self._begin(context)
        try:
            result = await call_next(event, context)
            if self._batch:
                self._count(collected, result)
            return result
        except Exception as error:
            if self._batch:
                self._count(collected, getattr(error, "result", None))
            raise
        finally:
            self._current.reset(token)
            self._flush(collected)

    def _begin(self, context: Any) -> tuple[Collected, Any]:
        global _started
        if not _started:
            _started = True
            if self._cold_start and os.environ.get(_INITIALIZATION) not in _WARM_FROM_START:
                name = getattr(context, "function_name", None) or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
                self.write(COLD_START, 1, "Count", dimensions={"function_name": name} if name else None)
        collected = Collected(self._default)
        return collected, self._current.set(collected)

    def _count(self, collected: Collected, result: Any) -> None:
        if hasattr(result, "unstarted"):
            for attribute, name in BATCH_METRICS.items():
                collected.add(name, getattr(result, attribute), "Count", 60)

    def _flush(self, collected: Collected) -> None:
        collected.closed = True
        # One write a line: two that are written at once do not end up in each other.
        for line in documents(self.namespace, collected):
            sys.stdout.write(line + "\n")

    def _invocation(self, method: str) -> Collected:
        current = self._current.get()
        if current is None or current.closed:
            raise UsageError(
                f"metrics.{method}() is about an invocation and there is none in this context; what all metrics have "
                f"is given as metrics(dimensions={{...}}), what one has as metrics.write(..., dimensions={{...}})"
            )
        return current


def _captures(capture: Sequence[str]) -> Sequence[str]:
    if isinstance(capture, str):
        raise UsageError(f"metrics: capture is a list, not the text {capture!r}; give [{capture!r}]")
    for name in capture:
        if name not in CAPTURES:
            raise UsageError(f"metrics: capture has {name!r}; it can have {' and '.join(CAPTURES)}")
    return capture


metrics = Metrics
