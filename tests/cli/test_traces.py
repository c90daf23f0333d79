"""`lambdakit traces` from the outside, against a running service, and what a collector gets."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import signature
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from click.testing import CliRunner
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lambdakit.cli import waterfall
from lambdakit.cli.group import cli
from lambdakit.cli.traces import Trace, show_waterfall
from lambdakit.emulator.api import ApiServer
from lambdakit.emulator.service import InvokeRequest
from lambdakit.emulator.tracing.otlp import export_request
from lambdakit.emulator.tracing.routes import trace_routes
from tests.cli.test_start import start_fails, started
from tests.emulator.tracing.tracing_support import traced_service, xray_of
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from lambdakit.emulator import LocalService
    from tests.emulator.tracing.tracing_support import WatchedStore

APP = """
from lambdakit import lambda_handler
from lambdakit.middleware import tracing
@lambda_handler(middleware=[tracing()])
def handler(event, context):
    if event == "fail":
        raise ValueError("no such thing")
"""
ROOT, OTHER = "1-5759e988-bd862e3fe1be46a994272793", "1-5759e988-bd862e3fe1be46a994272794"


async def output(*arguments: str) -> tuple[int, str, str]:
    """Exit status, output and complaints of the verb, in a thread of this process."""
    # Before click 8.2 the two streams are one unless it is said otherwise.
    runner = CliRunner(**{"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {})
    done = await asyncio.to_thread(runner.invoke, cli, ("traces", *arguments), catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def serve(tmp_path: Path, test: Callable[[LocalService, WatchedStore, str], Awaitable[None]]) -> None:
    async def go() -> None:
        config = app_config(tmp_path, APP, name="shop", tracing="Active")
        async with traced_service(config) as (service, store), ApiServer(service, port=0) as server:
            server.router.add(trace_routes(xray_of(store), None))
            await test(service, store, server.url)

    run(go())


async def trace_both(service: LocalService, store: WatchedStore) -> None:
    """A good invocation and a bad one."""
    for root, payload in ((ROOT, b'"work"'), (OTHER, b'"fail"')):
        await service.invoke(InvokeRequest("shop", payload, trace_id=f"Root={root};Sampled=1"))
        await store.trace_of("Overhead", "## handler", id=root)


def test_traces_are_listed_and_shown(tmp_path: Path) -> None:
    async def check(service: LocalService, store: WatchedStore, url: str) -> None:
        at = ("--endpoint", url)
        assert await output(*at) == (
            0,
            "",
            "lambdakit traces: there are none; is a function traced (tracing = Active)?\n",
        )
        await trace_both(service, store)
        listed = await output(*at)
        filtered = await output(*at, "--filter", "fault", "--json")
        shown = await output(*at, ROOT)
        latest = await output(*at, "latest", ROOT)
        raw = await output(*at, "--json", ROOT, OTHER)
        lines = listed[1].splitlines()
        line = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z  (\S+) +[\d.]+ ms  (\w+) +shop"
        assert [re.fullmatch(line, text).groups() for text in lines] == [(OTHER, "fault"), (ROOT, "ok")]
        assert [one["Id"] for one in json.loads(filtered[1])] == [OTHER]

        head, *parts = shown[1].splitlines()
        assert head.startswith(f"{ROOT}  20")
        row = r"( *)(\S.*?) +([\d.]+) ms +([\d.]+) ms  [ #|]+"
        read = [re.fullmatch(row, text).groups() for text in parts]
        assert [(len(indent), label) for indent, label, _, _ in read] == [
            (0, "shop  AWS::Lambda"),
            (2, "shop  AWS::Lambda::Function"),
            (4, "Initialization"),
            (4, "Invocation"),
            (6, "## handler"),
            (4, "Overhead"),
        ]
        first, second = latest[1].split("\n\n")
        assert second == shown[1]
        assert first.startswith(OTHER)
        assert "## handler" in first
        assert "ValueError: no such thing" in first

        told = json.loads(raw[1])
        assert [trace["Id"] for trace in told] == [ROOT, OTHER]
        assert [segment["origin"] for segment in told[0]["Segments"]] == ["AWS::Lambda", "AWS::Lambda::Function"]

    serve(tmp_path, check)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    async def check(service: LocalService, store: WatchedStore, url: str) -> None:
        missing = await output("--endpoint", url, ROOT)
        wrong = await output("--endpoint", url, "--filter", "nonsense")
        nobody = await output("--endpoint", "http://127.0.0.1:9")
        empty = await output("--endpoint", url, "--json")
        assert (missing[0], f"there is no trace {ROOT}" in missing[2]) == (1, True)
        assert (wrong[0], "FilterExpression: 'nonsense' is not a keyword" in wrong[2]) == (1, True)
        assert (nobody[0], "no local service at http://127.0.0.1:9" in nobody[2]) == (1, True)
        assert empty[:2] == (0, "[]\n")

    serve(tmp_path, check)


class Collector:
    """An HTTP server that takes exports; `answer` is what it says of them."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, str, Any]] = []
        self.answer: tuple[int, bytes] = (200, b"{}")
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                collector.bodies.append((self.path, self.headers["Content-Type"], body))
                status, answer = collector.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    receiver = Collector()
    yield receiver
    receiver.close()


