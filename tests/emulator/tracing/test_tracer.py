"""The segments that the service makes, of real functions in real processes that send their own."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.emulator.service import InvokeRequest
from lambdakit.emulator.tracing.documents import DOCUMENT_BYTES
from lambdakit.emulator.tracing.sampling import Sampler
from lambdakit.emulator.tracing.segments import cause_of, encoded
from lambdakit.emulator.tracing.trace_header import TraceHeader
from lambdakit.exceptions import EnvironmentStoppedError, ThrottledError
from tests.emulator.tracing.tracing_support import names, part, parts, roots, traced_service
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from pathlib import Path

    from lambdakit.emulator import FunctionConfig, InvocationResult, LocalService

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
CALLER = f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage=1:a87bd80c:0"

TRACED = """
from lambdakit import lambda_handler
from lambdakit.middleware import capture, tracing

@capture
def work(event):
    if event.get("fail"):
        raise ValueError("no work")
    return event["number"]

@lambda_handler(middleware=[tracing(service="orders")])
def handler(event, context):
    return work(event)
"""
SDK = """
from aws_xray_sdk.core import xray_recorder

def handler(event, context):
    with xray_recorder.in_subsegment("outer") as outer:
        outer.put_annotation("customer", "c-17")
        with xray_recorder.in_subsegment("inner"):
            return "done"
"""
PLAIN = """
import os, sys, time
def handler(event, context):
    if event == "exit":
        sys.stdout.flush()
        os._exit(7)
    if event == "sleep":
        time.sleep(30)
    if event == "raise":
        raise LookupError("nothing here")
    return os.environ["_X_AMZN_TRACE_ID"]
