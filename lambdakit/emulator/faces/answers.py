"""A function's answers as responses: what each HTTP service makes of a payload, also of one that is malformed.

    face     not a proxy answer             malformed, or a function error    timeout of the service
    url      inferred: 200 and the JSON     502 `Internal Server Error`       -
    http     inferred: 200 and the JSON     500 `Internal Server Error`       503 `Service Unavailable`
    rest     malformed                      502 `Internal server error`       504 `Endpoint request timed out`
    alb      malformed                      502 `Bad Gateway`, in HTML        -

Sources: as of `events`; what the services do with malformed answers as recorded from them.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Literal

from lambdakit.emulator.faces.message import FaceResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pairs = list[tuple[str, str]]

__all__ = ("FAULTS", "Face", "answer", "fault")

Face = Literal["url", "http", "rest", "alb"]
_JSON: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


def _message(status: int, text: str) -> FaceResponse:
    return FaceResponse(status, _JSON, json.dumps({"message": text}, separators=(",", ":")).encode())


def _refusal(status: int, kind: str, body: bytes) -> FaceResponse:
    return FaceResponse(status, (*_JSON, ("x-amzn-ErrorType", kind)), body)


_BAD_GATEWAY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"</body>\r\n</html>\r\n"
)
_TOO_LARGE = _BAD_GATEWAY.replace(b"502 Bad Gateway", b"413 Request Entity Too Large")
Refusal = Literal["unauthorized", "token-expired", "forbidden", "denied", "authorizer-failed"]
Fault = Literal["malformed", "throttled", "timeout", "not-found", "too-large", Refusal]
# What each service answers by itself.
FAULTS: dict[tuple[Face, Fault], FaceResponse] = {
    ("url", "malformed"): FaceResponse(502, _JSON, b"Internal Server Error"),
    ("url", "throttled"): FaceResponse(429, _JSON, b'{"Reason":"ConcurrentInvocationLimitExceeded"}'),
    ("url", "forbidden"): FaceResponse(403, _JSON, b'{"Message":"Forbidden"}'),
    ("url", "not-found"): FaceResponse(
        403, (*_JSON, ("x-amzn-ErrorType", "AccessDeniedException")), b'{"Message":null}'
    ),
    ("url", "too-large"): FaceResponse(
        413, _JSON, b'{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}'
    ),
    ("http", "malformed"): _message(500, "Internal Server Error"),
    ("http", "throttled"): _message(503, "Service Unavailable"),
    ("http", "timeout"): _message(503, "Service Unavailable"),
    ("http", "not-found"): _message(404, "Not Found"),
    ("http", "too-large"): _message(413, "Request Entity Too Large"),
    ("http", "unauthorized"): _message(401, "Unauthorized"),
    ("http", "forbidden"): _message(403, "Forbidden"),
    ("http", "denied"): _message(403, "Forbidden"),
    ("http", "authorizer-failed"): _message(500, "Internal Server Error"),
    ("rest", "malformed"): _message(502, "Internal server error"),
    ("rest", "throttled"): _message(500, "Internal server error"),
    ("rest", "timeout"): _message(504, "Endpoint request timed out"),
    ("rest", "not-found"): _message(403, "Missing Authentication Token"),
    ("rest", "too-large"): _message(413, "Request Too Long"),
    ("rest", "unauthorized"): _refusal(401, "UnauthorizedException", b'{"message":"Unauthorized"}'),
    ("rest", "token-expired"): _refusal(401, "UnauthorizedException", b'{"message":"The incoming token has expired"}'),
    ("rest", "forbidden"): _refusal(
        403, "AccessDeniedException", b'{"Message":"User is not authorized to access this resource"}'
    ),
    ("rest", "denied"): _refusal(
        403,
        "AccessDeniedException",
        b'{"Message":"User is not authorized to access this resource with an explicit deny"}',
    ),
    ("rest", "authorizer-failed"): _refusal(500, "AuthorizerConfigurationException", b'{"message":null}'),
    ("alb", "malformed"): FaceResponse(502, (("content-type", "text/html"),), _BAD_GATEWAY),
    ("alb", "throttled"): FaceResponse(502, (("content-type", "text/html"),), _BAD_GATEWAY),
    ("alb", "too-large"): FaceResponse(413, (("content-type", "text/html"),), _TOO_LARGE),
    ("alb", "not-found"): FaceResponse(404, (("content-type", "text/plain"),), b""),
}


# `type`, but Any to type checkers.
_type: Any = type


class _MalformedError(Exception):
    """The answer is not of the service's form."""


