"""Event patterns, as EventBridge rules and the filters of event sources have them.

    matches = compile_pattern('{"body": {"price": [{"numeric": [">", 100]}]}}')
    matches({"body": {"price": 120}})     # True

A pattern has the shape of the event; where the event has a value, the pattern has a list of rules, of which one must
hold. Every field of the pattern must hold; of an array in the event, one element must. Keys with dots are paths. A
field that is not there satisfies only `{"exists": false}`.

Not here: which part of a record is matched (`filters`). Source: Amazon EventBridge user guide, "Creating Amazon
EventBridge event patterns"; what the guide leaves open, as observed of the service.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.polling.json_values import is_array, is_object
from lambdakit.emulator.polling.pattern_rules import ABSENT, rule_of
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from lambdakit.emulator.polling.pattern_rules import Rule

    Matches: TypeAlias = Callable[[Any], bool]

__all__ = ("Branch", "Pattern", "compile_pattern")

# Characters of a pattern.
LONGEST = 4_096
INVALID = "Invalid filter pattern definition."


class Leaf(NamedTuple):
    """Rules for one field, of which one must hold."""

    rules: tuple[Rule, ...]

    def matches(self, value: Any) -> bool:
        """Whether the field's value (ABSENT where it is not there) is as a rule says."""
        leaves = [*_leaves(value)]
        return any(rule(leaves) for rule in self.rules)


class Branch(NamedTuple):
    """Fields that all must hold, and alternatives (`$or`) of which each needs one that does."""

    fields: Mapping[str, Branch | Leaf]
    alternatives: tuple[tuple[Branch, ...], ...] = ()

    def matches(self, value: Any) -> bool:
        """Whether an object, or one object of an array, is as the fields say."""
        if is_array(value):
            objects = [item for item in value if is_object(item)]
            return any(self.matches(item) for item in objects or [{}])
        found: Mapping[str, Any] = value if is_object(value) else {}
        return all(node.matches(found.get(key, ABSENT)) for key, node in self.fields.items()) and all(
            any(branch.matches(found) for branch in branches) for branches in self.alternatives
        )


class Pattern(NamedTuple):
    """A pattern that has been read; call it with an event."""

    root: Branch

    def __call__(self, event: Any) -> bool:
        """Whether the event matches."""
        return self.root.matches(_nested(event))


def compile_pattern(text: str) -> Pattern:
    """Read a pattern. Raises UsageError."""
    if len(text) > LONGEST:
        raise UsageError(f"{INVALID} It has more than {LONGEST} characters.")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{INVALID} It is no JSON: {error}") from None
    if not is_object(value):
        raise UsageError(f"{INVALID} It must be an object, not {text[:40]}.")
    return Pattern(_branch(value, "$"))


def _branch(value: Mapping[str, Any], where: str) -> Branch:
    if not value:
        raise UsageError(f"{INVALID} {where} has no fields.")
    fields: dict[str, Branch | Leaf] = {}
    alternatives: list[tuple[Branch, ...]] = []
    for key, item in value.items():
        if key == "$or":
            alternatives.append(_alternatives(item, where))
            continue
        first, *rest = key.split(".")
        inner = item
        for part in reversed(rest):
            inner = {part: inner}
        node = _node(inner, f"{where}.{first}")
        fields[first] = _both(fields[first], node) if first in fields else node
    return Branch(fields, tuple(alternatives))


def _both(one: Branch | Leaf, other: Branch | Leaf) -> Branch | Leaf:
    """What must hold where a pattern names a field twice, as `a` and within `a.b`."""
    if isinstance(one, Leaf) or isinstance(other, Leaf):
        raise UsageError(f"{INVALID} A field has rules and fields of its own.")
    fields = dict(one.fields)
    for key, node in other.fields.items():
        fields[key] = _both(fields[key], node) if key in fields else node
    return Branch(fields, (*one.alternatives, *other.alternatives))


def _alternatives(value: Any, where: str) -> tuple[Branch, ...]:
    if not is_array(value) or not value:
        raise UsageError(f"{INVALID} {where}.$or must be a list of patterns.")
    items = value
    if not all(is_object(item) for item in items):
        raise UsageError(f"{INVALID} {where}.$or must be a list of patterns.")
    return tuple(_branch(item, f"{where}.$or") for item in items)


def _node(value: Any, where: str) -> Branch | Leaf:
    if is_object(value):
        return _branch(value, where)
    if not is_array(value) or not value:
        raise UsageError(f"{INVALID} {where} must be an object or a list of rules, not {json.dumps(value)[:40]}.")
    try:
        return Leaf(tuple(rule_of(item) for item in value))
    except ValueError as error:
        raise UsageError(f"{INVALID} {where}: {error}") from None


def _leaves(value: Any) -> Iterator[Any]:
    """The plain values at a place: an array's elements, nothing of an object."""
    if is_array(value):
        for item in value:
            yield from _leaves(item)
    elif value is not ABSENT and not is_object(value):
        yield value


def _nested(value: Any) -> Any:
    """The event with keys like `a.b` as objects in objects: paths are compared joined by dots."""
    if is_array(value):
        return [_nested(item) for item in value]
    if not is_object(value):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        first, *rest = key.split(".")
        inner = _nested(item)
        for part in reversed(rest):
            inner = {part: inner}
        found[first] = [found[first], inner] if first in found else inner
    return found
