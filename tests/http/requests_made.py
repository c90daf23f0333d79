"""Requests as tests need them: to a function URL, with any method, headers and path."""

from __future__ import annotations

from typing import Any

from lambdakit.http import Request
from lambdakit.http.front_doors import front_door_of


def event_of(method: str = "GET", path: str = "/", query: str = "", body: str = "", **headers: str) -> dict[str, Any]:
    """The event of a function URL; `x_y="1"` is the header `x-y`."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {
            "stage": "$default",
            "domainName": "abc.lambda-url.eu-west-1.on.aws",
            "http": {"method": method, "path": path, "sourceIp": "1.2.3.4"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def request_of(method: str = "GET", path: str = "/", **headers: str) -> Request:
    """The request of such an event."""
    event = event_of(method, path, **headers)
    return Request(event, front_door_of(event))
