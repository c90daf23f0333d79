"""The CORS of a function URL, which the service answers by itself.

With a CORS configuration a preflight never reaches the function, and its headers take the place of the function's own.
Source: Lambda developer guide, "Cross-origin resource sharing (CORS)" of function URLs.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.faces.message import FaceResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.faces.message import FaceRequest

__all__ = ("preflight", "with_cors")


def preflight(request: FaceRequest, cors: Mapping[str, Any] | None) -> FaceResponse | None:
    """The answer to a preflight request, or None where it is none, or the function is to answer."""
    if cors is None or request.method != "OPTIONS" or not request.header("access-control-request-method"):
        return None
    headers = _headers(request, cors)
    if headers:
        headers |= {
            "access-control-allow-methods": ",".join(cors.get("AllowMethods", ())),
            "access-control-allow-headers": ",".join(cors.get("AllowHeaders", ())),
            "access-control-max-age": str(cors.get("MaxAge", 0)),
        }
    return FaceResponse(200, tuple((name, value) for name, value in headers.items() if value), b"")


def with_cors(request: FaceRequest, response: FaceResponse, cors: Mapping[str, Any] | None) -> FaceResponse:
    """The response with the configuration's headers in place of the function's."""
    if cors is None:
        return response
    own = tuple(pair for pair in response.headers if not pair[0].lower().startswith("access-control-"))
    return response._replace(headers=(*own, *_headers(request, cors).items()))


def _headers(request: FaceRequest, cors: Mapping[str, Any]) -> dict[str, str]:
    origin = request.header("origin")
    allowed = cors.get("AllowOrigins", ())
    if not origin or not any(fnmatchcase(origin, pattern) for pattern in allowed):
        return {}
    headers = {"access-control-allow-origin": origin, "vary": "Origin"}
    if cors.get("AllowCredentials"):
        headers["access-control-allow-credentials"] = "true"
    elif "*" in allowed:
        headers = {"access-control-allow-origin": "*"}
    if cors.get("ExposeHeaders"):
        headers["access-control-expose-headers"] = ",".join(cors["ExposeHeaders"])
    return headers
