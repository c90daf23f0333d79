"""The request: the same for every front door, and read when it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit import events
from lambdakit.exceptions import BadRequestError, RequestFaultsError
from lambdakit.http import multi_maps
from lambdakit.http.edge_door import EDGE_DOORS
from lambdakit.http.front_doors import FRONT_DOORS, front_door_of
from lambdakit.http.request import EVENTS, Request

HEADERS = {
    "host": "API.example.com",
    "content-type": "application/json; charset=utf-8",
    "x-forwarded-for": "6.6.6.6, 1.2.3.4",
}
SAMPLES: dict[str, dict[str, Any]] = {
    "rest": {
        "httpMethod": "POST",
        "path": "/a%20b",
        "headers": {**HEADERS, "cookie": "x=1; y=2; x=3"},
        "queryStringParameters": {"q": "2"},
        "multiValueQueryStringParameters": {"q": ["1", "2"]},
        "requestContext": {"stage": "prod", "path": "/prod/a%20b", "identity": {"sourceIp": "1.2.3.4"}},
        "body": '{"a": 1}',
    },
    "http": {
        "version": "2.0",
        "rawPath": "/prod/a b",
        "rawQueryString": "q=1&q=2",
        "headers": HEADERS,
        "cookies": ["x=1", "y=2", "x=3"],
        "requestContext": {
            "stage": "prod",
            "domainName": "api.example.com",
            "http": {"method": "POST", "sourceIp": "1.2.3.4"},
        },
        "body": "eyJhIjogMX0=",
        "isBase64Encoded": True,
    },
    "alb-multi": {
        "httpMethod": "POST",
        "path": "/a%20b",
        "multiValueHeaders": {name: [value] for name, value in {**HEADERS, "cookie": "x=1; y=2; x=3"}.items()},
        "multiValueQueryStringParameters": {"q": ["1", "2"]},
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "body": '{"a": 1}',
    },
    "lattice": {
        "raw_path": "/a%20b?q=1&q=2",
        "method": "POST",
        "headers": {**HEADERS, "cookie": "x=1; y=2; x=3"},
        "body": '{"a": 1}',
    },
}


def request_of(event: dict[str, Any]) -> Request:
    return Request(event, front_door_of(event))


@pytest.mark.parametrize("dialect", SAMPLES)
def test_a_request_is_the_same_through_every_front_door(dialect):
    request = request_of(SAMPLES[dialect])
    assert request.door is FRONT_DOORS[dialect]
    assert (request.method, request.path) == ("POST", "/a b")
    assert (request.query["q"], request.query.all("q"), dict(request.query)) == ("2", ["1", "2"], {"q": "2"})
    assert request.headers["Host"] == request.headers.get("HOST") == "API.example.com"
    assert "HOST" in request.headers
    assert "accept" not in request.headers
    assert request.cookies == {"x": "1", "y": "2"}
    assert (request.body, request.text, request.json()) == (b'{"a": 1}', '{"a": 1}', {"a": 1})
    assert request.json() is request.json()
    assert (request.client_ip, request.host, request.scheme) == ("1.2.3.4", "api.example.com", "https")
    assert request.content_type == "application/json"


def test_what_only_some_services_have():
    assert (request_of(SAMPLES["rest"]).stage, request_of(SAMPLES["rest"]).mount) == ("prod", "/prod")
    assert (request_of(SAMPLES["lattice"]).stage, request_of(SAMPLES["lattice"]).mount) == (None, "")


def test_every_front_door_has_a_model():
    assert set(EVENTS) == {*FRONT_DOORS, *EDGE_DOORS}
    assert isinstance(request_of(SAMPLES["http"]).event, events.APIGatewayProxyEventV2)
    assert isinstance(request_of(SAMPLES["alb-multi"]).event, events.ALBEvent)


def test_what_is_asked_for_twice_is_made_once():
    request = request_of(SAMPLES["rest"])
    assert request.headers is request.headers
    request.state["user"] = 7
    assert request.state == {"user": 7}
    assert repr(request) == "<Request POST /a%20b>"


@pytest.mark.parametrize(
    ("body", "what"), [("", "empty, expected JSON"), ("{", "not JSON: "), ('{"a": NaN}', "not JSON: ")]
)
def test_a_body_that_is_no_json_is_a_bad_request(body, what):
    with pytest.raises(RequestFaultsError) as caught:
        request_of({**SAMPLES["rest"], "body": body}).json()
    assert caught.value.status == 400
    [(place, path, found)] = caught.value.faults
    assert (place, path) == ("body", "$")
    assert found.startswith(what)


@pytest.mark.parametrize("charset", ["utf-8", "nonsense", "hex", "idna", "a\0b", ""])
def test_a_body_that_is_no_text_is_a_bad_request(charset):
    event = {**SAMPLES["http"], "headers": {"content-type": f"text/plain; charset={charset}"}, "body": "//79"}
    with pytest.raises(BadRequestError, match="the body is not text"):
        request_of(event).text  # noqa: B018


def test_the_charset_of_the_content_type_counts():
    event = {**SAMPLES["http"], "headers": {"content-type": 'text/plain; charset="latin-1"'}, "body": "6Q=="}
    assert request_of(event).text == "é"


def test_headers_of_a_response_are_set_added_and_removed():
    headers = multi_maps.MutableHeaders([("Vary", "Accept"), ("x-a", "1")])
    headers["X-A"] = "2"
    headers.add("x-a", "3")
    assert (headers["x-a"], headers.all("X-a"), len(headers)) == ("3", ["2", "3"], 2)
    headers.vary("accept")
    headers.vary("Origin")
    assert headers.all("vary") == ["Accept", "Origin"]
    del headers["VARY"]
    assert list(headers) == ["x-a"]
    with pytest.raises(KeyError):
        del headers["vary"]
