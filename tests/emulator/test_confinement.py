"""Descriptors, threads, /tmp, freezing and processor time: what the processes of a function are held to."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
from pathlib import Path

import psutil
import pytest

from lambdakit.emulator import InvokeRequest, LocalService, confinement, cpu_share, proc_files, resource_limits
from lambdakit.emulator.confinement import Rules
from lambdakit.emulator.freezing import Brake
from lambdakit.emulator.tmp_space import taken_bytes
from lambdakit.exceptions import UsageError
from tests.engine_support import RUNTIMES, app_config, run, scripted, until
from tests.extension_support import FAITHFUL, layer_with, noted_events

FROZEN = Rules(freeze="between-invocations")
SHARED = Rules(processor="share")

LIMITED = """
    import os, resource, threading, time
    TMP = os.environ["TMPDIR"]
    def fill():
        for number in range(400):
            try:
                with open(f"{TMP}/{number}", "wb") as file:
                    file.write(bytes(256 * 1024))
            except OSError as error:
                return error.errno
            time.sleep(0.005)
    def write_again():
        for name in os.listdir(TMP):
            os.unlink(f"{TMP}/{name}")
        while fill_one() is not None:
            time.sleep(0.005)
        return "written"
    def fill_one(size=1024):
        try:
            with open(f"{TMP}/one", "wb") as file:
                file.write(bytes(size))
        except OSError as error:
            return error.errno
    def start_threads():
        before, end = resource.getrlimit(resource.RLIMIT_NPROC), threading.Event()
        started = [threading.Thread(target=end.wait) for _ in range(30)]
        [thread.start() for thread in started]
        while resource.getrlimit(resource.RLIMIT_NPROC) == before:
            time.sleep(0.001)
        shut = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        end.set()
        while resource.getrlimit(resource.RLIMIT_NPROC) != before:
            time.sleep(0.001)
        return shut
    def burn(seconds):
        began = time.perf_counter()
        while time.process_time() < seconds:
            pass
        return time.perf_counter() - began
    DOES = {
        "limits": lambda: [resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_FSIZE)[0]],
        "fill": fill,
        "write again": write_again,
        "one file": lambda: fill_one(3 << 20),
        "threads": start_threads,
        "burn": lambda: burn(time.process_time() + 0.1),
    }
    def handler(event, context):
        return DOES[event]()
"""


def invoke_all(tmp_path, *events, rules=None, **changes):
    """What the function returned for one event after the other, in one environment."""
    values = []

    async def go():
        async with LocalService(rules=rules) as service:
            service.add(app_config(tmp_path, LIMITED, **changes))
            for event in events:
                result = await service.invoke(InvokeRequest("engine-test", json.dumps(event).encode()))
                assert result.function_error is None, result.payload
                values.append(json.loads(result.payload))

    run(go())
    return values


# Limits.


def test_descriptors_and_file_sizes_are_limited_from_the_start(tmp_path):
    [(descriptors, size)] = invoke_all(tmp_path, "limits", ephemeral_storage_mb=600)
    assert descriptors == [1024, 1024]
    assert size == 600 * 1024 * 1024


@pytest.mark.parametrize("limits", ["memory", "off"])
def test_who_wants_no_limits_has_the_hosts(tmp_path, limits):
    [(descriptors, size)] = invoke_all(tmp_path, "limits", rules=Rules(limits=limits))
    assert descriptors == list(resource.getrlimit(resource.RLIMIT_NOFILE))
    assert size == resource.getrlimit(resource.RLIMIT_FSIZE)[0]


def test_a_full_tmp_takes_no_more_until_there_is_room_again(tmp_path):
    single, filled, after = invoke_all(tmp_path, "one file", "fill", "write again", ephemeral_storage_mb=2)
    assert (single, filled, after) == (errno.EFBIG, errno.EFBIG, "written")


def test_no_more_threads_than_lambda_has_until_some_have_ended(tmp_path, monkeypatch):
    # With this limit at 0 the system refuses every thread, except to root, whom tests may belong to.
    monkeypatch.setattr(resource_limits, "THREADS", 30)
    assert invoke_all(tmp_path, "threads") == [0]


def test_limits_of_a_process_that_has_ended_are_nobodys(tmp_path):
    gone = psutil.Popen(["true"])
    gone.wait()
    resource_limits.limit_descriptors(gone.pid)
    resource_limits.refuse_threads(gone.pid, "shut")


def test_space_counts_every_file_once(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "file").write_bytes(b"x" * 100_000)
    alone = taken_bytes(tmp_path)
    assert alone >= 100_000
    os.link(tmp_path / "below" / "file", tmp_path / "again")
    (tmp_path / "link").symlink_to("/usr")
    assert taken_bytes(tmp_path) == alone
    assert taken_bytes(tmp_path / "gone") == 0


# Freezing.

RESTLESS = """
    import lambdakit, os, pathlib, threading, time
    HERE = pathlib.Path(__file__).parent
    def watch():
        while not (HERE / "gate").exists():
            time.sleep(0.001)
        (HERE / "awake").touch()
    threading.Thread(target=watch, daemon=True).start()
    def handler(event, context):
        return os.getpid()