def test_traces_are_exported_to_a_collector(tmp_path: Path, collector: Collector) -> None:
    async def check(service: LocalService, store: WatchedStore, url: str) -> None:
        await trace_both(service, store)
        status, out, said = await output("--endpoint", url, "--otlp", collector.url)
        assert (status, out) == (0, "")
        assert said == f"lambdakit traces: exported 2 traces (11 spans) to {collector.url}/v1/traces\n"
        ((path, content_type, body),) = collector.bodies
        assert (path, content_type) == ("/v1/traces", "application/json")
        spans = {(one["traceId"], one["name"], one["kind"]): one for one in spans_of(understood(body))}
        bad = OTHER[2:].replace("-", "")
        handler = spans[bad, "## handler", "SPAN_KIND_INTERNAL"]
        assert handler["parentSpanId"] == spans[bad, "Invocation", "SPAN_KIND_INTERNAL"]["spanId"]
        assert handler["status"] == {"code": "STATUS_CODE_ERROR", "message": "no such thing"}

        collector.answer = (200, b'{"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}}')
        refused = await output("--endpoint", url, "--otlp", f"{collector.url}/mine", ROOT)
        assert collector.bodies[-1][0] == "/mine"
        assert (refused[0], "refused 3 spans: too old" in refused[2]) == (1, True)
        collector.answer = (503, b"busy")
        busy = await output("--endpoint", url, "--otlp", collector.url, ROOT)
        assert (busy[0], "answered 503: busy" in busy[2]) == (1, True)
        nobody = await output("--endpoint", url, "--otlp", "http://127.0.0.1:9", ROOT)
        assert (nobody[0], "no collector at http://127.0.0.1:9/v1/traces" in nobody[2]) == (1, True)

    serve(tmp_path, check)


def spans_of(body: Any) -> list[dict[str, Any]]:
    return [span for one in body["resourceSpans"] for scope in one["scopeSpans"] for span in scope["spans"]]


def understood(body: Any) -> Any:
    """An export as OpenTelemetry's own schema understands it, which has ids in base64; back in hexadecimal."""

    def converted(value: Any, convert: Callable[[str], str]) -> Any:
        if isinstance(value, list):
            return [converted(item, convert) for item in value]
        if not isinstance(value, dict):
            return value
        ids = ("traceId", "spanId", "parentSpanId")
        return {name: convert(item) if name in ids else converted(item, convert) for name, item in value.items()}

    as_base64 = converted(body, lambda text: base64.b64encode(bytes.fromhex(text)).decode())
    message = json_format.ParseDict(as_base64, ExportTraceServiceRequest())
    return converted(json_format.MessageToDict(message), lambda text: base64.b64decode(text).hex())


