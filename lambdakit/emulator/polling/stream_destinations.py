"""Where records of a stream end that were given up: a destination in SQS, SNS or S3.

Source: AWS Lambda developer guide, "Retain discarded batch records for a Kinesis data stream event source"; the order
of keys and the precision of times as recorded from the service.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.ids import new_uuid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import TypeAlias

    from lambdakit.emulator.polling.aws import AwsClient
    from lambdakit.emulator.polling.mapping import SourceMapping
    from lambdakit.emulator.polling.stream_batches import Discarded
    from lambdakit.emulator.polling.stream_sources import StreamRecord

    Client: TypeAlias = Callable[[str, str], AwsClient]

__all__ = ("Destination", "discard_record")


class Batch(NamedTuple):
    """How a source's batch is described: the key, and the precision of its times."""

    key: str
    precision: str


_BATCHES = {"kinesis": Batch("KinesisBatchInfo", "milliseconds"), "dynamodb": Batch("DDBStreamBatchInfo", "seconds")}


def discard_record(mapping: SourceMapping, shard: str, discarded: Discarded) -> dict[str, Any]:
    """What is told of records that were given up."""
    last, records = discarded.last, discarded.records
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": new_uuid() if last is None else last.request_id,
            "functionArn": mapping.function_arn,
            "condition": discarded.condition,
            "approximateInvokeCount": discarded.attempts,
        }
    }
    if last is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": last.executed_version,
            "functionError": last.function_error,
        }
    batch = _BATCHES[mapping.service]
    return record | {
        "version": "1.0",
        "timestamp": _iso(datetime.now(timezone.utc).timestamp(), "milliseconds"),
        batch.key: {
            "shardId": shard,
            "startSequenceNumber": records[0].sequence,
            "endSequenceNumber": records[-1].sequence,
            "approximateArrivalOfFirstRecord": _iso(records[0].arrived, batch.precision),
            "approximateArrivalOfLastRecord": _iso(records[-1].arrived, batch.precision),
            "batchSize": len(records),
            "streamArn": mapping.arn,
        },
    }


def _iso(moment: float, precision: str) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec=precision).replace("+00:00", "Z")


class Destination:
    """Sends what is told of a mapping's records; without a destination, nothing is."""

    def __init__(self, mapping: SourceMapping, client: Client, tell: Callable[[str], None]) -> None:
        self._mapping = mapping
        self._client = client
        self._tell = tell

    async def __call__(self, shard: str, discarded: Discarded) -> None:
        """Tell of records that were given up; what the destination does not take is lost, as in AWS."""
        arn = self._mapping.on_failure
        first, many = discarded.records[0].sequence, len(discarded.records)
        self._tell(
            f"{self._mapping.arn}: {many} records from {first} on are given up for {self._mapping.function} "
            f"({discarded.condition})"
        )
        if arn is None:
            return
        ending = Ending(self._mapping, shard, arn, discard_record(self._mapping, shard, discarded), discarded.records)
        service, region = arn.split(":")[2:4]
        try:
            await _TARGETS[service](self._client(service, region or self._mapping.region), ending)
        except Exception as error:
            self._tell(f"{arn} did not take what was given up: {error}")


class Ending(NamedTuple):
    """What is sent where."""

    mapping: SourceMapping
    shard: str
    target: str
    record: dict[str, Any]
    records: Sequence[StreamRecord]


async def _to_sqs(client: AwsClient, ending: Ending) -> None:
    account, name = ending.target.split(":")[4:6]
    url = (await client.call("get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account))["QueueUrl"]
    await client.call("send_message", QueueUrl=url, MessageBody=_json(ending.record))


async def _to_sns(client: AwsClient, ending: Ending) -> None:
    await client.call("publish", TopicArn=ending.target, Message=_json(ending.record))


async def _to_bucket(client: AwsClient, ending: Ending) -> None:
    """The bucket gets the records, too."""
    mapping = uuid.uuid5(uuid.NAMESPACE_URL, f"{ending.mapping.arn} {ending.mapping.function}")
    name = f"{datetime.now(timezone.utc):%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    body = _json({**ending.record, "payload": {"Records": [record.event for record in ending.records]}})
    key = f"aws/lambda/{mapping}/{ending.shard}/{name}"
    await client.call("put_object", Bucket=ending.target.rpartition(":")[2], Key=key, Body=body.encode())


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# The service of a destination's ARN -> how it is sent there.
_TARGETS: Mapping[str, Callable[[AwsClient, Ending], Awaitable[None]]] = {
    "sqs": _to_sqs,
    "sns": _to_sns,
    "s3": _to_bucket,
}
