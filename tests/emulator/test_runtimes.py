"""The engine under every runtime that keeps the contract: the same suite over four of them.

    lambdakit   this package's runtime
    official    AWS's runtime client for Python
    node        AWS's runtime client for Node.js (see tests/node_packages.py)
    compiled    a `bootstrap` that was compiled: suite/bootstrap.c

The function is the same in each language, suite/app.py and its twins; what it does is said by the event. On a second
interpreter (LAMBDAKIT_TESTS=brief) only this package's is run again. The compiled one needs a C compiler, without
which it is left out on a machine that is not CI's.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation
from tests.engine_support import RUNTIMES, Recorder, run
from tests.node_packages import FOLDER, node, node_modules

SUITE = Path(__file__).parent / "suite"
COMPILER = shutil.which("cc")
BRIEF = os.environ.get("LAMBDAKIT_TESTS") == "brief"
COMPILED = ("compiled",) if COMPILER or "CI" in os.environ else ()
EVERY = ("lambdakit",) if BRIEF else (*RUNTIMES, "node", *COMPILED)
# AWS's client for Python cannot stream.
STREAMING = tuple(name for name in EVERY if name != "official")


@pytest.fixture(scope="session")
def bootstrap(tmp_path_factory):
    """The compiled runtime."""
    program = tmp_path_factory.mktemp("bootstrap") / "bootstrap"
    subprocess.run([COMPILER or "cc", "-O1", "-Wall", "-o", program, SUITE / "bootstrap.c"], check=True, timeout=60)
    return program


@pytest.fixture
def suite(request, tmp_path):
    """Makes the configuration of the suite's function under the runtime that the test is given."""
    name = request.param
    file, command = "app.py", RUNTIMES.get(name)
    if name == "node":
        client = node_modules() / "aws-lambda-ric" / "bin" / "index.mjs"
        file, command = "app.mjs", (node(), "--require", str(FOLDER / "native_client.cjs"), str(client))
    if name == "compiled":
        file, command = "bootstrap.c", (str(request.getfixturevalue("bootstrap")),)
    shutil.copy(SUITE / file, tmp_path)

    def config(**changes):
        given = {"name": "suite", "handler": "app.handler", "task_root": tmp_path, "timeout": 10.0, **changes}
        return FunctionConfig(runtime_command=command, **given)

    return config


def each(names=EVERY):
    return pytest.mark.parametrize("suite", names, indirect=True)


def event(do, **more):
    return json.dumps({"do": do, **more}).encode()


def invoke(config, *invocations, log=None):
    """The results of one invocation after the other in one environment."""
    results = []

    async def go():
        async with ExecutionEnvironment(config, log=log or Recorder()) as environment:
            for given in invocations:
                invocation = Invocation(given) if isinstance(given, bytes) else given
                results.append(await environment.invoke(invocation))

    run(go())
    return results


def error_of(result):
    assert result.function_error == "Unhandled"
    return json.loads(result.payload)


@each()
def test_the_event_its_context_and_the_process_that_is_kept(suite):
    rich = Invocation(
        event("tell", text='é 😀 " \\ \n', list=[1, None, True, 1.5]),
        request_id="8b7d2c1e-0000-4000-8000-000000000001",
        client_context='{"custom": {"a": "b"}}',
        trace_id="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        arn="arn:aws:lambda:us-east-1:123456789012:function:suite:live",
    )
    first, second = invoke(suite(), rich, event("tell"))
    told, again = json.loads(first.payload), json.loads(second.payload)
    assert told["event"] == json.loads(rich.payload)
    assert (told["id"], told["arn"], told["name"]) == (rich.request_id, rich.arn, "suite")
    assert told["client"] == {"custom": {"a": "b"}}
    assert told["trace"].startswith("Root=1-5759e988-bd862e3fe1be46a994272793;")
    assert 5000 < told["left"] <= 10_000
    assert (told["count"], again["count"]) == (1, 2)
    assert (told["pid"], again["client"]) == (again["pid"], None)
    assert again["id"] == second.request_id
    assert (first.status, first.init_ms is None, second.init_ms is None) == ("success", False, True)


@each()
def test_an_error_is_a_result_and_resets_nothing(suite):
    before, failed, after = invoke(suite(), event("tell"), event("raise"), event("tell"))
    told = error_of(failed)
    assert (told["errorMessage"], told["errorType"], failed.status) == ("as asked", "AsAskedError", "error")
    assert json.loads(before.payload)["pid"] == json.loads(after.payload)["pid"]


