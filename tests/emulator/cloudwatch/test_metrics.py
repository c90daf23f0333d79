"""Metrics, their statistics, and the operations and the text form that show them."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.cloudwatch import metrics_api
from lambdakit.emulator.cloudwatch.lambda_metrics import Invoked, LambdaMetrics
from lambdakit.emulator.cloudwatch.metrics import RETENTION_SECONDS, Metric, MetricStore, Statistics
from lambdakit.emulator.cloudwatch.prometheus import exposition

MODEL = ServiceModel(Loader().load_service_model("cloudwatch", "service-2"))
NOON = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
START = NOON.timestamp()
FUNCTION = [{"Name": "FunctionName", "Value": "orders"}]


@pytest.fixture
def store() -> MetricStore:
    metrics = LambdaMetrics(MetricStore())
    for second, milliseconds in enumerate([10.0, 20.0, 30.0, 1000.0]):
        metrics.invoked(START + second, "orders", [Invoked(milliseconds, milliseconds > 500, second + 1, 5)])
    metrics.invoked(START + 60, "orders", [Invoked(40.0)], "live")
    metrics.throttled(START + 61, "orders")
    metrics.counted(START + 62, "orders", "AsyncEventAge", 1500.0)
    return metrics.store()


def ask(store: MetricStore, operation: str, **request: Any) -> Any:
    """Call an operation; the answer has the shape the service's model says."""
    answer = metrics_api.call(operation, store, request)
    report = ParamValidator().validate(answer, MODEL.operation_model(operation).output_shape)
    assert not report.has_errors(), report.generate_report()
    return answer


def statistics(store: MetricStore, name: str, *wanted: str, dimensions: Any = FUNCTION, period: int = 60) -> Any:
    answer = ask(
        store,
        "GetMetricStatistics",
        Namespace="AWS/Lambda",
        MetricName=name,
        Dimensions=dimensions,
        StartTime=NOON,
        EndTime=datetime(2026, 5, 4, 13, tzinfo=timezone.utc),
        Period=period,
        Statistics=[item for item in wanted if item[0] != "p"],
        ExtendedStatistics=[item for item in wanted if item[0] == "p"],
    )
    return [
        tuple(point.get(item, point.get("ExtendedStatistics", {}).get(item)) for item in wanted)
        for point in answer["Datapoints"]
    ]


def test_invocations_count_by_the_minute(store: MetricStore) -> None:
    assert statistics(store, "Invocations", "Sum") == [(4.0,), (1.0,)]
    assert statistics(store, "Errors", "Sum") == [(1.0,), (0.0,)]
    assert statistics(store, "Throttles", "Sum") == [(0.0,), (1.0,)]
    assert statistics(store, "Invocations", "Sum", period=3600) == [(5.0,)]
    assert statistics(store, "AsyncEventAge", "Maximum") == [(1500.0,)]


def test_durations_have_percentiles(store: MetricStore) -> None:
    wanted = ("Average", "Minimum", "Maximum", "SampleCount", "p50", "p99")
    assert statistics(store, "Duration", *wanted)[0] == (265.0, 10.0, 1000.0, 4.0, 20.0, 1000.0)


def test_dimensions_are_the_accounts_the_functions_and_the_qualifiers(store: MetricStore) -> None:
    live = [*FUNCTION, {"Name": "Resource", "Value": "orders:live"}]
    plain = [*FUNCTION, {"Name": "Resource", "Value": "orders"}]
    assert statistics(store, "Invocations", "Sum", dimensions=[]) == [(4.0,), (1.0,)]
    assert statistics(store, "Invocations", "Sum", dimensions=live) == [(1.0,)]
    assert statistics(store, "Invocations", "Sum", dimensions=plain) == [(4.0,)]
    assert statistics(store, "UnreservedConcurrentExecutions", "Maximum", dimensions=[]) == [(5.0,)]
    assert statistics(store, "UnreservedConcurrentExecutions", "Maximum") == []


def test_metrics_are_listed_by_what_they_are(store: MetricStore) -> None:
    every = ask(store, "ListMetrics")["Metrics"]
    assert {"Namespace": "AWS/Lambda", "MetricName": "Duration", "Dimensions": []} in every
    durations = ask(store, "ListMetrics", Namespace="AWS/Lambda", MetricName="Duration")["Metrics"]
    assert len(durations) == 4
    assert len(ask(store, "ListMetrics", MetricName="Duration", Dimensions=FUNCTION)["Metrics"]) == 3
    assert len(ask(store, "ListMetrics", MetricName="Duration", Dimensions=[{"Name": "Resource"}])["Metrics"]) == 2
    assert ask(store, "ListMetrics", Namespace="Other")["Metrics"] == []


