"""Every dialect of the HTTP services: what is read of a request, and how an answer is written."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import ResponseTooLargeError, WrongSourceError
from lambdakit.http.front_doors import ALB_LIMIT, FRONT_DOORS, LAMBDA_LIMIT, front_door_of

REST: dict[str, Any] = {
    "httpMethod": "POST",
    "path": "/a%20b/",
    "headers": {"Accept": "b", "Cookie": "x=1; y=2"},
    "multiValueHeaders": {"Accept": ["a", "b"], "Cookie": ["x=1; y=2"]},
    "queryStringParameters": {"q": "2"},
    "multiValueQueryStringParameters": {"q": ["a+b", "2"]},
    "requestContext": {"stage": "prod", "path": "/prod/a%20b/"},
    "body": "hi",
    "isBase64Encoded": False,
}
HTTP: dict[str, Any] = {
    "version": "2.0",
    "rawPath": "/prod/a b/",
    "rawQueryString": "q=a%2Bb&q=2&empty=",
    "headers": {"accept": "a,b"},
    "cookies": ["x=1", "y=2"],
    "requestContext": {"stage": "prod", "domainName": "api.example.com", "http": {"method": "POST", "path": "/a b/"}},
    "body": "aGk=",
    "isBase64Encoded": True,
}
URL: dict[str, Any] = {
    **HTTP,
    "rawPath": "/a%20b/",
    "requestContext": {
        "stage": "$default",
        "domainName": "abc.lambda-url.eu-west-1.on.aws",
        "http": {"method": "POST", "path": "/a%20b/"},
    },
}
ALB: dict[str, Any] = {
    "httpMethod": "POST",
    "path": "/a%20b/",
    "headers": {"accept": "b", "cookie": "x=1; y=2"},
    "queryStringParameters": {"q": "a%2Bb"},
    "requestContext": {"elb": {"targetGroupArn": "arn"}},
    "body": "hi",
    "isBase64Encoded": False,
}
ALB_MULTI: dict[str, Any] = {
    **{key: value for key, value in ALB.items() if key not in ("headers", "queryStringParameters")},
    "multiValueHeaders": {"accept": ["a", "b"], "cookie": ["x=1", "y=2"]},
    "multiValueQueryStringParameters": {"q": ["a%2Bb", "2"]},
}
LATTICE: dict[str, Any] = {
    "raw_path": "/a%20b/?q=a%2Bb&q=2",
    "method": "POST",
    "headers": {"accept": "a, b", "cookie": "x=1; y=2"},
    "query_string_parameters": {"q": "2"},
    "body": "hi",
    "is_base64_encoded": False,
}
LATTICE_V2: dict[str, Any] = {
    "version": "2.0",
    "path": "/a%20b/?q=a%2Bb&q=2",
    "method": "POST",
    "headers": {"accept": ["a", "b"], "cookie": "x=1; y=2"},
    "requestContext": {"serviceNetworkArn": "arn"},
    "body": "aGk=",
    "isBase64Encoded": True,
}
EVENTS = {
    "rest": REST,
    "http": HTTP,
    "url": URL,
    "alb": ALB,
    "alb-multi": ALB_MULTI,
    "lattice": LATTICE,
    "lattice-v2": LATTICE_V2,
}
# Dialect: what is read. The query of a single-value map is the last value alone.
READ: dict[str, dict[str, Any]] = {
    "rest": {"path": "/a%20b/", "query": [("q", "a+b"), ("q", "2")], "accept": ["a", "b"], "mount": "/prod"},
    "http": {
        "path": "/a b/",
        "query": [("q", "a+b"), ("q", "2"), ("empty", "")],
        "accept": ["a,b"],
        "mount": "/prod",
    },
    "url": {"path": "/a%20b/", "query": [("q", "a+b"), ("q", "2"), ("empty", "")], "accept": ["a,b"], "mount": ""},
    "alb": {"path": "/a%20b/", "query": [("q", "a+b")], "accept": ["b"], "mount": ""},
    "alb-multi": {"path": "/a%20b/", "query": [("q", "a+b"), ("q", "2")], "accept": ["a", "b"], "mount": ""},
    "lattice": {"path": "/a%20b/", "query": [("q", "a+b"), ("q", "2")], "accept": ["a, b"], "mount": ""},
    "lattice-v2": {"path": "/a%20b/", "query": [("q", "a+b"), ("q", "2")], "accept": ["a", "b"], "mount": ""},
}
dialects = pytest.mark.parametrize("dialect", EVENTS)


def test_every_front_door_has_its_event() -> None:
    assert list(EVENTS) == list(FRONT_DOORS)
    assert [front_door_of(event).name for event in EVENTS.values()] == list(FRONT_DOORS)


@dialects
def test_a_request_is_read(dialect: str) -> None:
    event, wanted = EVENTS[dialect], READ[dialect]
    door = front_door_of(event)
    assert door.line(event) == ("POST", wanted["path"])
    assert door.query(event) == wanted["query"]
    assert [value for name, value in door.headers(event) if name.lower() == "accept"] == wanted["accept"]
    assert door.cookies(event) == ["x=1", "y=2"]
    assert door.mount(event) == wanted["mount"]
    assert door.body(event) == b"hi"


@dialects
def test_a_request_with_the_least_in_it_is_read(dialect: str) -> None:
    bare = {
        key: EVENTS[dialect][key]
        for key in ("httpMethod", "path", "rawPath", "raw_path", "method")
        if key in EVENTS[dialect]
    }
    bare["requestContext"] = EVENTS[dialect].get("requestContext")
    if dialect.startswith("alb-"):
        bare["multiValueHeaders"] = {}
    door = front_door_of(bare)
    assert door.name == dialect
    assert (door.headers(bare), door.cookies(bare), door.body(bare)) == ([], [], b"")


def test_absent_maps_are_null_in_a_rest_event() -> None:
    event = {**REST, "headers": None, "multiValueHeaders": None, "queryStringParameters": None, "body": None}
    event["multiValueQueryStringParameters"] = None
    door = front_door_of(event)
    assert (door.query(event), door.headers(event), door.body(event)) == ([], [], b"")


def test_text_in_the_place_of_a_map_is_none():
    door = FRONT_DOORS["rest"]
    event = {**REST, "multiValueQueryStringParameters": "", "queryStringParameters": "None", "multiValueHeaders": ""}
    assert (door.query(event), door.headers({**event, "headers": None})) == ([], [])


@pytest.mark.parametrize(("more", "path"), [({"path": "/users/42"}, "/users/42"), ({}, "/users/{id}")])
def test_a_local_gateway_may_leave_the_line_to_the_context(more, path):
    event = {"headers": {}, "requestContext": {"httpMethod": "GET", "resourcePath": "/users/{id}", **more}}
    door = front_door_of(event)
    assert (door, door.line(event), door.mount(event)) == (FRONT_DOORS["rest"], ("GET", path), "")


def test_the_stage_alone_is_the_root() -> None:
    event = {**HTTP, "rawPath": "/prod"}
    assert FRONT_DOORS["http"].line(event) == ("POST", "/")
    assert FRONT_DOORS["http"].mount(event) == "/prod"
    other = {**HTTP, "rawPath": "/production/x"}
    assert FRONT_DOORS["http"].line(other) == ("POST", "/production/x")


def test_text_said_to_be_base64_is_text() -> None:
    assert FRONT_DOORS["url"].body({**URL, "body": "hello"}) == b"hello"


# Dialect: the query as it stands in a URL. What was decoded is coded again.
RAW_QUERIES = {
    "rest": "q=a%2Bb&q=2",
    "http": "q=a%2Bb&q=2&empty=",
    "url": "q=a%2Bb&q=2&empty=",
    "alb": "q=a%2Bb",
    "alb-multi": "q=a%2Bb&q=2",
    "lattice": "q=a%2Bb&q=2",
    "lattice-v2": "q=a%2Bb&q=2",
}


@dialects
def test_the_query_is_there_as_it_stands_in_a_url(dialect: str) -> None:
    assert FRONT_DOORS[dialect].raw_query(EVENTS[dialect]) == RAW_QUERIES[dialect]  # type: ignore[index]


def test_a_lattice_query_given_in_a_map_alone_is_coded() -> None:
    event = {**LATTICE_V2, "path": "/", "queryStringParameters": {"q": ["a&b", "2"]}}
    assert FRONT_DOORS["lattice-v2"].raw_query(event) == "q=a%26b&q=2"


def test_who_asked_and_what_they_spoke() -> None:
    context = {"identity": {"sourceIp": "192.0.2.7"}, "protocol": "HTTP/1.0"}
    rest = {**REST, "requestContext": context}
    assert (FRONT_DOORS["rest"].client(rest), FRONT_DOORS["rest"].protocol(rest)) == ("192.0.2.7", "HTTP/1.0")
    http = {**URL, "requestContext": {"http": {"sourceIp": "192.0.2.7", "protocol": "HTTP/2.0"}}}
    assert (FRONT_DOORS["url"].client(http), FRONT_DOORS["url"].protocol(http)) == ("192.0.2.7", "HTTP/2.0")
    alb = {**ALB, "headers": {"X-Forwarded-For": "198.51.100.1, 192.0.2.7"}}
    assert (FRONT_DOORS["alb"].client(alb), FRONT_DOORS["alb"].protocol(alb)) == ("192.0.2.7", None)
    assert FRONT_DOORS["lattice"].client(LATTICE) is None


HEADERS = [("content-type", "text/plain"), ("Vary", "a"), ("vary", "b")]
COOKIES = ["x=1; Secure", "y=2"]
# Dialect: how the same answer is written in it, beside status and body.
WRITTEN: dict[str, dict[str, Any]] = {
    "rest": {
        "headers": {"content-type": "text/plain"},
        "multiValueHeaders": {"Vary": ["a", "b"], "set-cookie": COOKIES},
    },
    "http": {"headers": {"content-type": "text/plain", "Vary": "a", "vary": "b"}, "cookies": COOKIES},
    "url": {"headers": {"content-type": "text/plain", "Vary": "a", "vary": "b"}, "cookies": COOKIES},
    "alb": {
        "statusDescription": "201 Created",
        "headers": {"content-type": "text/plain", "Vary": "a, b", "set-cookie": COOKIES[0], "Set-cookie": COOKIES[1]},
    },
    "alb-multi": {
        "statusDescription": "201 Created",
        "multiValueHeaders": {"content-type": ["text/plain"], "Vary": ["a", "b"], "set-cookie": COOKIES},
    },
}
WRITTEN["lattice"] = WRITTEN["lattice-v2"] = WRITTEN["alb"]


@dialects
def test_an_answer_is_written(dialect: str) -> None:
    answer = FRONT_DOORS[dialect].answer(201, HEADERS, COOKIES, "hé")  # type: ignore[index]
    assert answer == {"statusCode": 201, "body": "hé", "isBase64Encoded": False, **WRITTEN[dialect]}


@dialects
def test_bytes_go_as_base64(dialect: str) -> None:
    answer = FRONT_DOORS[dialect].answer(200, [("a", "b")], (), b"\x00\xff")  # type: ignore[index]
    assert (answer["body"], answer["isBase64Encoded"]) == ("AP8=", True)


def test_repeats_of_one_spelling_are_joined_where_there_is_one_value() -> None:
    headers = [("vary", "a"), ("vary", "b")]
    assert FRONT_DOORS["url"].answer(200, headers, (), "")["headers"] == {"vary": "a, b"}


def test_a_status_of_ones_own_is_described_by_its_number() -> None:
    assert FRONT_DOORS["alb"].answer(299, [], (), "")["statusDescription"] == "299"


@given(st.lists(st.text("ab;= ", min_size=1), max_size=12))
def test_no_cookie_is_lost_where_names_must_differ(cookies: list[str]) -> None:
    headers = FRONT_DOORS["alb"].answer(200, [], cookies, "")["headers"]
    assert list(headers.values()) == cookies
    assert {name.lower() for name in headers} <= {"set-cookie"}


@pytest.mark.parametrize(("dialect", "limit"), [("rest", LAMBDA_LIMIT), ("alb", ALB_LIMIT)])
def test_what_the_service_would_cut_is_refused(dialect: Any, limit: int) -> None:
    door = FRONT_DOORS[dialect]
    around = len(b'{"statusCode":200,"headers":{},"body":"","isBase64Encoded":false}')
    around += len(b'"statusDescription":"200 OK",') if dialect == "alb" else 0
    assert len(door.answer(200, [], (), "x" * (limit - around))["body"]) == limit - around
    with pytest.raises(ResponseTooLargeError, match=f"{limit + 1} bytes of JSON; {dialect} takes {limit}"):
        door.answer(200, [], (), "x" * (limit - around + 1))


def test_what_base64_makes_of_it_counts() -> None:
    with pytest.raises(ResponseTooLargeError):
        FRONT_DOORS["alb"].answer(200, [], (), bytes(ALB_LIMIT * 3 // 4))
    assert base64.b64decode(FRONT_DOORS["alb"].answer(200, [], (), bytes(9))["body"]) == bytes(9)


def test_another_event_is_named() -> None:
    sqs = {"Records": [{"eventSource": "aws:sqs"}]}
    with pytest.raises(WrongSourceError, match=r"^HttpApp takes a request of an HTTP service; .* comes from sqs"):
        front_door_of(sqs)
    with pytest.raises(WrongSourceError, match=r"^wsgi\(\) takes a request of an HTTP service, a JSON object; it got"):
        front_door_of([], "wsgi()")
