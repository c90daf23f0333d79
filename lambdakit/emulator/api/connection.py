"""HTTP/1.1 between a client and the local service: one connection, parsed by httptools, answered in single writes.

The invoke path is the reason this is own code: a web framework costs more for each request than everything else
here together. One request is answered at a time; what a client sends ahead waits. A request whose head is byte for byte
the head of the one before is not parsed again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from lambdakit.emulator import limits
from lambdakit.emulator.api.exchange import Exchange, RequestHead
from lambdakit.emulator.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.exceptions import ServiceError

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
END_OF_HEAD = b"\r\n\r\n"

# The largest body of any request: a function's code as base64, in the JSON of CreateFunction.
BODY_BYTES = 70_167_211
_JOIN_BYTES = 65_536
# The operations that take so much, by the end of their paths; to all others an event is the largest thing there is.
_WITH_CODE = {b"functions": "CreateFunction", b"code": "UpdateFunctionCode"}


class ClientConnection(asyncio.Protocol):
    """One client. `handle` is given each request; `admit` may refuse one on its head alone."""

    def __init__(
        self,
        handle: Callable[[Exchange], None],
        admit: Callable[[RequestHead], ServiceError | None],
        connections: set[ClientConnection],
    ) -> None:
        self._handle = handle
        self._admit = admit
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head: RequestHead | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._in_head = True
        self._head_bytes = 0
        self._completed = 0
        self._last: RequestHead | None = None
        # The last head that came whole with its body, as bytes, and what it is.
        self._known: bytes | None = None
        self._known_head: RequestHead | None = None
        self._current: Exchange | None = None
        self._queued: deque[tuple[RequestHead, bytes]] = deque()
        self._catching_up = False
        self._room: asyncio.Future[None] | None = None
        self._end: asyncio.Future[None] | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)
        if self._end is not None:
            self._end.set_result(None)
        self.resume_writing()
        exchange, self._current = self._current, None
        self._queued.clear()
        if exchange is not None:
            exchange.gone = True
            if exchange.on_gone is not None:
                exchange.on_gone()

    def pause_writing(self) -> None:
        if self._room is None:
            self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def data_received(self, data: bytes) -> None:
        between = self._in_head and not self._head_bytes
        if between and self._known is not None and data.startswith(self._known):
            head = self._known_head
            assert head is not None
            if len(data) - len(self._known) == head.length:
                self._come(head, data[len(self._known) :])
                return
        before = self._completed
        self._parse(data)
        if between and self._completed == before + 1 and self._in_head and not self._head_bytes:
            self._learn(data)

    # httptools

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._pieces = []
        self._size = 0
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._head = RequestHead(
            self._parser.get_method(), self._url, self._headers, keep_alive=self._parser.should_keep_alive()
        )
        if self._head.length > BODY_BYTES:
            self._end_with(_too_large(self._head))
        elif b"expect" in self._headers:
            self.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > BODY_BYTES:
            self._end_with(_too_large(self._head))
        else:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        head, self._head = self._head, None
        self._in_head = True
        self._completed += 1
        self._last = head
        if head is not None and self._transport is not None:
            pieces = self._pieces
            self._come(head, pieces[0] if len(pieces) == 1 else b"".join(pieces))

    # for exchanges

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None:
            self._transport.write(data)

    async def drained(self) -> None:
        """Return when the client has taken most of what was sent."""
        if self._room is not None:
            await asyncio.shield(self._room)

    def finish(self, exchange: Exchange, head: bytes, body: bytes) -> None:
        """Send the last of an exchange's answer and go on to the next request."""
        if self._current is not exchange or self._transport is None:
            return
        self._current = None
        if len(body) > _JOIN_BYTES:
            self._transport.write(head)
            self._transport.write(body)
        else:
            self._transport.write(head + body)
        if not exchange.head.keep_alive:
            self._queued.clear()
            self._transport.close()
        elif self._queued and not self._catching_up:
            self._catch_up()

    def close(self) -> None:
        """Close when everything written is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def closed(self) -> None:
        """Return when the connection is closed."""
        while self._transport is not None:
            if self._end is None:
                self._end = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._end)

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._current is not None

    # own

    def _come(self, head: RequestHead, body: bytes) -> None:
        if self._current is not None:
            self._queued.append((head, body))
            if self._transport is not None:
                self._transport.pause_reading()
            return
        exchange = self._current = Exchange(self, head, body)
        refused = self._admit(head)
        if refused is not None:
            exchange.refuse(refused)
        else:
            self._handle(exchange)

    def _catch_up(self) -> None:
        """Go on with what was sent ahead, as far as it is answered at once."""
        self._catching_up = True
        while self._queued and self._current is None:
            self._come(*self._queued.popleft())
        self._catching_up = False
        if not self._queued and self._transport is not None:
            self._transport.resume_reading()

    def _learn(self, data: bytes) -> None:
        """Remember the head of a request that was parsed from exactly `data`."""
        end = data.find(END_OF_HEAD) + len(END_OF_HEAD)
        head = self._last
        if head is None or end < len(END_OF_HEAD) or not head.keep_alive:
            return
        if b"transfer-encoding" in head.headers or b"expect" in head.headers or len(data) - end != head.length:
            return
        self._known, self._known_head = data[:end], head

    def _parse(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, Exception):
                raise error.__context__ from None
            raise
        except (httptools.HttpParserUpgrade, httptools.HttpParserError):
            self._end_with(refusal("malformed request"))
        if self._in_head and self._head_bytes > limits.HEADER_BYTES:
            self._end_with(refusal("malformed request"))

    def _end_with(self, error: ServiceError) -> None:
        """Answer what is no request, and close."""
        head = self._head or RequestHead(b"", b"", {}, keep_alive=False)
        head.keep_alive = False
        if self._current is None:
            self._current = Exchange(self, head, b"")
            self._current.refuse(error)
        self._head = None
        self.close()


def _too_large(head: RequestHead | None) -> ServiceError:
    """The error of a body that is larger than any may be."""
    operation = None if head is None else _WITH_CODE.get(head.path.rstrip(b"/").rpartition(b"/")[2])
    if operation is not None:
        return refusal("request too large", limit=BODY_BYTES, operation=operation)
    return refusal("request too large", limit=limits.REQUEST_BYTES, operation="InvokeFunction")
