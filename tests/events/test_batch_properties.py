"""Whatever comes together in a batch: nothing is lost, nothing is reported twice, order is kept, time is kept.

The service is a few lines here: it reads a failure report as the developer guide says, and delivers again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.events.dynamodb import dynamodb_batch
from lambdakit.events.kafka import kafka_batch
from lambdakit.events.kinesis import kinesis_batch
from lambdakit.events.sqs import sqs_batch

REMAINING = 10.0


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


class Clock:
    """Time that passes only by the records' work."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Context:
    """As much of a context as the deadline takes."""

    def get_remaining_time_in_millis(self) -> int:
        return int(REMAINING * 1000)


def _sqs(lanes: list[int], *, queue: str = "orders") -> dict[str, Any]:
    arn = f"arn:aws:sqs:us-east-1:123456789012:{queue}"
    return {
        "Records": [
            {
                "messageId": f"id-{index}",
                "body": str(index),
                "attributes": {"MessageGroupId": str(lane)},
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
            }
            for index, lane in enumerate(lanes)
        ]
    }


def _fifo(lanes: list[int]) -> dict[str, Any]:
    return _sqs(lanes, queue="orders.fifo")


def _kinesis(lanes: list[int]) -> dict[str, Any]:
    return {
        "Records": [
            {"eventSource": "aws:kinesis", "kinesis": {"partitionKey": str(lane), "sequenceNumber": str(98 + index)}}
            for index, lane in enumerate(lanes)
        ]
    }


def _dynamodb(lanes: list[int]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventSource": "aws:dynamodb",
                "dynamodb": {"Keys": {"id": {"N": str(lane)}}, "SequenceNumber": str(98 + index)},
            }
            for index, lane in enumerate(lanes)
        ]
    }


def _kafka(lanes: list[int]) -> dict[str, Any]:
    partitions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for index, lane in enumerate(sorted(lanes)):
        partitions[f"orders-{lane}"].append({"topic": "orders", "partition": lane, "offset": 98 + index})
    return {"eventSource": "aws:kafka", "records": dict(partitions)}


def _index_of_message(record: Any) -> int:
    return int(record.body)


def _index_of_change(record: Any) -> int:
    return int(record.sequence_number) - 98


def _index_of_offset(record: Any) -> int:
    return int(record.offset) - 98


# Source: its decorator, its event, which record a record is, which lanes keep order, what a failure keeps back.
SOURCES: dict[str, tuple[Any, Any, Any, str]] = {
    "sqs": (sqs_batch, _sqs, _index_of_message, "nothing"),
    "sqs fifo": (sqs_batch, _fifo, _index_of_message, "lane"),
    "kinesis": (kinesis_batch, _kinesis, _index_of_change, "shard"),
    "dynamodb": (dynamodb_batch, _dynamodb, _index_of_change, "shard"),
    "kafka": (kafka_batch, _kafka, _index_of_offset, "lane"),
}


def _delivered_again(source: str, lanes: list[int], report: list[Any]) -> set[int]:
    """The records that the service delivers again, as it reads the report. Fails for one it would not accept."""
    names = [failure["itemIdentifier"] for failure in report]
    if source.startswith("sqs"):
        assert len(set(names)) == len(names)
        return {int(name.removeprefix("id-")) for name in names}
    if source == "kafka":
        again: set[int] = set()
        assert len({name["partition"] for name in names}) == len(names)
        for name in names:
            own = [index for index, lane in enumerate(lanes) if f"orders-{lane}" == name["partition"]]
            assert name["offset"] - 98 in own
            again.update(index for index in own if index >= name["offset"] - 98)
        return again
    assert len(names) <= 1
    return {index for name in names for index in range(int(name) - 98, len(lanes))}


class Batch:
    """One batch with its record function: which records started and ended, and when."""

    def __init__(self, source: str, lanes: list[int], failing: set[int], costs: list[float]) -> None:
        self.source = source
        self.decorator, make_event, self.index_of, self.keeps = SOURCES[source]
        self.lanes = sorted(lanes) if source == "kafka" else lanes
        self.event = make_event(lanes)
        self.failing = failing
        self.costs = costs
        self.clock = Clock()
        self.started: list[tuple[int, float]] = []
        self.running: set[int] = set()
        self.succeeded: list[int] = []
        self.failed: list[tuple[int, int]] = []

    def _begin(self, record: Any) -> int:
        index: int = self.index_of(record)
        if self.keeps != "nothing":
            assert self.lanes[index] not in {self.lanes[other] for other in self.running}
        self.running.add(index)
        self.started.append((index, self.clock.now))
        return index

    def _end(self, index: int) -> None:
        self.clock.now += self.costs[index % len(self.costs)]
        self.running.discard(index)
        if index in self.failing:
            self.failed.append((index, len(self.started)))
            raise ValueError(index)
        self.succeeded.append(index)

    def run(self, flavour: str, **options: Any) -> list[Any]:
        """Run the batch; the failure report."""

        def function(record: Any) -> None:
            self._end(self._begin(record))

        async def async_function(record: Any, context: Any) -> None:
            index = self._begin(record)
            await asyncio.sleep(0)
            self._end(index)

        with (
            mock.patch("lambdakit.events.batch_run.monotonic", self.clock),
            mock.patch("lambdakit.events.batch_workers.monotonic", self.clock),
        ):
            if flavour == "async":
                handler = self.decorator(**options)(async_function)
                report: list[Any] = asyncio.run(handler(self.event, Context()))["batchItemFailures"]
                return report
            found: list[Any] = self.decorator(**options)(function)(self.event, Context())["batchItemFailures"]
            return found


