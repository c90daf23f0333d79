"""X-Ray's operations, as boto3 sees them."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdakit.emulator import LocalService
from lambdakit.emulator.api import ApiServer
from lambdakit.emulator.tracing import api
from lambdakit.emulator.tracing.api import XRayError, call
from lambdakit.emulator.tracing.documents import read_document
from lambdakit.emulator.tracing.filter_expression import FilterError, matcher
from lambdakit.emulator.tracing.routes import trace_routes
from lambdakit.emulator.tracing.store import TraceStore
from lambdakit.emulator.tracing.summaries import summary
from tests.emulator.tracing.tracing_support import xray_of
from tests.engine_support import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.tracing.api import XRay

START = 1_700_000_000.0
ALL = {"StartTime": 0, "EndTime": START * 2}


def trace_id(number: int) -> str:
    return f"1-5759e988-{number:024x}"


def segment(number: int, **more: Any) -> dict[str, Any]:
    start = START + number
    value: dict[str, Any] = {"id": f"{number:016x}", "trace_id": trace_id(number), "name": "shop"}
    return {**value, "start_time": start, "end_time": start + 0.5, **more}


def with_client(test: Callable[[Any, XRay], None]) -> None:
    """Run a test with boto3's client of a service, in a thread of its own."""

    async def main() -> None:
        xray = xray_of(TraceStore())
        async with LocalService() as service, ApiServer(service, port=0) as server:
            server.router.add(trace_routes(xray, None))
            session = boto3.Session("key", "secret", region_name="us-east-1")
            with closing(session.client("xray", endpoint_url=server.url)) as client:
                await asyncio.to_thread(test, client, xray)

    run(main())


def test_boto3_puts_and_finds_traces() -> None:
    def check(client: Any, xray: XRay) -> None:
        good = segment(
            1,
            origin="AWS::Lambda",
            fault=True,
            aws={"account_id": "1"},
            user="me",
            annotations={"customer": "c-17", "count": 3, "vip": True, "odd": [1]},
            http={"request": {"url": "http://shop/", "method": "GET"}, "response": {"status": 502}},
        )
        answer = client.put_trace_segments(TraceSegmentDocuments=[json.dumps(good), '{"id": "x"}'])
        (refused,) = answer["UnprocessedTraceSegments"]
        assert (refused["ErrorCode"], "16 hexadecimal" in refused["Message"]) == ("InvalidId", True)

        moment = datetime.fromtimestamp(START, timezone.utc)
        asked = {"StartTime": moment, "EndTime": datetime.fromtimestamp(START + 60, timezone.utc)}
        (found,) = client.get_trace_summaries(**asked, TimeRangeType="Event")["TraceSummaries"]
        assert (found["Id"], found["Duration"], found["ResponseTime"]) == (trace_id(1), 0.5, 0.5)
        assert (found["HasFault"], found["HasError"], found["IsPartial"]) == (True, False, False)
        assert found["StartTime"].timestamp() == START + 1
        assert found["Http"] == {"HttpURL": "http://shop/", "HttpMethod": "GET", "HttpStatus": 502}
        assert found["EntryPoint"] == {"Name": "shop", "Names": ["shop"], "AccountId": "1", "Type": "AWS::Lambda"}
        assert {name: told["AnnotationValue"] for name, (told,) in found["Annotations"].items()} == {
            "customer": {"StringValue": "c-17"},
            "count": {"NumberValue": 3},
            "vip": {"BooleanValue": True},
        }
        assert found["Users"][0]["UserName"] == "me"
        assert client.get_trace_summaries(StartTime=0, EndTime=moment)["TraceSummaries"] == []

        (trace,) = client.batch_get_traces(TraceIds=[trace_id(1), trace_id(2)])["Traces"]
        assert (trace["Id"], trace["Duration"], trace["LimitExceeded"]) == (trace_id(1), 0.5, False)
        ((id, document),) = [(one["Id"], json.loads(one["Document"])) for one in trace["Segments"]]
        assert (id, document) == (good["id"], good)

    with_client(check)


def test_boto3_pages_and_filters() -> None:
    def check(client: Any, xray: XRay) -> None:
        for number in range(2 * api.PAGE + 10):
            flags = {"error": True} if number % 2 else {}
            xray.store.add(read_document(json.dumps(segment(number, **flags)).encode()))
        pages = list(client.get_paginator("get_trace_summaries").paginate(**ALL))
        assert [len(page["TraceSummaries"]) for page in pages] == [api.PAGE, api.PAGE, 10]
        assert pages[0]["TraceSummaries"][0]["Id"] == trace_id(2 * api.PAGE + 9)
        found = client.get_paginator("get_trace_summaries").paginate(**ALL, FilterExpression="error")
        assert sum(len(page["TraceSummaries"]) for page in found) == api.PAGE + 5

    with_client(check)


