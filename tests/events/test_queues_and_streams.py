"""The traps of queue, topic and stream events: one small sample each."""

import asyncio
from datetime import datetime, timezone
from decimal import Decimal

import pytest

from lambdakit.events.attribute_values import attribute_map, attribute_value
from lambdakit.events.coverage import unmapped
from lambdakit.events.docdb import DocumentDBEvent, docdb_event
from lambdakit.events.dynamodb import DynamoDBEvent, dynamodb_event
from lambdakit.events.kafka import KafkaEvent, kafka_event
from lambdakit.events.kinesis import KinesisEvent, kinesis_event
from lambdakit.events.mq import ActiveMQMessage, RabbitMQEvent, activemq_event, rabbitmq_event
from lambdakit.events.ses import disposition, ses_event
from lambdakit.events.sns import SNSMessage, SNSMessageAttribute, sns_event
from lambdakit.events.sqs import SQSEvent, SQSMessageAttribute, sqs_event
from lambdakit.events.streams import STATE_LIMIT, window_result
from lambdakit.exceptions import MissingFieldError, PayloadError, ResponseError, WrongSourceError
from tests.events.samples import EVENTS

SQS = {
    "Records": [
        {
            "messageId": "m-1",
            "body": '{"sku": "a"}',
            "attributes": {
                "ApproximateReceiveCount": "3",
                "SentTimestamp": "1700000000123",
                "MessageGroupId": "g",
                "SequenceNumber": "18849496460467696128",
                "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:1:orders",
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:1:orders-dead.fifo",
        }
    ]
}
KINESIS_RECORD = {
    "kinesis": {
        "partitionKey": "p",
        "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
        "data": "84mawgE=",
        "approximateArrivalTimestamp": 1700000000.5,
    },
    "eventSource": "aws:kinesis",
    "eventID": "shardId-000000000006:1",
    "eventSourceARN": "arn:aws:kinesis:eu-west-1:1:stream/clicks",
}
WINDOW = {"start": "2026-05-01T10:00:00Z", "end": "2026-05-01T10:05:00Z"}
DYNAMODB_RECORD = {
    "eventName": "REMOVE",
    "eventSource": "aws:dynamodb",
    "eventSourceARN": "arn:aws:dynamodb:eu-west-1:1:table/Orders/stream/2026-01-01T00:00:00.000",
    "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
    "dynamodb": {"Keys": {"Id": {"N": "101"}}, "SequenceNumber": "4421584500000000017450439091"},
}


def test_sqs_counters_and_times_are_no_text():
    message = SQSEvent(SQS).records[0]
    assert message.receive_count == 3
    assert message.sent_time == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=timezone.utc)
    assert message.sequence_number == 18849496460467696128
    assert (message.is_fifo, message.message_group_id, message.queue_name) == (True, "g", "orders-dead.fifo")
    assert message.dead_letter_source_arn == "arn:aws:sqs:eu-west-1:1:orders"
    assert message.payload_bytes() == b'{"sku": "a"}'


def test_a_missing_field_is_named():
    with pytest.raises(MissingFieldError, match=r"SQSMessage\.receipt_handle.*\$\.Records\[\*\]\.receiptHandle"):
        _ = SQSEvent(SQS).records[0].receipt_handle


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ({"dataType": "String", "stringValue": "a"}, "a"),
        ({"dataType": "Number.int", "stringValue": "12"}, Decimal(12)),
        ({"dataType": "Binary", "binaryValue": "AAE="}, b"\0\1"),
        ({"dataType": "Number", "stringValue": "1", "binaryValue": "no base64"}, Decimal(1)),
        ({"dataType": "Binary"}, None),
    ],
)
def test_sqs_attribute_values(wire, value):
    assert SQSMessageAttribute(wire).value == value


@pytest.mark.parametrize(
    ("kind", "wire", "value"),
    [
        ("String", "a", "a"),
        ("String.Array", '["a", 1]', ["a", 1]),
        ("Number", "1.50", Decimal("1.50")),
        ("Binary", "AAE=", b"\0\1"),
        ("Binary", "AAE", b"\0\1"),
    ],
)
def test_sns_attribute_values(kind, wire, value):
    assert SNSMessageAttribute({"Type": kind, "Value": wire}).value == value


