"""Which route a method and a path lead to.

Paths of text alone are found by one look into a dict. All others go down a tree of segments, so that the cost grows
with the depth of the path and not with the number of routes. At each place the most particular segment is tried first:
text, then values in text, then converted values, then any text, then `path`; where that leads nowhere the next is.

Not here: hosts, slashes at the end and what is answered when nothing fits (`router`).
"""

from __future__ import annotations

from urllib.parse import unquote

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    from lambdakit.http.path_patterns import Pattern, Segment

    Found: TypeAlias = tuple[Any, dict[str, Any]]

__all__ = ("RouteTable",)


class _Node:
    """One place in the tree: what may follow, and what is here."""

    __slots__ = ("leaf", "rests", "texts", "values")

    def __init__(self) -> None:
        self.texts: dict[str, _Node] = {}
        self.values: list[tuple[Segment, _Node]] = []
        self.rests: list[tuple[Segment, Any, tuple[str, ...]]] = []
        # What is found here, and the names of the values on the way.
        self.leaf: tuple[Any, tuple[str, ...]] | None = None


class RouteTable:
    """Targets by method and pattern; a target is whatever is to be found."""

    def __init__(self) -> None:
        self._statics: dict[str, dict[str, Any]] = {}
        self._trees: dict[str, _Node] = {}

    def add(self, methods: Iterable[str], pattern: Pattern, target: Any) -> None:
        """Add a target. Raises UsageError where one of these methods has a target at a pattern of this form."""
        for method in methods:
            self._add(method, pattern, target)
            if pattern.is_static:
                self._statics.setdefault(method, {})[pattern.text] = target, {}

    def _add(self, method: str, pattern: Pattern, target: Any) -> None:
        node = self._trees.setdefault(method, _Node())
        for segment in pattern.segments:
            node = _child(node, segment)
        if pattern.rest is not None:
            if any(segment.key == pattern.rest.key for segment, _, _ in node.rests):
                raise _twice(method, pattern)
            node.rests.append((pattern.rest, target, pattern.names))
        elif node.leaf is not None:
            raise _twice(method, pattern)
        else:
            node.leaf = target, pattern.names

    def find(self, method: str, path: str) -> Found | None:
        """The target for a method and a path (percent-encoded), with the values of its pattern; or None."""
        statics = self._statics.get(method)
        if statics is not None:
            found: Found | None = statics.get(path)
            if found is not None:
                return found
        tree = self._trees.get(method)
        if tree is None:
            return None
        segments = path.split("/")
        if "%" in path:
            segments = [unquote(segment) for segment in segments]
        return _find(tree, segments, 1, [])

    def methods(self, path: str) -> set[str]:
        """The methods that have a target for this path."""
        return {method for method in self._trees if self.find(method, path) is not None}


def _twice(method: str, pattern: Pattern) -> UsageError:
    return UsageError(f"there is a route for {method} {pattern.text} already, or for one that matches the same paths")


def _child(node: _Node, segment: Segment) -> _Node:
    if segment.text is not None:
        return node.texts.setdefault(segment.text, _Node())
    for known, child in node.values:
        if known.key == segment.key:
            return child
    child = _Node()
    node.values.append((segment, child))
    node.values.sort(key=lambda pair: pair[0].rank)
    return child


def _find(node: _Node, segments: list[str], index: int, values: list[Any]) -> Found | None:
    """The target of the segments from `index` on, below a node; `values` are those of the segments before."""
    if index == len(segments):
        if node.leaf is None:
            return None
        target, names = node.leaf
        return target, dict(zip(names, values, strict=True))
    segment = segments[index]
    child = node.texts.get(segment)
    if child is not None:
        found = _find(child, segments, index + 1, values)
        if found is not None:
            return found
    if node.values:
        for rule, child in node.values:
            here = _values(rule, segment)
            if here is not None:
                found = _find(child, segments, index + 1, [*values, *here])
                if found is not None:
                    return found
    return _find_rest(node, segments, index, values) if node.rests else None


def _find_rest(node: _Node, segments: list[str], index: int, values: list[Any]) -> Found | None:
    rest = "/".join(segments[index:])
    for rule, target, names in node.rests:
        here = _values(rule, rest)
        if here is not None:
            return target, dict(zip(names, [*values, *here], strict=True))
    return None


def _values(rule: Segment, text: str) -> tuple[Any, ...] | None:
    """The values of a segment, or None where it does not match."""
    if rule.fits is not None:
        return rule.fits(text)
    if rule.convert is None:
        return (text,) if text else None
    try:
        return (rule.convert(text),)
    except ValueError:
        return None
