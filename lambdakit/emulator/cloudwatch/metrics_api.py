"""The CloudWatch operations that read metrics: GetMetricData, GetMetricStatistics and ListMetrics.

An operation is a function of the request's values that gives the answer's; whichever of the service's protocols carries
them is somebody else's. Metric math is not evaluated. Source: Amazon CloudWatch API reference.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.cloudwatch.metrics import Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from lambdakit.emulator.cloudwatch.metrics import MetricStore, Statistics

    Operation: TypeAlias = Callable[[MetricStore, Mapping[str, Any]], dict[str, Any]]

__all__ = ("TARGET_PREFIX", "MetricsError", "call")

TARGET_PREFIX = "GraniteServiceVersion20100801."

STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
MOST_DATAPOINTS = 1_440


class MetricsError(Exception):
    """An answer with an error: its type, and the message."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(f"{kind}: {message}")


def call(operation: str, store: MetricStore, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer an operation. Raises MetricsError."""
    found = _OPERATIONS.get(operation)
    if found is None:
        raise MetricsError("InvalidAction", f"the local service has no {operation}")
    return found(store, request)


def _list_metrics(store: MetricStore, request: Mapping[str, Any]) -> dict[str, Any]:
    wanted = [(item["Name"], item.get("Value")) for item in request.get("Dimensions", ())]
    listed = [
        {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
        }
        for metric in store.metrics()
        if request.get("Namespace") in (None, metric.namespace)
        and request.get("MetricName") in (None, metric.name)
        and all(_has(metric, name, value) for name, value in wanted)
    ]
    return {"Metrics": listed}


def _has(metric: Metric, name: str, value: str | None) -> bool:
    return any(name == own and value in (None, held) for own, held in metric.dimensions)


def _get_metric_statistics(store: MetricStore, request: Mapping[str, Any]) -> dict[str, Any]:
    metric = _metric(request)
    period = _period(request["Period"])
    start, end = _seconds(request["StartTime"]), _seconds(request["EndTime"])
    plain, extended = request.get("Statistics", ()), request.get("ExtendedStatistics", ())
    if not plain and not extended:
        raise MetricsError("MissingParameter", "Statistics or ExtendedStatistics must be given.")
    points: list[dict[str, Any]] = []
    for at, statistics in store.periods(metric, start, end, period):
        point: dict[str, Any] = {"Timestamp": _moment(at), "Unit": statistics.unit}
        point |= {name: _statistic(statistics, name) for name in plain}
        if extended:
            point["ExtendedStatistics"] = {name: _statistic(statistics, name) for name in extended}
        points.append(point)
    if len(points) > MOST_DATAPOINTS:
        raise MetricsError("InvalidParameterCombination", f"You have requested more than {MOST_DATAPOINTS} datapoints.")
    return {"Label": metric.name, "Datapoints": points}


def _get_metric_data(store: MetricStore, request: Mapping[str, Any]) -> dict[str, Any]:
    start, end = _seconds(request["StartTime"]), _seconds(request["EndTime"])
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = [
        _result(store, query, start, end, newest_first=newest_first)
        for query in request["MetricDataQueries"]
        if query.get("ReturnData", True)
    ]
    return {"MetricDataResults": results, "Messages": []}


def _result(
    store: MetricStore, query: Mapping[str, Any], start: float, end: float, *, newest_first: bool
) -> dict[str, Any]:
    described = query.get("MetricStat")
    if described is None:
        raise MetricsError("ValidationError", f"{query['Id']}: expressions are not evaluated by the local service")
    metric, period = _metric(described["Metric"]), _period(described["Period"])
    found = list(store.periods(metric, start, end, period))
    if newest_first:
        found.reverse()
    return {
        "Id": query["Id"],
        "Label": query.get("Label", metric.name),
        "Timestamps": [_moment(at) for at, _ in found],
        "Values": [_statistic(statistics, described["Stat"]) for _, statistics in found],
        "StatusCode": "Complete",
    }


_OPERATIONS: dict[str, Operation] = {
    "ListMetrics": _list_metrics,
    "GetMetricStatistics": _get_metric_statistics,
    "GetMetricData": _get_metric_data,
}


def _metric(described: Mapping[str, Any]) -> Metric:
    dimensions = {item["Name"]: item["Value"] for item in described.get("Dimensions", ())}
    return Metric.of(described["Namespace"], described["MetricName"], dimensions)


def _statistic(statistics: Statistics, name: str) -> float:
    try:
        return statistics.statistic(name)
    except ValueError as error:
        raise MetricsError("InvalidParameterValue", str(error)) from None


def _period(seconds: int) -> int:
    if seconds < 1 or (seconds >= 60 and seconds % 60) or (seconds < 60 and seconds not in (1, 5, 10, 20, 30)):
        raise MetricsError(
            "InvalidParameterValue", f"Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds, not {seconds}."
        )
    return seconds


def _seconds(moment: datetime | float | str) -> float:
    """Seconds since 1970; a time without a zone is UTC, as the service takes it."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    return float(moment)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
