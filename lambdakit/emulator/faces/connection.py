"""HTTP/1.1 between a client and the faces: requests with all their headers in, answers whole or in pieces out.

Apart from the Lambda API's connection because the needs are: there one value of each header is enough and nothing may
cost time, here functions see every header as it was sent, and the limits depend on which face a request is for. One
request is answered at a time; what a client sends ahead waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, cast

import httptools

from lambdakit.emulator.faces.message import FaceResponse
from lambdakit.emulator.faces.wire import CONTINUE, LAST_CHUNK, chunk, framing_of, response_head

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("FaceConnection", "Passage", "RequestHead", "Writer")

# As much of headers as load balancers take; API Gateway takes less.
HEAD_BYTES = 65_536
_TEXT = (("content-type", "text/plain"),)
_MALFORMED = FaceResponse(400, _TEXT, b"The request is not valid HTTP/1.1.\n")
_HEAD_TOO_LARGE = FaceResponse(431, _TEXT, b"The request's headers are larger than 64 KB.\n")
_FAILED = FaceResponse(500, _TEXT, b"The local server failed; its log says why.\n")

_log = logging.getLogger(__name__)


class RequestHead(NamedTuple):
    """Everything before a request's body; headers in their order and spelling."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    protocol: str
    source_ip: str

    def header(self, name: str) -> str:
        """The last value of a header, its name in lower case; empty where there is none."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name), "")


class Passage(Protocol):
    """One request's way to its answer, found by its head: so much body it may have, or it is `too_large`."""

    @property
    def limit(self) -> int:
        """The bytes a body may have."""
        ...

    @property
    def too_large(self) -> FaceResponse:
        """The answer to a body that has more."""
        ...

    async def respond(self, body: bytes, writer: Writer) -> None:
        """Answer the request."""


class Writer:
    """The answer to one request: `send()` it whole, or `begin()`, `write()` pieces and `end()`."""

    def __init__(self, connection: FaceConnection, head: RequestHead, *, keep_alive: bool) -> None:
        self._connection = connection
        self._head = head
        self.keep_alive = keep_alive
        self.begun = False
        self._framing = framing_of(200, head.method, "length")

    def send(self, response: FaceResponse) -> None:
        """Send a whole response; of a HEAD request's only the head."""
        self.begun = True
        framing = framing_of(response.status, self._head.method, "length")
        head = response_head(response, framing, connection=self._kept)
        hidden = framing == "none" or self._head.method == "HEAD"
        self._connection.write(head if hidden else head + response.body)

    def begin(self, response: FaceResponse) -> None:
        """Send the head of a response whose body comes in pieces; HTTP/1.0 knows no chunks, so there its end is EOF."""
        self.begun = True
        old = self._head.protocol == "HTTP/1.0"
        self._framing = framing_of(response.status, self._head.method, "close" if old else "chunked")
        self.keep_alive = self.keep_alive and self._framing != "close"
        self._connection.write(response_head(response, self._framing, connection=self._kept))

    async def write(self, data: bytes) -> None:
        """Send a piece, and wait while the client does not keep up."""
        if data and self._framing != "none":
            self._connection.write(chunk(data) if self._framing == "chunked" else data)
            await self._connection.drained()

    def end(self) -> None:
        """Send the end of a body."""
        if self._framing == "chunked":
            self._connection.write(LAST_CHUNK)

    def break_off(self) -> None:
        """Close without an end, so that no client takes half a body for a whole one."""
        self.keep_alive = False
        self._connection.abort()

    @property
    def _kept(self) -> Literal["keep-alive", "close"]:
        return "keep-alive" if self.keep_alive else "close"


class _Arrived(NamedTuple):
    head: RequestHead
    passage: Passage | None
    body: bytes
    refused: FaceResponse | None
    keep_alive: bool


