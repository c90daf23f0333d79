"""`metrics`: what is collected in an invocation is written at its end, once, whatever became of it."""

from __future__ import annotations

import asyncio
import contextvars
import json
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from lambdakit import lambda_handler
from lambdakit.events import sqs_batch
from lambdakit.exceptions import MetricError, UsageError
from lambdakit.middleware import measures, metrics
from tests.fake_runtime_api import Event
from tests.middleware.emf_schema import assert_valid, metrics_of
from tests.middleware.log_support import FakeContext
from tests.runtime_process import OFFICIAL, OURS, run_runtime


@pytest.fixture(autouse=True)
def _warm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "_started", True)
    monkeypatch.delenv("AWS_LAMBDA_INITIALIZATION_TYPE", raising=False)


SHOP = metrics(namespace="Shop", dimensions={"service": "orders"})


def documents(capsys: Any) -> list[dict[str, Any]]:
    return [assert_valid(line) for line in capsys.readouterr().out.splitlines()]


def around(function: Any, middleware: Any = SHOP) -> Any:
    return lambda_handler(middleware=[middleware])(function)


def test_metrics_are_written_when_the_invocation_ends(capsys):
    def function(event: Any, context: Any) -> str:
        SHOP.add("Parcels", 2, "Count")
        SHOP.add("Latency", 1.5, "Milliseconds", resolution=1)
        SHOP.dimensions(stage="prod")
        SHOP.dimension_set(region="x")
        SHOP.properties(order="A-1")
        SHOP.timestamp(moment)
        assert capsys.readouterr().out == ""
        return "done"

    moment = datetime.now(timezone.utc) - timedelta(hours=1)
    assert around(function)({}, None) == "done"
    (document,) = documents(capsys)
    assert (document["Parcels"], document["Latency"], document["order"], document["stage"]) == (2, 1.5, "A-1", "prod")
    assert document["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service", "stage"], ["service", "region"]]
    assert document["_aws"]["Timestamp"] == int(moment.timestamp() * 1000)


def test_the_next_invocation_begins_anew(capsys):
    def function(event: Any, context: Any) -> None:
        SHOP.add("n", event)
        SHOP.dimensions(event=event)

    handler = around(function)
    handler(1, None)
    handler(2, None)
    assert [(one["n"], one["event"]) for one in documents(capsys)] == [(1, "1"), (2, "2")]


@pytest.mark.parametrize("kind", [ValueError, SystemExit])
def test_a_failing_invocation_writes_too(capsys, kind):
    def function(event: Any, context: Any) -> None:
        SHOP.add("n", 1)
        raise kind("wrong")

    async def function_async(event: Any, context: Any) -> None:
        function(event, context)

    with pytest.raises(kind, match="wrong"):
        around(function)({}, None)
    assert len(documents(capsys)) == 1
    if kind is ValueError:
        with pytest.raises(kind, match="wrong"):
            asyncio.run(around(function_async)({}, None))
        assert len(documents(capsys)) == 1


def test_without_metrics_nothing_is_written(capsys):
    around(lambda event, context: None)({}, None)
    assert capsys.readouterr().out == ""


def test_outside_of_an_invocation_a_metric_is_written_at_once(capsys):
    SHOP.add("n", 1, "Count")
    (document,) = documents(capsys)
    assert (document["n"], document["service"]) == (1, "orders")


def test_one_that_comes_after_the_end_is_written_at_once(capsys):
    copies: list[contextvars.Context] = []
    around(lambda event, context: copies.append(contextvars.copy_context()))({}, None)
    copies[0].run(SHOP.add, "late", 1)
    assert documents(capsys)[0]["late"] == 1


def test_a_metric_with_dimensions_of_its_own(capsys):
    SHOP.write("n", 1, "Count", resolution=1, dimensions={"queue": "q"})
    (document,) = documents(capsys)
    assert document["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service", "queue"]]


@pytest.mark.parametrize("method", ["dimensions", "dimension_set", "properties"])
def test_what_is_about_an_invocation_needs_one(method):
    with pytest.raises(UsageError, match=rf"metrics\.{method}\(\) is about an invocation"):
        getattr(SHOP, method)(a=1)


def test_a_cold_start_is_counted_once(capsys, monkeypatch):
    middleware = metrics(namespace="Shop", dimensions={"service": "orders"}, capture=["cold_start"])
    handler = around(lambda event, context: None, middleware)
    monkeypatch.setattr(measures, "_started", False)
    handler({}, FakeContext())
    (document,) = documents(capsys)
    assert (document["ColdStart"], document["function_name"], document["service"]) == (1, "orders", "orders")
    handler({}, FakeContext())
    assert documents(capsys) == []


