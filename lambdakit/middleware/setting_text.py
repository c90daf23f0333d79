# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""How the text of a variable becomes a value of a setting's type: one reader a type.

A reader gives the value or raises ValueError saying what was expected, never what was found: whether that may be shown
is known only to who asks. Lists are text between commas or a JSON array; what has fields of its own (dataclasses,
TypedDicts, models) is JSON, read by the same plans as payloads.
"""

from __future__ import annotations

import enum
import re
import sys
import types
import typing
from base64 import b64decode
from collections import abc
from datetime import date, datetime, time, timedelta

from lambdakit.codec import decode
from lambdakit.events.convert import iso_time
from lambdakit.exceptions import PayloadError, UnmarshalFault, UsageError
from lambdakit.middleware.secret_values import Secret
from lambdakit.middleware.url_values import URL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ("Reader", "reader_of", "without_none", "without_users_words")

_type: Any = type

TRUTHS = {
    "true": True, "1": True, "yes": True, "on": True, "y": True, "t": True,
    "false": False, "0": False, "no": False, "off": False, "n": False, "f": False,
}  # fmt: skip

# ISO 8601 (PT1H30M, P1DT12H) and the short form (1h30m, 500ms, 30s); years and months have no length.
_ISO_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)
_SHORT_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|us|w|d|h|m|s)\s*", re.ASCII)
_UNITS = {
    "us": "microseconds", "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks",
}  # fmt: skip


class Reader:
    """How text is read: `read(text)` gives the value or raises ValueError; `says` is the type in words."""

    __slots__ = ("read", "says")

    def __init__(self, says: str, read: Callable[[str], Any]) -> None:
        self.says = says
        self.read = read


def reader_of(kind: Any, foreign: Reader | None = None) -> Reader:
    """The reader of a type; `foreign` reads what is unknown here. Raises UsageError for what text cannot hold."""
    plain = _plain(kind)
    if plain is not None:
        return plain
    origin = typing.get_origin(kind)
    if origin is None:
        return _of_name(kind, foreign)
    arguments = typing.get_args(kind)
    if origin is typing.Annotated or getattr(origin, "_name", None) in ("Final", "ClassVar"):
        return reader_of(arguments[0], foreign)
    if origin is typing.Union or origin is types.UnionType:
        return _union(arguments, foreign)
    if getattr(origin, "_name", None) == "Literal":
        return _chosen(" or ".join(map(repr, arguments)), [(_plain_text(value), value) for value in arguments])
    if origin is Secret:
        inner = reader_of(arguments[0], foreign)
        return Reader(inner.says, lambda text: Secret(inner.read(text)))
    if origin in _COLLECTIONS:
        return _collection(origin, arguments, foreign)
    return _json(kind)


def _of_name(kind: Any, foreign: Reader | None) -> Reader:
    if hasattr(kind, "__supertype__"):  # NewType
        return reader_of(kind.__supertype__, foreign)
    if hasattr(kind, "__value__"):  # `type X = ...`
        return reader_of(kind.__value__, foreign)
    if kind is Secret:
        return Reader("str", Secret)
    if kind in _COLLECTIONS:
        return _collection(kind, (), foreign)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _enumeration(kind)
    own_fields = any(hasattr(kind, mark) for mark in _OF_FIELDS)
    return _json(kind) if foreign is None or own_fields or kind in (dict, abc.Mapping) else foreign


def without_users_words(message: str) -> str:
    """An error without what a class of the user's own said in it, which may be the value."""
    return _USERS_WORDS.sub(r"\1", message)


_USERS_WORDS = re.compile(r"( refuses it|Value error|Assertion failed)[:,] [^;]*")


def without_none(kind: Any) -> Any:
    """X of Optional[X]; any other type, and a union of more, as it is."""
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return kind
    rest = [member for member in typing.get_args(kind) if member is not type(None)]
    return rest[0] if len(rest) == 1 else kind


def _of(says: str, make: Callable[[str], Any]) -> Reader:
    def read(text: str) -> Any:
        try:
            return make(text.strip())
        except (ValueError, ArithmeticError, KeyError):
            raise ValueError(f"expected {says}") from None

    return Reader(says, read)


def _duration(text: str) -> timedelta:
    iso = _ISO_DURATION.fullmatch(text.upper())
    if iso and any(iso.groups()):
        weeks, days, hours, minutes, seconds = (float(part or 0) for part in iso.groups())
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return timedelta(seconds=float(text))
    length, end = timedelta(), 0
    while end < len(text):
        part = _SHORT_DURATION.match(text.lower(), end)
        if part is None:
            raise ValueError(text)
        length, end = length + timedelta(**{_UNITS[part[2]]: float(part[1])}), part.end()
    if not end:
        raise ValueError(text)
    return length


def _decimal(text: str) -> Any:
    number = sys.modules["decimal"].Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _clock(text: str) -> time:
    return time.fromisoformat(text[:-1] + "+00:00" if text[-1:] in ("z", "Z") else text)


def _uuid(text: str) -> Any:
    return sys.modules["uuid"].UUID(text)


def _path(text: str) -> Any:
    if not text:
        raise ValueError(text)
    return sys.modules["pathlib"].Path(text)


