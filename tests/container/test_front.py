"""The invoke front as a process: what a caller of AWS's emulator finds, and what that emulator gets wrong."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.runtime_process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PATH = "/2015-03-31/functions/function/invocations"
APP = """
import os, sys, threading, time
def handler(event, context):
    if event == "slow":
        time.sleep(30)
    if event == "exit":
        os._exit(7)
    if event == "raise":
        raise ValueError("no")
    if event == "environment":
        return dict(os.environ)
    if isinstance(event, dict) and "until" in event:
        # Everybody is here at once, or nobody leaves.
        open(os.path.join(event["until"], str(os.getpid())), "x").close()
        while len(os.listdir(event["until"])) < event["callers"]:
            time.sleep(0.01)
    print("a line")
    return event
def other(event, context):
    return "other"
"""


class Reply(NamedTuple):
    """An answer, with its headers' names in lower case."""

    status: int
    headers: dict[str, str]
    body: Any


class Front:
    """A running front."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def post(self, event: Any, headers: Mapping[str, str] | None = None, *, method: str = "POST", path: str = PATH):
        """Call the function."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(event).encode(), dict(headers or {}))
            answer = connection.getresponse()
            body = answer.read()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, json.loads(body) if body else None)

    def end(self) -> tuple[int, str]:
        """Tell it to stop; the exit status and the rest of its output."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, **variables: str) -> Iterator[Front]:
    """A front with the function above."""
    (folder / "app.py").write_text(APP)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBDA", "_"))}
    environment = {**kept, "PYTHONPATH": str(ROOT), "LAMBDAKIT_FRONT_PORT": "0", **variables}
    command = [sys.executable, "-m", "lambdakit.container", *(arguments or ["app.handler"])]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            found = re.search(r":(\d+)/", first)
            assert found is not None, first + process.stdout.read()
            yield Front(process, int(found[1]))
        finally:
            process.kill()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One that many tests call."""
    settings = {
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "1.5",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "thumbnail",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "TABLE": "photos",
    }
    with serving(tmp_path_factory.mktemp("front"), **settings) as running:
        yield running


def test_a_result(front: Front) -> None:
    reply = front.post({"a": "é"})
    assert (reply.status, reply.body) == (200, {"a": "é"})
    assert "x-amz-function-error" not in reply.headers
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("event", "error_type", "message"),
    [
        ("raise", "ValueError", r"no"),
        ("exit", "Runtime.ExitError", r"RequestId: \S+ Error: Runtime exited with error: exit status 7"),
        ("slow", "Sandbox.Timedout", r"RequestId: \S+ Error: Task timed out after 1.50 seconds"),
    ],
)
def test_a_function_error_is_marked_and_json(front: Front, event: str, error_type: str, message: str) -> None:
    reply = front.post(event)
    assert (reply.status, reply.headers["x-amz-function-error"]) == (200, "Unhandled")
    assert reply.body["errorType"] == error_type
    assert re.fullmatch(message, reply.body["errorMessage"])
    assert front.post("after").body == "after"


def test_callers_at_once_do_not_wait_for_each_other(front: Front, tmp_path: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(front.post, [{"until": str(tmp_path), "callers": 4}] * 4))
    assert [reply.status for reply in replies] == [200] * 4
    assert not [reply for reply in replies if "x-amz-function-error" in reply.headers]


def test_the_functions_environment_is_the_containers(front: Front) -> None:
    trace = "Root=1-65d1a6c8-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"
    variables = front.post("environment", {"X-Amzn-Trace-Id": trace}).body
    assert variables["_X_AMZN_TRACE_ID"].startswith("Root=1-65d1a6c8-0123456789abcdef01234567;")
    expected = {
        "TABLE": "photos",
        "AWS_LAMBDA_FUNCTION_NAME": "thumbnail",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "LAMBDAKIT_LOCAL": "",
        "_HANDLER": "app.handler",
    }
    assert {name: variables[name] for name in expected} == expected
    assert "AWS_EXECUTION_ENV" not in variables


def test_any_name_will_do_for_programs_and_pages_are_refused(front: Front) -> None:
    assert front.post(1, {"Host": "thumbnail.default.svc.cluster.local"}).body == 1
    refused = front.post(1, {"Host": "evil.example", "Origin": "http://evil.example"})
    assert refused.status == 403


def test_its_callers_may_not_reset_it(front: Front) -> None:
    assert front.post(None, path="/_lambdakit/reset").status == 404
    assert front.post(None, method="GET", path="/_lambdakit/health").status == 200


def test_the_other_invocation_types(front: Front) -> None:
    assert front.post({}, {"X-Amz-Invocation-Type": "DryRun"}).status == 204
    assert front.post({}, {"X-Amz-Invocation-Type": "Event"}).status == 202


def health(**variables: str) -> subprocess.CompletedProcess[str]:
    """What the health check says."""
    command = [sys.executable, "-m", "lambdakit.container.health"]
    environment = {"PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)


def test_health(front: Front) -> None:
    assert health(PORT=str(front.port)).returncode == 0
    assert health(AWS_LAMBDA_RUNTIME_API="127.0.0.1:1", PORT="1").returncode == 0
    unwell = health(PORT="1")
    assert (unwell.returncode, "does not answer" in unwell.stderr) == (1, True)
    assert "PORT is 'x': expected a port" in health(PORT="x").stderr


def test_output_is_the_log_with_true_figures_and_the_end_is_orderly(tmp_path: Path) -> None:
    with serving(tmp_path, AWS_LAMBDA_FUNCTION_HANDLER="app.handler", _HANDLER="nobody.hears") as front:
        front.post({})
        status, output = front.end()
    assert status == 0
    assert re.search(r"^START RequestId: .*\na line\nEND RequestId: ", output, re.MULTILINE)
    used = re.search(r"Memory Size: 3008 MB\tMax Memory Used: (\d+) MB", output)
    assert used is not None
    assert 5 <= int(used[1]) < 100


def test_a_running_invocation_ends_before_the_front_does(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with serving(tmp_path) as front, concurrent.futures.ThreadPoolExecutor(1) as pool:
        reply = pool.submit(front.post, {"until": str(tmp_path / "here"), "callers": 2})
        wait_for = front.process.stdout
        assert wait_for is not None
        assert wait_for.readline().startswith("INIT_START")
        while not list((tmp_path / "here").iterdir()):
            assert front.process.poll() is None
        front.process.send_signal(signal.SIGTERM)
        (tmp_path / "here" / "second").touch()
        assert reply.result().body["callers"] == 2
        assert front.end()[0] == 0


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"AWS_LAMBDA_FUNCTION_TIMEOUT": "abc"}, "AWS_LAMBDA_FUNCTION_TIMEOUT is 'abc': expected seconds"),
        ({"AWS_LAMBDA_FUNCTION_TIMEOUT": "0"}, "AWS_LAMBDA_FUNCTION_TIMEOUT is '0': expected seconds"),
        ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1GB"}, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE is '1GB': expected a whole"),
        ({"LAMBDAKIT_FRONT_ENVIRONMENTS": "0"}, "LAMBDAKIT_FRONT_ENVIRONMENTS is '0': expected a whole number"),
        ({"LAMBDAKIT_FRONT_PORT": "http"}, "LAMBDAKIT_FRONT_PORT is 'http': expected a port"),
    ],
)
def test_a_setting_that_is_wrong_is_named(tmp_path: Path, variables: dict[str, str], message: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "lambdakit.container", "app.handler"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
