"""The local service's HTTP server: the Lambda API on a port, one `LocalService` behind it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lambdakit.emulator.api.connection import ClientConnection
from lambdakit.emulator.api.gate import Gate
from lambdakit.emulator.api.invoke import InvokeOperations, as_refusal
from lambdakit.emulator.api.routes import Match, Router
from lambdakit.emulator.listener import LOOPBACK, Listener
from lambdakit.emulator.refusals import refusal
from lambdakit.exceptions import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.api.invoke import TakeEvent
    from lambdakit.emulator.service import LocalService
    from lambdakit.exceptions import ServiceError

PORT = 9000

# How long a client may take to read what it was sent before its connection is cut.
_CLOSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class ApiServer(Listener):
    """Serves the Lambda API for a service; `url` is for `AWS_ENDPOINT_URL_LAMBDA`.

    `take_event` takes asynchronous invocations. Further operations are added to `router`. The service is not stopped
    with the server. `gate` says who may call, programs on this machine unless given.
    """

    def __init__(
        self,
        service: LocalService,
        *,
        host: str = LOOPBACK,
        port: int = PORT,
        take_event: TakeEvent | None = None,
        gate: Gate | None = None,
    ) -> None:
        super().__init__(host, port)
        self.router = Router()
        # Who may call, beside the gate: looks at a whole request and says why it is refused, or nothing.
        self.authorize: Callable[[Exchange], ServiceError | None] | None = None
        # What makes the service as it was at the start.
        self.on_reset: Callable[[], Awaitable[None]] = service.reset
        self._service = service
        self._gate = gate or Gate((host,))
        self._connections: set[ClientConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.router.add(InvokeOperations(service, take_event).routes())
        self.router.add(
            {
                (b"GET", b"/_lambdakit/health"): self._health,
                (b"POST", b"/_lambdakit/reset"): self._reset,
            }
        )

    async def stop(self) -> None:
        """Listen no more and close the connections, each as soon as what was written is sent; twice is allowed."""
        await super().stop()
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
        refused = self.authorize(exchange) if self.authorize is not None else None
        if refused is not None:
            exchange.refuse(refused)
            return
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
        await self.on_reset()
        exchange.reply(204)
