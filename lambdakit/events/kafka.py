"""Apache Kafka records, from Amazon MSK or a self-managed cluster.

Source: AWS Lambda developer guide, "Using Lambda with Amazon MSK" and "with self-managed Apache Kafka". Order holds
within a partition. Keys and values are bytes; a value that is null is a tombstone. Header values come as signed bytes,
and a name may repeat, so headers are a list.
"""

from __future__ import annotations

from lambdakit.events.batch import BatchDecorator
from lambdakit.events.batch_sources import KAFKA
from lambdakit.events.convert import base64_bytes, epoch_milliseconds, signed_bytes
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadModel, PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lambdakit.events.batch_result import BatchResponse

__all__ = ("KafkaEvent", "KafkaRecord", "KafkaSchema", "kafka_batch", "kafka_event")


def _headers(wire: list[dict[str, list[int]]]) -> list[tuple[str, bytes]]:
    return [(name, signed_bytes(value)) for header in wire for name, value in header.items()]


class KafkaSchema(Model, at="$.records.*[*].valueSchemaMetadata"):
    """The registered schema a key or value was written with."""

    shown = ("schema_id", "data_format")

    schema_id: str = field("schemaId")
    data_format: str = field("dataFormat", doc="AVRO, PROTOBUF or JSON.")


class KafkaRecord(PayloadModel[PayloadT], at="$.records.*[*]"):
    """One record of a partition."""

    shown = ("topic", "partition", "offset")
    payload_at = ("value",)

    topic: str = field("topic")
    partition: int = field("partition")
    offset: int = field("offset")
    timestamp: datetime = field("timestamp", convert=epoch_milliseconds)
    timestamp_type: str = field("timestampType", doc="CREATE_TIME or LOG_APPEND_TIME.")
    key: bytes | None = field("key", convert=base64_bytes, default=None)
    value: bytes | None = field("value", convert=base64_bytes, default=None, doc="None is a tombstone.")
    raw_headers: list[dict[str, list[int]]] | None = field("headers", default=None)
    key_schema: KafkaSchema | None = field("keySchemaMetadata", convert=KafkaSchema, default=None)
    value_schema: KafkaSchema | None = field("valueSchemaMetadata", convert=KafkaSchema, default=None)

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Name and value of every header, in order."""
        return _headers(self.raw_headers or [])

    def payload_bytes(self) -> bytes:
        """The value; of a tombstone, nothing."""
        return self.value or b""


class KafkaEvent(Model):
    """A batch of records; `partitions` are by "topic-partition"."""

    shown = ("event_source",)

    event_source: str = field("eventSource")
    event_source_arn: str | None = field("eventSourceArn", default=None, doc="Amazon MSK only.")
    raw_bootstrap_servers: str | None = field("bootstrapServers", default=None)
    partitions: dict[str, list[KafkaRecord]] = field("records", groups=KafkaRecord)

    @property
    def bootstrap_servers(self) -> list[str]:
        """The cluster's `host:port` addresses."""
        return [server.strip() for server in (self.raw_bootstrap_servers or "").split(",") if server.strip()]

    @property
    def records(self) -> Iterator[KafkaRecord]:
        """Every record, partition by partition, in order."""
        return (record for records in self.partitions.values() for record in records)


kafka_event: EventDecorator[KafkaEvent] = EventDecorator("kafka_event", KafkaEvent, "kafka")
kafka_batch: BatchDecorator[KafkaRecord, BatchResponse] = BatchDecorator(
    "kafka_batch", KafkaEvent, KafkaRecord, KAFKA, "kafka"
)
