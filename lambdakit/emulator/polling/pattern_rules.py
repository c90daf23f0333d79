"""The rules of event patterns for one field: plain values and the comparisons, each one row of a table.

A rule gets the plain values at the field (several for an array, none where it is absent) and tells whether it holds.
Source: Amazon EventBridge user guide, "Comparison operators for use in event patterns".
"""

from __future__ import annotations

import ipaddress
import operator
import re
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.polling.json_values import is_array, is_number, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    Rule: TypeAlias = Callable[[Sequence[Any]], bool]
    Test: TypeAlias = Callable[[Any], bool]

__all__ = ("ABSENT", "rule_of")

ABSENT = object()

# The service refuses patterns whose asterisks make them too complex, without telling its measure; six are too many.
_MOST_ASTERISKS = 5


def rule_of(value: Any) -> Rule:
    """The rule that an element of a list stands for. Raises ValueError with what is wrong."""
    if is_array(value):
        raise ValueError("a rule is a plain value or an object with one operator, not a list")
    if not is_object(value):
        return _any(_equals(value))
    pairs = [*value.items()]
    if len(pairs) != 1:
        raise ValueError("a rule has one operator")
    ((name, operand),) = pairs
    if name == "exists":
        return _exists(operand)
    make = _OPERATORS.get(name)
    if make is None:
        raise ValueError(f"there is no operator {name!r}; there are exists, {', '.join(_OPERATORS)}")
    return _any(make(operand))


def _any(test: Test) -> Rule:
    return lambda values: any(test(value) for value in values)


def _exists(operand: Any) -> Rule:
    if not isinstance(operand, bool):
        raise ValueError("exists is true or false")
    return lambda values: bool(values) is operand


def _equals(wanted: Any) -> Test:
    """Equal as JSON is: 300 is 300.0, true is not 1."""
    if is_number(wanted):
        return lambda value: is_number(value) and value == wanted
    return lambda value: type(value) is type(wanted) and value == wanted


def _text(operand: Any, what: str) -> str:
    if not isinstance(operand, str):
        raise ValueError(f"{what} needs one text, not {operand!r}")
    return operand


def _on_text(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _affix(name: str, holds: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    """`prefix` and `suffix`, of a text or of one whose case does not matter."""

    def make(operand: Any) -> Test:
        if is_object(operand) and [*operand] == ["equals-ignore-case"]:
            folded = _text(operand["equals-ignore-case"], name).casefold()
            return _on_text(lambda value: holds(value.casefold(), folded))
        wanted = _text(operand, name)
        return _on_text(lambda value: holds(value, wanted))

    return make


def _ignoring_case(operand: Any) -> Test:
    folded = _text(operand, "equals-ignore-case").casefold()
    return _on_text(lambda value: value.casefold() == folded)


def _wildcard(operand: Any) -> Test:
    text = _text(operand, "wildcard")
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    if "**" in "".join("*" if part == "*" else "." for part in parts):
        raise ValueError("a wildcard has no two asterisks beside each other")
    if parts.count("*") > _MOST_ASTERISKS:
        raise ValueError("the wildcard is too complex")
    pattern = re.compile("".join(".*" if part == "*" else re.escape(part[-1]) for part in parts), re.DOTALL)
    return _on_text(lambda value: pattern.fullmatch(value) is not None)


def _cidr(operand: Any) -> Test:
    network = ipaddress.ip_network(_text(operand, "cidr"), strict=False)

    def within(value: str) -> bool:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return False
        return address.version == network.version and address in network

    return _on_text(within)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _numeric(operand: Any) -> Test:
    items = operand if is_array(operand) else []
    pairs = [*zip(items[::2], items[1::2])]  # noqa: B905  (an odd one is refused below)
    names = [name for name, _ in pairs]
    if len(items) not in (2, 4) or not all(name in _COMPARISONS and is_number(number) for name, number in pairs):
        raise ValueError("numeric needs one or two comparisons, like ['>', 0, '<=', 5]")
    if len(pairs) == 2 and not (names[0] in (">", ">=") and names[1] in ("<", "<=")):
        raise ValueError("a numeric range has its lower end first, then the upper one")
    return lambda value: is_number(value) and all(_COMPARISONS[name](value, number) for name, number in pairs)


def _anything_but(operand: Any) -> Test:
    if is_object(operand):
        excluded = _excluded_by_operator(operand)
    else:
        values: list[Any] = operand if is_array(operand) else [operand]
        of_one_kind = all(isinstance(value, str) for value in values) or all(map(is_number, values))
        if not values or not of_one_kind:
            raise ValueError("anything-but needs a text, a number, or a list of either")
        excluded = [_equals(value) for value in values]
    return lambda value: not any(test(value) for test in excluded)


def _excluded_by_operator(operand: dict[str, Any]) -> list[Test]:
    if len(operand) != 1 or next(iter(operand)) not in _NESTED:
        raise ValueError(f"anything-but takes one operator of {', '.join(_NESTED)}")
    ((name, given),) = operand.items()
    values: list[Any] = given if is_array(given) else [given]
    texts = [_text(value, name) for value in values]
    if not texts or (name in ("prefix", "suffix") and "" in texts):
        raise ValueError(f"anything-but with {name} needs texts that are not empty")
    return [_OPERATORS[name](text) for text in texts]


_NESTED = ("prefix", "suffix", "equals-ignore-case", "wildcard")
# Operator -> what reads its operand into a test of one value.
_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "equals-ignore-case": _ignoring_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "wildcard": _wildcard,
}
