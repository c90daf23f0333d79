"""The local service's HTTP server: the Lambda API on a port, one `LocalService` behind it."""

from __future__ import annotations

import asyncio
import errno
import logging
from typing import TYPE_CHECKING

from lambdakit.emulator.api.connection import ClientConnection
from lambdakit.emulator.api.gate import Gate
from lambdakit.emulator.api.invoke import InvokeOperations, as_refusal
from lambdakit.emulator.api.routes import Match, Router
from lambdakit.emulator.refusals import refusal
from lambdakit.exceptions import AddressInUseError, EmulatorError

if TYPE_CHECKING:
    from types import TracebackType

    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.api.invoke import TakeEvent
    from lambdakit.emulator.service import LocalService

LOOPBACK = "127.0.0.1"
PORT = 9000

# How long a client may take to read what it was sent before its connection is cut.
_CLOSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class ApiServer:
    """Serves the Lambda API for a service; an async context manager that listens and stops listening.

    `host` and `port` say where (port 0: any that is free; `port` then has it). `take_event` takes asynchronous
    invocations. Further operations are added to `router`. The service is not stopped with the server.
    """

    def __init__(
        self,
        service: LocalService,
        *,
        host: str = LOOPBACK,
        port: int = PORT,
        take_event: TakeEvent | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.router = Router()
        self._service = service
        self._gate = Gate((host,))
        self._connections: set[ClientConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.router.add(InvokeOperations(service, take_event).routes())
        self.router.add(
            {
                (b"GET", b"/_lambdakit/health"): self._health,
                (b"POST", b"/_lambdakit/reset"): self._reset,
            }
        )

    @property
    def url(self) -> str:
        """Where clients reach the service, for `AWS_ENDPOINT_URL_LAMBDA`."""
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    async def __aenter__(self) -> ApiServer:
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
        """Listen no more and close the connections, each as soon as what was written is sent; twice is allowed."""
        self.stop_listening()
        server, self._server = self._server, None
        await self._close_connections()
        if server is not None:
            await server.wait_closed()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _close_connections(self) -> None:
        connections = list(self._connections)
        for connection in connections:
            connection.close()
        if not connections:
            return
        closing = [asyncio.ensure_future(connection.closed()) for connection in connections]
        await asyncio.wait(closing, timeout=_CLOSE_SECONDS)
        for connection in connections:
            connection.abort()
        await asyncio.wait(closing)

    def handle(self, exchange: Exchange) -> None:
        """Answer one request that was admitted."""
        found = self.router.find(exchange.head.method, exchange.head.path)
        if not isinstance(found, Match):
            exchange.refuse(found)
            return
        exchange.labels = found.labels
        try:
            found.operation(exchange)
        except EmulatorError as error:
            exchange.refuse(as_refusal(error))
        except Exception as error:
            _log.exception("The operation at %s failed", exchange.head.path.decode("latin-1"))
            exchange.refuse(refusal("service", problem=f"{type(error).__name__}: {error}"))

    def _connect(self) -> ClientConnection:
        return ClientConnection(self.handle, self._gate.admit, self._connections)

    def _health(self, exchange: Exchange) -> None:
        exchange.reply_json(200, {"status": "ok", "functions": list(self._service.functions)})

    def _reset(self, exchange: Exchange) -> None:
        task = asyncio.get_running_loop().create_task(self._reset_and_tell(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reset_and_tell(self, exchange: Exchange) -> None:
        await self._service.reset()
        exchange.reply(204)
