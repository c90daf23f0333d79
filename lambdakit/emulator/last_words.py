"""Reading everything that a process has sent before it ended, so that its last answer counts."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from lambdakit.emulator import limits

if TYPE_CHECKING:
    from lambdakit.emulator.sandbox import Sandbox

__all__ = ("take_in",)

_PROBE = b"GET /2018-06-01/ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n"


async def take_in(sandbox: Sandbox, server: asyncio.Server) -> None:
    """Return when all that the sandbox's ended process sent to `server` is read.

    Its last connection may not even be accepted yet. Connections are accepted in the order they were made, so when one
    made now is answered, all of the process's have been.
    """
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.write(_PROBE)
        await reader.read()
        writer.close()
        await writer.wait_closed()
    if sandbox.process is None or not sandbox.process.alive:
        await sandbox.session.settle(limits.SOCKET_SETTLE_SECONDS)
