"""boto3: invoke, stream, and follow and read logs of a service in another process."""

from __future__ import annotations

import base64
import contextlib
import json
import time

import boto3
import pytest
from botocore.config import Config

GROUP = "/aws/lambda/hello"


@pytest.fixture
def client(service):
    """Makes clients, which are closed after the test."""
    session = boto3.Session("local", "local", region_name=service["AWS_REGION"])
    config = Config(retries={"max_attempts": 0})
    with contextlib.ExitStack() as stack:

        def make(name, variable):
            made = session.client(name, endpoint_url=service[variable], config=config)
            return stack.enter_context(contextlib.closing(made))

        yield make


def test_boto3(client, tmp_path):
    functions = client("lambda", "AWS_ENDPOINT_URL_LAMBDA")
    payload = json.dumps({"who": "boto3"})
    answer = functions.invoke(FunctionName="hello", Payload=payload, LogType="Tail")
    assert json.load(answer["Payload"]) == {"hello": "boto3", "custom": None}
    assert b"\nline of boto3\nEND RequestId: " in base64.b64decode(answer["LogResult"])
    raised = functions.invoke(FunctionName="hello", Payload=json.dumps({"who": "boto3", "raise": 1}))
    assert (raised["FunctionError"], json.load(raised["Payload"])["errorMessage"]) == ("Unhandled", "no")

    gate = tmp_path / "gate"
    streamed = functions.invoke_with_response_stream(
        FunctionName="pieces", Payload=json.dumps({"who": "boto3", "gate": str(gate)})
    )
    pieces = []
    for event in streamed["EventStream"]:
        if "PayloadChunk" in event:
            pieces.append(event["PayloadChunk"]["Payload"])
            gate.touch()
    assert pieces == [b"first;", b"last;"]

    logs = client("logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS")
    functions.invoke(FunctionName="hello", Payload=json.dumps({"who": "boto3-event"}), InvocationType="Event")
    found, ends = [], time.monotonic() + 20
    while not found:
        assert time.monotonic() < ends
        found = logs.filter_log_events(logGroupName=GROUP, filterPattern='"boto3-event"')["events"]
    read = logs.get_log_events(logGroupName=GROUP, logStreamName=found[0]["logStreamName"], startFromHead=True)
    assert "line of boto3-event\n" in [event["message"] for event in read["events"]]