def test_boto3_is_told_of_mistakes() -> None:
    def check(client: Any, xray: XRay) -> None:
        for mistake, words in [
            ({"StartTime": 2, "EndTime": 1}, "StartTime must not be after EndTime"),
            ({**ALL, "FilterExpression": "edge(1)"}, "FilterExpression: 'edge' is not a keyword"),
            ({**ALL, "TimeRangeType": "Never"}, "TimeRangeType must be one of"),
        ]:
            with pytest.raises(ClientError, match=words) as caught:
                client.get_trace_summaries(**mistake)
            assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
        with pytest.raises(ClientError, match="At most 5 trace ids"):
            client.batch_get_traces(TraceIds=[trace_id(n) for n in range(6)])
        with pytest.raises(ClientError, match="At most 50 documents"):
            client.put_trace_segments(TraceSegmentDocuments=["{}"] * 51)
        assert client.get_sampling_rules()["SamplingRuleRecords"][0]["SamplingRule"]["RuleName"] == "Default"
        now = datetime.now(timezone.utc)
        client.put_telemetry_records(TelemetryRecords=[{"Timestamp": now}])

    with_client(check)


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("/Traces", {}),
        ("/Traces", {"TraceIds": 3}),
        ("/TraceSegments", {"TraceSegmentDocuments": [1]}),
        ("/TraceSummaries", {"StartTime": "yesterday", "EndTime": 1}),
        ("/TraceSummaries", {"StartTime": 0, "EndTime": []}),
        ("/SamplingTargets", {"SamplingStatisticsDocuments": [{}]}),
    ],
)
def test_requests_that_are_none_are_refused(path: str, request_: dict[str, Any]) -> None:
    with pytest.raises(XRayError, match=f"The request is not what {path[1:]} expects"):
        call(path, xray_of(TraceStore()), request_)


SHOP = segment(
    1,
    error=True,
    annotations={"customer": "c-17", "count": 3, "vip": True},
    http={"request": {"url": "http://shop/cart"}, "response": {"status": 404}},
)
STOCK = segment(1, id="a" * 16, parent_id=SHOP["id"], name="stock", fault=True, end_time=START + 4)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", True),
        ("error", True),
        ("fault", False),
        ("!fault", True),
        ("NOT error", False),
        ("ok OR error", True),
        ("error AND (fault OR throttle)", False),
        ("partial = false", True),
        ("responsetime < 1 AND duration >= 3", True),
        ("duration > 3", False),
        ("http.status = 404", True),
        ("http.status != 404", False),
        ('http.url BEGINSWITH "http://shop" AND http.url ENDSWITH "cart"', True),
        ('http.url CONTAINS "admin"', False),
        ('http.method = "GET"', False),
        ("annotation.customer", True),
        ("annotation.nobody", False),
        ('annotation.customer = "c-17"', True),
        ('annotation[customer] = "c-18"', False),
        ("annotation.count >= 3 AND annotation.vip = true", True),
        ('annotation.count = "3"', False),
        ('service("stock")', True),
        ('service("stock") { fault }', True),
        ('service("shop") { fault }', False),
        ("service() { fault AND responsetime > 2 }", True),
        ('service("shop", "other") { annotation.customer }', True),
        (r'annotation.customer = "c\-17"', True),
    ],
)
def test_filter_expressions(expression: str, expected: bool) -> None:
    store = TraceStore()
    for document in (SHOP, STOCK):
        store.add(read_document(json.dumps(document).encode()))
    (trace,) = store.newest()
    assert matcher(expression)(summary(trace), trace) is expected


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("edge", "'edge' is not a keyword"),
        ("error fault", "before 'fault'"),
        ("(error", r"expected \) before 'the end'"),
        ("duration", "expected one of =, !="),
        ("duration >", "expected a number"),
        ("duration CONTAINS 1", "compares with a text"),
        ("#", "at character 1 cannot be read"),
        ("annotation", r"expected \["),
        ('service("a" { fault }', "expected a number, true, false or a text"),
        ("AND", "'AND' is not a keyword"),
    ],
)
def test_expressions_that_cannot_be_evaluated_are_refused(expression: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        matcher(expression)


def test_what_a_document_says_need_not_be_of_the_right_type() -> None:
    odd = {"http": 3, "aws": [], "annotations": "x", "user": 4, "resource_arn": {}, "cause": [], "metadata": 1}
    store = TraceStore()
    store.add(read_document(json.dumps(segment(1, **odd)).encode()))
    (trace,) = store.newest()
    told = summary(trace)
    assert (told["Http"], told["Annotations"], told["Users"], told["ResourceARNs"]) == ({}, {}, [], [])
    assert matcher("annotation.x OR http.status = 1")(told, trace) is False
