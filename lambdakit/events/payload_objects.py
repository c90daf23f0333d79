"""Plans of the types that are JSON objects: dataclasses, TypedDicts and NamedTuples.

The annotations are read when the first value comes, not when the plan is made, so that a type may speak of itself and
of types defined below it. A dataclass field may be read from another key: `field(metadata={"alias": "orderId"})`.
What a dataclass's own `__post_init__` refuses with ValueError, TypeError or AssertionError is a fault at its place.
"""

from __future__ import annotations

import dataclasses
import typing
from operator import itemgetter

from lambdakit.events.payload_plans import Plan, expected, plan_of
from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from lambdakit.events.payload_plans import Faults, Place

    _Prepared: TypeAlias = tuple[list["Member"], Any, Any, tuple[Any, ...] | None]

__all__ = ("is_record", "record_plan")

_type: Any = type
_is_a: Any = isinstance
_kind_of: Callable[[Any], Any] = type


class _Required:
    """The default of a key that must be there."""


class _Absent:
    """The default of a TypedDict's key that need not be there: it stays away."""


REQUIRED = _Required()
ABSENT = _Absent()


class Member:
    """One field of a record: the key it is read from, the plan of its value, and what stands in where it is absent."""

    __slots__ = ("default", "exact", "factory", "key", "load", "name", "says")

    def __init__(self, name: str, plan: Plan, *, key: str | None = None, default: Any = REQUIRED, factory: Any = None):
        self.name = name
        self.key = name if key is None else key
        self.exact = plan.exact
        self.load = plan.load
        self.says = plan.says
        self.default = default
        self.factory = factory


def is_record(kind: Any) -> bool:
    """Whether the type is a TypedDict or a NamedTuple."""
    return _is_typed_dict(kind) or _is_named_tuple(kind)


def _is_typed_dict(kind: Any) -> bool:
    return hasattr(kind, "__total__") and _is_a(kind, type) and issubclass(kind, dict)


def _is_named_tuple(kind: Any) -> bool:
    return hasattr(kind, "_fields") and _is_a(kind, type) and issubclass(kind, tuple)


def record_plan(kind: Any, origin: Any) -> Plan:
    """The plan of a dataclass, TypedDict or NamedTuple; `kind` may carry arguments of the generic `origin`."""
    ready: _Prepared | None = None

    def load(value: Any, place: Place, faults: Faults) -> Any:
        nonlocal ready
        if ready is None:
            ready = _prepared(kind, origin)
        members, make, get, exacts = ready
        if _type(value) is not dict:
            if _type(value) is not list or not _is_named_tuple(origin):
                return expected(origin.__name__, value, place, faults)
            value = dict(zip((member.key for member in members), value, strict=False))
        values: Any = None
        if exacts is not None:
            try:
                values = get(value)
            except KeyError:
                pass
        if values is None or tuple(map(_kind_of, values)) != exacts:
            known = len(faults)
            values = _read(members, value, place, faults)
            if len(faults) > known:
                return None
        try:
            return make(values)
        except (ValueError, TypeError, AssertionError) as error:
            faults.append((place, f"{origin.__name__} refuses it: {error}"))
            return None

    plan = Plan(origin.__name__, load)
    plan.may_be_wrapped = "TopicArn" not in _keys(origin)
    return plan


def _keys(origin: Any) -> set[str]:
    if dataclasses.is_dataclass(origin):
        return {field.metadata.get("alias", field.name) for field in dataclasses.fields(origin)}
    names: Any = origin._fields if _is_named_tuple(origin) else origin.__required_keys__ | origin.__optional_keys__
    return set(names)


def _prepared(kind: Any, origin: Any) -> _Prepared:
    """The members of a record, and what makes it of their values in order; then what gets those that need no loading.

    The last two are for records whose members all have an exact type: their values are taken in one go, and taken as
    they are where all types are right.
    """
    hints = _hints(kind, origin)
    if _is_typed_dict(origin):
        return _dict_members(origin, hints), _make_dict, None, None
    if _is_named_tuple(origin):
        members, make = _tuple_members(origin, hints), origin._make
    else:
        members, make = _dataclass_members(origin, hints), _maker(origin)
    exacts = tuple(member.exact for member in members)
    if len(exacts) < 2 or None in exacts:
        return members, make, None, None
    return members, make, itemgetter(*(member.key for member in members)), exacts


