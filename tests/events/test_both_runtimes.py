"""Decorated handlers under lambdakit's runtime and under AWS's own client: the same answers, the same errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.events.samples import STAGES, every
from tests.fake_runtime_api import Event
from tests.runtime_process import OFFICIAL, OURS, run_runtime

APP = """
import asyncio
from lambdakit import events
from lambdakit.events import *

class Refusing(dict):  # no AWS within reach of the test: the sources that report by a client fail alike
    def __contains__(self, name):
        return True
    def __missing__(self, name):
        raise ConnectionError(name)

from lambdakit.events import aws_clients
aws_clients._clients = Refusing()

@s3_event
def s3(event, context):
    return [record.object.key for record in event.records]

@sns_event
async def sns(event, context):
    await asyncio.sleep(0)
    return event.records[0].sns.message

def fail_odd(record):
    if int(record.body) % 2:
        raise ValueError(record.body)

batch = sqs_batch(fail_odd)
concurrent = sqs_batch(concurrency=3)(fail_odd)

@sqs_batch(concurrency=3)
async def tasks(record, context):
    await asyncio.sleep(0)
    fail_odd(record)

@sqs_batch(reserve=1e6)
def timeless(record):
    raise AssertionError

@activemq_batch
def broker(record):
    raise ValueError("no")

@firehose_transform
def firehose(event, context):
    return [record.ok(record.data.upper()) for record in event.records]

@viewer_request
def edge(request, context):
    return redirect("https://example.com/")

@viewer_response
async def edge_response(response, context):
    response.headers["x-frame-options"] = "DENY"
    return response

@viewer_request
def edge_wrong(request, context):
    request.headers["via"] = "me"
    return request

app = App()
app.on(s3_event)(lambda event, context: "s3")
app.on(sqs_batch)(fail_odd)

@app.on(sns_event)
async def app_sns(event, context):
    return "sns"

def nothing(event, context):
    return None

async def nothing_async(event, context):
    return None

def every_decorator(event, context, function):
    # What each decorator makes of an event and of nothing returned: an answer, a refusal of either.
    outcomes = {}
    for name in sorted(events.__all__):
        decorator = getattr(events, name)
        if not isinstance(decorator, events.decorator.EventDecorator):
            continue
        try:
            outcomes[name] = decorator(function)(event, context)
        except Exception as error:
            outcomes[name] = [type(error).__name__, str(error)]
    return outcomes

def each(event, context):
    return every_decorator(event, context, nothing)
"""
SQS: dict[str, Any] = {
    "Records": [
        {"eventSource": "aws:sqs", "messageId": f"m-{n}", "body": str(n), "eventSourceARN": "arn:aws:sqs:r:1:q"}
        for n in range(7)
    ]
}
S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "a+b"}}}]}
SNS = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "hello"}}]}
MQ = {"eventSource": "aws:mq", "messages": [{"messageID": "1", "data": "e30="}]}
FIREHOSE = {"deliveryStreamArn": "arn", "invocationId": "1", "records": [{"recordId": "1", "data": "aGk="}]}


def failures(*numbers: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": f"m-{number}"} for number in numbers]}


# Handler: an event for it, and what it answers (None: whatever, as long as it is the same).
CASES: dict[str, tuple[Any, Any]] = {
    "s3": (S3, ["a b"]),
    "sns": (SNS, "hello"),
    "batch": (SQS, failures(1, 3, 5)),
    "concurrent": (SQS, failures(1, 3, 5)),
    "tasks": (SQS, failures(1, 3, 5)),
    "timeless": (SQS, failures(*range(7))),
    "firehose": (FIREHOSE, {"records": [{"recordId": "1", "result": "Ok", "data": "SEk="}]}),
    "app": (SNS, "sns"),
    "broker": (MQ, None),
    "edge": (STAGES["viewer-request"], None),
    "edge_response": (STAGES["viewer-response"], None),
    "edge_wrong": (STAGES["viewer-request"], None),
}
WRONG = {"broker": "BatchError", "edge_wrong": "EdgeRuleError"}


@pytest.mark.parametrize("name", CASES)
def test_the_same_answer_under_both_runtimes(name: str) -> None:
    event, wanted = CASES[name]
    events = [Event(event), Event(event)]
    ours, official = (
        [post.json() for post in run_runtime(APP, events, handler=f"app.{name}", command=command).posts]
        for command in (OURS, OFFICIAL)
    )
    if name in WRONG:
        assert {answer["errorType"] for answer in [*ours, *official]} == {WRONG[name]}
        ours, official = ([answer["errorMessage"] for answer in answers] for answers in (ours, official))
    assert ours == official
    assert len(ours) == 2
    assert wanted is None or ours == [wanted, wanted]


def test_every_decorator_makes_the_same_of_its_source_under_both_runtimes() -> None:
    events = [Event(event) for _, event in every()]
    ours, official = (
        [post.json() for post in run_runtime(APP, events, handler="app.each", command=command).posts]
        for command in (OURS, OFFICIAL)
    )
    assert ours == official
    taken = [name for outcome in ours for name, made in outcome.items() if "WrongSourceError" not in (made or ())]
    assert len(taken) > 60
