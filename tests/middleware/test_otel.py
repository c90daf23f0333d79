"""Tracing with OpenTelemetry: real OTLP, received by a real HTTP server, from real processes (providers are global)."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from lambdakit.exceptions import MissingExtraError
from lambdakit.handlers import lambda_handler
from lambdakit.middleware import tracer, tracing
from lambdakit.middleware.otel_attributes import attributes_of
from lambdakit.middleware.otel_carriers import TRIGGERS, carriers_of_records, trigger_of, w3c_of
from tests.fake_runtime_api import ARN, Event, FakeRuntimeApi, request_id
from tests.middleware.trace_receivers import HEADER, LINEAGE, PARENT, ROOT, UNSAMPLED, Collector, attributes
from tests.runtime_process import OFFICIAL, OURS, run_runtime, runtime_process

if TYPE_CHECKING:
    from collections.abc import Iterator

HEX = ROOT.replace("-", "")[1:]
W3C = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=b"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    receiver = Collector()
    yield receiver
    receiver.close()


def run(
    collector: Collector, source: str, *events: tuple[Any, str | None], command: Any = OURS, **variables: str
) -> list[Any]:
    """Run one invocation for each event and trace header; the answers."""
    script = [Event(event, headers={"Lambda-Runtime-Trace-Id": header}) for event, header in events]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, **variables}
    ended = run_runtime(source, script, command=command, env=env)
    answers = [post for post in ended.posts if post.call == "response"]
    assert len(answers) == len(events), (ended.posts, ended.stdout, ended.stderr)
    return [json.loads(post.body) for post in answers]


TRACED = """
import sys
from lambdakit import lambda_handler
from lambdakit.middleware import capture, current_span, tracing

@capture
def work(event):
    span = current_span()
    span.annotate("Left", 4)
    span.metadata("event", event, namespace="shop")
    return span.propagation()

@lambda_handler(middleware=[tracing(provider="otel", service="orders")])
def handler(event, context):
    return [work(event), not sys.modules.keys().isdisjoint(("opentelemetry.sdk", "opentelemetry.trace", "requests"))]
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL])
def test_an_invocation_is_a_span_exported_before_its_answer(command: Any, collector: Collector) -> None:
    sent, _ = run(collector, TRACED, ({"a": 1}, HEADER), command=command)[0]
    work, root = collector.spans  # no waiting: they were there before the answer
    assert (root.name, root.kind, root.trace_id.hex(), root.parent_span_id.hex()) == ("fake", 2, HEX, PARENT)
    assert attributes(root) == {
        "faas.trigger": "other",
        "faas.coldstart": True,
        "faas.invocation_id": request_id(1),
        "aws.lambda.invoked_arn": ARN,
        "cloud.account.id": "123456789012",
        "cloud.resource_id": ARN,
    }
    assert (work.name, work.kind, work.parent_span_id) == ("## work", 1, root.span_id)
    assert attributes(work) == {"Left": 4, "shop.event": '{"a": 1}'}
    assert collector.resource().items() >= {
        "service.name": "orders",
        "faas.name": "fake",
        "faas.max_memory": 128 * 1024 * 1024,
        "cloud.platform": "aws_lambda",
        "cloud.region": "eu-west-1",
    }.items()  # fmt: skip
    span_id = work.span_id.hex()
    assert sent["X-Amzn-Trace-Id"] == f"Root={ROOT};Parent={span_id};Sampled=1;Lineage={LINEAGE}"
    assert sent["traceparent"] == f"00-{HEX}-{span_id}-01"


def test_what_is_not_sampled_imports_nothing(collector: Collector) -> None:
    assert run(collector, TRACED, ({}, UNSAMPLED)) == [[{}, False]]
    assert collector.spans == []


