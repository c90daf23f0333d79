"""The measures of the local service, as tables: invocations over HTTP, beside AWS's emulator with AWS's client and
beside MiniStack.

Every sample starts its server afresh, calls it, and ends it. AWS's emulator takes one caller only: two at once end it,
so that is what several callers of ours are compared with. It is found as the conformance tests find it
(`LAMBDAKIT_TEST_RIE`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from lambdakit.emulator import FunctionConfig, InvokeRequest, LocalService
from tests.benchmarks.harness import CONTENDERS
from tests.benchmarks.ministack import ministack
from tests.benchmarks.service_load import load
from tests.benchmarks.table import Measure, Table
from tests.conformance.place_rie import emulator
from tests.runtime_process import environment
from tests.service_process import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.service_load import Load
    from tests.benchmarks.table import Contenders

OURS, PEER, WITH_PEERS_CLIENT = "lambdakit", "AWS's emulator", "lambdakit with awslambdaric"
MINISTACK = "ministack"
BY_HAND = "started by hand"
ENTRY_POINT, PLAIN = "an image's entry point", "the runtime itself"
CALLERS = 16
# Of one of its callers: it takes 50 ms for each.
MINISTACK_COUNT = 50


@contextlib.contextmanager
def _ours(bench: Bench, *options: str) -> Iterator[int]:
    env = {"PYTHONPATH": str(bench.packages)}
    with serving(bench.directory, "small.handler", "--no-reload", *options, env=env) as service:
        yield service.port


@contextlib.contextmanager
def _peer(bench: Bench) -> Iterator[int]:
    env = environment("", {"PYTHONPATH": str(bench.packages)})
    del env["AWS_LAMBDA_RUNTIME_API"]
    bootstrap = [sys.executable, "-m", CONTENDERS["awslambdaric"], "small.handler"]
    with emulator(bootstrap, bench.directory, env) as (_, port, _):
        yield port


def _of_ours(bench: Bench, callers: int, *options: str) -> Load:
    with _ours(bench, *options) as port:
        return load(bench, port, callers)


def _of_peer(bench: Bench) -> Load:
    with _peer(bench) as port:
        return load(bench, port, 1)


def _of_ministack(bench: Bench, callers: int) -> Load:
    with ministack(bench) as port:
        return load(bench, port, callers, MINISTACK_COUNT * callers)


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


def _beside_ministack(callers: int) -> Callable[[Bench], Contenders]:
    return lambda bench: {
        OURS: partial(_microseconds, partial(_of_ours, bench, callers, "--environments", "2")),
        MINISTACK: partial(_microseconds, partial(_of_ministack, bench, callers)),
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


def _image_start(bench: Bench) -> Contenders:
    def take(module: str) -> float:
        with bench.at_first_next(module, "small.handler") as (_, _, seconds):
            return seconds * 1e3

    return {ENTRY_POINT: partial(take, "lambdakit.container"), PLAIN: partial(take, CONTENDERS["lambdakit"])}


# fmt: off
SERVICE = Table(OURS, PEER, WITH_PEERS_CLIENT, (
    Measure("invoke", "Invoke, 1 caller", "us", 0.50, _one_caller, 9),
    Measure("callers", f"Invoke, {CALLERS} callers, 2 environments (peer: 1 caller)", "us", 0.50, _many_callers, 9),
    Measure("spread", f"p99 / p50, {CALLERS} callers, 2 environments", "x", 10, _spread, 9),
))
MINISTACKS = Table(OURS, MINISTACK, "-", (
    Measure("ministack", "Invoke, 1 caller", "us", 0.05, _beside_ministack(1), 5),
    Measure("ministack-8", "Invoke, 8 callers, 2 environments (peer: 8)", "us", 0.05, _beside_ministack(8), 5),
))
COLD = Table(OURS, BY_HAND, "-", (
    Measure("cold", "invoke to answer, new environment (peer: start to `next`)", "ms", 1.50, _cold_start, 25),
))
IMAGE = Table(ENTRY_POINT, PLAIN, "-", (
    Measure("image", "start to first `next`", "ms", 1.25, _image_start, 25),
))
