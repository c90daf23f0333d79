"""The AWS CLI, version 1: it invokes and reads logs. It has no command for streams, nor `aws logs tail`."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

GROUP = ("--log-group-name", "/aws/lambda/hello")


@pytest.fixture
def aws(service, tmp_path):
    """Runs the CLI; what it prints, read as JSON, or its error."""
    program = Path(sys.executable).with_name("aws")
    assert program.exists(), "the AWS CLI is needed for these tests: pip install -e '.[dev]'"

    def call(*arguments):
        done = subprocess.run(
            [program, *arguments], check=False, cwd=tmp_path, env=service, capture_output=True, text=True, timeout=60
        )
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()

    return call


def invoke(aws, tmp_path, who, *options, name="hello", **event):
    payload = json.dumps({"who": who, **event})
    told = aws("lambda", "invoke", "--function-name", name, "--payload", payload, *options, "out")
    out = tmp_path / "out"
    return told, out.read_text() if out.exists() else None


def test_invoke_with_its_log_and_client_context(aws, tmp_path):
    context = base64.b64encode(b'{"custom": {"a": 1}}').decode()
    told, out = invoke(aws, tmp_path, "cli", "--log-type", "Tail", "--client-context", context)
    assert json.loads(out) == {"hello": "cli", "custom": {"a": 1}}
    assert (told["StatusCode"], told["ExecutedVersion"]) == (200, "$LATEST")
    start, line, _, report = base64.b64decode(told["LogResult"]).decode().splitlines()
    assert start.startswith("START RequestId: ")
    assert line == "line of cli"
    assert report.startswith("REPORT RequestId: ")


def test_errors_of_the_function_and_of_the_service(aws, tmp_path):
    told, out = invoke(aws, tmp_path, "cli-error", **{"raise": 1})
    assert (told["StatusCode"], told["FunctionError"]) == (200, "Unhandled")
    assert json.loads(out)["errorType"] == "ValueError"
    refused, _ = invoke(aws, tmp_path, "x", name="other")
    assert "(ResourceNotFoundException)" in refused
    assert refused.endswith("Function not found: arn:aws:lambda:us-east-1:123456789012:function:other:$LATEST")


def test_logs_are_read_and_followed(aws, tmp_path):
    told, _ = invoke(aws, tmp_path, "cli-event", "--invocation-type", "Event")
    assert told == {"StatusCode": 202}
    found, ends = [], time.monotonic() + 20
    while not found:
        assert time.monotonic() < ends
        found = aws("logs", "filter-log-events", *GROUP, "--filter-pattern", '"cli-event"')["events"]
    assert found[0]["message"] == "line of cli-event\n"
    streams = aws("logs", "describe-log-streams", *GROUP)["logStreams"]
    stream = found[0]["logStreamName"]
    assert stream in [each["logStreamName"] for each in streams]
    events = aws("logs", "get-log-events", *GROUP, "--log-stream-name", stream, "--start-from-head")["events"]
    messages = [event["message"] for event in events]
    assert messages[0].startswith("INIT_START Runtime Version: ")
    assert "line of cli-event\n" in messages