@pytest.mark.parametrize("spelling", ["Url", "URL"])
def test_sns_urls_in_both_spellings(spelling):
    message = SNSMessage({f"SigningCert{spelling}": "c", f"Unsubscribe{spelling}": "u", "Subject": None})
    assert (message.signing_cert_url, message.unsubscribe_url, message.subject) == ("c", "u", None)


def test_kinesis_sequence_numbers_are_exact():
    record = KinesisEvent({"Records": [KINESIS_RECORD]}).records[0]
    assert record.sequence_number == 49590338271490256608559692538361571095921575989136588898
    assert (record.shard_id, record.stream_name) == ("shardId-000000000006", "clicks")
    assert record.data == b"\xf3\x89\x9a\xc2\x01"
    assert record.is_aggregated


def test_dynamodb_records():
    record = DynamoDBEvent({"Records": [DYNAMODB_RECORD]}).records[0]
    assert record.keys == {"Id": Decimal(101)}
    assert (record.new_image, record.old_image, record.creation_time) == (None, None, None)
    assert (record.table_name, record.is_ttl_delete) == ("Orders", True)


def test_attribute_values():
    wire = {
        "zero": {"N": "0"},
        "long": {"N": "1" + "0" * 45},
        "small": {"N": "1E-130"},
        "set": {"NS": ["1", "2.50"]},
        "bytes": {"BS": ["AAE=", "AAE="]},
        "nested": {"L": [{"M": {"b": {"B": "AAE="}}}, {"NULL": True}, {"BOOL": False}, {"S": ""}]},
    }
    assert attribute_map(wire) == {
        "zero": Decimal(0),
        "long": Decimal(10**45),
        "small": Decimal("1E-130"),
        "set": {Decimal(1), Decimal("2.50")},
        "bytes": {b"\0\1"},
        "nested": [{"b": b"\0\1"}, None, False, ""],
    }


def test_every_broken_attribute_value_is_named():
    with pytest.raises(PayloadError) as caught:
        attribute_map({"a": {"X": 1}, "b": {"M": {"c": {"N": "one"}}}, "d": {"L": [{"S": "", "N": "1"}]}})
    assert [path for path, _ in caught.value.faults] == ["$.a", "$.b.M.c.N", "$.d.L[0]"]
    with pytest.raises(PayloadError, match=r"^\$: "):
        attribute_value({})


def test_kafka_headers_are_signed_and_tombstones_have_no_value():
    wire = {"topic": "a-b", "headers": [{"h": [118, -36, 0]}, {"h": [1]}], "value": None}
    event = KafkaEvent({"records": {"a-b-0": [wire]}, "bootstrapServers": "x:1, y:2"})
    (record,) = event.records
    assert record.headers == [("h", b"v\xdc\0"), ("h", b"\1")]
    assert (record.value, record.payload_bytes()) == (None, b"")
    assert event.bootstrap_servers == ["x:1", "y:2"]


def test_rabbitmq_headers_and_activemq_destinations():
    wire = {"basicProperties": {"headers": {"t": {"bytes": [-61, -92]}, "n": 10}}, "data": "AAE="}
    (message,) = RabbitMQEvent({"rmqMessagesByQueue": {"q::/": [wire]}}).messages
    assert message.basic_properties.headers == {"t": "ä".encode(), "n": 10}
    assert message.payload_bytes() == b"\0\1"
    for spelling in ("physicalName", "physicalname"):
        assert ActiveMQMessage({"destination": {spelling: "q"}}).queue_name == "q"


def test_what_no_attribute_covers_is_found_in_partitions_and_queues():
    known = {"topic": "t", "value": "AA=="}
    kafka = KafkaEvent({"records": {"t-0": [known, {**known, "new": 1}], "t-1": []}})
    assert unmapped(kafka) == ['$.records["t-0"][1].new']
    rabbit = RabbitMQEvent({"rmqMessagesByQueue": {"q::/": [{"basicProperties": {"new": 1}, "data": "AA==", "x": 2}]}})
    messages = '$.rmqMessagesByQueue["q::/"][0]'
    assert unmapped(rabbit) == [f"{messages}.basicProperties.new", f"{messages}.x"]


def test_docdb_changes():
    change = {"_id": {"_data": "t"}, "operationType": "drop", "clusterTime": {"$timestamp": {"t": 1, "i": 9}}}
    (record,) = DocumentDBEvent({"events": [{"event": {**change, "ns": {"db": "d"}}}]}).records
    assert record.cluster_time == datetime(1970, 1, 1, 0, 0, 1, tzinfo=timezone.utc)
    assert record.namespace is not None
    assert record.namespace.collection is None


