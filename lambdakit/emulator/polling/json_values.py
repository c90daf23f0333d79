"""What a JSON value is, in the words of the type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypeGuard

__all__ = ("is_array", "is_number", "is_object")


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def is_number(value: Any) -> bool:
    """Whether a value is a JSON number: true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
