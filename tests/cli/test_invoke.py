"""`lambdakit invoke` from the outside: what is on stdout, what on stderr, and the exit status."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import textwrap

import psutil
import pytest

OFFICIAL = f"{sys.executable} -m awslambdaric"

APP = """
    import os, sys, time
    def handler(event, context):
        print("log line")
        return {"event": event, "custom": context.client_context.custom if context.client_context else None}
    def fails(event, context):
        raise ValueError("no")
    def environment(event, context):
        return {name: os.environ.get(name) for name in event}
    def about(event, context):
        return [context.function_name, context.memory_limit_in_mb, context.invoked_function_arn]
    def slow(event, context):
        print("begun", flush=True)
        time.sleep(60)
    def swell(event, context):
        return len(b"x" * (200 << 20))
    def text(event, context):
        return "é"
    def stream(event, context):
        yield b"one "
        while not os.path.exists("go"):
            time.sleep(0.005)
        yield b"two"
    def breaks(event, context):
        yield b"one"
        raise ValueError("midway")
"""


@pytest.fixture
def app(tmp_path):
    (tmp_path / "app.py").write_text(textwrap.dedent(APP))
    return tmp_path


def command(*arguments):
    return [sys.executable, "-m", "lambdakit.cli", *arguments]


def lambdakit(cwd, *arguments, stdin=b"", env=None):
    return subprocess.run(
        command(*arguments),
        check=False,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )


@pytest.mark.parametrize("runtime", [(), ("--runtime-command", OFFICIAL)])
@pytest.mark.parametrize("target", ["app.handler", "app.py:handler", "named=./app.py:handler"])
def test_stdout_is_the_payload_and_stderr_the_log(app, target, runtime):
    done = lambdakit(app, "invoke", target, "--data", '{"a": 1}', *runtime)
    assert json.loads(done.stdout) == {"event": {"a": 1}, "custom": None}
    assert not done.stdout.endswith(b"\n")
    assert done.returncode == 0
    kinds = [line.split(b" ")[0] for line in done.stderr.splitlines()]
    assert kinds == [b"INIT_START", b"START", b"log", b"END", b"REPORT"]
    assert b"\x1b" not in done.stderr


@pytest.mark.parametrize("runtime", [(), ("--runtime-command", OFFICIAL)])
def test_a_function_error_is_status_1_and_still_the_payload(app, runtime):
    done = lambdakit(app, "invoke", "app.fails", *runtime)
    assert done.returncode == 1
    body = json.loads(done.stdout)
    assert (body["errorType"], body["errorMessage"]) == ("ValueError", "no")
    assert b"[ERROR] ValueError: no" in done.stderr


def test_the_event_may_be_a_file_or_standard_input_or_nothing(app):
    (app / "event.json").write_text('{"from": "file"}')
    assert json.loads(lambdakit(app, "invoke", "app.handler", "--event", "event.json").stdout)["event"] == {
        "from": "file"
    }
    piped = lambdakit(app, "invoke", "app.handler", "--event", "-", stdin=b"[1]")
    assert json.loads(piped.stdout)["event"] == [1]
    assert json.loads(lambdakit(app, "invoke", "app.handler").stdout)["event"] == {}


def test_options_reach_the_function(app):
    (app / ".env").write_text("A=file\nB=file\n")
    wanted = ["A", "B", "AWS_REGION", "LEAK", "AWS_LAMBDA_LOG_FORMAT", "LAMBDA_TASK_ROOT"]
    done = lambdakit(
        app,
        *("invoke", "app.environment", "--env", "B=pair", "--env-file", ".env", "--log-format", "json"),
        *("--data", json.dumps(wanted)),
        env={"AWS_REGION": "eu-north-1", "LEAK": "host"},
    )
    assert json.loads(done.stdout) == {
        "A": "file",
        "B": "pair",
        "AWS_REGION": "eu-north-1",
        "LEAK": None,
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "LAMBDA_TASK_ROOT": str(app),
    }
    assert [json.loads(line)["type"] for line in done.stderr.splitlines()] == [
        "platform.initStart",
        "platform.start",
        "platform.report",
    ]


def test_memory_is_enforced_unless_told_otherwise(app):
    killed = lambdakit(app, "invoke", "app.swell")
    assert killed.returncode == 1
    assert json.loads(killed.stdout)["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert b"Max Memory Used: 128 MB" in killed.stderr
    assert b"Error Type: Runtime.OutOfMemory" in killed.stderr
    free = lambdakit(app, "invoke", "app.swell", "--limits", "off")
    assert (free.returncode, free.stdout) == (0, b"209715200")


def test_name_memory_and_client_context(app):
    done = lambdakit(app, "invoke", "mine=app.about", "--memory", "512", env={"AWS_REGION": "eu-west-1"})
    assert json.loads(done.stdout) == ["mine", "512", "arn:aws:lambda:eu-west-1:123456789012:function:mine"]
    done = lambdakit(app, "invoke", "app.handler", "--client-context", '{"custom": {"k": "v"}}')
    assert json.loads(done.stdout)["custom"] == {"k": "v"}


def test_a_timeout_is_a_function_error(app):
    done = lambdakit(app, "invoke", "app.slow", "--timeout", "0.5")
    assert done.returncode == 1
    assert json.loads(done.stdout)["errorType"] == "Sandbox.Timedout"
    assert b"Status: timeout" in done.stderr


def test_verbose_shows_the_engines_phases(app):
    quiet = lambdakit(app, "invoke", "app.handler")
    verbose = lambdakit(app, "invoke", "app.handler", "-v")
    assert b"starting" not in quiet.stderr
    assert b"starting " in verbose.stderr
    assert b"-m lambdakit.runtime app.handler" in verbose.stderr


def test_a_stream_is_written_as_it_comes(app):
    with subprocess.Popen(
        command("invoke", "app.stream"), cwd=app, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout.read(4) == b"one "
        (app / "go").touch()
        assert process.stdout.read() == b"two"
        assert process.wait(30) == 0


def test_a_stream_that_breaks_is_status_1_and_its_error_is_not_payload(app):
    done = lambdakit(app, "invoke", "app.breaks")
    assert (done.returncode, done.stdout) == (1, b"one")
    assert b"midway" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("app.handlr",), b"app defines no 'handlr'. Nearest: handler."),
        (("app.handler", "--data", "{"), b"--data, line 1, column 2: not JSON"),
        (("app.handler", "--event", "gone.json"), b"Cannot read the event file gone.json"),
        (("app.handler", "--env", "AWS_REGION=x"), b"environment contains reserved keys: AWS_REGION"),
        (("app.handler", "--client-context", "x"), b"--client-context, line 1, column 1: not JSON"),
        (("app.handler", "--timeout", "0"), b"--timeout"),
        (("app.handler", "--runtime-command", "'"), b"--runtime-command: No closing quotation"),
        (("app.handler", "--runtime-command", ""), b"--runtime-command is empty."),
        ((), b"Missing argument 'TARGET'"),
    ],
)
def test_usage_errors_are_status_2_before_anything_starts(app, arguments, message):
    done = lambdakit(app, "invoke", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"INIT_START" not in done.stderr


def test_an_event_over_the_limit_is_a_usage_error(app):
    done = lambdakit(app, "invoke", "app.handler", "--event", "-", stdin=b'"' + b"x" * 6_291_555 + b'"')
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"6291557 byte payload is too large for the RequestResponse invocation type" in done.stderr


def test_a_missing_runtime_is_a_function_error_with_its_name(app):
    done = lambdakit(app, "invoke", "app.handler", "--runtime-command", "/no/such/bootstrap")
    assert done.returncode == 1
    assert json.loads(done.stdout)["errorType"] == "Runtime.InvalidEntrypoint"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_clean_up(app, number, status):
    with subprocess.Popen(
        command("invoke", "app.slow", "-v"), cwd=app, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        for line in process.stderr:
            if line == b"begun\n":
                break
        [runtime] = psutil.Process(process.pid).children()
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait(30) == status
        assert b"Traceback" not in rest
        assert not runtime.is_running()


def test_a_reader_that_goes_away_is_no_error(app):
    with subprocess.Popen(
        command("invoke", "app.stream"), cwd=app, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.read(4)
        process.stdout.close()
        (app / "go").touch()
        assert b"Traceback" not in process.stderr.read()
        assert process.wait(30) == 0


def _on_a_terminal(cwd, env):
    """stdout and stderr as a terminal shows them."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **env}
    with subprocess.Popen(
        command("invoke", "app.text"), cwd=cwd, stdout=slave, stderr=slave, env=environment
    ) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # the terminal's other end is closed
                break
            shown += data
        process.wait(30)
    os.close(master)
    return shown


def test_a_terminal_gets_colours_a_spinner_and_a_newline(app):
    shown = _on_a_terminal(app, {})
    assert b"\x1b[2m" in shown
    assert b"Invoking text" in shown
    assert shown.rstrip(b"\x1b[?25h\r\n").endswith(b'"')
    assert shown.endswith(b"\r\n")


def test_no_color_is_honoured(app):
    assert b"\x1b[2m" not in _on_a_terminal(app, {"NO_COLOR": "1"})
