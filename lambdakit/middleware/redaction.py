"""What must not be read in a log: values by the name of their key, and values at a JSON path.

    >>> Redactor(("*password*", "authorization"))({"user": "ann", "Password": "x"})
    {'user': 'ann', 'Password': '[redacted]'}
    >>> redact_at({"user": {"mail": "a@example.com"}}, path_of("$.user.mail"))
    {'user': {'mail': '[redacted]'}}

Names are compared without regard to case, `-` counts as `_`, and `*` stands for any text. It works on keys and places,
never inside text: what a message says in words stays as it is. A `Secret` shows as stars wherever it stands.
"""

from __future__ import annotations

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ("MASK", "SENSITIVE", "Redactor", "path_of", "redact_at")

MASK = "[redacted]"

# Names of keys whose values are redacted unless told otherwise.
SENSITIVE: tuple[str, ...] = (
    *("*password*", "*passwd*", "*passphrase*", "*secret*", "*token", "*credential*", "*private_key*"),
    *("*api_key*", "*apikey*", "authorization", "proxy_authorization", "cookie", "set_cookie", "cookies"),
)

# How many names the answer is remembered for; more means that names are data.
_REMEMBERED = 2_000
_SCALARS = frozenset((str, int, float, bool, type(None)))

# As they are, but Any to type checkers, which otherwise follow every value of unknown type through every branch.
_type: Any = type
_isinstance: Any = isinstance


class Redactor:
    """Masks values whose key has one of the names; a value that has nothing to mask is handed back as it is."""

    def __init__(self, names: Sequence[str] = SENSITIVE) -> None:
        if isinstance(names, str):
            raise UsageError(f"the names to redact are a list, not the text {names!r}; give [{names!r}]")
        self._names = tuple(_folded(name) for name in names)
        self._known: dict[Any, bool] = {}

    def hides(self, name: Any) -> bool:
        """Whether the value of a key of this name is masked."""
        known = self._known.get(name)
        return self._look_up(name) if known is None else known

    def _look_up(self, name: Any) -> bool:
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        folded = _folded(name) if isinstance(name, str) else ""
        hidden = self._known[name] = any(_matches(folded, pattern) for pattern in self._names)
        return hidden

    def __call__(self, value: Any) -> Any:
        """The value, with what must not be read masked; a changed value is a copy."""
        return value if _type(value) in _SCALARS else self._clean(value, 0)

    def _clean(self, value: Any, depth: int) -> Any:
        if _isinstance(value, dict):
            items: Any = value.items()
        elif hasattr(_type(value), "__dataclass_fields__"):
            items = [(name, getattr(value, name, None)) for name in _type(value).__dataclass_fields__]
        elif _isinstance(value, (list, tuple)):
            values: Any = value
            return [self._inner(item, depth) for item in values]
        else:
            return value
        return {name: MASK if self.hides(name) else self._inner(item, depth) for name, item in items}

    def _inner(self, value: Any, depth: int) -> Any:
        if _type(value) in _SCALARS:
            return value
        if depth == 32:  # a circle, or as good as one
            return "..."
        return self._clean(value, depth + 1)


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


def _matches(name: str, pattern: str) -> bool:
    """`fnmatch`, of which no more than `*` is used, without its regular expressions."""
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    *middle, last = rest
    if not name.startswith(first) or not name.endswith(last) or len(name) < len(first) + len(last):
        return False
    place, end = len(first), len(name) - len(last)
    for part in middle:
        place = name.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


def path_of(text: str) -> tuple[Any, ...]:
    """The steps of a JSON path: names, numbers, and None for all (`*`). Raises UsageError.

    >>> path_of("$.Records[*].body")
    ('Records', None, 'body')
    """
    import re

    steps: list[Any] = []
    place = 1
    pattern = re.compile(r"\.([^.\[\]*'\"]+)|\[(\d+)\]|\['([^']*)'\]|(\.\*|\[\*\])")
    while text.startswith("$") and (found := pattern.match(text, place)):
        name, number, quoted, every = found.groups()
        steps.append(None if every else int(number) if number else quoted if name is None else name)
        place = found.end()
    if not steps or place != len(text):
        where = f"cannot be read from {text[place:]!r} on" if steps else "names no place"
        raise UsageError(
            f"the JSON path {text!r} {where}; paths are like \"$.headers['x-key']\", '$.Records[*].body', '$.*.id'"
        )
    return tuple(steps)


def redact_at(value: Any, path: tuple[Any, ...]) -> Any:
    """A copy of the value with what is at the path masked; where the path leads nowhere, the value itself."""
    if not path:
        return MASK
    step, rest = path[0], path[1:]
    if _isinstance(value, dict):
        names: Any = value if step is None else (step,) if step in value else ()
        return {**value, **{name: redact_at(value[name], rest) for name in names}}
    if _isinstance(value, list):
        values: list[Any] = value
        return [redact_at(item, rest) if step in (None, number) else item for number, item in enumerate(values)]
    return value