"""


def active(tmp_path: Path, source: str, **changes: Any) -> FunctionConfig:
    return app_config(tmp_path, source, tracing="Active", **changes)


async def call(service: LocalService, event: Any, trace_id: str | None = None, **more: Any) -> InvocationResult:
    return await service.invoke(InvokeRequest("engine-test", json.dumps(event).encode(), trace_id=trace_id, **more))


def test_what_the_function_sends_hangs_below_its_invocation(tmp_path: Path) -> None:
    async def main() -> None:
        async with traced_service(active(tmp_path, TRACED)) as (service, store):
            result = await call(service, {"number": 7}, CALLER, request_id="r-1")
            trace = await store.trace_of("Overhead", "## handler", "## work")
            lambda_, function = roots(trace)
            assert trace.id == ROOT
            assert (lambda_["parent_id"], lambda_["name"]) == (PARENT, "engine-test")
            assert lambda_["http"] == {"response": {"status": 200}}
            assert lambda_["aws"] == {"account_id": "123456789012", "request_id": "r-1"}
            assert lambda_["resource_arn"] == "arn:aws:lambda:us-east-1:123456789012:function:engine-test"
            assert function["parent_id"] == lambda_["id"]
            assert function["aws"]["function_arn"] == lambda_["resource_arn"]
            assert names(function) == ["Initialization", "Invocation", "Overhead"]
            assert names(part(function, "Invocation")) == ["## handler"]
            assert names(part(function, "## handler")) == ["## work"]
            assert not any("fault" in entity for entity in parts(trace))
            header = TraceHeader.parse(result.trace_id)
            assert header == TraceHeader(ROOT, part(function, "Invocation")["id"], True, ("Lineage=1:a87bd80c:0",))
            check_times(lambda_, function)

            await call(service, {"number": 8})
            warm = await store.trace_of("Overhead", "## handler", "## work")
            assert warm.id != ROOT
            lambda_, function = roots(warm)
            assert "parent_id" not in lambda_
            assert names(function) == ["Invocation", "Overhead"]
            check_times(lambda_, function)

    run(main())


def check_times(lambda_: dict[str, Any], function: dict[str, Any]) -> None:
    assert lambda_["start_time"] <= function["start_time"] <= function["end_time"] <= lambda_["end_time"]
    moments = [function["start_time"]]
    for inner in function["subsegments"]:
        moments += [inner["start_time"], inner["end_time"]]
    assert moments == sorted(moments)
    assert function["end_time"] == moments[-1]
    invocation = part(function, "Invocation")
    handler = part(invocation, "## handler")
    assert invocation["start_time"] <= handler["start_time"] <= handler["end_time"] <= invocation["end_time"]


def test_the_sdk_s_own_subsegments_hang_there_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with traced_service(active(tmp_path, SDK)) as (service, store):
            assert (await call(service, {})).payload == b'"done"'
            _, function = roots(await store.trace_of("Overhead", "outer"))
            outer = part(part(function, "Invocation"), "outer")
            assert names(outer) == ["inner"]
            assert outer["annotations"] == {"customer": "c-17"}

    run(main())


def test_how_invocations_fail_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with traced_service(active(tmp_path, PLAIN, timeout=1.0)) as (service, store):
            for event, error, message in [
                ("raise", "LookupError", "nothing here"),
                ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 7"),
                ("sleep", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
            ]:
                await call(service, event)
                lambda_, function = roots(await store.trace_of("Overhead"))
                (told,) = function["cause"]["exceptions"]
                assert (told["type"], re.fullmatch("[0-9a-f]{16}", told["id"]) is not None) == (error, True)
                assert message in told["message"]
                assert lambda_["fault"] is function["fault"] is part(function, "Invocation")["fault"] is True
                assert lambda_["http"]["response"]["status"] == 200
            # The process had been ended: it was started again within the invocation.
            assert function["subsegments"][0]["name"] == "Initialization"
            await call(service, "raise")
            lambda_, function = roots(await store.trace_of("Overhead"))
            (told,) = function["cause"]["exceptions"]
            assert told["stack"][0]["label"] == "handler"
            assert function["cause"]["working_directory"] == str(tmp_path)

    run(main())


def test_an_init_that_fails_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with traced_service(active(tmp_path, "raise RuntimeError('broken')")) as (service, store):
            await call(service, {})
            lambda_, function = roots(await store.trace_of("Initialization"))
            assert [(inner["name"], inner["fault"]) for inner in function["subsegments"]] == [
                ("Initialization", True),
                ("Initialization", True),
            ]
            assert (lambda_["fault"], function["cause"]["exceptions"][0]["type"]) == (True, "RuntimeError")

    run(main())


def test_an_environment_made_ahead_has_its_init_ahead_of_its_first_invocation(tmp_path: Path) -> None:
    async def main() -> None:
        async with traced_service(active(tmp_path, PLAIN)) as (service, store):
            assert await service.provision("engine-test", 1) == 1
            await call(service, {})
            _, function = roots(await store.trace_of("Overhead"))
            init, invocation, _ = function["subsegments"]
            assert (init["name"], invocation["name"]) == ("Initialization", "Invocation")
            assert init["end_time"] <= function["start_time"] == invocation["start_time"]
            await call(service, {})
            _, function = roots(await store.trace_of("Overhead"))
            assert names(function) == ["Invocation", "Overhead"]

    run(main())


def test_a_throttled_invocation_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with traced_service(active(tmp_path, PLAIN)) as (service, store):
            service.reserve("engine-test", 0)
            with pytest.raises(ThrottledError):
                await call(service, {}, CALLER)
            (lambda_,) = parts(await store.trace_of("engine-test"))
            assert (lambda_["throttle"], lambda_["error"], lambda_["parent_id"]) == (True, True, PARENT)
            assert lambda_["http"] == {"response": {"status": 429}}

    run(main())


def test_what_is_not_traced_leaves_no_trace_and_gets_a_header_all_the_same(tmp_path: Path) -> None:
    async def main() -> None:
        chances = iter([0.5])
        sampler = Sampler(0.05, clock=lambda: 1.0, chance=lambda: next(chances))
        assert sampler.takes("engine-test")
        config = active(tmp_path, PLAIN)
        async with traced_service(config, sampler=sampler) as (service, store):
            for given, expected in [
                (None, r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0"),
                (
                    f"Root={ROOT};Parent={PARENT};Sampled=0;Lineage=x",
                    f"Root={ROOT};Parent={PARENT};Sampled=0;Lineage=x",
                ),
                (f"Root={ROOT};Sampled=0", f"Root={ROOT};Parent=[0-9a-f]{{16}};Sampled=0"),
            ]:
                result = await call(service, {}, given)
                assert re.fullmatch(expected, result.trace_id)
                assert json.loads(result.payload) == result.trace_id
            service.replace(replace(config, tracing="PassThrough"))
            assert (await call(service, {}, CALLER)).trace_id == CALLER
            assert len(store) == 0

    run(main())


def test_a_streamed_answer_is_part_of_the_invocation_to_its_end(tmp_path: Path) -> None:
    async def main() -> None:
        source = """
        import pathlib, time
        def handler(event, context):
            yield b"first "
            while not pathlib.Path("go").exists():
                time.sleep(0.005)
            yield b"last"
        """
        async with traced_service(active(tmp_path, source)) as (service, store):
            running = service.dispatch(InvokeRequest("engine-test"))
            await running.answer()
            begun = time.time()
            (tmp_path / "go").touch()
            assert (await running.result()).payload == b"first last"
            _, function = roots(await store.trace_of("Overhead"))
            invocation = part(function, "Invocation")
            assert invocation["start_time"] < begun < invocation["end_time"]

    run(main())


def test_a_service_that_stops_tells_of_what_it_cut_short(tmp_path: Path) -> None:
    async def main() -> None:
        async with traced_service(active(tmp_path, PLAIN)) as (service, store):
            await call(service, {})
            running = asyncio.create_task(call(service, "sleep", CALLER))
            await asyncio.sleep(0)
            await service.reset()
            with pytest.raises(EnvironmentStoppedError):
                await running
            lambda_, function = roots(await store.trace_of("Overhead", id=ROOT))
            assert (lambda_["http"], lambda_["fault"]) == ({"response": {"status": 500}}, True)
            assert function["cause"]["exceptions"][0]["type"] == "EnvironmentStoppedError"

    run(main())


def test_many_at_once_are_kept_apart(tmp_path: Path) -> None:
    async def main() -> None:
        async with traced_service(active(tmp_path, TRACED), environments=2) as (service, store):
            roots_given = [f"1-5759e988-{number:024x}" for number in range(20)]
            await asyncio.gather(
                *(call(service, {"number": n}, f"Root={root};Sampled=1") for n, root in enumerate(roots_given))
            )
            for root in roots_given:
                trace = await store.trace_of("Overhead", "## handler", "## work", id=root)
                assert len({entity["id"] for entity in parts(trace)}) == len(parts(trace))

    run(main())


def test_a_cause_is_what_the_runtime_told_x_ray_or_the_caller() -> None:
    told = cause_of(b'{"exceptions":[{"type":"E","message":"m"},3],"paths":["p"]}', b"", None)
    (one,) = told["exceptions"]
    assert (one["type"], one["message"], told["paths"]) == ("E", "m", ["p"])
    for payload in (b"not json", b"[]", b""):
        (one,) = cause_of(None, payload, "Runtime.Unknown")["exceptions"]
        assert (one["type"], one["message"]) == ("Runtime.Unknown", "")


def test_a_cause_that_is_too_large_for_a_document_is_cut() -> None:
    stack = [{"path": "/var/task/app.py", "line": 1, "label": "f" * 100}] * 500
    cause = {"exceptions": [{"id": "a" * 16, "type": "E", "message": "m" * 30_000, "stack": stack}]}
    raw = encoded({"name": "f", "cause": cause})
    assert len(raw) < DOCUMENT_BYTES
    assert json.loads(raw)["cause"]["exceptions"] == [{"id": "a" * 16, "type": "E", "message": "m" * 1000}]