class FaceConnection(asyncio.Protocol):
    """One client; `find` says where a request goes, by its head alone."""

    def __init__(self, find: Callable[[RequestHead], Passage], connections: set[FaceConnection]) -> None:
        self._find = find
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._source_ip = ""
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._head: RequestHead | None = None
        self._passage: Passage | None = None
        self._refused: FaceResponse | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._head_bytes = 0
        self._queue: deque[_Arrived] = deque()
        self._task: asyncio.Task[None] | None = None
        self._deaf = False
        self._room: asyncio.Future[None] | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._source_ip = str(peer[0]) if peer else "127.0.0.1"
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)
        self._queue.clear()
        self.resume_writing()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        if self._room is None:
            self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._head is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None
        except httptools.HttpParserUpgrade as upgrade:
            # Offers to go on in another protocol are not taken; what follows is the next request.
            self.data_received(data[int(upgrade.args[0]) :])
        except httptools.HttpParserError:
            self._refuse_head(_MALFORMED)
        if self._head is None and self._head_bytes > HEAD_BYTES:
            self._refuse_head(_HEAD_TOO_LARGE)

    # httptools

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = []
        self._pieces = []
        self._size = 0
        self._refused = None

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is None:
            self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        method, protocol = self._parser.get_method().decode(), f"HTTP/{self._parser.get_http_version()}"
        url = self._url.decode("latin-1")
        self._head = head = RequestHead(method, url, tuple(self._headers), protocol, self._source_ip)
        self._passage = passage = self._find(head)
        too_long = int(head.header("content-length") or 0) > passage.limit
        if too_long:
            self._refused = passage.too_large
        if head.header("expect").lower() == "100-continue":
            if too_long:
                self._arrive(keep_alive=False)
                self._deaf = True
            elif self._task is None:
                self.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._passage is None or self._size > self._passage.limit:
            # The rest is taken and thrown away: a client that is cut off in mid-sentence would not read the answer.
            self._refused = self._passage.too_large if self._passage else None
            self._pieces = []
        elif self._refused is None:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if not self._deaf:
            self._arrive(keep_alive=self._parser.should_keep_alive())

    # for the writer and the server

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None:
            self._transport.write(data)

    async def drained(self) -> None:
        """Return when the client has taken most of what was sent."""
        if self._room is not None:
            await asyncio.shield(self._room)

    def abort(self) -> None:
        """Close at once, after what was written."""
        if self._transport is not None:
            self._transport.close()

    async def stop(self) -> None:
        """Close, giving up what is being answered."""
        task = self._task
        self.abort()
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    # own

    def _arrive(self, *, keep_alive: bool) -> None:
        head, self._head = self._head, None
        if head is not None:
            self._queue.append(_Arrived(head, self._passage, b"".join(self._pieces), self._refused, keep_alive))
            self._pieces = []
            self._next()

    def _refuse_head(self, response: FaceResponse) -> None:
        self._deaf = True
        self._head = None
        head = RequestHead("", "", (), "HTTP/1.1", self._source_ip)
        self._queue.append(_Arrived(head, None, b"", response, keep_alive=False))
        self._next()

    def _next(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._task is not None:
            self._transport.pause_reading()
        elif self._queue:
            self._task = asyncio.get_running_loop().create_task(self._answer(self._queue.popleft()))
        else:
            self._transport.resume_reading()

    async def _answer(self, arrived: _Arrived) -> None:
        writer = Writer(self, arrived.head, keep_alive=arrived.keep_alive)
        try:
            if arrived.refused is not None or arrived.passage is None:
                writer.send(arrived.refused or _MALFORMED)
            else:
                await arrived.passage.respond(arrived.body, writer)
        except Exception:
            _log.exception("The request %s %s failed", arrived.head.method, arrived.head.target)
            if writer.begun:
                writer.break_off()
            else:
                writer.send(_FAILED)
        finally:
            self._task = None
        if writer.keep_alive:
            self._next()
        else:
            self.abort()
