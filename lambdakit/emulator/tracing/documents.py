"""Segment documents as they come in: read, checked, and reduced to what a store must know of them.

Anybody on the machine can send anything to a UDP port, so a document is taken only if it is one: its ids and times are
what X-Ray says they are, through all of its subsegments. Whoever reads what was taken need not check again. Source: AWS
X-Ray developer guide, "Segment documents", "Sending segment documents to X-Ray" and API reference, "PutTraceSegments".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import orjson

from lambdakit.emulator.tracing.trace_header import SEGMENT_ID, TRACE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("DATAGRAM_HEADER", "DOCUMENT_BYTES", "Document", "DocumentError", "Reason", "from_datagram", "read_document")

DOCUMENT_BYTES = 65_536
HEADER_BYTES = 1_024
DATAGRAM_HEADER = b'{"format":"json","version":1}\n'
NAME_LENGTH = 200
# Deeper than any program nests on purpose; readers go down by calling themselves.
DEEPEST = 100
# The end of the year 9999: what cannot be a moment is no time.
_LAST_MOMENT = 253_402_300_800

Reason = Literal["header", "json", "size", "name", "id", "trace id", "parent id", "time", "subsegments"]


class DocumentError(Exception):
    """What was sent is no segment document: `reason` is the kind of mistake, `id` the document's if it has one."""

    def __init__(self, reason: Reason, message: str, id: str = "") -> None:
        self.reason: Reason = reason
        self.message = message
        self.id = id
        super().__init__(message)


class Document(NamedTuple):
    """A segment, or a subsegment sent by itself; times are seconds since 1970, `end` is None while in progress."""

    trace_id: str
    id: str
    parent_id: str | None
    kind: Literal["segment", "subsegment"]
    start: float
    end: float | None
    raw: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The document's own words."""
        value: dict[str, Any] = orjson.loads(self.raw)
        return value


def from_datagram(data: bytes) -> Document:
    """The document of a datagram: a line that says what follows, then the document. Raises DocumentError."""
    head, newline, body = data.partition(b"\n")
    if not newline or len(head) > HEADER_BYTES or not _is_header(head):
        raise DocumentError("header", 'The first line must be {"format": "json", "version": 1}.')
    return read_document(body)


def _is_header(head: bytes) -> bool:
    try:
        value: Any = orjson.loads(head)
    except ValueError:
        return False
    return isinstance(value, dict) and value == {"format": "json", "version": 1}


def read_document(raw: bytes) -> Document:
    """The document in some JSON. Raises DocumentError."""
    if len(raw) > DOCUMENT_BYTES:
        raise DocumentError("size", f"The document has {len(raw)} bytes; at most {DOCUMENT_BYTES} are taken.")
    try:
        value: Any = orjson.loads(raw)
    except ValueError as error:
        raise DocumentError("json", f"The document is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise DocumentError("json", "The document is not a JSON object.")
    return _checked(cast("dict[str, Any]", value), raw)


def _checked(value: dict[str, Any], raw: bytes) -> Document:
    id, trace_id, parent_id = value.get("id"), value.get("trace_id"), value.get("parent_id")
    start, end = _check_entity(value)
    if not (isinstance(trace_id, str) and TRACE_ID.fullmatch(trace_id)):
        raise DocumentError("trace id", "trace_id must be 1-, 8 hexadecimal digits, - and 24 more.", str(id))
    is_subsegment = value.get("type") == "subsegment"
    if (parent_id is not None or is_subsegment) and not _is_id(parent_id):
        raise DocumentError("parent id", "parent_id must be 16 hexadecimal digits.", str(id))
    for depth, inner in _within(value):
        if depth > DEEPEST:
            raise DocumentError("subsegments", f"Subsegments are nested more than {DEEPEST} deep.", str(id))
        _check_entity(inner)
    return Document(trace_id, str(id), parent_id, "subsegment" if is_subsegment else "segment", start, end, raw)


def _within(value: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Everything nested in a document, with its depth."""
    waiting: list[tuple[int, Mapping[str, Any]]] = [(1, value)]
    while waiting:
        depth, outer = waiting.pop()
        nested = outer.get("subsegments")
        if nested is None:
            continue
        inners = cast("list[object]", nested) if isinstance(nested, list) else [nested]
        for inner in inners:
            if not isinstance(nested, list) or not isinstance(inner, dict):
                raise DocumentError("subsegments", "subsegments must be a list of objects.", str(value.get("id")))
            entity = cast("dict[str, Any]", inner)
            yield depth, entity
            waiting.append((depth + 1, entity))


def _check_entity(value: Mapping[str, Any]) -> tuple[float, float | None]:
    """Check what segments and subsegments have in common; the times."""
    id, name = value.get("id"), value.get("name")
    if not _is_id(id):
        raise DocumentError("id", "id must be 16 hexadecimal digits.")
    if not isinstance(name, str) or not 1 <= len(name) <= NAME_LENGTH:
        raise DocumentError("name", f"name must be a text of 1 to {NAME_LENGTH} characters.", str(id))
    start, end = value.get("start_time"), value.get("end_time")
    if not _is_moment(start):
        raise DocumentError("time", "start_time must be a number of seconds since 1970.", str(id))
    if value.get("in_progress") is True:
        return float(start), None  # type: ignore[arg-type]
    if not _is_moment(end):
        raise DocumentError("time", "end_time must be a number of seconds, or in_progress true.", str(id))
    return float(start), float(end)  # type: ignore[arg-type]


def _is_id(value: object) -> bool:
    return isinstance(value, str) and SEGMENT_ID.fullmatch(value) is not None


def _is_moment(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < _LAST_MOMENT
