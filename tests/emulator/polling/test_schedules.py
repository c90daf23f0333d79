"""Schedules of functions by a virtual clock and by the system's, and the events they send."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from lambdakit.emulator import FunctionConfig
from lambdakit.emulator.clock import SystemClock, VirtualClock
from lambdakit.emulator.polling.schedules import Schedules, plan
from lambdakit.emulator.project import FunctionSpec, Schedule
from lambdakit.exceptions import UsageError
from tests.engine_support import run, until

HOURS = 3600.0
START = 1_794_997_600.0  # 2026-11-18T10:26:40Z


def function(*schedules: Schedule) -> FunctionSpec:
    config = FunctionConfig("report", "app.handler", Path("/nowhere"), region="eu-west-1")
    return FunctionSpec(config, schedules=schedules)


def fired(hours: float, *schedules: Schedule) -> list[Any]:
    """The events of so many hours."""
    events: list[Any] = []

    async def main() -> None:
        clock = VirtualClock(START)
        planned = plan([function(*schedules)])
        async with Schedules(planned, clock, lambda name, payload: events.append(json.loads(payload))):
            await clock.advance(hours * HOURS)

    run(main())
    return events


def test_a_rule_sends_its_event_at_each_of_its_times() -> None:
    events = fired(6, Schedule("cron(0 * ? * * *)"))
    assert [event["time"] for event in events] == [f"2026-11-18T{hour}:00:00Z" for hour in range(11, 17)]
    event = events[0]
    assert len({event.pop("id") for event in events}) == 6
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-18T11:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/report-1"],
        "detail": {},
    }


def test_the_schedulers_own_event() -> None:
    (event,) = fired(1, Schedule("at(2026-11-18T12:00:00)", None, "scheduler", "once", "Europe/Berlin"))
    assert (event["source"], event["detail"], event["time"]) == ("aws.scheduler", "{}", "2026-11-18T11:00:00Z")
    assert event["resources"] == ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/once"]


def test_an_input_takes_the_place_of_the_event() -> None:
    assert fired(1, Schedule("rate(20 minutes)", '{"a": 1}')) == [{"a": 1}] * 3


def test_several_fire_in_the_order_of_their_times() -> None:
    events = fired(1, Schedule("rate(25 minutes)", '"slow"'), Schedule("rate(20 minutes)", '"fast"'))
    assert events == ["fast", "slow", "fast", "slow", "fast"]


def test_one_that_is_not_enabled_does_not_fire() -> None:
    assert fired(1, Schedule("rate(1 minute)", enabled=False)) == []


def test_the_systems_clock_makes_up_for_what_it_slept_through_with_one_event() -> None:
    async def main() -> None:
        class Jumping(SystemClock):
            moment = START

            def now(self) -> float:
                return self.moment

            async def wait(self, until: float | None, changed: asyncio.Event) -> None:
                await asyncio.sleep(0)

        clock = Jumping()
        events: list[str] = []
        planned = plan([function(Schedule("rate(1 minute)"))])
        async with Schedules(planned, clock, lambda name, _: events.append(name)) as schedules:
            clock.moment += 10 * HOURS + 1
            await until(lambda: bool(events))
            assert schedules.next_due() == START + 10 * HOURS + 60
        assert events == ["report"]

    run(main())


def test_what_is_said_of_them() -> None:
    planned = plan([function(Schedule("rate(1 minute)", name="tick"), Schedule("rate(2 minutes)"))])
    assert [*Schedules(planned, VirtualClock(), lambda name, payload: None).lines()] == [
        "  rate(1 minute)  (schedule tick, report)",
        "  rate(2 minutes)  (schedule report-2, report)",
    ]


@pytest.mark.parametrize(
    ("schedule", "what"),
    [
        (Schedule("rate(0 minutes)"), "a schedule of report: Parameter ScheduleExpression is not valid"),
        (Schedule("rate(1 minute)", "{"), "a schedule of report: its input is no JSON"),
    ],
)
def test_what_is_refused(schedule: Schedule, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        plan([function(schedule)])
