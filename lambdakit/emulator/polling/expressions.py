"""When a schedule fires: `rate(5 minutes)`, `cron(0 8 ? * MON-FRI *)` and `at(2026-01-02T03:04:05)`.

    expression = read_expression("cron(0 8 ? * MON-FRI *)")
    expression.after(moment, began=moment)    # seconds since 1970 of the next time, None: never again

A rate counts from when it began and fires first one interval later. The fields of cron are minutes, hours, day of the
month, month, day of the week (1 is Sunday) and year; one of the two days is `?`. Source: Amazon EventBridge user guide,
"Schedule expressions".
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import tzinfo

__all__ = ("Expression", "read_expression")

_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
_DAYS = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


class Expression(Protocol):
    """A schedule's times."""

    def after(self, moment: float, began: float) -> float | None:
        """The first time after a moment, of a schedule that began at another."""
        ...


def read_expression(text: str, zone: str | None = None) -> Expression:
    """Read an expression; `zone` is the time zone of cron and at (UTC). Raises UsageError."""
    name, _, rest = text.partition("(")
    read = _KINDS.get(name)
    try:
        if read is None or not rest.endswith(")"):
            raise ValueError("it is none of rate(...), cron(...) and at(...)")
        return read(rest[:-1], timezone.utc if zone is None else ZoneInfo(zone))
    except ZoneInfoNotFoundError:
        raise UsageError(f"There is no time zone {zone!r} here.") from None
    except ValueError as error:
        raise UsageError(f"Parameter ScheduleExpression is not valid: {text!r}: {error}.") from None


