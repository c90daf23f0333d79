"""What a member of a request may be, and the service's own words where it is something else.

A constraint looks at a value and gives the texts of what it breaks; `violations()` puts them together with the value
and its path as the service does: lower camel case, nested with dots. Source: AWS Lambda API reference, "Data types",
and recorded replies of the service.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lambdakit.emulator.control.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sized

__all__ = (
    "Anything",
    "Choice",
    "Constraint",
    "Flag",
    "Fraction",
    "ListOf",
    "MapOf",
    "Number",
    "Struct",
    "Text",
    "check",
)

_REQUIRED = "Member must not be null"


@dataclass(frozen=True)
class Constraint:
    """One kind of member; `kinds` are the Python types of its values."""

    kinds: ClassVar[tuple[type, ...]] = (object,)

    def broken(self, value: Any) -> Iterator[str]:
        """The texts of what the value breaks, itself only."""
        yield from ()

    def below(self, value: Any) -> Iterator[tuple[str, Any, Constraint, bool]]:
        """The members of the value: name, value (None where it is absent), constraint, whether it must be there."""
        yield from ()


@dataclass(frozen=True)
class Anything(Constraint):
    """A member that is taken as it is."""


@dataclass(frozen=True)
class Flag(Constraint):
    """True or false."""

    kinds: ClassVar[tuple[type, ...]] = (bool,)


@dataclass(frozen=True)
class Text(Constraint):
    """A string. `pattern` is quoted in messages; `match` replaces it where Python's `re` has no such words."""

    longest: int | None = None
    shortest: int = 0
    pattern: str | None = None
    match: str | None = None
    kinds: ClassVar[tuple[type, ...]] = (str,)

    def broken(self, value: Any) -> Iterator[str]:
        """Length, then pattern."""
        yield from _lengths(value, self.longest, self.shortest)
        if self.pattern is not None and not self._matches(self.pattern, value):
            yield f"Member must satisfy regular expression pattern: {self.pattern}"

    def _matches(self, pattern: str, value: str) -> bool:
        found = re.fullmatch(pattern, value, re.ASCII) if self.match is None else re.fullmatch(self.match, value)
        return found is not None


def _lengths(value: Sized, longest: int | None, shortest: int) -> Iterator[str]:
    if longest is not None and len(value) > longest:
        yield f"Member must have length less than or equal to {longest}"
    if len(value) < shortest:
        yield f"Member must have length greater than or equal to {shortest}"


@dataclass(frozen=True)
class Number(Constraint):
    """A number."""

    least: float
    most: float | None = None
    kinds: ClassVar[tuple[type, ...]] = (int,)

    def broken(self, value: Any) -> Iterator[str]:
        """The upper bound, then the lower one."""
        if self.most is not None and value > self.most:
            yield f"Member must have value less than or equal to {self.most}"
        if value < self.least:
            yield f"Member must have value greater than or equal to {self.least}"


@dataclass(frozen=True)
class Fraction(Number):
    """A number with decimals."""

    kinds: ClassVar[tuple[type, ...]] = (int, float)


@dataclass(frozen=True)
class Choice(Constraint):
    """One of some words, in the service's order."""

    values: tuple[str, ...]
    kinds: ClassVar[tuple[type, ...]] = (str,)

    def broken(self, value: Any) -> Iterator[str]:
        """Not one of them."""
        if value not in self.values:
            yield f"Member must satisfy enum value set: [{', '.join(self.values)}]"


@dataclass(frozen=True)
class ListOf(Constraint):
    """A list; what its members break is told of the list."""

    member: Constraint
    longest: int | None = None
    shortest: int = 0
    kinds: ClassVar[tuple[type, ...]] = (list,)

    def broken(self, value: Any) -> Iterator[str]:
        """Length, then members."""
        yield from _lengths(value, self.longest, self.shortest)
        if any(text for item in value for text in self.member.broken(item)):
            yield f"Member must satisfy constraint: [{', '.join(all_texts(self.member))}]"


