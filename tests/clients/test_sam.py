"""SAM's remote tools, which talk to the Lambda API and to CloudWatch Logs: `sam remote invoke` and `sam logs`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

ARN = "arn:aws:lambda:us-east-1:123456789012:function:hello"


@pytest.fixture
def sam(service):
    """Runs SAM, which is told that it has looked for a newer version of itself; what it prints, and its notices."""
    program = Path(sys.executable).with_name("sam")
    assert program.exists(), "SAM is needed for this test: pip install -e '.[dev]'"
    settings = Path(service["HOME"]) / ".aws-sam" / "metadata.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"telemetryEnabled": False, "lastVersionCheck": time.time()}))

    def call(*arguments):
        env = {**service, "SAM_CLI_TELEMETRY": "0", "LC_ALL": "C.UTF-8"}
        command = [program, *arguments, "--region", "us-east-1"]
        done = subprocess.run(command, check=False, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    return call


def test_remote_invoke_and_logs(sam):
    answer, notices = sam("remote", "invoke", ARN, "--event", '{"who": "sam"}', "--parameter", "LogType=Tail")
    assert json.loads(answer) == {"hello": "sam", "custom": None}
    assert "\nline of sam\nEND RequestId: " in notices
    lines, _ = sam("logs", "--cw-log-group", "/aws/lambda/hello", "--filter", "sam")
    assert lines.rstrip().endswith(" line of sam")
