"""The examples in the docstrings of connections, WebSocket, authorizers, tokens, middleware and events: they run."""

from __future__ import annotations

import asyncio
import doctest
import json
from collections.abc import AsyncIterator
from importlib import import_module
from textwrap import dedent
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import lambdakit.http
from lambdakit import Context, events
from lambdakit.http import connections as connections_module
from tests.http.gateway_server import CREDENTIALS, Gateway
from tests.http.requests_made import event_of, request_of
from tests.http.test_authorizers import HTTP
from tests.http.test_websocket import Say, connected, message
from tests.http.token_issuer import ISSUER, Issuer, jwk_of, token_for

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = (
    "authorizers",
    "bearer",
    "browser_headers",
    "compress",
    "connections",
    "cross_origin",
    "negotiation",
    "server_events",
    "websocket",
)


def documented(module: str, **names: Any) -> dict[str, Any]:
    """The names that the example of a module makes: the first indented block of its docstring, after its imports."""
    text = import_module(f"lambdakit.http.{module}").__doc__ or ""
    block: list[str] = []
    for line in text.splitlines()[1:]:
        if block and line and not line.startswith("    "):
            break
        if block or line.startswith("    "):
            block.append(line)
    public = {name: getattr(lambdakit.http, name) for name in lambdakit.http.__all__}
    known = {**public, **{name: getattr(events, name) for name in events.__all__ if name.endswith(("Event", "V2"))}}
    namespace: dict[str, Any] = {"Context": Context, **known, **names}
    exec(compile(dedent("\n".join(block)), module, "exec", dont_inherit=True), namespace)
    return namespace


@pytest.mark.parametrize("module", MODULES)
def test_doctests_hold(module: str):
    assert doctest.testmod(import_module(f"lambdakit.http.{module}")).failed == 0


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with Gateway() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", server.url)
        yield server


def test_connections(gateway: Gateway):
    text = (connections_module.__doc__ or "").split("\n\n")[1]
    lines = [line.strip() for line in text.splitlines()]
    lines[0] = f"connections = Connections({gateway.url!r})"
    body = "\n".join(f"    {line}" for line in lines)
    names = {"Connections": connections_module.Connections, "connection_id": "c1"}
    exec(f"async def example():\n{body}", names)
    example: Any = names["example"]
    asyncio.run(example())
    assert [sent for _, _, sent in gateway.seen] == [b'{"text": "hello"}', b"..."]


def test_websocket(gateway: Gateway):
    handler = documented("websocket", Say=Say)["handler"]
    assert handler({**connected(), "queryStringParameters": {"token": "t"}}) == {"statusCode": 200}
    assert handler(connected()) == {"statusCode": 401}
    assert handler(message({"text": "hi"})) == {"statusCode": 200}
    assert gateway.seen[0][2] == b'{"heard": "hi"}'


def test_authorizers():
    users = {"key": SimpleNamespace(name="ann", plan="pro")}
    check = documented("authorizers", users=users)["check"]
    assert check({**HTTP, "headers": {"X-Api-Key": "key"}}) == {"isAuthorized": True, "context": {"plan": "pro"}}
    assert check(HTTP) == {"isAuthorized": False}


def test_bearer():
    with Issuer(jwk_of("r1", "RS256")) as issuer:

        def local(**options: Any) -> Any:
            return lambdakit.http.BearerTokens(**{**options, "issuer": ISSUER, "jwks_url": issuer.url})

        made = documented("bearer", BearerTokens=local)
        token = token_for("ann", name="r1", kind="RS256", scope="orders:read")
        header = f"Bearer {token}"
        answer = made["app"](event_of("GET", "/me", authorization=header))
        assert json.loads(answer["body"]) == {"you": "ann"}
        assert made["app"](event_of("GET", "/me"))["statusCode"] == 401
        assert made["handler"]({**HTTP, "headers": {"authorization": header}})["isAuthorized"] is True


def test_cross_origin():
    app = documented("cross_origin")["app"]
    answer = app(event_of(origin="https://shop.example.com"))
    assert answer["headers"]["access-control-allow-origin"] == "https://shop.example.com"
    assert answer["headers"]["access-control-allow-credentials"] == "true"


def test_compress_and_browser_headers():
    app = documented("compress")["app"]
    app.get("/")(lambda: "x" * 5000)
    assert app(event_of(accept_encoding="gzip"))["headers"]["content-encoding"] == "gzip"
    app = documented("browser_headers")["app"]
    assert app(event_of())["headers"]["content-security-policy"] == "default-src 'self'; img-src *"


def test_negotiation():
    accept = "text/*;q=0.9, application/json;q=0.1"
    made = documented("negotiation", request=request_of(accept=accept))
    assert made["best_type"](request_of(accept=accept), "application/json", "text/csv") == "text/csv"


def test_server_events():
    app = lambdakit.http.HttpApp()
    documented("server_events", app=app, AsyncIterator=AsyncIterator)
    seen = []

    async def changes(since: str | None) -> Any:
        seen.append(since)
        yield lambdakit.http.ServerEvent({"price": 7}, event="price", id="42")

    vars_of_route = app.routes[0].function.__globals__
    vars_of_route["changes"] = changes
    answer = asyncio.run(app(event_of("GET", "/prices", last_event_id="41")))
    assert answer["body"] == 'event: price\nid: 42\ndata: {"price": 7}\n\n'
    assert seen == ["41"]
