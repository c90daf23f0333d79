"""Helpers for driving the engine: recorded logs, runtimes by name, scripted runtimes, and a raw Runtime API client.

`play(config)` gives an environment whose process does nothing, so that the test itself is the runtime: it
speaks the Runtime API over a `Wire`, byte by byte if it likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import textwrap
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from lambdakit.emulator import InvocationResult, LogLine

RUNTIMES: dict[str, tuple[str, ...]] = {
    "lambdakit": (sys.executable, "-m", "lambdakit.runtime"),
    "official": (sys.executable, "-m", "awslambdaric"),
}
IDLE = ("/bin/sh", "-c", "exec sleep 3600")
PATIENCE = 20.0

# Before a scripted runtime's own lines: `call(method, path, body, headers)` and `event()`.
_PRELUDE = """
import http.client, json, os, signal, socket, subprocess, sys, threading, time
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
def call(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(API)
    connection.request(method, path if path.startswith("/20") else "/2018-06-01/runtime" + path, body, headers)
    answer = connection.getresponse()
    answer.body = answer.read()
    return answer
def event():
    answer = call("GET", "/invocation/next")
    return answer.getheader("Lambda-Runtime-Aws-Request-Id"), answer.body
def respond(request_id, body=b"{}", headers={}):
    return call("POST", f"/invocation/{request_id}/response", body, headers)
"""


@dataclass
class Recorder:
    """A log sink that keeps every line."""

    lines: list[LogLine] = field(default_factory=list)

    def __call__(self, line: LogLine, /) -> None:
        self.lines.append(line)

    def texts(self, *sources: str) -> list[str]:
        """The texts of the lines from the given sources, by default the function and the platform."""
        wanted = sources or ("function", "platform")
        return [line.text for line in self.lines if line.source in wanted]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine, for a limited time."""

    async def limited() -> None:
        await asyncio.wait_for(work, PATIENCE)

    asyncio.run(limited())


def app_config(tmp_path: Path, source: str, **changes: Any) -> FunctionConfig:
    """A function whose handler is `app.handler`, `app.py` being the given source."""
    (tmp_path / "app.py").write_text(textwrap.dedent(source))
    config = FunctionConfig(name="engine-test", handler="app.handler", task_root=tmp_path, timeout=10.0)
    return replace(config, **changes)


def scripted(tmp_path: Path, script: str, **changes: Any) -> FunctionConfig:
    """A function whose whole runtime is the given script."""
    file = tmp_path / "scripted_runtime.py"
    file.write_text(_PRELUDE + textwrap.dedent(script))
    changes.setdefault("runtime_command", (sys.executable, "-S", str(file)))
    return app_config(tmp_path, "", **changes)


@dataclass
class Reply:
    """One HTTP response, header names lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection to the Runtime API."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def begin(self, method: str, path: str, *headers: str) -> None:
        """Request line and headers, then a blank line."""
        full = path if path.startswith("/20") else f"/2018-06-01/runtime{path}"
        await self.send("\r\n".join([f"{method} {full} HTTP/1.1", "Host: x", *headers, "", ""]).encode())

    async def call(self, method: str, path: str, body: bytes = b"", *headers: str) -> Reply:
        """A whole request and its reply."""
        length = () if method == "GET" else (f"Content-Length: {len(body)}",)
        await self.begin(method, path, *headers, *length)
        await self.send(body)
        return await self.reply()

    async def reply(self) -> Reply:
        """The next reply."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Reply(int(head[0].split(" ")[1]), headers, body)

    async def closed(self) -> bool:
        """Whether the engine ends the connection."""
        return await self.reader.read() == b""


class Play:
    """A test in the part of the runtime."""

    def __init__(self, environment: ExecutionEnvironment, log: Recorder) -> None:
        self.environment = environment
        self.log = log
        self.wires: list[Wire] = []

    async def wire(self) -> Wire:
        """A new connection."""
        api = self.environment.runtime_api
        assert api is not None
        host, _, port = api.partition(":")
        wire = Wire(*await asyncio.open_connection(host, int(port), limit=16 * 1024 * 1024))
        self.wires.append(wire)
        return wire

    def waiting(self) -> int:
        """How many `next` calls the engine holds."""
        sandbox = self.environment._sandbox
        assert sandbox is not None
        waiting: list[object] = sandbox.session._waiting  # type: ignore[attr-defined]
        return len(waiting)

    async def begin(self, invocation: Invocation | None = None) -> tuple[Wire, str, asyncio.Task[InvocationResult]]:
        """Ask for an event, invoke, and have it delivered: connection, request id, the caller's task."""
        wire = await self.wire()
        await wire.begin("GET", "/invocation/next")
        task = self.invoke(invocation)
        event = await wire.reply()
        assert event.status == 200
        return wire, event.headers["lambda-runtime-aws-request-id"], task

    def invoke(self, invocation: Invocation | None = None) -> asyncio.Task[InvocationResult]:
        """A caller."""
        return asyncio.create_task(self.environment.invoke(invocation or Invocation()))

    async def finish(self, wire: Wire, task: asyncio.Task[InvocationResult]) -> InvocationResult:
        """Ask for the next event, which ends the invocation."""
        await wire.begin("GET", "/invocation/next")
        return await task


@contextlib.asynccontextmanager
async def play(tmp_path: Path, **changes: Any) -> AsyncIterator[Play]:
    """An environment in INIT, its process idle, the test to be its runtime."""
    changes.setdefault("runtime_command", IDLE)
    log = Recorder()
    environment = ExecutionEnvironment(app_config(tmp_path, "", **changes), log=log)
    starting = asyncio.create_task(environment.start())
    await until(lambda: environment.runtime_api is not None)
    played = Play(environment, log)
    try:
        yield played
    finally:
        for wire in played.wires:
            wire.writer.close()
        await environment.stop()
        await asyncio.gather(starting, return_exceptions=True)
        for wire in played.wires:
            with contextlib.suppress(OSError):
                await wire.writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that other work on the event loop brings about."""
    while not condition():
        await asyncio.sleep(0.001)
