"""`lambdakit start` with what calls functions of its own accord: a queue of a moto server, and a schedule."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.moto_server import aws, aws_environment, aws_server, unique
from tests.service_process import serving

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("aws", "aws_server")

# Each event is a file of its own, so that the test sees whole ones only.
APP = """
import json, os
from pathlib import Path
def handler(event, context):
    kind = "queue" if "Records" in event else "schedule"
    Path(f"{kind}-{context.aws_request_id}.part").write_text(json.dumps(event))
    os.rename(f"{kind}-{context.aws_request_id}.part", f"{kind}-{context.aws_request_id}.json")
"""
PROJECT = """
[tool.lambdakit.functions.orders]
handler = "app.handler"
sources = ["QUEUE", "arn:aws:kafka:eu-west-1:123456789012:cluster/c/1"]
schedules = ["rate(1 hour)"]
"""


def events(folder: Path, kind: str, count: int) -> list[Any]:
    """Wait for so many events of a kind."""
    while len(found := sorted(folder.glob(f"{kind}-*.json"))) < count:
        os.sched_yield()
    return [json.loads(file.read_text()) for file in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def test_a_queue_and_a_schedule_call_the_function(aws: str, folder: Path) -> None:
    with contextlib.closing(boto3.Session().client("sqs")) as sqs:
        url = sqs.create_queue(QueueName=unique("orders"))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        (folder / "pyproject.toml").write_text(PROJECT.replace("QUEUE", arn))
        with serving(folder, "--clock", "virtual", "--no-reload", env=aws_environment(aws)) as service:
            banner = "".join(iter(service.banner_line, "Ctrl-C stops the service.\n"))
            assert f"  {arn}  (polled at {aws}, orders)\n" in banner
            assert "cluster/c/1  (not polled: only queues of SQS" in banner
            assert "  rate(1 hour)  (schedule orders-1, orders)\n" in banner
            sqs.send_message(QueueUrl=url, MessageBody="hello")
            ((record,),) = [event["Records"] for event in events(folder, "queue", 1)]
            assert record["body"] == "hello"
            with contextlib.closing(HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
                connection.request("POST", "/_lambdakit/clock", json.dumps({"advance": 6 * 3600}))
                assert connection.getresponse().status == 200
            assert len(events(folder, "schedule", 6)) == 6


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ('schedules = ["rate(1 minutes)"]', "a schedule of orders: Parameter ScheduleExpression is not valid"),
        ('sources = [{ arn = "arn:aws:sqs:r:1:q", batch-size = 0 }]', "BatchSize is a number from 1 to 10000, not 0"),
    ],
)
def test_mistakes_are_usage_errors(folder: Path, setting: str, what: str) -> None:
    (folder / "pyproject.toml").write_text(f'[tool.lambdakit.functions.orders]\nhandler = "app.handler"\n{setting}\n')
    command = [sys.executable, "-m", "lambdakit.cli", "start", "--port", "0"]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert what in done.stderr
