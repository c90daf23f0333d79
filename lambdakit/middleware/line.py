"""JSON for one line of log: fast for what is usual, and never an error, because a line that fails is a line lost.

What has no JSON form is shown as text, which for a `Secret` is stars.
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii, make_encoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("DEEPEST", "LONGEST", "shortened", "text_of", "to_ascii_line", "to_line")

# CloudWatch splits a log event of more than 256 KiB (less what it counts for each event), and halves are not JSON. A
# line of this many characters may have more bytes, so it is looked at closely only from a quarter of it on.
LONGEST = 256 * 1024 - 26
# What of one value is kept where the whole is too long.
_KEPT = 8_192

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


def shortened(entry: dict[str, Any]) -> dict[str, Any]:
    """A copy of an entry that is too long for a log event, its longest values cut until it is not."""
    sizes = {name: len(to_ascii_line({name: value})) for name, value in entry.items()}
    total = sum(sizes.values())
    short = dict(entry)
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if total <= LONGEST:
            break
        value = entry[name]
        short[name] = (
            f"{value[:_KEPT]}... {len(value) - _KEPT} more characters"
            if _isinstance(value, str) and len(value) > _KEPT
            else f"<{sizes[name]} bytes>"
        )
        total += len(to_ascii_line({name: short[name]})) - sizes[name]
    return short
