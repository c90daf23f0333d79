# pyright: reportPrivateUsage=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""How a JSON value becomes a value of a declared type: one plan a type, compiled when first needed and kept.

A plan either lets a value of its exact JSON type pass as it is, or loads it: `load(value, place, faults)` gives the
Python value, or notes every fault under its place and gives anything. One walk does both, so that valid payloads pay
nothing for good errors: a place is a chain of (place of the container, key), put in words only for a fault.

What JSON has no form for is text: dates and times in ISO 8601, UUIDs, exact decimals (numbers too), bytes in base64.
Models, pydantic's models and msgspec's structs are made by their own classes (`payload_foreign`). Keys that a type does
not declare are ignored. No value is ever shown in an error: payloads are secret, logs are not.
"""

from __future__ import annotations

import enum
import types
import typing
from collections import abc
from dataclasses import is_dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from uuid import UUID

from lambdakit.events.convert import base64_bytes, iso_time
from lambdakit.events.model import json_path
from lambdakit.exceptions import PayloadError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Place: TypeAlias = tuple[Any, Any] | None
    Faults: TypeAlias = list[tuple[Place, str]]
    Load: TypeAlias = Callable[[Any, Place, Faults], Any]

__all__ = ("Plan", "compile_type", "expected", "plan_of", "word_of")

# The words for JSON values in errors.
_WORDS = {dict: "object", list: "array", type(None): "null"}
_is_a: Any = isinstance
_type: Any = type


class Plan:
    """How values of one type are made.

    A value of the type `exact` needs no loading. `of_text` decodes JSON text directly, where that is faster.
    `may_be_wrapped` says that a topic's notification in the value's place is an envelope and not the value.
    """

    __slots__ = ("exact", "load", "may_be_wrapped", "of_text", "says")

    def __init__(self, says: str, load: Load, *, exact: Any = None) -> None:
        self.says = says
        self.load = load
        self.exact = exact
        self.of_text: Callable[[bytes], Any] | None = None
        self.may_be_wrapped = False

    def of_value(self, value: Any) -> Any:
        """The Python value of a JSON value. Raises PayloadError with every fault."""
        if _type(value) is self.exact:
            return value
        faults: Faults = []
        loaded = self.load(value, None, faults)
        if faults:
            raise self.error(faults)
        return loaded

    def error(self, faults: Faults) -> PayloadError:
        """The error that lists the faults, with their places in words."""
        return PayloadError(tuple((_path(place), what) for place, what in faults))


def word_of(value: Any) -> str:
    """What a JSON value is, for errors."""
    return _WORDS.get(_type(value)) or type(value).__name__


def expected(what: str, value: Any, place: Place, faults: Faults) -> None:
    """Note that the value is not what it should be."""
    faults.append((place, f"expected {what}, got {word_of(value)}"))


def _path(place: Place) -> str:
    parts: list[str] = []
    while place is not None:
        place, key = place
        if _type(key) is tuple:  # several steps in one, from another library's error
            parts.extend(_step(part) for part in reversed(key))
        else:
            parts.append(_step(key))
    return "$" + "".join(reversed(parts))


def _step(key: Any) -> str:
    return f"[{key}]" if _type(key) is int else json_path((str(key),))


_plans: dict[Any, Plan] = {}


def plan_of(kind: Any) -> Plan:
    """The plan of a type, compiled the first time. Raises UsageError for a type that JSON cannot hold."""
    # `date | str` equals `str | date`, but is tried in another order.
    key = kind if _type(kind) is type else (kind, repr(kind))
    try:
        plan = _plans.get(key)
    except TypeError:  # an unhashable annotation
        return compile_type(kind)
    if plan is None:
        plan = _plans[key] = compile_type(kind)
    return plan


def compile_type(kind: Any) -> Plan:
    """The plan of a type, made anew."""
    plain = _PLAIN.get(kind) if _is_a(kind, abc.Hashable) else None
    if plain is not None:
        return plain
    origin = typing.get_origin(kind)
    if origin is None:
        return _compile_name(kind)
    arguments = typing.get_args(kind)
    if origin is typing.Annotated or getattr(origin, "_name", None) in _QUALIFIERS:
        return plan_of(arguments[0])
    if origin is typing.Union or origin is types.UnionType:
        return _union(arguments)
    if getattr(origin, "_name", None) == "Literal":
        return _literal(arguments)
    return _generic(kind, origin, arguments)


_QUALIFIERS = ("Required", "NotRequired", "ReadOnly", "Final", "ClassVar")


def _compile_name(kind: Any) -> Plan:
    if _is_a(kind, typing.TypeVar):
        return plan_of(kind.__bound__ or typing.Any)
    if hasattr(kind, "__supertype__"):  # NewType
        return plan_of(kind.__supertype__)
    if hasattr(kind, "__value__"):  # `type X = ...`, which may speak of itself
        return Plan(str(kind), lambda value, place, faults: _descend(plan_of(kind.__value__), value, place, faults))
    if not _is_a(kind, type):
        raise _unknown(kind)
    if kind in _BARE:
        return _generic(kind, kind, ())
    if issubclass(kind, enum.Enum):
        return _enumeration(kind)
    from lambdakit.events import payload_foreign, payload_objects

    foreign = payload_foreign.plan_of_foreign(kind)
    if foreign is not None:
        return foreign
    if is_dataclass(kind) or payload_objects.is_record(kind):
        return payload_objects.record_plan(kind, kind)
    raise _unknown(kind)


def _generic(kind: Any, origin: Any, arguments: tuple[Any, ...]) -> Plan:
    if origin is tuple:
        return _tuple(arguments)
    if origin in _SEQUENCES:
        return _items("array", _SEQUENCES[origin], arguments[0] if arguments else typing.Any)
    if origin in _MAPPINGS:
        return _mapping(*(arguments or (str, typing.Any)))
    if hasattr(origin, "__value__"):  # `type Page[T] = ...`
        return plan_of(origin.__value__[arguments])
    from lambdakit.events import payload_foreign, payload_objects

    foreign = payload_foreign.plan_of_foreign(kind)
    if foreign is not None:
        return foreign
    if is_dataclass(origin) or payload_objects.is_record(origin):
        return payload_objects.record_plan(kind, origin)
    raise _unknown(kind)


def _unknown(kind: Any) -> UsageError:
    return UsageError(
        f"{kind!r} is no payload type: a payload is made of dataclasses, TypedDicts, NamedTuples, enums, str, int, "
        "float, bool, None, Decimal, datetime, date, time, UUID, bytes (base64), list, dict, tuple, set, Optional, "
        "Union, Literal, Any, event models, pydantic models and msgspec structs"
    )


def _descend(plan: Plan, value: Any, place: Place, faults: Faults) -> Any:
    return value if _type(value) is plan.exact else plan.load(value, place, faults)


def _exactly(kind: type, says: str) -> Plan:
    return Plan(says, lambda value, place, faults: expected(says, value, place, faults), exact=kind)


def _float(value: Any, place: Place, faults: Faults) -> Any:
    if _type(value) is int:
        try:
            return float(value)
        except OverflowError:
            faults.append((place, "expected float, got int beyond its range"))
            return None
    return expected("float", value, place, faults)


def _decimal(value: Any, place: Place, faults: Faults) -> Any:
    if _type(value) not in (str, int, float):
        return expected("decimal number", value, place, faults)
    try:
        number = Decimal(repr(value) if _type(value) is float else value)
    except (InvalidOperation, ValueError):
        return expected("decimal number", value, place, faults)
    return number if number.is_finite() else expected("finite decimal number", value, place, faults)


def _of_text(says: str, make: Callable[[str], Any]) -> Plan:
    """A type whose JSON form is text."""

    def load(value: Any, place: Place, faults: Faults) -> Any:
        if _type(value) is not str:
            return expected(says, value, place, faults)
        try:
            return make(value)
        except (ValueError, ArithmeticError):
            faults.append((place, f"expected {says}, got another text"))
            return None

    return Plan(says, load)


def _iso_clock(text: str) -> time:
    return time.fromisoformat(text[:-1] + "+00:00" if text[-1:] in ("z", "Z") else text)


_ANYTHING = Plan("anything", lambda value, place, faults: value)
_PLAIN: dict[Any, Plan] = {
    str: _exactly(str, "str"),
    int: _exactly(int, "int"),
    bool: _exactly(bool, "bool"),
    None: _exactly(type(None), "null"),
    type(None): _exactly(type(None), "null"),
    float: Plan("float", _float, exact=float),
    Decimal: Plan("decimal number", _decimal),
    datetime: _of_text("datetime (ISO 8601 text)", iso_time),
    date: _of_text("date (ISO 8601 text)", date.fromisoformat),
    time: _of_text("time (ISO 8601 text)", _iso_clock),
    UUID: _of_text("UUID (text)", UUID),
    bytes: _of_text("bytes (base64 text)", base64_bytes),
    typing.Any: _ANYTHING,
    object: _ANYTHING,
}
_SEQUENCES: dict[Any, Any] = {
    list: list,
    set: set,
    frozenset: frozenset,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Set: frozenset,
    abc.MutableSet: set,
}
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
_BARE = (*_SEQUENCES, *_MAPPINGS, tuple)


def _items(says: str, make: Any, kind: Any) -> Plan:
    plan = plan_of(kind)
    load, exact = plan.load, plan.exact

    def load_items(value: Any, place: Place, faults: Faults) -> Any:
        if _type(value) is not list:
            return expected(says, value, place, faults)
        items = [
            item if _type(item) is exact else load(item, (place, index), faults) for index, item in enumerate(value)
        ]
        try:
            return items if make is list else make(items)
        except TypeError:
            if not faults:
                faults.append((place, "expected values that a set can hold, got objects or arrays"))
            return None

    return Plan(says, load_items)


def _tuple(arguments: tuple[Any, ...]) -> Plan:
    if not arguments or arguments[-1] is Ellipsis:
        return _items("array", tuple, arguments[0] if arguments else typing.Any)
    plans = [plan_of(kind) for kind in arguments if kind != ()]
    says = f"array of {len(plans)}"

    def load(value: Any, place: Place, faults: Faults) -> Any:
        if _type(value) is not list:
            return expected(says, value, place, faults)
        if len(value) != len(plans):
            faults.append((place, f"expected {says}, got one of {len(value)}"))
            return None
        pairs = enumerate(zip(plans, value, strict=True))
        return tuple(_descend(plan, item, (place, index), faults) for index, (plan, item) in pairs)

    return Plan(says, load)


def _mapping(key_kind: Any, kind: Any) -> Plan:
    plan, key_plan = plan_of(kind), _key_plan(key_kind)

    def load(value: Any, place: Place, faults: Faults) -> Any:
        if _type(value) is not dict:
            return expected("object", value, place, faults)
        return {
            _descend(key_plan, key, (place, key), faults): _descend(plan, item, (place, key), faults)
            for key, item in value.items()
        }

    return Plan("object", load)


def _key_plan(kind: Any) -> Plan:
    """A key is text in JSON, a number's too."""
    if kind is int or kind is float:
        return _of_text(f"{kind.__name__} as a key", kind)
    plan = plan_of(kind)

    def load(value: Any, place: Place, faults: Faults) -> Any:
        known = len(faults)
        key = plan.load(value, place, faults)
        return value if len(faults) > known else key

    return Plan(plan.says, load, exact=plan.exact)


