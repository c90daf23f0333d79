"""An asynchronous event on its way, what came of an attempt, and what a function's configuration says of both.

Source: AWS Lambda developer guide, "Invoking a Lambda function asynchronously".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ("AsyncEvent", "Attempt", "Condition", "EventInvokeConfig", "Waiting")

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]
Outcome = Literal["success", "error", "throttled", "zero-concurrency"]

MAXIMUM_RETRY_ATTEMPTS = 2
MAXIMUM_EVENT_AGE_SECONDS = 21_600


@dataclass(frozen=True)
class EventInvokeConfig:
    """How a function's asynchronous events are retried and where they end; destinations and the queue are ARNs."""

    maximum_retry_attempts: int = MAXIMUM_RETRY_ATTEMPTS
    maximum_event_age: float = MAXIMUM_EVENT_AGE_SECONDS
    on_success: str | None = None
    on_failure: str | None = None
    dead_letter: str | None = None


@dataclass(frozen=True)
class Attempt:
    """What came of one attempt: the answer of the function, or why it did not run.

    `status` is the status code of the service's answer: 200 where the function ran, also with an error.
    """

    outcome: Outcome
    payload: bytes = b"null"
    executed_version: str | None = None
    function_error: str | None = None
    status: int = 200

    @property
    def ran(self) -> bool:
        """Whether the function was run."""
        return self.outcome in ("success", "error")


@dataclass(frozen=True)
class AsyncEvent:
    """An event in the queue. `received` and `due` are seconds since 1970; `last` is what the last attempt came to."""

    id: int
    request_id: str
    function: str
    qualifier: str
    payload: bytes
    received: float
    due: float
    attempts: int = 0
    throttles: int = 0
    trace_id: str | None = None
    tenant_id: str | None = None
    condition: Condition | None = None
    last: Attempt | None = None


@dataclass(frozen=True)
class Waiting:
    """The event goes back into the queue until `due`."""

    due: float
    attempts: int
    throttles: int
