"""A trace as a waterfall: a line for each segment and subsegment, with a bar for when it ran and how long.

Plain lines for a pipe; on a terminal the same lines in colour, as wide as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.tracing.trees import exceptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ("Row", "lines", "rows", "style")

INDENT = 2
# Columns of a line that are not the bar: the times, and what separates them.
_TIMES = "{start:>10} {taken:>10}  "
LEAST_BAR = 10
FULL, LESS = "█", "▏"
PLAIN_FULL, PLAIN_LESS = "#", "|"
# rich's names, by how a part ended.
_STYLES = {"throttle": "yellow", "fault": "red", "error": "red", "in progress": "cyan"}


class Row(NamedTuple):
    """A part of a trace: times are seconds, `start` from the beginning of the trace; `said` are its exceptions."""

    depth: int
    label: str
    start: float
    taken: float
    ending: str
    said: tuple[str, ...]


def rows(segments: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The parts of a trace from the outermost in; segments are shown within what called them."""
    beginning = min(entity["start_time"] for segment in segments for entity in _all(segment))
    known = {entity["id"] for segment in segments for entity in _all(segment)}
    called: dict[str, list[Mapping[str, Any]]] = {}
    outermost: list[Mapping[str, Any]] = []
    for segment in segments:
        parent = segment.get("parent_id")
        if parent in known and parent not in {entity["id"] for entity in _all(segment)}:
            called.setdefault(str(parent), []).append(segment)
        else:
            outermost.append(segment)
    found = [row for segment in outermost for row in _rows(segment, 0, beginning, called)]
    for left in called.values():  # segments that call each other, which no program makes
        found.extend(row for segment in left for row in _rows(segment, 0, beginning, {}))
    return found


def _rows(
    entity: Mapping[str, Any], depth: int, beginning: float, called: dict[str, list[Mapping[str, Any]]]
) -> Iterator[Row]:
    start, end = entity["start_time"], entity.get("end_time", entity["start_time"])
    origin = entity.get("origin")
    label = f"{entity['name']}  {origin}" if origin else str(entity["name"])
    yield Row(depth, label, start - beginning, end - start, ending(entity), tuple(_exceptions(entity)))
    inner = [*entity.get("subsegments", ()), *called.pop(entity["id"], ())]
    for part in sorted(inner, key=lambda part: part["start_time"]):
        yield from _rows(part, depth + 1, beginning, called)


def ending(entity: Mapping[str, Any]) -> str:
    """How a part ended, empty for a good end."""
    if "end_time" not in entity:
        return "in progress"
    return next((name for name in ("throttle", "fault", "error") if entity.get(name) is True), "")


def _all(segment: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [segment]
    while waiting:
        entity = waiting.pop()
        yield entity
        waiting.extend(entity.get("subsegments", ()))


def _exceptions(entity: Mapping[str, Any]) -> Iterator[str]:
    for one in exceptions(entity):
        yield f"{one.get('type')}: {one.get('message')}".splitlines()[0]


def lines(found: Sequence[Row], width: int, *, full: str = PLAIN_FULL, less: str = PLAIN_LESS) -> Iterator[str]:
    """The lines of a waterfall, one for each row; an exception follows its row after a line break."""
    whole = max((row.start + row.taken for row in found), default=0.0)
    labels = max(len(row.label) + INDENT * row.depth for row in found)
    endings = max(len(row.ending) for row in found)
    room = max(LEAST_BAR, width - labels - endings - len(_TIMES.format(start="", taken="")) - 2 * bool(endings) - 2)
    for row in found:
        label = " " * (INDENT * row.depth) + row.label
        times = _TIMES.format(start=milliseconds(row.start), taken=milliseconds(row.taken))
        ended = f"{row.ending:<{endings}}  " if endings else ""
        line = f"{label:<{labels}}  {times}{ended}{_bar(row, whole, room, full, less)}"
        indent = " " * (INDENT * (row.depth + 1))
        yield "\n".join((line.rstrip(), *(f"{indent}{said}" for said in row.said)))


def _bar(row: Row, whole: float, room: int, full: str, less: str) -> str:
    if not whole:
        return less
    begins = min(room - 1, int(row.start / whole * room))
    fills = min(room - begins, round(row.taken / whole * room))
    return " " * begins + (full * fills or less)


def milliseconds(seconds: float) -> str:
    """A time as people read it."""
    return f"{seconds:.2f} s" if seconds >= 10 else f"{seconds * 1000:.1f} ms"


def style(row: Row) -> str:
    """rich's style of a row's line."""
    return _STYLES.get(row.ending, "bold" if row.depth == 0 else "")
