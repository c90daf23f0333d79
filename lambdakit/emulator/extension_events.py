"""The events of the Extensions API: the replies to `GET /extension/event/next`.

INVOKE names the invocation and carries nothing of its payload. Source: AWS Lambda developer guide, "Lambda Extensions
API", next.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from lambdakit.emulator import replies
from lambdakit.emulator.ids import new_uuid

if TYPE_CHECKING:
    from lambdakit.emulator.flight import Flight

__all__ = ("ShutdownReason", "invoke_event", "shutdown_event")

ShutdownReason = Literal["spindown", "timeout", "failure"]


def invoke_event(flight: Flight, arn: str) -> bytes:
    """The INVOKE event of a flight; `arn` is the function's, used where the caller named it unqualified."""
    return _reply(
        {
            "eventType": "INVOKE",
            "deadlineMs": flight.deadline_ms,
            "requestId": flight.request_id,
            "invokedFunctionArn": flight.invocation.arn or arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": flight.trace_id},
        }
    )


def shutdown_event(deadline_ms: int, reason: ShutdownReason) -> bytes:
    """The SHUTDOWN event; at the deadline (Unix milliseconds) whoever is left is killed."""
    return _reply({"eventType": "SHUTDOWN", "deadlineMs": deadline_ms, "shutdownReason": reason})


def _reply(event: dict[str, Any]) -> bytes:
    body = json.dumps(event, separators=(",", ":")).encode()
    return replies.reply(200, body, replies.JSON, ("Lambda-Extension-Event-Identifier", new_uuid()))
