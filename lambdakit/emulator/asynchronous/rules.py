"""What becomes of an event after an attempt: the service's rules, without a clock, a queue or a function.

    success                               Success
    error, attempts left                  again after 60 s, then 120 s; EventAgeExceeded if it would be too old by then
    error, none left                      RetriesExhausted
    throttled                             again after 1 s, 2 s, 4 s ... 300 s; not an attempt; the same for its age
    reserved concurrency is 0             ZeroReservedConcurrency, at once
    too old before an attempt             EventAgeExceeded

Source: AWS Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation"; the moments
and the look ahead at the age as observed of the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.emulator.asynchronous.event import Waiting

if TYPE_CHECKING:
    from lambdakit.emulator.asynchronous.event import AsyncEvent, Attempt, Condition, EventInvokeConfig

__all__ = ("after_attempt", "is_too_old")

# Seconds before each further attempt, by the number of attempts made.
RETRY_DELAY = {1: 60.0, 2: 120.0}
LONGEST_THROTTLE_DELAY = 300.0


def is_too_old(event: AsyncEvent, config: EventInvokeConfig, moment: float) -> bool:
    """Whether an event is beyond its maximum age at a moment."""
    return moment - event.received > config.maximum_event_age


def after_attempt(event: AsyncEvent, attempt: Attempt, config: EventInvokeConfig, now: float) -> Waiting | Condition:
    """Until when the event waits now, or the condition on which it ends."""
    if attempt.outcome == "success":
        return "Success"
    if attempt.outcome == "zero-concurrency":
        return "ZeroReservedConcurrency"
    if attempt.outcome == "throttled":
        delay = min(2.0**event.throttles, LONGEST_THROTTLE_DELAY)
        waiting = Waiting(now + delay, event.attempts, event.throttles + 1)
    else:
        attempts = event.attempts + 1
        if attempts > config.maximum_retry_attempts:
            return "RetriesExhausted"
        waiting = Waiting(now + RETRY_DELAY[attempts], attempts, event.throttles)
    return "EventAgeExceeded" if is_too_old(event, config, waiting.due) else waiting
