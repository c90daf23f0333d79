"""The management API's client, against a server that reckons every signature itself."""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from datetime import datetime, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from pydantic import BaseModel

from lambdakit.events import WebSocketEvent
from lambdakit.exceptions import ConnectionGoneError, ConnectionsError, MissingExtraError, UsageError
from lambdakit.http import connections as module
from lambdakit.http.connections import Connections
from tests.http.gateway_server import CREDENTIALS, Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lambdakit.http.connections import Connection, ConnectionInfo

ID = "L0SM9cOFvHcCIhw="
INFO = (
    b'{"connectedAt":"2024-05-01T10:00:00.123Z","lastActiveAt":"2024-05-01T10:05:00Z",'
    b'"identity":{"sourceIp":"1.2.3.4","userAgent":"x"}}'
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for name in module.ENDPOINT_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 0.001)
    # No test is about slow answers, and the machine may be.
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 60.0)
    monkeypatch.setattr(module, "_sync", None)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        yield server


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Any:
    """`call(connection, "send", data)`, in both ways that there are."""

    def plain(connection: Connection, name: str, *arguments: Any) -> Any:
        return getattr(connection, name)(*arguments)

    def awaited(connection: Connection, name: str, *arguments: Any) -> Any:
        return asyncio.run(getattr(connection, f"{name}_async")(*arguments))

    return plain if request.param == "sync" else awaited


@pytest.mark.parametrize("stage", ["", "/prod", "/prod/"])
def test_every_call_is_signed_and_sent_to_the_connection(gateway: Gateway, call: Any, stage: str) -> None:
    connection = Connections(gateway.url + stage)[ID]
    call(connection, "send", "grüß")
    call(connection, "send", b"\x01")
    call(connection, "send", {"n": [1, None]})
    call(connection, "close")
    target = f"{stage.rstrip('/')}/@connections/L0SM9cOFvHcCIhw%3D"
    assert gateway.seen == [
        ("POST", target, "grüß".encode()),
        ("POST", target, b"\x01"),
        ("POST", target, b'{"n": [1, null]}'),
        ("DELETE", target, b""),
    ]


def test_awss_own_client_sends_the_same(gateway: Gateway) -> None:
    # A session of its own: the default one keeps the credentials that some other test had.
    session: Any = import_module("boto3.session").Session()
    endpoint = {"endpoint_url": f"{gateway.url}/prod", "region_name": gateway.region}
    with closing(session.client("apigatewaymanagementapi", **endpoint)) as client:
        client.post_to_connection(ConnectionId=ID, Data=b"x")
        client.delete_connection(ConnectionId=ID)
    theirs, gateway.seen = gateway.seen, []
    connection = Connections(f"{gateway.url}/prod")[ID]
    connection.send("x")
    connection.close()
    assert [(method, unquote(target), body) for method, target, body in theirs] == [
        (method, unquote(target), body) for method, target, body in gateway.seen
    ]


def test_what_is_known_of_a_connection_is_typed(gateway: Gateway, call: Any) -> None:
    gateway.answers.append((200, INFO))
    info: ConnectionInfo = call(Connections(gateway.url)[ID], "info")
    assert info.connected_at == datetime(2024, 5, 1, 10, 0, 0, 123000, timezone.utc)
    assert info.last_active_at == datetime(2024, 5, 1, 10, 5, tzinfo=timezone.utc)
    assert (info.source_ip, info.user_agent) == ("1.2.3.4", "x")
    assert repr(info) == "<connection of 1.2.3.4 since 2024-05-01 10:00:00.123000+00:00>"
    assert gateway.seen[0][0] == "GET"


def test_any_id_reaches_the_service_unchanged(gateway: Gateway) -> None:
    Connections(gateway.url + "/v1")["a/b c+ü%?#"].send("x")
    assert gateway.seen == [("POST", "/v1/@connections/a%2Fb%20c%2B%C3%BC%25%3F%23", b"x")]


def test_a_client_that_has_gone_is_told_by_its_own_error(gateway: Gateway, call: Any) -> None:
    gateway.answers.append((410, b""))
    with pytest.raises(ConnectionGoneError, match="forget this connection") as caught:
        call(Connections(gateway.url)[ID], "send", "x")
    assert (caught.value.connection_id, caught.value.status) == (ID, 410)
    assert len(gateway.seen) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_fails_for_a_while_is_tried_again(gateway: Gateway, call: Any, status: int) -> None:
    gateway.answers += [(status, b"")] * (module.ATTEMPTS - 1)
    call(Connections(gateway.url)[ID], "send", "x")
    assert len(gateway.seen) == module.ATTEMPTS


