"""JSON for one line of log: fast for what is usual, and never an error, because a line that fails is a line lost.

What has no JSON form is shown as text, which for a `Secret` is stars.
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii, make_encoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("DEEPEST", "text_of", "to_ascii_line", "to_line")

# Deeper than this, or in a circle, a value is shown as text that says so.
DEEPEST = 32
_SCALARS = (str, int, bool, type(None))

# As they are, but Any to type checkers, which otherwise follow every value of unknown type through every branch.
_type: Any = type
_isinstance: Any = isinstance


def text_of(value: object) -> str:
    """`str(value)`, or what can be said of a value that fails at it."""
    try:
        return str(value)
    except Exception as error:
        return f"<{type(value).__name__} that has no text: {type(error).__name__}>"


# allow_nan=False: `NaN` is not JSON, and CloudWatch would take the whole line for text.
_encode = make_encoder(None, text_of, encode_basestring, None, ": ", ", ", False, False, False)
_encode_ascii = make_encoder(None, text_of, encode_basestring_ascii, None, ":", ",", False, False, False)


def to_line(entry: dict[str, Any]) -> str:
    """An object as JSON on one line, in the managed runtime's form (`", "`, `": "`, no escaping of letters)."""
    try:
        return "".join(_encode(entry, 0))
    except Exception:
        return "".join(_encode(_plain(entry, DEEPEST), 0))


def to_ascii_line(entry: dict[str, Any]) -> str:
    """An object as JSON on one line, compact and in ASCII: as many characters as bytes, for any stream."""
    try:
        return "".join(_encode_ascii(entry, 0))
    except Exception:
        return "".join(_encode_ascii(_plain(entry, DEEPEST), 0))


def _plain(value: Any, depth: int) -> Any:
    """The value with everything in it that has no JSON form made text: keys, NaN, circles."""
    kind = _type(value)
    if kind in _SCALARS:
        return value
    if kind is float:
        return value if value - value == 0 else str(value)
    if depth == 0:
        return "..."
    if _isinstance(value, dict):
        items: Any = value.items()
        return {text_of(name): _plain(item, depth - 1) for name, item in items}
    if _isinstance(value, (list, tuple)):
        values: Any = value
        return [_plain(item, depth - 1) for item in values]
    return text_of(value)