batches = st.builds(
    Batch,
    st.sampled_from(sorted(SOURCES)),
    st.lists(st.integers(0, 3), min_size=1, max_size=14),
    st.sets(st.integers(0, 13), max_size=4),
    st.lists(st.sampled_from([0.0, 0.5, 2.0, 6.0]), min_size=1, max_size=5),
)
runs = st.tuples(
    st.sampled_from(["sync", "async"]),
    st.fixed_dictionaries({"concurrency": st.integers(1, 4)}, optional={"reserve": st.sampled_from([0, 1, 4.5, 20])}),
)


@given(batch=batches, run=runs)
def test_nothing_is_lost_and_nothing_is_done_again_without_need(batch: Batch, run: Any) -> None:
    flavour, options = run
    again = _delivered_again(batch.source, batch.lanes, batch.run(flavour, **options))
    everything = set(range(len(batch.lanes)))
    succeeded = set(batch.succeeded)
    assert len(batch.succeeded) == len(succeeded)
    assert everything - succeeded <= again
    if batch.source.startswith("sqs") or options["concurrency"] == 1:
        assert again == everything - succeeded


@given(batch=batches, run=runs)
def test_order_is_kept_in_every_lane(batch: Batch, run: Any) -> None:
    flavour, options = run
    batch.run(flavour, **options)
    by_lane: dict[int, list[int]] = defaultdict(list)
    for index, _ in batch.started:
        by_lane[batch.lanes[index]].append(index)
    for lane, order in by_lane.items():
        if batch.keeps != "nothing":
            whole = [index for index, other in enumerate(batch.lanes) if other == lane]
            assert order == whole[: len(order)]
            assert not batch.failing & set(order[:-1])
    if batch.keeps == "shard" and options["concurrency"] == 1:
        order = [index for index, _ in batch.started]
        assert order == list(range(len(order)))
        assert not batch.failing & set(order[:-1])


@given(batch=batches, concurrency=st.integers(2, 4))
def test_behind_a_failure_in_a_shard_nothing_new_starts(batch: Batch, concurrency: int) -> None:
    batch.run("async", concurrency=concurrency)
    for index, started in batch.failed if batch.keeps == "shard" else ():
        behind = [other for other, _ in batch.started[started:] if other > index]
        # Each of the other workers may have taken one before the failure was settled.
        assert len(behind) < concurrency


@given(batch=batches, run=runs)
def test_no_record_starts_without_the_time_it_may_need(batch: Batch, run: Any) -> None:
    flavour, options = run
    batch.run(flavour, **options)
    reserve = options.get("reserve", 0.5)
    assert all(at + reserve <= REMAINING for _, at in batch.started)
    if options["concurrency"] == 1 and batch.started:
        last = len(batch.started) - 1
        slowest = max((batch.costs[index % len(batch.costs)] for index, _ in batch.started[:last]), default=0)
        assert batch.started[last][1] + slowest + reserve <= REMAINING


@given(batch=batches, flavour=st.sampled_from(["sync", "async"]), concurrency=st.integers(1, 4))
@settings(max_examples=50)
def test_with_time_and_no_faults_every_record_has_its_turn_once(batch: Batch, flavour: str, concurrency: int) -> None:
    batch.failing = set()
    batch.costs = [0.0]
    assert batch.run(flavour, concurrency=concurrency) == []
    assert sorted(batch.succeeded) == list(range(len(batch.lanes)))


@given(batch=batches, run=runs, tries=st.integers(1, 3))
@settings(max_examples=50)
def test_what_fails_for_a_while_is_done_in_the_end(batch: Batch, run: Any, tries: int) -> None:
    """Delivered until nothing is left, with a function whose faults pass, every message is done exactly once."""
    flavour, options = run
    options["reserve"] = 0
    waiting, done = [*range(len(batch.lanes))], list[int]()
    attempts: dict[int, int] = defaultdict(int)
    lanes, deliveries = batch.lanes, 0
    while waiting:
        deliveries += 1
        assert deliveries < 200
        part = Batch(batch.source, [lanes[index] for index in waiting], set(), batch.costs)
        part.failing = {at for at, index in enumerate(waiting) if index in batch.failing and attempts[index] < tries}
        again = _delivered_again(part.source, part.lanes, part.run(flavour, **options))
        for at, _ in part.started:
            attempts[waiting[at]] += 1
        done += [waiting[at] for at in part.succeeded if at not in again]
        waiting = [index for at, index in enumerate(waiting) if at in again]
    assert sorted(done) == list(range(len(lanes)))