def _read(members: list[Member], value: dict[str, Any], place: Place, faults: Faults) -> list[Any]:
    values: list[Any] = []
    for member in members:
        try:
            item = value[member.key]
        except KeyError:
            values.append(_stand_in(member, place, faults))
            continue
        if _type(item) is not member.exact:
            item = member.load(item, (place, member.key), faults)
        values.append(item)
    return values


def _stand_in(member: Member, place: Place, faults: Faults) -> Any:
    if member.factory is not None:
        return member.factory()
    if member.default is REQUIRED:
        faults.append(((place, member.key), f"missing, expected {member.says}"))
    return (member.name, ABSENT) if member.default is ABSENT else member.default


def _hints(kind: Any, origin: Any) -> dict[str, Any]:
    """The annotations, with the arguments of a generic type in the place of its variables."""
    try:
        hints = typing.get_type_hints(origin, include_extras=True)
    except NameError as error:
        raise UsageError(
            f"{origin.__qualname__} cannot be a payload type: {error}; "
            "its annotations must name types that its module has at run time (not only under TYPE_CHECKING)"
        ) from None
    variables = dict(zip(getattr(origin, "__parameters__", ()), typing.get_args(kind), strict=False))
    return {name: _filled(hint, variables) for name, hint in hints.items()} if variables else hints


def _filled(hint: Any, variables: dict[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return variables.get(hint, hint)
    open_ones = getattr(hint, "__parameters__", ()) if typing.get_origin(hint) is not None else ()
    return hint[tuple(variables.get(variable, typing.Any) for variable in open_ones)] if open_ones else hint


def _dataclass_members(origin: Any, hints: dict[str, Any]) -> list[Member]:
    members: list[Member] = []
    for field in dataclasses.fields(origin):
        if not field.init:
            continue
        factory = None if field.default_factory is dataclasses.MISSING else field.default_factory
        default = REQUIRED if field.default is dataclasses.MISSING else field.default
        alias = field.metadata.get("alias")
        members.append(Member(field.name, plan_of(hints[field.name]), key=alias, default=default, factory=factory))
    return members


def _maker(origin: Any) -> Any:
    """What makes a dataclass of its values in order."""
    fields = [field for field in dataclasses.fields(origin) if field.init]
    names = [field.name for field in fields]

    def by_place(values: Sequence[Any]) -> Any:
        return origin(*values)

    def by_name(values: Sequence[Any]) -> Any:
        return origin(**dict(zip(names, values, strict=True)))

    return by_name if any(field.kw_only for field in fields) else by_place


def _tuple_members(origin: Any, hints: dict[str, Any]) -> list[Member]:
    defaults = origin._field_defaults
    return [
        Member(name, plan_of(hints.get(name, typing.Any)), default=defaults.get(name, REQUIRED))
        for name in origin._fields
    ]


def _dict_members(origin: Any, hints: dict[str, Any]) -> list[Member]:
    members: list[Member] = []
    for name, hint in hints.items():
        mark = _mark(hint)
        required = name in origin.__required_keys__ if mark is None else mark == "Required"
        plan = plan_of(hint)
        member = Member(name, plan, default=REQUIRED if required else ABSENT)
        # Every value goes through `load`, which gives the key with it.
        member.exact, member.load = None, _pair_loader(name, plan)
        members.append(member)
    return members


def _mark(hint: Any) -> str | None:
    """Required or NotRequired, as written; postponed annotations hide them from the TypedDict itself."""
    while typing.get_origin(hint) is not None:
        mark = getattr(typing.get_origin(hint), "_name", None)
        if mark in ("Required", "NotRequired"):
            return str(mark)
        if mark != "ReadOnly" and typing.get_origin(hint) is not typing.Annotated:
            return None
        hint = typing.get_args(hint)[0]
    return None


def _pair_loader(name: str, plan: Plan) -> Any:
    def load(value: Any, place: Place, faults: Faults) -> Any:
        return name, value if _type(value) is plan.exact else plan.load(value, place, faults)

    return load


def _make_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value is not ABSENT}
