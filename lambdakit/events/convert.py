"""What the wire forms mean: times, base64, form-encoded keys, JSON within JSON.

Each function makes one Python value of one JSON value; the models name them in their fields. Imports that cost
(datetime, urllib) wait until a value is asked for.
"""

from __future__ import annotations

from binascii import a2b_base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from decimal import Decimal
    from typing import Any

__all__ = (
    "base64_bytes",
    "certificate_time",
    "clf_time",
    "decimal",
    "epoch_any",
    "epoch_microseconds",
    "epoch_milliseconds",
    "epoch_seconds",
    "form_decoded",
    "integer",
    "iso_time",
    "json_value",
    "signed_bytes",
)

# Common Log Format, as API Gateway writes it; the names are English whatever the locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# A whole number that may come as text, of any size. Nothing but `int`: counters are read too often for a call more.
integer: Callable[[str | int | float], int] = int


def decimal(value: str) -> Decimal:
    """A number's text as a Decimal, exact whatever its length. Raises decimal.InvalidOperation for other text."""
    global _decimal
    if _decimal is None:
        from decimal import Decimal

        _decimal = Decimal
    return _decimal(value)


_decimal: type[Decimal] | None = None


def epoch_seconds(value: float | str) -> datetime:
    """Seconds since 1970 (fractions allowed, number or text) as an aware UTC datetime."""
    from datetime import datetime, timedelta, timezone

    # Not fromtimestamp: its binary fraction would lose microseconds that the decimal text has.
    whole, _, fraction = str(value).partition(".") if isinstance(value, str) else (value, "", "")
    if isinstance(whole, float):
        return datetime.fromtimestamp(whole, timezone.utc)
    microseconds = int((fraction + "000000")[:6]) if fraction else 0
    return datetime.fromtimestamp(int(whole), timezone.utc) + timedelta(microseconds=microseconds)


def epoch_milliseconds(value: float | str) -> datetime:
    """Milliseconds since 1970 (number or text) as an aware UTC datetime."""
    return _from_ticks(int(value), 1_000)


def epoch_microseconds(value: float | str) -> datetime:
    """Microseconds since 1970 (number or text) as an aware UTC datetime."""
    return _from_ticks(int(value), 1)


def epoch_any(value: float | str) -> datetime:
    """Seconds, milliseconds or microseconds since 1970 as an aware UTC datetime: the size tells which.

    For values between the years 1973 and 5138, which no two units share.
    """
    size = abs(float(value))
    if size < 100_000_000_000:
        return epoch_seconds(value)
    return epoch_milliseconds(value) if size < 100_000_000_000_000 else epoch_microseconds(value)


def _from_ticks(value: int, microseconds: int) -> datetime:
    from datetime import datetime, timedelta, timezone

    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=value * microseconds)


def iso_time(value: str) -> datetime:
    """ISO 8601 text as an aware datetime; UTC where it says nothing. Nanoseconds are cut to microseconds."""
    from datetime import datetime, timezone

    text = value.strip()
    if text[-1:] in "zZ":
        text = text[:-1] + "+00:00"
    head, dot, rest = text.partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        text = f"{head}.{(rest[:digits] + '000000')[:6]}{rest[digits:]}"
    if text[-5:-4] in "+-" and text[-4:].isdigit():
        text = f"{text[:-2]}:{text[-2:]}"  # before Python 3.11 only +00:00 is understood, not +0000
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def clf_time(value: str) -> datetime:
    """`04/May/2026:09:12:33 +0000` as an aware datetime; HTTP API examples have no space before the offset."""
    from datetime import datetime, timedelta, timezone

    stamp, zone = value[:20], value[20:].strip()
    date, hour, minute, second = stamp.split(":")
    day, month, year = date.split("/")
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
    moment = (int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
    return datetime(*moment, tzinfo=timezone(offset))


def certificate_time(value: str) -> datetime:
    """`Aug  5 00:28:21 2120 GMT`, as certificates are printed, as an aware UTC datetime."""
    from datetime import datetime, timezone

    month, day, clock, year = value.split()[:4]
    hour, minute, second = clock.split(":")
    moment = (int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
    return datetime(*moment, tzinfo=timezone.utc)


def base64_bytes(value: str) -> bytes:
    """Base64 text as bytes."""
    return a2b_base64(value)


def signed_bytes(value: list[int]) -> bytes:
    """A list of signed bytes (Java's) as bytes."""
    return bytes(byte & 0xFF for byte in value)


def form_decoded(value: str) -> str:
    """A form-encoded text decoded: `+` is a space, `%2B` a plus."""
    if "%" not in value:
        return value.replace("+", " ")
    from urllib.parse import unquote_plus

    return unquote_plus(value)


def json_value(value: str) -> Any:
    """The value of JSON within JSON."""
    from lambdakit.codec import decode

    return decode(value.encode())