def test_a_segment_becomes_a_resource_and_spans() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop"
    call = {
        "id": "b" * 16,
        "name": "DynamoDB",
        "start_time": 1.5,
        "end_time": 1.75,
        "namespace": "aws",
        "error": True,
        "aws": {"operation": "GetItem", "table_name": "carts", "retries": 2},
        "cause": "c" * 16,
        "sql": {"sanitized_query": "SELECT 1"},
        "in_progress": False,
    }
    stack = [{"path": "/var/task/app.py", "line": 3, "label": "handler"}]
    segment = {
        "id": "a" * 16,
        "name": "shop",
        "parent_id": "d" * 16,
        "start_time": 1,
        "end_time": 2.25,
        "fault": True,
        "origin": "AWS::Lambda::Function",
        "subsegments": [call],
        "user": "me",
        "throttle": True,
        "aws": {"account_id": "1", "function_arn": arn, "request_id": "r", "resource_names": ["shop"]},
        "http": {"request": {"method": "GET", "url": "http://shop/"}, "response": {"status": 502}},
        "annotations": {"customer": "c-17", "count": 3, "share": 0.5, "vip": True},
        "metadata": {"default": {"cart": [1]}},
        "cause": {"exceptions": [{"id": "c" * 16, "type": "ValueError", "message": "no", "stack": stack}]},
    }
    (one,) = understood(export_request([(ROOT, [segment])]))["resourceSpans"]
    assert plain(one["resource"]["attributes"]) == {
        "service.name": "shop",
        "faas.name": "shop",
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.account.id": "1",
        "cloud.region": "eu-west-1",
        "cloud.resource_id": arn,
        "aws.xray.origin": "AWS::Lambda::Function",
    }
    outer, inner = one["scopeSpans"][0]["spans"]
    assert (outer["traceId"], outer["spanId"], outer["parentSpanId"]) == (ROOT[2:].replace("-", ""), "a" * 16, "d" * 16)
    assert (outer["startTimeUnixNano"], outer["endTimeUnixNano"]) == ("1000000000", "2250000000")
    assert (outer["kind"], outer["status"]["message"]) == ("SPAN_KIND_SERVER", "no")
    assert plain(outer["attributes"]) == {
        "http.request.method": "GET",
        "url.full": "http://shop/",
        "http.response.status_code": "502",
        "aws.account_id": "1",
        "aws.function_arn": arn,
        "aws.request_id": "r",
        "faas.invocation_id": "r",
        "customer": "c-17",
        "count": "3",
        "share": 0.5,
        "vip": True,
        "enduser.id": "me",
        "aws.xray.throttle": True,
        "aws.xray.metadata.default": '{"cart": [1]}',
        "aws.resource_names": {"values": [{"stringValue": "shop"}]},
    }
    (event,) = outer["events"]
    assert (event["name"], event["timeUnixNano"]) == ("exception", "2250000000")
    assert plain(event["attributes"]) == {
        "exception.type": "ValueError",
        "exception.message": "no",
        "exception.stacktrace": '  File "/var/task/app.py", line 3, in handler',
    }
    assert (inner["parentSpanId"], inner["kind"], inner["status"]) == (
        "a" * 16,
        "SPAN_KIND_CLIENT",
        {"code": "STATUS_CODE_ERROR"},
    )
    assert plain(inner["attributes"]) == {
        "aws.operation": "GetItem",
        "aws.table_name": "carts",
        "aws.retries": "2",
        "aws.xray.cause": "c" * 16,
        "db.query.text": "SELECT 1",
        "aws.xray.namespace": "aws",
    }


def plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in attributes}


