"""A debugger for one function: debugpy inside its runtime, behind a port that stays the same.

The runtime is started under debugpy, which listens on a port of its own for each process. Debuggers come to this
module's port, and whatever they say is passed on to the process there is: so the port outlives reloads and failures,
and it is known when somebody is attached, for as long as which no deadline of the function passes (`hold`). A
debugger may come before there is a process; `wanted` is called then.

Only debuggers are let in. Their protocol is a header and JSON, which a web page's request can be taken for, and who
speaks it runs any code: a connection that does not begin with that header is closed.

debugpy is an optional dependency (`lambdakit[debug]`). Source: debugpy's command line reference, and the Debug Adapter
Protocol, "Base protocol".
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib.util
import json
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.deadlines import Hold
from lambdakit.emulator.listener import LOOPBACK
from lambdakit.exceptions import AddressInUseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ("PORT", "Debugger")

PORT = 5678
_MESSAGE_BEGINS = (b"content-length:", b"content-type:")
_LINE_BYTES = 1024
_CHUNK_BYTES = 64 * 1024
# How often a process that has just been started is asked whether debugpy listens.
_RETRY_SECONDS = 0.02
# How long a debugger may stay that was attached to a process that has ended.
_LINGER_SECONDS = 1.0
# Without this debugpy warns of, and misses breakpoints in, modules that are frozen into the interpreter.
_INTERPRETER_OPTIONS = ("-Xfrozen_modules=off",)


class _Inside(NamedTuple):
    """A connection with debugpy in a process: the beginning of its answer, and what is done when the process is."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    answer: bytes
    gone: asyncio.Future[None]


class Debugger:
    """See the module's text: an async context manager that listens on `port` (0: any that is free) of this machine.

    `wanted` is called when a debugger has come and there is no process for it.
    """

    def __init__(self, port: int = PORT) -> None:
        if importlib.util.find_spec("debugpy") is None:
            raise UsageError('Debugging needs debugpy: pip install "lambdakit[debug]"')
        self.port = port
        self.hold = Hold()
        self.wanted: Callable[[], None] | None = None
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        # Where debugpy listens in the process there is, or in the one that is being started.
        self._inside: int | None = None
        self._reserved: socket.socket | None = None
        self._pid: int | None = None
        # Done when that process is.
        self._gone: asyncio.Future[None] | None = None
        self._started = asyncio.Event()

    async def __aenter__(self) -> Debugger:
        try:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, limit=_CHUNK_BYTES)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUseError(LOOPBACK, self.port) from None
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for client in list(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        if self._reserved is not None:
            self._reserved.close()

    @property
    def attached(self) -> bool:
        """Whether a debugger is there."""
        return bool(self._clients)

    def check(self, command: tuple[str, ...]) -> None:
        """Raise UsageError for a runtime that cannot be started under debugpy."""
        _parts(command)

    def command(self, command: tuple[str, ...]) -> tuple[str, ...]:
        """The command that starts the same runtime under debugpy. Raises UsageError for one that is not Python's."""
        python, module = _parts(command)
        self._reserve_port()
        listen = ("-m", "debugpy", "--listen", f"{LOOPBACK}:{self._inside}", "--configure-subProcess", "False")
        return (*python, *_INTERPRETER_OPTIONS, *listen, *module)

    def process_started(self, pid: int) -> None:
        """The process of the last command runs."""
        self._pid = pid
        self._gone = asyncio.get_running_loop().create_future()
        self._started.set()

    def process_ended(self, pid: int) -> None:
        """A process runs no more, or is about to be ended: that one, or one before it. Twice is allowed."""
        if pid == self._pid and self._gone is not None and not self._gone.done():
            self._started.clear()
            self._gone.set_result(None)

    def _reserve_port(self) -> None:
        """Find debugpy a port, and stay bound to it, so that nobody else is given it before debugpy listens there."""
        if self._reserved is not None:
            self._reserved.close()
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind((LOOPBACK, 0))
        self._inside = self._reserved.getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            first = await reader.read(_LINE_BYTES)
            if first.lower().startswith(_MESSAGE_BEGINS):
                self._clients.add(task)
                self.hold.begin()
                await self._pass_on(first, reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the debugger, or the process, or all of the service is gone: so is the connection
        finally:
            self._clients.discard(task)
            if not self._clients:
                self.hold.end()
            writer.close()

    async def _pass_on(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        more = bytearray()
        opening = asyncio.ensure_future(self._open(first))
        await _first_of(opening, asyncio.ensure_future(_gather(reader, more)))
        if opening.cancelled():  # the debugger has left before there was anybody to speak to
            return
        inside = opening.result()
        try:
            inside.writer.write(bytes(more))
            writer.write(inside.answer)
            ways = _copy(reader, inside.writer), _copy(inside.reader, writer), _linger(inside.gone)
            await _first_of(*map(asyncio.ensure_future, ways))
        finally:
            inside.writer.close()

    async def _open(self, first: bytes) -> _Inside:
        """A connection with debugpy on which that was said and answered.

        One that says nothing was about to end with its process: then the next one is tried.
        """
        while True:
            reader, writer = await self._reach()
            gone = self._gone
            assert gone is not None
            try:
                writer.write(first)
                answer = await reader.read(_CHUNK_BYTES)
            except ConnectionError:
                answer = b""
            except BaseException:
                writer.close()
                raise
            if answer and not gone.done():
                return _Inside(reader, writer, answer, gone)
            writer.close()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection with debugpy in the process, as soon as there is one and it listens."""
        while True:
            if not self._started.is_set() and self.wanted is not None:
                self.wanted()
            await self._started.wait()
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(LOOPBACK, self._inside, limit=_CHUNK_BYTES)
            await asyncio.sleep(_RETRY_SECONDS)


def _parts(command: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The interpreter with its options, and `-m MODULE`."""
    if "-m" not in command[1:]:
        raise UsageError(
            f"Only a runtime that is started as `python -m MODULE` can be debugged, not {' '.join(command)!r}."
        )
    at = command.index("-m", 1)
    return command[:at], command[at:]


def attach_configuration(name: str, port: int) -> str:
    """What Visual Studio Code needs in launch.json to attach, as one line of JSON."""
    return json.dumps(
        {
            "name": f"Lambda {name}",
            "type": "debugpy",
            "request": "attach",
            "connect": {"host": LOOPBACK, "port": port},
            "justMyCode": False,
        }
    )


async def _first_of(*tasks: asyncio.Future[Any]) -> None:
    """Wait for one of the tasks, and cancel the others."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _linger(gone: asyncio.Future[None]) -> None:
    """Return a while after the process has: debugpy still tells that it is, and waits for the debugger to leave."""
    await asyncio.shield(gone)
    await asyncio.sleep(_LINGER_SECONDS)


async def _gather(reader: asyncio.StreamReader, into: bytearray) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        into += chunk


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
