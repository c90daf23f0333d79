"""The service's rules for retries, one row a case."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.emulator.asynchronous.event import AsyncEvent, Attempt, EventInvokeConfig, Waiting
from lambdakit.emulator.asynchronous.rules import after_attempt, is_too_old


def event(**values: Any) -> AsyncEvent:
    return AsyncEvent(1, "r", "f", "$LATEST", b"{}", received=1000.0, due=1000.0, **values)


ERROR, THROTTLED = Attempt("error", function_error="Unhandled"), Attempt("throttled", status=429)
CASES: list[tuple[str, AsyncEvent, Attempt, EventInvokeConfig, float, Any]] = [
    ("success", event(), Attempt("success"), EventInvokeConfig(), 1001, "Success"),
    ("first error", event(), ERROR, EventInvokeConfig(), 1001, Waiting(1061, 1, 0)),
    ("second error", event(attempts=1), ERROR, EventInvokeConfig(), 1062, Waiting(1182, 2, 0)),
    ("third error", event(attempts=2), ERROR, EventInvokeConfig(), 1183, "RetriesExhausted"),
    ("no retries", event(), ERROR, EventInvokeConfig(0), 1001, "RetriesExhausted"),
    ("one retry", event(attempts=1), ERROR, EventInvokeConfig(1), 1001, "RetriesExhausted"),
    ("too old by the next attempt", event(), ERROR, EventInvokeConfig(2, 60), 1001, "EventAgeExceeded"),
    ("just not too old", event(), ERROR, EventInvokeConfig(2, 60), 1000, Waiting(1060, 1, 0)),
    ("90 s let one retry", event(), ERROR, EventInvokeConfig(2, 90), 1001, Waiting(1061, 1, 0)),
    ("and no second", event(attempts=1), ERROR, EventInvokeConfig(2, 90), 1062, "EventAgeExceeded"),
    ("first throttle", event(), THROTTLED, EventInvokeConfig(), 1000, Waiting(1001, 0, 1)),
    ("fourth throttle", event(throttles=3), THROTTLED, EventInvokeConfig(), 1010, Waiting(1018, 0, 4)),
    ("the longest wait", event(throttles=20), THROTTLED, EventInvokeConfig(), 2000, Waiting(2300, 0, 21)),
    (
        "throttles are no attempts",
        event(throttles=5, attempts=1),
        ERROR,
        EventInvokeConfig(),
        1100,
        Waiting(1220, 2, 5),
    ),
    ("throttled until too old", event(throttles=9), THROTTLED, EventInvokeConfig(), 22_400, "EventAgeExceeded"),
    (
        "no concurrency at all",
        event(),
        Attempt("zero-concurrency"),
        EventInvokeConfig(),
        1001,
        "ZeroReservedConcurrency",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_becomes_of_an_event(case: Any) -> None:
    _, given, attempt, config, now, wanted = case
    assert after_attempt(given, attempt, config, now) == wanted


def test_an_event_is_too_old_beyond_its_age() -> None:
    config = EventInvokeConfig(maximum_event_age=60)
    assert [is_too_old(event(), config, moment) for moment in (1060, 1060.1)] == [False, True]
