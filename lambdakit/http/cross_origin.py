"""CORS: which other origins' pages may use an API, as middleware of an HttpApp.

    app = HttpApp(middleware=[cors("https://example.com", "https://*.example.com", credentials="include")])

A preflight is answered here and reaches no route. Every other answer, an error's too, gets the headers its origin is
due, and none for an origin that is not allowed: refusing is the browser's work.

Source: Fetch standard, "HTTP CORS protocol". An API Gateway or function URL that has CORS set up itself does all this
before the function is asked, and overwrites what it answers: have it in one place only.
"""

from __future__ import annotations

import re

from lambdakit.exceptions import UsageError
from lambdakit.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal

    from lambdakit.handlers import Call
    from lambdakit.http.request import Request

__all__ = ("CORS", "cors")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# What an asterisk stands for: labels of a host name, or a port.
_ANY_LABELS = "[a-z0-9.-]+"
_PREFLIGHT_VARIES = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")


class CORS:
    """The middleware that `cors` makes."""

    def __init__(
        self,
        origins: Sequence[str],
        methods: Sequence[str],
        headers: Sequence[str],
        expose: Sequence[str],
        credentials: Literal["include", "omit"],
        max_age: int,
    ) -> None:
        self._is_open = "*" in origins
        self._exact = frozenset(origin.lower() for origin in origins)
        self._patterns = tuple(_pattern(origin) for origin in origins if "*" in origin and origin != "*")
        self._methods = ", ".join(methods)
        self._headers = None if "*" in headers else ", ".join(headers)
        self._expose = ", ".join(expose)
        self._has_credentials = credentials == "include"
        self._max_age = str(max_age)

    def __call__(self, request: Request, context: Any, call_next: Call) -> Response:
        """Run around sync routes."""
        if _is_preflight(request):
            return self._preflight(request)
        return self._marked(request, call_next(request, context))

    async def call_async(self, request: Request, context: Any, call_next: Call) -> Response:
        """Run around async routes."""
        if _is_preflight(request):
            return self._preflight(request)
        return self._marked(request, await call_next(request, context))

    def _allows(self, origin: str) -> bool:
        known = origin.lower()
        return self._is_open or known in self._exact or any(pattern.fullmatch(known) for pattern in self._patterns)

    def _marked(self, request: Request, response: Response) -> Response:
        headers = response.headers
        if not self._is_open:
            headers.vary("Origin")
        origin = request.headers.get("origin", "")
        if not origin or not self._allows(origin) or "access-control-allow-origin" in headers:
            return response
        self._allow(response, origin)
        if self._expose:
            headers["access-control-expose-headers"] = self._expose
        return response

    def _allow(self, response: Response, origin: str) -> None:
        response.headers["access-control-allow-origin"] = "*" if self._is_open else origin
        if self._has_credentials:
            response.headers["access-control-allow-credentials"] = "true"

    def _preflight(self, request: Request) -> Response:
        origin = request.headers["origin"]
        response = Response("", 204) if self._allows(origin) else Response("this origin is not allowed", 403)
        for name in _PREFLIGHT_VARIES:
            response.headers.vary(name)
        if response.status == 403:
            response.headers["content-type"] = "text/plain; charset=utf-8"
            return response
        self._allow(response, origin)
        response.headers["access-control-allow-methods"] = self._methods
        asked = ", ".join(request.headers.all("access-control-request-headers"))
        allowed = asked if self._headers is None else self._headers
        if allowed:
            response.headers["access-control-allow-headers"] = allowed
        response.headers["access-control-max-age"] = self._max_age
        return response


def cors(
    *origins: str,
    methods: Sequence[str] = METHODS,
    headers: Sequence[str] = ("*",),
    expose: Sequence[str] = (),
    credentials: Literal["include", "omit"] = "omit",
    max_age: int = 600,
) -> CORS:
    """Middleware that lets pages of these origins use the API.

    An origin is `https://example.com`, one with an asterisk for labels of the host or for the port
    (`https://*.example.com`, `http://localhost:*`), `null`, or `*` for any. `headers` are those a page may send, `*`
    all; `expose` those of answers that it may read; `credentials="include"` lets it send cookies; `max_age` is for how
    many seconds a browser need not ask again. Raises UsageError for what browsers would refuse, or what is not safe.
    """
    if not origins:
        raise UsageError('cors() needs an origin: cors("https://example.com"), or cors("*") for any')
    if credentials not in ("include", "omit"):
        raise UsageError(f'cors(credentials=...) is "include" or "omit", not {credentials!r}')
    if "*" in origins and credentials == "include":
        raise UsageError("cors('*') with credentials would let any page act as its visitor; name the origins")
    for origin in origins:
        _check_origin(origin)
    return CORS(origins, [method.upper() for method in methods], headers, expose, credentials, max_age)


def _check_origin(origin: str) -> None:
    if origin in ("*", "null"):
        return
    scheme, separator, host = origin.partition("://")
    if not scheme or not separator or not host or "/" in host:
        raise UsageError(
            f"{origin!r} is no origin; one reads https://example.com, without a path or a slash at its end"
        )


def _pattern(origin: str) -> re.Pattern[str]:
    return re.compile(_ANY_LABELS.join(re.escape(part) for part in origin.lower().split("*")))


def _is_preflight(request: Request) -> bool:
    headers = request.headers if request.method == "OPTIONS" else ()
    return "origin" in headers and "access-control-request-method" in headers
