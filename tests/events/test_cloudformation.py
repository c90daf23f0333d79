from __future__ import annotations

import asyncio
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events.cloudformation import (
    CustomResourceEvent,
    cloudformation_macro,
    custom_resource,
)
from lambdakit.events.cloudformation_answer import ATTEMPTS, CUT, MAX_BODY, MAX_PHYSICAL_ID, answer_body
from lambdakit.exceptions import ResponseError, UsageError, WrongSourceError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from lambdakit.events.cloudformation import MacroEvent


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


class Bucket:
    """What stands behind ResponseURL: takes PUTs, answering with the next of `statuses`, else 200."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.types: list[str | None] = []
        self.statuses: list[int] = []
        self.arrived = threading.Event()
        # Set when the last of `statuses` is given out.
        self.refused = threading.Event()
        bucket = self

        class Put(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                bucket.types.append(self.headers["content-type"])
                bucket.answers.append(json.loads(body))
                self.send_response(bucket.statuses.pop(0) if bucket.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()
                bucket.arrived.set()
                if not bucket.statuses:
                    bucket.refused.set()

            def log_message(self, format: str, *args: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Put)
        self.url = f"http://127.0.0.1:{self.server.server_port}/signed?Signature=a%2Fb"


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    bucket = Bucket()
    thread = threading.Thread(target=bucket.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield bucket
    bucket.server.shutdown()
    thread.join()
    bucket.server.server_close()


class Context:
    def __init__(self, remaining: int) -> None:
        self.remaining = remaining

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


def request(bucket: Bucket | None = None, kind: str = "Create", **more: Any) -> dict[str, Any]:
    raw = {
        "RequestType": kind,
        "StackId": "arn:stack",
        "RequestId": "r-1",
        "ResourceType": "Custom::Thing",
        "LogicalResourceId": "Thing",
        "ResourceProperties": {"Size": "1"},
        **more,
    }
    return raw if bucket is None else {**raw, "ResponseURL": bucket.url}


def test_success_is_put(bucket: Bucket) -> None:
    @custom_resource
    def handler(event: CustomResourceEvent, context: Any) -> dict[str, Any]:
        return event.answer({"Name": "x"}, no_echo=True)

    handler(request(bucket), Context(30_000))  # type: ignore[arg-type]
    assert bucket.answers == [
        {
            "Status": "SUCCESS",
            "PhysicalResourceId": "Thing-r-1",
            "StackId": "arn:stack",
            "RequestId": "r-1",
            "LogicalResourceId": "Thing",
            "NoEcho": True,
            "Data": {"Name": "x"},
        }
    ]
    assert bucket.types == [""]


def test_an_exception_is_answered_and_not_raised(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    @custom_resource
    def handler(event: CustomResourceEvent, context: Any) -> None:
        raise KeyError("Size")

    handler(request(bucket, "Update", PhysicalResourceId="id-7"))
    assert bucket.answers[0]["Status"] == "FAILED"
    assert bucket.answers[0]["Reason"] == "KeyError: 'Size'"
    assert bucket.answers[0]["PhysicalResourceId"] == "id-7"
    assert "KeyError" in caplog.text


def test_an_async_function_is_answered_for(bucket: Bucket) -> None:
    @custom_resource(middleware=[])
    async def good(event: CustomResourceEvent, context: Any) -> None: ...

    @custom_resource
    async def bad(event: CustomResourceEvent, context: Any) -> None:
        raise ValueError("no")

    asyncio.run(good(request(bucket)))  # type: ignore[arg-type]
    asyncio.run(bad(request(bucket)))  # type: ignore[arg-type]
    assert [answer["Status"] for answer in bucket.answers] == ["SUCCESS", "FAILED"]


def test_a_slow_function_is_answered_for_before_the_timeout(bucket: Bucket) -> None:
    @custom_resource(answer_before=10.0)
    def handler(event: CustomResourceEvent, context: Any) -> None:
        assert bucket.arrived.wait(10)

    @custom_resource(answer_before=10.0)
    async def later(event: CustomResourceEvent, context: Any) -> None:
        assert await asyncio.to_thread(bucket.arrived.wait, 10)

    handler(request(bucket), Context(100))  # type: ignore[arg-type]
    bucket.arrived.clear()
    asyncio.run(later(request(bucket), Context(100)))  # type: ignore[arg-type]
    assert [answer["Status"] for answer in bucket.answers] == ["FAILED"] * 2
    assert all("timeout" in answer["Reason"] for answer in bucket.answers)


def test_the_end_tries_again_where_the_alarm_could_not_send(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    @custom_resource(answer_before=10.0)
    def handler(event: CustomResourceEvent, context: Any) -> None:
        assert bucket.refused.wait(10)

    bucket.statuses = [500] * ATTEMPTS
    handler(request(bucket), Context(100))  # type: ignore[arg-type]
    assert [answer["Status"] for answer in bucket.answers] == ["FAILED"] * ATTEMPTS + ["SUCCESS"]
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(10)
    assert "500" in caplog.text


def test_a_result_that_cannot_be_sent_is_a_failure(bucket: Bucket) -> None:
    @custom_resource
    def large(event: CustomResourceEvent, context: Any) -> dict[str, Any]:
        return event.answer({"Text": "x" * MAX_BODY})

    @custom_resource
    def wrong(event: CustomResourceEvent, context: Any) -> dict[str, Any]:
        return {"Name": "x"}

    large(request(bucket))
    wrong(request(bucket))
    assert [answer["Status"] for answer in bucket.answers] == ["FAILED", "FAILED"]
    assert "at most 4096 bytes" in bucket.answers[0]["Reason"]
    assert "values go under Data" in bucket.answers[1]["Reason"]


def test_the_limit_from_both_sides() -> None:
    event = CustomResourceEvent(request())
    fields: dict[str, Any] = {"PhysicalResourceId": "p", "Data": {"t": ""}}
    room = MAX_BODY - len(answer_body(event, fields))
    assert len(answer_body(event, {**fields, "Data": {"t": "x" * room}})) == MAX_BODY
    with pytest.raises(ResponseError, match="4097"):
        answer_body(event, {**fields, "Data": {"t": "x" * (room + 1)}})


def test_the_limit_of_an_id_from_both_sides() -> None:
    event = CustomResourceEvent(request())
    assert answer_body(event, {"PhysicalResourceId": "p" * MAX_PHYSICAL_ID})
    with pytest.raises(ResponseError, match="PhysicalResourceId may have at most 1024 bytes"):
        answer_body(event, {"PhysicalResourceId": "é" * (MAX_PHYSICAL_ID // 2) + "p"})


# Plain text, text JSON makes longer, characters of two to four bytes, and half a character.
REASONS = ("x", '"', "\n", "\x00", "é", "\u20ac", "\U0001f600", "\ud83d", "a\n\u20ac")


@pytest.mark.parametrize("unit", REASONS, ids=ascii)
def test_a_long_reason_is_cut_to_the_byte(unit: str) -> None:
    event = CustomResourceEvent(request())
    body = answer_body(event, {"PhysicalResourceId": "p"}, f"ValueError: {unit * 5_000}")
    reason = json.loads(body)["Reason"]
    assert reason.startswith("ValueError: ")
    assert reason.endswith(CUT)
    # One unit more would not fit: no character is longer than twelve bytes of JSON.
    assert MAX_BODY - 12 < len(body) <= MAX_BODY


def test_a_reason_that_just_fits_is_whole() -> None:
    event, fields = CustomResourceEvent(request()), {"PhysicalResourceId": "p"}
    room = MAX_BODY - len(answer_body(event, fields, "x")) + 1
    whole, cut = (answer_body(event, fields, "x" * size) for size in (room, room + 1))
    assert json.loads(whole)["Reason"] == "x" * room
    assert len(whole) == len(cut) == MAX_BODY
    assert json.loads(cut)["Reason"] == "x" * (room - len(CUT)) + CUT


def test_a_failure_without_a_word_has_a_reason() -> None:
    assert (
        json.loads(answer_body(CustomResourceEvent(request()), {"PhysicalResourceId": "p"}, ""))["Reason"] == "failed"
    )


def test_a_failed_put_is_tried_again(bucket: Bucket) -> None:
    @custom_resource
    def handler(event: CustomResourceEvent, context: Any) -> None: ...

    bucket.statuses = [500, 503]
    handler(request(bucket))
    assert len(bucket.answers) == 3
    bucket.statuses = [500, 500, 500]
    with pytest.raises(Exception, match="500"):
        handler(request(bucket))


ENDINGS = (SystemExit(3), KeyboardInterrupt("stop"), asyncio.CancelledError("gone"), GeneratorExit("closed"))


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: type(ending).__name__)
def test_what_ends_the_process_or_the_task_is_answered_and_goes_on(bucket: Bucket, ending: BaseException) -> None:
    @custom_resource
    def handler(event: CustomResourceEvent, context: Any) -> None:
        raise ending

    @custom_resource
    async def later(event: CustomResourceEvent, context: Any) -> None:
        raise ending

    for call in (lambda: handler(request(bucket)), lambda: drive(later(request(bucket)))):  # type: ignore[arg-type]
        with pytest.raises(type(ending)):
            call()
    reason = f"{type(ending).__name__}: {ending}"
    assert [(answer["Status"], answer["Reason"]) for answer in bucket.answers] == [("FAILED", reason)] * 2


def drive(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that waits for nothing, with no loop to make something of what it raises."""
    coroutine.send(None)


