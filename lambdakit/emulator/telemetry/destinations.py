"""Where telemetry is sent: an HTTP server or a TCP socket of an extension, on this machine.

HTTP gets each batch as a JSON array in one request, TCP one JSON object a line. Either raises OSError or EOFError when
a batch could not be handed over; how long to wait and whether to try again is the subscriber's.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdakit.emulator.telemetry.subscription import Subscription

__all__ = ("Destination", "HttpDestination", "TcpDestination", "destination_of")

_LOOPBACK = "127.0.0.1"
_HOST = "sandbox.localdomain"
_OK = range(200, 300)


class Destination(Protocol):
    """Takes batches of encoded events."""

    async def send(self, events: Sequence[bytes]) -> None:
        """Hand over a batch. Raises OSError or EOFError."""

    async def close(self) -> None:
        """Give up what is open."""


class HttpDestination:
    """An extension's HTTP server; a connection for each batch."""

    def __init__(self, port: int, target: str, method: str) -> None:
        self._port = port
        self._head = f"{method} {target} HTTP/1.1\r\nHost: {_HOST}:{port}\r\nContent-Type: application/json\r\n"

    async def send(self, events: Sequence[bytes]) -> None:
        """Hand over a batch; an answer other than 2xx is an OSError."""
        body = b"[" + b",".join(events) + b"]"
        reader, writer = await asyncio.open_connection(_LOOPBACK, self._port)
        try:
            head = f"{self._head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode("latin-1") + body)
            await writer.drain()
            status = await _answer(reader)
        finally:
            await _abort(writer)
        if status not in _OK:
            raise OSError(f"the extension answered {status}")

    async def close(self) -> None:
        """Nothing is open between batches."""


class TcpDestination:
    """An extension's TCP socket; one connection, made anew when it is lost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, events: Sequence[bytes]) -> None:
        """Hand over a batch."""
        if self._writer is None or self._writer.is_closing():
            _, self._writer = await asyncio.open_connection(_LOOPBACK, self._port)
        try:
            self._writer.write(b"".join(event + b"\n" for event in events))
            await self._writer.drain()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection; what is written is sent, where it is taken at once."""
        writer, self._writer = self._writer, None
        if writer is not None:
            await _abort(writer)


def destination_of(subscription: Subscription) -> Destination:
    """The destination a subscription names."""
    if subscription.protocol == "TCP":
        return TcpDestination(subscription.port)
    return HttpDestination(subscription.port, subscription.target, subscription.method)


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status of a response that is read to its end, so that its sender can finish."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        status = int(head[0].split(" ", 2)[1])
    except (IndexError, ValueError, asyncio.LimitOverrunError):
        raise OSError("the extension's answer is no HTTP") from None
    length = next((line.partition(":")[2].strip() for line in head if line.startswith("content-length:")), "")
    if length.isdecimal():
        await reader.readexactly(int(length))
    else:
        await reader.read()
    return status


async def _abort(writer: asyncio.StreamWriter) -> None:
    # Closing would wait for a peer that takes nothing more; what was written is on its way, or of no use.
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
