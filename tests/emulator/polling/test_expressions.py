"""When schedules fire."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.polling.expressions import read_expression
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 1, 30, 12, 34, 56, tzinfo=timezone.utc)  # a Friday


def times(text: str, count: int = 3, zone: str | None = None) -> list[str]:
    """The first times after START, in UTC."""

    def all_of_them() -> Iterator[str]:
        expression = read_expression(text, zone)
        began = moment = START.timestamp()
        while (found := expression.after(moment, began)) is not None:
            moment = found
            yield f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%d %H:%M:%S}"

    return [*islice(all_of_them(), count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate(1 minute)", ["2026-01-30 12:35:56", "2026-01-30 12:36:56", "2026-01-30 12:37:56"]),
        ("rate(6 hours)", ["2026-01-30 18:34:56", "2026-01-31 00:34:56", "2026-01-31 06:34:56"]),
        ("rate(1 day)", ["2026-01-31 12:34:56", "2026-02-01 12:34:56", "2026-02-02 12:34:56"]),
        ("cron(* * * * ? *)", ["2026-01-30 12:35:00", "2026-01-30 12:36:00", "2026-01-30 12:37:00"]),
        ("cron(0/15 * ? * * *)", ["2026-01-30 12:45:00", "2026-01-30 13:00:00", "2026-01-30 13:15:00"]),
        ("cron(0 8 ? * MON-FRI *)", ["2026-02-02 08:00:00", "2026-02-03 08:00:00", "2026-02-04 08:00:00"]),
        ("cron(5,10 10-12/2 1 * ? *)", ["2026-02-01 10:05:00", "2026-02-01 10:10:00", "2026-02-01 12:05:00"]),
        ("cron(0 0 31 * ? *)", ["2026-01-31 00:00:00", "2026-03-31 00:00:00", "2026-05-31 00:00:00"]),
        ("cron(0 0 L * ? *)", ["2026-01-31 00:00:00", "2026-02-28 00:00:00", "2026-03-31 00:00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-02-02 00:00:00", "2026-03-02 00:00:00", "2026-04-01 00:00:00"]),
        ("cron(0 0 31W * ? *)", ["2026-03-31 00:00:00", "2026-05-29 00:00:00", "2026-07-31 00:00:00"]),
        ("cron(0 0 ? * 6L *)", ["2026-02-27 00:00:00", "2026-03-27 00:00:00", "2026-04-24 00:00:00"]),
        ("cron(0 0 ? * L *)", ["2026-01-31 00:00:00", "2026-02-07 00:00:00", "2026-02-14 00:00:00"]),
        ("cron(0 0 ? * 2#1 *)", ["2026-02-02 00:00:00", "2026-03-02 00:00:00", "2026-04-06 00:00:00"]),
        ("cron(0 0 ? * FRI#5 *)", ["2026-05-29 00:00:00", "2026-07-31 00:00:00", "2026-10-30 00:00:00"]),
        ("cron(0 12 29 FEB ? *)", ["2028-02-29 12:00:00", "2032-02-29 12:00:00", "2036-02-29 12:00:00"]),
        ("cron(0 0 1 1 ? 2025-2027)", ["2027-01-01 00:00:00"]),
        ("cron(0 0 30 2 ? *)", []),
        ("at(2026-02-01T00:00:01)", ["2026-02-01 00:00:01"]),
        ("at(2026-01-01T00:00:00)", []),
    ],
)
def test_times(text: str, expected: list[str]) -> None:
    assert times(text) == expected


def test_a_time_zone_with_its_changes_of_clocks() -> None:
    assert times("cron(30 2 28-30 3 ? 2026)", zone="Europe/Berlin") == [
        "2026-03-28 01:30:00",  # the next day has no 2:30
        "2026-03-30 00:30:00",
    ]
    assert times("at(2026-07-01T12:00:00)", zone="Europe/Berlin") == ["2026-07-01 10:00:00"]


@pytest.mark.parametrize(
    "text",
    [
        *("rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(1.5 hours)", "rate(5 seconds)", "rate(1 week)"),
        *(
            "rate( 5 minutes)",
            "rate(5  minutes)",
            "rate(5 Minutes)",
            "rate(-1 days)",
            "rate(5 minutes",
            "5 minutes",
            "",
        ),
        *("cron(* * * * *)", "cron(* * * * * *)", "cron(* * ? * ? *)", "cron(60 * * * ? *)", "cron(* 24 * * ? *)"),
        *("cron(* * 0 * ? *)", "cron(* * 32 * ? *)", "cron(* * * 13 ? *)", "cron(* * ? * 8 *)", "cron(* * ? * 0 *)"),
        *("cron(* * * * ? 1969)", "cron(* * * * ? 2200)", "cron(5-1 * * * ? *)", "cron(*/0 * * * ? *)"),
        *(
            "cron(a * * * ? *)",
            "cron(, * * * ? *)",
            "cron(*-5 * * * ? *)",
            "cron(* * ? * MON#6 *)",
            "cron(* * 0W * ? *)",
        ),
        *("at(2026-01-01)", "at()", "CRON(* * * * ? *)"),
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^Parameter ScheduleExpression is not valid: "):
        read_expression(text)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="no time zone 'Nowhere/City'"):
        read_expression("cron(* * * * ? *)", "Nowhere/City")


fields = st.tuples(st.integers(0, 59), st.integers(0, 23), st.integers(1, 28), st.integers(1, 12))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2150, 1, 1), timezones=st.just(timezone.utc))


@given(fields, moments)
def test_a_time_of_every_year_comes_within_a_year(wanted: tuple[int, int, int, int], moment: datetime) -> None:
    minute, hour, day, month = wanted
    found = read_expression(f"cron({minute} {hour} {day} {month} ? *)").after(moment.timestamp(), 0)
    assert found is not None
    there = datetime.fromtimestamp(found, timezone.utc)
    assert (there.minute, there.hour, there.day, there.month, there.second) == (*wanted, 0)
    assert timedelta(0) < there - moment <= timedelta(days=366)


@given(st.integers(1, 500), st.floats(0, 1e9), st.floats(0, 1e6))
def test_rates_are_whole_intervals_from_the_beginning(minutes: int, began: float, later: float) -> None:
    unit = "minute" if minutes == 1 else "minutes"
    found = read_expression(f"rate({minutes} {unit})").after(began + later, began)
    assert found is not None
    assert began + later < found <= began + later + 60 * minutes + 1e-3


@given(st.sets(st.integers(1, 7), min_size=1), moments)
def test_days_of_the_week_are_those_that_are_listed(days: set[int], moment: datetime) -> None:
    text = ",".join(map(str, sorted(days)))
    found = read_expression(f"cron(0 0 ? * {text} *)").after(moment.timestamp(), 0)
    assert found is not None
    there = datetime.fromtimestamp(found, timezone.utc)
    assert there.isoweekday() % 7 + 1 in days
    assert there - moment <= timedelta(days=7)
