"""Events within events: every chain of the services, unwrapped by type and by method.

Source: the developer guides of the services that wrap; see each chain.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
from typing import Any

import pytest

from lambdakit.events import (
    CloudWatchAlarmEvent,
    DestinationRecord,
    DynamoDBChange,
    EventBridgeEvent,
    FirehoseRecord,
    KinesisRecord,
    LogDocument,
    S3Event,
    SNSEvent,  # noqa: TC001  (the decorator reads it)
    SNSMessage,
    SQSMessage,
    sns_event,
)
from lambdakit.events.detection import model_of, source_of
from tests.events.samples import EVENTS

S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "photos"}, "object": {"key": "a+b"}}}]}
BRIDGE = {"version": "0", "id": "1", "source": "shop", "detail-type": "Order placed", "detail": {"sku": "x"}}
DESTINATION = EVENTS["lambda-destination"]
LOGS = {"messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "s", "logEvents": [], "subscriptionFilters": []}
CHANGE = {"eventID": "1", "eventName": "REMOVE", "dynamodb": {"Keys": {"id": {"S": "7"}}, "SizeBytes": 1}}
TEST = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos", "Time": "2026-01-01T00:00:00Z"}


def notification(message: Any) -> dict[str, Any]:
    """What a topic writes to a queue without raw delivery."""
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": json.dumps(message)}


def in_sqs(body: Any) -> SQSMessage:
    return SQSMessage({"messageId": "1", "body": json.dumps(body), "eventSourceARN": "arn:aws:sqs:r:1:q"})


def in_sns(message: Any) -> SNSMessage:
    return SNSMessage({"MessageId": "1", "Message": json.dumps(message)})


def coded(value: Any, *, packed: bool = False) -> str:
    text = json.dumps(value).encode()
    return base64.b64encode(gzip.compress(text) if packed else text).decode()


def in_kinesis(value: Any, *, packed: bool = False) -> KinesisRecord:
    return KinesisRecord({"kinesis": {"data": coded(value, packed=packed)}})


def in_firehose(value: Any, *, packed: bool = False) -> FirehoseRecord:
    return FirehoseRecord({"recordId": "1", "data": coded(value, packed=packed)})


# Chain: what carries it, the type it is unwrapped to, the JSON that type is over.
CHAINS: dict[str, tuple[Any, Any, Any]] = {
    "S3 in SQS": (in_sqs(S3), S3Event, S3),
    "S3 in SNS": (in_sns(S3), S3Event, S3),
    "S3 in SNS in SQS": (in_sqs(notification(S3)), S3Event, S3),
    "EventBridge in SQS": (in_sqs(BRIDGE), EventBridgeEvent, BRIDGE),
    "EventBridge in SNS": (in_sns(BRIDGE), EventBridgeEvent, BRIDGE),
    "EventBridge in SNS in SQS": (in_sqs(notification(BRIDGE)), EventBridgeEvent, BRIDGE),
    "EventBridge in Kinesis": (in_kinesis(BRIDGE), EventBridgeEvent, BRIDGE),
    "EventBridge in Firehose": (in_firehose(BRIDGE), EventBridgeEvent, BRIDGE),
    "a destination's record in SQS": (in_sqs(DESTINATION), DestinationRecord, DESTINATION),
    "a destination's record in SNS": (in_sns(DESTINATION), DestinationRecord, DESTINATION),
}
# The same for what is no function's event by itself, so that only its type tells.
DOCUMENTS: dict[str, tuple[Any, Any, Any]] = {
    "logs in Kinesis": (in_kinesis(LOGS, packed=True), LogDocument, LOGS),
    "logs in Firehose": (in_firehose(LOGS, packed=True), LogDocument, LOGS),
    "DynamoDB in Kinesis": (in_kinesis(CHANGE), DynamoDBChange, CHANGE),
    "SQS in Firehose": (in_firehose({"messageId": "1", "body": "b"}), SQSMessage, {"messageId": "1", "body": "b"}),
}


@pytest.mark.parametrize("chain", [*CHAINS, *DOCUMENTS])
def test_a_chain_is_unwrapped_by_type(chain: str) -> None:
    carrier, kind, raw = {**CHAINS, **DOCUMENTS}[chain]
    inner = type(carrier)[kind](carrier.raw).payload
    assert type(inner) is kind
    assert inner == kind(raw)
    assert carrier.payload_as(kind) == inner


@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_is_unwrapped_by_method(chain: str) -> None:
    carrier, kind, raw = CHAINS[chain]
    assert carrier.inner_event() == kind(raw)


@pytest.mark.parametrize("source", EVENTS)
def test_whatever_event_is_in_a_message_is_found(source: str) -> None:
    event = EVENTS[source]
    inner = in_sqs(event).inner_event()
    assert inner is not None
    assert isinstance(inner, model_of(source_of(event) or ""))
    assert in_sqs(notification(event)).inner_event() == inner


@pytest.mark.parametrize("body", ["hello", "5", "null", '{"sku": "x"}', '{"Type": "Notification", "TopicArn": "t"}'])
def test_a_message_without_an_event_has_none(body: str) -> None:
    assert SQSMessage({"body": body}).inner_event() is None


def test_a_test_event_is_recognised_by_method() -> None:
    inner = in_sqs(TEST).inner_event()
    assert type(inner).__name__ == "S3TestEvent"


def sns(*messages: Any) -> dict[str, Any]:
    records = [{"EventSource": "aws:sns", "Sns": {"MessageId": "m", "Message": json.dumps(m)}} for m in messages]
    return {"Records": records}


def test_a_test_message_by_a_topic_is_skipped_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    @sns_event
    def handler(event: SNSEvent[S3Event], context: Any) -> str:
        return event.records[0].sns.payload.records[0].object.key

    @sns_event
    async def asynchronous(event: SNSEvent[S3Event], context: Any) -> str:
        return event.records[0].sns.payload.records[0].object.key

    with caplog.at_level(logging.WARNING):
        answers = [handler(sns(TEST)), asyncio.run(asynchronous(sns(TEST)))]
    assert answers == [None, None]
    assert ["skipped the s3:TestEvent of bucket photos" in line for line in caplog.messages] == [True, True]
    assert [handler(sns(S3)), asyncio.run(asynchronous(sns(S3)))] == ["a b", "a b"]


def test_a_function_of_notifications_sees_the_test_message() -> None:
    handler = sns_event(lambda event, context: event.records[0].sns.message)
    assert json.loads(handler(sns(TEST))) == TEST


def test_an_alarm_is_no_function_event_but_a_payload() -> None:
    assert in_sns({"AlarmName": "x"}).inner_event() is None
    assert CloudWatchAlarmEvent is model_of("cloudwatch-alarm")
