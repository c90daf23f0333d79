"""WebSocket APIs: their events, and the WebSocket route of a Starlette application."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from lambdakit.http import asgi
from lambdakit.http.asgi_websocket import END_OF_EVENT
from tests.http.gateway_server import CREDENTIALS, Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.websockets import WebSocket

notes: list[Any] = []


@pytest.fixture(autouse=True)
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    notes.clear()
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with Gateway() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield server


async def chat(socket: WebSocket) -> None:
    if socket.query_params.get("token") == "denied":
        await socket.close()
        return
    if socket.query_params.get("token") == "explained":
        await socket.send_denial_response(PlainTextResponse("pay first", 402))
        return
    await socket.accept("chat.v1" if "chat.v1" in socket.scope["subprotocols"] else None)
    await socket.send_text("welcome")
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"], message.get("reason"))
            if message.get("text") == "fail":
                raise ValueError("secret")
            if message.get("text") == "bye":
                await socket.close()
                return
            if message.get("text") is not None:
                await socket.send_text(f"heard {message['text']}")
            else:
                await socket.send_bytes(message["bytes"][::-1])
    except WebSocketDisconnect as end:
        notes.append((end.code, end.reason))


handler = asgi(Starlette(routes=[WebSocketRoute("/chat", chat)]), websocket_path="/chat", lifespan="off")


def event_of(kind: str, **fields: Any) -> dict[str, Any]:
    context = {
        "routeKey": "$default" if kind == "MESSAGE" else f"${kind.lower()}",
        "eventType": kind,
        "connectionId": "c-1=",
        "connectedAt": 1700000000000,
        "requestTimeEpoch": 1700000000000,
        "requestId": "r",
        "stage": "beta",
        "apiId": "a",
        "domainName": "a.execute-api.eu-west-1.amazonaws.com",
        "identity": {"sourceIp": "192.0.2.7"},
        **{name: fields.pop(name) for name in ("disconnectStatusCode", "disconnectReason") if name in fields},
    }
    return {"requestContext": context, "isBase64Encoded": False, **fields}


def answer(kind: str, **fields: Any) -> Any:
    return asyncio.run(handler(event_of(kind, **fields), None))


def test_a_connect_is_accepted(caplog: pytest.LogCaptureFixture) -> None:
    assert answer("CONNECT") == {"statusCode": 200}
    assert notes == [(END_OF_EVENT, "end of the event")]
    assert caplog.messages == ["a message sent at CONNECT reaches no client"]
    headers = {"Sec-WebSocket-Protocol": ["chat.v0, chat.v1"]}
    accepted = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.v1"}}
    assert answer("CONNECT", multiValueHeaders=headers) == accepted


def test_a_connect_is_refused() -> None:
    assert answer("CONNECT", queryStringParameters={"token": "denied"}) == {"statusCode": 403}
    explained = answer("CONNECT", multiValueQueryStringParameters={"token": ["explained"]})
    assert explained == {"statusCode": 402, "body": "pay first"}


def test_a_message_is_answered_by_the_management_api(gateway: Gateway) -> None:
    assert answer("MESSAGE", body="hello") == {"statusCode": 200}
    assert answer("MESSAGE", body="aGk=", isBase64Encoded=True) == {"statusCode": 200}
    target = "/@connections/c-1%3D"
    assert gateway.seen == [("POST", target, b"heard hello"), ("POST", target, b"ih")]
    assert notes == [(END_OF_EVENT, "end of the event")] * 2


def test_a_connection_is_closed_by_the_management_api(gateway: Gateway) -> None:
    assert answer("MESSAGE", body="bye") == {"statusCode": 200}
    assert [method for method, _, _ in gateway.seen] == ["DELETE"]
    gateway.answers = [(410, b"")]
    assert answer("MESSAGE", body="bye") == {"statusCode": 200}


def test_a_client_that_has_gone_is_a_disconnect(gateway: Gateway) -> None:
    gateway.answers = [(410, b"")]
    assert answer("MESSAGE", body="hello") == {"statusCode": 200}
    assert [code for code, _ in notes] == [1006]


def test_a_disconnect_has_its_code() -> None:
    assert answer("DISCONNECT", disconnectStatusCode=1001, disconnectReason="away") == {"statusCode": 200}
    assert answer("DISCONNECT") == {"statusCode": 200}
    assert notes == [(1001, "away"), (1005, "")]


def test_what_fails_is_logged_and_500(caplog: pytest.LogCaptureFixture) -> None:
    assert answer("MESSAGE", body="fail") == {"statusCode": 500}
    assert "secret" in caplog.text


def test_the_scope_and_the_state() -> None:
    found: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["shared"] = 1
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        found.append(scope)
        await send({"type": "websocket.close"})

    async def life() -> None:
        adapted = asgi(app)
        await adapted(event, "context")
        await adapted.stop()

    headers = {"Host": ["a.example:8443"], "X-Name": ["1", "2"]}
    event = event_of("CONNECT", multiValueHeaders=headers, queryStringParameters={"q": "a b"})
    asyncio.run(life())
    assert found == [
        {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss",
            "path": "/beta/",
            "raw_path": b"/beta/",
            "root_path": "/beta",
            "query_string": b"q=a+b",
            "headers": [(b"host", b"a.example:8443"), (b"x-name", b"1"), (b"x-name", b"2")],
            "client": ("192.0.2.7", 0),
            "server": ("a.example", 8443),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
            "state": {"shared": 1},
            "aws.event": event,
            "aws.context": "context",
        }
    ]


@pytest.mark.parametrize(
    ("messages", "logged"), [([], "neither accepted nor closed"), (["x"], "unexpected ASGI message")]
)
def test_an_application_that_does_not_decide_is_500(
    messages: list[str], logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for kind in messages:
            await send({"type": kind})

    assert asyncio.run(asgi(app, lifespan="off")(event_of("CONNECT"), None)) == {"statusCode": 500}
    assert logged in caplog.text