def test_a_request_with_w3c_context_goes_on_in_its_trace(collector: Collector) -> None:
    event = {"rawPath": "/", "requestContext": {"http": {}}, "headers": {"TraceParent": W3C["traceparent"]}}
    sent, _ = run(collector, TRACED, (event, UNSAMPLED), (event, HEADER))[1]
    first, second = (span for span in collector.spans if span.kind == 2)
    for root in (first, second):
        assert root.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
        assert root.parent_span_id.hex() == "b7ad6b7169203331"
        assert attributes(root)["faas.trigger"] == "http"
    assert [link.trace_id.hex() for link in second.links] == [HEX]
    assert sent["X-Amzn-Trace-Id"].endswith(f"Lineage={LINEAGE}")


@pytest.mark.parametrize(("flags", "count"), [("00", 0), ("02", 0), ("03", 2), ("01", 2)])
def test_a_w3c_callers_decision_outweighs_x_rays(flags: str, count: int, collector: Collector) -> None:
    event = {"headers": {"traceparent": W3C["traceparent"][:-2] + flags}}
    run(collector, TRACED, (event, UNSAMPLED))
    assert len(collector.spans) == count


def test_records_are_linked_to_their_senders_traces(collector: Collector) -> None:
    record = {"eventSource": "aws:sqs", "attributes": {"AWSTraceHeader": HEADER}}
    other = {"eventSource": "aws:sqs", "messageAttributes": {"traceparent": {"stringValue": W3C["traceparent"]}}}
    run(collector, TRACED, ({"Records": [record, other]}, HEADER.replace("5759e988", "68889999")))
    (root,) = [span for span in collector.spans if span.kind == 5]
    assert attributes(root)["faas.trigger"] == "pubsub"
    assert [link.trace_id.hex() for link in root.links] == [HEX, "0af7651916cd43dd8448eb211c80319c"]


def test_sampling_can_be_left_to_opentelemetry(collector: Collector) -> None:
    source = TRACED.replace('"otel"', '"otel", sampling="always"')
    run(collector, source, ({}, UNSAMPLED), ({}, HEADER), ({}, None))
    own, joined, rootless = (span for span in collector.spans if span.kind == 2)
    assert (own.parent_span_id, rootless.parent_span_id) == (b"", b"")
    assert [link.trace_id.hex()[:8] for link in own.links] == ["5759e988"]
    assert joined.trace_id.hex() == HEX


FAILING = """
import asyncio
from lambdakit import lambda_handler
from lambdakit.middleware import capture, tracing

@lambda_handler(middleware=[tracing(provider="otel")])
async def handler(event, context):
    async with capture("inner"):
        try:
            int("x")
        except ValueError as error:
            raise LookupError("no number") from error
"""


