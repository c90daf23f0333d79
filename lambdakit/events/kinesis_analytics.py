"""Amazon Kinesis Data Analytics (SQL): pre-processing of input records, and delivery of output records.

Source: Amazon Kinesis Data Analytics for SQL developer guide, "Preprocessing data" and "Using a Lambda function as
output". Both forms are one event here; `is_delivery` tells them apart, and each has answers of its own.
"""

from __future__ import annotations

from lambdakit.events.convert import base64_bytes, epoch_any, integer
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadEvent, PayloadModel, PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

__all__ = ("AnalyticsSource", "KinesisAnalyticsEvent", "KinesisAnalyticsRecord", "kinesis_analytics_event")


class AnalyticsSource(Model, at="$.records[*].kinesisStreamRecordMetadata"):
    """Where a record to pre-process came from: a stream, or a delivery stream (which has only the arrival time)."""

    sequence_number: int | None = field("sequenceNumber", convert=integer, default=None)
    partition_key: str | None = field("partitionKey", default=None)
    shard_id: str | None = field("shardId", default=None)
    approximate_arrival_timestamp: datetime | None = field(
        "approximateArrivalTimestamp", convert=epoch_any, default=None
    )


class KinesisAnalyticsRecord(PayloadModel[PayloadT], at="$.records[*]"):
    """One record. `data` is its bytes."""

    shown = ("record_id",)
    payload_at = ("data",)

    record_id: str = field("recordId")
    raw_data: str = field("data", doc="Base64.")
    data: bytes = field("data", convert=base64_bytes)
    stream: AnalyticsSource | None = field("kinesisStreamRecordMetadata", convert=AnalyticsSource, default=None)
    firehose: AnalyticsSource | None = field("kinesisFirehoseRecordMetadata", convert=AnalyticsSource, default=None)
    retry_hint: int | None = field("lambdaDeliveryRecordMetadata", "retryHint", default=None)

    def payload_bytes(self) -> bytes:
        """The record's bytes."""
        return self.data


class KinesisAnalyticsEvent(PayloadEvent[PayloadT]):
    """Records to pre-process, or to deliver."""

    shown = ("invocation_id", "records")

    invocation_id: str = field("invocationId")
    application_arn: str = field("applicationArn")
    stream_arn: str | None = field("streamArn", default=None)
    records: list[KinesisAnalyticsRecord[PayloadT]] = field("records", each=KinesisAnalyticsRecord)

    @property
    def is_delivery(self) -> bool:
        """Whether the records are output to be delivered, not input to be pre-processed."""
        return any(record.retry_hint is not None for record in self.records)


kinesis_analytics_event: EventDecorator[KinesisAnalyticsEvent] = EventDecorator(
    "kinesis_analytics_event", KinesisAnalyticsEvent, "kinesis-analytics"
)