def _enumeration(kind: Any) -> Plan:
    shown = ", ".join(repr(member.value) for member in list(kind)[:12])
    says = f"{kind.__name__} (one of {shown})"

    def load(value: Any, place: Place, faults: Faults) -> Any:
        try:
            member = kind(value)
        except Exception:  # a `_missing_` of the user's own may raise anything
            return expected(says, value, place, faults)
        if _type(value) is bool and _type(member.value) is not bool:  # True equals 1
            return expected(says, value, place, faults)
        return member

    return Plan(says, load)


def _literal(values: tuple[Any, ...]) -> Plan:
    table: dict[Any, Any] = {}
    for value in values:
        plain = value.value if _is_a(value, enum.Enum) else value
        table[type(plain), plain] = value
    says = " or ".join(repr(plain) for _, plain in table)

    def load(value: Any, place: Place, faults: Faults) -> Any:
        try:
            return table[_type(value), value]
        except (KeyError, TypeError):
            return expected(says, value, place, faults)

    return Plan(says, load)


def _union(kinds: tuple[Any, ...]) -> Plan:
    """The first member that fits, as declared; but a value of a member's exact type is taken as it is.

    That does not hold for text, which `date | str` must try as a date first.
    """
    plans = [plan_of(kind) for kind in kinds]
    exacts = frozenset(plan.exact for plan in plans if plan.exact not in (None, str))
    says = " or ".join(plan.says for plan in plans)

    def load(value: Any, place: Place, faults: Faults) -> Any:
        if _type(value) in exacts:
            return value
        tried: list[Faults] = []
        for plan in plans:
            if _type(value) is plan.exact:
                return value
            found: Faults = []
            loaded = plan.load(value, place, found)
            if not found:
                return loaded
            tried.append(found)
        faults.extend(_nearest(tried, place) or [(place, f"expected {says}, got {word_of(value)}")])
        return None

    plan = Plan(says, load)
    plan.may_be_wrapped = any(member.may_be_wrapped for member in plans)
    return plan


def _nearest(tried: list[Faults], place: Place) -> Faults | None:
    """The faults of the member that got furthest: the one with fewest, of those that took the value's kind."""
    inside = [found for found in tried if all(at is not place for at, _ in found)]
    return min(inside, key=len) if inside else None
