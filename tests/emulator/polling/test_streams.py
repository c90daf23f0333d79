"""Streams of Kinesis and DynamoDB in a moto server, polled: order, retries, checkpoints, and what is given up."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.polling.support import (
    FAILED,
    Function,
    Outcome,
    clients,
    failures,
    mapping,
    polled,
    pollers_of,
    run,
)
from tests.engine_support import until
from tests.moto_server import aws, aws_server, unique

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("aws", "aws_server", "clients")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdakit.emulator.polling.streams.READ_EVERY", {"kinesis": 0.01, "dynamodb": 0.01})
    monkeypatch.setattr("lambdakit.emulator.polling.streams.LOOK_EVERY", 0.05)
    monkeypatch.setattr("lambdakit.emulator.polling.stream_batches.FIRST_RETRY", 0.01)


class Stream:
    """A stream of Kinesis."""

    def __init__(self, clients: Any, shards: int = 1) -> None:
        self.kinesis = clients("kinesis")
        self.name = unique("stream")
        self.kinesis.create_stream(StreamName=self.name, ShardCount=shards)
        self.arn = f"arn:aws:kinesis:eu-west-1:123456789012:stream/{self.name}"

    def put(self, *data: Any, key: str = "k") -> list[str]:
        """Put records; their sequence numbers."""
        put = self.kinesis.put_record
        return [
            put(StreamName=self.name, Data=json.dumps(item).encode(), PartitionKey=key)["SequenceNumber"]
            for item in data
        ]


def data(function: Function) -> list[Any]:
    """What was in the records of Kinesis, in order."""
    return [json.loads(base64.b64decode(record["kinesis"]["data"])) for record in function.records]


def batches(function: Function) -> list[int]:
    """The size of each batch."""
    return [len(event["Records"]) for event in function.events]


def test_records_of_kinesis_come_in_order_and_batches(clients: Any) -> None:
    stream = Stream(clients)
    first, *_ = stream.put(*range(5))
    function = Function()
    polled(function, mapping(stream.arn, BatchSize=2), lambda: len(function.records) == 5)
    assert data(function) == [*range(5)]
    assert max(batches(function)) == 2
    record = function.records[0]
    arrival = record["kinesis"].pop("approximateArrivalTimestamp")
    assert abs(arrival - time.time()) < 60
    assert record == {
        "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "k", "sequenceNumber": first, "data": "MA=="},
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{first}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/f",
        "awsRegion": "eu-west-1",
        "eventSourceARN": stream.arn,
    }
    assert len(function.ages) == len(function.events)
    assert all(0 <= age < 60_000 for age in function.ages)


def test_a_failure_holds_back_what_comes_after_it(clients: Any) -> None:
    stream = Stream(clients)
    stream.put(*range(4))
    outcomes: list[Outcome | None] = [FAILED, None, FAILED]
    function = Function(lambda records: outcomes.pop(0) if outcomes else Outcome())
    polled(function, mapping(stream.arn, BatchSize=2), lambda: len(function.events) == 5)
    assert data(function) == [0, 1, 0, 1, 0, 1, 0, 1, 2, 3]


def test_what_is_given_up_is_told_to_the_destination(clients: Any) -> None:
    stream = Stream(clients)
    first, second, _ = stream.put("bad", "bad", "good")
    sqs = clients("sqs")
    url = sqs.create_queue(QueueName=unique("given-up"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function = Function(lambda records: Outcome() if "good" in data(function)[-1] else FAILED)
    failing = mapping(
        stream.arn, BatchSize=2, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    polled(function, failing, lambda: len(function.events) == 3)
    assert data(function) == ["bad", "bad"] * 2 + ["good"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    assert [*record] == ["requestContext", "responseContext", "version", "timestamp", "KinesisBatchInfo"]
    assert record["requestContext"] == {
        "requestId": "r-1",
        "functionArn": "",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 2,
    }
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    batch = record["KinesisBatchInfo"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", batch.pop("approximateArrivalOfFirstRecord"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", batch.pop("approximateArrivalOfLastRecord"))
    assert batch == {
        "shardId": "shardId-000000000000",
        "startSequenceNumber": first,
        "endSequenceNumber": second,
        "batchSize": 2,
        "streamArn": stream.arn,
    }
    assert "2 records from" in function.told[0]


def test_a_bucket_gets_the_records_too_and_a_topic_the_record(clients: Any) -> None:
    bucket, topics = unique("given-up"), clients("sns")
    clients("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    topic = topics.create_topic(Name=unique("given-up"))["TopicArn"]
    for arn in (f"arn:aws:s3:::{bucket}", topic, topic + "-gone"):
        stream = Stream(clients)
        stream.put("bad")
        function = Function(lambda records: FAILED)
        failing = mapping(stream.arn, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}})
        polled(function, failing, lambda: len(function.told) == (2 if "gone" in arn else 1))  # noqa: B023
    assert "did not take what was given up" in function.told[1]
    (found,) = clients("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert re.match(r"aws/lambda/[0-9a-f-]{36}/shardId-000000000000/\d{4}/\d\d/\d\d/\d{4}-", found["Key"])
    record = json.loads(clients("s3").get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    assert record["payload"]["Records"][0]["kinesis"]["partitionKey"] == "k"


def test_a_batch_is_split_until_the_bad_record_is_alone(clients: Any) -> None:
    stream = Stream(clients)
    stream.put(1, 2, "bad", 4)
    function = Function(lambda records: FAILED if "bad" in data(function)[-len(records) :] else Outcome())
    splitting = mapping(stream.arn, BatchSize=4, MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    polled(function, splitting, lambda: len(function.events) == 5)
    assert data(function) == [1, 2, "bad", 4, 1, 2, "bad", 4, "bad", 4]
    assert ["1 records from" in text for text in function.told] == [True]


def test_what_comes_before_a_reported_failure_is_done(clients: Any) -> None:
    stream = Stream(clients)
    _, second, third = stream.put("a", "b", "c")
    outcomes = [failures(third, second), Outcome()]
    function = Function(lambda records: outcomes.pop(0))
    reporting = mapping(stream.arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    polled(function, reporting, lambda: len(function.events) == 2)
    assert data(function) == ["a", "b", "c", "b", "c"]


def test_records_that_are_too_old_are_given_up(clients: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(clients)
    stream.put("old")
    later = SimpleNamespace(time=lambda: time.time() + 120)
    monkeypatch.setattr("lambdakit.emulator.polling.stream_batches.time", later)
    function = Function()
    polled(function, mapping(stream.arn, MaximumRecordAgeInSeconds=60), lambda: bool(function.told))
    assert function.events == []
    assert "RecordAgeExceeded" in function.told[0]


def test_a_filter_passes_over_records(clients: Any) -> None:
    stream = Stream(clients)
    stream.put({"n": 1}, {"n": 5}, {"n": 2}, {"n": 7})
    function = Function()
    pattern = '{"data": {"n": [{"numeric": [">", 4]}]}}'
    filtered = mapping(stream.arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    polled(function, filtered, lambda: len(function.records) == 2)
    assert data(function) == [{"n": 5}, {"n": 7}]


def test_lanes_keep_the_order_of_each_key(clients: Any) -> None:
    stream = Stream(clients, shards=2)
    for number in range(6):
        for key in "abc":
            stream.put(f"{key}{number}", key=key)
    function = Function()
    polled(function, mapping(stream.arn, BatchSize=2, ParallelizationFactor=3), lambda: len(function.records) == 18)
    for key in "abc":
        assert [item for item in data(function) if item[0] == key] == [f"{key}{number}" for number in range(6)]


def test_a_window_gathers_records(clients: Any) -> None:
    stream = Stream(clients)
    stream.put(1)

    async def work() -> Function:
        function = Function()
        async with pollers_of(function, mapping(stream.arn, BatchSize=3, MaximumBatchingWindowInSeconds=20)):
            stream.put(2)
            stream.put(3)
            await until(lambda: bool(function.events))
        return function

    assert batches(run(work())) == [3]


def test_from_the_latest_on_what_was_there_before_is_not_read(clients: Any) -> None:
    stream = Stream(clients)
    stream.put("before")

    async def work() -> Function:
        function = Function()
        async with pollers_of(function, mapping(stream.arn, StartingPosition="LATEST")):
            while not function.events:
                await asyncio.to_thread(stream.put, "after")
        return function

    assert {*data(run(work()))} == {"after"}


def test_a_moment_to_begin_at(clients: Any) -> None:
    stream = Stream(clients)
    stream.put("a")
    function = Function()
    begun = mapping(stream.arn, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=time.time() - 60)
    polled(function, begun, lambda: data(function) == ["a"])


def test_how_far_a_stream_is_read_outlives_the_service(clients: Any, tmp_path: Path) -> None:
    stream = Stream(clients)
    stream.put("a", "b")
    function = Function()
    polled(function, mapping(stream.arn), lambda: len(function.records) == 2, checkpoints=tmp_path / "c.db")
    stream.put("c")
    polled(function, mapping(stream.arn), lambda: len(function.records) == 3, checkpoints=tmp_path / "c.db")
    assert data(function) == ["a", "b", "c"]


def test_the_halves_of_a_shard_are_read_after_it(clients: Any) -> None:
    stream = Stream(clients)
    stream.put(*range(3))
    stream.kinesis.split_shard(
        StreamName=stream.name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    stream.put(*range(3, 6))
    function = Function()
    polled(function, mapping(stream.arn, BatchSize=1), lambda: len(function.records) == 6)
    assert data(function) == [*range(6)]


@pytest.mark.parametrize(
    "source", ["kinesis:eu-west-1:123456789012:stream/S", "dynamodb:eu-west-1:123456789012:table/S"]
)
def test_a_stream_that_is_not_there_is_told(aws: str, source: str) -> None:
    arn = f"arn:aws:{source}"
    function = Function()
    polled(function, mapping(arn), lambda: bool(function.told))
    assert function.told[0].startswith(f"{arn} cannot be polled for f: ")


def test_changes_of_a_table(clients: Any) -> None:
    dynamodb, name = clients("dynamodb"), unique("table")
    answer = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    arn = answer["TableDescription"]["LatestStreamArn"]
    item = {"pk": {"S": "x"}, "n": {"N": "5"}, "b": {"B": b"\x00\xff"}, "l": {"L": [{"BS": [b"a"]}]}}
    dynamodb.put_item(TableName=name, Item=item)
    dynamodb.delete_item(TableName=name, Key={"pk": {"S": "x"}})
    function = Function()
    of_a_template = re.sub("/stream/.*", "/stream/2024-01-01T00:00:00.000", arn)
    polled(function, mapping(of_a_template), lambda: len(function.records) == 2)
    inserted, removed = function.records
    assert (inserted["eventName"], removed["eventName"]) == ("INSERT", "REMOVE")
    assert (inserted["eventSource"], inserted["eventSourceARN"]) == ("aws:dynamodb", arn)
    change = inserted["dynamodb"]
    assert change["Keys"] == {"pk": {"S": "x"}}
    assert change["NewImage"] == {"pk": {"S": "x"}, "n": {"N": "5"}, "b": {"B": "AP8="}, "l": {"L": [{"BS": ["YQ=="]}]}}
    assert isinstance(change["ApproximateCreationDateTime"], float)
    assert isinstance(change["SequenceNumber"], str)
    assert removed["dynamodb"]["OldImage"] == change["NewImage"]
