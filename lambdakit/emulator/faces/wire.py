"""A response as bytes: what the faces' server writes, and which headers of a function never go out as they are.

Framing is the server's business, so a function's own framing headers are left out; API Gateway's REST APIs keep the
value of some under another name. Source: RFC 9110 and 9112; API Gateway developer guide, "Important notes".
"""

from __future__ import annotations

import re
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdakit.emulator.faces.message import FaceResponse

__all__ = ("CONTINUE", "LAST_CHUNK", "chunk", "is_sendable", "own_headers", "response_head")

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"

Framing = Literal["length", "chunked", "close", "none"]

_DROPPED = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "trailer", "upgrade", "te"})
# What a REST API sends under the name `x-amzn-Remapped-...`.
_REMAPPED = frozenset(
    {"connection", "content-length", "content-md5", "date", "host", "server", "user-agent", "www-authenticate"}
)
_NO_BODY = frozenset({204, 304})
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_NOT_IN_VALUES = re.compile(r"[\0\r\n]")


def is_sendable(response: FaceResponse) -> bool:
    """Whether status and headers can be written at all: a function's can hold line breaks, or be an interim answer."""
    return response.status >= 200 and all(
        _NAME.match(name) and not _NOT_IN_VALUES.search(value) for name, value in response.headers
    )


def own_headers(headers: Iterable[tuple[str, str]], *, remap: Literal["rest", "none"]) -> tuple[tuple[str, str], ...]:
    """A function's headers without those that are the server's to send; a REST API renames some."""
    found = list(headers)
    if remap == "rest":
        found = [(f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, value) for name, value in found]
    return tuple(pair for pair in found if pair[0].lower() not in _DROPPED)


def framing_of(status: int, method: str, wanted: Framing) -> Framing:
    """How a body is delimited: not at all where there cannot be one."""
    return "none" if status in _NO_BODY or (method == "HEAD" and wanted != "length") else wanted


def response_head(response: FaceResponse, framing: Framing, *, connection: Literal["keep-alive", "close"]) -> bytes:
    """Status line and headers, to the empty line."""
    lines = [f"HTTP/1.1 {response.status} {_phrase(response.status)}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if not response.header_values("date"):
        lines.append(f"Date: {formatdate(usegmt=True)}")
    if framing == "length":
        lines.append(f"Content-Length: {len(response.body)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    lines += [f"Connection: {connection}", "", ""]
    return "\r\n".join(lines).encode("utf-8", "replace")


def chunk(data: bytes) -> bytes:
    """A piece of a body in chunked coding."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
