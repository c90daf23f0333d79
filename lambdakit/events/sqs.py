"""Amazon SQS messages.

Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS". Every system attribute is text on the wire, also
counters and times. In a FIFO queue order holds within a message group, and one batch may mix groups. A body that is
another service's event is not looked into: `payload_bytes` gives it to the model of that event.
"""

from __future__ import annotations

from lambdakit.events.batch import BatchDecorator
from lambdakit.events.batch_sources import SQS
from lambdakit.events.convert import base64_bytes, decimal, epoch_milliseconds, integer
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadEvent, PayloadModel, PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from lambdakit.events.batch_result import BatchResponse

__all__ = ("SQSEvent", "SQSMessage", "SQSMessageAttribute", "sqs_batch", "sqs_event")


class SQSMessageAttribute(Model, at="$.Records[*].messageAttributes.*"):
    """An attribute the sender gave a message: `value` is the Python value of it."""

    shown = ("data_type",)

    data_type: str = field("dataType", doc="String, Number or Binary, with the sender's own suffix: `Number.int`.")
    string_value: str | None = field("stringValue", default=None)
    raw_binary_value: str | None = field("binaryValue", default=None, doc="Base64.")
    string_list_values: list[str] | None = field("stringListValues", default=None, doc="Reserved by the service.")
    binary_list_values: list[str] | None = field("binaryListValues", default=None, doc="Reserved by the service.")

    @property
    def value(self) -> str | Decimal | bytes | None:
        """Text, an exact Decimal or bytes, as the data type says; None where the value is absent."""
        kind = self.data_type.partition(".")[0]
        wire = self.raw_binary_value if kind == "Binary" else self.string_value
        if wire is None or kind == "String":
            return wire
        return base64_bytes(wire) if kind == "Binary" else decimal(wire)


class SQSMessage(PayloadModel[PayloadT], at="$.Records[*]"):
    """One message."""

    shown = ("message_id", "queue_name")
    payload_at = ("body",)

    message_id: str = field("messageId")
    receipt_handle: str = field("receiptHandle")
    body: str = field("body")
    md5_of_body: str = field("md5OfBody")
    md5_of_message_attributes: str | None = field("md5OfMessageAttributes", default=None)
    receive_count: int = field(
        "attributes",
        "ApproximateReceiveCount",
        convert=integer,
        doc="Deliveries with this one; the last before the dead-letter queue is the redrive policy's maxReceiveCount.",
    )
    sent_time: datetime = field("attributes", "SentTimestamp", convert=epoch_milliseconds)
    sender_id: str = field("attributes", "SenderId")
    first_receive_time: datetime = field("attributes", "ApproximateFirstReceiveTimestamp", convert=epoch_milliseconds)
    message_group_id: str | None = field("attributes", "MessageGroupId", default=None)
    message_deduplication_id: str | None = field("attributes", "MessageDeduplicationId", default=None)
    sequence_number: int | None = field("attributes", "SequenceNumber", convert=integer, default=None)
    trace_header: str | None = field("attributes", "AWSTraceHeader", default=None)
    dead_letter_source_arn: str | None = field(
        "attributes", "DeadLetterQueueSourceArn", default=None, doc="The queue this message was moved out of."
    )
    message_attributes: dict[str, SQSMessageAttribute] = field("messageAttributes", values=SQSMessageAttribute)
    event_source: str = field("eventSource")
    event_source_arn: str = field("eventSourceARN")
    aws_region: str = field("awsRegion")

    @property
    def queue_name(self) -> str:
        """The queue's name, from its ARN."""
        return self.event_source_arn.rpartition(":")[2]

    @property
    def is_fifo(self) -> bool:
        """Whether the queue is FIFO. A group id alone does not say so: standard queues take one for fairness."""
        return self.event_source_arn.endswith(".fifo")

    def payload_bytes(self) -> bytes:
        """The body, in UTF-8."""
        return self.body.encode()


class SQSEvent(PayloadEvent[PayloadT]):
    """A batch of `records`, the messages received from one queue."""

    shown = ("records",)

    records: list[SQSMessage[PayloadT]] = field("Records", each=SQSMessage)


sqs_event: EventDecorator[SQSEvent] = EventDecorator("sqs_event", SQSEvent, "sqs")
sqs_batch: BatchDecorator[SQSMessage, BatchResponse] = BatchDecorator("sqs_batch", SQSEvent, SQSMessage, SQS, "sqs")
