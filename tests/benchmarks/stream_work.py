"""How soon the first byte of a stream is there: a real process, driven by the engine, and a route that then sleeps."""

from __future__ import annotations

import asyncio
import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

APP = b"""
import asyncio, time
from lambdakit.http import HttpApp, sse

app = HttpApp()

@app.get("/generator")
def rows(seconds: float):
    yield "first"
    time.sleep(seconds)
    yield "second"

@app.get("/events")
async def events(seconds: float):
    return sse(later(seconds), heartbeat=15)

async def later(seconds):
    yield "first"
    await asyncio.sleep(seconds)
    yield "second"
"""
PRELUDE_END = bytes(8)


def first_byte(path: str, bench: Bench) -> Contenders:
    """Milliseconds from the invocation until the first byte of the body is with the caller."""
    bench.write("stream_app.py", APP)
    return {"lambdakit": partial(_sample, bench.directory, path)}


def _sample(directory: Path, path: str) -> float:
    return asyncio.run(_first_byte(directory, path))


async def _first_byte(directory: Path, path: str) -> float:
    config = FunctionConfig("stream", "stream_app.app", directory, timeout=30)
    async with ExecutionEnvironment(config) as environment:
        warm = await environment.invoke(Invocation(_event(path, 0)))
        assert warm.response_mode == "streaming", warm
        assert b"second" in warm.payload
        started = time.perf_counter()
        running = await environment.dispatch(Invocation(_event(path, 1)))
        received = b""
        async for chunk in running.chunks():
            received += chunk
            if received.partition(PRELUDE_END)[2]:
                break
        taken = time.perf_counter() - started
        assert b"first" in received, received
        assert b"second" not in received, "the route has slept already"
        return taken * 1e3


def _event(path: str, seconds: int) -> bytes:
    http = {"method": "GET", "path": path, "sourceIp": "1.2.3.4"}
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": f"seconds={seconds}",
        "headers": {"host": "abc.lambda-url.eu-west-1.on.aws"},
        "requestContext": {"stage": "$default", "domainName": "abc.lambda-url.eu-west-1.on.aws", "http": http},
        "isBase64Encoded": False,
    }
    return json.dumps(event).encode()
