from __future__ import annotations

import json

import pytest

import lambdakit
from lambdakit.runtime import hooks
from tests.fake_runtime_api import Answer, Event
from tests.runtime_process import run_runtime

SNAPSTART = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
ORDER = """
import lambdakit, snapshot_restore_py
calls = []
lambdakit.before_snapshot(lambda: calls.append("ours 1"))
lambdakit.before_snapshot(lambda: calls.append("ours 2"))
snapshot_restore_py.register_before_snapshot(calls.append, "theirs 1")
snapshot_restore_py.register_before_snapshot(calls.append, "theirs 2")
lambdakit.after_restore(lambda: calls.append("after ours"))
snapshot_restore_py.register_after_restore(calls.append, "after theirs")
def handler(event, context):
    return calls
"""


def test_hooks_of_both_kinds_run_around_the_snapshot() -> None:
    run = run_runtime(ORDER, [Event()], env=SNAPSTART)
    assert [post.call for post in run.posts] == ["restore/next", "response"]
    before = ["ours 2", "ours 1", "theirs 2", "theirs 1"]
    assert run.posts[1].json() == [*before, "after theirs", "after ours"]


def test_without_snapstart_no_hook_runs() -> None:
    run = run_runtime(ORDER, [Event()])
    assert [(post.call, post.body) for post in run.posts] == [("response", b"[]")]


@pytest.mark.parametrize(
    ("register", "call", "error_type", "status"),
    [
        ("before_snapshot", "init/error", "Runtime.BeforeSnapshotError", 64),
        ("after_restore", "restore/error", "Runtime.AfterRestoreError", 65),
    ],
)
def test_a_failing_hook_is_reported_and_ends_the_process(
    register: str, call: str, error_type: str, status: int
) -> None:
    source = f"import lambdakit\n@lambdakit.{register}\ndef hook(): raise ValueError('no')\ndef handler(e, c): ..."
    run = run_runtime(source, env=SNAPSTART)
    assert run.exit_code == status
    report = run.posts[-1]
    assert report.call == call
    assert report.headers["lambda-runtime-function-error-type"] == error_type
    assert {**json.loads(report.body), "stackTrace": None} == {
        "errorMessage": "no",
        "errorType": "ValueError",
        "requestId": "",
        "stackTrace": None,
    }


def test_a_refused_restore_is_a_failed_snapshot() -> None:
    run = run_runtime("def handler(e, c): ...", env=SNAPSTART, replies={"restore/next": Answer(404, b"no")})
    assert run.exit_code == 64
    assert run.posts[-1].json()["errorType"] == "RuntimeApiStatusError"


def test_a_failure_that_cannot_be_reported_exits_with_1() -> None:
    source = "import lambdakit\nlambdakit.before_snapshot(lambda: 1 / 0)\ndef handler(e, c): ..."
    run = run_runtime(source, env=SNAPSTART, replies={"init/error": Answer(500, b"no")})
    assert run.exit_code == 1
    assert "Runtime API call 'init/error' answered 500: no" in run.stderr.decode()


@pytest.mark.parametrize("register", [lambdakit.before_snapshot, lambdakit.after_restore, lambdakit.on_shutdown])
def test_what_is_no_plain_function_is_refused_at_registration(register: object) -> None:
    async def hook() -> None: ...

    with pytest.raises(TypeError, match="hook 'hook' is async; hooks run where no event loop may be running"):
        register(hook)  # type: ignore[operator]
    with pytest.raises(TypeError, match="a hook must be callable with no arguments, not int"):
        register(3)  # type: ignore[operator]


def test_registration_returns_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_on_shutdown", [])

    def hook() -> int:
        return 3

    assert hooks.on_shutdown(hook) is hook
    assert hooks.shutdown_hooks() == [hook]
