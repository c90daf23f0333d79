"""External extensions as real programs: registration, events, waiting, failing, and the end of it all."""

from __future__ import annotations

import asyncio
import json
import os
import time

import pytest

from lambdakit.emulator import ExecutionEnvironment, Invocation, InvokeRequest, LocalService, limits
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.cloudwatch.metrics import Metric
from lambdakit.exceptions import InitFailedError
from tests.engine_support import Recorder, run, until
from tests.extension_support import FAITHFUL, bare, layer_with, noted_events, notes

# A runtime that answers at once; `"exit"` ends it, `"hang"` hangs it.
RUNTIME = """
    while True:
        request_id, payload = event()
        if payload == b'"exit"':
            os._exit(7)
        if payload == b'"hang"':
            time.sleep(60)
        print("handled", flush=True)
        respond(request_id, payload)
"""


def config_with(tmp_path, runtime=RUNTIME, changes=None, **scripts):
    settings = {"layers": (layer_with(tmp_path, **scripts),), **(changes or {})}
    return bare(tmp_path, runtime, **settings)


def test_events_carry_what_the_reference_says(tmp_path):
    async def go():
        async with ExecutionEnvironment(config_with(tmp_path, good=FAITHFUL)) as environment:
            before = int(time.time() * 1000)
            plain = await environment.invoke(Invocation(b"1"))
            arn = f"{environment.config.arn}:live"
            await environment.invoke(Invocation(b"2", request_id="named", arn=arn, trace_id="Root=1-a-b"))
        first, second, end = noted_events(tmp_path)
        assert list(first) == ["eventType", "deadlineMs", "requestId", "invokedFunctionArn", "tracing"]
        assert (first["eventType"], first["requestId"]) == ("INVOKE", plain.request_id)
        assert 0 <= first["deadlineMs"] - before - 10_000 < 2_000
        assert first["invokedFunctionArn"] == environment.config.arn
        assert first["tracing"] == {"type": "X-Amzn-Trace-Id", "value": plain.trace_id}
        assert (second["requestId"], second["invokedFunctionArn"]) == ("named", arn)
        assert second["tracing"]["value"] == "Root=1-a-b"
        assert list(end) == ["eventType", "deadlineMs", "shutdownReason"]
        assert (end["eventType"], end["shutdownReason"]) == ("SHUTDOWN", "spindown")
        assert 1_000 < end["deadlineMs"] - time.time() * 1000 < 2_000

    run(go())


def test_the_log_names_extensions_after_init_and_has_what_they_write(tmp_path):
    talking = """
        print("starting", flush=True)
        register("INVOKE")
        next_event()
        print("invoked", flush=True)
        next_event()
    """
    # The runtime answers when the extension has written, so that the order is certain.
    runtime = """
        request_id, _ = event()
        while not os.path.exists("go"):
            time.sleep(0.001)
        respond(request_id)
        event()
    """
    config = config_with(tmp_path, runtime, b_talks=talking, a_waits="register()\nnext_event()")

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config, log=log) as environment:
            invocation = asyncio.create_task(environment.invoke(Invocation()))
            await until(lambda: "invoked" in log.texts("extension"))
            (tmp_path / "go").touch()
            result = await invocation
        assert [line.text for line in log.lines if line.source in ("extension", "platform")][1:5] == [
            "starting",
            "EXTENSION\tName: a_waits\tState: Ready\tEvents: []",
            "EXTENSION\tName: b_talks\tState: Ready\tEvents: [INVOKE]",
            f"START RequestId: {result.request_id} Version: $LATEST",
        ]
        # What it wrote meanwhile is in the invocation's tail.
        assert b"\ninvoked\nEND " in result.log_tail

    run(go())


def test_json_logs_have_platform_events_of_extensions(tmp_path):
    changes = {"log_format": "json"}

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config_with(tmp_path, changes=changes, good=FAITHFUL), log=log):
            pass
        events = {event["type"]: event["record"] for event in map(json.loads, log.texts("platform"))}
        assert events["platform.extension"] == {"name": "good", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}

    run(go())


SLOW = """
    register("INVOKE")
    next_event()
    while not os.path.exists("go"):
        time.sleep(0.001)
    next_event()
"""