@dataclass(frozen=True)
class Rate:
    """Every so many seconds."""

    seconds: int

    def after(self, moment: float, began: float) -> float | None:
        """The next whole interval since it began."""
        return began + (max(0.0, moment - began) // self.seconds + 1) * self.seconds


@dataclass(frozen=True)
class At:
    """Once."""

    moment: float

    def after(self, moment: float, began: float) -> float | None:
        """The moment, if it is still to come."""
        return self.moment if self.moment > moment else None


class Cron(NamedTuple):
    """Fields, and the days of a month that they mean."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Callable[[int, int], frozenset[int]]
    months: tuple[int, ...]
    years: tuple[int, ...]
    zone: tzinfo

    def after(self, moment: float, began: float) -> float | None:
        """The first minute after the moment that all fields allow, unless a change of clocks leaves it out."""
        local = datetime.fromtimestamp(moment, self.zone).replace(tzinfo=None)
        for found in self._from(local.replace(second=0, microsecond=0)):
            there = found.replace(tzinfo=self.zone)
            exists = datetime.fromtimestamp(there.timestamp(), self.zone).replace(tzinfo=None) == found
            if exists and there.timestamp() > moment:
                return there.timestamp()
        return None

    def _from(self, start: datetime) -> Iterator[datetime]:
        """All local times from one on."""
        for year in (year for year in self.years if year >= start.year):
            for month in self.months:
                if (year, month) >= (start.year, start.month):
                    yield from self._of_month(year, month, start)

    def _of_month(self, year: int, month: int, start: datetime) -> Iterator[datetime]:
        for day in sorted(self.days(year, month)):
            if (year, month, day) < (start.year, start.month, start.day):
                continue
            for hour in self.hours:
                for minute in self.minutes:
                    found = datetime(year, month, day, hour, minute)
                    if found >= start:
                        yield found


def _rate(text: str, _: tzinfo) -> Rate:
    found = re.fullmatch(r"([1-9][0-9]*) (minute|hour|day)(s?)", text)
    if found is None:
        raise ValueError("a rate is a whole number, a blank, and minutes, hours or days")
    number = int(found[1])
    if (number == 1) == bool(found[3]):
        raise ValueError(f"of {number} it is {found[2]}{'' if number == 1 else 's'}")
    return Rate(number * _SECONDS[found[2]])


def _at(text: str, zone: tzinfo) -> At:
    try:
        return At(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).timestamp())
    except ValueError:
        raise ValueError("a moment is yyyy-mm-ddThh:mm:ss") from None


def _cron(text: str, zone: tzinfo) -> Cron:
    fields = text.split()
    if len(fields) != 6:
        raise ValueError(f"cron has six fields, not {len(fields)}")
    minutes, hours, of_month, months, of_week, years = fields
    if (of_month == "?") == (of_week == "?"):
        raise ValueError("one of the day of the month and the day of the week is ?, and only one")
    return Cron(
        _values(minutes, 0, 59),
        _values(hours, 0, 23),
        _days_of_month(of_month) if of_week == "?" else _days_of_week(of_week),
        _values(months, 1, 12, _MONTHS),
        _values(years, _FIRST_YEAR, _LAST_YEAR),
        zone,
    )


_KINDS: dict[str, Callable[[str, tzinfo], Expression]] = {"rate": _rate, "cron": _cron, "at": _at}


def _values(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> tuple[int, ...]:
    """The numbers that a field allows: `*`, numbers, ranges, steps, and lists of these."""
    found: set[int] = set()
    for part in text.split(","):
        base, slash, step = part.partition("/")
        first, dash, last = base.partition("-")
        start = low if first == "*" else _number(first, names)
        # A start with a step goes to the end; alone it is one value.
        end = _number(last, names) if dash else high if first == "*" or slash else start
        if not low <= start <= end <= high or (dash and first == "*"):
            raise ValueError(f"{part} is not within {low} to {high}")
        found.update(range(start, end + 1, _step(step) if slash else 1))
    return tuple(sorted(found))


def _number(text: str, names: Mapping[str, int] | None) -> int:
    number = (names or {}).get(text.upper())
    if number is None and not re.fullmatch("[0-9]+", text):
        raise ValueError(f"{text!r} is no number")
    return int(text) if number is None else number


def _step(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]*", text):
        raise ValueError(f"{text!r} is no step")
    return int(text)


def _days_of_month(text: str) -> Callable[[int, int], frozenset[int]]:
    if text == "L":
        return lambda year, month: frozenset([monthrange(year, month)[1]])
    nearest = re.fullmatch("([0-9]+)W", text)
    if nearest is not None:
        (wanted,) = _values(nearest[1], 1, 31)
        return lambda year, month: _nearest_weekday(year, month, wanted)
    days = _values(text, 1, 31)
    return lambda year, month: frozenset(day for day in days if day <= monthrange(year, month)[1])


def _nearest_weekday(year: int, month: int, wanted: int) -> frozenset[int]:
    """The working day that is nearest to a day, within its month."""
    last = monthrange(year, month)[1]
    if wanted > last:
        return frozenset()
    near = sorted((abs(day - wanted), day) for day in range(max(1, wanted - 2), min(last, wanted + 2) + 1))
    return frozenset([next(day for _, day in near if _weekday(year, month, day) not in (1, 7))])


def _days_of_week(text: str) -> Callable[[int, int], frozenset[int]]:
    if text.upper() == "L":
        text = "7"
    special = re.fullmatch("([0-9]|[A-Za-z]{3})(?:(L)|#([1-5]))", text)
    if special is None:
        days = _values(text, 1, 7, _DAYS)
        return lambda year, month: frozenset(day for day in _month(year, month) if _weekday(year, month, day) in days)
    (wanted,) = _values(special[1], 1, 7, _DAYS)
    which = -1 if special[2] else int(special[3]) - 1

    def found(year: int, month: int) -> frozenset[int]:
        days = [day for day in _month(year, month) if _weekday(year, month, day) == wanted]
        return frozenset(days[which:][:1])

    return found


def _month(year: int, month: int) -> range:
    return range(1, monthrange(year, month)[1] + 1)


def _weekday(year: int, month: int, day: int) -> int:
    """The day of the week, Sunday being 1."""
    return (datetime(year, month, day).weekday() + 1) % 7 + 1
