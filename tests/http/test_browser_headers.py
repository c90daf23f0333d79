"""The headers browsers are made careful by."""

from __future__ import annotations

import asyncio
from typing import Any

from lambdakit.http import Response, security_headers
from tests.http.requests_made import request_of


def answered(middleware: Any, response: Response | None = None, **request: Any) -> dict[str, str]:
    made = middleware(request_of(**request), None, lambda *_: response or Response("x"))
    assert len(dict(made.headers.pairs)) == len(made.headers.pairs)
    return dict(made.headers.pairs)


def test_all_are_there_by_default():
    assert answered(security_headers()) == {
        "content-security-policy": "default-src 'self'; base-uri 'self'; frame-ancestors 'none'; object-src 'none'",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "x-frame-options": "DENY",
        "referrer-policy": "strict-origin-when-cross-origin",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "strict-transport-security": "max-age=63072000; includeSubDomains",
    }


def test_each_can_be_changed_or_left_out():
    middleware = security_headers(
        hsts=None,
        csp={"default-src": ["'none'"], "upgrade-insecure-requests": []},
        permissions={"camera": ["self", "https://a.example"], "fullscreen": ["*"]},
        frame_options="SAMEORIGIN",
        referrer="no-referrer",
        content_type_options=None,
        opener=None,
        resource="cross-origin",
        extra={"X-Robots-Tag": "noindex"},
    )
    assert answered(middleware) == {
        "content-security-policy": "default-src 'none'; upgrade-insecure-requests",
        "permissions-policy": 'camera=(self "https://a.example"), fullscreen=(*)',
        "x-frame-options": "SAMEORIGIN",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "cross-origin",
        "x-robots-tag": "noindex",
    }
    assert (
        answered(security_headers(csp="default-src *", permissions=None))["content-security-policy"] == "default-src *"
    )


def test_what_a_route_has_set_stays():
    given = Response("x", 404, {"X-Frame-Options": "SAMEORIGIN", "STRICT-TRANSPORT-SECURITY": "max-age=1"})
    found = answered(security_headers(), given)
    assert found["X-Frame-Options"] == "SAMEORIGIN"
    assert found["STRICT-TRANSPORT-SECURITY"] == "max-age=1"
    assert not {"x-frame-options", "strict-transport-security"} & set(found)


def test_without_tls_there_is_no_promise_of_it():
    assert "strict-transport-security" not in answered(security_headers(), x_forwarded_proto="http")


def test_async_routes_get_the_same():
    async def call_next(*_: Any) -> Response:
        return Response("x")

    made = asyncio.run(security_headers().call_async(request_of(), None, call_next))
    assert dict(made.headers.pairs) == answered(security_headers())
