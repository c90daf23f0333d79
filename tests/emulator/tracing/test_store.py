"""Traces as they are kept, and as they are put together."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.tracing import store as stores
from lambdakit.emulator.tracing.documents import DEEPEST, read_document
from lambdakit.emulator.tracing.store import TraceStore
from lambdakit.emulator.tracing.trees import children, entities, trees

if TYPE_CHECKING:
    from lambdakit.emulator.tracing.documents import Document


def made(id: int, *, parent: int | None = None, trace: int = 0, start: float = 1.0, **more: Any) -> Document:
    """A subsegment of its own where there is a parent, else a segment."""
    value: dict[str, Any] = {"id": f"{id:016x}", "trace_id": f"1-00000000-{trace:024x}", "name": f"n{id}"}
    value |= {"start_time": start, "end_time": start + 1, **more}
    if parent is not None:
        value |= {"type": "subsegment", "parent_id": f"{parent:016x}"}
    return read_document(json.dumps({name: item for name, item in value.items() if item is not None}).encode())


def shape(entity: dict[str, Any]) -> Any:
    """Names, as nested as they are."""
    inner = [shape(child) for child in children(entity)]
    return {entity["name"]: inner} if inner else entity["name"]


def test_subsegments_are_put_where_they_belong_in_whatever_order_they_come() -> None:
    documents = [made(1), made(2, parent=1, start=3), made(3, parent=2), made(4, parent=1, start=2), made(5)]
    for seed in range(10):
        random.Random(seed).shuffle(documents)
        found = trees(sorted(documents, key=lambda document: document.id) if not seed else documents)
        assert sorted(map(str, map(shape, found))) == ["n5", str({"n1": ["n4", {"n2": ["n3"]}]})]
        assert "parent_id" not in children(next(root for root in found if root["name"] == "n1"))[0]


def test_a_subsegment_within_a_document_can_be_the_parent() -> None:
    inner = {"id": "a" * 16, "name": "inner", "start_time": 1, "end_time": 2}
    segment = made(1, subsegments=[inner])
    assert shape(trees([made(2, parent=int("a" * 16, 16)), segment])[0]) == {"n1": [{"inner": ["n2"]}]}


def test_what_came_by_itself_takes_the_place_of_what_its_parent_said_of_it() -> None:
    told = {"id": f"{2:016x}", "name": "told", "start_time": 1, "in_progress": True}
    (root,) = trees([made(1, subsegments=[told]), made(2, parent=1)])
    assert shape(root) == {"n1": ["n2"]}


def test_orphans_and_circles_stand_alone() -> None:
    assert [shape(root) for root in trees([made(2, parent=9)])] == ["n2"]
    assert [shape(root) for root in trees([made(2, parent=2)])] == ["n2"]
    circle = trees([made(1, parent=3), made(2, parent=1), made(3, parent=2)])
    assert [len(list(entities(root))) for root in circle] == [3]


def test_a_chain_is_not_nested_beyond_reason() -> None:
    chain = [made(0), *(made(number, parent=number - 1) for number in range(1, 3 * DEEPEST))]
    found = trees(reversed(chain))
    assert sum(len(list(entities(root))) for root in found) == 3 * DEEPEST
    json.dumps(found)
    assert len(found) == 3


def test_the_end_of_a_segment_takes_the_place_of_its_beginning_and_not_the_other_way_round() -> None:
    store = TraceStore()
    begun = made(1, in_progress=True, end_time=None)
    store.add(begun)
    trace = store.get(begun.trace_id)
    assert trace is not None
    assert (trace.is_partial, trace.revision) == (True, 1)
    store.add(made(1))
    store.add(begun)
    assert (trace.is_partial, trace.revision, trace.end) == (False, 2, 2.0)


def test_the_oldest_traces_go_when_there_are_too_many() -> None:
    store = TraceStore(traces=3)
    for number in range(5):
        store.add(made(1, trace=number))
    assert [int(trace.id[-2:]) for trace in store.newest()] == [4, 3, 2]
    assert len(store) == 3


def test_the_oldest_traces_go_when_they_are_too_large() -> None:
    store = TraceStore(size=30_000)
    for number in range(5):
        store.add(made(1, trace=number, metadata="x" * 10_000))
    assert [int(trace.id[-2:]) for trace in store.newest()] == [4, 3]
    store.clear()
    assert len(store) == 0
    store.add(made(1, metadata="x" * 20_000))
    assert len(store) == 1


def test_one_trace_takes_no_more_than_x_ray_takes_of_one() -> None:
    store = TraceStore()
    for number in range(20):
        store.add(made(number, metadata="x" * 40_000))
    (trace,) = store.newest()
    assert trace.limit_exceeded
    assert trace.size <= stores.TRACE_BYTES
    assert len(trace.documents) == stores.TRACE_BYTES // len(trace.documents[f"{0:016x}"].raw)
