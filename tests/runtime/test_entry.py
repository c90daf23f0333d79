"""Start-up in real processes: what is refused, how a failing initialisation is told, and with which exit status."""

from __future__ import annotations

import json

import pytest

from lambdakit.runtime.entry import main
from lambdakit.runtime.notices import UNHANDLED_EXCEPTION
from tests.fake_runtime_api import Answer, Event
from tests.runtime_process import run_runtime

HANDLER = "def handler(event, context):\n    return event\n"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch) -> None:
    for name in ("AWS_LAMBDA_RUNTIME_API", "_HANDLER", "AWS_LAMBDA_MAX_CONCURRENCY", "LAMBDA_TASK_ROOT"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_handler_it_says_what_to_give(capsys) -> None:
    assert main([]) == 1
    assert capsys.readouterr().err == "lambdakit: no handler: give MODULE.FUNCTION as argument or in _HANDLER\n"


def test_outside_an_execution_environment_it_says_how_to_run_locally(capsys) -> None:
    assert main(["app.handler"]) == 1
    assert "lambdakit invoke MODULE.FUNCTION" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["nonsense:port", ":80"])
def test_an_address_that_is_none_is_refused(address, capsys, monkeypatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", address)
    assert main(["app.handler"]) == 1
    assert f"AWS_LAMBDA_RUNTIME_API is {address!r}; expected host:port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "result"),
    [
        ({"handler": "app.handler"}, b'{"a": 1}'),
        ({"handler": None}, b'{"a": 1}'),
        ({"handler": "app.other", "env": {"_HANDLER": "app.handler"}}, b'"other"'),
    ],
    ids=["argument", "variable", "the argument wins"],
)
def test_where_the_handlers_name_comes_from(options, result) -> None:
    source = f"{HANDLER}def other(event, context):\n    return 'other'\n"
    run = run_runtime(source, [Event({"a": 1})], **options)
    assert [post.body for post in run.posts] == [result]
    assert (run.exit_code, run.stdout, run.stderr) == (None, b"", b"")


def test_the_task_root_is_on_the_import_path(tmp_path) -> None:
    (tmp_path / "elsewhere.py").write_text(HANDLER)
    run = run_runtime(None, [Event(7)], handler="elsewhere.handler", env={"LAMBDA_TASK_ROOT": str(tmp_path)})
    assert run.posts[0].body == b"7"


INIT_FAILURES = {
    "an exception": ("x = {}['missing']\n" + HANDLER, "KeyError", "'missing'"),
    "no such module": ("import nowhere_at_all\n", "Runtime.ImportModuleError", "Unable to import module 'app': "),
    "no such handler": ("def handle(event, context): ...\n", "Runtime.HandlerNotFound", "Handler 'handler' missing"),
    "wrong arity": (
        "def handler(event): ...\n",
        "Runtime.HandlerNotCallable",
        "Handler 'handler' of module 'app' takes",
    ),
    "sys.exit": ("import sys\nsys.exit(4)\n", "Runtime.ExitError", "sys.exit was called: exit status 4"),
}


@pytest.mark.parametrize(("source", "error_type", "message"), INIT_FAILURES.values(), ids=INIT_FAILURES)
def test_a_handler_that_cannot_be_loaded(source, error_type, message) -> None:
    run = run_runtime(source, [Event()])
    assert run.exit_code == 1
    assert [post.call for post in run.posts] == ["init/error"]
    assert run.api.nexts == 0
    error = run.posts[0].json()
    assert run.posts[0].headers["lambda-runtime-function-error-type"] == error["errorType"] == error_type
    assert error["errorMessage"].startswith(message)
    assert error["requestId"] == ""
    said = run.stdout.decode()
    assert UNHANDLED_EXCEPTION in said
    assert said.index(UNHANDLED_EXCEPTION) < said.index(f"[ERROR] {error_type}: ")


def test_a_failure_that_another_worker_has_reported_is_no_news_to_workers_alone() -> None:
    replies = {"init/error": Answer(403, b'{"errorType": "InvalidStateTransition"}')}
    run = run_runtime("1 / 0\n", replies=replies)
    assert run.exit_code == 1
    assert b"'init/error' answered 403" in run.stderr
    workers = run_runtime("1 / 0\n", replies=replies, env={"AWS_LAMBDA_MAX_CONCURRENCY": "2"})
    assert workers.exit_code == 1
    assert workers.stderr == b""


