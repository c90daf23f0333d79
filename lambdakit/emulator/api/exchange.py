"""One request to the local service and its answer, as the operations see them.

An operation is called with an `Exchange` and answers it once, now or later: with `reply()`, with `refuse()`, or with a
stream begun by `begin()`. Nothing here knows what the requests mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson

from lambdakit.emulator.ids import new_uuid

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.api.connection import ClientConnection
    from lambdakit.exceptions import ServiceError

REASONS: dict[int, bytes] = {
    200: b"OK",
    201: b"Created",
    202: b"Accepted",
    204: b"No Content",
    400: b"Bad Request",
    403: b"Forbidden",
    404: b"Not Found",
    405: b"Method Not Allowed",
    409: b"Conflict",
    412: b"Precondition Failed",
    413: b"Request Entity Too Large",
    415: b"Unsupported Media Type",
    429: b"Too Many Requests",
    431: b"Request Header Fields Too Large",
    500: b"Internal Server Error",
    501: b"Not Implemented",
    502: b"Bad Gateway",
}
_STATUS_LINES = {status: b"HTTP/1.1 %d %b\r\n" % (status, reason) for status, reason in REASONS.items()}

JSON = b"application/json"


class Exchange:
    """A request, whole: `path` is raw, `labels` are the decoded parts of it that the route left open.

    Header names are lower-case. `gone` is set when the client has closed the connection; `on_gone` is then called.
    """

    __slots__ = (
        "_connection", "body", "gone", "head", "headers", "labels", "on_gone", "query", "request_id", "streaming",
    )  # fmt: skip

    def __init__(self, connection: ClientConnection, head: RequestHead, body: bytes) -> None:
        self._connection = connection
        self.head = head
        self.headers = head.headers
        self.query = head.query
        self.body = body
        self.labels: tuple[str, ...] = ()
        self.request_id = new_uuid()
        self.gone = False
        self.streaming = False
        self.on_gone: Callable[[], None] | None = None

    def header(self, name: bytes) -> str | None:
        """A header's value as text, None where it is absent or empty."""
        value = self.headers.get(name)
        return value.decode("latin-1") if value else None

    def reply(self, status: int, body: bytes = b"", more: bytes = b"", *, content_type: bytes = JSON) -> None:
        """Answer with a whole body; `more` are further header lines, each ended by CR LF."""
        if status == 204:
            head = b"%bx-amzn-RequestId: %b\r\n%b\r\n" % (_STATUS_LINES[status], self.request_id.encode(), more)
        else:
            head = b"%bContent-Type: %b\r\nx-amzn-RequestId: %b\r\n%bContent-Length: %d\r\n\r\n" % (
                _STATUS_LINES[status], content_type, self.request_id.encode(), more, len(body),
            )  # fmt: skip
        self._connection.finish(self, head, body)

    def reply_json(self, status: int, value: object) -> None:
        """Answer with an object as JSON."""
        self.reply(status, orjson.dumps(value))

    def refuse(self, error: ServiceError) -> None:
        """Answer with the service's error object."""
        more = b"x-amzn-ErrorType: %b\r\n" % error.code.encode()
        self.reply(error.status, orjson.dumps(dict(error.members)), more)

    def begin(self, status: int, content_type: bytes, more: bytes = b"") -> None:
        """Begin an answer whose body comes in pieces."""
        self.streaming = True
        self._connection.write(
            b"%bContent-Type: %b\r\nx-amzn-RequestId: %b\r\n%bTransfer-Encoding: chunked\r\n\r\n"
            % (_STATUS_LINES[status], content_type, self.request_id.encode(), more)
        )

    async def send(self, data: bytes) -> None:
        """Send a piece, and wait while the client does not keep up."""
        self._connection.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self._connection.drained()

    def end(self) -> None:
        """End an answer that was begun."""
        self._connection.finish(self, b"0\r\n\r\n", b"")


class RequestHead:
    """Everything before a request's body; the same object for every request that begins with the same bytes.

    `understood` is for the operation, which may keep there what it has made of the head.
    """

    __slots__ = ("headers", "keep_alive", "length", "method", "path", "query", "raw_query", "understood")

    def __init__(self, method: bytes, url: bytes, headers: dict[bytes, bytes], *, keep_alive: bool) -> None:
        self.method = method
        self.path, _, self.raw_query = url.partition(b"?")
        self.headers = headers
        self.keep_alive = keep_alive
        self.length = int(headers.get(b"content-length") or 0)
        self.understood: object = None
        self.query: dict[str, str] = {}
        if self.raw_query:
            self.query = dict(parse_qsl(self.raw_query.decode("latin-1"), keep_blank_values=True))
