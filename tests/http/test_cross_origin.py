"""CORS: preflights answered, answers marked, and origins told apart."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lambdakit.exceptions import UsageError
from lambdakit.http import Response, cors
from tests.http.requests_made import request_of


def answered(middleware: Any, response: Response | None = None, **request: Any) -> Response:
    """The response through the middleware; sync and async must agree."""
    given = response or Response("x")
    made = middleware(request_of(**request), None, lambda *_: Response(given.body, given.status, given.headers.pairs))

    async def call_next(*_: Any) -> Response:
        return Response(given.body, given.status, given.headers.pairs)

    awaited = asyncio.run(middleware.call_async(request_of(**request), None, call_next))
    assert awaited.headers.pairs == made.headers.pairs
    assert (awaited.status, awaited.body) == (made.status, made.body)
    return made


def preflight(middleware: Any, origin: str, **headers: str) -> Response:
    def never(*_: Any) -> Response:
        raise AssertionError("a preflight reaches no route")

    given = {"access_control_request_method": "PUT", **headers}
    request = request_of("OPTIONS", origin=origin, **given)
    made: Response = middleware(request, None, never)
    assert asyncio.run(middleware.call_async(request, None, never)).headers.pairs == made.headers.pairs
    return made


def test_an_allowed_origin_may_read_the_answer():
    middleware = cors("https://a.example", "https://b.example", expose=["x-total", "etag"], credentials="include")
    response = answered(middleware, origin="https://b.example")
    assert dict(response.headers.pairs) == {
        "vary": "Origin",
        "access-control-allow-origin": "https://b.example",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-total, etag",
    }


def test_another_origin_gets_nothing_but_the_vary():
    for request in ({"origin": "https://c.example"}, {"origin": "null"}, {}):
        response = answered(cors("https://a.example"), **request)
        assert response.headers.pairs == [("vary", "Origin")]
        assert (response.status, response.body) == (200, "x")


def test_any_origin_is_an_asterisk_without_vary():
    response = answered(cors("*"), origin="https://c.example")
    assert response.headers.pairs == [("access-control-allow-origin", "*")]
    assert answered(cors("*")).headers.pairs == []


def test_errors_are_marked_too_and_vary_is_kept():
    given = Response("x", 500, {"Vary": "Accept"})
    response = answered(cors("https://a.example"), given, origin="https://a.example")
    assert response.headers.all("vary") == ["Accept", "Origin"]
    assert response.headers["access-control-allow-origin"] == "https://a.example"


def test_what_a_route_says_itself_stays():
    given = Response("x", 200, {"Access-Control-Allow-Origin": "*"})
    response = answered(cors("https://a.example"), given, origin="https://a.example")
    assert response.headers.all("access-control-allow-origin") == ["*"]


@pytest.mark.parametrize(
    ("allowed", "origin", "is_allowed"),
    [
        ("https://a.example", "https://a.example", True),
        ("https://a.example", "https://A.example", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example", "https://a.example.evil.example", False),
        ("https://*.example.com", "https://x.example.com", True),
        ("https://*.example.com", "https://x.y.example.com", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://evil.example/.example.com", False),
        ("https://*.example.com", "https://x.example.com.evil.example", False),
        ("https://*.example.com", "https://xexample.com", False),
        ("https://*.example.com", "https://user@x.example.com", False),
        ("https://*.example.com", "https://x.exampleXcom", False),
        ("http://localhost:*", "http://localhost:3000", True),
        ("http://localhost:*", "http://localhost", False),
        ("http://localhost:*", "http://localhost:3000\n.evil", False),
        ("null", "null", True),
        ("https://a.example", "null", False),
    ],
)
def test_origins_are_compared_whole(allowed: str, origin: str, is_allowed: bool):
    response = answered(cors(allowed), origin=origin)
    assert ("access-control-allow-origin" in response.headers) is is_allowed


def test_a_preflight_is_answered_without_the_route():
    middleware = cors(
        "https://a.example", methods=["get", "put"], headers=["x-a", "x-b"], credentials="include", max_age=60
    )
    response = preflight(middleware, "https://a.example", access_control_request_headers="x-a")
    assert (response.status, response.body) == (204, "")
    assert dict(response.headers.pairs[3:]) == {
        "access-control-allow-origin": "https://a.example",
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-a, x-b",
        "access-control-max-age": "60",
    }
    assert response.headers.all("vary") == [
        "Origin",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
    ]


def test_a_preflight_may_ask_for_any_header():
    response = preflight(cors("*"), "https://a.example", access_control_request_headers="x-a, authorization")
    assert response.headers["access-control-allow-headers"] == "x-a, authorization"
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-headers" not in preflight(cors("*"), "https://a.example").headers


def test_a_preflight_of_another_origin_is_refused():
    response = preflight(cors("https://a.example"), "https://evil.example")
    assert response.status == 403
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_other_options_requests_reach_the_route():
    middleware = cors("https://a.example")
    assert answered(middleware, method="OPTIONS", origin="https://a.example").body == "x"
    assert answered(middleware, method="OPTIONS", access_control_request_method="PUT").body == "x"


@pytest.mark.parametrize(
    ("origins", "options", "why"),
    [
        ((), {}, "needs an origin"),
        (("https://a.example/",), {}, "no origin"),
        (("a.example",), {}, "no origin"),
        (("https://a.example/path",), {}, "no origin"),
        (("*",), {"credentials": "include"}, "name the origins"),
        (("https://a.example",), {"credentials": "yes"}, '"include" or "omit"'),
    ],
)
def test_what_is_not_safe_is_refused(origins: tuple[str, ...], options: dict[str, Any], why: str):
    with pytest.raises(UsageError, match=why):
        cors(*origins, **options)