def test_an_exception_is_recorded_with_its_cause(collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
    ended = run_runtime(FAILING, [Event({}, headers={"Lambda-Runtime-Trace-Id": HEADER})], env=env)
    assert [post.call for post in ended.posts] == ["error"]
    for span in collector.spans:
        assert (span.status.code, span.status.message) == (2, "LookupError: no number")
        told = attributes(span.events[0])
        assert told["exception.type"] == "LookupError"
        assert "ValueError: invalid literal" in told["exception.stacktrace"]
    assert len(collector.spans) == 2
    assert collector.resource()["service.name"] == "fake"


CONCURRENT = """
import asyncio
from lambdakit import lambda_handler
from lambdakit.middleware import capture, current_span, tracing

met = asyncio.Event()
under_way = 0

@capture
async def work(number):
    current_span().annotate("Number", number)
    await asyncio.sleep(0)

@lambda_handler(middleware=[tracing(provider="otel")])
async def handler(event, context):
    global under_way
    under_way += 1
    if under_way == 10:
        met.set()
    await met.wait()
    await asyncio.gather(*(work(event) for _ in range(3)))
"""


def test_concurrent_invocations_are_exported_in_batches(collector: Collector) -> None:
    events = [
        Event(n, headers={"Lambda-Runtime-Trace-Id": f"Root=1-5759e988-{n:024x};Parent={n + 1:016x};Sampled=1"})
        for n in range(10)
    ]
    env = {
        "AWS_LAMBDA_MAX_CONCURRENCY": "10", "LAMBDAKIT_CONCURRENCY": "async", "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
    }  # fmt: skip

    def exported(api: FakeRuntimeApi) -> bool:
        return FakeRuntimeApi.drained(api) and len(collector.wait_for(40)) == 40

    run_runtime(CONCURRENT, events, env=env, until=exported)
    assert len(collector.requests) < 10
    roots = {span.trace_id: span for span in collector.spans if span.kind == 2}
    assert len(roots) == 10
    for span in collector.spans:
        number, root = int(span.trace_id.hex()[8:], 16), roots[span.trace_id]
        assert span.parent_span_id == ((number + 1).to_bytes(8, "big") if span is root else root.span_id)
        assert attributes(span).get("Number", number) == number


def test_what_is_left_is_exported_at_shutdown(collector: Collector) -> None:
    env = {
        "AWS_LAMBDA_MAX_CONCURRENCY": "1", "LAMBDAKIT_CONCURRENCY": "async", "OTEL_BSP_SCHEDULE_DELAY": "60000",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
    }  # fmt: skip
    event = Event(1, headers={"Lambda-Runtime-Trace-Id": HEADER})
    source = CONCURRENT.replace("== 10", "== 1")
    with FakeRuntimeApi([event]) as api, runtime_process(source, api, env=env) as process:
        process.wait_until(lambda: api.drained() and "extension/event/next" in [post.call for post in api.posts])
        assert collector.spans == []
        os.kill(process.popen.pid, signal.SIGTERM)
        assert len(collector.wait_for(4)) == 4
        process.wait_until(lambda: process.ended)
        assert process.popen.returncode == 0


def test_one_hundred_invocations_at_once_keep_apart(collector: Collector) -> None:
    source = CONCURRENT.replace("== 10", "== 100") + "\n".join((
        "from types import SimpleNamespace",
        "traced = handler",
        "def context_of(n):",
        "    header = f'Root=1-5759e988-{n:024x};Parent={n + 1:016x};Sampled=1'",
        "    return SimpleNamespace(_trace_header=header)",
        "async def handler(event, context):",
        "    await asyncio.gather(*(asyncio.ensure_future(traced(n, context_of(n))) for n in range(100)))",
    ))  # fmt: skip
    run(collector, source, ({}, None))
    assert len(collector.spans) == 400
    roots = {span.trace_id: span for span in collector.spans if span.kind == 2}
    assert len(roots) == 100
    for span in collector.spans:
        number, root = int(span.trace_id.hex()[8:], 16), roots[span.trace_id]
        assert span.parent_span_id == ((number + 1).to_bytes(8, "big") if span is root else root.span_id)
        assert attributes(span).get("Number", number) == number


PATCHED = """
import httpx
from lambdakit import lambda_handler
from lambdakit.middleware import tracing
from opentelemetry import trace
client = httpx.Client()

@lambda_handler(middleware=[tracing(provider="otel", patch=("httpx", "boto3"))])
def handler(event, context):
    with trace.get_tracer("mine").start_as_current_span("native"):
        try:
            client.get("http://127.0.0.1:1/")
        except httpx.ConnectError:
            pass
"""


def test_patched_httpx_and_native_spans_nest(collector: Collector) -> None:
    run(collector, PATCHED, ({}, HEADER))
    get, native, root = collector.spans
    assert (get.name, get.kind, get.parent_span_id) == ("GET", 3, native.span_id)
    assert (native.name, native.parent_span_id) == ("native", root.span_id)


def test_an_unreachable_collector_costs_neither_the_answer_nor_long(collector: Collector) -> None:
    started = time.monotonic()
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    ended = run_runtime(TRACED, [Event({}, headers={"Lambda-Runtime-Trace-Id": HEADER})], env=env)
    assert [post.call for post in ended.posts] == ["response"]
    assert time.monotonic() - started < 6
    assert b"Failed to export" in ended.stdout
    assert collector.spans == []


def test_a_collector_that_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "0.2",
        }
        ended = run_runtime(TRACED, [Event({}, headers={"Lambda-Runtime-Trace-Id": HEADER})], env=env)
    assert [post.call for post in ended.posts] == ["response"]