def test_metric_data_comes_newest_first_unless_asked_otherwise(store: MetricStore) -> None:
    query = {
        "Id": "m1",
        "MetricStat": {
            "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Invocations", "Dimensions": FUNCTION},
            "Period": 60,
            "Stat": "Sum",
        },
    }
    hidden = {**query, "Id": "m2", "ReturnData": False}
    request: dict[str, Any] = {
        "MetricDataQueries": [query, hidden],
        "StartTime": START,
        "EndTime": "2026-05-04T13:00:00Z",
    }
    (result,) = ask(store, "GetMetricData", **request)["MetricDataResults"]
    assert (result["Id"], result["Label"], result["Values"]) == ("m1", "Invocations", [1.0, 4.0])
    (other,) = ask(store, "GetMetricData", **request, ScanBy="TimestampAscending")["MetricDataResults"]
    assert other["Values"] == [4.0, 1.0]
    assert other["Timestamps"][0] == NOON


ERRORS: list[tuple[str, dict[str, Any], str, str]] = [
    ("PutMetricData", {}, "InvalidAction", "has no PutMetricData"),
    ("GetMetricStatistics", {"Statistics": ["Sum"], "Period": 61}, "InvalidParameterValue", "multiple of 60"),
    ("GetMetricStatistics", {"Statistics": ["Sum"], "Period": 7}, "InvalidParameterValue", "not 7"),
    ("GetMetricStatistics", {"Statistics": ["Mean"], "Period": 60}, "InvalidParameterValue", "'Mean' is no statistic"),
    ("GetMetricStatistics", {"ExtendedStatistics": ["p101"], "Period": 60}, "InvalidParameterValue", "p101"),
    ("GetMetricStatistics", {"Period": 60}, "MissingParameter", "must be given"),
    ("GetMetricData", {"MetricDataQueries": [{"Id": "e", "Expression": "1"}]}, "ValidationError", "not evaluated"),
]


@pytest.mark.parametrize(("operation", "request_", "code", "words"), ERRORS)
def test_errors_are_the_services(
    store: MetricStore, operation: str, request_: dict[str, Any], code: str, words: str
) -> None:
    whole = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "StartTime": START,
        "EndTime": START + 600,
        **request_,
    }
    with pytest.raises(metrics_api.MetricsError, match=words) as caught:
        metrics_api.call(operation, store, whole)
    assert caught.value.kind == code


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0, 100))
def test_statistics_are_those_of_the_values(values: list[float], share: float) -> None:
    known = Statistics("None")
    for value in values:
        known.add(value)
    assert known.statistic("SampleCount") == len(values)
    assert math.isclose(known.statistic("Sum"), math.fsum(values), abs_tol=1e-6)
    assert (known.statistic("Minimum"), known.statistic("Maximum")) == (min(values), max(values))
    found = known.percentile(share)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * share / 100 - 1e-6


def test_high_resolution_values_keep_their_second() -> None:
    store = MetricStore()
    metric = Metric("Own", "m")
    for second in range(3):
        store.put(metric, 1, 120 + second, resolution=1)
    assert [at for at, _ in store.periods(metric, 0, 1000, 1)] == [120, 121, 122]
    assert [(at, found.sum) for at, found in store.periods(metric, 0, 1000, 60)] == [(120, 3.0)]


def test_the_past_is_forgotten() -> None:
    store = MetricStore()
    metric = Metric("Own", "m")
    store.put(metric, 1, 0)
    store.put(metric, 1, RETENTION_SECONDS)
    assert store.total(metric).sample_count == 2
    store.put(metric, 1, RETENTION_SECONDS + 60)
    assert store.total(metric).sample_count == 2


def test_prometheus_reads_counters_and_summaries(store: MetricStore) -> None:
    lines = exposition(store).splitlines()
    assert "# TYPE aws_lambda_invocations_total counter" in lines
    assert 'aws_lambda_invocations_total{function_name="orders"} 5' in lines
    assert "# TYPE aws_lambda_duration summary" in lines
    assert 'aws_lambda_duration{function_name="orders",quantile="0.5"} 30' in lines
    assert 'aws_lambda_duration_sum{function_name="orders"} 1100' in lines
    assert 'aws_lambda_duration_count{function_name="orders"} 5' in lines


def test_prometheus_labels_are_escaped() -> None:
    store = MetricStore()
    store.put(Metric.of("My App", "Size of-it", {"Path": 'a"b\\c\nd'}), 2, 0, unit="Count")
    assert exposition(store).splitlines()[1] == r'my_app_size_of_it_total{path="a\"b\\c\nd"} 2'
