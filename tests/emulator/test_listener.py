"""Listening ends without losing a connection that has just come."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import warnings

from lambdakit.emulator.listener import close_listening


class Closing(asyncio.Protocol):
    """Closes the connection as soon as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def test_a_connection_that_comes_at_the_last_moment_is_not_left_open():
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Closing, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        client = socket.create_connection(address)
        clients.callback(client.close)
        # In the first turn the loop sees the connection, in the second it accepts it and makes a task of the rest.
        for _ in range(2):
            await asyncio.sleep(0)
        await close_listening(server)

    with contextlib.ExitStack() as clients, warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(main())
        gc.collect()
