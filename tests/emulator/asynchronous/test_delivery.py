"""Destinations and dead-letter queues in a moto server, as their consumers read them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lambdakit.emulator.asynchronous.delivery import Deliverer
from lambdakit.emulator.asynchronous.event import AsyncEvent, Attempt, EventInvokeConfig
from lambdakit.emulator.clock import VirtualClock
from tests.moto_server import aws, aws_server, unique

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("aws", "aws_server")

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST"
FAILED = AsyncEvent(
    1,
    "r-1",
    "f",
    "$LATEST",
    b'{"a": 1}',
    received=0,
    due=0,
    attempts=3,
    trace_id="Root=1-5759e988-bd862e3fe1be46a994272793",
    condition="RetriesExhausted",
    last=Attempt("error", b'{"errorMessage": "no"}', "$LATEST", "Unhandled"),
)
SUCCEEDED = replace(FAILED, condition="Success", attempts=1, last=Attempt("success", b'"fine"', "$LATEST"))


class Told:
    """What was handed to the service's own queue, and what could not be delivered."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, Any]] = []
        self.failures: list[str] = []

    def deliver(self, event: AsyncEvent, config: EventInvokeConfig) -> None:
        deliverer = Deliverer(
            VirtualClock(0.0),
            arn_of=lambda _: ARN,
            client=lambda service, region: boto3.client(service, region_name=region or None),  # type: ignore[call-overload]
            invoke_function=lambda arn, payload: self.invoked.append((arn, json.loads(payload))),
            count=lambda _, failure: self.failures.append(failure),
        )
        asyncio.run(deliverer(event, config))


@pytest.fixture
def told(aws: str) -> Told:
    return Told()


class Queue:
    """A queue and what is in it."""

    def __init__(self) -> None:
        self._sqs = boto3.client("sqs")
        self.url = self._sqs.create_queue(QueueName=unique("end"))["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = attributes["Attributes"]["QueueArn"]

    def messages(self) -> list[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        return answer.get("Messages", [])


@pytest.fixture
def queue(aws: str) -> Queue:
    return Queue()


def subscribed(queue: Queue) -> str:
    """A topic that writes to the queue."""
    sns = boto3.client("sns")
    arn: str = sns.create_topic(Name=unique("end"))["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue.arn)
    return arn


def test_a_record_goes_to_a_queue(told: Told, queue: Queue) -> None:
    told.deliver(FAILED, EventInvokeConfig(on_failure=queue.arn, on_success="arn:aws:sqs:eu-west-1:1:other"))
    (message,) = queue.messages()
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responsePayload"] == {"errorMessage": "no"}
    assert message["Attributes"]["AWSTraceHeader"] == FAILED.trace_id
    assert told.failures == []


def test_a_success_goes_to_its_own_destination(told: Told, queue: Queue) -> None:
    told.deliver(SUCCEEDED, EventInvokeConfig(on_success=queue.arn, dead_letter="arn:aws:sqs:eu-west-1:1:other"))
    (message,) = queue.messages()
    assert json.loads(message["Body"])["responsePayload"] == "fine"
    assert told.failures == []


def test_a_record_goes_to_a_topic(told: Told, queue: Queue) -> None:
    told.deliver(FAILED, EventInvokeConfig(on_failure=subscribed(queue)))
    (message,) = queue.messages()
    record = json.loads(json.loads(message["Body"])["Message"])
    assert record["requestContext"]["requestId"] == "r-1"


def test_a_record_goes_to_an_event_bus(told: Told, queue: Queue) -> None:
    events = boto3.client("events")
    bus = events.create_event_bus(Name=unique("end"))["EventBusArn"]
    name = bus.rpartition("/")[2]
    events.put_rule(Name="all", EventBusName=name, EventPattern='{"source": ["lambda"]}')
    events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "q", "Arn": queue.arn}])
    told.deliver(FAILED, EventInvokeConfig(on_failure=bus))
    (message,) = queue.messages()
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("lambda", "Lambda Function Invocation Result - Failure")
    assert event["resources"] == [bus, ARN]
    assert event["detail"]["requestPayload"] == {"a": 1}


def test_a_record_goes_to_a_bucket(told: Told) -> None:
    s3 = boto3.client("s3")
    bucket = unique("end")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    told.deliver(FAILED, EventInvokeConfig(on_failure=f"arn:aws:s3:::{bucket}"))
    (found,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert found["Key"].startswith("aws/lambda/async/f/1970/01/01/1970-01-01T00.00.00-")
    record = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    assert record["requestContext"]["functionArn"] == ARN


def test_a_record_goes_to_a_function_of_the_service(told: Told) -> None:
    other = "arn:aws:lambda:eu-west-1:123456789012:function:other"
    told.deliver(SUCCEEDED, EventInvokeConfig(on_success=other))
    ((arn, record),) = told.invoked
    assert (arn, record["requestContext"]["condition"]) == (other, "Success")


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_dead_letter_is_the_event_itself(told: Told, queue: Queue, kind: str) -> None:
    arn: Callable[[], str] = (lambda: queue.arn) if kind == "queue" else (lambda: subscribed(queue))
    told.deliver(FAILED, EventInvokeConfig(dead_letter=arn()))
    (message,) = queue.messages()
    if kind == "topic":
        notification = json.loads(message["Body"])
        assert notification["Message"] == '{"a": 1}'
        assert notification["MessageAttributes"]["ErrorMessage"] == {"Type": "String", "Value": "no"}
        return
    assert message["Body"] == '{"a": 1}'
    assert message["MessageAttributes"]["RequestID"]["StringValue"] == "r-1"
    assert message["MessageAttributes"]["ErrorCode"] == {"StringValue": "200", "DataType": "Number"}


def test_both_are_told_and_one_that_fails_is_counted(told: Told, queue: Queue) -> None:
    gone = queue.arn + "-gone"
    told.deliver(FAILED, EventInvokeConfig(on_failure=gone, dead_letter=queue.arn))
    assert len(queue.messages()) == 1
    told.deliver(FAILED, EventInvokeConfig(on_failure=queue.arn, dead_letter=gone))
    assert len(queue.messages()) == 1
    assert told.failures == ["DestinationDeliveryFailures", "DeadLetterErrors"]