_TEXT = Reader("text", lambda text: text)
_PLAIN: dict[Any, Reader] = {
    str: _TEXT,
    typing.Any: _TEXT,
    object: _TEXT,
    int: _of("a whole number", int),
    float: _of("a number", float),
    bool: _of("true or false (or 1, 0, yes, no, on, off)", lambda text: TRUTHS[text.lower()]),
    timedelta: _of("a duration such as 30s, 1h30m or PT30S", _duration),
    datetime: _of("a date and time in ISO 8601", iso_time),
    date: _of("a date such as 2026-01-31", date.fromisoformat),
    time: _of("a time such as 08:30", _clock),
    bytes: _of("base64", lambda text: b64decode(text, validate=True)),
    URL: _of("an absolute URL", URL),
}
# Types of modules that cost: a setting can only be of them where the module is imported.
_LATER: dict[str, tuple[tuple[str, Reader], ...]] = {
    "decimal": (("Decimal", _of("a decimal number", _decimal)),),
    "pathlib": (("Path", _of("a path", _path)), ("PurePath", _of("a path", _path))),
    "uuid": (("UUID", _of("a UUID", _uuid)),),
}


def _plain(kind: Any) -> Reader | None:
    for name in [name for name in _LATER if name in sys.modules]:
        for attribute, reader in _LATER.pop(name, ()):
            _PLAIN[getattr(sys.modules[name], attribute)] = reader
    return _PLAIN.get(kind) if isinstance(kind, abc.Hashable) else None


_COLLECTIONS: dict[Any, Any] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Sequence: tuple,
    abc.Collection: tuple,
    abc.Iterable: tuple,
    abc.Set: frozenset,
}
# What classes of several fields carry: dataclasses, TypedDicts, NamedTuples, pydantic's models, msgspec's structs.
_OF_FIELDS = ("__dataclass_fields__", "__total__", "_fields", "model_fields", "__struct_fields__")


def _plain_text(value: Any) -> str:
    plain = value.value if isinstance(value, enum.Enum) else value
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _chosen(shown: str, choices: list[tuple[str, Any]]) -> Reader:
    return _of(shown, lambda text: dict(reversed(choices))[text])


def _enumeration(kind: Any) -> Reader:
    """A member by its value, else by its name."""
    members = list(kind.__members__.items())
    shown = ", ".join(_plain_text(member) for _, member in members[:12])
    return _chosen(f"one of {shown}", [(_plain_text(member), member) for _, member in members] + members)


def _union(kinds: tuple[Any, ...], foreign: Reader | None) -> Reader:
    """The first member that fits; text last, which would take anything. Empty text is None where that may be."""
    wanted = sorted((kind for kind in kinds if kind is not type(None)), key=lambda kind: kind is str)
    readers = [reader_of(kind, foreign) for kind in wanted]
    says = " or ".join(dict.fromkeys(reader.says for reader in readers))

    def read(text: str) -> Any:
        if not text.strip() and len(wanted) < len(kinds) and str not in kinds:
            return None
        for reader in readers:
            try:
                return reader.read(text)
            except ValueError:
                if len(readers) == 1:
                    raise
        raise ValueError(f"expected {says}")

    return Reader(says, read)


def _collection(origin: Any, arguments: tuple[Any, ...], foreign: Reader | None) -> Reader:
    make = _COLLECTIONS[origin]
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        return _fixed([reader_of(kind, foreign) for kind in arguments])
    item = reader_of(arguments[0] if arguments else str, foreign)
    says = f"{item.says} (several: between commas, or a JSON array)"

    def read(text: str) -> Any:
        return make([_item(item, index, part) for index, part in enumerate(_parts(text, says))])

    return Reader(says, read)


def _fixed(items: list[Reader]) -> Reader:
    says = f"{len(items)} values between commas ({'; '.join(item.says for item in items)})"

    def read(text: str) -> Any:
        parts = _parts(text, says)
        if len(parts) != len(items):
            raise ValueError(f"expected {says}, got {len(parts)}")
        return tuple(_item(item, index, part) for index, (item, part) in enumerate(zip(items, parts, strict=True)))

    return Reader(says, read)


def _parts(text: str, says: str) -> list[Any]:
    """The texts of a list, or where it is a JSON array its items."""
    text = text.strip()
    if not text.startswith("["):
        return [part.strip() for part in text.removesuffix(",").split(",")] if text else []
    try:
        items: Any = decode(text.encode())
    except UnmarshalFault:
        raise ValueError(f"expected {says}; it starts as JSON but is not") from None
    return [item if _type(item) is str else _Json(item) for item in items]


class _Json:
    """An item of a JSON array that is not text."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _item(reader: Reader, index: int, part: Any) -> Any:
    if _type(part) is _Json:
        from lambdakit.codec import encode

        part = encode(part.value).decode()
    try:
        return reader.read(part)
    except ValueError as error:
        raise ValueError(f"{error} at item {index + 1}") from None


def _json(kind: Any) -> Reader:
    from lambdakit.events.payload_plans import plan_of

    plan = plan_of(kind)  # UsageError for what JSON cannot hold
    says = f"JSON for {getattr(kind, '__name__', None) or kind}"

    def read(text: str) -> Any:
        try:
            return plan.of_value(decode(text.encode()))
        except UnmarshalFault:
            raise ValueError(f"expected {says}; it is not JSON") from None
        except PayloadError as error:
            raise ValueError(f"expected {says}; {without_users_words(str(error))}") from None
        except UsageError as error:
            raise ValueError(str(error)) from None

    return Reader(says, read)
