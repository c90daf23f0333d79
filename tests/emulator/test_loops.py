"""The engine on uvloop, where it is installed: the parts that differ between event loops."""

from __future__ import annotations

import asyncio
import uuid

import uvloop

from lambdakit.emulator import ExecutionEnvironment, Invocation
from lambdakit.emulator.ids import new_trace_id, new_uuid
from tests.engine_support import PATIENCE, Recorder, app_config

SOURCE = """
    import os, time
    def handler(event, context):
        print("line")
        if event == "exit":
            os._exit(3)
        if event == "hang":
            time.sleep(60)
        return "x" * event
"""


def test_answers_exits_timeouts_and_the_end_on_uvloop(tmp_path):
    log = Recorder()

    async def go():
        async with ExecutionEnvironment(app_config(tmp_path, SOURCE, timeout=0.7), log=log) as environment:
            events = (b"3", b'"exit"', b"3", b'"hang"', b"6000000")
            return [await environment.invoke(Invocation(event)) for event in events]

    async def limited():
        return await asyncio.wait_for(go(), PATIENCE)

    results = uvloop.run(limited())
    assert [result.status for result in results] == ["success", "failure", "success", "timeout", "success"]
    assert results[0].payload == b'"xxx"'
    assert len(results[-1].payload) == 6_000_002
    assert log.texts("function") == ["line"] * 5
    assert results[1].log_tail.count(b"\n") == 6


def test_streams_on_uvloop(tmp_path):
    source = """
        def handler(event, context):
            for _ in range(200):
                yield b"x" * 65536
    """

    async def go():
        async with ExecutionEnvironment(app_config(tmp_path, source)) as environment:
            running = await environment.dispatch(Invocation())
            size = 0
            async for chunk in running.chunks():
                size += len(chunk)
            return size, await running.result()

    size, result = uvloop.run(go())
    assert size == result.produced_bytes == 200 * 65_536


def test_identifiers():
    made = [new_uuid() for _ in range(100)]
    assert len(set(made)) == 100
    assert {uuid.UUID(text).version for text in made} == {4}
    assert {uuid.UUID(text).variant for text in made} == {uuid.RFC_4122}
    root, parent, sampled = new_trace_id().split(";")
    assert [len(part) for part in (root, parent)] == [len("Root=1-") + 8 + 1 + 24, len("Parent=") + 16]
    assert sampled == "Sampled=0"
