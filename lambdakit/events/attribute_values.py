"""DynamoDB's typed JSON as Python values.

Source: DynamoDB API reference, "AttributeValue"; DynamoDB developer guide, "Data types". An attribute value is an
object of exactly one key, its type. Numbers are made by `Decimal` of their text, which is exact at any length: no
decimal context is involved, whose precision and traps have broken other readers on 39 digits and on zero.
"""

from __future__ import annotations

from lambdakit.events.convert import base64_bytes, decimal
from lambdakit.events.model import json_path
from lambdakit.exceptions import PayloadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

__all__ = ("attribute_map", "attribute_value")

# isinstance, without narrowing JSON of unknown type to containers of unknown types.
_is_a: Callable[[Any, Any], bool] = isinstance


def attribute_map(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The Python values of an item, a key or an image.

    S is str, N an exact Decimal, B bytes, BOOL bool, NULL None, M dict, L list, and SS, NS, BS are sets. Raises
    PayloadError, which lists every attribute that is none of these.
    """
    try:
        return {name: _value(value) for name, value in wire.items()}
    except _BROKEN:
        raise PayloadError(tuple(_map_faults(wire, "$"))) from None


def attribute_value(wire: Mapping[str, Any]) -> Any:
    """The Python value of one attribute; see `attribute_map`."""
    try:
        return _value(wire)
    except _BROKEN:
        raise PayloadError(tuple(_faults(wire, "$"))) from None


def _value(wire: Any) -> Any:
    (tag,) = wire
    value = wire[tag]
    return value if tag == "S" else _READERS[tag](value)


def _number(value: Any) -> Any:
    """The first number of all: it imports Decimal, which then reads the others without a call between."""
    number = decimal(value)
    _READERS["N"] = type(number)
    return number


def _null(value: Any) -> None:
    if value is not True:
        raise ValueError


def _map(value: Any) -> dict[str, Any]:
    return {name: _value(item) for name, item in value.items()}


def _list(value: Any) -> list[Any]:
    return [_value(item) for item in value]


# Type -> what makes the Python value.
_READERS: dict[str, Callable[[Any], Any]] = {
    "S": lambda value: value,
    "N": _number,
    "B": base64_bytes,
    "BOOL": lambda value: value,
    "NULL": _null,
    "M": _map,
    "L": _list,
    "SS": set,
    "NS": lambda value: {decimal(item) for item in value},
    "BS": lambda value: {base64_bytes(item) for item in value},
}
# What a wire value of another form makes the readers raise; binascii.Error is a ValueError, InvalidOperation an
# ArithmeticError.
_BROKEN = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError)


def _map_faults(wire: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    for name, value in wire.items():
        yield from _faults(value, at + json_path((name,)))


def _faults(wire: Any, at: str) -> Iterator[tuple[str, str]]:
    if not _is_a(wire, dict) or len(wire) != 1:
        yield at, f"expected an object with one type key, got {_told(wire)}"
        return
    ((tag, value),) = wire.items()
    if tag not in _READERS:
        yield at, f"{tag!r} is no attribute type; it is one of {', '.join(_READERS)}"
    elif tag == "M" and _is_a(value, dict):
        yield from _map_faults(value, f"{at}.M")
    elif tag == "L" and _is_a(value, list):
        for index, item in enumerate(value):
            yield from _faults(item, f"{at}.L[{index}]")
    else:
        yield from _leaf_faults(tag, value, at)


def _leaf_faults(tag: str, value: Any, at: str) -> Iterator[tuple[str, str]]:
    try:
        _READERS[tag](value)
    except _BROKEN:
        yield f"{at}.{tag}", f"is no value of type {tag}"


def _told(wire: Any) -> str:
    return f"the keys {sorted(wire)}" if _is_a(wire, dict) else type(wire).__name__
