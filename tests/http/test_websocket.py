"""A function behind a WebSocket API: which handler takes an event, what it is given, what is answered."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit import Context
from lambdakit.events import WebSocketEvent  # noqa: TC001
from lambdakit.exceptions import ResponseError, UsageError, WrongSourceError
from lambdakit.http import Connection, WebSocketApp  # noqa: TC001
from tests.http.gateway_server import CREDENTIALS, Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Say:
    text: str
    times: int = 1


def connected(**headers: str) -> dict[str, Any]:
    return {
        "headers": headers,
        "requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "connectionId": "c1", "stage": "prod"},
        "isBase64Encoded": False,
    }


def message(body: Any, route: str = "say", **more: Any) -> dict[str, Any]:
    return {
        "requestContext": {"routeKey": route, "eventType": "MESSAGE", "connectionId": "c1", "stage": "prod"},
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
        **more,
    }


GONE = {"requestContext": {"routeKey": "$disconnect", "eventType": "DISCONNECT", "connectionId": "c1", "stage": "prod"}}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with Gateway() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", server.url)
        yield server


def test_each_event_goes_to_its_handler():
    ws = WebSocketApp()
    seen: list[str] = []

    @ws.connect
    def joined(event: WebSocketEvent) -> None:
        seen.append(f"connect {event.request_context.connection_id}")

    @ws.disconnect
    def left(connection: Connection) -> None:
        seen.append(f"disconnect {connection.id}")

    @ws.route("say")
    def say(body: Say) -> None:
        seen.append(f"say {body}")

    @ws.default
    def other(body: str) -> None:
        seen.append(f"default {body}")

    for event in (connected(), message({"text": "hi"}), message("plain", "$default"), message("x", "unknown"), GONE):
        assert ws(event) == {"statusCode": 200}
    assert seen == ["connect c1", "say Say(text='hi', times=1)", "default plain", "default x", "disconnect c1"]
    assert say(Say("a")) is None  # the function stays what it is


def test_without_handlers_clients_may_connect_and_messages_are_not_found():
    ws = WebSocketApp()
    assert ws(connected()) == {"statusCode": 200}
    assert ws(GONE) == {"statusCode": 200}
    assert ws(message("x")) == {"statusCode": 404}


def test_another_source_is_refused():
    with pytest.raises(WrongSourceError, match="comes from sqs"):
        WebSocketApp()({"Records": [{"eventSource": "aws:sqs"}]})


@pytest.mark.parametrize(
    ("returned", "answered"),
    [
        (None, {"statusCode": 200}),
        (True, {"statusCode": 200}),
        (False, {"statusCode": 403}),
        (401, {"statusCode": 401}),
        (204, {"statusCode": 204}),
        ("b", {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "b"}}),
        ({"statusCode": 429, "headers": {"x": "y"}}, {"statusCode": 429, "headers": {"x": "y"}}),
    ],
)
def test_what_a_connect_answers(returned: Any, answered: Any):
    ws = WebSocketApp()

    @ws.connect
    def joined(event: WebSocketEvent) -> Any:
        return returned

    assert ws(connected(**{"Sec-WebSocket-Protocol": "a, b"})) == answered


@pytest.mark.parametrize("handled", [True, False])
def test_the_first_subprotocol_of_ours_that_is_offered_is_accepted(handled: bool):
    ws = WebSocketApp(subprotocols=["v2", "v1"])
    if handled:
        ws.connect(lambda event: None)
    event = connected(**{"sec-websocket-protocol": "v0, v1,v2"})
    assert ws(event) == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "v2"}}
    assert ws(connected(**{"Sec-WebSocket-Protocol": "other"})) == {"statusCode": 200}
    assert ws(connected()) == {"statusCode": 200}


def test_a_subprotocol_that_was_not_offered_is_an_error():
    ws = WebSocketApp()
    ws.connect(lambda event: "v9")
    with pytest.raises(ResponseError, match=r"offered the subprotocols \['v1'\]"):
        ws(connected(**{"Sec-WebSocket-Protocol": "v1"}))


def test_an_answer_to_a_connect_that_is_none_is_an_error():
    ws = WebSocketApp()
    ws.connect(lambda event: ["x"])
    with pytest.raises(ResponseError, match="a connect returned list"):
        ws(connected())


@pytest.mark.parametrize(
    ("returned", "answered"),
    [
        (None, {"statusCode": 200}),
        ("text", {"statusCode": 200, "body": "text"}),
        (b"\x00", {"statusCode": 200, "body": "AA==", "isBase64Encoded": True}),
        ({"n": 1}, {"statusCode": 200, "body": '{"n": 1}'}),
        ([1], {"statusCode": 200, "body": "[1]"}),
        (7, {"statusCode": 200, "body": "7"}),
        ({"statusCode": 500}, {"statusCode": 500}),
    ],
)
def test_what_a_message_answers(returned: Any, answered: Any):
    ws = WebSocketApp()
    ws.route("say")(lambda event: returned)
    assert ws(message("x")) == answered


def test_the_message_comes_as_its_type_says():
    ws = WebSocketApp()
    given: list[Any] = []
    for route, kind in (("typed", Say), ("list", list[int]), ("text", str), ("bytes", bytes), ("any", Any)):

        def take(body: Any) -> None:
            given.append(body)

        take.__annotations__["body"] = kind
        ws.route(route)(take)
    ws(message({"text": "a", "times": 2, "more": 1}, "typed"))
    ws(message([1, 2], "list"))
    ws(message("é", "text"))
    ws(message(base64.b64encode(b"\xff").decode(), "bytes", isBase64Encoded=True))
    ws(message({"x": None}, "any"))
    assert given == [Say("a", 2), [1, 2], "é", b"\xff", {"x": None}]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"text": 1, "times": "x"}, {"$.text": "expected str, got int", "$.times": "expected int, got str"}),
        ("{", None),
        ("", None),
        ([], {"$": "expected Say, got array"}),
        ("\x1f\x8b zipped", None),
    ],
)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_bad_message_is_answered_with_every_fault(body: Any, faults: Any, kind: str):
    ws = WebSocketApp()

    def say(body: Say) -> None:
        raise AssertionError("not called")

    async def say_async(body: Say) -> None:
        raise AssertionError("not called")

    ws.route("say")(say if kind == "sync" else say_async)
    answer = ws(message(body))
    answer = asyncio.run(answer) if kind == "async" else answer
    assert answer["statusCode"] == 400
    told = json.loads(answer["body"])
    assert (told["status"], told["title"]) == (400, "Bad Request")
    found = {error["path"]: error["detail"] for error in told["errors"]}
    if faults is None:
        assert list(found) == ["$"]
        assert found["$"].startswith("not JSON")
    else:
        assert found == faults


@given(
    st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)), st.booleans()
)
def test_no_message_is_a_server_error(body: str, is_base64: bool):
    ws = WebSocketApp()
    ws.route("say")(_takes_message)
    ws.default(_echo)
    for route in ("say", "$default"):
        assert ws(message(body, route, isBase64Encoded=is_base64))["statusCode"] in (200, 400)


def test_text_that_is_none_is_a_bad_message():
    ws = WebSocketApp()

    @ws.default
    def take(body: str) -> None:
        raise AssertionError("not called")

    answer = ws(message(base64.b64encode(b"\xff").decode(), isBase64Encoded=True))
    assert answer["statusCode"] == 400
    assert "UTF-8" in answer["body"]


def test_every_parameter_is_found_by_annotation_or_name():
    ws = WebSocketApp()
    context = Context("id")

    @ws.route("all")
    def everything(
        first: Say,
        asked: WebSocketEvent[Say],
        who: Connection,
        here: nowhere.Context,  # type: ignore[name-defined]  # noqa: F821
        *,
        context: Context[Any],
    ) -> Any:
        assert asked.request_context.route_key == "all"
        assert asked.payload == first
        assert here is context
        return who.id

    @ws.route("names")
    def names(connection, event, context):  # type: ignore[no-untyped-def]
        return [connection.id, event.request_context.route_key, context.aws_request_id]

    assert ws(message({"text": "x"}, "all"), context)["body"] == "c1"
    assert json.loads(ws(message("", "names"), context)["body"]) == ["c1", "names", "id"]


def test_what_cannot_be_called_is_refused_when_it_is_registered():
    ws = WebSocketApp()
    with pytest.raises(UsageError, match="'thing' could be anything, as it has no annotation"):
        ws.route("a")(lambda thing: None)
    with pytest.raises(UsageError, match="bring no message"):
        ws.connect(_takes_message)
    with pytest.raises(UsageError, match="'one' is the message already"):
        ws.route("b")(_takes_two)
    with pytest.raises(UsageError, match="not int"):
        ws.route("c")(5)  # type: ignore[type-var]
    with pytest.raises(UsageError, match=r"written @ws\.connect"):
        ws.route("$connect")
    with pytest.raises(UsageError, match="no payload type"):
        ws.route("d")(_takes_callable)
    with pytest.raises(UsageError, match="cannot be resolved"):
        ws.route("e")(_takes_unknown)
    with pytest.raises(UsageError, match='is "route-response" or "push"'):
        WebSocketApp(replies="never")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="leave the slash out"):
        ws.route("p")(_takes_unnamed)
    ws.route("f")(_takes_message)
    with pytest.raises(UsageError, match="f has a handler"):
        ws.route("f")(_takes_message)


def _takes_message(message: Say) -> None: ...


def _takes_unnamed(message: Say, /) -> None: ...


def _takes_two(one: Say, two: str) -> None: ...


def _takes_callable(one: type) -> None: ...


def _takes_unknown(one: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def test_async_handlers_stand_beside_plain_ones(gateway: Gateway):
    ws = WebSocketApp()

    @ws.connect
    async def joined(event: WebSocketEvent) -> int:
        return 401

    @ws.route("say")
    async def say(body: Say, connection: Connection) -> None:
        await connection.send_async({"heard": body.text})

    @ws.default
    def other(body: str) -> str:
        return body

    assert asyncio.run(ws(connected())) == {"statusCode": 401}
    assert asyncio.run(ws(message({"text": "a"}))) == {"statusCode": 200}
    assert ws(message("x", "any")) == {"statusCode": 200, "body": "x"}
    assert gateway.seen == [("POST", "/@connections/c1", b'{"heard": "a"}')]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_replies_are_pushed_where_that_is_asked_for(gateway: Gateway, kind: str):
    ws = WebSocketApp(replies="push")

    def say(body: Say) -> Any:
        return body.text or None

    async def say_async(body: Say) -> Any:
        return say(body)

    ws.route("say")(say if kind == "sync" else say_async)

    def call(event: Any) -> Any:
        answer = ws(event)
        return asyncio.run(answer) if kind == "async" else answer

    assert call(message({"text": "hi"})) == {"statusCode": 200}
    assert call(message({"text": ""})) == {"statusCode": 200}
    assert call(message({"text": 5})) == {"statusCode": 400}
    assert ws(connected()) == {"statusCode": 200}
    assert [body for _, _, body in gateway.seen[:1]] == [b"hi"]
    assert len(gateway.seen) == 2
    assert json.loads(gateway.seen[1][2])["errors"] == [{"path": "$.text", "detail": "expected str, got int"}]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_reply_to_a_client_that_has_gone_is_no_error(gateway: Gateway, kind: str):
    gateway.answers.append((410, b""))
    ws = WebSocketApp(replies="push")

    async def awaited(event: WebSocketEvent) -> str:
        return "x"

    ws.default((lambda event: "x") if kind == "sync" else awaited)
    answer = ws(message("x"))
    assert (asyncio.run(answer) if kind == "async" else answer) == {"statusCode": 200}


def test_middleware_is_around_every_handler():
    seen: list[Any] = []

    def watch(event: Any, context: Any, call_next: Any) -> Any:
        seen.append((event.request_context.route_key, result := call_next(event, context)))
        return result

    ws = WebSocketApp(middleware=[watch])
    ws.connect(lambda event: None)
    ws.route("say")(_echo)
    ws(connected())
    ws(message("hi"))
    assert seen == [("$connect", None), ("say", "hi")]


def _echo(body: str) -> str:
    return body
