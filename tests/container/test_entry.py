"""The entry point: which of the two it starts, and process 1's duties in a process that is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.fake_runtime_api import Event, FakeRuntimeApi
from tests.runtime_process import ROOT, run_runtime, runtime_process

ENTRY = (sys.executable, "-m", "lambdakit.container", "app.handler")
MODULES = "def handler(event, context):\n    import sys\n    return sorted(sys.modules)\n"
# A process that adopts orphans, as process 1 does, and then does what process 1 does.
INIT = """
import ctypes, os, signal, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
from lambdakit.container.init import split
status = split()
if status is not None:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("none left", flush=True)
    sys.exit(status)
"""


def run_init(work: str, *, send: signal.Signals | None = None) -> subprocess.CompletedProcess[str]:
    """Run `work` as the child of a process that has split; send that process a signal once the child has printed."""
    with subprocess.Popen(
        [sys.executable, "-c", INIT + work], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline() if send is not None else ""
        if send is not None:
            process.send_signal(send)
        output, errors = process.communicate(timeout=30)
        return subprocess.CompletedProcess([], process.returncode, first + output, errors)


def test_with_a_runtime_api_it_is_the_runtime_and_imports_nothing_else() -> None:
    plain = json.loads(run_runtime(MODULES, [Event({})]).posts[0].body)
    with FakeRuntimeApi([Event({})]) as api, runtime_process(MODULES, api, command=ENTRY[:-1]) as process:
        process.wait_until(api.drained)
        modules = json.loads(api.posts[0].body)
    assert set(modules) - set(plain) <= {"lambdakit.container", "lambdakit.container.entry"}


def test_the_exit_status_is_kept() -> None:
    assert run_init("sys.exit(7)").returncode == 7
    assert run_init("os.kill(os.getpid(), signal.SIGKILL)").returncode == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(number: signal.Signals) -> None:
    work = f"""
signal.signal({int(number)}, lambda *_: sys.exit(9))
print("ready", flush=True)
time.sleep(30)
"""
    assert run_init(work, send=number).returncode == 9


def test_the_child_has_the_signals_it_would_have_had() -> None:
    run = run_init("print(signal.pthread_sigmask(signal.SIG_BLOCK, []))")
    assert run.stdout.splitlines()[0] == "set()"


def test_orphans_are_reaped() -> None:
    # The grandchild ends after its parent, when only process 1 can take it in; the pipe tells when it has.
    work = """
read, write = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.close(read)
        time.sleep(0.05)
        os._exit(0)
    os._exit(0)
os.close(write)
os.read(read, 1)
os.wait()
"""
    run = run_init(work)
    assert (run.returncode, run.stdout) == (0, "none left\n"), run.stderr


def test_without_a_handler_the_message_says_where_to_name_one() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "_HANDLER"}
    run = subprocess.run(ENTRY[:-1], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == (
        "lambdakit: no handler: name MODULE.FUNCTION as the container's command, or in AWS_LAMBDA_FUNCTION_HANDLER\n"
    )