def fault(face: Face, kind: Fault) -> FaceResponse:
    """What a service answers where there is no answer of the function."""
    return FAULTS[face, kind]


def answer(face: Face, payload: bytes, *, outcome: Literal["answered", "failed"] = "answered") -> FaceResponse:
    """The response to a function's payload; `failed` where the function ended with an error."""
    if outcome == "failed":
        return FAULTS[face, "malformed"]
    try:
        return _READERS[face](json.loads(payload or b"null"))
    except (_MalformedError, ValueError, RecursionError):
        return FAULTS[face, "malformed"]


def _version_two(value: Any) -> FaceResponse:
    """Format 2.0: an object with a status code is the answer, all else is its body."""
    if _type(value) is not dict or "statusCode" not in value:
        return FaceResponse(200, _JSON, value.encode() if isinstance(value, str) else _text(value))
    found: dict[str, Any] = value
    headers = [(name.lower(), _plain(item)) for name, item in _mapping(found.get("headers"))]
    headers += [("set-cookie", str(cookie)) for cookie in _listed(found.get("cookies"))]
    return FaceResponse(_status(found["statusCode"]), _typed(headers), _body(found))


_REST_KEYS = frozenset(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"])


def _rest(value: Any) -> FaceResponse:
    """Format 1.0 of a REST API: no other keys, and both maps of headers merged, the one with lists first."""
    if _type(value) is not dict or not value.keys() <= _REST_KEYS:
        raise _MalformedError
    found: dict[str, Any] = value
    headers: Pairs = []
    for name, items in _mapping(found.get("multiValueHeaders")):
        if _type(items) is not list:
            raise _MalformedError
        headers += [(name, _scalar(item)) for item in items]
    spelt = {name.lower(): name for name, _ in headers}
    headers += [(spelt.get(name.lower(), name), _scalar(item)) for name, item in _mapping(found.get("headers"))]
    return FaceResponse(_status(found.get("statusCode", 200)), _typed(headers), _body(found))


def _alb(value: Any) -> FaceResponse:
    """A load balancer's: the status is a must; of the maps of headers either will do here."""
    if _type(value) is not dict or "statusCode" not in value:
        raise _MalformedError
    found: dict[str, Any] = value
    headers = [(name, _scalar(item)) for name, item in _mapping(found.get("headers"))]
    headers += [(name, _scalar(i)) for name, items in _mapping(found.get("multiValueHeaders")) for i in _listed(items)]
    return FaceResponse(_status(found["statusCode"]), tuple(headers), _body(found))


_READERS: dict[Face, Callable[[Any], FaceResponse]] = {
    "url": _version_two,
    "http": _version_two,
    "rest": _rest,
    "alb": _alb,
}


def _status(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _MalformedError
    status = int(value)
    if not 100 <= status <= 599:
        raise _MalformedError
    return status


def _mapping(value: Any) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if _type(value) is not dict:
        raise _MalformedError
    named: dict[str, Any] = value
    yield from named.items()


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    if _type(value) is not list:
        raise _MalformedError
    items: list[Any] = value
    return items


def _scalar(value: Any) -> str:
    """A header's value: text, or a boolean or number in JSON. Lists and objects are malformed."""
    if isinstance(value, list | dict):
        raise _MalformedError
    return _plain(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _text(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _typed(headers: Pairs) -> tuple[tuple[str, str], ...]:
    """The headers, with the content type that the services add where there is none."""
    has_type = any(name.lower() == "content-type" for name, _ in headers)
    return tuple(headers) if has_type else (*headers, *_JSON)


def _body(found: dict[str, Any]) -> bytes:
    body = found.get("body")
    if body is None:
        return b""
    text: str = body if isinstance(body, str) else json.dumps(body)
    if found.get("isBase64Encoded") is not True:
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _MalformedError from None
