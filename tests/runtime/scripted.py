"""A connection of the runtime's over scripted sockets: no network, no thread, nothing that could block.

`ScriptedSocket(pieces)` gives the client at most one piece a read, then the end of the connection (or a reset), and
keeps what the client sent. A client that goes on reading after the end is caught: in life it would spin for ever.
`wire(status, ...)` writes an answer.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

from lambdakit.exceptions import RuntimeApiUnreachable
from lambdakit.runtime.http1 import Connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GET = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
_READS_AFTER_THE_END = 3


class ScriptedSocket:
    """What the client sees of a connection; see the module's docstring.

    `breaks_after` is how many bytes the client can send before sending fails, as to a peer that has closed.
    """

    def __init__(
        self,
        pieces: bytes | Iterable[bytes],
        *,
        end: Literal["close", "reset"] = "close",
        breaks_after: int | None = None,
    ) -> None:
        self.pieces = deque([pieces] if isinstance(pieces, bytes) else pieces)
        self.sent = bytearray()
        self.closed = False
        self._end = end
        self._breaks_after = breaks_after
        self._reads_after_end = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        if flags:
            raise BlockingIOError  # a look ahead without waiting: nothing has come unasked
        assert not self.closed, "read from a closed socket"
        while self.pieces and not self.pieces[0]:
            self.pieces.popleft()
        if not self.pieces:
            return self._at_end()
        piece = self.pieces.popleft()
        if len(piece) > size:
            self.pieces.appendleft(piece[size:])
        return piece[:size]

    def recv_into(self, buffer: memoryview) -> int:
        data = self.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data
        if self._breaks_after is not None and len(self.sent) > self._breaks_after:
            raise BrokenPipeError(32, "Broken pipe")

    def sendmsg(self, buffers: Sequence[bytes]) -> int:
        # One byte of the body at most: the rest is left to the caller.
        whole = b"".join(buffers)
        count = min(len(whole), len(buffers[0]) + 1)
        self.sendall(whole[:count])
        return count

    def close(self) -> None:
        self.closed = True

    def shutdown(self, how: int) -> None:
        self.pieces.clear()

    def _at_end(self) -> bytes:
        self._reads_after_end += 1
        assert self._reads_after_end <= _READS_AFTER_THE_END, "the client reads on and on after the end"
        if self._end == "reset":
            raise ConnectionResetError(104, "Connection reset by peer")
        return b""


class ScriptedConnection(Connection):
    """A connection that opens the given sockets, one after the other, instead of connecting."""

    def __init__(self, *sockets: ScriptedSocket) -> None:
        super().__init__(("scripted", 1))
        self._waiting = deque(sockets)
        self.opened = 0

    def _connect(self) -> ScriptedSocket:  # type: ignore[override]
        if not self._waiting:
            raise RuntimeApiUnreachable("no more scripted connections")
        self.opened += 1
        self._socket = self._waiting.popleft()  # type: ignore[assignment]
        return self._socket  # type: ignore[return-value]


def read(pieces: bytes | Iterable[bytes], **options: Literal["close", "reset"]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer that `pieces` carry, read over a fresh connection."""
    response = ScriptedConnection(ScriptedSocket(pieces, **options)).request(GET)
    return response.status, response.headers, bytes(response.body)


def wire(status: int = 200, body: bytes = b"", *fields: str) -> bytes:
    """An answer with a content length."""
    lines = "".join(f"{field}\r\n" for field in (*fields, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode() + body