@pytest.mark.parametrize("initialization", ["provisioned-concurrency", "lambda-managed-instances"])
def test_an_environment_made_ahead_does_not_start_cold(capsys, monkeypatch, initialization):
    monkeypatch.setattr(measures, "_started", False)
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", initialization)
    around(lambda event, context: None, metrics(namespace="Shop", capture=["cold_start"]))({}, FakeContext())
    assert documents(capsys) == []


BATCH = {"Records": [{"eventSource": "aws:sqs", "messageId": str(n), "body": str(n)} for n in range(5)]}


@pytest.mark.parametrize(("failing", "succeeded", "failed"), [("13", 3, 2), ("", 5, 0), ("01234", 0, 5)])
def test_a_batch_is_counted(capsys, failing, succeeded, failed):
    middleware = metrics(namespace="Shop", capture=["batch"])

    @sqs_batch(middleware=[middleware], on_error=lambda record, error, context: None)
    def handler(message: Any, context: Any) -> None:
        middleware.add("Seen")
        if message.body in failing:
            raise LookupError

    handler(BATCH, FakeContext())
    (document,) = documents(capsys)
    assert len(document["Seen"]) == 5
    counts = [document[f"BatchRecords{name}"] for name in ("", "Succeeded", "Failed", "Unstarted")]
    assert counts == [5, succeeded, failed, 0]


def test_a_hundred_invocations_at_once_do_not_mix(capsys):
    async def function(event: int, context: Any) -> None:
        SHOP.dimensions(number=event)
        for step in range(3):
            await asyncio.sleep(0)
            SHOP.add("n", event * 10 + step)

    async def all_of_them() -> None:
        handler = around(function)
        await asyncio.gather(*(handler(number, None) for number in range(100)))

    asyncio.run(all_of_them())
    found = {int(one["number"]): one["n"] for one in documents(capsys)}
    assert found == {number: [number * 10 + step for step in range(3)] for number in range(100)}


def test_workers_of_one_batch_lose_nothing(capsys):
    records = [{"eventSource": "aws:sqs", "messageId": str(n), "body": str(n)} for n in range(400)]
    together = threading.Barrier(8, timeout=20)

    @sqs_batch(middleware=[SHOP], concurrency=8)
    def handler(message: Any, context: Any) -> None:
        number = int(message.body)
        if number < 8:
            together.wait()
        SHOP.add("n", number)
        SHOP.dimensions(**{f"worker{number % 8}": number % 8})

    handler({"Records": records}, FakeContext())
    found = documents(capsys)
    assert sorted(value for one in found for value in one["n"]) == list(range(400))
    assert all(len(one["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == 9 for one in found)


def test_threads_do_not_mix_and_each_line_is_one_write(monkeypatch):
    together, writes = threading.Barrier(8, timeout=20), []

    class Out:
        def write(self, text: str) -> int:
            writes.append(text)
            return len(text)

    def function(event: int, context: Any) -> None:
        SHOP.dimensions(number=event)
        together.wait()
        SHOP.add("n", event)

    monkeypatch.setattr(sys, "stdout", Out())
    handler = around(function)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: handler(number, None), range(32)))
    assert all(text.endswith("\n") and text.count("\n") == 1 for text in writes)
    assert sorted(metrics_of(text[:-1])["n"] for text in writes) == list(range(32))
    assert all(json.loads(text)["number"] == str(json.loads(text)["n"]) for text in writes)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"namespace": ""}, MetricError, "namespace ''"),
        ({"namespace": "x", "dimension": {}}, UsageError, "no option 'dimension'; did you mean 'dimensions'?"),
        ({"namespace": "x", "dimensions": {"a": ""}}, MetricError, "dimension 'a'"),
        ({"namespace": "x", "capture": "batch"}, UsageError, "capture is a list, not the text 'batch'"),
        (
            {"namespace": "x", "capture": ["errors"]},
            UsageError,
            "capture has 'errors'; it can have cold_start and batch",
        ),
    ],
)
def test_wrong_options_are_refused(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        metrics(**options)


SOURCE = """
from lambdakit import lambda_handler
from lambdakit.middleware import metrics

shop = metrics(namespace="Shop", dimensions={"service": "orders"}, capture=["cold_start"])

@lambda_handler(middleware=[shop])
def handler(event, context):
    shop.add("Parcels", event["n"], "Count")
    if event["n"] == 2:
        raise ValueError
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["ours", "official"])
def test_in_an_execution_environment(command):
    run = run_runtime(SOURCE, [Event({"n": 1}), Event({"n": 2})], command=command)
    lines = [line for line in run.stdout.decode().splitlines() if line.startswith("{")]
    assert [metrics_of(line) for line in lines] == [{"ColdStart": 1}, {"Parcels": 1}, {"Parcels": 2}]
    assert assert_valid(lines[0])["function_name"] == "fake"
