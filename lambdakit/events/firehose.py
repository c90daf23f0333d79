"""Amazon Data Firehose transformations: batches of records to be transformed, dropped or refused.

Source: Amazon Data Firehose developer guide, "Transform source data". Every record of the event must be answered
exactly once. An answer may have 6 MB: what would not fit is answered as `ProcessingFailed`, so that Firehose delivers
it to the error prefix and loses nothing, instead of failing the whole batch again and again.
"""

from __future__ import annotations

from binascii import b2a_base64

from lambdakit.events.convert import base64_bytes, epoch_milliseconds, integer, iso_time
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadEvent, PayloadModel, PayloadT
from lambdakit.events.rules import json_size, of_type
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any

__all__ = (
    "FirehoseEvent",
    "FirehoseKinesisMetadata",
    "FirehoseKafkaMetadata",
    "FirehoseRecord",
    "FirehoseResult",
    "firehose_transform",
)

OK, DROPPED, FAILED = "Ok", "Dropped", "ProcessingFailed"
# Lambda's limit of a synchronous answer, less what stands around the records.
ANSWER_LIMIT = 6_291_556 - 64
# What one record's JSON takes beside its data and metadata: names, quotes, the longest result.
_RECORD_OVERHEAD = 96


def _arrival(value: int | str) -> datetime:
    """Milliseconds since 1970, or ISO 8601 text, as upstreams differ."""
    return iso_time(value) if isinstance(value, str) and "T" in value else epoch_milliseconds(value)


class FirehoseKinesisMetadata(Model, at="$.records[*].kinesisRecordMetadata"):
    """Where in a Kinesis stream a record came from."""

    shard_id: str = field("shardId")
    partition_key: str = field("partitionKey")
    sequence_number: int = field("sequenceNumber", convert=integer)
    subsequence_number: int | None = field("subsequenceNumber", convert=integer, default=None)
    approximate_arrival_timestamp: datetime | None = field(
        "approximateArrivalTimestamp", convert=_arrival, default=None
    )


class FirehoseKafkaMetadata(Model, at="$.records[*].mskRecordMetadata"):
    """Where in a Kafka topic a record came from."""

    offset: int = field("offset", convert=integer)
    partition: int = field("partitionId", convert=integer)
    approximate_arrival_timestamp: datetime | None = field(
        "approximateArrivalTimestamp", convert=_arrival, default=None
    )


class FirehoseResult:
    """What became of one record; made by the record's own methods."""

    __slots__ = ("data", "metadata", "record_id", "result", "value_key")

    def __init__(
        self, record: FirehoseRecord, result: str, data: bytes = b"", metadata: dict[str, Any] | None = None
    ) -> None:
        self.record_id = record.record_id
        self.result = result
        self.data = data
        self.metadata = metadata
        self.value_key = "kafkaRecordValue" if record.is_kafka else "data"

    def __repr__(self) -> str:
        return f"FirehoseResult({self.record_id!r}, {self.result})"


