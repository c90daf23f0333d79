"""The measures of the local service, as a table: invocations over HTTP, beside AWS's emulator with AWS's client.

Every sample starts its server afresh, calls it, and ends it. AWS's emulator takes one caller only: two at once end it,
so that is what several callers of ours are compared with. It is found as the conformance tests find it
(`LAMBDAKIT_TEST_RIE`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambdakit.emulator import FunctionConfig, InvokeRequest, LocalService
from tests.benchmarks.harness import CONTENDERS
from tests.benchmarks.table import Measure, Table
from tests.conformance.place_rie import emulator
from tests.runtime_process import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

OURS, PEER, WITH_PEERS_CLIENT = "lambdakit", "AWS's emulator", "lambdakit with awslambdaric"
BY_HAND = "started by hand"
PATH = "/2015-03-31/functions/function/invocations"
COUNT = 3000
CALLERS = 16


class Load(NamedTuple):
    """What a sample's invocations came to: seconds for each on average, and two latencies."""

    each: float
    median: float
    p99: float


@contextlib.contextmanager
def _ours(bench: Bench, *options: str) -> Iterator[int]:
    command = [sys.executable, "-m", "lambdakit.cli", "start", "small.handler", "--port", "0", "--no-reload", *options]
    env = {**os.environ, "PYTHONPATH": str(bench.packages)}
    with (
        (bench.directory / "output").open("wb") as errors,
        subprocess.Popen(
            command, cwd=bench.directory, env=env, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield int(re.search(r":(\d+) \(account", process.stdout.readline())[1])  # type: ignore[index]
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def _peer(bench: Bench) -> Iterator[int]:
    env = environment("", {"PYTHONPATH": str(bench.packages)})
    del env["AWS_LAMBDA_RUNTIME_API"]
    bootstrap = [sys.executable, "-m", CONTENDERS["awslambdaric"], "small.handler"]
    with emulator(bootstrap, bench.directory, env) as (_, port, _):
        yield port


def _client(bench: Bench) -> Path:
    """The compiled client; SystemExit where there is no C compiler."""
    program = bench.directory / "service_load"
    if not program.exists():
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None:
            raise SystemExit("the load is a compiled program: it needs a C compiler, as `cc` or as CC says")
        source = Path(__file__).with_name("service_load.c")
        subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True)
    return program


def _load(bench: Bench, port: int, callers: int) -> Load:
    command = [str(_client(bench)), str(port), PATH, str(callers), str(COUNT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, middle, p99 = map(float, done.stdout.split())
    return Load(seconds / COUNT, middle, p99)


def _of_ours(bench: Bench, callers: int, *options: str) -> Load:
    with _ours(bench, *options) as port:
        return _load(bench, port, callers)


def _of_peer(bench: Bench) -> Load:
    with _peer(bench) as port:
        return _load(bench, port, 1)


def _microseconds(take: Callable[[], Load]) -> float:
    return take().each * 1e6


def _one_caller(bench: Bench) -> Contenders:
    official = f"{sys.executable} -m {CONTENDERS['awslambdaric']}"
    return {
        OURS: partial(_microseconds, partial(_of_ours, bench, 1)),
        PEER: partial(_microseconds, partial(_of_peer, bench)),
        WITH_PEERS_CLIENT: partial(_microseconds, partial(_of_ours, bench, 1, "--runtime-command", official)),
    }


def _many_callers(bench: Bench) -> Contenders:
    return {
        OURS: partial(_microseconds, partial(_of_ours, bench, CALLERS, "--environments", "2")),
        PEER: partial(_microseconds, partial(_of_peer, bench)),
    }


def _spread(bench: Bench) -> Contenders:
    def take() -> float:
        load = _of_ours(bench, CALLERS, "--environments", "2")
        return load.p99 / load.median

    return {OURS: take}


def _cold_start(bench: Bench) -> Contenders:
    config = FunctionConfig(name="function", handler="small.handler", task_root=bench.directory)
    host = {**os.environ, "PYTHONPATH": str(bench.packages)}

    async def invoke() -> float:
        async with LocalService(host=host) as service:
            service.add(config)
            began = time.perf_counter()
            await service.dispatch(InvokeRequest("function")).answer()
            return time.perf_counter() - began

    def by_hand() -> float:
        with bench.at_first_next(CONTENDERS["lambdakit"], "small.handler") as (_, _, seconds):
            return seconds * 1e3

    return {OURS: lambda: asyncio.run(invoke()) * 1e3, BY_HAND: by_hand}


# fmt: off
SERVICE = Table(OURS, PEER, WITH_PEERS_CLIENT, (
    Measure("invoke", "Invoke, 1 caller", "us", 0.50, _one_caller, 9),
    Measure("callers", f"Invoke, {CALLERS} callers, 2 environments (peer: 1 caller)", "us", 0.50, _many_callers, 9),
    Measure("spread", f"p99 / p50, {CALLERS} callers, 2 environments", "x", 10, _spread, 9),
))
COLD = Table(OURS, BY_HAND, "-", (
    Measure("cold", "invoke to answer, new environment (peer: start to `next`)", "ms", 1.50, _cold_start, 25),
))