def test_ses_dispositions():
    assert disposition("STOP_RULE") == {"disposition": "STOP_RULE"}
    with pytest.raises(ResponseError, match="CONTINUE, STOP_RULE, STOP_RULE_SET"):
        disposition("STOP")  # type: ignore[arg-type]


def test_decorators_sync_and_async():
    @sqs_event
    def count(event, context):
        return len(event.records)

    @sqs_event(middleware=[lambda event, context, call_next: call_next(event, context)])
    async def later(event, context):
        return event.records[0].message_id

    assert count(SQS) == 1
    assert asyncio.run(later(SQS)) == "m-1"
    with pytest.raises(WrongSourceError, match=r"@sqs_event takes an SQSEvent; this event comes from kinesis"):
        count({"Records": [KINESIS_RECORD]})


# Decorator, its source, and what a function makes of the source's sample.
RESULTS = [
    (sns_event, "sns", lambda event: [(record.sns.message_id, record.sns.topic_name) for record in event.records]),
    (kafka_event, "kafka", lambda event: [(record.topic, record.offset, record.value) for record in event.records]),
    (activemq_event, "activemq", lambda event: [(message.message_id, message.data) for message in event.messages]),
    (
        rabbitmq_event,
        "rabbitmq",
        lambda event: [(message.basic_properties.message_id, message.data) for message in event.messages],
    ),
    (docdb_event, "docdb", lambda event: [(record.operation_type, record.resume_token) for record in event.records]),
    (ses_event, "ses", lambda event: [(record.mail.message_id, record.mail.source) for record in event.records]),
]
WANTED = {
    "sns": [("m-1", "orders")],
    "kafka": [("t", 7, b"{}")],
    "activemq": [("m-1", b"{}")],
    "rabbitmq": [("m-1", b"{}")],
    "docdb": [("drop", "t")],
    "ses": [("m-1", "a@example.com")],
}


@pytest.mark.parametrize(("decorator", "source", "read"), RESULTS, ids=list(WANTED))
def test_a_raw_event_becomes_the_functions_result(decorator, source, read):
    @decorator
    def handler(event, context):
        return read(event)

    @decorator(middleware=[lambda event, context, call_next: call_next(event, context)])
    async def later(event, context):
        return read(event)

    assert handler(EVENTS[source], None) == asyncio.run(later(EVENTS[source], None)) == WANTED[source]
    assert handler(decorator.event_type(EVENTS[source]), None) == WANTED[source]
    other = "sns" if source == "ses" else "ses"
    with pytest.raises(WrongSourceError, match=rf"@{source}_event takes an? .*; this event comes from {other} "):
        handler(EVENTS[other], None)
    with pytest.raises(WrongSourceError, match=f"this event comes from {other} "):
        asyncio.run(later(EVENTS[other], None))


def test_a_mail_is_answered_with_a_disposition_ses_knows():
    answer = {"disposition": "STOP_RULE"}
    assert ses_event(lambda event, context: answer)(EVENTS["ses"], None) == answer
    assert ses_event(lambda event, context: None)(EVENTS["ses"], None) is None
    with pytest.raises(ResponseError, match="CONTINUE, STOP_RULE, STOP_RULE_SET"):
        ses_event(lambda event, context: {"disposition": "STOP"})(EVENTS["ses"], None)


@pytest.mark.parametrize(("decorator", "record"), [(kinesis_event, KINESIS_RECORD), (dynamodb_event, DYNAMODB_RECORD)])
def test_a_tumbling_window_needs_its_state(decorator, record):
    plain = {"Records": [record]}
    windowed = {**plain, "window": WINDOW, "state": {"n": 1}}
    assert decorator(lambda event, context: None)(plain) is None
    answer = decorator(lambda event, context: window_result({"n": event.state["n"] + 1}, failures=["7"]))(windowed)
    assert answer == {"state": {"n": 2}, "batchItemFailures": [{"itemIdentifier": "7"}]}
    with pytest.raises(ResponseError, match="window_result"):
        decorator(lambda event, context: None)(windowed)


def test_the_size_of_a_state():
    around = len('{"s":""}')
    assert window_result({"s": "x" * (STATE_LIMIT - around)})["batchItemFailures"] == []
    with pytest.raises(ResponseError, match="at most 1048576 bytes"):
        window_result({"s": "x" * (STATE_LIMIT - around + 1)})
