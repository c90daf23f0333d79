"""Traces of asynchronous events: how long they waited, and each of their attempts."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lambdakit.emulator import Invocation, LocalService
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.clock import VirtualClock
from lambdakit.emulator.service import InvokeRequest
from lambdakit.emulator.tracing.sampling import Sampler
from lambdakit.emulator.tracing.tracer import Tracer
from tests.emulator.tracing.tracing_support import WatchedStore, names, parts
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lambdakit.emulator import FunctionConfig

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
CALLER = f"Root={ROOT};Parent={PARENT};Sampled=1"
APP = """
import pathlib, time
def handler(event, context):
    while event.get("wait") and not pathlib.Path("go").exists():
        time.sleep(0.005)
    if event["fail"]:
        raise ValueError("no")
"""


class Staged:
    """A service with a queue, by a clock that stands still."""

    def __init__(self, config: FunctionConfig, **options: Any) -> None:
        self.store = WatchedStore()
        self.clock = VirtualClock(1_000_000.0)
        tracer = Tracer(self.store, Sampler(1.0), clock=self.clock)
        self.backstage = Backstage(clock=self.clock, tracer=tracer, **options)
        self.service = LocalService(log=self.backstage.log, observer=self.backstage, tracer=tracer)
        self.service.add(config)

    def send(self, event: Any, trace_id: str | None = None) -> None:
        name = self.service.parse("engine-test", None, None)
        invocation = Invocation(json.dumps(event).encode(), request_id="r-1", trace_id=trace_id)
        self.backstage.take_event(self.service.find(name), name, invocation)

    def segments(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Of the latest trace, the service's segment and those of the function, by time."""
        found = parts(next(self.store.newest()))
        (segment,) = (entity for entity in found if entity.get("origin") == "AWS::Lambda")
        return segment, [entity for entity in found if entity.get("origin") == "AWS::Lambda::Function"]


@asynccontextmanager
async def staged(config: FunctionConfig, **options: Any) -> AsyncIterator[Staged]:
    stage = Staged(config, **options)
    async with stage.service, stage.backstage.behind(stage.service):
        yield stage


def test_every_attempt_is_part_of_one_trace(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, APP, tracing="Active")) as stage:
            stage.send({"fail": True}, CALLER)
            segment, functions = stage.segments()
            assert (segment["in_progress"], functions) == (True, [])
            await stage.clock.advance(0)
            segment, functions = stage.segments()
            assert (names(segment), segment["in_progress"]) == (["Dwell Time", "Attempt #1"], True)
            await stage.clock.advance(3600)
            segment, functions = stage.segments()
            assert names(segment) == ["Dwell Time", "Attempt #1", "Attempt #2", "Attempt #3"]
            assert (segment["parent_id"], segment["trace_id"], segment["fault"]) == (PARENT, ROOT, True)
            assert segment["http"] == {"response": {"status": 202}}
            attempts = segment["subsegments"][1:]
            assert [function["parent_id"] for function in functions] == [attempt["id"] for attempt in attempts]
            assert all(attempt["fault"] for attempt in attempts)
            assert {function["aws"]["request_id"] for function in functions} == {"r-1"}

    run(main())


def test_the_time_in_the_queue_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, APP, tracing="Active")) as stage:
            stage.service.reserve("engine-test", 1)
            busy = asyncio.create_task(
                stage.service.invoke(InvokeRequest("engine-test", b'{"wait": 1, "fail": 0}', trace_id="Sampled=0"))
            )
            await asyncio.sleep(0)
            stage.send({"fail": False})
            await stage.clock.advance(2)
            segment, functions = stage.segments()
            assert (names(segment), functions) == ([], [])
            (tmp_path / "go").touch()
            await busy
            await stage.clock.advance(10)
            segment, (function,) = stage.segments()
            dwell, attempt = segment["subsegments"]
            # It was tried at once, after a second and after three, when there was room.
            assert abs(dwell["end_time"] - dwell["start_time"] - 3) < 0.001
            assert dwell["start_time"] == segment["start_time"]
            assert dwell["end_time"] <= attempt["start_time"] <= attempt["end_time"] <= segment["end_time"]
            assert (function["parent_id"], "fault" in segment) == (attempt["id"], False)

    run(main())


def test_an_event_that_may_never_run_ends_throttled(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, APP, tracing="Active")) as stage:
            stage.service.reserve("engine-test", 0)
            stage.send({"fail": False})
            await stage.clock.advance(1)
            segment, functions = stage.segments()
            assert (segment["throttle"], segment["error"], functions) == (True, True, [])
            assert "end_time" in segment
            stage.backstage.forget()
            assert len(stage.store) == 0

    run(main())


def test_an_event_that_outlived_the_service_goes_on_in_its_trace(tmp_path: Path) -> None:
    async def main() -> None:
        config = app_config(tmp_path, APP, tracing="Active")
        async with staged(config, state=tmp_path / "state") as first:
            first.send({"fail": True}, f"Root={ROOT};Sampled=?")
            await first.clock.advance(0)
        async with staged(config, state=tmp_path / "state") as second:
            await second.clock.advance(3600)
            segment, functions = second.segments()
            assert names(segment) == ["Dwell Time", "Attempt #2", "Attempt #3"]
            assert (segment["trace_id"], len(functions), segment["fault"]) == (ROOT, 2, True)

    run(main())


def test_events_that_are_not_traced_leave_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with staged(app_config(tmp_path, APP)) as stage:
            stage.send({"fail": False}, CALLER)
            stage.send({"fail": False})
            await stage.clock.advance(1)
            assert stage.backstage.pending_events() == 0
            assert len(stage.store) == 0

    run(main())