def test_a_tracer_provider_of_ones_own_is_used(collector: Collector) -> None:
    source = (
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import SimpleSpanProcessor\n"
        "from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter\n"
        "kept = InMemorySpanExporter()\n"
        "provider = TracerProvider()\n"
        "provider.add_span_processor(SimpleSpanProcessor(kept))\n"
        "trace.set_tracer_provider(provider)\n" + TRACED + "    \n"
        "traced = handler\n"
        "def handler(event, context):\n"
        "    traced(event, context)\n"
        "    return [span.name for span in kept.get_finished_spans()]\n"
    )
    assert run(collector, source, ({}, HEADER)) == [["## work", "fake"]]
    assert collector.spans == []


def test_tracing_is_off_where_opentelemetry_is_switched_off(collector: Collector) -> None:
    assert run(collector, TRACED, ({}, HEADER), OTEL_SDK_DISABLED="true") == [[{}, False]]


def test_a_missing_extra_is_an_error_with_the_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tracer.PROVIDERS, "otel", ("opentelemetry.no_such_sdk",))
    with pytest.raises(MissingExtraError, match=r'pip install "lambdakit\[otel\]"'):
        lambda_handler(middleware=[tracing(provider="otel")])(lambda event, context: None)
    monkeypatch.setitem(tracer.PROVIDERS, "otel", ())
    monkeypatch.setitem(tracer.PATCHES, "httpx", ("httpx", "local", "opentelemetry.instrumentation.no_such"))
    with pytest.raises(MissingExtraError, match=r"patch=\('httpx',\)\) needs .*lambdakit\[otel\]"):
        lambda_handler(middleware=[tracing(provider="otel", patch=("httpx",))])(lambda event, context: None)


def test_the_triggers_are_of_sources_that_are_known() -> None:
    from lambdakit.events.detection import LIST_RULES, RULES

    known = {source for source, _, _ in (*RULES, *LIST_RULES)}
    assert {source for sources in TRIGGERS.values() for source in sources} <= known
    assert trigger_of({"Records": [{"eventSource": "aws:s3"}]}) == "datasource"
    assert trigger_of({"source": "aws.events", "detail-type": "Scheduled Event"}) == "timer"
    assert trigger_of("text") == "other"


def test_w3c_fields_are_found_wherever_they_are() -> None:
    assert w3c_of({"headers": {"TRACEPARENT": "a", "x": "y"}}, None) == {"traceparent": "a"}
    assert w3c_of({"multiValueHeaders": {"traceparent": ["a", "b"], "n": []}}, None) == {"traceparent": "a"}
    assert w3c_of({}, SimpleNamespace(w3c=lambda: W3C)) == W3C
    assert w3c_of({"headers": {"tracestate": "a=b"}}, None) == {}
    assert w3c_of([1], None) == {}
    sns = {"Sns": {"MessageAttributes": {"traceparent": {"Type": "String", "Value": "t"}}}}
    assert list(carriers_of_records({"Records": [sns, {}, 3]})) == [{"traceparent": "t"}]


def test_an_alias_gives_way_to_the_version() -> None:
    context = SimpleNamespace(invoked_function_arn=f"{ARN}:live", function_version="7")
    found = attributes_of(context, "http", False)
    assert (found["cloud.resource_id"], found["aws.lambda.invoked_arn"]) == (f"{ARN}:7", f"{ARN}:live")
    context: Any
    for context in (None, Mock()):
        assert attributes_of(context, "http", False) == {"faas.trigger": "http", "faas.coldstart": False}
        assert w3c_of({}, context) == {}