def test_what_goes_on_failing_is_an_error_with_its_status(gateway: Gateway, call: Any) -> None:
    gateway.answers += [(503, b"try later")] * module.ATTEMPTS
    with pytest.raises(ConnectionsError, match=r"503: try later") as caught:
        call(Connections(gateway.url)[ID], "send", "x")
    assert caught.value.status == 503
    assert type(caught.value) is ConnectionsError
    assert len(gateway.seen) == module.ATTEMPTS


@pytest.mark.parametrize(
    ("status", "advice"), [(403, "execute-api:ManageConnections"), (413, "128 KB"), (400, "stage")]
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(gateway: Gateway, status: int, advice: str) -> None:
    gateway.answers.append((status, b'{"message":"no"}'))
    with pytest.raises(ConnectionsError, match=advice):
        Connections(gateway.url)[ID].send("x")
    assert len(gateway.seen) == 1


def test_a_wrong_secret_is_refused(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(ConnectionsError, match="does not match"):
        Connections(gateway.url)[ID].send("x")


def test_a_service_that_is_not_there_is_tried_again_and_named(call: Any) -> None:
    with Gateway() as gone:
        url = gone.url
    with pytest.raises(ConnectionsError, match="did not answer") as caught:
        call(Connections(url)[ID], "send", "x")
    assert caught.value.status == 0
    assert url in str(caught.value)


@pytest.mark.parametrize(("name", "arguments", "times"), [("send", ("x",), 1), ("close", (), 4), ("info", (), 4)])
def test_what_may_have_arrived_is_sent_again_only_if_twice_is_once(
    gateway: Gateway, call: Any, monkeypatch: pytest.MonkeyPatch, name: str, arguments: Any, times: int
) -> None:
    def lost(*request: Any) -> Any:
        gateway.seen.append(("", "", b""))
        raise OSError

    monkeypatch.setattr(gateway, "answer", lost)
    monkeypatch.setattr("socketserver.BaseServer.handle_error", lambda *_: None)
    with pytest.raises(ConnectionsError, match="did not answer"):
        call(Connections(gateway.url)[ID], name, *arguments)
    assert len(gateway.seen) == times


def test_models_are_sent_as_json(gateway: Gateway) -> None:
    class Price(BaseModel):
        euros: int

    Connections(gateway.url)[ID].send([Price(euros=7)])
    assert gateway.seen[0][2] == b'[{"euros": 7}]'


def _event(domain: str = "abc.execute-api.eu-west-1.amazonaws.com") -> WebSocketEvent:
    return WebSocketEvent({"requestContext": {"domainName": domain, "stage": "prod", "connectionId": ID}})


def test_the_endpoint_and_the_region_come_from_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    own = Connections.of(_event())
    assert (own.endpoint, own.region) == ("https://abc.execute-api.eu-west-1.amazonaws.com/prod", "eu-west-1")
    custom = Connections.of(_event("ws.example.com"))
    assert (custom.endpoint, custom.region) == ("https://ws.example.com", "us-east-1")
    for number, name in enumerate(reversed(module.ENDPOINT_VARIABLES)):
        monkeypatch.setenv(name, f"http://127.0.0.1:{number}")
        assert Connections.of(_event()).endpoint == f"http://127.0.0.1:{number}"


def test_an_endpoint_without_a_region_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in module.REGION_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="region="):
        Connections("https://ws.example.com")[ID].send("x")
    assert Connections("https://ws.example.com", region="eu-north-1").region == "eu-north-1"


def test_credentials_come_from_the_whole_chain(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shared = tmp_path / "credentials"
    shared.write_text(
        f"[default]\naws_access_key_id={CREDENTIALS['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key={CREDENTIALS['AWS_SECRET_ACCESS_KEY']}\n"
        f"aws_session_token={CREDENTIALS['AWS_SESSION_TOKEN']}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    monkeypatch.setattr(module, "_chain", None)
    Connections(gateway.url)[ID].send("x")
    assert len(gateway.seen) == 1


@pytest.mark.parametrize("package", ["httpx", "botocore"])
def test_a_missing_package_is_named_with_the_command(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
    monkeypatch.setattr(module, "_sync", None)
    with pytest.raises(
        MissingExtraError, match=rf'{package}, which is not installed: pip install "lambdakit\[websocket\]"'
    ):
        Connections("https://x.example", region="eu-west-1")[ID].send("x")


def test_connections_are_equal_by_api_and_id() -> None:
    api = Connections("https://x.example", region="r")
    assert api["a"] == Connections("https://x.example/", region="r")["a"]
    assert len({api["a"], api["a"], api["b"]}) == 2
    assert repr(api["a"]) == "<connection a at https://x.example>"
    assert api["a"] != "a"
