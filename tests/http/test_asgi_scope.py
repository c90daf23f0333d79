"""What an ASGI application is told of a request, by every front door."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.http.asgi_scope import http_scope
from lambdakit.http.edge_door import any_front_door
from tests.http.door_events import CLIENT, DIALECTS, HOST, Sent, event_of

dialects = pytest.mark.parametrize("dialect", DIALECTS)
# Dialects that keep repeated headers apart; the others join them by a comma or keep the last.
APART = ("rest", "alb-multi", "lattice-v2")
SENT = Sent(
    "POST",
    "/caf%C3%A9/a%2Fb/",
    [("q", "a b&c"), ("empty", "")],
    [("x-name", "1")],
    ["a=1", "b=2"],
    b"body",
)


def scope_of(event: dict[str, Any], base_path: str = "") -> dict[str, Any]:
    return http_scope(any_front_door(event), event, "context", base_path)


@dialects
def test_a_request_is_told(dialect: str) -> None:
    event = event_of(dialect, SENT)
    scope = scope_of(event)
    headers = scope.pop("headers")
    assert parse_qsl(scope.pop("query_string").decode(), keep_blank_values=True) == SENT.query
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/café/a/b/",
        "raw_path": b"/caf%C3%A9/a%2Fb/",
        "root_path": "",
        "client": (CLIENT, 0),
        "server": (HOST, 443),
        "extensions": {},
        "aws.event": event,
        "aws.context": "context",
    }
    assert all(type(name) is bytes and name == name.lower() and type(value) is bytes for name, value in headers)
    assert [value for name, value in headers if name == b"cookie"] == [b"a=1; b=2"]
    assert (b"x-name", b"1") in headers


@dialects
def test_repeated_headers_are_all_there_where_the_service_sends_all(dialect: str) -> None:
    sent = Sent(headers=[("accept", "a"), ("accept", "b")])
    accepted = [value for name, value in scope_of(event_of(dialect, sent))["headers"] if name == b"accept"]
    assert accepted == ([b"a", b"b"] if dialect in APART else [b"b"] if dialect == "alb" else [b"a,b"])


@pytest.mark.parametrize("dialect", ["rest", "http"])
def test_the_stage_is_the_root_and_stands_in_the_path(dialect: str) -> None:
    scope = scope_of(event_of(dialect, Sent(path="/items/1", stage="beta")))
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("/beta", "/beta/items/1", b"/beta/items/1")


@pytest.mark.parametrize("dialect", ["rest", "http"])
def test_a_base_path_joins_the_root(dialect: str) -> None:
    scope = scope_of(event_of(dialect, Sent(path="/v1/items", stage="beta")), "/v1")
    assert (scope["root_path"], scope["path"]) == ("/beta/v1", "/beta/v1/items")
    assert scope_of(event_of(dialect, Sent(path="/v10/items")), "/v1")["root_path"] == ""
    assert scope_of(event_of(dialect, Sent(path="/v1")), "/v1")["root_path"] == "/v1"


def test_a_path_that_was_decoded_is_coded_in_raw_path() -> None:
    scope = scope_of(event_of("http", Sent(path="/a b/é?")))
    assert (scope["path"], scope["raw_path"]) == ("/a b/é?", b"/a%20b/%C3%A9%3F")


@pytest.mark.parametrize(
    ("headers", "server", "scheme"),
    [
        ({"host": "a.example:8443"}, ("a.example", 8443), "https"),
        ({"Host": "a.example", "X-Forwarded-Proto": "http"}, ("a.example", 80), "http"),
        ({"host": "a.example", "x-forwarded-port": "444"}, ("a.example", 444), "https"),
        ({"host": "[2001:db8::1]:8080"}, ("2001:db8::1", 8080), "https"),
        ({"host": "a.example", "x-forwarded-port": "x"}, ("a.example", 443), "https"),
        ({}, ("lambda", 443), "https"),
    ],
)
def test_the_server_is_what_the_client_asked(headers: dict[str, str], server: Any, scheme: str) -> None:
    scope = scope_of({"requestContext": {"elb": {}}, "httpMethod": "get", "path": "/", "headers": headers})
    assert (scope["server"], scope["scheme"], scope["client"], scope["method"]) == (server, scheme, None, "GET")


def test_without_a_host_header_the_server_is_the_domain() -> None:
    event = event_of("http", Sent())
    del event["headers"]["host"]
    event["requestContext"]["domainName"] = "a.example"
    assert scope_of(event)["server"] == ("a.example", 443)


def test_the_protocol_is_told() -> None:
    event = event_of("url", Sent())
    event["requestContext"]["http"]["protocol"] = "HTTP/2.0"
    assert scope_of(event)["http_version"] == "2"


def test_header_values_outside_latin_1_are_utf_8() -> None:
    event = event_of("url", Sent(headers=[("x-name", "日本"), ("x-latin", "é")]))
    assert {(b"x-name", "日本".encode()), (b"x-latin", b"\xe9")} <= set(scope_of(event)["headers"])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
queries = st.lists(st.tuples(texts.filter(bool), texts), max_size=4, unique_by=lambda pair: pair[0])


@dialects
@given(path=texts, query=queries, body=st.binary(max_size=40))
def test_no_path_query_or_body_is_changed(dialect: str, path: str, query: list[tuple[str, str]], body: bytes) -> None:
    sent = Sent("PUT", "/" + quote(path), query, [], [], body)
    event = event_of(dialect, sent)
    scope = scope_of(event)
    assert (scope["path"], scope["raw_path"]) == ("/" + path, sent.path.encode())
    assert parse_qsl(scope["query_string"].decode(), keep_blank_values=True) == query
    assert any_front_door(event).body(event) == body
