"""Traces as trees: subsegments that were sent by themselves, put where they belong.

A segment is the root of a tree even where its caller is known: segments belong to different services. A subsegment
whose parent has not come (or never will) is a root of its own, and so is one that would be part of itself or nested
beyond all reason. Source: AWS X-Ray developer guide, "Segment documents".
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, cast

from lambdakit.emulator.tracing.documents import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lambdakit.emulator.tracing.documents import Document

__all__ = ("children", "entities", "exceptions", "table", "trees")

# What only a subsegment that stands by itself needs to say.
_ALONE = ("type", "trace_id", "parent_id")


def trees(documents: Iterable[Document]) -> list[dict[str, Any]]:
    """The documents of a trace as X-Ray gives them back: by time, subsegments within what they are part of."""
    contents = {document.id: document.content for document in documents}
    known = {entity["id"] for content in contents.values() for entity in entities(content)}
    waiting: dict[str, list[dict[str, Any]]] = {}
    roots: list[dict[str, Any]] = []
    for content in contents.values():
        parent: str = content.get("parent_id") or ""
        if content.get("type") == "subsegment" and parent in known and parent != content["id"]:
            waiting.setdefault(parent, []).append(content)
        else:
            roots.append(content)
    for root in roots:  # it grows
        roots.extend(_fill(root, waiting, contents))
    while waiting:  # what is left is part of itself
        root = waiting[next(iter(waiting))].pop(0)
        waiting = {parent: inners for parent, inners in waiting.items() if inners}
        roots.append(root)
        roots.extend(_fill(root, waiting, contents))
    return sorted(roots, key=_start)


def _fill(
    root: dict[str, Any], waiting: dict[str, list[dict[str, Any]]], contents: dict[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Put into a tree what waits for a place in it; gives what would be nested too deep."""
    reached = deque([(root, 0)])
    while reached:
        entity, depth = reached.popleft()
        # Where a subsegment came by itself, that says more than what its parent said of it.
        nested = [inner for inner in children(entity) if inner["id"] not in contents]
        for content in waiting.pop(entity["id"], ()):
            if depth >= DEEPEST:
                yield content
                continue
            for name in _ALONE:
                content.pop(name, None)
            nested.append(content)
        if nested or "subsegments" in entity:
            entity["subsegments"] = sorted(nested, key=_start)
        reached.extend((inner, depth + 1) for inner in nested)


def children(entity: dict[str, Any]) -> list[dict[str, Any]]:
    """What is directly within a segment or subsegment."""
    nested: list[dict[str, Any]] = entity.get("subsegments") or []
    return nested


def entities(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A segment or subsegment and everything within it."""
    waiting = [content]
    while waiting:
        entity = waiting.pop()
        yield entity
        waiting.extend(children(entity))


def exceptions(entity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The exceptions that a segment or subsegment tells of."""
    told = table(entity.get("cause")).get("exceptions")
    return [table(one) for one in cast("list[object]", told)] if isinstance(told, list) else []


def table(value: object) -> dict[str, Any]:
    """A part of a document that should be an object; documents are not checked that far."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _start(entity: dict[str, Any]) -> float:
    start: float = entity["start_time"]
    return start