@pytest.mark.parametrize("end", [Answer(500, b"broken"), Answer(raw=b"", after="close"), Answer(200, b"{}")])
def test_a_next_that_cannot_be_gone_on_from_ends_the_process_with_one_line(end) -> None:
    run = run_runtime(HANDLER, end=end)
    assert run.exit_code == 1
    assert run.stderr.startswith(b"lambdakit: ")
    assert run.stderr.count(b"\n") == 1


def test_an_unreachable_api_ends_the_process_with_one_line() -> None:
    run = run_runtime(HANDLER, env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"})
    assert run.exit_code == 1
    assert run.stderr.startswith(b"lambdakit: cannot connect to the Runtime API at 127.0.0.1:1: ")


@pytest.mark.parametrize(("code", "status"), [("", 0), ("0", 0), ("3", 3), ("'bye'", 1)])
def test_an_exit_of_the_handler_is_answered_and_ends_the_process(code, status) -> None:
    run = run_runtime(f"import sys\ndef handler(event, context):\n    sys.exit({code})\n", [Event(), Event()])
    assert run.exit_code == status
    assert [(post.call, post.json()["errorType"]) for post in run.posts] == [("error", "Runtime.ExitError")]


SNAPSHOT = """
import snapshot_restore_py, lambdakit
order = []
@lambdakit.before_snapshot
def first(): order.append("before 1")
@lambdakit.before_snapshot
def second(): order.append("before 2")
snapshot_restore_py.register_before_snapshot(order.append, "peer before 1")
snapshot_restore_py.register_before_snapshot(order.append, "peer before 2")
snapshot_restore_py.register_after_restore(order.append, "peer after 1")
snapshot_restore_py.register_after_restore(order.append, "peer after 2")
@lambdakit.after_restore
def third(): order.append("after 1")
@lambdakit.after_restore
def fourth(): order.append("after 2")
def handler(event, context):
    return order
"""
BEFORE = ["before 2", "before 1", "peer before 2", "peer before 1"]
AFTER = ["peer after 1", "peer after 2", "after 1", "after 2"]


def test_hooks_run_around_the_snapshot_in_their_order() -> None:
    run = run_runtime(SNAPSHOT, [Event()], env={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"})
    assert [post.call for post in run.posts] == ["restore/next", "response"]
    assert run.posts[1].json() == BEFORE + AFTER


def test_without_a_snapshot_no_hook_runs() -> None:
    run = run_runtime(SNAPSHOT, [Event()], env={"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"})
    assert [(post.call, post.json()) for post in run.posts] == [("response", [])]


FAILING = "import lambdakit, sys\n@lambdakit.{when}\ndef hook():\n    {does}\n" + HANDLER


@pytest.mark.parametrize("does", ["raise LookupError('in a hook')", "sys.exit(3)"])
@pytest.mark.parametrize(
    ("when", "calls", "error_type", "status"),
    [
        ("before_snapshot", ["init/error"], "Runtime.BeforeSnapshotError", 64),
        ("after_restore", ["restore/next", "restore/error"], "Runtime.AfterRestoreError", 65),
    ],
)
def test_a_failing_hook_ends_the_process(when, calls, error_type, status, does) -> None:
    source = FAILING.format(when=when, does=does)
    run = run_runtime(source, [Event()], env={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"})
    assert run.exit_code == status
    assert [post.call for post in run.posts] == calls
    assert run.posts[-1].headers["lambda-runtime-function-error-type"] == error_type
    kind = "Runtime.ExitError" if "exit" in does else "LookupError"
    assert json.loads(run.posts[-1].body)["errorType"] == kind
    assert f"[ERROR] {kind}: ".encode() in run.stdout


def test_a_refused_restore_ends_the_process_as_a_failed_snapshot() -> None:
    run = run_runtime(
        HANDLER, replies={"restore/next": Answer(404)}, env={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    )
    assert run.exit_code == 64
    assert [post.call for post in run.posts] == ["restore/next", "init/error"]


def test_a_preview_interpreter_is_announced_once() -> None:
    env = {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.15"}
    said = run_runtime(HANDLER, [Event()], env=env).stdout
    assert said.startswith(b"[WARNING]")
    assert said.count(b"This is a preview runtime version") == 1
    assert run_runtime(HANDLER, [Event()], env={**env, "LAMBDA_DISABLE_PREVIEW_WARN": "1"}).stdout == b""