def test_the_caller_has_the_answer_before_extensions_are_done(tmp_path):
    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config_with(tmp_path, slow=SLOW), log=log) as environment:
            running = await environment.dispatch(Invocation(b"1"))
            assert (await running.answer()).payload == b"1"
            await until(lambda: environment._sandbox.session.state == "Ready")
            assert environment.running == 1
            assert not any(text.startswith("END") for text in log.texts())
            await asyncio.sleep(0.05)
            (tmp_path / "go").touch()
            result = await running.result()
            assert result.extensions_ms >= 50
            assert result.duration_ms >= result.extensions_ms

    run(go())


@pytest.fixture
def short_shutdown(monkeypatch):
    monkeypatch.setattr(limits, "SHUTDOWN_SECONDS", 0.4)


@pytest.mark.usefixtures("short_shutdown")
def test_an_extension_that_hangs_ends_at_the_timeout_and_the_next_invocation_works(tmp_path):
    hangs_once = """
        register("INVOKE", "SHUTDOWN")
        event = next_event()
        if not os.path.exists("hung"):
            open("hung", "w").close()
            time.sleep(60)
        next_event()
    """

    async def go():
        log = Recorder()
        config = config_with(tmp_path, changes={"timeout": 0.6}, hangs=hangs_once)
        async with LocalService(log=lambda origin: log) as service:
            service.add(config)
            began = time.monotonic()
            result = await service.invoke(InvokeRequest("engine-test", b"1"))
            assert (result.payload, result.function_error, result.status) == (b"1", None, "timeout")
            assert time.monotonic() - began < 5
            again = await service.invoke(InvokeRequest("engine-test", b"2"))
            assert (again.payload, again.status) == (b"2", "success")
        assert any("Status: timeout" in text for text in log.texts("platform"))

    run(go())


def test_what_extensions_see_of_the_environment(tmp_path):
    telling = "import json\nnote(json.dumps([dict(os.environ), os.getcwd()]))\nregister()\nnext_event()"
    changes = {"environment": {"MINE": "yes", "_MINE": "no"}, "runtime": "python3.13"}

    async def go():
        async with ExecutionEnvironment(config_with(tmp_path, changes=changes, tells=telling)) as environment:
            seen, folder = json.loads(notes(tmp_path)[0])
            assert folder == os.path.realpath(tmp_path)
            missing = {"_HANDLER", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
                "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",
                "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_MINE"}  # fmt: skip
            assert environment.variables.keys() - seen.keys() == missing
            assert {name: seen[name] for name in ("MINE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API")} == {
                "MINE": "yes",
                "AWS_LAMBDA_FUNCTION_NAME": "engine-test",
                "AWS_LAMBDA_RUNTIME_API": environment.runtime_api,
            }

    run(go())


# How an extension fails, what the caller gets, and the EXTENSION line.
FAILURES = {
    "crashes before it registers": (
        "os._exit(3)", "Extension.Crash", "exit status 3", "State: Started\tEvents: []",
    ),
    "ends before it asks for an event": (
        'register("INVOKE")', "Extension.Crash", "exit code 0", "State: Registered\tEvents: [INVOKE]",
    ),
    "is killed": (
        "os.kill(os.getpid(), 9)", "Extension.Crash", "signal: killed", "State: Started\tEvents: []",
    ),
    "reports an error": (
        'register("SHUTDOWN")\nreport("init", "Extension.NoConfig")\nsys.exit(1)',
        "Extension.InitError", "exit status 1",
        "State: InitError\tEvents: [SHUTDOWN]\tError Type: Extension.NoConfig",
    ),
    "reports an error under a name of its own": (
        'register()\nreport("init", "MyError")\nsys.exit(1)',
        "Extension.InitError", "exit status 1", "State: InitError\tEvents: []\tError Type: Extension.InitError",
    ),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_an_extension_that_fails_in_init_fails_init_and_then_the_invocation(tmp_path, failure):
    script, error_type, cause, shown = FAILURES[failure]

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config_with(tmp_path, bad=script), log=log) as environment:
            result = await environment.invoke(Invocation())
        request_id = result.request_id
        assert json.loads(result.payload) == {
            "errorType": error_type,
            "errorMessage": f"RequestId: {request_id} Error: {cause}",
        }
        lines = log.texts("platform")
        assert lines.count(f"EXTENSION\tName: bad\t{shown}") == 2
        assert any(
            line.startswith("INIT_REPORT") and line.endswith(f"Phase: init\tStatus: error\tError Type: {error_type}")
            for line in lines
        )
        assert lines[-1].endswith(f"Status: error\tError Type: {error_type}")
        assert f"RequestId: {request_id} Error: {cause}\n{error_type}" in lines

    run(go())


