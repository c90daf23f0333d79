"""Everything of traces that a running service has: the store, the tracer, the daemon, and the routes that show it.

Where the shell has AWS_XRAY_DAEMON_ADDRESS, its owner runs a daemon: no other is started unless asked for by a port,
functions send there, and so does the service, so that traces are whole in X-Ray. What the service makes is kept here,
too.
"""

from __future__ import annotations

import contextlib
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lambdakit.emulator.function import DEFAULT_ACCOUNT_ID, DEFAULT_REGION
from lambdakit.emulator.listener import LOOPBACK
from lambdakit.emulator.tracing.api import XRay
from lambdakit.emulator.tracing.daemon import PORT, listening_daemon
from lambdakit.emulator.tracing.documents import DATAGRAM_HEADER
from lambdakit.emulator.tracing.routes import trace_routes
from lambdakit.emulator.tracing.sampling import FIXED_RATE, Sampler
from lambdakit.emulator.tracing.store import TraceStore
from lambdakit.emulator.tracing.tracer import Tracer
from lambdakit.emulator.variables import XRAY_ADDRESS, xray_daemon

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, MutableMapping

    from lambdakit.emulator.api.routes import Router
    from lambdakit.emulator.clock import Clock

__all__ = ("Tracing",)


class Tracing:
    """The traces of one service: `tracer` is the service's and the backstage's.

    `port` is the daemon's: None for the usual one or any, if that is taken. `rate` is the share of additional
    requests that is sampled. `environment` is the shell's.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        region: str = DEFAULT_REGION,
        account_id: str = DEFAULT_ACCOUNT_ID,
        rate: float = FIXED_RATE,
        host: str = LOOPBACK,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        shell: Mapping[str, str] = {} if environment is None else environment
        self._other = xray_daemon(shell) if XRAY_ADDRESS in shell and port is None else None
        also = None if self._other is None else _Forwarder(*self._other).send
        sampler = Sampler(rate)
        self.tracer = Tracer(TraceStore(), sampler, clock=clock, also=also)
        self.xray = XRay(self.tracer.store, sampler, region, account_id)
        # Where functions send to, and what there is to say of it; once it listens.
        self.address = ""
        self.note = ""

    @asynccontextmanager
    async def listening(self, router: Router, variables: MutableMapping[str, str]) -> AsyncGenerator[Tracing]:
        """Take documents, answer what is asked of them, and tell functions where to send. Raises AddressInUseError."""
        if self._other is not None:
            self.address, self.note = ":".join(map(str, self._other)), f"yours, from {XRAY_ADDRESS}"
            router.add(trace_routes(self.xray, None))
            yield self
            return
        async with listening_daemon(self.xray, host=self._host, port=self._port) as daemon:
            self.address = variables[XRAY_ADDRESS] = daemon.address
            if self._port is None and daemon.port != PORT:
                self.note = f"port {PORT} is taken; a daemon of your own is used where {XRAY_ADDRESS} names it"
            router.add(trace_routes(self.xray, daemon))
            yield self


class _Forwarder:
    """Sends documents on to another daemon, as whoever sends by UDP: without a word about what does not arrive."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)

    def send(self, raw: bytes) -> None:
        """Send a document."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(DATAGRAM_HEADER + raw, self._address)
