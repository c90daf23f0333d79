"""Several invocations at once: worker processes, and one event loop."""

from __future__ import annotations

import json
import re

import pytest

from tests.fake_runtime_api import Answer, Event, FakeRuntimeApi, request_id
from tests.runtime_process import run_runtime, runtime_process

MEET = """
import os, pathlib, time
folder = pathlib.Path("here")
folder.mkdir(exist_ok=True)
def handler(event, context):
    (folder / str(os.getpid())).touch()
    deadline = time.monotonic() + 10
    while len(list(folder.iterdir())) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    return os.getpid()
"""


def test_worker_processes_serve_at_the_same_time() -> None:
    run = run_runtime(MEET, [Event(), Event(), Event()], env={"AWS_LAMBDA_MAX_CONCURRENCY": "3"})
    assert len({post.body for post in run.posts}) == 3


def test_an_async_handlers_invocations_interleave_on_one_loop_and_their_records_never_mix() -> None:
    source = """
import asyncio, json, logging, os
logging.getLogger().setLevel("INFO")
arrived = 0
everybody = asyncio.Event()
async def handler(event, context):
    global arrived
    logging.info("start %s %s", context.aws_request_id, context.tenant_id)
    arrived += 1
    if arrived == 50:
        everybody.set()
    await everybody.wait()
    logging.info("end %s %s", context.aws_request_id, context.tenant_id)
    return [os.getpid(), context.aws_request_id, os.environ.get("_X_AMZN_TRACE_ID")]
"""
    events = [
        Event(headers={"Lambda-Runtime-Aws-Tenant-Id": f"tenant-{n}", "Lambda-Runtime-Trace-Id": f"Root={n}"})
        for n in range(1, 51)
    ]
    run = run_runtime(
        source,
        events,
        env={"AWS_LAMBDA_MAX_CONCURRENCY": "50", "LAMBDAKIT_CONCURRENCY": "async", "AWS_LAMBDA_LOG_FORMAT": "JSON"},
        timeout=60,
    )
    results = [post.json() for post in run.posts]
    assert len({result[0] for result in results}) == 1
    assert {result[1] for result in results} == {request_id(n) for n in range(1, 51)}
    assert {result[2] for result in results} == {None}
    records = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(records) == 100
    for record in records:
        _, said_id, said_tenant = record["message"].split()
        assert (record["requestId"], record["tenantId"]) == (said_id, said_tenant)


def test_an_async_generator_streams_beside_others() -> None:
    source = """
import asyncio
async def handler(event, context):
    for n in range(3):
        await asyncio.sleep(0)
        yield f"{event}-{n} "
"""
    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "4", "LAMBDAKIT_CONCURRENCY": "async"}
    run = run_runtime(source, [Event(n) for n in range(4)], env=env)
    assert sorted(post.body.decode() for post in run.posts) == [f"{n}-0 {n}-1 {n}-2 " for n in range(4)]


def test_async_mode_refuses_a_plain_function_at_start() -> None:
    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "2", "LAMBDAKIT_CONCURRENCY": "async"}
    run = run_runtime("def handler(event, context): ...", env=env)
    assert run.exit_code == 1
    assert "the handler must be an async def" in run.posts[0].json()["errorMessage"]


def test_sys_exit_in_an_async_handler_is_reported_and_ends_the_process() -> None:
    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "2", "LAMBDAKIT_CONCURRENCY": "async"}
    source = "import sys\nasync def handler(event, context): sys.exit(7)"
    run = run_runtime(source, [Event()], env=env, until=lambda api: False)
    assert run.exit_code == 7
    assert run.posts[0].json()["errorMessage"] == "sys.exit was called: exit status 7"


@pytest.mark.parametrize("mode", ["processes", "async"])
def test_a_result_that_cannot_be_posted_does_not_end_the_environment(mode: str) -> None:
    events = [Event(1, reply=Answer(500, b"broken")), Event(2)]
    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "1", "LAMBDAKIT_CONCURRENCY": mode}
    run = run_runtime("async def handler(event, context): return event", events, env=env)
    assert [post.body for post in run.posts] == [b"1", b"2"]
    assert "answered 500: broken: This won't kill the Runtime loop" in run.stderr.decode()


def test_next_is_tried_again_with_growing_pauses() -> None:
    run = run_runtime(
        "def handler(event, context): ...",
        env={"AWS_LAMBDA_MAX_CONCURRENCY": "1"},
        end=Answer(500, b"later"),
        until=lambda api: False,
    )
    assert run.exit_code == 1
    pauses = re.findall(r"answered 500: later; trying again in ([\d.]+) s", run.stderr.decode())
    assert pauses == ["0.1", "0.2", "0.4", "0.8"]
    assert run.api.nexts == 5


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"AWS_LAMBDA_MAX_CONCURRENCY": "many"}, "AWS_LAMBDA_MAX_CONCURRENCY is 'many'; it must be a number from 1 to"),
        ({"AWS_LAMBDA_MAX_CONCURRENCY": "0"}, "AWS_LAMBDA_MAX_CONCURRENCY is '0'"),
        (
            {"AWS_LAMBDA_MAX_CONCURRENCY": "2", "LAMBDAKIT_CONCURRENCY": "threads"},
            "LAMBDAKIT_CONCURRENCY is 'threads'; it can be 'processes' or 'async'",
        ),
    ],
)
def test_settings_that_make_no_sense_are_named(env: dict[str, str], message: str) -> None:
    run = run_runtime("def handler(event, context): ...", env=env)
    assert run.exit_code == 1
    assert message in run.stderr.decode()


def test_the_worst_workers_status_is_the_environments() -> None:
    with (
        FakeRuntimeApi([Event()]) as api,
        runtime_process(
            "import os\ndef handler(event, context): os._exit(3)", api, env={"AWS_LAMBDA_MAX_CONCURRENCY": "1"}
        ) as process,
    ):
        process.wait_until(lambda: process.ended)
        assert process.popen.returncode == 3
