"""INIT, invocations, failures and resets of real bootstrap processes, for every runtime that keeps the contract."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import signal

import psutil
import pytest

from lambdakit.emulator import ExecutionEnvironment, Invocation
from lambdakit.exceptions import (
    EnvironmentBusyError,
    EnvironmentStoppedError,
    InitFailedError,
    PayloadTooLargeError,
)
from tests.engine_support import RUNTIMES, Recorder, app_config, play, run, scripted, until

LIMIT = 6_291_556


@pytest.fixture(params=RUNTIMES)
def runtime(request):
    return RUNTIMES[request.param]


def invoke_all(config, *payloads, log=None):
    """The results of one event after the other in one environment."""
    results = []

    async def go():
        async with ExecutionEnvironment(config, log=log or Recorder()) as environment:
            for payload in payloads:
                results.append(await environment.invoke(Invocation(payload)))

    run(go())
    return results


def exit_error(result):
    body = json.loads(result.payload)
    assert (result.function_error, result.status, body["errorType"]) == ("Unhandled", "failure", "Runtime.ExitError")
    prefix = f"RequestId: {result.request_id} Error: "
    assert body["errorMessage"].startswith(prefix)
    return body["errorMessage"][len(prefix) :]


def test_success(tmp_path, runtime):
    source = """
        import os
        count = 0
        def handler(event, context):
            global count
            count += 1
            return {"event": event, "count": count, "cwd": os.getcwd(), "name": context.function_name}
    """
    first, second = invoke_all(app_config(tmp_path, source, runtime_command=runtime), b'{"a": 1}', b"2")
    expected = {"event": {"a": 1}, "count": 1, "cwd": str(tmp_path), "name": "engine-test"}
    assert json.loads(first.payload) == expected
    assert json.loads(second.payload)["count"] == 2
    assert (first.status, first.function_error, first.error_type) == ("success", None, None)
    assert first.init_ms is not None
    assert second.init_ms is None
    assert first.billed_ms == -int(-(first.duration_ms + first.init_ms) // 1)
    assert second.billed_ms == -int(-second.duration_ms // 1)


def test_a_handlers_error_is_a_result_and_resets_nothing(tmp_path, runtime):
    source = """
        import os
        def handler(event, context):
            if event:
                raise KeyError("k")
            return os.getpid()
    """
    config = app_config(tmp_path, source, runtime_command=runtime)
    before, failed, after = invoke_all(config, b"0", b"1", b"0")
    body = json.loads(failed.payload)
    assert (body["errorMessage"], body["errorType"], body["requestId"]) == ("'k'", "KeyError", failed.request_id)
    assert (failed.function_error, failed.status) == ("Unhandled", "error")
    assert before.payload == after.payload


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("os._exit(7)", "Runtime exited with error: exit status 7"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "Runtime exited with error: signal: terminated"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "Runtime exited with error: signal: segmentation fault"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
    ],
)
def test_exit_during_an_invocation(tmp_path, runtime, statement, cause):
    source = f"""
        import os, resource, signal
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        def handler(event, context):
            print("last words")
            if event:
                {statement}
            return os.getpid()
    """
    log = Recorder()
    config = app_config(tmp_path, source, runtime_command=runtime)
    before, failed, after = invoke_all(config, b"0", b"1", b"0", log=log)
    assert exit_error(failed) in (cause, cause + " (core dumped)")
    assert before.payload != after.payload
    assert after.function_error is None
    texts = log.texts()
    at = texts.index(f"START RequestId: {failed.request_id} Version: $LATEST")
    assert texts[at + 1] == "last words"
    assert texts[at + 2].startswith(f"RequestId: {failed.request_id} Error: {cause}")
    assert texts[at + 2].endswith("\nRuntime.ExitError")
    assert texts[at + 3] == f"END RequestId: {failed.request_id}"
    assert texts[at + 4].endswith("Status: error\tError Type: Runtime.ExitError")


def test_timeout_kills_resets_and_keeps_files(tmp_path, runtime):
    source = """
        import os, pathlib, time
        def handler(event, context):
            if event:
                pathlib.Path(event).write_text("kept")
                time.sleep(60)
            return {"pid": os.getpid(), "stream": context.log_stream_name}
    """
    log = Recorder()
    config = app_config(tmp_path, source, runtime_command=runtime, timeout=1.0)
    file = tmp_path / "file"
    before, failed, after = invoke_all(config, b"0", json.dumps(str(file)).encode(), b"0", log=log)
    assert json.loads(failed.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {failed.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert (failed.function_error, failed.status, failed.error_type) == ("Unhandled", "timeout", "Sandbox.Timedout")
    assert (failed.duration_ms, failed.billed_ms) == (1000.0, 1000)
    assert file.read_text() == "kept"
    old, new = json.loads(before.payload), json.loads(after.payload)
    assert old["pid"] != new["pid"]
    assert old["stream"] == new["stream"]
    assert after.init_ms is None
    assert after.duration_ms > 5
    texts = log.texts()
    at = texts.index(f"START RequestId: {failed.request_id} Version: $LATEST")
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(f"{stamp} {failed.request_id} Task timed out after 1.00 seconds\n", texts[at + 1])
    assert texts[at + 2] == f"END RequestId: {failed.request_id}"
    assert "\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\t" in texts[at + 3]
    assert texts[at + 3].endswith("\tStatus: timeout")


def test_log_lines_of_a_first_and_a_second_invocation(tmp_path, runtime):
    source = """
        import sys
        print("importing")
        def handler(event, context):
            print("to stdout")
            print("to stderr", file=sys.stderr, flush=True)
            print("a\\rb")
            sys.stdout.write("no newline")
    """
    log = Recorder()
    config = app_config(tmp_path, source, runtime_command=runtime, memory_mb=256)
    first, second = invoke_all(config, b"1", b"2", log=log)
    texts = log.texts()
    assert re.fullmatch(
        r"INIT_START Runtime Version: python:3\.\d+\.v0\tRuntime Version ARN: "
        r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}",
        texts[0],
    )
    assert texts[1] == "importing"
    for start, result in ((2, first), (8, second)):
        assert texts[start] == f"START RequestId: {result.request_id} Version: $LATEST"
        assert texts[start + 1 : start + 5] == ["to stdout", "to stderr", "a\rb", "no newline"]
        assert texts[start + 5] == f"END RequestId: {result.request_id}"
        if result is first:
            report = texts.pop(start + 6)
            assert re.fullmatch(
                rf"REPORT RequestId: {result.request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms"
                r"\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t",
                report,
            )
    assert "Init Duration" not in texts[-1]
    tail = second.log_tail.decode()
    assert tail.startswith(f"START RequestId: {second.request_id}")
    assert tail.endswith(texts[-1] + "\n")


def test_the_log_tail_is_four_kilobytes(tmp_path, runtime):
    source = """
        def handler(event, context):
            for number in range(1000):
                print(f"line {number}")
    """
    log = Recorder()
    [result] = invoke_all(app_config(tmp_path, source, runtime_command=runtime), b"1", log=log)
    assert len(result.log_tail) == 4096
    whole = "".join(text + "\n" for text in log.texts())
    assert whole.endswith(result.log_tail.decode())


def test_json_log_format(tmp_path, runtime):
    source = """
        import json, logging
        def handler(event, context):
            logging.getLogger().warning("careful")
            logging.getLogger().info("not shown")
            print(json.dumps({"level": "DEBUG", "message": "filtered"}))
            if event:
                raise ValueError("x")
    """
    log = Recorder()
    config = app_config(tmp_path, source, runtime_command=runtime, log_format="json", log_level="WARN")
    good, bad = invoke_all(config, b"0", b"1", log=log)
    platform = [json.loads(text) for text in log.texts("platform")]
    assert [event["type"] for event in platform] == [
        "platform.initStart",
        "platform.start",
        "platform.report",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    report, failed = platform[2]["record"], platform[5]["record"]
    assert (report["requestId"], report["status"]) == (good.request_id, "success")
    assert {"durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"} == {
        *report["metrics"]
    }
    assert (failed["requestId"], failed["status"], failed["errorType"]) == (bad.request_id, "error", "Runtime.Unknown")
    function = [json.loads(text) for text in log.texts("function")]
    assert [record.get("message") or record["errorMessage"] for record in function] == ["careful", "careful", "x"]
    assert function[0]["requestId"] == good.request_id


IMPORT_ERROR = "import no_such_module_anywhere"


def test_a_failing_init_is_logged_repeated_and_is_the_result(tmp_path, runtime):
    log = Recorder()
    [result] = invoke_all(app_config(tmp_path, IMPORT_ERROR, runtime_command=runtime), b"{}", log=log)
    body = json.loads(result.payload)
    assert (body["errorType"], body["requestId"]) == ("Runtime.ImportModuleError", "")
    assert body["errorMessage"] == "Unable to import module 'app': No module named 'no_such_module_anywhere'"
    assert (result.function_error, result.status) == ("Unhandled", "error")
    assert result.error_type == "Runtime.ImportModuleError"
    platform = log.texts("platform")
    kinds = [text.split(" ")[0] for text in platform]
    assert kinds == ["INIT_START", "INIT_REPORT", "START", "INIT_REPORT", "END", "REPORT"]
    for text, phase in ((platform[1], "init"), (platform[3], "invoke")):
        ending = rf"Phase: {phase}\tStatus: error\tError Type: Runtime.ImportModuleError"
        assert re.fullmatch(rf"INIT_REPORT Init Duration: \d+\.\d\d ms\t{ending}", text)
    assert platform[-1].endswith("Status: error\tError Type: Runtime.ImportModuleError")
    assert "Init Duration" not in platform[-1]


def test_an_init_that_recovers_serves_the_invocation(tmp_path, runtime):
    source = """
        import os
        if not os.path.exists("second"):
            open("second", "x").close()
            os._exit(4)
        def handler(event, context):
            return "recovered"
    """
    log = Recorder()
    [result] = invoke_all(app_config(tmp_path, source, runtime_command=runtime), b"{}", log=log)
    assert result.payload == b'"recovered"'
    assert result.init_ms is None
    platform = log.texts("platform")
    assert platform[1].endswith("Phase: init\tStatus: error\tError Type: Runtime.ExitError")
    assert [text.split(" ")[0] for text in platform] == ["INIT_START", "INIT_REPORT", "START", "END", "REPORT"]


@pytest.mark.parametrize(
    ("code", "cause"),
    [(5, "Runtime exited with error: exit status 5"), (0, "Runtime exited without providing a reason")],
)
def test_an_exit_in_init_is_an_exit_error(tmp_path, runtime, code, cause):
    config = app_config(tmp_path, f"import os; os._exit({code})", runtime_command=runtime)
    [result] = invoke_all(config, b"{}")
    assert exit_error(result) == cause


def test_init_over_its_limit_is_ended_and_repeated_in_the_invocation(tmp_path, runtime):
    source = """
        import os, time
        if not os.path.exists("second"):
            open("second", "x").close()
            time.sleep(60)
        def handler(event, context):
            return "made it"
    """
    log = Recorder()
    config = app_config(tmp_path, source, runtime_command=runtime, init_timeout=0.5)
    [result] = invoke_all(config, b"{}", log=log)
    assert result.payload == b'"made it"'
    report = log.texts("platform")[1]
    found = re.fullmatch(r"INIT_REPORT Init Duration: (\d+\.\d\d) ms\tPhase: init\tStatus: timeout", report)
    assert found
    assert 500 <= float(found.group(1)) < 1500


def test_a_repeated_init_is_bounded_by_the_function_timeout(tmp_path, runtime):
    log = Recorder()
    source = "import time; time.sleep(60)"
    config = app_config(tmp_path, source, runtime_command=runtime, init_timeout=0.2, timeout=0.4)
    [result] = invoke_all(config, b"{}", log=log)
    assert json.loads(result.payload)["errorType"] == "Sandbox.Timedout"
    assert (result.status, result.duration_ms) == ("timeout", 400.0)
    platform = log.texts("platform")
    assert platform[3].endswith("Phase: invoke\tStatus: timeout")
    assert "Task timed out after 0.40 seconds" in platform[4]


@pytest.mark.parametrize("kind", ["missing", "not executable", "a directory"])
def test_an_entrypoint_that_cannot_run(tmp_path, kind):
    file = tmp_path / "bootstrap"
    if kind == "not executable":
        file.write_text("#!/bin/sh\n")
    if kind == "a directory":
        file.mkdir()
    log = Recorder()
    [result] = invoke_all(app_config(tmp_path, "", runtime_command=(str(file),)), b"{}", log=log)
    body = json.loads(result.payload)
    assert body["errorType"] == "Runtime.InvalidEntrypoint"
    cause = f"Couldn't find valid bootstrap(s): [{file}]"
    assert body["errorMessage"] == f"RequestId: {result.request_id} Error: {cause}"
    kinds = [text.split(" ")[0] for text in log.texts("platform")]
    assert kinds == ["INIT_START", "INIT_REPORT", "START", "INIT_REPORT", "RequestId:", "END", "REPORT"]


def test_a_missing_task_root(tmp_path):
    [result] = invoke_all(app_config(tmp_path, "", task_root=tmp_path / "gone"), b"{}")
    assert json.loads(result.payload)["errorType"] == "Runtime.InvalidWorkingDir"


def test_a_process_that_lives_on_after_init_error_is_ended(tmp_path):
    script = """
        call("POST", "/init/error", '{"errorMessage":"m","errorType":"T"}')
        time.sleep(60)
    """
    [result] = invoke_all(scripted(tmp_path, script), b"{}")
    assert result.payload == b'{"errorMessage":"m","errorType":"T"}'
    assert result.error_type == "Runtime.Unknown"


def test_other_initialization_types_raise_when_init_fails(tmp_path, runtime):
    config = app_config(tmp_path, IMPORT_ERROR, runtime_command=runtime, initialization_type="provisioned-concurrency")

    async def go():
        environment = ExecutionEnvironment(config)
        with pytest.raises(InitFailedError, match="no_such_module_anywhere") as caught:
            await environment.start()
        assert caught.value.error_type == "Runtime.ImportModuleError"
        with pytest.raises(InitFailedError):
            await environment.invoke(Invocation())
        await environment.stop()

    run(go())


def test_events_of_exactly_the_limit_and_one_byte_more(tmp_path, runtime):
    source = "def handler(event, context): return len(event)"

    async def go():
        async with ExecutionEnvironment(app_config(tmp_path, source, runtime_command=runtime)) as environment:
            fits = b'"' + b"x" * (LIMIT - 2) + b'"'
            assert (await environment.invoke(Invocation(fits))).payload == str(LIMIT - 2).encode()
            with pytest.raises(PayloadTooLargeError) as caught:
                await environment.invoke(Invocation(fits + b" "))
            assert (caught.value.size, caught.value.limit) == (LIMIT + 1, LIMIT)
            assert (await environment.invoke(Invocation(b'"ok"'))).payload == b"2"

    run(go())


def test_results_of_exactly_the_limit_and_one_byte_more(tmp_path, runtime):
    source = "def handler(event, context): return 'x' * event"
    config = app_config(tmp_path, source, runtime_command=runtime)
    fits, over, after = invoke_all(config, str(LIMIT - 2).encode(), str(LIMIT - 1).encode(), b"1")
    assert len(fits.payload) == LIMIT
    assert json.loads(over.payload)["errorType"] == "Function.ResponseSizeTooLarge"
    assert over.function_error == "Unhandled"
    assert after.payload == b'"x"'


def test_the_memory_figure_is_the_peak_of_the_process(tmp_path, runtime):
    source = """
        import re
        def handler(event, context):
            block = bytearray(event * 1024 * 1024)
            block[::4096] = b"x" * len(block[::4096])
            status = open("/proc/self/status").read()
            return int(re.search(r"VmHWM:\\s+(\\d+)", status).group(1))
    """
    config = app_config(tmp_path, source, runtime_command=runtime)
    small, large, small_again = invoke_all(config, b"1", b"150", b"1")
    for result in (large, small_again):
        own = int(result.payload) / 1024
        assert own - 1 <= result.max_memory_mb <= own + 8
    assert large.max_memory_mb > small.max_memory_mb + 140
    assert small_again.max_memory_mb >= large.max_memory_mb


def test_the_memory_of_an_ended_process_is_still_told(tmp_path, runtime):
    # More than this process has ever had, which a child's figure includes.
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 + 100
    source = f"""
        import os
        def handler(event, context):
            block = bytearray({megabytes} * 1024 * 1024)
            block[::4096] = b"x" * len(block[::4096])
            os._exit(1)
    """
    [result] = invoke_all(app_config(tmp_path, source, runtime_command=runtime), b"{}")
    assert megabytes <= result.max_memory_mb < megabytes + 100


def test_grandchildren_end_with_the_group(tmp_path):
    source = """
        import os, subprocess, time
        def handler(event, context):
            children = [subprocess.Popen(["sleep", "3600"]) for _ in range(3)]
            open("pids", "w").write(" ".join(str(child.pid) for child in children))
            if event == "exit":
                os._exit(1)
            time.sleep(60)
    """
    for payload, status in ((b'"exit"', "failure"), (b'"hang"', "timeout")):
        [result] = invoke_all(app_config(tmp_path, source, timeout=1.0), payload)
        assert result.status == status
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        _wait_for_their_end(pids)


def _wait_for_their_end(pids):
    """Killed they are at once; that the kernel is done with them can take a moment."""
    living = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    assert not psutil.wait_procs(living, timeout=5)[1]


def test_stop_leaves_no_process_and_no_descriptor(tmp_path, runtime):
    config = app_config(tmp_path, "def handler(event, context): return 1", runtime_command=runtime)
    process = psutil.Process()
    pids = []

    async def go():
        before = None
        for _ in range(4):
            async with ExecutionEnvironment(config) as environment:
                await environment.invoke(Invocation())
                pids.append(environment.pid)
            assert environment.pid is None
            after = process.num_fds()
            before = before or after
            assert after == before

    run(go())
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_resets_leave_no_descriptor_behind(tmp_path):
    source = """
        import os
        def handler(event, context):
            if event:
                os._exit(1)
    """
    process = psutil.Process()

    async def go():
        async with ExecutionEnvironment(app_config(tmp_path, source)) as environment:
            counts = set()
            for _ in range(4):
                await environment.invoke(Invocation(b"1"))
                assert (await environment.invoke(Invocation(b"0"))).function_error is None
                counts.add(process.num_fds())
            assert len(counts) == 1

    run(go())


def test_stop_ends_a_running_invocation(tmp_path):
    source = """
        import time
        def handler(event, context):
            print("begun")
            time.sleep(60)
    """

    async def go():
        log = Recorder()
        environment = ExecutionEnvironment(app_config(tmp_path, source), log=log)
        task = asyncio.create_task(environment.invoke(Invocation()))
        await until(lambda: "begun" in log.texts())
        await environment.stop()
        with pytest.raises(EnvironmentStoppedError):
            await task
        with pytest.raises(EnvironmentStoppedError):
            await environment.invoke(Invocation())
        with pytest.raises(EnvironmentStoppedError):
            await environment.start()
        await environment.stop()

    run(go())


def test_stop_during_init(tmp_path):
    async def go():
        log = Recorder()
        config = app_config(tmp_path, "import time; print('importing'); time.sleep(60)")
        environment = ExecutionEnvironment(config, log=log)
        starting = asyncio.create_task(environment.start())
        invoking = asyncio.create_task(environment.invoke(Invocation()))
        await until(lambda: "importing" in log.texts())
        await environment.stop()
        for task in (starting, invoking):
            with pytest.raises(EnvironmentStoppedError):
                await task

    run(go())


def test_a_cancelled_start_leaves_nothing_and_the_next_invocation_works(tmp_path):
    source = """
        import os, time
        if not os.path.exists("second"):
            open("second", "x").close()
            print("importing")
            time.sleep(60)
        def handler(event, context):
            return "fine"
    """

    async def go():
        log = Recorder()
        environment = ExecutionEnvironment(app_config(tmp_path, source), log=log)
        starting = asyncio.create_task(environment.start())
        await until(lambda: "importing" in log.texts())
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert environment.pid is None
        assert (await environment.invoke(Invocation())).payload == b'"fine"'
        await environment.stop()

    run(go())


def test_a_cancelled_caller_does_not_stop_the_function(tmp_path):
    source = """
        import os, time
        def handler(event, context):
            print("begun")
            while event and not os.path.exists("go"):
                time.sleep(0.005)
            print("done")
            return os.getpid()
    """

    async def go():
        log = Recorder()
        async with ExecutionEnvironment(app_config(tmp_path, source), log=log) as environment:
            task = asyncio.create_task(environment.invoke(Invocation(b"1")))
            await until(lambda: "begun" in log.texts())
            pid = environment.pid
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(EnvironmentBusyError):
                await environment.invoke(Invocation(b"0"))
            (tmp_path / "go").touch()
            await until(lambda: environment.running == 0)
            assert (await environment.invoke(Invocation(b"0"))).payload == str(pid).encode()
            assert sum(text.startswith("REPORT") for text in log.texts()) == 2

    run(go())


def test_a_runtime_that_exits_after_its_answer_has_answered(tmp_path):
    script = """
        request_id, payload = event()
        respond(request_id, b"answered")
        sys.exit(9)
    """
    log = Recorder()
    first, second = invoke_all(scripted(tmp_path, script), b"1", b"2", log=log)
    for result in (first, second):
        assert (result.payload, result.function_error) == (b"answered", None)
        assert (result.status, result.error_type) == ("failure", "Runtime.ExitError")
    assert log.texts("platform")[-1].endswith("Status: error\tError Type: Runtime.ExitError")


def test_a_runtime_that_never_asks_again_has_answered_and_times_out(tmp_path):
    script = """
        request_id, payload = event()
        respond(request_id, b"answered")
        time.sleep(60)
    """
    [result] = invoke_all(scripted(tmp_path, script, timeout=0.3), b"1")
    assert (result.payload, result.function_error, result.status) == (b"answered", None, "timeout")


def test_a_process_that_ends_while_idle_is_replaced(tmp_path):
    source = "import os\ndef handler(event, context): return os.getpid()"

    async def go():
        async with ExecutionEnvironment(app_config(tmp_path, source)) as environment:
            first = await environment.invoke(Invocation())
            os.kill(environment.pid, signal.SIGKILL)
            await until(lambda: environment.pid is None)
            second = await environment.invoke(Invocation())
            assert second.function_error is None
            assert first.payload != second.payload

    run(go())


def test_a_response_cut_by_the_processs_end_is_a_truncated_response(tmp_path):
    script = """
        request_id, payload = event()
        host, port = API.split(":")
        connection = socket.create_connection((host, int(port)))
        path = f"/2018-06-01/runtime/invocation/{request_id}/response"
        connection.sendall(f"POST {path} HTTP/1.1\\r\\nContent-Length: 100\\r\\n\\r\\npart".encode())
        os._exit(2)
    """
    [result] = invoke_all(scripted(tmp_path, script), b"1")
    assert json.loads(result.payload)["errorType"] == "Runtime.TruncatedResponse"


def test_a_response_sent_right_before_the_end_counts(tmp_path):
    script = """
        request_id, payload = event()
        host, port = API.split(":")
        connection = socket.create_connection((host, int(port)))
        path = f"/2018-06-01/runtime/invocation/{request_id}/response"
        connection.sendall(f"POST {path} HTTP/1.1\\r\\nContent-Length: 4\\r\\n\\r\\nlast".encode())
        os._exit(2)
    """
    [result] = invoke_all(scripted(tmp_path, script), b"1")
    assert (result.payload, result.function_error) == (b"last", None)


def test_without_start_the_first_invocation_initialises(tmp_path, runtime):
    config = app_config(tmp_path, "def handler(event, context): return event", runtime_command=runtime)

    async def go():
        environment = ExecutionEnvironment(config)
        assert not environment.ready
        result = await environment.invoke(Invocation(b"5"))
        assert environment.ready
        assert (result.payload, result.init_ms is not None) == (b"5", True)
        await environment.stop()

    run(go())


_SNAP = """
    call("GET", "/restore/next")
    print("restored", flush=True)
    {after}
    while True:
        request_id, payload = event()
        respond(request_id, b"woken")