def test_a_waterfall_has_bars_where_things_ran() -> None:
    segments = [
        {"id": "b", "parent_id": "c", "name": "stock", "start_time": 12, "end_time": 13, "throttle": True},
        {"id": "a", "name": "shop", "origin": "X", "start_time": 10, "in_progress": True,
         "subsegments": [{"id": "c", "name": "call", "start_time": 11, "end_time": 14, "fault": True,
                          "cause": {"exceptions": [{"type": "E", "message": "one\ntwo"}]}}]},
    ]  # fmt: skip
    found = waterfall.rows(segments)
    assert [(row.depth, row.label, row.start, row.taken, row.ending) for row in found] == [
        (0, "shop  X", 0, 0, "in progress"),
        (1, "call", 1, 3, "fault"),
        (2, "stock", 2, 1, "throttle"),
    ]
    assert "\n".join(waterfall.lines(found, 64)).splitlines() == [
        "shop  X        0.0 ms     0.0 ms  in progress  |",
        "  call      1000.0 ms  3000.0 ms  fault            #############",
        "    E: one",
        "    stock   2000.0 ms  1000.0 ms  throttle             ####",
    ]
    assert [waterfall.style(row) for row in found] == ["cyan", "red", "yellow"]


def test_a_started_service_traces(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    with started(tmp_path, "shop=app.py:handler", "--tracing", "active", "--xray-port", "0") as service:
        url = service.exports["AWS_ENDPOINT_URL_XRAY"]
        (daemon,) = (line.removeprefix("  X-Ray daemon at ") for line in service.banner if "X-Ray" in line)
        client = service.client()
        answer = client.invoke(FunctionName="shop", Payload=b'"fail"')
        root = re.fullmatch(
            r"Root=(.*);Parent=.*;Sampled=1", answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
        )
        assert root is not None
        deadline = time.monotonic() + 10
        told: dict[str, Any] = {"traces": []}
        # The function's segment comes when the runtime asks for the next event.
        while not told["traces"] or len(told["traces"][0]["ServiceIds"]) < 2:
            assert time.monotonic() < deadline
            told = httpx.get(f"{url}/_lambdakit/traces?limit=1").json()
        assert told["daemon"] == {"address": daemon, "documents": 1, "refused": {}}
        assert told["traces"][0]["Id"] == root[1]
        with closing(boto3.Session("k", "s", region_name="us-east-1").client("xray", endpoint_url=url)) as xray:
            (trace,) = xray.batch_get_traces(TraceIds=[root[1]])["Traces"]
        assert len(trace["Segments"]) == 2
        command = [sys.executable, "-m", "lambdakit.cli", "traces", "latest", "--endpoint", url]
        shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
        assert shown.stdout.startswith(root[1])
        assert "## handler" in shown.stdout


def test_the_daemon_s_port_may_be_taken(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        complaint = start_fails(tmp_path, "app.py:handler", "--port", "0", "--xray-port", str(port))
    assert f"lambdakit start: Port {port} on 127.0.0.1 is taken" in complaint


def test_a_terminal_gets_colour(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    show_waterfall(Trace(ROOT, [{"id": "a", "name": "shop", "start_time": 10, "end_time": 11, "fault": True}]))
    head, line = capsys.readouterr().out.splitlines()
    assert head.startswith(f"\x1b[2m{ROOT}  1970-01-01T00:00:10.000Z  1000.0 ms")
    assert re.fullmatch(r"\x1b\[31mshop +0\.0 ms +1000\.0 ms  fault  █{10,}\x1b\[0m", line)


def test_segments_that_call_each_other_are_all_shown() -> None:
    circle = [
        {"id": "a", "parent_id": "b", "name": "one", "start_time": 1, "end_time": 2},
        {"id": "b", "parent_id": "a", "name": "two", "start_time": 1, "end_time": 2},
        {"id": "c", "parent_id": "c", "name": "three", "start_time": 1, "end_time": 1},
    ]
    assert sorted(row.label for row in waterfall.rows(circle)) == ["one", "three", "two"]
    assert waterfall.milliseconds(12.345) == "12.35 s"
