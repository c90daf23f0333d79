"""Powertools' Logger and Metrics on lambdakit's decorators, under them, and beside lambdakit's own."""

from __future__ import annotations

import json

import pytest

from tests.fake_runtime_api import Event, request_id
from tests.middleware.emf_schema import metrics_of
from tests.runtime_process import OFFICIAL, OURS, run_runtime

# What all of the functions below do, however their decorators are stacked.
HEAD = """
import logging
from aws_lambda_powertools import Logger, Metrics
from lambdakit.events import s3_event, sqs_batch
from lambdakit.middleware import json_logging, metrics

logger = Logger(service="theirs")
numbers = Metrics(namespace="Theirs", service="theirs")
shop = metrics(namespace="Ours")
ours = [json_logging(keys={"service": "ours"}), shop]

def work(name):
    logger.info("their line", extra={"bucket": name})
    logging.getLogger("ours").info("our line", extra={"bucket": name})
    numbers.add_metric("Theirs", "Count", 1)
    shop.add("Ours", 1, "Count")
    return name
"""

STACKS = {
    "outside": """
@logger.inject_lambda_context(correlation_id_path="Records[0].eventName")
@numbers.log_metrics(capture_cold_start_metric=True)
@s3_event(middleware=ours)
def handler(event, context):
    return work(event.records[0].bucket.name)
""",
    "inside": """
@s3_event(middleware=ours)
@numbers.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(correlation_id_path="Records[0].eventName")
def handler(event, context):
    return work(event.records[0].bucket.name)
""",
}

S3 = {
    "Records": [
        {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "responseElements": {"x-amz-request-id": "ours-1"},
            "s3": {"bucket": {"name": "photos"}, "object": {"key": "a.jpg"}},
        }
    ]
}


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["ours", "official"])
@pytest.mark.parametrize("stack", STACKS)
def test_both_log_and_count_once(command, stack):
    run = run_runtime(HEAD + STACKS[stack], [Event(S3), Event(S3)], command=command)
    assert [json.loads(post.body) for post in run.posts] == ["photos", "photos"], run.stdout
    lines = [json.loads(line) for line in run.stdout.decode().splitlines()]
    theirs = [line for line in lines if line.get("message") == "their line"]
    mine = [line for line in lines if line.get("message") == "our line"]
    assert [(line["function_request_id"], line["bucket"], line["service"]) for line in theirs] == [
        (request_id(1), "photos", "theirs"),
        (request_id(2), "photos", "theirs"),
    ]
    assert [(line["requestId"], line["bucket"], line["service"], line["correlationId"]) for line in mine] == [
        (request_id(1), "photos", "ours", "ours-1"),
        (request_id(2), "photos", "ours", "ours-1"),
    ]
    if stack == "outside":  # inside, the event it looks into is a typed one
        assert [line["correlation_id"] for line in theirs] == ["ObjectCreated:Put"] * 2
    documents = [metrics_of(json.dumps(line)) for line in lines if "_aws" in line]
    assert sorted(list(document) for document in documents) == [
        ["ColdStart"],
        ["Ours"],
        ["Ours"],
        ["Theirs"],
        ["Theirs"],
    ]


def test_their_decorators_around_a_batch():
    source = """
@logger.inject_lambda_context
@numbers.log_metrics
@sqs_batch(middleware=ours)
def handler(message, context):
    work(message.body)
"""
    records = [{"eventSource": "aws:sqs", "messageId": f"m-{n}", "body": f"b-{n}"} for n in range(2)]
    run = run_runtime(HEAD + source, [Event({"Records": records})])
    assert json.loads(run.posts[0].body) == {"batchItemFailures": []}
    lines = [json.loads(line) for line in run.stdout.decode().splitlines()]
    assert [line["bucket"] for line in lines if line.get("message") == "their line"] == ["b-0", "b-1"]
    assert [line["bucket"] for line in lines if line.get("message") == "our line"] == ["b-0", "b-1"]
    assert [metrics_of(json.dumps(line)) for line in lines if "_aws" in line] == [
        {"Ours": [1, 1]},
        {"Theirs": [1.0, 1.0]},
    ]
