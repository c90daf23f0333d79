"""CloudFront as a front door of adapted applications."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lambdakit.events.edge_rules import check_response
from lambdakit.exceptions import ResponseTooLargeError, WrongSourceError
from lambdakit.http import asgi
from lambdakit.http.edge_door import EDGE_DOORS, any_front_door
from tests.http.door_events import Sent, event_of

EVENT = event_of("edge", Sent("POST", "/a", [("q", "1"), ("e", "")], [("x-a", "1")], body=b"\xff"))


def staged(stage: str | None) -> dict[str, Any]:
    cf = {**EVENT["Records"][0]["cf"], "config": {"eventType": stage}}
    return {"Records": [{"cf": cf}]}


def answer(headers: list[tuple[bytes, bytes]], body: bytes = b"", event: Any = EVENT) -> dict[str, Any]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    got: dict[str, Any] = asyncio.run(asgi(app, lifespan="off")(event, None))
    check_response(event["Records"][0]["cf"]["config"]["eventType"] or "origin-request", got, None)
    return got


def test_a_request_is_read() -> None:
    door = any_front_door(EVENT)
    assert door is EDGE_DOORS["origin-request"]
    assert (door.query(EVENT), door.raw_query(EVENT)) == ([("q", "1"), ("e", "")], "q=1&e=")
    assert (door.body(EVENT), door.protocol(EVENT), door.mount(EVENT)) == (b"\xff", None, "")


def test_a_text_body_and_none() -> None:
    request = EVENT["Records"][0]["cf"]["request"]
    text = {"Records": [{"cf": {"request": {**request, "body": {"encoding": "text", "data": "é"}}}}]}
    none = {"Records": [{"cf": {"request": {key: value for key, value in request.items() if key != "body"}}}]}
    door = EDGE_DOORS["viewer-request"]
    assert (door.body(text), door.body(none)) == ("é".encode(), b"")


def test_an_answer_keeps_every_value_and_nothing_that_cloudfront_refuses() -> None:
    headers = [(b"set-cookie", b"a=1"), (b"vary", b"a"), (b"vary", b"b"), (b"set-cookie", b"b=2"), (b"via", b"me")]
    headers += [(b"content-length", b"2"), (b"connection", b"close"), (b"x-edge-x", b"1"), (b"transfer-encoding", b"x")]
    assert answer([(b"content-type", b"text/plain"), *headers], b"hi") == {
        "status": "200",
        "statusDescription": "OK",
        "headers": {
            "content-type": [{"key": "content-type", "value": "text/plain"}],
            "vary": [{"key": "vary", "value": "a"}, {"key": "vary", "value": "b"}],
            "set-cookie": [{"key": "set-cookie", "value": "a=1"}, {"key": "set-cookie", "value": "b=2"}],
        },
        "body": "hi",
        "bodyEncoding": "text",
    }
    assert answer([], b"\xff")["bodyEncoding"] == "base64"
    assert "body" not in answer([])


@pytest.mark.parametrize(("stage", "size"), [("viewer-request", 41_000), ("origin-request", 1_050_000)])
def test_each_stage_has_its_limit(stage: str, size: int) -> None:
    assert any_front_door(staged(stage)) is EDGE_DOORS[stage]
    assert len(answer([(b"content-type", b"text/plain")], b"x" * 40_000, staged(stage))["body"]) == 40_000
    with pytest.raises(ResponseTooLargeError, match=stage):
        answer([(b"content-type", b"text/plain")], b"x" * size, staged(stage))


@pytest.mark.parametrize(
    "event",
    [
        {"Records": [{"cf": {"config": {"eventType": "viewer-response"}, "request": {}, "response": {}}}]},
        {"Records": []},
        {"Records": "x"},
        {"Records": [{"s3": {}}]},
        [],
        None,
    ],
)
def test_another_event_is_named(event: Any) -> None:
    with pytest.raises(WrongSourceError):
        any_front_door(event)


def test_other_front_doors_are_found() -> None:
    assert any_front_door(event_of("alb", Sent())).name == "alb"
