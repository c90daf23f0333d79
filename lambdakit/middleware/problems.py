"""Answers to HTTP requests that failed: problem details (RFC 9457), which carry no more than was meant for the client.

Not here: which failure is which problem (`error_answers`), and the HTTP router's own responses.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("is_http", "problem")

# Sources, as the recognition table names them, whose answer is `{"statusCode": ..., "headers": ..., "body": ...}`.
HTTP_SOURCES = frozenset((
    "alb",
    "api-gateway",
    "api-gateway-v2",
    "function-url",
    "vpc-lattice",
    "vpc-lattice-v2",
    "websocket",
))  # fmt: skip

_type: Any = type


def is_http(event: Any) -> bool:
    """Whether an event, raw or typed, is a request whose caller waits for an HTTP answer."""
    raw = getattr(event, "_raw", event)
    if _type(raw) is not dict:
        return False
    from lambdakit.events.detection import source_of

    return source_of(raw) in HTTP_SOURCES


def problem(
    status: int,
    *,
    title: str | None = None,
    detail: str | None = None,
    kind: str | None = None,
    context: Any = None,
    headers: dict[str, str] | None = None,
    members: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The answer with a problem details object: `title` is the status' own phrase unless given.

    `kind` is the problem's type, a URI (absent: about:blank); `context` gives the request's id as the instance;
    `members` are further members of the object.
    """
    from lambdakit.codec import encode

    body: dict[str, Any] = {} if kind is None else {"type": kind}
    body["title"] = title or _phrase(status)
    body["status"] = status
    if detail:
        body["detail"] = detail
    request_id = getattr(context, "aws_request_id", None)
    if isinstance(request_id, str):
        body["instance"] = f"urn:uuid:{request_id}"
    body.update(members or {})
    return {
        "statusCode": status,
        "headers": {"content-type": "application/problem+json", "cache-control": "no-store", **(headers or {})},
        "body": encode(body).decode(),
        "isBase64Encoded": False,
    }


# RFC 9110's phrases, where those of Python before 3.13 are older.
_PHRASES = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}


def _phrase(status: int) -> str:
    from http import HTTPStatus

    try:
        return _PHRASES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return "Error"
