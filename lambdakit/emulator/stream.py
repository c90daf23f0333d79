"""A streamed response between the runtime's socket and whoever takes it: constant memory, whatever its length."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Literal

from lambdakit.emulator import limits

if TYPE_CHECKING:
    from collections.abc import Callable

# Who takes a stream's chunks: a reader at its own pace, a caller who wants the whole, or nobody any more.
Taker = Literal["reader", "collector", "nobody"]


class ResponseStream:
    """The bytes of a streamed response between the runtime's socket and the reader.

    When more than `STREAM_WINDOW_BYTES` wait for a reader, `pause` is called (the socket is read no further) until
    they have been taken. For a collector all are kept; with nobody left they flow by, since a function runs to its
    end without its caller.
    """

    __slots__ = ("_chunks", "_ended", "_pause", "_paused", "_resume", "_size", "_taker", "_wakeup", "total")

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._paused = False
        self._taker: Taker = "reader"
        self._wakeup: asyncio.Future[None] | None = None
        self._pause = pause
        self._resume = resume
        self.total = 0

    def feed(self, chunk: bytes) -> None:
        """Take a chunk from the socket."""
        self.total += len(chunk)
        if self._taker == "nobody":
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        self._wake()
        if self._taker == "reader" and self._size > limits.STREAM_WINDOW_BYTES and not self._paused:
            self._paused = True
            self._pause()

    def end(self) -> None:
        """No chunk will follow."""
        self._ended = True
        self._wake()

    def collect(self) -> None:
        """The whole is wanted: keep everything, make the runtime wait for nothing."""
        if self._taker == "reader":
            self._taker = "collector"
            self._unpause()

    def discard(self) -> None:
        """Nobody will read: drop what waits and let the rest flow by."""
        self._taker = "nobody"
        self.take()

    def take(self) -> bytes:
        """What has come since the last time, without waiting."""
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        self._unpause()
        return data

    async def read(self) -> bytes:
        """What has come since the last time, waiting for some; `b""` at the end."""
        while not self._chunks:
            if self._ended:
                return b""
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup
        return self.take()

    def _unpause(self) -> None:
        if self._paused:
            self._paused = False
            self._resume()

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)
