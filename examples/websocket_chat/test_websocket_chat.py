from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.http.gateway_server import CREDENTIALS, Gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with Gateway("us-east-1") as server:
        yield server


@pytest.fixture
def chat(invoke: Any, event: Any, gateway: Gateway, tmp_path: Path) -> Callable[..., Any]:
    """`chat(connection id, route, message)`: the function's answer."""
    database = str(tmp_path / "chat.sqlite")

    def send(connection_id: str, route: str, message: Any = None) -> Any:
        context = {**event["requestContext"], "connectionId": connection_id, "routeKey": route}
        sent: dict[str, Any] = {"requestContext": context, "isBase64Encoded": False}
        if route == "$connect":
            sent = {
                **event,
                "requestContext": context,
                "multiValueQueryStringParameters": message and {"name": [message]},
            }
            sent["queryStringParameters"] = message and {"name": message}
        elif message is not None:
            sent["body"] = json.dumps(message)
        variables = {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": gateway.url, "CHAT_DATABASE": database}
        result = invoke(sent, **variables)
        assert result.function_error is None, result.payload
        return json.loads(result.payload)

    return send


def test_who_says_a_name_may_join(chat: Any) -> None:
    assert chat("a=", "$connect", "ann") == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.v1"}}
    assert chat("b=", "$connect") == {"statusCode": 400}


def test_everybody_else_hears_what_is_said(chat: Any, gateway: Gateway) -> None:
    for connection_id, name in (("a=", "ann"), ("b=", "bob"), ("c=", "cem")):
        chat(connection_id, "$connect", name)
    assert chat("a=", "say", {"action": "say", "text": "hi"}) == {"statusCode": 200}
    heard = {"from": "ann", "text": "hi"}
    told = {target: json.loads(body) for _, target, body in gateway.seen}
    assert told == {"/@connections/b%3D": heard, "/@connections/c%3D": heard}


def test_who_has_gone_is_forgotten(chat: Any, gateway: Gateway) -> None:
    for connection_id, name in (("a=", "ann"), ("b=", "bob"), ("c=", "cem")):
        chat(connection_id, "$connect", name)
    chat("c=", "$disconnect")
    gateway.answers.append((410, b""))
    chat("a=", "say", {"action": "say", "text": "hi"})
    assert [target for _, target, _ in gateway.seen] == ["/@connections/b%3D"]
    chat("a=", "who", {"action": "who"})
    assert gateway.seen[-1] == ("POST", "/@connections/a%3D", b'["ann"]')


def test_what_is_no_message_is_told(chat: Any, gateway: Gateway) -> None:
    assert chat("a=", "say", {"action": "say"}) == {"statusCode": 400}
    assert json.loads(gateway.seen[-1][2])["errors"] == [{"path": "$.text", "detail": "missing, expected str"}]
    chat("a=", "$default", "hello?")
    assert "error" in json.loads(gateway.seen[-1][2])
