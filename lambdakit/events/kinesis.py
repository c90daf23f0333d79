"""Amazon Kinesis Data Streams.

Source: AWS Lambda developer guide, "Using AWS Lambda with Amazon Kinesis". Records are in order within a shard (with a
parallelization factor, within a partition key). `data` is whatever bytes the producer wrote; where those
are another service's event, give them to that event's model.
"""

from __future__ import annotations

from lambdakit.events.batch import BatchDecorator
from lambdakit.events.batch_sources import KINESIS
from lambdakit.events.convert import base64_bytes, epoch_seconds, integer
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import field
from lambdakit.events.payload import PayloadEvent, PayloadModel, PayloadT
from lambdakit.events.streams import StreamEvent, window_answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from lambdakit.events.batch_result import BatchResponse

__all__ = ("KinesisEvent", "KinesisRecord", "kinesis_batch", "kinesis_event")

# What data aggregated by the Kinesis Producer Library starts with.
_AGGREGATED = b"\xf3\x89\x9a\xc2"


class KinesisRecord(PayloadModel[PayloadT], at="$.Records[*]"):
    """One record of a stream."""

    shown = ("partition_key", "raw_sequence_number")
    payload_at = ("kinesis", "data")

    partition_key: str = field("kinesis", "partitionKey")
    sequence_number: int = field("kinesis", "sequenceNumber", convert=integer, doc="More than 64 bits; orders a shard.")
    raw_sequence_number: str = field("kinesis", "sequenceNumber", doc="As in the event: what a failure report names.")
    data: bytes = field("kinesis", "data", convert=base64_bytes)
    raw_data: str = field("kinesis", "data", doc="The data as in the event, base64.")
    arrival_time: datetime = field("kinesis", "approximateArrivalTimestamp", convert=epoch_seconds)
    encryption_type: str | None = field("kinesis", "encryptionType", default=None)
    schema_version: str = field("kinesis", "kinesisSchemaVersion")
    event_source: str = field("eventSource")
    event_version: str = field("eventVersion")
    event_id: str = field("eventID")
    event_name: str = field("eventName")
    invoke_identity_arn: str = field("invokeIdentityArn")
    aws_region: str = field("awsRegion")
    event_source_arn: str = field("eventSourceARN", doc="Of the stream, or of the consumer with enhanced fan-out.")

    @property
    def shard_id(self) -> str:
        """The shard the record was read from."""
        return self.event_id.partition(":")[0]

    @property
    def stream_name(self) -> str:
        """The stream's name, from its ARN; empty where that is not an ARN."""
        return self.event_source_arn.partition("/")[2].partition("/")[0]

    @property
    def is_aggregated(self) -> bool:
        """Whether the data holds several records, packed by the Kinesis Producer Library."""
        return self.data[:4] == _AGGREGATED

    def payload_bytes(self) -> bytes:
        """The data."""
        return self.data


class KinesisEvent(StreamEvent, PayloadEvent[PayloadT]):
    """A batch of one shard's `records`, in order; with a tumbling window also `window` and `state`."""

    shown = ("records",)

    records: list[KinesisRecord[PayloadT]] = field("Records", each=KinesisRecord)


kinesis_event: EventDecorator[KinesisEvent] = EventDecorator(
    "kinesis_event", KinesisEvent, "kinesis", answer=window_answer
)
kinesis_batch: BatchDecorator[KinesisRecord, BatchResponse] = BatchDecorator(
    "kinesis_batch", KinesisEvent, KinesisRecord, KINESIS, "kinesis"
)