@each()
def test_a_process_that_ends_is_told_of_and_replaced(suite):
    log = Recorder()
    before, left, killed, after = invoke(suite(), event("tell"), event("exit"), event("kill"), event("tell"), log=log)
    for result, why in ((left, "exit status 7"), (killed, "signal: killed")):
        assert error_of(result) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {result.request_id} Error: Runtime exited with error: {why}",
        }
    assert json.loads(before.payload)["pid"] != json.loads(after.payload)["pid"]
    assert json.loads(after.payload)["count"] == 1
    texts = log.texts()
    assert texts.index("last words") < texts.index(f"END RequestId: {left.request_id}")


@each()
def test_a_timeout_ends_the_process(suite):
    before, late, after = invoke(suite(timeout=1.0), event("tell"), event("wait"), event("tell"))
    assert error_of(late) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {late.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert late.status == "timeout"
    assert json.loads(before.payload)["pid"] != json.loads(after.payload)["pid"]


@each()
def test_an_init_that_fails_is_what_every_invocation_gets(suite):
    first, second = invoke(suite(environment={"AT_START": "raise"}), event("tell"), event("tell"))
    for result in (first, second):
        assert "not today" in error_of(result)["errorMessage"]
        assert error_of(result)["errorType"]


@each()
def test_a_process_that_ends_at_its_start(suite):
    (result,) = invoke(suite(environment={"AT_START": "exit"}), event("tell"))
    assert error_of(result) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {result.request_id} Error: Runtime exited with error: exit status 4",
    }


@each()
def test_large_events_and_results(suite):
    taken, given, over, after = invoke(
        suite(),
        event("take", text="x" * 5_000_000),
        event("give", size=5_000_000),
        event("give", size=6_291_557),
        event("tell"),
    )
    assert json.loads(taken.payload) == 5_000_000
    assert len(given.payload) == 5_000_002
    assert error_of(over)["errorType"] == "Function.ResponseSizeTooLarge"
    assert after.status == "success"


@each()
def test_the_log_is_in_order(suite):
    log = Recorder()
    first, second = invoke(suite(), event("log"), event("log"), log=log)
    texts = log.texts()
    for result in (first, second):
        start = texts.index(f"START RequestId: {result.request_id} Version: $LATEST")
        end = texts.index(f"END RequestId: {result.request_id}")
        assert [text for text in texts[start:end] if text.startswith("to ")] == ["to stdout", "to stderr"]
        assert texts[end + 1].startswith(f"REPORT RequestId: {result.request_id}\tDuration: ")
        assert b"to stderr\n" in result.log_tail


@each(STREAMING)
def test_a_streamed_response_is_there_as_it_is_made(suite):
    config = suite(handler="app.stream")

    async def go():
        async with ExecutionEnvironment(config, log=Recorder()) as environment:
            running = await environment.dispatch(Invocation(event("tell")))
            assert (await running.answer()).response_mode == "streaming"
            chunks = running.chunks()
            assert await anext(chunks) == b"piece 0;"
            (config.task_root / "gate").touch()
            rest = b"".join([chunk async for chunk in chunks])
            assert rest.startswith(b"piece 1;")
            assert json.loads(rest.removeprefix(b"piece 1;")) == {"do": "tell"}
            assert (await running.result()).status == "success"

    run(go())


@each(STREAMING)
def test_a_streamed_response_that_fails_midway(suite):
    config = suite(handler="app.stream")
    (config.task_root / "gate").touch()
    failed, after = invoke(config, event("raise"), event("tell"))
    assert (error_of(failed)["errorMessage"], failed.response_mode) == ("as asked", "streaming")
    assert after.payload.startswith(b"piece 0;piece 1;")


@each()
def test_many_environments_at_once(suite):
    config = suite()

    async def one(number):
        async with ExecutionEnvironment(config, log=Recorder()) as environment:
            results = [await environment.invoke(Invocation(event("tell", n=number, turn=turn))) for turn in range(3)]
        return [json.loads(result.payload) for result in results]

    async def go():
        told = await asyncio.gather(*(one(number) for number in range(4)))
        for number, turns in enumerate(told):
            assert [(turn["event"]["n"], turn["count"]) for turn in turns] == [(number, n) for n in (1, 2, 3)]
        assert len({turns[0]["pid"] for turns in told}) == 4

    run(go())
