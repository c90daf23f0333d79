"""The X-Ray daemon that functions send to: documents by UDP, and on the TCP port of the same number what SDKs ask.

    async with XRayDaemon(xray, port=0) as daemon:
        print(daemon.address)                     for AWS_XRAY_DAEMON_ADDRESS

Whoever sends by UDP gets no answer, so what is no document is counted, by what is wrong with it, and the first of each
kind is said in the log. Source: AWS X-Ray developer guide, "AWS X-Ray daemon" and "Sending segment documents to the
X-Ray daemon".
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.api.connection import ClientConnection
from lambdakit.emulator.api.gate import Gate
from lambdakit.emulator.api.routes import Match, Router
from lambdakit.emulator.listener import LOOPBACK, Listener
from lambdakit.emulator.tracing.documents import DocumentError, from_datagram
from lambdakit.emulator.tracing.routes import xray_routes
from lambdakit.exceptions import AddressInUseError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.tracing.api import XRay
    from lambdakit.emulator.tracing.store import TraceStore

__all__ = ("PORT", "XRayDaemon", "listening_daemon")

PORT = 2000
# What may wait to be read: an invocation sends everything at once.
_RECEIVE_BYTES = 4 * 1024 * 1024
# UDP and TCP must be free under the same number, which the system does not see to.
_TRIES = 20

_log = logging.getLogger(__name__)


class XRayDaemon(Listener):
    """The daemon, on a port for both protocols; port 0: any that is free."""

    def __init__(self, xray: XRay, *, host: str = LOOPBACK, port: int = PORT) -> None:
        super().__init__(host, port)
        self.taken = 0
        self.refused: Counter[str] = Counter()
        self._store = xray.store
        self._router = Router()
        self._router.add(xray_routes(xray))
        self._gate = Gate((host,))
        self._connections: set[ClientConnection] = set()
        self._receiver: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> str:
        """`host:port`, for AWS_XRAY_DAEMON_ADDRESS."""
        return self.url.partition("//")[2]

    def told(self) -> dict[str, Any]:
        """What has come in so far."""
        return {"address": self.address, "documents": self.taken, "refused": dict(self.refused)}

    async def start(self) -> None:
        """Listen. Raises AddressInUseError."""
        wanted = self.port
        for _ in range(_TRIES):
            await super().start()
            try:
                await self._receive()
                return
            except AddressInUseError:
                await super().stop()
                if wanted:
                    raise
                self.port = wanted
        raise AddressInUseError(self.host, wanted)

    async def stop(self) -> None:
        """Listen no more; twice is allowed."""
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.close()
        await super().stop()

    async def _receive(self) -> None:
        receiving = self._bound()
        try:
            loop = asyncio.get_running_loop()
            self._receiver, _ = await loop.create_datagram_endpoint(
                lambda: _Receiver(self._store, self), sock=receiving
            )
        except BaseException:
            receiving.close()
            raise

    def _bound(self) -> socket.socket:
        # Bound here, because event loops do not all say what is wrong with an address.
        receiving = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            receiving.setblocking(False)
            receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
            receiving.bind((self.host, self.port))
        except OSError as error:
            receiving.close()
            if error.errno == errno.EADDRINUSE:
                raise AddressInUseError(self.host, self.port) from None
            raise
        return receiving

    def refuse(self, error: DocumentError) -> None:
        """Count what is no document."""
        self.refused[error.reason] += 1
        if self.refused[error.reason] == 1:
            _log.warning("X-Ray daemon: what was sent is no segment document, and ignored: %s", error.message)

    # TCP

    def _connect(self) -> ClientConnection:
        return ClientConnection(self._handle, self._gate.admit, self._connections)

    def _handle(self, exchange: Exchange) -> None:
        found = self._router.find(exchange.head.method, exchange.head.path)
        if isinstance(found, Match):
            found.operation(exchange)
        else:
            exchange.refuse(found)

    async def _close_connections(self) -> None:
        connections = list(self._connections)
        for connection in connections:
            connection.abort()
        await asyncio.gather(*(connection.closed() for connection in connections))


class _Receiver(asyncio.DatagramProtocol):
    """Takes datagrams."""

    def __init__(self, store: TraceStore, daemon: XRayDaemon) -> None:
        self._store = store
        self._daemon = daemon

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        try:
            document = from_datagram(data)
        except DocumentError as error:
            self._daemon.refuse(error)
            return
        self._store.add(document)
        self._daemon.taken += 1

    def error_received(self, exc: Exception) -> None:
        """Nothing was sent from here."""


@asynccontextmanager
async def listening_daemon(xray: XRay, *, host: str = LOOPBACK, port: int | None = None) -> AsyncGenerator[XRayDaemon]:
    """A daemon that listens: on `port`, or where none is given on the usual one, or any if that is taken.

    Whoever runs a daemon of their own has the usual port taken by it. Raises AddressInUseError for a port asked for.
    """
    daemon = XRayDaemon(xray, host=host, port=PORT if port is None else port)
    try:
        await daemon.start()
    except AddressInUseError:
        if port is not None:
            raise
        daemon = XRayDaemon(xray, host=host, port=0)
        await daemon.start()
    try:
        yield daemon
    finally:
        await daemon.stop()
