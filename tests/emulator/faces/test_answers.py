"""What each service makes of an answer, row by row, and a round trip through the project's own writers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.faces.answers import FAULTS, answer, fault
from lambdakit.http.front_doors import FRONT_DOORS

TYPE = ("content-type", "application/json")
MALFORMED = "malformed"
# Face, what the function returned, and the status and body, or MALFORMED.
ROWS: list[tuple[str, Any, Any]] = [
    ("url", {"statusCode": 201, "body": "hi"}, (201, b"hi")),
    ("url", {"statusCode": "418"}, (418, b"")),
    ("url", {"hello": "world"}, (200, b'{"hello":"world"}')),
    ("url", "hello", (200, b"hello")),
    ("url", 3.1, (200, b"3.1")),
    ("url", ["hello", 3, True], (200, b'["hello",3,true]')),
    ("url", None, (200, b"null")),
    ("url", {"statusCode": 200, "body": {"hello": "world"}}, (200, b'{"hello": "world"}')),
    ("url", {"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, (200, b"hi")),
    ("url", {"statusCode": 200, "body": "!", "isBase64Encoded": True}, MALFORMED),
    ("url", {"statusCode": "abc"}, MALFORMED),
    ("url", {"statusCode": 42}, MALFORMED),
    ("url", {"statusCode": True}, MALFORMED),
    ("url", {"statusCode": 200, "headers": []}, MALFORMED),
    ("url", {"statusCode": 200, "cookies": "x"}, MALFORMED),
    ("http", {"hello": "world"}, (200, b'{"hello":"world"}')),
    ("http", {"statusCode": None}, MALFORMED),
    ("rest", {"statusCode": 200}, (200, b"")),
    ("rest", {}, (200, b"")),
    ("rest", {"headers": {"a": "b"}}, (200, b"")),
    ("rest", {"statusCode": "201", "headers": None}, (201, b"")),
    ("rest", {"statusCode": 200, "other": 1}, MALFORMED),
    ("rest", "hello", MALFORMED),
    ("rest", [1], MALFORMED),
    ("rest", None, MALFORMED),
    ("rest", {"statusCode": 200, "headers": {"a": ["b"]}}, MALFORMED),
    ("rest", {"statusCode": 200, "multiValueHeaders": {"a": "b"}}, MALFORMED),
    ("alb", {"statusCode": 200, "body": "hi"}, (200, b"hi")),
    ("alb", {"body": "hi"}, MALFORMED),
    ("alb", "hi", MALFORMED),
]


@pytest.mark.parametrize(("face", "value", "wanted"), ROWS)
def test_what_a_service_makes_of_an_answer(face: Any, value: Any, wanted: Any) -> None:
    response = answer(face, json.dumps(value).encode())
    if wanted == MALFORMED:
        assert response == FAULTS[face, "malformed"]
    else:
        assert (response.status, response.body) == wanted


@pytest.mark.parametrize("face", ["url", "http", "rest", "alb"])
def test_errors_and_what_is_no_json_are_the_services_fault_answer(face: Any) -> None:
    failed = answer(face, b'{"errorMessage": "no"}', outcome="failed")
    assert failed == answer(face, b"{") == fault(face, "malformed")
    assert failed.status >= 500


def test_headers_of_a_url_are_lower_case_and_cookies_headers() -> None:
    payload = {"statusCode": 200, "headers": {"X-A": "1", "Content-Type": "text/plain"}, "cookies": ["x=1", "y=2"]}
    response = answer("url", json.dumps(payload).encode())
    assert response.headers == (
        ("x-a", "1"),
        ("content-type", "text/plain"),
        ("set-cookie", "x=1"),
        ("set-cookie", "y=2"),
    )


def test_a_rest_apis_two_maps_are_merged_lists_first() -> None:
    payload = {"headers": {"x-a": "solo", "b": True}, "multiValueHeaders": {"X-A": ["one", "two"]}}
    response = answer("rest", json.dumps(payload).encode())
    assert response.headers == (("X-A", "one"), ("X-A", "two"), ("X-A", "solo"), ("b", "true"), TYPE)


def test_a_content_type_is_added_where_there_is_none() -> None:
    assert answer("url", b'{"statusCode": 200}').headers == (TYPE,)
    assert answer("rest", b"{}").headers == (TYPE,)
    assert answer("alb", b'{"statusCode": 200}').headers == ()


FACES = {"rest": "rest", "http": "http", "url": "url", "alb": "alb", "alb-multi": "alb"}


@given(
    dialect=st.sampled_from(sorted(FACES)),
    status=st.integers(200, 599),
    values=st.lists(st.text("abc ", min_size=1, max_size=4).map(str.strip).filter(bool), max_size=3),
    cookies=st.lists(st.sampled_from(["x=1", "y=2; Secure"]), max_size=3),
    body=st.one_of(st.text(max_size=30), st.binary(max_size=30)),
)
def test_what_the_front_doors_write_is_what_the_client_gets(
    dialect: str, status: int, values: list[str], cookies: list[str], body: str | bytes
) -> None:
    headers = [("content-type", "text/plain"), *(("x-value", value) for value in values)]
    written = FRONT_DOORS[dialect].answer(status, headers, cookies, body)  # type: ignore[index]
    response = answer(FACES[dialect], json.dumps(written).encode())  # type: ignore[arg-type]
    expected = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    assert (response.status, response.body) == (status, expected)
    assert ", ".join(response.header_values("x-value")) == ", ".join(values)
    assert response.header_values("set-cookie") == cookies