def test_a_cancelled_task_is_answered_for(bucket: Bucket) -> None:
    @custom_resource
    async def handler(event: CustomResourceEvent, context: Any) -> None:
        await asyncio.Event().wait()

    async def cancelled() -> None:
        task = asyncio.ensure_future(handler(request(bucket)))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert bucket.answers[0]["Reason"].startswith("CancelledError")


def test_any_result_that_is_no_json_is_a_failure(bucket: Bucket) -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless

    @custom_resource
    def handler(event: CustomResourceEvent, context: Any) -> dict[str, Any]:
        return event.answer(event.properties and {"a": event.properties["make"]})

    for data in (object(), endless, {1, 2}):
        handler(request(bucket, ResourceProperties={"make": data}))
    assert [answer["Status"] for answer in bucket.answers] == ["FAILED"] * 3


def test_the_provider_framework_gets_the_answer_returned() -> None:
    @custom_resource
    def handler(event: CustomResourceEvent, context: Any) -> dict[str, Any]:
        assert event.response_url is None
        return event.answer({"a": 1}, is_complete=False)

    @custom_resource
    def failing(event: CustomResourceEvent, context: Any) -> None:
        raise ValueError("no")

    expected = {"Data": {"a": 1}, "IsComplete": False, "PhysicalResourceId": "Thing-r-1"}
    assert handler(request()) == expected
    with pytest.raises(ValueError, match="no"):
        failing(request())