@dataclass(frozen=True)
class MapOf(Constraint):
    """A map with free keys; the values of a `secret` one are not repeated in messages."""

    key: Constraint
    value: Constraint
    secret: bool = False
    kinds: ClassVar[tuple[type, ...]] = (dict,)

    def broken(self, value: Any) -> Iterator[str]:
        """Values, then keys."""
        if any(text for item in value.values() for text in self.value.broken(item)):
            yield f"Map value must satisfy constraint: [{', '.join(all_texts(self.value))}]"
        if any(text for key in value for text in self.key.broken(key)):
            yield f"Map keys must satisfy constraint: [{', '.join(all_texts(self.key))}]"


@dataclass(frozen=True)
class Struct(Constraint):
    """A table with members of its own; unknown ones are let be, as the service does."""

    members: Mapping[str, Constraint]
    required: tuple[str, ...] = ()
    kinds: ClassVar[tuple[type, ...]] = (dict,)

    def below(self, value: Any) -> Iterator[tuple[str, Any, Constraint, bool]]:
        """The members, in the table's order."""
        for name, constraint in self.members.items():
            yield name, value.get(name), constraint, name in self.required


def all_texts(constraint: Constraint) -> Iterator[str]:
    """Everything a member of a list or a map must satisfy, as the service lists it."""
    if isinstance(constraint, Choice):
        yield f"Member must satisfy enum value set: [{', '.join(constraint.values)}]"
    elif isinstance(constraint, Number):
        yield f"Member must have value less than or equal to {constraint.most}"
        yield f"Member must have value greater than or equal to {constraint.least}"
    elif isinstance(constraint, Text):
        if constraint.longest is not None:
            yield f"Member must have length less than or equal to {constraint.longest}"
        if constraint.shortest:
            yield f"Member must have length greater than or equal to {constraint.shortest}"
        if constraint.pattern is not None:
            yield f"Member must satisfy regular expression pattern: {constraint.pattern}"
    yield _REQUIRED


def check(inputs: Mapping[str, Any], wanted: Struct) -> None:
    """Raise ServiceError if the inputs of an operation are not what its table says; all that is wrong is told."""
    _check_kinds("", inputs, wanted)
    found = [*violations("", inputs, wanted)]
    if found:
        errors = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        raise refuse("validation", problems=errors + "; ".join(found))


def violations(path: str, value: Any, constraint: Constraint) -> Iterator[str]:
    """Every sentence on what a value and its members break."""
    for text in constraint.broken(value):
        hidden = dict.fromkeys(value, "***") if isinstance(constraint, MapOf) and constraint.secret else value
        yield f"Value '{shown(hidden)}' at '{path}' failed to satisfy constraint: {text}"
    for name, member, wanted, required in constraint.below(value):
        place = _camel(path, name)
        if member is not None:
            yield from violations(place, member, wanted)
        elif required:
            yield f"Value null at '{place}' failed to satisfy constraint: {_REQUIRED}"


def _check_kinds(path: str, value: Any, constraint: Constraint) -> None:
    """Refuse what has not even the type: the service cannot read such a request."""
    if not _is_of(value, constraint.kinds):
        raise refuse("serialization", problem=f"{path or 'the request'}: {_KINDS[constraint.kinds]} was expected")
    for name, member, wanted, _ in constraint.below(value):
        if member is not None:
            _check_kinds(_camel(path, name), member, wanted)
    if isinstance(constraint, ListOf):
        for item in value:
            _check_kinds(path, item, constraint.member)
    if isinstance(constraint, MapOf):
        for item in value.values():
            _check_kinds(path, item, constraint.value)


def _is_of(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a value has one of the types; for Python a boolean is a number."""
    return type(value) in kinds or object in kinds


_KINDS: dict[tuple[type, ...], str] = {
    (bool,): "a boolean",
    (str,): "a string",
    (int,): "an integer",
    (int, float): "a number",
    (list,): "a list",
    (dict,): "an object",
}


def _camel(path: str, name: str) -> str:
    camel = name[:1].lower() + name[1:]
    return f"{path}.{camel}" if path else camel


def shown(value: Any) -> str:
    """A value as the service prints it: lists `[a, b]`, maps `{k=v}`."""
    return _WRITERS.get(value.__class__, str)(value)


def _shown_list(items: list[Any]) -> str:
    return f"[{', '.join(shown(item) for item in items)}]"


def _shown_map(items: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key}={shown(item)}" for key, item in items.items()) + "}"


_WRITERS: dict[type, Callable[[Any], str]] = {list: _shown_list, dict: _shown_map}
