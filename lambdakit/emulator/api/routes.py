"""Paths of the local service and the operations behind them: matched segment by segment, decoded after the split.

A template's `{}` stands for one segment, which may hold a whole percent-encoded ARN. A slash at the end of a path is
allowed, as older SDKs send one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from lambdakit.emulator.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.exceptions import ServiceError

    Operation: TypeAlias = Callable[[Exchange], None]

OPEN = b"{}"
_REMEMBERED = 1000


class Match(NamedTuple):
    """An operation and the decoded segments its template leaves open."""

    operation: Operation
    labels: tuple[str, ...]


class Router:
    """Finds operations. `add()` takes a table of `(method, template)`."""

    def __init__(self) -> None:
        self._table: dict[tuple[int, bytes], list[tuple[list[bytes], Operation]]] = {}
        self._known: dict[tuple[bytes, bytes], Match] = {}

    def add(self, routes: Mapping[tuple[bytes, bytes], Operation]) -> None:
        """Add the routes of a table."""
        for (method, template), operation in routes.items():
            segments = template.split(b"/")
            self._table.setdefault((len(segments), method), []).append((segments, operation))

    def find(self, method: bytes, path: bytes) -> Match | ServiceError:
        """The operation of a request, or the error that says there is none."""
        known = self._known.get((method, path))
        if known is not None:
            return known
        segments = (path[:-1] if path.endswith(b"/") and len(path) > 1 else path).split(b"/")
        for template, operation in self._table.get((len(segments), method), ()):
            labels = _labels(template, segments)
            if labels is not None:
                match = Match(operation, labels)
                if len(self._known) < _REMEMBERED:
                    self._known[method, path] = match
                return match
        return refusal("method not allowed" if self._other_method(segments) else "unknown operation")

    def _other_method(self, segments: list[bytes]) -> bool:
        return any(
            _labels(template, segments) is not None
            for (count, _), routes in self._table.items()
            if count == len(segments)
            for template, _ in routes
        )


def _labels(template: list[bytes], segments: list[bytes]) -> tuple[str, ...] | None:
    labels: list[str] = []
    for wanted, segment in zip(template, segments, strict=True):
        if wanted == OPEN and segment:
            labels.append(unquote_to_bytes(segment).decode("utf-8", "replace"))
        elif wanted != segment:
            return None
    return tuple(labels)
