"""Routes by API Gateway's rules, and the CORS of function URLs."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.emulator.faces.message import FaceRequest, FaceResponse
from lambdakit.emulator.faces.route_table import RouteTable
from lambdakit.emulator.faces.url_cors import preflight, with_cors
from lambdakit.emulator.project import Route

ROUTES = RouteTable(
    (Route(*text.split(" ")), text)
    for text in (
        "ANY /{proxy+}",
        "GET /users/{id}",
        "ANY /users/{id}",
        "GET /users/me",
        "GET /users/{id}/files/{path+}",
        "POST /users",
        "GET /",
        "GET /a.b",
    )
)


@pytest.mark.parametrize(
    ("method", "path", "route", "parameters"),
    [
        ("GET", "/users/7", "GET /users/{id}", {"id": "7"}),
        ("GET", "/users/7/", "GET /users/{id}", {"id": "7"}),
        ("DELETE", "/users/7", "ANY /users/{id}", {"id": "7"}),
        ("GET", "/users/me", "GET /users/me", {}),
        ("GET", "/users/7/files/a/b%20c.txt", "GET /users/{id}/files/{path+}", {"id": "7", "path": "a/b%20c.txt"}),
        ("POST", "/users", "POST /users", {}),
        ("GET", "/users", "ANY /{proxy+}", {"proxy": "users"}),
        ("GET", "/", "GET /", {}),
        ("GET", "/a.b", "GET /a.b", {}),
        ("GET", "/axb", "ANY /{proxy+}", {"proxy": "axb"}),
        ("GET", "/deep/er/", "ANY /{proxy+}", {"proxy": "deep/er"}),
    ],
)
def test_the_most_specific_route_is_taken(method: str, path: str, route: str, parameters: dict[str, str]) -> None:
    found = ROUTES.match(method, path)
    assert found is not None
    assert (found.target, found.parameters) == (route, parameters)


def test_parameters_are_decoded_where_the_service_does() -> None:
    found = ROUTES.match("GET", "/users/a%2Bb")
    assert found is not None
    assert found.decoded() == {"id": "a+b"}


REST = RouteTable(
    (Route(method, path, "rest"), f"{method} {path}")
    for method, path in (("GET", "/users"), ("ANY", "/{proxy+}"), ("POST", "/users/{id}"), ("GET", "/users/{id}/x"))
)


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/users", "GET /users"),
        ("GET", "/other", "ANY /{proxy+}"),
        ("POST", "/users/1", "POST /users/{id}"),
        ("GET", "/users/1/x", "GET /users/{id}/x"),
        ("GET", "/users/1/y", "ANY /{proxy+}"),
        # The resource is there, but not this method of it: the greedy resource does not stand in.
        ("POST", "/users", None),
        ("GET", "/users/1", None),
    ],
)
def test_a_rest_api_finds_the_resource_before_the_method(method: str, path: str, route: str | None) -> None:
    found = REST.match(method, path)
    assert (found and found.target) == route


def test_the_default_route_takes_what_no_other_does() -> None:
    table = RouteTable((Route("ANY", path), path) for path in ("$default", "/a", "/b/{proxy+}"))
    for path, taken in {"/a": "/a", "/b/c": "/b/{proxy+}", "/b": "$default", "/": "$default"}.items():
        found = table.match("GET", path)
        assert found is not None
        assert (found.target, found.parameters.keys()) == (taken, {"proxy"} if "+" in taken else set())


def test_no_route_is_none() -> None:
    assert ROUTES.match("POST", "/") is None
    assert not RouteTable[str]([])


CORS: dict[str, Any] = {
    "AllowOrigins": ["https://*.example.com"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["x-a"],
    "MaxAge": 60,
    "AllowCredentials": True,
    "ExposeHeaders": ["x-b"],
}


def asked(origin: str, method: str = "OPTIONS") -> FaceRequest:
    return FaceRequest(method, "/", "", (("Origin", origin), ("Access-Control-Request-Method", "POST")))


def test_a_preflight_is_answered_by_the_service() -> None:
    response = preflight(asked("https://a.example.com"), CORS)
    assert response is not None
    assert dict(response.headers) == {
        "access-control-allow-origin": "https://a.example.com",
        "vary": "Origin",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-b",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "x-a",
        "access-control-max-age": "60",
    }


def test_a_preflight_of_another_origin_allows_nothing() -> None:
    response = preflight(asked("https://elsewhere.org"), CORS)
    assert response == FaceResponse(200, (), b"")


@pytest.mark.parametrize(
    ("request_", "cors"),
    [
        (asked("https://a.example.com"), None),
        (asked("https://a.example.com", "POST"), CORS),
        (FaceRequest("OPTIONS", "/", "", ()), CORS),
    ],
)
def test_the_function_answers_what_is_no_preflight(request_: FaceRequest, cors: Any) -> None:
    assert preflight(request_, cors) is None


def test_the_configurations_headers_take_the_place_of_the_functions() -> None:
    own = FaceResponse(200, (("Access-Control-Allow-Origin", "*"), ("x", "y")), b"")
    assert with_cors(asked("https://a.example.com"), own, None) == own
    allowed = with_cors(asked("https://a.example.com"), own, CORS)
    assert allowed.header_values("access-control-allow-origin") == ["https://a.example.com"]
    assert allowed.header_values("x") == ["y"]
    anyone = with_cors(asked("https://x.org"), own, {"AllowOrigins": ["*"]})
    assert anyone.header_values("access-control-allow-origin") == ["*"]
    assert with_cors(asked("https://x.org"), own, CORS).headers == (("x", "y"),)
