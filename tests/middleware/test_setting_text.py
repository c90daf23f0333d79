"""Text of variables becomes values of types: every type, from both sides."""

# ruff: noqa: UP007, UP045 - both spellings of a union are read

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NewType, Optional, TypedDict, Union
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import UsageError
from lambdakit.middleware import URL, Secret
from lambdakit.middleware.setting_text import reader_of


class Color(enum.Enum):
    RED = "red"
    DEEP_BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Limits(TypedDict):
    most: int


@dataclass
class Retry:
    attempts: int
    wait: float = 0.5

    def __post_init__(self) -> None:
        if self.attempts < 0:
            raise ValueError(f"{self.attempts} is negative")


Name = NewType("Name", str)
UTC = timezone.utc

READ: list[tuple[Any, str, Any]] = [
    (str, " as it is ", " as it is "),
    (Any, "x", "x"),
    (int, " -12 ", -12),
    (float, "1.5e3", 1500.0),
    (bool, "True", True),
    (bool, "off", False),
    (bool, "1", True),
    (Decimal, "0.10", Decimal("0.10")),
    (timedelta, "30s", timedelta(seconds=30)),
    (timedelta, "1h30m", timedelta(minutes=90)),
    (timedelta, "1.5 h", timedelta(minutes=90)),
    (timedelta, "250ms", timedelta(milliseconds=250)),
    (timedelta, "90", timedelta(seconds=90)),
    (timedelta, "0", timedelta()),
    (timedelta, "PT1H30M", timedelta(minutes=90)),
    (timedelta, "P2W", timedelta(weeks=2)),
    (timedelta, "P1DT0.5S", timedelta(days=1, milliseconds=500)),
    (datetime, "2026-01-31T08:30:00Z", datetime(2026, 1, 31, 8, 30, tzinfo=UTC)),
    (date, "2026-01-31", date(2026, 1, 31)),
    (time, "08:30", time(8, 30)),
    (UUID, "12345678123456781234567812345678", UUID("12345678123456781234567812345678")),
    (bytes, "AAEC", b"\0\1\2"),
    (Path, "/var/task", Path("/var/task")),
    (URL, "https://example.com", URL("https://example.com")),
    (Name, "x", "x"),
    (Color, "red", Color.RED),
    (Color, "DEEP_BLUE", Color.DEEP_BLUE),
    (Level, "2", Level.HIGH),
    (Literal["a", 1, True], "1", 1),
    (Literal["a", 1, True], "true", True),
    (Optional[int], "5", 5),
    (Optional[int], "", None),
    (Optional[str], "", ""),
    (Union[str, int], "5", 5),
    (Union[int, str], "five", "five"),
    (list[int], "1, 2,3", [1, 2, 3]),
    (list[int], "[1, 2]", [1, 2]),
    (list[str], "", []),
    (list[str], "a,b,", ["a", "b"]),
    (list[str], '["a,b", "c"]', ["a,b", "c"]),
    (list, "a,b", ["a", "b"]),
    (set[Color], "red,blue,red", {Color.RED, Color.DEEP_BLUE}),
    (frozenset[int], "1,1", frozenset({1})),
    (tuple[int, ...], "1,2", (1, 2)),
    (tuple[str, int], "a,1", ("a", 1)),
    (Sequence[timedelta], "1s,2s", (timedelta(seconds=1), timedelta(seconds=2))),
    (list[Retry], '[{"attempts": 1}, {"attempts": 2, "wait": 1}]', [Retry(1), Retry(2, 1.0)]),
    (Retry, '{"attempts": 3}', Retry(3)),
    (Limits, '{"most": 3}', {"most": 3}),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (Secret[str], "x", Secret("x")),
    (Secret[int], "5", Secret(5)),
    (Secret, "x", Secret("x")),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ, ids=range(len(READ)))
def test_text_becomes_the_value(kind: Any, text: str, value: Any) -> None:
    read = reader_of(kind).read(text)
    assert read == value
    assert type(read) is type(value)


REFUSED: list[tuple[Any, str, str]] = [
    (int, "1.5", "expected a whole number"),
    (int, "", "expected a whole number"),
    (float, "x", "expected a number"),
    (bool, "maybe", r"expected true or false"),
    (Decimal, "NaN", "expected a decimal number"),
    (timedelta, "", "expected a duration such as 30s"),
    (timedelta, "P1Y", "expected a duration"),
    (timedelta, "PT", "expected a duration"),
    (timedelta, "5x", "expected a duration"),
    (timedelta, "9" * 30, "expected a duration"),
    (datetime, "yesterday", "expected a date and time"),
    (URL, "example.com", "expected an absolute URL"),
    (Path, "", "expected a path"),
    (bytes, "?", "expected base64"),
    (Color, "green", "expected one of red, blue"),
    (Literal["a", 1], "b", "expected 'a' or 1"),
    (Optional[int], "x", "expected a whole number"),
    (Union[int, bool], "x", "expected a whole number or true or false"),
    (list[int], "1,x,3", "expected a whole number at item 2"),
    (list[int], "[1", r"expected .*; it starts as JSON but is not"),
    (list[int], "[1.5]", "expected a whole number at item 1"),
    (tuple[str, int], "a", r"expected 2 values between commas .*, got 1"),
    (Retry, "{", "expected JSON for Retry; it is not JSON"),
    (Retry, '{"attempts": "x"}', r"expected JSON for Retry; \$.attempts: expected int, got str"),
    (Retry, '{"attempts": -77}', r"expected JSON for Retry; \$: Retry refuses it$"),
]


@pytest.mark.parametrize(("kind", "text", "message"), REFUSED, ids=range(len(REFUSED)))
def test_other_text_is_refused_without_being_shown(kind: Any, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        reader_of(kind).read(text)
    assert "77" not in str(caught.value)


@given(st.integers(0, 9999), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_every_duration_is_read_in_both_forms(days: int, hours: int, minutes: int, seconds: int, ms: int) -> None:
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=ms)
    read = reader_of(timedelta).read
    assert read(f"{days}d{hours}h {minutes}m{seconds}s{ms}ms") == length
    assert read(f"P{days}DT{hours}H{minutes}M{seconds}.{ms:03}S") == length


@given(st.lists(st.integers()), st.lists(st.text(alphabet="abc -_/", min_size=1).map(str.strip).filter(bool)))
def test_every_list_is_read(numbers: list[int], words: list[str]) -> None:
    assert reader_of(list[int]).read(",".join(map(str, numbers))) == numbers
    assert reader_of(list[int]).read(str(numbers)) == numbers
    assert reader_of(list[str]).read(" , ".join(words)) == words


@given(st.text())
def test_no_text_breaks_a_reader(text: str) -> None:
    for kind in (int, float, bool, Decimal, timedelta, datetime, date, time, UUID, bytes, URL, list[int], Retry, Color):
        message = refusal(kind, text)
        assert message is None or message.startswith("expected ")


def refusal(kind: Any, text: str) -> str | None:
    """What a reader says against a text."""
    try:
        reader_of(kind).read(text)
    except ValueError as error:
        return str(error)
    return None


def test_a_type_that_text_cannot_hold_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="is no payload type"):
        reader_of(type(open))
