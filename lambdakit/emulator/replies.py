"""Every reply of the Runtime API whose bytes do not depend on the event, made once.

Source: AWS Lambda developer guide, "Runtime API"; the exact texts are those of AWS's own emulator, where it has them.
"""

from __future__ import annotations

import functools
import json

from lambdakit.emulator import limits, states

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"

REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    410: "Gone",
    413: "Request Entity Too Large",
    431: "Request Header Fields Too Large",
}


def reply(status: int, body: bytes = b"", content_type: str | None = JSON, *headers: tuple[str, str]) -> bytes:
    """One whole HTTP/1.1 response; without a body there is no content type."""
    lines = [f"HTTP/1.1 {status} {REASONS[status]}"]
    if content_type and body:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def error(status: int, error_type: str, message: str) -> bytes:
    """The API's error object, newline-ended."""
    body = json.dumps({"errorMessage": message, "errorType": error_type}, separators=(",", ":")) + "\n"
    return reply(status, body.encode())


def closing(status: int) -> bytes:
    """A reply to bytes that are no request: the status as text, and the end of the connection."""
    text = f"{status} {REASONS[status]}".encode()
    return reply(status, text, TEXT, ("Connection", "close"))


ACCEPTED = reply(202, b'{"status":"OK"}\n')
RESTORED = reply(200)
PONG = reply(200, b"pong", TEXT)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

NOT_FOUND = reply(404, b"404 page not found\n", TEXT, ("X-Content-Type-Options", "nosniff"))
BAD_REQUEST = closing(400)
HEADERS_TOO_LARGE = closing(431)

INVALID_REQUEST_ID = error(400, "InvalidRequestID", "Invalid request ID")
INVALID_RESPONSE_MODE = error(400, "InvalidFunctionResponseMode", "Invalid function response mode")
TRUNCATED_REQUEST = error(400, "TruncatedHTTPRequest", "HTTP request detected as truncated")
INVOKE_TIMEOUT = error(410, "InvokeTimeout", "Invoke timeout")
TOO_LARGE = error(
    413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({limits.PAYLOAD_BYTES} bytes)."
)
STREAM_TOO_LARGE = error(
    413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({limits.STREAM_BYTES} bytes)."
)

METADATA_UNAUTHORIZED = reply(401, b"Unauthorized\n", TEXT)


@functools.cache
def method_not_allowed(allowed: bytes) -> bytes:
    """405: the path exists, but for another method."""
    return reply(405, b"", None, ("Allow", allowed.decode("latin-1")))


@functools.cache
def invalid_transition(state: str, target: str) -> bytes:
    """403: the call does not belong in this state."""
    return error(403, "InvalidStateTransition", states.refusal(state, target) or "")
