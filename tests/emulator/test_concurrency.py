"""Several events at once in one environment: AWS_LAMBDA_MAX_CONCURRENCY."""

from __future__ import annotations

import asyncio
import json

import pytest

from lambdakit.emulator import ExecutionEnvironment, Invocation
from lambdakit.exceptions import EnvironmentBusyError
from tests.engine_support import RUNTIMES, Recorder, app_config, play, run, scripted, until


async def deliver(part, count):
    """`count` events out on as many connections: [(wire, request id, task)]."""
    wires = [await part.wire() for _ in range(count)]
    for wire in wires:
        await wire.begin("GET", "/invocation/next")
    await until(lambda: part.waiting() == count)
    tasks = [part.invoke(Invocation(json.dumps(number).encode())) for number in range(count)]
    events = [await wire.reply() for wire in wires]
    ids = [event.headers["lambda-runtime-aws-request-id"] for event in events]
    assert [event.body for event in events] == [b"%d" % number for number in range(count)]
    return list(zip(wires, ids, tasks, strict=True))


def test_every_next_gets_another_event_and_answers_come_in_any_order(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=3) as part:
            for number, (wire, request_id, task) in reversed(list(enumerate(await deliver(part, 3)))):
                assert (await wire.call("POST", f"/invocation/{request_id}/response", b"r%d" % number)).status == 202
                assert (await task).payload == b"r%d" % number

    run(go())


def test_an_event_waits_for_a_free_worker(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2) as part:
            [(wire, request_id, task)] = await deliver(part, 1)
            waiting = part.invoke(Invocation(b'"second"'))
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            await task
            event = await wire.call("GET", "/invocation/next")
            assert event.body == b'"second"'
            path = f"/invocation/{event.headers['lambda-runtime-aws-request-id']}/response"
            await wire.call("POST", path, b"2")
            assert (await waiting).payload == b"2"

    run(go())


def test_more_than_the_limit_is_refused(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2) as part:
            out = await deliver(part, 2)
            with pytest.raises(EnvironmentBusyError, match="its limit"):
                await part.environment.invoke(Invocation())
            for wire, request_id, task in out:
                await wire.call("POST", f"/invocation/{request_id}/response", b"1")
                await task

    run(go())


def test_the_same_request_id_twice_at_once_is_refused(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2) as part:
            [(wire, request_id, task)] = await deliver(part, 1)
            with pytest.raises(EnvironmentBusyError, match="already running"):
                await part.environment.invoke(Invocation(request_id=request_id))
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            await task

    run(go())


def test_a_second_answer_finds_no_event(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2) as part:
            [(wire, request_id, task)] = await deliver(part, 1)
            path = f"/invocation/{request_id}/response"
            assert (await wire.call("POST", path, b"1")).status == 202
            second = await wire.call("POST", path, b"2")
            assert (second.status, json.loads(second.body)["errorType"]) == (400, "InvalidRequestID")
            assert (await task).payload == b"1"

    run(go())


def test_a_late_response_is_410_once_and_the_process_lives(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2, timeout=0.1) as part:
            pid = part.environment.pid
            [(wire, request_id, task)] = await deliver(part, 1)
            result = await task
            assert (result.status, result.error_type) == ("timeout", "Sandbox.Timedout")
            path = f"/invocation/{request_id}/response"
            late = await wire.call("POST", path, b"1")
            assert (late.status, json.loads(late.body)["errorType"]) == (410, "InvokeTimeout")
            assert (await wire.call("POST", path, b"1")).status == 400
            assert part.environment.pid == pid

    run(go())


def test_a_response_under_way_at_the_deadline_comes_too_late(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2, timeout=0.1) as part:
            [(wire, request_id, task)] = await deliver(part, 1)
            await wire.begin("POST", f"/invocation/{request_id}/response", "Content-Length: 2")
            await wire.send(b"1")
            assert (await task).status == "timeout"
            await wire.send(b"2")
            assert (await wire.reply()).status == 410

    run(go())


def test_a_late_init_error_of_a_further_worker_is_accepted(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2) as part:
            await (await part.wire()).begin("GET", "/invocation/next")
            await until(lambda: part.environment.ready)
            assert (await (await part.wire()).call("POST", "/init/error", b"{}")).status == 202
            assert part.environment.ready

    run(go())


def test_an_exit_fails_every_running_invocation(tmp_path):
    script = """
        def worker():
            event()
            try:
                open("both", "x").close()
                time.sleep(60)
            except FileExistsError:
                os._exit(3)
        threading.Thread(target=worker).start()
        worker()
    """

    async def go():
        config = scripted(tmp_path, script, max_concurrency=2)
        async with ExecutionEnvironment(config) as environment:
            results = await asyncio.gather(*(environment.invoke(Invocation()) for _ in range(2)))
            assert [result.error_type for result in results] == ["Runtime.ExitError"] * 2
            assert all(b"exit status 3" in result.payload for result in results)

    run(go())


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_real_workers_serve_events_at_once(tmp_path, runtime):
    """Each event waits until the other has begun, which only two workers can bring about."""
    source = """
        import os, time
        def handler(event, context):
            open(f"seen-{event}", "x").close()
            while not os.path.exists(f"seen-{1 - event}"):
                time.sleep(0.005)
            return {"event": event, "limit": os.environ["AWS_LAMBDA_MAX_CONCURRENCY"]}
    """

    async def go():
        config = app_config(tmp_path, source, runtime_command=RUNTIMES[runtime], max_concurrency=2)
        log = Recorder()
        async with ExecutionEnvironment(config, log=log) as environment:
            results = await asyncio.gather(*(environment.invoke(Invocation(b"%d" % n)) for n in range(2)))
        assert [json.loads(r.payload) for r in results] == [{"event": n, "limit": "2"} for n in range(2)]
        assert sum(text.startswith("REPORT") for text in log.texts("platform")) == 2

    run(go())
