"""What to say about a name that is not there: the nearest of those that are, or all of them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("suggestion",)


def suggestion(wrong: str, known: Iterable[str], otherwise: str) -> str:
    """`did you mean 'that'?`, or `otherwise` where no known name is near.

    >>> suggestion("midleware", ["middleware", "wanted"], "it has middleware, wanted")
    "did you mean 'middleware'?"
    >>> suggestion("x", ["middleware"], "it has middleware")
    'it has middleware'
    """
    from difflib import get_close_matches  # only for mistakes, and it costs milliseconds

    near = get_close_matches(wrong, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else otherwise
