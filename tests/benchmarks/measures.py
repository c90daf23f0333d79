"""The measures of the runtime, as a table: what each takes from one contender in one round.

`module` is what `python -m` starts; FLOOR stands for the same work without a runtime.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks import floor
from tests.benchmarks.harness import CONTENDERS, memory
from tests.benchmarks.payloads import SMALL_EVENT, large_event
from tests.benchmarks.server import ACCEPTED, event_answer
from tests.benchmarks.table import Measure, Table

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

FLOOR = "floor"
SMALL_RESULT = len('{"ok":true}')
STREAM_BYTES = 200 * 1024 * 1024

SMALL = """
def handler(event, context):
    return {"ok": True}
"""
LARGE = """
import json

with open("large.json", encoding="utf-8") as file:
    RESULT = json.load(file)

def handler(event, context):
    return RESULT
"""
STREAM = f"""
def handler(event, context):
    for number in range({STREAM_BYTES // 65536}):
        yield b"%07d\\n" % number * 8192
"""
HANDLERS = {
    "small.py": SMALL,
    "imports.py": "import logging, json, datetime, os\n" + SMALL,
    "large.py": LARGE,
    "stream.py": STREAM,
}


def _contenders(take: Callable[[Bench, str], float], *names: str) -> Callable[[Bench], Contenders]:
    """Those of the names (all where none is given), each with what `take` does for it."""
    modules = {name: module for name, module in {**CONTENDERS, FLOOR: FLOOR}.items() if not names or name in names}
    return lambda bench: {name: partial(take, bench, module) for name, module in modules.items()}


def prepare(bench: Bench) -> None:
    """Write every handler and event into the bench's directory."""
    for name, source in HANDLERS.items():
        bench.write(name, source.encode())
    bench.write("small.json", SMALL_EVENT)
    bench.write("large.json", large_event())


def _invocation(handler: str, event: str, warmup: int, count: int) -> Callable[[Bench, str], float]:
    def take(bench: Bench, module: str) -> float:
        size = SMALL_RESULT if handler == "small.handler" else (bench.directory / "large.json").stat().st_size
        arguments = ["-m", module, handler] if module != FLOOR else [floor.__file__, "API", str(size)]
        seconds, length = bench.invocation_seconds(arguments, bench.directory / event, warmup, count)
        if length < 0.95 * size:
            raise SystemExit(f"{module} answered {length} bytes, the result has some {size}")
        return seconds * 1e6

    return take


def _start(handler: str) -> Callable[[Bench, str], float]:
    def take(bench: Bench, module: str) -> float:
        if module == FLOOR:
            return bench.first_statement() * 1e3
        with bench.at_first_next(module, handler) as (_, _, seconds):
            return seconds * 1e3

    return take


def _resident(bench: Bench, module: str) -> float:
    with bench.at_first_next(module, "small.handler") as (_, pid, _):
        return memory(pid, "VmRSS") / 2**20


def _stream_growth(bench: Bench, module: str) -> float:
    """How much the highest resident size grew while a process streamed 200 MiB."""
    with bench.at_first_next(module, "stream.handler") as (sock, pid, _):
        before = memory(pid, "VmHWM")
        sock.sendall(event_answer(SMALL_EVENT))
        received = _drain(sock)
        sock.sendall(ACCEPTED)
        sock.recv(4096)
        after = memory(pid, "VmHWM")
    if received < STREAM_BYTES:
        raise SystemExit(f"{module} streamed {received} bytes, not {STREAM_BYTES}")
    return (after - before) / 2**20


def _drain(sock: socket.socket) -> int:
    """Read a chunked request to its end (the payload holds no CR); how many bytes came."""
    received, tail = 0, b""
    while not re.search(rb"\r\n0\r\n(?:[^\r\n]+\r\n)*\r\n\Z", tail):
        data = sock.recv(1 << 20)
        if not data or (received == 0 and b"chunked" not in data):
            raise RuntimeError(f"no stream but {data[:500]!r}")
        received += len(data)
        tail = (tail + data)[-4096:]
    return received


_SMALL_EVENT = _invocation("small.handler", "small.json", 200, 3000)
_LARGE_EVENT = _invocation("small.handler", "large.json", 5, 60)
_LARGE_RESULT = _invocation("large.handler", "small.json", 5, 60)

# fmt: off
RUNTIME = Table("lambdakit", "awslambdaric", FLOOR, (
    Measure("small", "invocation, 16 B event", "us", 0.50, _contenders(_SMALL_EVENT), 9),
    Measure("event", "invocation, 1.5 MB event", "us", 0.60, _contenders(_LARGE_EVENT), 9),
    Measure("result", "invocation, 1.5 MB result", "us", 0.20, _contenders(_LARGE_RESULT), 9),
    Measure("start", "start to first next", "ms", 0.80, _contenders(_start("small.handler")), 25),
    Measure("imports", "the same, handler imports logging...", "ms", 0.95, _contenders(_start("imports.handler")), 25),
    Measure("memory", "resident memory at first next", "MiB", 0.95, _contenders(_resident, *CONTENDERS), 5),
    Measure("stream", "peak growth, 200 MiB stream", "MiB", 8, _contenders(_stream_growth, "lambdakit"), 3),
))
