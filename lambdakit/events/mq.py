"""Amazon MQ: messages of ActiveMQ and RabbitMQ brokers.

Source: AWS Lambda developer guide, "Using Lambda with Amazon MQ". There is no partial answer: an error sends the whole
batch again. RabbitMQ's header text comes as signed bytes, and its timestamp as text of the broker's locale, which is
left as it is.
"""

from __future__ import annotations

from lambdakit.events.batch import BatchDecorator
from lambdakit.events.batch_sources import ACTIVEMQ, RABBITMQ
from lambdakit.events.convert import base64_bytes, epoch_milliseconds, integer, signed_bytes
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadEvent, PayloadModel, PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Any

__all__ = (
    "ActiveMQEvent",
    "ActiveMQMessage",
    "RabbitMQEvent",
    "RabbitMQMessage",
    "RabbitMQProperties",
    "activemq_batch",
    "activemq_event",
    "rabbitmq_batch",
    "rabbitmq_event",
)

# isinstance, without narrowing JSON of unknown type to containers of unknown types.
_is_a: Callable[[Any, Any], bool] = isinstance


def _header(value: Any) -> Any:
    """The bytes of `{"bytes": [...]}`, any other value as it is."""
    return signed_bytes(value["bytes"]) if _is_a(value, dict) and "bytes" in value else value


class ActiveMQMessage(PayloadModel[PayloadT], at="$.messages[*]"):
    """One message of an ActiveMQ broker."""

    shown = ("message_id", "message_type")
    payload_at = ("data",)

    message_id: str = field("messageID")
    message_type: str = field("messageType", doc="jms/text-message or jms/bytes-message.")
    data: bytes = field("data", convert=base64_bytes)
    timestamp: datetime | None = field("timestamp", convert=epoch_milliseconds, default=None)
    delivery_mode: int | None = field("deliveryMode", default=None)
    persistent: bool | None = field("persistent", default=None)
    connection_id: str | None = field("connectionId", default=None)
    correlation_id: str | None = field("correlationID", default=None)
    reply_to: str | None = field("replyTo", default=None)
    destination: dict[str, Any] | None = field("destination", default=None)
    redelivered: bool | None = field("redelivered", default=None)
    expiration: int | None = field("expiration", convert=integer, default=None)
    priority: int | None = field("priority", default=None)
    broker_in_time: datetime | None = field("brokerInTime", convert=epoch_milliseconds, default=None)
    broker_out_time: datetime | None = field("brokerOutTime", convert=epoch_milliseconds, default=None)
    properties: dict[str, Any] | None = field("properties", default=None)

    @property
    def queue_name(self) -> str | None:
        """The destination's name, in either spelling of the key."""
        destination = self.destination or {}
        return destination.get("physicalName") or destination.get("physicalname")

    def payload_bytes(self) -> bytes:
        """The data."""
        return self.data

    type: str | None = field("type", default=None)


class ActiveMQEvent(PayloadEvent[PayloadT]):
    """A batch of `messages` of one queue."""

    shown = ("messages",)

    event_source: str = field("eventSource")
    event_source_arn: str | None = field("eventSourceArn", default=None)
    messages: list[ActiveMQMessage[PayloadT]] = field("messages", each=ActiveMQMessage)


class RabbitMQProperties(Model, at="$.rmqMessagesByQueue.*[*].basicProperties"):
    """The AMQP properties of a message."""

    shown = ("content_type",)

    content_type: str | None = field("contentType", default=None)
    content_encoding: str | None = field("contentEncoding", default=None)
    headers: dict[str, Any] | None = field("headers", values=_header, default=None, doc="Text headers are bytes.")
    delivery_mode: int | None = field("deliveryMode", default=None)
    priority: int | None = field("priority", default=None)
    correlation_id: str | None = field("correlationId", default=None)
    reply_to: str | None = field("replyTo", default=None)
    expiration: str | None = field("expiration", default=None, doc="Milliseconds, as text.")
    message_id: str | None = field("messageId", default=None)
    timestamp: str | None = field("timestamp", default=None, doc="Text of the broker's locale.")
    user_id: str | None = field("userId", default=None)
    app_id: str | None = field("appId", default=None)
    cluster_id: str | None = field("clusterId", default=None)
    body_size: int | None = field("bodySize", default=None)
    type: str | None = field("type", default=None)


class RabbitMQMessage(PayloadModel[PayloadT], at="$.rmqMessagesByQueue.*[*]"):
    """One message of a RabbitMQ broker."""

    shown = ("basic_properties",)
    payload_at = ("data",)

    basic_properties: RabbitMQProperties = field("basicProperties", convert=RabbitMQProperties)
    redelivered: bool | None = field("redelivered", default=None)
    data: bytes = field("data", convert=base64_bytes)

    def payload_bytes(self) -> bytes:
        """The data."""
        return self.data


class RabbitMQEvent(Model):
    """A batch of messages; `queues` are by "queue::virtual host"."""

    shown = ("queues",)

    event_source: str | None = field("eventSource", default=None)
    event_source_arn: str | None = field("eventSourceArn", default=None)
    queues: dict[str, list[RabbitMQMessage]] = field("rmqMessagesByQueue", groups=RabbitMQMessage)

    @property
    def messages(self) -> Iterator[RabbitMQMessage]:
        """Every message, queue by queue."""
        return (message for messages in self.queues.values() for message in messages)


activemq_event: EventDecorator[ActiveMQEvent] = EventDecorator("activemq_event", ActiveMQEvent, "activemq")
rabbitmq_event: EventDecorator[RabbitMQEvent] = EventDecorator("rabbitmq_event", RabbitMQEvent, "rabbitmq")
activemq_batch: BatchDecorator[ActiveMQMessage, None] = BatchDecorator(
    "activemq_batch", ActiveMQEvent, ActiveMQMessage, ACTIVEMQ, "activemq"
)
rabbitmq_batch: BatchDecorator[RabbitMQMessage, None] = BatchDecorator(
    "rabbitmq_batch", RabbitMQEvent, RabbitMQMessage, RABBITMQ, "rabbitmq"
)