@pytest.mark.parametrize(
    ("content", "mode", "words", "error_type"),
    [
        ("#!/bin/sh\n", 0o644, "permission denied", "PermissionDenied"),
        ("neither script nor program", 0o755, "exec format error", "UnknownError"),
        ("#!/no/such/interpreter\n", 0o755, "no such file or directory", "UnknownError"),
    ],
)
def test_a_program_that_cannot_be_started_is_a_launch_error(tmp_path, content, mode, words, error_type):
    config = config_with(tmp_path)
    file = tmp_path / "layer" / "extensions" / "bad"
    file.write_text(content)
    file.chmod(mode)

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config, log=log) as environment:
            result = await environment.invoke(Invocation())
        assert json.loads(result.payload) == {
            "errorType": "Extension.LaunchError",
            "errorMessage": f"RequestId: {result.request_id} Error: fork/exec /opt/extensions/bad: {words}",
        }
        assert f"EXTENSION\tName: bad\tState: LaunchError\tEvents: []\tError Type: {error_type}" in log.texts(
            "platform"
        )

    run(go())


def test_an_eleventh_program_is_one_too_many(tmp_path):
    quiet = {f"e{number:02}": "register()\nnext_event()" for number in range(11)}
    config = config_with(tmp_path, changes={"initialization_type": "provisioned-concurrency"}, **quiet)

    async def go():
        log = Recorder()
        with pytest.raises(InitFailedError):
            async with ExecutionEnvironment(config, log=log):
                pass
        assert "EXTENSION\tName: e10\tState: LaunchError\tEvents: []\tError Type: TooManyExtensions" in log.texts(
            "platform"
        )

    run(go())


def test_a_program_that_never_registers_runs_init_into_its_limit(tmp_path):
    changes = {"init_timeout": 0.15, "timeout": 0.15}
    config = config_with(tmp_path, changes=changes, mute="time.sleep(60)")

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config, log=log) as environment:
            result = await environment.invoke(Invocation())
        assert json.loads(result.payload)["errorType"] == "Sandbox.Timedout"
        starts = [line for line in log.texts("engine") if line.startswith("starting")]
        assert starts == []  # the runtime waits for its extensions

    run(go())


def test_registered_under_another_name_a_program_is_not_the_expected_one(tmp_path):
    config = config_with(tmp_path, mine='register("INVOKE", name="other")\nnext_event()')

    async def go():
        environment = ExecutionEnvironment(config)
        starting = asyncio.create_task(environment.start())
        await until(lambda: environment._sandbox is not None)
        extensions = environment._sandbox.session.extensions
        await until(lambda: [notice.state for notice in extensions.notices()] == ["Started", "Ready"])
        assert [notice.name for notice in extensions.notices()] == ["mine", "other"]
        assert not extensions.registered.done()  # which is what the runtime waits for
        await environment.stop()
        await asyncio.gather(starting, return_exceptions=True)

    run(go())


@pytest.mark.parametrize(
    ("last_words", "error_type", "cause"),
    [
        ("sys.exit(5)", "Extension.Crash", "exit status 5"),
        ('report("exit", "Extension.Lost")\nsys.exit(5)', "Extension.ExitError", "exit status 5"),
    ],
)
def test_an_extension_that_ends_during_an_invocation_fails_it(tmp_path, last_words, error_type, cause):
    script = f"""
register("INVOKE", "SHUTDOWN")
next_event()
if not os.path.exists("once"):
    open("once", "w").close()
    {last_words.replace(chr(10), chr(10) + "    ")}
next_event()
"""

    async def go():
        config = config_with(tmp_path, RUNTIME, ends=script)
        async with ExecutionEnvironment(config) as environment:
            result = await environment.invoke(Invocation(b'"hang"'))
            assert json.loads(result.payload) == {
                "errorType": error_type,
                "errorMessage": f"RequestId: {result.request_id} Error: {cause}",
            }
            assert (await environment.invoke(Invocation(b"1"))).payload == b"1"

    run(go())