def test_httpx_missing_is_said(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    @custom_resource
    def handler(event: CustomResourceEvent, context: Any) -> None:
        pytest.fail("nothing is to be made that cannot be answered for")

    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(UsageError, match=r"pip install 'lambdakit\[local\]'"):
        handler(request(bucket))


def test_misuse_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'answer_before'"):
        custom_resource(answer_befor=1.0)  # type: ignore[call-overload]

    @custom_resource
    def handler(event: CustomResourceEvent, context: Any) -> None: ...

    with pytest.raises(WrongSourceError, match="cloudformation-macro"):
        handler({"fragment": {}, "templateParameterValues": {}})


def test_a_macro_returns_its_fragment() -> None:
    raw = {
        "region": "eu-west-1",
        "accountId": "1",
        "fragment": {"Resources": {}},
        "transformId": "1::M",
        "params": {},
        "requestId": "q",
        "templateParameterValues": {},
    }

    @cloudformation_macro
    def handler(event: MacroEvent, context: Any) -> dict[str, Any]:
        return {**event.fragment, "Description": "x"}

    assert handler(raw) == {"requestId": "q", "status": "success", "fragment": {"Resources": {}, "Description": "x"}}

    @cloudformation_macro
    def failing(event: MacroEvent, context: Any) -> dict[str, Any]:
        return event.failed("no")

    assert failing(raw) == {"requestId": "q", "status": "failure", "errorMessage": "no"}
