"""WebSocket functions and authorizers under lambdakit's runtime and AWS's own client: the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fake_runtime_api import Event
from tests.http.gateway_server import CREDENTIALS, Gateway
from tests.http.test_authorizers import HTTP, REST, TOKEN, policy
from tests.http.test_websocket import GONE, connected, message
from tests.runtime_process import OFFICIAL, OURS, run_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

APP = """
from dataclasses import dataclass
from lambdakit.events import TokenAuthorizerEvent, WebSocketEvent
from lambdakit.http import Connection, Grant, WebSocketApp, authorizer

@dataclass
class Say:
    text: str

ws = WebSocketApp(subprotocols=["v1"])

@ws.connect
async def joined(event: WebSocketEvent):
    return None if event.header("sec-websocket-protocol") else 401

@ws.route("say")
async def say(message: Say, connection: Connection):
    await connection.send_async(message.text)

@ws.default
def other(message: str, connection: Connection):
    connection.send(message)
    return message

@authorizer
async def check(event, context):
    if isinstance(event, TokenAuthorizerEvent):
        return None
    return Grant("ann", {"n": 1})
"""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        yield server


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["ours", "official"])
def test_a_websocket_app(gateway: Gateway, command: Any) -> None:
    events = [
        connected(**{"Sec-WebSocket-Protocol": "v1"}),
        connected(),
        message({"text": "first"}),
        message({"text": "second"}),
        message({"text": 3}),
        message("third", "$default"),
        GONE,
    ]
    env = {**CREDENTIALS, "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": gateway.url}
    run = run_runtime(APP, map(Event, events), handler="app.ws", command=command, env=env)
    posts = [post for post in run.posts if post.call == "response"]
    assert len(posts) == len(events), run.stdout + run.stderr
    assert [post.json()["statusCode"] for post in posts] == [200, 401, 200, 200, 400, 200, 200]
    assert posts[0].json()["headers"] == {"Sec-WebSocket-Protocol": "v1"}
    assert posts[5].json()["body"] == "third"
    assert [body for _, _, body in gateway.seen] == [b"first", b"second", b"third"]


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["ours", "official"])
def test_an_authorizer(command: Any) -> None:
    run = run_runtime(APP, map(Event, (REST, HTTP, TOKEN)), handler="app.check", command=command)
    rest, http, token = (post for post in run.posts if post.call in ("response", "error"))
    assert rest.json() == policy("Allow", "ann", context={"n": 1})
    assert http.json() == {"isAuthorized": True, "context": {"n": 1}}
    # Exactly this text makes API Gateway answer 401.
    assert (token.call, token.json()["errorMessage"]) == ("error", "Unauthorized")
