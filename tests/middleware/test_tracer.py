"""Tracing with AWS X-Ray: real subsegments, received by a real UDP socket."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from lambdakit import lambda_handler
from lambdakit.events import sqs_batch, sqs_event
from lambdakit.exceptions import MissingExtraError, UsageError
from lambdakit.middleware import capture, current_span, tracer, tracing, xray
from tests.middleware.trace_receivers import HEADER, LINEAGE, PARENT, ROOT, UNSAMPLED, UDPDaemon
from tests.runtime_process import ROOT as PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[UDPDaemon]:
    receiver = UDPDaemon()
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", receiver.address)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
    monkeypatch.setattr(tracer, "_cold", True)
    yield receiver
    receiver.close()
    xray.daemon.forget()


@capture
def price(amount: int) -> int:
    current_span().annotate("Currency", "EUR")
    return amount * 3


@capture("look up")
async def look_up(key: str) -> str:
    await asyncio.sleep(0)
    return key.upper()


def answer(handler: Any, event: Any, context: Any = None) -> Any:
    result = handler(event, context)
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


def test_an_invocation_is_a_subsegment_of_the_services_segment(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing(service="orders", response="metadata")])
    def handler(event: dict[str, int], context: Any) -> dict[str, int]:
        with capture("stock") as span:
            span.metadata("event", event, namespace="shop")
            span.annotate("Left", 4)
        return {"price": price(event["amount"])}

    assert handler({"amount": 2}) == {"price": 6}
    stock, priced, root = daemon.receive(3)
    assert (root["name"], root["parent_id"], root["trace_id"]) == ("## handler", PARENT, ROOT)
    assert root["annotations"] == {"ColdStart": True, "Service": "orders"}
    assert root["metadata"] == {"default": {"response": {"price": 6}}}
    assert (root["type"], root["namespace"]) == ("subsegment", "local")
    assert root["start_time"] <= stock["start_time"] <= stock["end_time"] <= priced["end_time"] <= root["end_time"]
    assert (priced["name"], priced["annotations"]) == ("## price", {"Currency": "EUR"})
    assert stock["metadata"] == {"shop": {"event": {"amount": 2}}}
    assert stock["annotations"] == {"Left": 4}
    assert {stock["parent_id"], priced["parent_id"]} == {root["id"]}
    handler({"amount": 1})
    assert daemon.receive(3)[2]["annotations"]["ColdStart"] is False


def test_an_async_handler_and_its_tasks_are_traced(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing()])
    async def handler(event: list[str], context: Any) -> list[str]:
        async with capture("both"):
            return await asyncio.gather(*map(look_up, event))

    assert answer(handler, ["a", "b"]) == ["A", "B"]
    documents = daemon.receive(4)
    both, root = documents[2:]
    assert [document["name"] for document in documents] == ["look up", "look up", "both", "## handler"]
    assert {document["parent_id"] for document in documents[:2]} == {both["id"]}
    assert both["parent_id"] == root["id"]


def test_the_name_is_the_functions_whatever_is_between(daemon: UDPDaemon) -> None:
    outer: Any = tracing()

    @lambda_handler(middleware=[outer, lambda event, context, call_next: call_next(event, context)])
    def count_orders(event: Any, context: Any) -> None: ...

    count_orders({})
    assert daemon.receive(1)[0]["name"] == "## count_orders"


def test_a_context_may_be_a_mock(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> None: ...

    handler({}, Mock())
    assert daemon.receive(1)[0]["trace_id"] == ROOT


def test_a_typed_event_is_traced_alike(daemon: UDPDaemon) -> None:
    @sqs_event(middleware=[tracing()])
    def handler(event: Any, context: Any) -> int:
        return len(event.records)

    assert handler({"Records": [{"eventSource": "aws:sqs"}]}) == 1
    assert daemon.receive(1)[0]["name"] == "## handler"


@pytest.mark.parametrize("concurrency", [1, 3])
def test_the_records_of_a_batch_are_traced_in_its_threads(concurrency: int, daemon: UDPDaemon) -> None:
    @sqs_batch(middleware=[tracing()], concurrency=concurrency)
    def handler(record: Any) -> None:
        with capture("record") as span:
            span.annotate("Id", record.message_id)

    records = [{"eventSource": "aws:sqs", "messageId": str(number), "body": ""} for number in range(6)]
    assert handler({"Records": records}) == {"batchItemFailures": []}
    *told, root = daemon.receive(7)
    assert root["name"] == "## handler"
    assert {one["parent_id"] for one in told} == {root["id"]}
    assert sorted(one["annotations"]["Id"] for one in told) == list("012345")


def test_a_handler_that_another_calls_is_within_it(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing(service="inner")])
    def inner(event: Any, context: Any) -> int:
        return 1

    @lambda_handler(middleware=[tracing(service="outer")])
    def outer(event: Any, context: Any) -> int:
        return inner(event, context)

    assert outer({}) == 1
    called, root = daemon.receive(2)
    assert (called["name"], called["parent_id"], called["annotations"]["Service"]) == ("## inner", root["id"], "inner")
    assert (root["name"], root["parent_id"]) == ("## outer", PARENT)


def test_an_exception_is_told_with_its_causes_and_once(daemon: UDPDaemon) -> None:
    @capture
    def convert(text: str) -> int:
        try:
            return int(text)
        except ValueError as error:
            raise LookupError("no number") from error

    @lambda_handler(middleware=[tracing()])
    def handler(event: str, context: Any) -> int:
        return convert(event)

    for _ in range(2):
        with pytest.raises(LookupError):
            handler("x")
        inner, root = daemon.receive(2)
        error, cause = inner["cause"]["exceptions"]
        assert (error["type"], error["message"], error["cause"]) == ("LookupError", "no number", cause["id"])
        assert (cause["type"], cause["stack"][0]["label"]) == ("ValueError", "convert")
        assert [frame["path"] for frame in error["stack"]] == [__file__]
        assert (inner["fault"], root["fault"], root["cause"]) == (True, True, error["id"])


def test_an_exception_raised_again_tells_its_own_trace(daemon: UDPDaemon) -> None:
    kept = ValueError("kept")

    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> None:
        raise kept

    seen = set()
    for _ in range(2):
        with pytest.raises(ValueError, match="kept"):
            handler({})
        (root,) = daemon.receive(1)
        seen.add(root["cause"]["exceptions"][0]["id"])
    assert len(seen) == 2


def test_an_exception_without_text_or_attributes_is_told(daemon: UDPDaemon) -> None:
    class Mute(Exception):
        __slots__ = ()

        def __str__(self) -> str:
            raise RuntimeError

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> None:
        raise Mute

    with pytest.raises(Mute):
        handler({})
    assert daemon.receive(1)[0]["cause"]["exceptions"][0]["message"] == "<its text could not be made: RuntimeError>"


def test_the_trace_goes_on_with_its_lineage(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> dict[str, str]:
        return current_span().propagation()

    header = handler({})["X-Amzn-Trace-Id"]
    (root,) = daemon.receive(1)
    assert header == f"Root={ROOT};Parent={root['id']};Sampled=1;Lineage={LINEAGE}"


@pytest.mark.parametrize("header", [UNSAMPLED, f"Root={ROOT}", "Sampled=1", "nonsense", None])
def test_what_is_not_sampled_leaves_no_trace(
    header: str | None, daemon: UDPDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID")

    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> tuple[int, bool, dict[str, str]]:
        with capture("block") as span:
            span.annotate("a", 1)
            span.metadata("b", 2)
        return price(1), current_span().traced, current_span().propagation()

    assert handler({}, SimpleNamespace(_trace_header=header)) == (3, False, {})
    assert daemon.is_silent()


def test_the_sdk_is_imported_by_the_first_sampled_invocation_and_no_sooner() -> None:
    script = (
        "import os, sys; from lambdakit import lambda_handler; from lambdakit.middleware import tracing\n"
        "@lambda_handler(middleware=[tracing(patch=('boto3', 'httpx'))])\n"
        "def handler(event, context): return [m for m in sys.modules if m.startswith(('aws_', 'wrapt', 'botoc'))]\n"
        f"os.environ['_X_AMZN_TRACE_ID'] = {UNSAMPLED!r}\n"
        "assert handler({}) == [], handler({})\n"
        "@lambda_handler(middleware=[tracing()])\n"
        "def plain(event, context): return [m for m in sys.modules if m.startswith(('asyncio', 'wrapt', 'botoc'))]\n"
        f"os.environ['_X_AMZN_TRACE_ID'] = {HEADER!r}\n"
        "assert plain({}) == [], plain({})\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=True)


def test_one_hundred_async_invocations_at_once_keep_apart(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing()])
    async def handler(event: int, context: Any) -> None:
        current_span().annotate("Event", event)
        await asyncio.gather(*(look_up(str(event)) for _ in range(2)))
        with capture("block") as span:
            await asyncio.sleep(0)
            span.annotate("Event", event)

    async def all_at_once() -> None:
        await asyncio.gather(*(handler(number, context_of(number)) for number in range(100)))

    asyncio.run(all_at_once())
    check_apart(daemon.receive(400), per_trace=4)


def test_one_hundred_threads_keep_apart(daemon: UDPDaemon) -> None:
    ready = threading.Barrier(20)

    @lambda_handler(middleware=[tracing()])
    def handler(event: int, context: Any) -> None:
        if event < 20:
            ready.wait(10)
        current_span().annotate("Event", event)
        with capture("block") as span:
            span.annotate("Event", event)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: handler(number, context_of(number)), range(100)))
    check_apart(daemon.receive(200), per_trace=2)


def context_of(number: int) -> Any:
    return SimpleNamespace(_trace_header=f"Root=1-5759e988-{number:024x};Parent={number + 1:016x};Sampled=1")


def check_apart(documents: list[dict[str, Any]], per_trace: int) -> None:
    traces: dict[str, list[dict[str, Any]]] = {}
    for document in documents:
        traces.setdefault(document["trace_id"], []).append(document)
    assert len(traces) == 100
    assert len({document["id"] for document in documents}) == len(documents)
    for trace, members in traces.items():
        number = int(trace[-24:], 16)
        (root,) = [one for one in members if one["name"] == "## handler"]
        assert root["parent_id"] == f"{number + 1:016x}"
        assert len(members) == per_trace
        for one in members:
            assert one is root or one["parent_id"] == root["id"]
            assert one.get("annotations", {}).get("Event", number) == number


def test_a_thread_given_the_context_goes_on_in_the_trace(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> list[int]:
        with ThreadPoolExecutor(1) as pool:
            without = pool.submit(price, 1)
            within = pool.submit(contextvars.copy_context().run, price, 2)
            return [without.result(), within.result()]

    assert handler({}) == [3, 6]
    priced, root = daemon.receive(2)
    assert priced["parent_id"] == root["id"]
    assert daemon.is_silent()


def test_a_task_that_outlives_the_handler_is_told(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing()])
    async def handler(event: Any, context: Any) -> Any:
        return asyncio.ensure_future(look_up("late"))

    async def run() -> str:
        result: Any = await handler({}, None)
        return str(await result)

    assert asyncio.run(run()) == "LATE"
    root, late = daemon.receive(2)
    assert (root["name"], late["parent_id"]) == ("## handler", root["id"])


def test_a_document_too_large_goes_without_its_metadata(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> None:
        current_span().metadata("much", "x" * 70_000)

    handler({})
    (root,) = daemon.receive(1)
    assert "more than a datagram carries" in root["metadata"]["lambdakit"]["dropped"]


def test_metadata_of_any_kind_is_told(daemon: UDPDaemon) -> None:
    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> None:
        current_span().metadata("odd", [{1}, 2**70, 1j, b"x"])

    handler({})
    assert daemon.receive(1)[0]["metadata"]["default"]["odd"] == [[1], 2**70, "1j", "b'x'"]


@pytest.mark.parametrize("address", ["127.0.0.1:1", "no.such.host.invalid:2000", "nonsense"])
def test_an_unreachable_daemon_costs_a_warning_at_most(
    address: str, daemon: UDPDaemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(xray.daemon, "_warned", False)
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)

    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> int:
        return price(event)

    with caplog.at_level(logging.WARNING):
        assert [handler(1), handler(2)] == [3, 6]
    warnings = [record.getMessage() for record in caplog.records]
    if address == "127.0.0.1:1":
        assert warnings == []
    else:
        assert len(warnings) == 1
        assert f"the daemon's address is AWS_XRAY_DAEMON_ADDRESS={address}" in warnings[0]


def test_tracing_is_off_where_the_sdk_is_switched_off(daemon: UDPDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_XRAY_SDK_ENABLED", "false")

    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> int:
        return price(event)

    assert handler(1) == 3
    assert daemon.is_silent()


def test_provisioned_concurrency_has_no_cold_start(daemon: UDPDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "provisioned-concurrency")

    @lambda_handler(middleware=[tracing()])
    def handler(event: Any, context: Any) -> None: ...

    handler({})
    assert daemon.receive(1)[0]["annotations"]["ColdStart"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"servise": "x"}, "Tracing has no option 'servise'; did you mean 'service'"),
        ({"provider": "x-ray"}, "Tracing: provider cannot be 'x-ray'; did you mean 'xray'"),
        ({"patch": ["boto"]}, "Tracing: patch cannot be 'boto'; did you mean 'boto3'"),
        ({"patch": "httpx"}, r"patch is a sequence of names: patch=\('httpx',\)"),
        ({"response": "all"}, "response cannot be 'all'; it can be 'omit' or 'metadata'"),
        ({"sampling": "always"}, "sampling is for provider='otel'"),
    ],
)
def test_misuse_is_refused_when_it_is_written(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        tracing(**options)


def test_a_missing_extra_is_an_error_with_the_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tracer.PROVIDERS, "xray", ("no_such_sdk",))
    with pytest.raises(MissingExtraError, match=r'needs no_such_sdk, .*: pip install "lambdakit\[xray\]"'):
        lambda_handler(middleware=[tracing()])(lambda event, context: None)
    monkeypatch.setitem(tracer.PROVIDERS, "xray", ())
    monkeypatch.setitem(tracer.PATCHES, "boto3", ("no_such_parent.core", "aws", ""))
    with pytest.raises(MissingExtraError, match=r'pip install "lambdakit\[aws\]"'):
        lambda_handler(middleware=[tracing(patch=("boto3",))])(lambda event, context: None)


def test_misuse_of_capture_is_refused(daemon: UDPDaemon) -> None:
    def numbers() -> Iterator[int]:
        yield 1

    with pytest.raises(UsageError, match="numbers is a generator function"):
        capture(numbers)
    with pytest.raises(UsageError, match="capture takes a name or a function, not int"):
        capture(1)  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="needs a name"), capture():
        pass
    once = capture("once")
    with once, pytest.raises(UsageError, match="is under way already"), once:
        pass


def test_the_modules_example_is_true(daemon: UDPDaemon) -> None:
    example = (tracer.__doc__ or "").split("\n\n    ", 1)[1].split("\n\nWhether", 1)[0]
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(textwrap.dedent("    " + example), "example", "exec", dont_inherit=True), names)
    assert names["handler"]({"amount": 2}) == 6
    stock, priced, root = daemon.receive(3)
    assert [one["name"] for one in (stock, priced, root)] == ["look up", "## price", "## handler"]
    assert stock["metadata"] == {"default": {"order": {"amount": 2}}}
    assert (priced["annotations"], root["annotations"]["Service"]) == ({"Currency": "EUR"}, "orders")


def test_a_captured_function_keeps_what_it_was() -> None:
    assert (price.__name__, price.__module__, price(2)) == ("price", __name__, 6)
    assert asyncio.run(look_up("a")) == "A"
