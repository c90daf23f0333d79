"""HTTP/1.1 between a runtime process and the engine: one connection, parsed by httptools, answered in single writes.

This is the hot path of every invocation, so it knows no web framework: a request is found in the route table when its
headers are complete, its body is handed over in pieces or as a whole, and the session's reply is written as it is.
What the calls mean is not here but in `session`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote_to_bytes

import httptools

from lambdakit.emulator import limits, replies, routes
from lambdakit.emulator.known_requests import KnownRequests

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.session import Session

# Up to here one joined write is cheaper than two.
_JOIN_BYTES = 65_536


class Request:
    """One request: header names are lower-case; `body` is whole once the endpoint is called.

    `on_chunk` takes the body's pieces of an accepted streamed response instead. `rejection` is the reply that was
    decided on when the headers had come; what follows of the body is then thrown away.
    """

    __slots__ = (
        "body", "connection", "flight", "headers", "keep_alive", "on_chunk", "oversized", "pieces", "rejection",
        "request_id", "route", "size", "trailers",
    )  # fmt: skip

    def __init__(self, connection: Connection, headers: dict[bytes, bytes]) -> None:
        self.connection = connection
        self.headers = headers
        self.trailers: dict[bytes, bytes] = {}
        self.route: routes.Route | None = None
        self.request_id = ""
        self.body = b""
        self.pieces: list[bytes] = []
        self.size = 0
        self.oversized = False
        self.on_chunk: Callable[[bytes], None] | None = None
        self.rejection: bytes | None = None
        self.flight: Flight | None = None
        self.keep_alive = True


class Refusal(asyncio.Protocol):
    """A connection that comes while no process runs: closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()


class Connection(asyncio.Protocol):
    """One connection from the runtime process."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._in_head = True
        self._request: Request | None = None
        self._held: Request | None = None
        self._queued: deque[Request] = deque()
        self._known = KnownRequests()
        # Every `next` that is known is this one: it carries nothing but its connection.
        self._next_request = Request(self, {})
        self._next_request.route = routes.NEXT
        # The answer to a response, kept until the `next` that came with it is answered.
        self._unsent = b""
        # The requests that became whole with what was received last.
        self._completed: list[Request] = []

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._session.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._cut()
        self._session.disconnected(self)

    def eof_received(self) -> bool:
        if self._cut():
            self._end_with(replies.TRUNCATED_REQUEST)
        return False

    def data_received(self, data: bytes) -> None:
        # Between two messages, with nothing waiting: the only place where a known request can stand.
        between = self._in_head and not self._head_bytes and self._held is None
        if between and self._is_known(data):
            return
        self._completed.clear()
        self._parse(data)
        if between and self._completed and self._request is None:
            self._known.learn(data, self._completed)

    def _is_known(self, data: bytes) -> bool:
        known = self._known
        if data == known.next:
            self._take_next()
            return True
        response = known.response(data)
        if response is None:
            return False
        request = Request(self, response.headers)
        request.route = response.route
        request.request_id = response.request_id
        request.body = response.body
        request.size = len(response.body)
        refused = self._session.accept_upload(request)
        if refused is not None:
            self._send(request, refused)
        elif response.next_follows:
            # The client reads both answers when there is an event, so the first may wait for the second.
            self._unsent = self._session.respond(request)
        else:
            self._send(request, self._session.respond(request))
        if response.next_follows:
            self._take_next()
        return True

    def _take_next(self) -> None:
        self._held = request = self._next_request
        reply = self._session.next(request)
        if reply is not None and self._held is request:
            self._held = None
            self._send(request, reply)

    def _parse(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end_with(replies.BAD_REQUEST)
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, Exception) and isinstance(error, httptools.HttpParserCallbackError):
                raise error.__context__ from None
            self._end_with(replies.TRUNCATED_REQUEST if self._cut() else replies.BAD_REQUEST)
        if self._in_head and self._head_bytes > limits.HEADER_BYTES:
            self._end_with(replies.HEADERS_TOO_LARGE)

    # httptools

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._request is not None:
            self._request.trailers[name.lower()] = value
        else:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        request = self._request = Request(self, self._headers)
        request.keep_alive = self._parser.should_keep_alive()
        self._find_route(request)
        if b"expect" in self._headers and request.rejection is None:
            self._write(replies.CONTINUE)

    def on_body(self, body: bytes) -> None:
        request = self._request
        if request is None or request.rejection is not None:
            return
        request.size += len(body)
        if request.on_chunk is not None:
            request.on_chunk(body)
        elif request.size > limits.PAYLOAD_BYTES:
            request.oversized = True
            request.pieces.clear()
        else:
            request.pieces.append(body)

    def on_message_complete(self) -> None:
        request, self._request = self._request, None
        self._in_head = True
        if request is None:
            return
        self._completed.append(request)
        request.body = request.pieces[0] if len(request.pieces) == 1 else b"".join(request.pieces)
        if self._held is not None:
            self._queued.append(request)
            return
        self._answer(request)

    # for the session

    def reply(self, head: bytes, body: bytes = b"") -> None:
        """Answer the request this connection was left waiting with."""
        held, self._held = self._held, None
        if held is None:
            return
        self._send(held, head, body)
        while self._queued and self._held is None:
            self._answer(self._queued.popleft())

    def pause(self) -> None:
        """Read no further for now."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    # own

    def _find_route(self, request: Request) -> None:
        path = self._url.partition(b"?")[0]
        route = self._session.routes.get(path)
        if route is None and path.startswith(routes.INVOCATION_PREFIX):
            raw_id, slash, last = path[len(routes.INVOCATION_PREFIX) :].partition(b"/")
            route = routes.INVOCATION.get(last) if slash and raw_id else None
            request.request_id = (unquote_to_bytes(raw_id) if b"%" in raw_id else raw_id).decode("utf-8", "replace")
        request.route = route
        if route is None:
            request.rejection = replies.NOT_FOUND
        elif self._parser.get_method() != route.method:
            request.rejection = replies.method_not_allowed(route.method)
        elif route.endpoint in routes.UPLOADS:
            request.rejection = self._session.accept_upload(request)

    def _answer(self, request: Request) -> None:
        if request.rejection is not None:
            self._send(request, request.rejection)
            return
        assert request.route is not None
        self._held = request
        reply = self._session.endpoints[request.route.endpoint](request)
        if reply is not None and self._held is request:
            self._held = None
            self._send(request, reply)

    def _send(self, request: Request, head: bytes, body: bytes = b"") -> None:
        transport = self._transport
        if transport is None:
            return
        if self._unsent:
            head, self._unsent = self._unsent + head, b""
        if len(body) > _JOIN_BYTES:
            transport.write(head)
            transport.write(body)
        else:
            transport.write(head + body)
        if not request.keep_alive:
            transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _end_with(self, reply: bytes) -> None:
        self._write(reply)
        if self._transport is not None:
            self._transport.close()

    def _cut(self) -> bool:
        """Whether an accepted response was under way, which the session is then told has ended too soon."""
        request, self._request = self._request, None
        if request is None or request.flight is None or request.rejection is not None:
            return False
        self._session.upload_cut(request)
        return True
