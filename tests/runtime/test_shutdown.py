"""Graceful shutdown, with real processes and a real SIGTERM."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from lambdakit.runtime import hooks, shutdown
from tests.fake_runtime_api import Answer, FakeRuntimeApi
from tests.runtime_process import runtime_process

if TYPE_CHECKING:
    from collections.abc import Iterator

HANDLER = "\ndef handler(event, context):\n    return event\n"


def stopped(source: str, *, replies: dict[str, Answer] | None = None) -> tuple[int, str, str, list[str]]:
    """Exit code, stdout, stderr and calls of a process that is sent SIGTERM while it waits for an event."""
    with FakeRuntimeApi(replies=replies) as api, runtime_process(source + HANDLER, api) as process:
        last = "extension/register" if replies else "extension/event/next"
        hooked = "on_shutdown" in source
        # The extension's own `next` travels on another connection: it may be read after the runtime's.
        process.wait_until(lambda: api.holding and (not hooked or last in [post.call for post in api.posts]))
        os.kill(process.popen.pid, signal.SIGTERM)
        process.wait_until(lambda: process.ended)
        calls = [post.call for post in api.posts]
        return process.popen.returncode, process.stdout().decode(), process.stderr().decode(), calls


def test_without_hooks_no_extension_is_registered_and_sigterm_kills() -> None:
    assert stopped("") == (-signal.SIGTERM, "", "", [])


def test_hooks_run_newest_first_and_the_process_exits_0() -> None:
    source = """
import lambdakit
@lambdakit.on_shutdown
def first(): print("first")
@lambdakit.on_shutdown
def second(): print("second")
"""
    code, out, err, calls = stopped(source)
    assert (code, out, err) == (0, "second\nfirst\n", "")
    assert calls == ["extension/register", "extension/event/next"]


def test_a_failing_hook_is_reported_and_does_not_stop_the_others() -> None:
    source = """
import lambdakit
@lambdakit.on_shutdown
def good(): print("ran")
@lambdakit.on_shutdown
def bad(): raise SystemExit("no")
"""
    code, out, err, _ = stopped(source)
    assert (code, out) == (0, "ran\n")
    assert "lambdakit: shutdown hook bad failed" in err
    assert "SystemExit: no" in err


def test_a_hook_that_hangs_is_interrupted_and_those_after_it_are_named() -> None:
    source = """
import lambdakit, threading
@lambdakit.on_shutdown
def late(): print("never")
@lambdakit.on_shutdown
def hangs(): threading.Event().wait()
"""
    code, out, err, _ = stopped(source)
    assert (code, out) == (0, "")
    assert "shutdown hook hangs took longer than 0.45 s" in err
    assert "no time was left for the shutdown hooks late" in err


def test_a_handler_of_the_functions_own_runs_after_the_hooks() -> None:
    source = """
import lambdakit, signal, sys
signal.signal(signal.SIGTERM, lambda *_: print("own"))
lambdakit.on_shutdown(lambda: print("hook"))
"""
    assert stopped(source)[:2] == (0, "hook\nown\n")


def test_hooks_run_while_an_event_is_being_handled() -> None:
    from tests.fake_runtime_api import Event

    source = """
import lambdakit, os, signal, threading
lambdakit.on_shutdown(lambda: print("hook"))
def handler(event, context):
    print("started")
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait()
"""
    with FakeRuntimeApi([Event()]) as api, runtime_process(source, api) as process:
        process.wait_until(lambda: process.ended)
        assert (process.popen.returncode, process.stdout()) == (0, b"started\nhook\n")


def test_where_no_extension_can_be_registered_the_function_still_runs() -> None:
    source = "import lambdakit\nlambdakit.on_shutdown(print)\n"
    code, _, err, calls = stopped(source, replies={"extension/register": Answer(403, b"closed")})
    assert code == -signal.SIGTERM
    assert "on_shutdown hooks will not run" in err
    assert "answered 403: closed" in err
    assert calls == ["extension/register"]


@pytest.fixture
def own_hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    registered: list[object] = []
    monkeypatch.setattr(hooks, "_on_shutdown", registered)
    previous = signal.getsignal(signal.SIGALRM)
    yield registered
    signal.signal(signal.SIGALRM, previous)


def test_the_alarm_is_off_after_the_hooks(own_hooks: list[object]) -> None:
    ran: list[str] = []
    own_hooks.append(lambda: ran.append("hook"))
    shutdown.run_hooks()
    assert ran == ["hook"]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
