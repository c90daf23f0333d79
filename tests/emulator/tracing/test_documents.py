"""What a daemon takes for a segment document, and what it refuses and why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.tracing.documents import (
    DATAGRAM_HEADER,
    DEEPEST,
    DOCUMENT_BYTES,
    DocumentError,
    from_datagram,
    read_document,
)

ID, TRACE_ID = "53995c3f42cd8ad8", "1-5759e988-bd862e3fe1be46a994272793"


def document(**changes: Any) -> bytes:
    value = {"id": ID, "trace_id": TRACE_ID, "name": "f", "start_time": 1.5, "end_time": 2, **changes}
    return json.dumps({name: item for name, item in value.items() if item is not ...}).encode()


def nested(depth: int) -> list[dict[str, Any]]:
    inner: list[dict[str, Any]] = []
    for number in range(depth):
        inner = [{"id": f"{number:016x}", "name": "n", "start_time": 1, "end_time": 2, "subsegments": inner}]
    return inner


def test_a_segment_is_what_its_document_says() -> None:
    taken = read_document(document())
    assert (taken.trace_id, taken.id, taken.parent_id, taken.kind) == (TRACE_ID, ID, None, "segment")
    assert (taken.start, taken.end, taken.content["name"]) == (1.5, 2.0, "f")


def test_a_subsegment_has_a_parent_and_may_be_in_progress() -> None:
    taken = read_document(document(type="subsegment", parent_id="a" * 16, in_progress=True, end_time=...))
    assert (taken.kind, taken.parent_id, taken.end) == ("subsegment", "a" * 16, None)


def test_a_datagram_has_a_line_that_says_what_follows() -> None:
    assert from_datagram(DATAGRAM_HEADER + document()).id == ID
    assert from_datagram(b'{"version": 1, "format": "json"}\n' + document()).id == ID


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        document(),
        b"no header\n" + document(),
        b'{"format":"json","version":2}\n{}',
        b"[]\n{}",
        b"\xff\n\xff",
    ],
)
def test_a_datagram_without_that_line_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        from_datagram(data)
    assert caught.value.reason == "header"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"[]", "json"),
        (b'"text"', "json"),
        (b"NaN", "json"),
        (document(metadata="x" * DOCUMENT_BYTES), "size"),
        (document(id=...), "id"),
        (document(id="53995C3F42CD8AD8"), "id"),
        (document(id="53995c3f42cd8ad"), "id"),
        (document(id=1), "id"),
        (document(name=...), "name"),
        (document(name=""), "name"),
        (document(name="n" * 201), "name"),
        (document(trace_id=...), "trace id"),
        (document(trace_id="1-5759e988-bd862e3fe1be46a99427279"), "trace id"),
        (document(trace_id="2-5759e988-bd862e3fe1be46a994272793"), "trace id"),
        (document(trace_id=TRACE_ID + "\n"), "trace id"),
        (document(type="subsegment"), "parent id"),
        (document(parent_id="no"), "parent id"),
        (document(start_time=...), "time"),
        (document(start_time="1"), "time"),
        (document(start_time=True), "time"),
        (document(start_time=-1), "time"),
        (document(end_time=...), "time"),
        (document(end_time=1e300), "time"),
        (document(in_progress="yes", end_time=...), "time"),
        (document(subsegments={}), "subsegments"),
        (document(subsegments=["x"]), "subsegments"),
        (document(subsegments=[{"id": "a" * 16, "name": "n", "start_time": 1}]), "time"),
        (document(subsegments=[{"name": "n", "start_time": 1, "end_time": 1}]), "id"),
        (document(subsegments=nested(DEEPEST + 1)), "subsegments"),
    ],
)
def test_what_is_no_document_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(raw)
    assert caught.value.reason == reason


def test_what_is_nested_as_deep_as_may_be_is_taken() -> None:
    assert read_document(document(subsegments=nested(DEEPEST))).id == ID


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: DATAGRAM_HEADER + data))
def test_no_datagram_raises_anything_else(data: bytes) -> None:
    with pytest.raises(DocumentError):
        from_datagram(data)


nasty: list[Any] = [
    None,
    True,
    0,
    -1.5,
    1e308,
    2**63,
    "",
    "\x00",
    ID,
    TRACE_ID,
    "subsegment",
    [],
    [[]],
    {},
    [None],
    ...,
]
nasty += [[{"id": ID}], [{"id": ID, "name": "n", "start_time": 1, "end_time": 2, "subsegments": [1]}]]
names = ["id", "trace_id", "parent_id", "name", "type", "start_time", "end_time", "in_progress", "subsegments"]


@given(st.dictionaries(st.sampled_from(names), st.sampled_from(nasty)))
def test_whatever_else_a_document_says_it_is_taken_or_refused(changes: dict[str, Any]) -> None:
    try:
        taken = read_document(document(**changes))
    except DocumentError:
        return
    assert taken.content["id"] == taken.id
