"""Streams of Kinesis and DynamoDB as one thing: shards, iterators, and records as functions get them.

Source: AWS Lambda developer guide, "Using Lambda with Kinesis" and "Using Lambda with DynamoDB"; the API references of
both streams.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lambdakit.emulator.polling.json_values import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.polling.aws import AwsClient
    from lambdakit.emulator.polling.mapping import SourceMapping

__all__ = ("DynamoDBStream", "KinesisStream", "Shard", "Stream", "StreamRecord")

# The most records of one call.
_OF_ONE_CALL = {"kinesis": 10_000, "dynamodb": 1_000}


class Shard(NamedTuple):
    """A shard and the one it came from."""

    id: str
    parent: str | None


class StreamRecord(NamedTuple):
    """A record as the function gets it, its place in the shard, when it came, and what its order is kept by."""

    event: dict[str, Any]
    sequence: str
    arrived: float
    key: str


class Stream(Protocol):
    """What is read of a stream."""

    async def shards(self) -> list[Shard]:
        """All shards there are now."""
        ...

    async def iterator(self, shard: str, after: str | None, *, begins: str) -> str:
        """Where to read on: after a record, or where a shard `begins` (a starting position)."""
        ...

    async def records(self, iterator: str, shard: str, most: int) -> tuple[list[StreamRecord], str | None]:
        """The next records, and where to read on (None: the shard has been closed and this is its end)."""
        ...


class KinesisStream:
    """A data stream of Kinesis."""

    def __init__(self, mapping: SourceMapping, client: AwsClient) -> None:
        self._mapping = mapping
        self._client = client
        self._name = mapping.arn.partition(":stream/")[2].partition("/")[0]
        account = mapping.arn.split(":")[4]
        self._role = f"arn:aws:iam::{account}:role/{mapping.function}"

    async def shards(self) -> list[Shard]:
        """All shards there are now."""
        found: list[Shard] = []
        where: dict[str, str] = {"StreamName": self._name}
        while where:
            answer = await self._client.call("list_shards", **where)
            found += [Shard(shard["ShardId"], shard.get("ParentShardId")) for shard in answer["Shards"]]
            where = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else {}
        return found

    async def iterator(self, shard: str, after: str | None, *, begins: str) -> str:
        """Where to read on."""
        how: dict[str, Any] = {"ShardIteratorType": begins}
        if after is not None:
            how = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
        elif begins == "AT_TIMESTAMP":
            how["Timestamp"] = self._mapping.starting_timestamp
        answer = await self._client.call("get_shard_iterator", StreamName=self._name, ShardId=shard, **how)
        iterator: str = answer["ShardIterator"]
        return iterator

    async def records(self, iterator: str, shard: str, most: int) -> tuple[list[StreamRecord], str | None]:
        """The next records."""
        limit = min(most, _OF_ONE_CALL["kinesis"])
        answer = await self._client.call("get_records", ShardIterator=iterator, Limit=limit)
        return [self._record(record, shard) for record in answer["Records"]], answer.get("NextShardIterator")

    def _record(self, record: Mapping[str, Any], shard: str) -> StreamRecord:
        sequence, arrived = record["SequenceNumber"], _seconds(record["ApproximateArrivalTimestamp"])
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": sequence,
                "data": base64.b64encode(record["Data"]).decode("ascii"),
                "approximateArrivalTimestamp": arrived,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{sequence}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._role,
            "awsRegion": self._mapping.region,
            "eventSourceARN": self._mapping.arn,
        }
        return StreamRecord(event, sequence, arrived, record["PartitionKey"])


class DynamoDBStream:
    """The stream of a table.

    The label of a stream is the moment of its making, which a template cannot know: where the table has no stream of
    the ARN's label, its latest is meant.
    """

    def __init__(self, mapping: SourceMapping, client: AwsClient) -> None:
        self._mapping = mapping
        self._client = client
        self._arn: str | None = None

    async def _stream_arn(self) -> str:
        if self._arn is not None:
            return self._arn
        table = self._mapping.arn.partition(":table/")[2].partition("/")[0]
        streams = (await self._client.call("list_streams", TableName=table))["Streams"]
        arns: list[str] = sorted(stream["StreamArn"] for stream in streams)
        if not arns:
            raise LookupError(f"the table {table} has no stream")
        self._arn = self._mapping.arn if self._mapping.arn in arns else arns[-1]
        return self._arn

    async def shards(self) -> list[Shard]:
        """All shards there are now."""
        found: list[Shard] = []
        start: dict[str, str] = {}
        while True:
            answer = await self._client.call("describe_stream", StreamArn=await self._stream_arn(), **start)
            description = answer["StreamDescription"]
            found += [Shard(shard["ShardId"], shard.get("ParentShardId")) for shard in description["Shards"]]
            last: str | None = description.get("LastEvaluatedShardId")
            if not last:
                return found
            start = {"ExclusiveStartShardId": last}

    async def iterator(self, shard: str, after: str | None, *, begins: str) -> str:
        """Where to read on."""
        how = {"ShardIteratorType": begins}
        if after is not None:
            how = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        stream = await self._stream_arn()
        answer = await self._client.call("get_shard_iterator", StreamArn=stream, ShardId=shard, **how)
        iterator: str = answer["ShardIterator"]
        return iterator

    async def records(self, iterator: str, shard: str, most: int) -> tuple[list[StreamRecord], str | None]:
        """The next records."""
        limit = min(most, _OF_ONE_CALL["dynamodb"])
        answer = await self._client.call("get_records", ShardIterator=iterator, Limit=limit)
        return [self._record(record) for record in answer["Records"]], answer.get("NextShardIterator")

    def _record(self, record: Mapping[str, Any]) -> StreamRecord:
        change: dict[str, Any] = _plain(record["dynamodb"])
        event: dict[str, Any] = {
            "eventID": record["eventID"],
            "eventName": record["eventName"],
            "eventVersion": record.get("eventVersion", "1.1"),
            "eventSource": "aws:dynamodb",
            "awsRegion": self._mapping.region,
            "dynamodb": change,
            "eventSourceARN": self._arn or self._mapping.arn,
        }
        if record.get("userIdentity"):
            identity: Mapping[str, Any] = record["userIdentity"]
            event["userIdentity"] = {"type": identity.get("Type"), "principalId": identity.get("PrincipalId")}
        arrived = change.get("ApproximateCreationDateTime", 0.0)
        return StreamRecord(event, change["SequenceNumber"], arrived, repr(change.get("Keys")))


def _seconds(moment: datetime | float) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else moment


def _plain(value: Any) -> Any:
    """A value of boto3's as JSON has it: moments as seconds, octets as base64."""
    if is_object(value):
        return {name: _plain(item) for name, item in value.items()}
    if is_array(value):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
