"""Log lines on their way out of an execution environment, and the pipe the function's own output comes through.

One pipe carries stdout and stderr, so that lines keep the order they were written in. It is read when the event loop
sees data and once more, without waiting, when an invocation ends: what a function printed before it answered is
in the log before END. A `\\r` is kept: runtimes use it to hold the lines of a traceback together in one event.

Not here: where lines go. A sink is any callable that takes a `LogLine`.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from lambdakit.emulator import limits

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

LogSource = Literal["function", "extension", "platform", "engine"]

_READ_BYTES = 65_536
# A pipe holds 64 KiB by default: this many reads empty it unless the function writes faster than it is read.
_DRAIN_READS = 32


class LogLine(NamedTuple):
    """One log event: text without its final newline, who wrote it, for which request, and when (Unix seconds).

    `engine` lines are the emulator's own phases; AWS has no counterpart, and they are never part of a log tail.
    """

    text: str
    source: LogSource
    request_id: str | None
    time: float


class LogSink(Protocol):
    """Where lines go: called once per line, from the event loop, in order; must not block."""

    def __call__(self, line: LogLine, /) -> None: ...


class LogOrigin(NamedTuple):
    """Which function, which version of it, and which execution environment a line comes from."""

    function_name: str
    version: str
    log_group: str
    log_stream: str


class ServiceLog(Protocol):
    """Where the lines of a service with many environments go: asked once for each environment, for its sink."""

    def __call__(self, origin: LogOrigin, /) -> LogSink: ...


def discard(line: LogLine, /) -> None:
    """The sink that keeps nothing."""


def timestamp(moment: float | None = None) -> str:
    """ISO 8601 in UTC with milliseconds, as platform log lines carry it."""
    moment = time.time() if moment is None else moment
    seconds, fraction = divmod(int(moment * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{fraction:03d}Z"


class OutputPipe:
    """The read end of a process's stdout and stderr, cut into lines.

    `write_fd` is given to the process and closed here by `close_write_end()` once it has been.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_line: Callable[[str], None]) -> None:
        self._loop = loop
        self._on_line = on_line
        self._partial = b""
        self._read_fd, self.write_fd = os.pipe()
        self._open = True
        self._readable = select.poll()
        self._readable.register(self._read_fd, select.POLLIN)
        os.set_blocking(self._read_fd, False)
        loop.add_reader(self._read_fd, self._on_readable)

    def close_write_end(self) -> None:
        """Give up this process's copy of the write end; twice is allowed."""
        if self.write_fd >= 0:
            os.close(self.write_fd)
            self.write_fd = -1

    def drain(self) -> None:
        """Take in what has been written so far, without waiting; an unfinished line counts as a line."""
        # Asking whether there is something is cheaper than a read that finds nothing, which is what happens mostly.
        if self._open and self._readable.poll(0):
            for _ in range(_DRAIN_READS):
                if not self._read_once():
                    break
        self._flush_partial()

    def close(self) -> None:
        """Take in the rest and close both ends; twice is allowed."""
        if not self._open:
            return
        self.drain()
        self._close_read_end()
        self.close_write_end()

    def _on_readable(self) -> None:
        self._read_once()

    def _read_once(self) -> bool:
        if not self._open:
            return False
        try:
            data = os.read(self._read_fd, _READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        if not data:
            self._flush_partial()
            self._close_read_end()
            return False
        self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        *lines, rest = (self._partial + data).split(b"\n")
        for line in lines:
            self._emit(line)
        while len(rest) > limits.LOG_LINE_BYTES:
            self._emit(rest[: limits.LOG_LINE_BYTES])
            rest = rest[limits.LOG_LINE_BYTES :]
        self._partial = rest

    def _flush_partial(self) -> None:
        if self._partial:
            partial, self._partial = self._partial, b""
            self._emit(partial)

    def _emit(self, line: bytes) -> None:
        self._on_line(line.decode("utf-8", "replace"))

    def _close_read_end(self) -> None:
        if not self._open:
            return
        self._open = False
        with contextlib.suppress(ValueError, OSError):
            self._loop.remove_reader(self._read_fd)
        os.close(self._read_fd)