"""


def state_of(pid):
    return psutil.Process(pid).status()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_background_threads_stand_still_between_invocations(tmp_path, runtime):
    async def go():
        async with LocalService(rules=FROZEN) as service:
            service.add(app_config(tmp_path, RESTLESS, runtime_command=RUNTIMES[runtime]))
            first = await service.invoke(InvokeRequest("engine-test"))
            pid = json.loads(first.payload)
            await until(lambda: state_of(pid) == psutil.STATUS_STOPPED)
            taken = proc_files.processor_seconds([pid])
            (tmp_path / "gate").touch()
            assert proc_files.processor_seconds([pid]) == taken
            assert not (tmp_path / "awake").exists()
            while not (tmp_path / "awake").exists():
                again = await service.invoke(InvokeRequest("engine-test"))
                assert json.loads(again.payload) == pid

    run(go())


def test_what_was_initialised_ahead_is_frozen_and_one_that_was_killed_comes_back(tmp_path):
    async def go():
        async with LocalService(rules=FROZEN) as service:
            service.add(app_config(tmp_path, RESTLESS))
            await service.provision("engine-test", 1)
            [place] = service._places
            before = place.environment.pid
            await until(lambda: state_of(before) == psutil.STATUS_STOPPED)
            os.kill(before, signal.SIGKILL)
            await until(lambda: place.environment.pid is None)
            result = await service.invoke(InvokeRequest("engine-test"))
            after = json.loads(result.payload)
            assert after != before
            await until(lambda: state_of(after) == psutil.STATUS_STOPPED)

    run(go())


def test_a_frozen_function_still_hears_that_it_ends(tmp_path):
    source = RESTLESS + '\n    lambdakit.on_shutdown((HERE / "ended").touch)\n'

    async def go():
        async with LocalService(rules=FROZEN) as service:
            service.add(app_config(tmp_path, source))
            pid = json.loads((await service.invoke(InvokeRequest("engine-test"))).payload)
            await until(lambda: state_of(pid) == psutil.STATUS_STOPPED)
        assert (tmp_path / "ended").exists()

    run(go())


def test_extensions_are_frozen_with_the_runtime_and_hear_of_the_end(tmp_path):
    runtime = """
        while True:
            request_id, _ = event()
            respond(request_id, b"%d" % os.getpid())
    """

    async def go():
        async with LocalService(rules=FROZEN) as service:
            service.add(scripted(tmp_path, runtime, layers=(layer_with(tmp_path, good=FAITHFUL),)))
            for _ in range(2):
                await service.invoke(InvokeRequest("engine-test"))
            [confined] = [place.environment._confinement for place in service._places]
            pids = confined.groups()
            assert len(pids) == 2
            await until(lambda: all(state_of(pid) == psutil.STATUS_STOPPED for pid in pids))
        assert [event["eventType"] for event in noted_events(tmp_path)] == ["INVOKE", "INVOKE", "SHUTDOWN"]

    run(go())


def test_with_several_invocations_at_once_nothing_is_ever_frozen(tmp_path):
    async def go():
        async with LocalService(rules=FROZEN) as service:
            service.add(app_config(tmp_path, RESTLESS, max_concurrency=2))
            pid = json.loads((await service.invoke(InvokeRequest("engine-test"))).payload)
            (tmp_path / "gate").touch()
            await until((tmp_path / "awake").exists)
            assert state_of(pid) != psutil.STATUS_STOPPED

    run(go())


def test_each_reason_to_stop_is_released_for_itself():
    sent = []
    brake = Brake(sent.append)
    brake.apply("between invocations")
    brake.apply("processor share")
    brake.release("between invocations")
    assert sent == [signal.SIGSTOP]
    brake.release("between invocations")
    brake.release("processor share")
    assert sent == [signal.SIGSTOP, signal.SIGCONT]
    brake.apply("between invocations")
    brake.forget()
    brake.release("between invocations")
    assert sent == [signal.SIGSTOP, signal.SIGCONT, signal.SIGSTOP]


# Processor time.


def test_processor_time_is_in_proportion_to_memory(tmp_path):
    [wall] = invoke_all(tmp_path, "burn", rules=SHARED, memory_mb=442)
    assert wall > 0.1 / 0.25 * 0.75


def test_all_processors_of_the_machine_are_no_limit(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert cpu_share.share_of(2 * cpu_share.MB_PER_PROCESSOR) is None
    assert cpu_share.share_of(cpu_share.MB_PER_PROCESSOR) == 1
    assert cpu_share.share_of(128) == pytest.approx(0.072, abs=0.001)


def test_a_share_needs_to_know_what_was_taken(monkeypatch):
    monkeypatch.setattr(confinement.proc_files, "AVAILABLE", False)
    with pytest.raises(UsageError, match="needs Linux"):
        LocalService(rules=SHARED)
    assert LocalService()._warden.watch is None


def test_storage_of_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="ephemeral_storage_mb must be at least 1, not 0"):
        app_config(tmp_path, "", ephemeral_storage_mb=0)


def test_each_environments_tmp_is_gone_with_it(tmp_path):
    tmp = []

    async def go():
        async with LocalService() as service:
            service.add(app_config(tmp_path, "import os\ndef handler(event, context): return os.environ['TMPDIR']"))
            tmp.append(Path(json.loads((await service.invoke(InvokeRequest("engine-test"))).payload)))
            assert tmp[0].is_dir()

    run(go())
    assert not tmp[0].exists()
