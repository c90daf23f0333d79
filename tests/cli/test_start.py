"""`lambdakit start` from the outside: what it prints, what boto3 gets of it, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import boto3
import httpx
import pytest
from botocore.config import Config

APP = """
    import os, time
    from pathlib import Path
    def handler(event, context):
        print("log line")
        endpoint = os.environ.get("AWS_ENDPOINT_URL_LAMBDA")
        return {"pid": os.getpid(), "event": event, "name": context.function_name, "endpoint": endpoint}
    def other(event, context):
        return [os.environ.get("GIVEN"), context.memory_limit_in_mb, context.invoked_function_arn]
    def slow(event, context):
        Path("begun").touch()
        time.sleep(event)
        return "done"
"""
NO_AWS = {"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": ""}


@pytest.fixture
def app(tmp_path):
    (tmp_path / "app.py").write_text(textwrap.dedent(APP))
    return tmp_path


class Started:
    """A running service."""

    def __init__(self, process):
        self.process = process
        self.clients = contextlib.ExitStack()
        self.banner = []
        for line in process.stdout:
            self.banner.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        self.exports = dict(
            re.fullmatch(r"export (\w+)=(.*)", line).groups() for line in self.banner if line[:7] == "export "
        )

    def client(self):
        client = boto3.client(
            "lambda",
            endpoint_url=self.exports["AWS_ENDPOINT_URL_LAMBDA"],
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"max_attempts": 0}),
        )
        self.clients.callback(client.close)
        return client

    def invoke(self, name, payload=b"{}", **arguments):
        return json.loads(self.client().invoke(FunctionName=name, Payload=payload, **arguments)["Payload"].read())

    def stop(self, number=signal.SIGTERM):
        """What came on stdout after the banner and on stderr."""
        self.process.send_signal(number)
        rest, errors = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        return rest, errors


@contextlib.contextmanager
def started(cwd, *arguments):
    command = [sys.executable, "-m", "lambdakit.cli", "start", "--port", "0", *arguments]
    env = {**os.environ, "HOME": str(cwd), **NO_AWS}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=cwd, stdout=pipe, stderr=pipe, text=True, env=env) as process:
        try:
            service = Started(process)
            with service.clients:
                yield service
        finally:
            if process.poll() is None:
                process.kill()


def start_fails(cwd, *arguments):
    command = [sys.executable, "-m", "lambdakit.cli", "start", *arguments]
    done = subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stdout == ""
    return done.stderr


def test_what_is_printed_is_what_is_served(app):
    with started(app, "app.handler", "second=app.py:other", "--env", "GIVEN=yes", "--memory", "256") as service:
        url = service.exports["AWS_ENDPOINT_URL_LAMBDA"]
        assert service.banner[:5] == [
            f"Serving 2 functions at {url} (account 123456789012, us-east-1)",
            "",
            f"  handler  app.handler in {app}",
            f"  second   app.other in {app}",
            "",
        ]
        assert service.exports == {
            "AWS_ENDPOINT_URL_LAMBDA": url,
            "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": url,
            "AWS_ENDPOINT_URL_CLOUDWATCH": url,
            "AWS_ENDPOINT_URL_XRAY": url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }
        answer = service.invoke("handler", b"1")
        pid = answer.pop("pid")
        assert answer == {"event": 1, "name": "handler", "endpoint": url}
        arn = "arn:aws:lambda:us-east-1:123456789012:function:second"
        assert service.invoke("second") == ["yes", "256", arn]
        rest, errors = service.stop()
        assert rest == ""
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert "handler | log line\n" in errors
        assert "second | REPORT RequestId: " in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_end_lets_running_invocations_finish(app, number):
    with started(app, "app.slow") as service, ThreadPoolExecutor() as pool:
        answer = pool.submit(service.invoke, "slow", b"0.3")
        while not (app / "begun").exists():
            assert not answer.done()
        service.stop(number)
        assert answer.result() == "done"


def test_an_account_and_its_concurrency(app):
    with started(app, "app.other", "--account-id", "999999999999", "--concurrency", "7") as service:
        assert service.invoke("function")[2] == "arn:aws:lambda:us-east-1:999999999999:function:other"
        assert "(account 999999999999," in service.banner[0]
        service.stop()


def test_the_projects_functions_are_served_where_no_target_is_given(app):
    (app / "pyproject.toml").write_text(
        "[tool.lambdakit.functions.first]\nhandler = 'app.handler'\n"
        "[tool.lambdakit.functions.second]\nhandler = 'app.other'\nmemory = 512\n"
        "environment = { GIVEN = 'configured' }\nreserved-concurrency = 0\n"
    )
    with started(app) as service:
        assert service.invoke("first")["name"] == "first"
        with pytest.raises(service.client().exceptions.TooManyRequestsException):
            service.invoke("second")
        service.stop()
    with started(app, "second", "--memory", "256") as service:
        assert service.banner[2] == f"  second  app.other in {app}"
        service.stop()


def test_few_environments_serve_many_callers_in_turn(app):
    with started(app, "app.handler", "--environments", "1") as service, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: service.invoke("handler", b"%d" % number), range(24)))
        assert [answer["event"] for answer in answers] == list(range(24))
        _, errors = service.stop()
        assert errors.count("INIT_START") == 1


def test_usage_errors(app):
    assert "No TARGET was given" in start_fails(app)
    assert "'nobody' names no function" in start_fails(app, "nobody")
    assert "two functions called handler" in start_fails(app, "app.handler", "app.handler", "--port", "0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"Port {port} on 127.0.0.1 is taken" in start_fails(app, "app.handler", "--port", port)


def test_invoke_knows_the_projects_names(app):
    (app / "pyproject.toml").write_text("[tool.lambdakit.functions.mine]\nhandler = 'app.other'\nmemory = 512\n")
    command = [sys.executable, "-m", "lambdakit.cli", "invoke", "mine"]
    done = subprocess.run(command, check=True, cwd=app, capture_output=True, timeout=30)
    assert json.loads(done.stdout)[1] == "512"


def test_changed_source_is_run_from_the_next_invocation_on(app):
    with started(app, "app.py:handler") as service:
        assert service.invoke("handler")["event"] == {}
        (app / "app.py").write_text("def handler(event, context):\n    return 'new'\n")
        while service.invoke("handler") != "new":
            pass
        errors = service.stop()[1]
    assert "lambdakit start: new code for handler" in errors


def test_without_reload_the_old_code_stays(app):
    with started(app, "--no-reload", "app.py:handler") as service:
        pid = service.invoke("handler")["pid"]
        (app / "app.py").write_text("def handler(event, context):\n    return 'new'\n")
        assert service.invoke("handler")["pid"] == pid


FAILING = "def handler(event, context):\n    print('attempt')\n    raise ValueError('no')\n"


def test_an_asynchronous_invocation_is_retried_by_the_clock_and_logged(app):
    (app / "app.py").write_text(FAILING)
    with started(app, "--clock", "virtual", "app.py:handler") as service:
        answer = service.client().invoke(FunctionName="handler", InvocationType="Event")
        assert answer["StatusCode"] == 202
        url = service.exports["AWS_ENDPOINT_URL_LAMBDA"]
        httpx.post(f"{url}/_lambdakit/clock", json={"advance": 3600}, timeout=30).raise_for_status()
        assert len(logged(service, "attempt")) == 3


def test_state_outlives_the_service(app):
    arguments = ("--state", "state", "app.py:handler")
    with started(app, *arguments) as service:
        service.invoke("handler")
        service.stop()
    with started(app, *arguments) as service:
        assert logged(service, "log line") == ["log line\n"]


def logged(service, pattern):
    """The messages of the function's log that a pattern finds."""
    logs = boto3.client(
        "logs",
        endpoint_url=service.exports["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    service.clients.callback(logs.close)
    found = logs.filter_log_events(logGroupName="/aws/lambda/handler", filterPattern=f'"{pattern}"')
    return [event["message"] for event in found["events"]]


def test_routes_and_function_urls_are_served_beside(app):
    (app / "app.py").write_text("def handler(event, context):\n    return {'path': event['rawPath']}\n")
    (app / "pyproject.toml").write_text(
        '[tool.lambdakit.functions.web]\nhandler = "app.py:handler"\nurl = true\nroutes = ["GET /a/{id}", "$default"]\n'
    )
    with started(app, "--http-port", "0") as service:
        route, default, url = re.findall(r"http://\S+(?=  \()", "\n".join(service.banner))
        assert httpx.get(route.replace("{id}", "7"), timeout=30).json() == {"path": "/a/7"}
        assert httpx.get(default.replace("...", "b"), timeout=30).json() == {"path": "/b"}
        assert httpx.get(url + "x", timeout=30).json() == {"path": "/x"}