"""


def test_snap_start_holds_restores_and_reports(tmp_path):
    log = Recorder()
    config = scripted(tmp_path, _SNAP.format(after="pass"), initialization_type="snap-start")

    async def go():
        async with ExecutionEnvironment(config, log=log) as environment:
            assert "restored" not in log.texts()
            assert not environment.ready
            first = await environment.invoke(Invocation())
            second = await environment.invoke(Invocation())
            assert (first.payload, first.restore_ms is not None) == (b"woken", True)
            assert second.restore_ms is None

    run(go())
    texts = log.texts()
    assert texts[1].startswith("RESTORE_START Runtime Version: ")
    assert texts[2] == "restored"
    assert re.fullmatch(r"RESTORE_REPORT Restore Duration: \d+\.\d\d ms", texts[3])
    assert re.search(r"\tRestore Duration: \d+\.\d\d ms\tBilled Restore Duration: \d+ ms\t", texts[6])


def test_a_thousand_invocations_leave_nothing_behind(tmp_path):
    config = app_config(tmp_path, "def handler(event, context): return event")
    process = psutil.Process()

    async def go():
        async with ExecutionEnvironment(config) as environment:
            for number in range(1000):
                if number == 10:
                    descriptors = process.num_fds()
                result = await environment.invoke(Invocation(b"%d" % number))
                assert result.payload == b"%d" % number
            assert process.num_fds() == descriptors
            assert not environment._tasks

    run(go())


def test_the_runtime_apis_address_survives_a_reset(tmp_path):
    async def go():
        async with play(tmp_path, timeout=0.2) as part:
            address = part.environment.runtime_api
            _, _, task = await part.begin()
            assert (await task).status == "timeout"
            assert part.environment.runtime_api == address

    run(go())
