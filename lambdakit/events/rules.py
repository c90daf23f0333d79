"""The checks that builders of answers share, worded alike: what was given, which rule it breaks, what would do.

Which rules a source has is said in its own module; here is only how a broken one is reported.
"""

from __future__ import annotations

from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

__all__ = ("at_most", "json_size", "known_keys", "needs", "of_type", "one_of", "present", "within")

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value: those that are None are left out."""
    return {name: value for name, value in fields.items() if value is not None}


def one_of(what: str, value: Any, allowed: Collection[str]) -> None:
    """Refuse a value that is none of the allowed."""
    if value not in allowed:
        raise ResponseError(f"{what} must be one of {', '.join(sorted(allowed))}, not {value!r}")


def of_type(what: str, value: Any, *kinds: type) -> None:
    """Refuse a value of none of these types; True and False are no numbers here."""
    if not _is_a(value, kinds) or (_is_a(value, bool) and bool not in kinds):
        names = " or ".join(member.__name__ for member in kinds)
        raise ResponseError(f"{what} must be {names}, not {type(value).__name__}")


def within(what: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside `low` to `high`, both allowed."""
    of_type(what, value, int, float)
    if not low <= value <= high:
        raise ResponseError(f"{what} must be from {low} to {high}, not {value}")


def at_most(what: str, size: int, limit: int, unit: str) -> None:
    """Refuse a size over its limit."""
    if size > limit:
        raise ResponseError(f"{what} may have at most {limit} {unit}; this has {size}")


def json_size(what: str, answer: Any) -> int:
    """The bytes of an answer as JSON. Raises ResponseError for what is no JSON."""
    from lambdakit.codec import encode
    from lambdakit.exceptions import MarshalFault

    try:
        return len(encode(answer))
    except MarshalFault as fault:
        raise ResponseError(f"{what} must be JSON: {fault}") from fault


def needs(what: str, answer: Mapping[str, Any], names: Collection[str]) -> None:
    """Refuse an answer without one of the fields it must have."""
    missing = [name for name in names if answer.get(name) is None]
    if missing:
        raise ResponseError(f"{what} needs {', '.join(missing)}")


def known_keys(what: str, answer: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Refuse an answer with a field the source does not know, naming the nearest it does."""
    of_type(what, answer, dict)
    unknown = [name for name in answer if name not in allowed]
    if not unknown:
        return
    from lambdakit.nearest import suggestion

    advice = suggestion(str(unknown[0]), allowed, f"it has {', '.join(allowed) or 'no fields'}")
    raise ResponseError(f"{what} has no field {unknown[0]!r}; {advice}")
