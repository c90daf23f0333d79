"""The memory of a function, enforced on the whole process group with the platform's own answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from lambdakit.emulator import InvokeRequest, LocalService, proc_files
from lambdakit.emulator.confinement import Rules
from lambdakit.emulator.process import ExitStatus
from lambdakit.emulator.resource_watch import ResourceWatch
from tests.engine_support import RUNTIMES, app_config, run, scripted, until
from tests.extension_support import layer_with

# `event` names what the function does; "hold" and "children" would go on for ever.
GREEDY = """
    import os, signal, subprocess, sys, time
    def grow(megabytes):
        return b"x" * (megabytes * 1024 * 1024)
    def handler(event, context):
        if event == "hold":
            kept = [grow(1) for _ in range(300)]
            signal.pause()
        if event == "spike":
            del (kept := [grow(200)])[:]
            return "done"
        if event == "raise":
            kept = grow(200)
            raise ValueError("too much")
        if event == "children":
            code = "import signal; kept = b'x' * (60 << 20); signal.pause()"
            for _ in range(3):
                subprocess.Popen([sys.executable, "-S", "-c", code])
            signal.pause()
        if event == "forks":
            kept = grow(80)
            children = [os.fork() for _ in range(2)]
            if 0 in children:
                signal.pause()
            time.sleep(event and 0.15)
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            return len(kept)
        if event == "reserve":
            import mmap
            return len(mmap.mmap(-1, 4 << 30))
        return os.getpid()
"""


def invoke_all(tmp_path, *events, rules=None, **changes):
    """The results of one event after the other."""
    results = []

    async def go():
        changes.setdefault("memory_mb", 128)
        async with LocalService(rules=rules) as service:
            service.add(app_config(tmp_path, GREEDY, **changes))
            for event in events:
                results.append(await service.invoke(InvokeRequest("engine-test", json.dumps(event).encode())))

    run(go())
    return results


def assert_out_of_memory(result, memory_mb=128):
    message = f"RequestId: {result.request_id} Error: Runtime exited with error: signal: killed"
    assert json.loads(result.payload) == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert (result.function_error, result.status) == ("Unhandled", "failure")
    assert (result.error_type, result.max_memory_mb) == ("Runtime.OutOfMemory", memory_mb)
    tail = result.log_tail.decode()
    assert f"{message}\nRuntime.ExitError\nEND RequestId: {result.request_id}\nREPORT" in tail
    figures = f"\tMemory Size: {memory_mb} MB\tMax Memory Used: {memory_mb} MB\t"
    assert figures in tail
    assert tail.endswith("Status: error\tError Type: Runtime.OutOfMemory\n")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_who_holds_too_much_is_killed_and_the_next_runs_in_a_new_process(tmp_path, runtime):
    before, killed, after = invoke_all(tmp_path, "pid", "hold", "pid", runtime_command=RUNTIMES[runtime])
    assert_out_of_memory(killed)
    assert before.function_error is None
    assert after.function_error is None
    assert before.payload != after.payload
    assert after.max_memory_mb < 128


@pytest.mark.parametrize("event", ["spike", "raise"])
def test_a_peak_that_no_look_has_seen_costs_the_answer(tmp_path, event, monkeypatch):
    monkeypatch.setattr(ResourceWatch, "wake", lambda self: None)
    killed, after = invoke_all(tmp_path, event, "pid")
    assert_out_of_memory(killed)
    assert after.function_error is None


def test_children_count(tmp_path):
    [killed] = invoke_all(tmp_path, "children")
    assert_out_of_memory(killed)


def test_what_several_processes_share_counts_once(tmp_path):
    [result] = invoke_all(tmp_path, "forks")
    assert result.payload == str(80 << 20).encode()
    assert 80 < result.max_memory_mb <= 128


def test_addresses_are_not_memory(tmp_path):
    [result] = invoke_all(tmp_path, "reserve")
    assert result.payload == str(4 << 30).encode()


def test_an_initialisation_that_holds_too_much_is_repeated_in_the_invocation(tmp_path):
    source = GREEDY + "\n    kept = grow(200)\n    signal.pause()\n"

    async def go():
        async with LocalService() as service:
            service.add(app_config(tmp_path, source))
            result = await service.invoke(InvokeRequest("engine-test"))
        assert_out_of_memory(result)

    run(go())


def test_without_limits_memory_is_reported_only(tmp_path):
    [result] = invoke_all(tmp_path, "spike", rules=Rules(limits="off"))
    assert result.payload == b'"done"'
    assert result.max_memory_mb > 200


def test_nobody_looks_while_nothing_is_at_work(tmp_path):
    async def go():
        async with LocalService() as service:
            service.add(app_config(tmp_path, GREEDY))
            await service.invoke(InvokeRequest("engine-test"))
            await until(lambda: service._warden.watch.asleep)

    run(go())


@pytest.mark.parametrize(("number", "peak", "expected"), [(9, 129, True), (9, 127, False), (11, 129, False)])
def test_a_kill_from_elsewhere_counts_as_memory_when_there_was_too_much(tmp_path, monkeypatch, number, peak, expected):
    statuses = []

    async def go():
        from lambdakit.emulator.process import BootstrapProcess

        monkeypatch.setattr(BootstrapProcess, "_own_peak_mb", lambda self, usage: peak)
        process = BootstrapProcess(
            (sys.executable, "-S", "-c", f"import os; os.kill(os.getpid(), {number})"),
            cwd=tmp_path,
            environment={},
            output_fd=subprocess.DEVNULL,
            on_exit=lambda _, status: statuses.append(status),
        )
        process.memory_limit_mb = 128
        await process.exited

    run(go())
    [status] = statuses
    assert isinstance(status, ExitStatus)
    assert (status.out_of_memory, status.peak_mb) == (expected, min(peak, 128) if expected else peak)


def test_figures_of_processes_that_are_gone_are_nothing():
    child = subprocess.Popen([sys.executable, "-S", "-c", ""], start_new_session=True)
    child.wait()
    gone = [child.pid]
    assert proc_files.members(gone) == []
    assert (proc_files.resident_mb(gone), proc_files.shared_out_mb(gone), proc_files.threads(gone)) == (0, 0, 0)
    assert proc_files.processor_seconds(gone) == 0


def test_figures_of_this_process():
    here = [os.getpid()]
    assert os.getpid() in proc_files.members([os.getpgid(0)])
    assert 0 < proc_files.shared_out_mb(here) <= proc_files.resident_mb(here) + 1
    assert proc_files.threads(here) >= 1
    assert proc_files.processor_seconds(here) > 0


def test_the_memory_of_extensions_counts(tmp_path):
    hoarding = """
        register("INVOKE")
        next_event()
        kept = b"x" * (200 << 20)
        next_event()
    """
    runtime = """
        event()
        signal.pause()
    """

    async def go():
        async with LocalService() as service:
            service.add(scripted(tmp_path, runtime, layers=(layer_with(tmp_path, hoards=hoarding),)))
            assert_out_of_memory(await service.invoke(InvokeRequest("engine-test")))

    run(go())
