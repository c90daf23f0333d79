"""An event as the runtime gets it: the reply to `GET /runtime/invocation/next`.

Source: AWS Lambda developer guide, "Runtime API", next invocation. The content type and the deadline are always
there, because AWS's own client does not survive their absence. One header is not AWS's: `NEXT_AHEAD` tells a client
that knows it, which lambdakit's own does, that it may send `next` in one piece with its response (see
`known_requests`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdakit.emulator.flight import Flight

# The response headers; one whose value would be empty is left out.
_REQUEST_ID = "Lambda-Runtime-Aws-Request-Id"
_DEADLINE = "Lambda-Runtime-Deadline-Ms"
_ARN = "Lambda-Runtime-Invoked-Function-Arn"
_TRACE_ID = "Lambda-Runtime-Trace-Id"
_CLIENT_CONTEXT = "Lambda-Runtime-Client-Context"
_COGNITO_IDENTITY = "Lambda-Runtime-Cognito-Identity"
_TENANT_ID = "Lambda-Runtime-Aws-Tenant-Id"
_INVOCATION_ID = "Lambda-Runtime-Invocation-Id"

# A header line by itself, for sessions of one event at a time.
NEXT_AHEAD = "Lambdakit-Next-Ahead: yes\r\n"


def event_reply(flight: Flight, arn: str, more: str = "") -> tuple[bytes, bytes]:
    """Head and body of the `next` reply that delivers the flight; `more` are further header lines."""
    invocation = flight.invocation
    optional = more
    if invocation.client_context:
        optional += f"{_CLIENT_CONTEXT}: {_one_line(invocation.client_context)}\r\n"
    if invocation.cognito_identity:
        optional += f"{_COGNITO_IDENTITY}: {_one_line(invocation.cognito_identity)}\r\n"
    if invocation.tenant_id:
        optional += f"{_TENANT_ID}: {invocation.tenant_id}\r\n"
    payload = invocation.payload
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {invocation.content_type}\r\n{_REQUEST_ID}: {flight.request_id}\r\n"
        f"{_DEADLINE}: {flight.deadline_ms}\r\n{_ARN}: {invocation.arn or arn}\r\n{_TRACE_ID}: {flight.trace_id}\r\n"
        f"{_INVOCATION_ID}: {flight.invocation_id}\r\n{optional}Content-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode(), payload


def _one_line(json_text: str) -> str:
    # In JSON a raw line break is only ever white space, and a header cannot carry one.
    return " ".join(json_text.splitlines())
