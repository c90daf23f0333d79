"""One request and its answer between an event and an ASGI application: `receive` and `send`.

The body is whole in the event, so the first `receive` gives all of it; a further one waits until the answer is
complete and then says that the client has gone. What the application sends is put together here; where the answer
streams, `AnswerStream` hands each piece on and lets the application run no further than the caller has read.

There are no queues: an application that awaits nothing of its own runs through without a turn of the event loop.
"""

from __future__ import annotations

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from typing import Any, TypeAlias

    Message: TypeAlias = dict[str, Any]
    # Of (scope, receive, send). Frameworks give these three types of their own, each a little different.
    ASGIApplication: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]

__all__ = ("AnswerStream", "Exchange")

_NOT_STARTED, _STARTED, _COMPLETE = range(3)


class Exchange:
    """The two callables of one request, and what the application has answered so far."""

    __slots__ = ("_body", "_pieces", "_state", "_waiting", "gone", "headers", "on_piece", "status")

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._pieces: list[bytes] = []
        self._state = _NOT_STARTED
        self._waiting: list[asyncio.Future[None]] = []
        self.status = 0
        self.headers: Sequence[tuple[bytes, bytes]] = ()
        # Whether the caller has stopped reading.
        self.gone = False
        # Takes a piece of an answer that is not complete, if someone wants it at once.
        self.on_piece: Callable[[bytes], Awaitable[None]] | None = None

    @property
    def started(self) -> bool:
        """Whether there is a status."""
        return self._state != _NOT_STARTED

    @property
    def complete(self) -> bool:
        """Whether the last of the body has been sent."""
        return self._state == _COMPLETE

    def body(self) -> bytes:
        """What of the body has been sent and was not handed on."""
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def receive(self) -> Message:
        """The request's body; from then on, the end of the connection, which is waited for."""
        body = self._body
        if body is not None:
            self._body = None
            return {"type": "http.request", "body": body, "more_body": False}
        if self._state != _COMPLETE and not self.gone:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message of the application's. Raises RuntimeError for one that must not come now."""
        kind = message["type"]
        if self.gone:
            raise OSError("the caller has stopped reading the answer")
        if kind == "http.response.body" and self._state == _STARTED:
            if not message.get("more_body", False):
                self._state = _COMPLETE
                if self._waiting:
                    self.disconnect()
            piece = message.get("body")
            if piece and self.on_piece is not None:
                await self.on_piece(bytes(piece))
            elif piece:
                self._pieces.append(bytes(piece))
        elif kind == "http.response.start" and self._state == _NOT_STARTED:
            self.status = message["status"]
            self.headers = message.get("headers", ())
            self._state = _STARTED
        else:
            raise RuntimeError(f"unexpected ASGI message {kind!r}: {_EXPECTED[self._state]}")

    def keep(self, piece: bytes) -> None:
        """Hold a piece until the answer is complete."""
        self._pieces.append(piece)

    def leave(self) -> None:
        """The caller has stopped reading."""
        self.gone = True
        self.disconnect()

    def disconnect(self) -> None:
        """Tell those who wait for the end of the connection."""
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()


_EXPECTED = {
    _NOT_STARTED: "the answer begins with 'http.response.start'",
    _STARTED: "'http.response.body' comes next",
    _COMPLETE: "the answer is complete",
}


class AnswerStream:
    """An application that runs on while its answer is read: an async iterable of the body's pieces.

    `streams` returns once it is known how the answer is sent. The application goes on when a piece has been read, so
    that memory stays constant; the iteration ends when the application does, background work included. Where the
    reader stops early, the application is told so (`http.disconnect`, and OSError when it sends) and cancelled.
    """

    def __init__(self, exchange: Exchange, running: Awaitable[Any], fits: Callable[[], bool]) -> None:
        self._exchange = exchange
        self._fits = fits
        self._streams: bool | None = None
        self._loop = asyncio.get_running_loop()
        self._offered: tuple[bytes, asyncio.Future[None]] | None = None
        self._news: asyncio.Future[None] = self._loop.create_future()
        exchange.on_piece = self._offer
        self._task = asyncio.ensure_future(running)
        self._task.add_done_callback(self._tell)

    async def streams(self) -> bool:
        """True once the answer begins to stream; False when the application has ended without. Raises what it did."""
        try:
            await self._news
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if self._offered is not None:
            return True
        self._task.result()
        return False

    async def _offer(self, piece: bytes) -> None:
        """Hand a piece over and wait until it is read; or keep it, where the answer is not streamed."""
        if self._streams is None:
            self._streams = not self._exchange.complete and self._fits()
        if not self._streams:
            self._exchange.keep(piece)
            return
        read = self._loop.create_future()
        self._offered = piece, read
        self._tell()
        await read

    def _tell(self, _task: object = None) -> None:
        if not self._news.done():
            self._news.set_result(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while not (self._task.done() and self._offered is None):
                await self._news
                self._news = self._loop.create_future()
                if self._offered is None:
                    break
                (piece, read), self._offered = self._offered, None
                yield piece
                if not read.done():
                    read.set_result(None)
            self._task.result()
        finally:
            await self._end()

    async def _end(self) -> None:
        if self._task.done():
            return
        self._exchange.leave()
        self._task.cancel()
        await asyncio.wait((self._task,))