class FirehoseRecord(PayloadModel[PayloadT], at="$.records[*]"):
    """One record. `data` is its bytes; answer it with `ok`, `dropped` or `failed`."""

    shown = ("record_id",)
    payload_at = ("data",)

    record_id: str = field("recordId")
    approximate_arrival_timestamp: datetime | None = field(
        "approximateArrivalTimestamp", convert=_arrival, default=None
    )
    raw_data: str | None = field("data", default=None, doc="Base64.")
    raw_kafka_value: str | None = field("kafkaRecordValue", default=None, doc="Base64; from a Kafka topic.")
    kinesis: FirehoseKinesisMetadata | None = field(
        "kinesisRecordMetadata", convert=FirehoseKinesisMetadata, default=None
    )
    kafka: FirehoseKafkaMetadata | None = field("mskRecordMetadata", convert=FirehoseKafkaMetadata, default=None)

    @property
    def is_kafka(self) -> bool:
        """Whether the record came from a Kafka topic, whose value has a name of its own."""
        return self.raw_kafka_value is not None

    @property
    def data(self) -> bytes:
        """The record's bytes."""
        wire = self.raw_kafka_value if self.raw_data is None else self.raw_data
        return base64_bytes(wire or "")

    def payload_bytes(self) -> bytes:
        """The record's bytes."""
        return self.data

    def ok(
        self,
        data: bytes | str,
        *,
        partition_keys: Mapping[str, str] | None = None,
        table: Mapping[str, str] | None = None,
    ) -> FirehoseResult:
        """The transformed record, text as UTF-8; a separator between records is the function's to add.

        `partition_keys` are for dynamic partitioning; `table` says where a record goes in Apache Iceberg tables
        (`destinationDatabaseName`, `destinationTableName`, `operation`).
        """
        of_type("the data of a transformed record", data, bytes, str)
        metadata: dict[str, Any] = {}
        if partition_keys is not None:
            metadata["partitionKeys"] = dict(partition_keys)
        if table is not None:
            metadata["otfMetadata"] = dict(table)
        encoded = data.encode() if isinstance(data, str) else data
        return FirehoseResult(self, OK, encoded, metadata or None)

    def dropped(self) -> FirehoseResult:
        """The record is left out on purpose; that counts as success."""
        return FirehoseResult(self, DROPPED)

    def failed(self) -> FirehoseResult:
        """The record cannot be transformed: Firehose delivers it to the error prefix."""
        return FirehoseResult(self, FAILED)


class FirehoseEvent(PayloadEvent[PayloadT]):
    """A batch of records to transform."""

    shown = ("invocation_id", "records")

    invocation_id: str = field("invocationId")
    delivery_stream_arn: str | None = field("deliveryStreamArn", default=None)
    source_kinesis_stream_arn: str | None = field("sourceKinesisStreamArn", default=None)
    source_msk_arn: str | None = field("sourceMSKArn", default=None)
    region: str | None = field("region", default=None)
    records: list[FirehoseRecord[PayloadT]] = field("records", each=FirehoseRecord)


def _answer(event: FirehoseEvent, results: Iterable[FirehoseResult]) -> dict[str, Any]:
    """The answer of a transformation: one result for every record, or ResponseError."""
    given: dict[str, FirehoseResult] = {}
    for result in results:
        of_type("a result of @firehose_transform", result, FirehoseResult)
        if result.record_id in given:
            raise ResponseError(f"record {result.record_id!r} is answered twice; each must be answered exactly once")
        given[result.record_id] = result
    _refuse_missing(event, given)
    room = ANSWER_LIMIT
    records: list[dict[str, Any]] = []
    for result in given.values():
        wire = _wire(result)
        size = len(wire.get(result.value_key, "")) + len(result.record_id)
        if result.metadata is not None:
            size += json_size("the metadata of a record", result.metadata)
        room -= size + _RECORD_OVERHEAD
        if room < 0:
            room += size
            wire = {"recordId": result.record_id, "result": FAILED}
        records.append(wire)
    return {"records": records}


def _refuse_missing(event: FirehoseEvent, given: Mapping[str, FirehoseResult]) -> None:
    known = [record.record_id for record in event.records]
    missing = [record_id for record_id in known if record_id not in given]
    if missing:
        raise ResponseError(
            f"no result for record {', '.join(map(repr, missing[:5]))}: answer every record, or drop it"
        )
    unknown = given.keys() - set(known)
    if unknown:
        raise ResponseError(f"the event has no record {', '.join(map(repr, sorted(unknown)[:5]))}")


def _wire(result: FirehoseResult) -> dict[str, Any]:
    wire: dict[str, Any] = {"recordId": result.record_id, "result": result.result}
    if result.result == OK:
        wire[result.value_key] = b2a_base64(result.data, newline=False).decode()
    if result.metadata is not None:
        wire["metadata"] = result.metadata
    return wire


firehose_transform: EventDecorator[FirehoseEvent] = EventDecorator(
    "firehose_transform", FirehoseEvent, "firehose", answer=_answer
)
