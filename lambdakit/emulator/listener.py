"""What the servers of the local service have in common: a port, and listening on it.

Not here: what is served. A subclass makes the connections and closes them.
"""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

from lambdakit.exceptions import AddressInUseError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ("LOOPBACK", "Listener", "close_listening")

LOOPBACK = "127.0.0.1"
# Addresses that mean every one of the machine, and where a client on it reaches them.
_EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}
# Turns of the event loop until a connection it has accepted has its transport and its protocol.
_ACCEPTING_TURNS = 3


async def close_listening(server: asyncio.Server) -> None:
    """Listen no more, and see to it that every connection accepted until then has reached its protocol.

    asyncio makes the transport of an accepted connection in a task of its own. Were the server or the loop closed
    before that task's first step, nobody would close the socket.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(_ACCEPTING_TURNS):
        await asyncio.sleep(0)
    server.close()


class Listener:
    """A server on a port; an async context manager that listens and stops listening.

    `host` and `port` say where (port 0: any that is free; `port` then has it).
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where clients on this machine reach the server."""
        host = _EVERYWHERE.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises AddressInUseError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._connect, self.host, self.port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUseError(self.host, self.port) from None
            raise
        self.port = self._server.sockets[0].getsockname()[1]

    def stop_listening(self) -> None:
        """Take no further connections; those there are go on."""
        if self._server is not None:
            self._server.close()

    async def stop(self) -> None:
        """Listen no more and close the connections; twice is allowed."""
        server, self._server = self._server, None
        if server is not None:
            await close_listening(server)
        await self._close_connections()
        if server is not None:
            await server.wait_closed()

    def _connect(self) -> asyncio.Protocol:
        """A connection with a client that has come."""
        raise NotImplementedError

    async def _close_connections(self) -> None:
        raise NotImplementedError