def test_an_extension_that_ends_after_the_answer_changes_only_the_report(tmp_path):
    script = """
        register("INVOKE")
        next_event()
        while not os.path.exists("go"):
            time.sleep(0.001)
        sys.exit(5)
    """

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config_with(tmp_path, ends=script), log=log) as environment:
            running = await environment.dispatch(Invocation(b"1"))
            assert (await running.answer()).payload == b"1"
            (tmp_path / "go").touch()
            result = await running.result()
            assert (result.payload, result.function_error, result.status) == (b"1", None, "failure")
        assert log.texts("platform")[-1].endswith("Status: error\tError Type: Extension.Crash")

    run(go())


SHUTDOWNS = {
    "spindown": (b"1", {}),
    "timeout": (b'"hang"', {"timeout": 0.15}),
    "failure": (b'"exit"', {}),
}


@pytest.mark.parametrize("reason", SHUTDOWNS)
def test_shutdown_says_why(tmp_path, reason):
    payload, changes = SHUTDOWNS[reason]

    async def go():
        config = config_with(tmp_path, changes=changes, good=FAITHFUL)
        async with ExecutionEnvironment(config) as environment:
            await environment.invoke(Invocation(payload))
        assert noted_events(tmp_path)[-1]["shutdownReason"] == reason

    run(go())


@pytest.mark.usefixtures("short_shutdown")
def test_a_timeout_is_told_before_extensions_have_shut_down(tmp_path):
    stubborn = """
        register("SHUTDOWN")
        next_event()
        note("told")
        time.sleep(60)
    """

    async def go():
        log = Recorder()
        config = config_with(tmp_path, changes={"timeout": 0.2}, stubborn=stubborn)
        environment = ExecutionEnvironment(config, log=log)
        result = await environment.invoke(Invocation(b'"hang"'))
        assert result.status == "timeout"
        assert not any("extension stubborn ended" in text for text in log.texts("engine"))
        await environment.stop()
        assert log.texts("engine")[-1] == "extension stubborn ended: signal: killed"
        assert notes(tmp_path) == ["told"]

    run(go())


def test_the_runtime_is_told_first_then_extensions_and_who_did_not_ask_is_killed(tmp_path):
    runtime = """
        def on_sigterm(*_):
            with open("notes", "a") as file:
                file.write("runtime SIGTERM\\n")
            os._exit(0)
        signal.signal(signal.SIGTERM, on_sigterm)
        event()
    """
    told = 'register("SHUTDOWN")\nnext_event()\nnote("extension SHUTDOWN")'
    untold = (
        'register("INVOKE")\nsignal.signal(signal.SIGTERM, lambda *_: note("SIGTERM"))\nnext_event()\nnote("event")'
    )

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(config_with(tmp_path, runtime, told=told, untold=untold), log=log):
            pass
        assert notes(tmp_path) == ["runtime SIGTERM", "extension SHUTDOWN"]
        ends = [text for text in log.texts("engine") if "ended" in text]
        assert sorted(ends[1:]) == ["extension told ended: exit code 0", "extension untold ended: signal: killed"]

    run(go())


def test_a_runtime_beside_external_extensions_has_300_milliseconds(tmp_path):
    runtime = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nevent()\ntime.sleep(60)"

    async def go():
        environment = ExecutionEnvironment(config_with(tmp_path, runtime, quiet="register()\nnext_event()"))
        await environment.start()
        began = time.monotonic()
        await environment.stop()
        assert 0.25 < time.monotonic() - began < 1.5

    run(go())


def test_each_environment_has_extensions_of_its_own(tmp_path):
    async def go():
        async with LocalService() as service:
            service.add(config_with(tmp_path, good=FAITHFUL))
            await asyncio.gather(*(service.invoke(InvokeRequest("engine-test", b"1")) for _ in range(2)))
        ends = [event for event in noted_events(tmp_path) if event["eventType"] == "SHUTDOWN"]
        assert len(ends) == 2

    run(go())


@pytest.mark.parametrize(("script", "samples"), [(SLOW, 1), ("register()\nnext_event()", 0)])
def test_what_extensions_take_after_the_runtime_is_a_metric(tmp_path, script, samples):
    (tmp_path / "go").touch()
    metric = Metric.of("AWS/Lambda", "PostRuntimeExtensionsDuration", {"FunctionName": "engine-test"})

    async def go():
        backstage = Backstage()
        async with LocalService(log=backstage.log, observer=backstage) as service, backstage.behind(service):
            service.add(config_with(tmp_path, slow=script))
            await service.invoke(InvokeRequest("engine-test", b"1"))
            assert backstage.metrics.total(metric).sample_count == samples

    run(go())
