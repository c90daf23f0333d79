"""Requests as events, held to the project's own readers of events and to the documented forms."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from lambdakit.emulator.faces.events import Place, alb_event, http_api_event, rest_event, url_event
from lambdakit.emulator.faces.message import FaceRequest
from lambdakit.events import detect, source_of, unmapped
from lambdakit.http.front_doors import front_door_of

REQUEST = FaceRequest(
    "POST",
    "/pa%20th/7",
    "q=a%2Bb&multi=1&multi=%2F2&empty=",
    (
        ("Host", "example.com"),
        ("Content-Type", "application/json"),
        ("Accept", "a"),
        ("accept", "b"),
        ("Cookie", "x=1; y=2"),
        ("User-Agent", "test"),
    ),
    b'{"a": 1}',
    source_ip="192.0.2.1",
    time=1_764_025_865.123,
    request_id="r-1",
)
URL = Place("abc", "abc.lambda-url.us-east-1.on.aws", "123456789012")
HTTP = Place("api", "api.execute-api.us-east-1.amazonaws.com", "123456789012", "POST /pa th/{id}", {"id": "7"})
REST = Place("api", "localhost", "123456789012", "/{proxy+}", {"proxy": "pa%20th/7"}, "prod")
EVENTS: dict[str, dict[str, Any]] = {
    "function-url": url_event(REQUEST, URL),
    "api-gateway-v2": http_api_event(REQUEST, HTTP),
    "api-gateway": rest_event(REQUEST, REST),
    "alb": alb_event(REQUEST, "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/1"),
}


@pytest.mark.parametrize("source", EVENTS)
def test_the_event_is_recognised_and_fully_known(source: str) -> None:
    event = EVENTS[source]
    assert source_of(event) == source
    typed = detect(event)
    assert typed is not None
    assert unmapped(typed) == []


@pytest.mark.parametrize("source", EVENTS)
def test_what_was_sent_is_what_is_read(source: str) -> None:
    event = EVENTS[source]
    door = front_door_of(event)
    method, path = door.line(event)
    assert method == "POST"
    assert path in ("/pa%20th/7", "/pa th/7")
    query = door.query(event)
    assert ("q", "a+b") in query
    assert ("multi", "/2") in query
    if source != "alb":
        assert [value for name, value in query if name == "multi"] == ["1", "/2"]
    assert door.cookies(event) == ["x=1", "y=2"]
    assert door.body(event) == b'{"a": 1}'


def test_a_function_urls_event_has_the_documented_form() -> None:
    event = EVENTS["function-url"]
    assert list(event)[:6] == ["version", "routeKey", "rawPath", "rawQueryString", "cookies", "headers"]
    assert (event["rawPath"], event["rawQueryString"]) == (REQUEST.path, REQUEST.query)
    assert event["queryStringParameters"] == {"q": "a+b", "multi": "1,/2", "empty": ""}
    assert (event["headers"]["accept"], "cookie" in event["headers"]) == ("a,b", False)
    context = event["requestContext"]
    assert (context["accountId"], context["stage"], context["routeKey"]) == ("anonymous", "$default", "$default")
    assert (context["time"], context["timeEpoch"]) == ("24/Nov/2025:23:11:05 +0000", 1_764_025_865_123)
    assert "pathParameters" not in event


def test_a_signed_request_says_who_signed_it() -> None:
    event = url_event(REQUEST, URL._replace(authorizer={"accessKey": "AKIA", "userArn": "arn:aws:iam::1:user/u"}))
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKIA"
    assert event["requestContext"]["accountId"] == "123456789012"


def test_an_http_apis_stage_is_in_its_path() -> None:
    event = http_api_event(REQUEST, HTTP._replace(stage="prod"))
    assert (event["rawPath"], event["requestContext"]["http"]["path"]) == ("/prod/pa th/7", "/prod/pa th/7")
    assert event["pathParameters"] == {"id": "7"}
    assert front_door_of(event).line(event) == ("POST", "/pa th/7")


def test_a_rest_apis_maps_are_null_where_they_are_empty() -> None:
    bare = FaceRequest("GET", "/", "", (), time=0.0)
    event = rest_event(bare, Place("a", "localhost", "1", "/", stage="prod"))
    empty = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body")
    assert [event[name] for name in empty] == [None] * 5
    assert event["requestContext"]["path"] == "/prod/"
    assert event["headers"] == {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https"}


def test_a_rest_apis_last_value_stands_in_the_single_map() -> None:
    event = EVENTS["api-gateway"]
    assert event["queryStringParameters"]["multi"] == "/2"
    assert event["multiValueQueryStringParameters"]["multi"] == ["1", "/2"]
    assert (event["headers"]["Accept"], event["headers"]["accept"]) == ("a", "b")


def test_a_load_balancer_decodes_nothing_and_may_give_lists() -> None:
    single, several = EVENTS["alb"], alb_event(REQUEST, "arn", values="all")
    assert single["queryStringParameters"] == {"q": "a%2Bb", "multi": "%2F2", "empty": ""}
    assert several["multiValueQueryStringParameters"]["multi"] == ["1", "%2F2"]
    assert several["multiValueHeaders"]["accept"] == ["a", "b"]
    assert "headers" not in several
    assert alb_event(REQUEST._replace(body=b""), "arn")["body"] == ""


@pytest.mark.parametrize(
    ("kind", "is_text"),
    [
        ("application/json; charset=utf-8", True),
        ("text/csv", True),
        ("application/problem+json", True),
        ("image/svg+xml", True),
        ("", True),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("application/octet-stream", False),
    ],
)
def test_a_body_is_text_by_its_type(kind: str, is_text: bool) -> None:
    event = url_event(FaceRequest("POST", "/", "", (("content-type", kind),), b"hi"), URL)
    assert (event["body"], event["isBase64Encoded"]) == (("hi", False) if is_text else ("aGk=", True))


def test_compressed_or_undecodable_text_is_base64() -> None:
    gzipped = FaceRequest("POST", "/", "", (("content-type", "text/plain"), ("content-encoding", "gzip")), b"hi")
    latin = FaceRequest("POST", "/", "", (("content-type", "text/plain"),), b"\xe9")
    for request in (gzipped, latin):
        event = url_event(request, URL)
        assert base64.b64decode(event["body"]) == request.body
        assert event["isBase64Encoded"]


def test_a_request_without_a_body_has_none() -> None:
    event = url_event(FaceRequest("GET", "/", "", ()), URL)
    assert "body" not in event
    assert "queryStringParameters" not in event
    assert "cookies" not in event
