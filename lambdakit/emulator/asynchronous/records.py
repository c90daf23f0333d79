"""What destinations and dead-letter queues are told of an event that has ended.

Source: AWS Lambda developer guide, "Capturing records of Lambda asynchronous invocations" and "Dead-letter queues"; the
order of keys as recorded from the service.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.logs import timestamp

if TYPE_CHECKING:
    from lambdakit.emulator.asynchronous.event import AsyncEvent

__all__ = ("dead_letter_attributes", "destination_record")

# Characters of the error message that a dead letter carries.
ERROR_MESSAGE_LIMIT = 1_024


def destination_record(event: AsyncEvent, function_arn: str, now: float) -> dict[str, Any]:
    """The record of an event that has ended; `function_arn` is qualified."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": timestamp(now),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": function_arn,
            "condition": event.condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _json(event.payload),
    }
    last = event.last
    if last is not None and event.condition != "ZeroReservedConcurrency":
        context: dict[str, Any] = {"statusCode": last.status, "executedVersion": last.executed_version}
        if last.function_error is not None:
            context["functionError"] = last.function_error
        record |= {"responseContext": context, "responsePayload": _json(last.payload)}
    return record


def dead_letter_attributes(event: AsyncEvent) -> dict[str, dict[str, str]]:
    """The message attributes of a dead letter, whose body is the event itself."""
    last = event.last
    status = 429 if last is None else last.status
    message = _error_message(event)
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": event.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": str(status)},
    }
    if message:
        attributes["ErrorMessage"] = {"DataType": "String", "StringValue": message[:ERROR_MESSAGE_LIMIT]}
    return attributes


def _error_message(event: AsyncEvent) -> str:
    if event.last is None:
        return f"The event was not run: {event.condition}"
    try:
        return str(_json(event.last.payload)["errorMessage"])
    except (TypeError, KeyError, IndexError):
        return ""


def _json(payload: bytes) -> Any:
    """The JSON of a payload; what is none, as text."""
    try:
        return json.loads(payload or b"null")
    except ValueError:
        return payload.decode("utf-8", "replace")
