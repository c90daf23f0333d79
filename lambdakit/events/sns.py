"""Amazon SNS notifications.

Source: AWS Lambda developer guide, "Using AWS Lambda with Amazon SNS"; Amazon SNS developer guide, "Parsing Amazon SNS
message formats". One record an event in practice. The same object, with two names spelt otherwise and perhaps a
sequence number, is the body of an SQS message where a topic writes to a queue without raw delivery.
"""

from __future__ import annotations

from lambdakit.events.convert import base64_bytes, decimal, integer, iso_time, json_value
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadEvent, PayloadModel, PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from lambdakit.handlers import Call

__all__ = ("SNSEvent", "SNSMessage", "SNSMessageAttribute", "SNSRecord", "sns_event")


class SNSMessageAttribute(Model, at="$.Records[*].Sns.MessageAttributes.*"):
    """An attribute the publisher gave a message: `value` is the Python value of it."""

    shown = ("type",)

    raw_value: str = field("Value", doc="As in the event, always text.")

    @property
    def value(self) -> Any:
        """Text, a list (String.Array), an exact Decimal (Number) or bytes (Binary), as the type says."""
        if self.type == "Binary":
            return base64_bytes(self.raw_value + "==")  # published samples leave the padding out
        if self.type == "Number":
            return decimal(self.raw_value)
        return json_value(self.raw_value) if self.type == "String.Array" else self.raw_value

    type: str = field("Type", doc="String, String.Array, Number or Binary.")


class SNSMessage(PayloadModel[PayloadT], at="$.Records[*].Sns"):
    """What was published, with what the topic added."""

    shown = ("message_id", "topic_arn")
    payload_at = ("Message",)

    type: str = field("Type")
    message_id: str = field("MessageId")
    topic_arn: str = field("TopicArn")
    subject: str | None = field("Subject", default=None)
    message: str = field("Message")
    timestamp: datetime = field("Timestamp", convert=iso_time)
    signature_version: str | None = field("SignatureVersion", default=None)
    signature: str | None = field("Signature", default=None)
    sequence_number: int | None = field("SequenceNumber", convert=integer, default=None, doc="FIFO topics, by SQS.")
    message_attributes: dict[str, SNSMessageAttribute] | None = field(
        "MessageAttributes", values=SNSMessageAttribute, default=None
    )
    cert_url_of_record: str | None = field("SigningCertUrl", default=None)
    cert_url_of_body: str | None = field("SigningCertURL", default=None)
    unsubscribe_url_of_record: str | None = field("UnsubscribeUrl", default=None)
    unsubscribe_url_of_body: str | None = field("UnsubscribeURL", default=None)

    @property
    def signing_cert_url(self) -> str | None:
        """Where the certificate of the signature is, in either spelling of the key."""
        return self.cert_url_of_record or self.cert_url_of_body

    @property
    def unsubscribe_url(self) -> str | None:
        """Where the subscription is ended, in either spelling of the key."""
        return self.unsubscribe_url_of_record or self.unsubscribe_url_of_body

    @property
    def topic_name(self) -> str:
        """The topic's name, from its ARN."""
        return self.topic_arn.rpartition(":")[2]

    def payload_bytes(self) -> bytes:
        """The message, in UTF-8."""
        return self.message.encode()


class SNSRecord(PayloadEvent[PayloadT], at="$.Records[*]"):
    """One notification."""

    shown = ("sns",)

    event_version: str = field("EventVersion")
    event_source: str = field("EventSource")
    event_subscription_arn: str = field("EventSubscriptionArn")
    sns: SNSMessage[PayloadT] = field("Sns", convert=SNSMessage)


class SNSEvent(PayloadEvent[PayloadT]):
    """A notification: `records`, one in practice."""

    shown = ("records",)

    records: list[SNSRecord[PayloadT]] = field("Records", each=SNSRecord)


class SNSDecorator(EventDecorator[SNSEvent]):
    """The decorator of notifications: a function of S3's events does not see S3's test message."""

    def _core(self, function: Any, make: Any) -> Call | None:
        if getattr(make, "payload_type", None) is None:
            return None
        from lambdakit.events.s3_test import expects_s3, without_test_messages

        return (
            without_test_messages(function, lambda event: [record.sns for record in event.records])
            if expects_s3(make)
            else None
        )


sns_event = SNSDecorator("sns_event", SNSEvent, "sns")
