"""Metrics in lines of log, as CloudWatch reads them, and as the project's own middleware writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.cloudwatch.embedded import MARK, embedded_values
from lambdakit.emulator.cloudwatch.metrics import Metric
from lambdakit.middleware import metrics

DOCUMENT: dict[str, Any] = {
    "_aws": {
        "Timestamp": 1_764_000_000_500,
        "CloudWatchMetrics": [
            {
                "Namespace": "Shop",
                "Dimensions": [["service"], ["service", "carrier"], []],
                "Metrics": [{"Name": "Orders", "Unit": "Count"}, {"Name": "Wait", "StorageResolution": 1}],
            }
        ],
    },
    "service": "labels",
    "carrier": 7,
    "Orders": 2,
    "Wait": [1.5, 2.5],
}


def test_every_metric_counts_in_every_set_of_dimensions() -> None:
    found = embedded_values(json.dumps(DOCUMENT))
    orders = [(value.metric, value.value) for value in found if value.metric.name == "Orders"]
    assert orders == [
        (Metric.of("Shop", "Orders", {"service": "labels"}), 2.0),
        (Metric.of("Shop", "Orders", {"service": "labels", "carrier": "7"}), 2.0),
        (Metric("Shop", "Orders"), 2.0),
    ]
    waits = [value for value in found if value.metric == Metric("Shop", "Wait")]
    assert [(value.value, value.resolution, value.unit) for value in waits] == [(1.5, 1, "None"), (2.5, 1, "None")]
    assert {value.time for value in found} == {1_764_000_000.5}


def test_without_dimensions_a_metric_has_none() -> None:
    document = json.loads(json.dumps(DOCUMENT))
    del document["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    assert {value.metric.dimensions for value in embedded_values(json.dumps(document))} == {()}


@pytest.mark.parametrize(
    "line",
    [
        "plain text",
        "[]",
        "{}",
        '{"_aws": 5}',
        '{"_aws": {"Timestamp": "now", "CloudWatchMetrics": []}}',
        json.dumps({**DOCUMENT, "Orders": "many"}),
        json.dumps({name: value for name, value in DOCUMENT.items() if name != "service"}),
    ],
)
def test_what_is_not_of_the_format_gives_nothing(line: str) -> None:
    assert embedded_values(line) == []


@given(st.text(max_size=60))
def test_any_line_is_read_without_an_error(line: str) -> None:
    assert embedded_values(line) == [] or MARK in line


def test_what_our_own_middleware_writes_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    shop = metrics(namespace="Shop", dimensions={"service": "labels"})
    shop.write("Orders", 3, "Count")
    (line,) = capsys.readouterr().out.splitlines()
    (value,) = embedded_values(line)
    assert MARK in line
    assert (value.metric, value.value, value.unit) == (Metric.of("Shop", "Orders", {"service": "labels"}), 3.0, "Count")
