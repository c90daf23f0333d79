"""Messages of SQS as the records that a function gets. Source: AWS Lambda developer guide, "Amazon SQS event"."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("record_of",)

# In the order of the service's records; those for FIFO queues, traces and redriven messages where the message has them.
_ATTRIBUTES = (
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn",
)


def record_of(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """The record of a message that `receive_message` returned; all attributes are text."""
    attributes: Mapping[str, Any] = message.get("Attributes", {})
    of_sender: Mapping[str, Any] = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {name: str(attributes[name]) for name in _ATTRIBUTES if name in attributes},
        "messageAttributes": {name: _attribute(value) for name, value in of_sender.items()},
        "md5OfMessageAttributes": message.get("MD5OfMessageAttributes"),
        "md5OfBody": message.get("MD5OfBody"),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "StringValue" in value:
        found["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        found["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode("ascii")
    return {**found, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
