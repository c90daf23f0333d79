"""What the batch engine must know of each source: its records, which of them keep order, and how failures are named.

Source: AWS Lambda developer guide, "Reporting batch item failures" of each service. What is reported:

    SQS                exactly the records that did not succeed
    SQS FIFO           the same; after a failure the rest of its message group does not run
    Kinesis, DynamoDB  the lowest sequence number that did not succeed: the service takes the shard up again from there,
                       so nothing behind a failure is started
    Kafka              for each partition the lowest offset that did not succeed; behind it nothing of it is started
    Amazon MQ          nothing can be: the batch fails as a whole, after every message has had its turn

A wrong identifier makes the service fail the whole batch, so a record that has none of the right form is never
reported: the invocation fails instead, which comes to the same and says why.
"""

from __future__ import annotations

from lambdakit.events.model import json_path
from lambdakit.exceptions import BatchError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any, Literal, TypeAlias

    Stops: TypeAlias = Literal["none", "lane", "shard"]
    Lanes: TypeAlias = Callable[[Any, list[Any]], list[Hashable] | None]
    Report: TypeAlias = Callable[[Any, list[Any], list[int]], list[Any]]

__all__ = ("ACTIVEMQ", "DYNAMODB", "KAFKA", "KINESIS", "RABBITMQ", "SQS", "BatchSource")

_type: Any = type


class BatchSource:
    """How one source's batches are taken apart and reported.

    `records` gives the raw records of an event, `place` the JSON path of one; `lanes` gives each record the lane in
    which order must be kept (None: every record is on its own), `report` names the records that did not succeed (None:
    the source takes no report). `stops` is what a failure keeps from starting: nothing, the rest of its lane, or
    everything behind it.
    """

    def __init__(
        self, key: str, shape: Literal["list", "lists by name"], *, lanes: Lanes, stops: Stops, report: Report | None
    ) -> None:
        self.key = key
        self.records: Callable[[Any], list[Any]] = self._listed if shape == "list" else self._mapped
        self.place: Callable[[Any, int], str] = self._place if shape == "list" else self._named
        self.lanes = lanes
        self.stops = stops
        self.report = report

    def _listed(self, event: Any) -> list[Any]:
        records: list[Any] = event[self.key]
        return records

    def _place(self, _event: Any, index: int) -> str:
        return f"$.{self.key}[{index}]"

    def _mapped(self, event: Any) -> list[Any]:
        return [record for records in event[self.key].values() for record in records]

    def _named(self, event: Any, index: int) -> str:
        for name, records in event[self.key].items():
            if index < len(records):
                return f"$.{self.key}{json_path((name,))}[{index}]"
            index -= len(records)
        raise IndexError(index)


def _inside(record: Any, *path: str) -> Any:
    """The value at a path of a record that may be anything, or None."""
    for key in path:
        if _type(record) is not dict:
            return None
        record = record.get(key)
    return record


def _unnamed(path: tuple[str, ...], record: Any) -> BatchError:
    return BatchError(
        f"a record that did not succeed has no {'.'.join(path)} to report it by (found {_inside(record, *path)!r}); "
        "the whole batch is failed, since the service would do so for a wrong identifier"
    )


def _text_at(record: Any, path: tuple[str, ...]) -> str:
    identifier = _inside(record, *path)
    if _type(identifier) is not str or not identifier:
        raise _unnamed(path, record)
    name: str = identifier
    return name


def _message_lanes(_event: Any, records: list[Any]) -> list[Hashable] | None:
    # One batch is of one queue. A group id alone does not make it FIFO: standard queues take one for fairness.
    if not records or not str(_inside(records[0], "eventSourceARN")).endswith(".fifo"):
        return None
    return [str(_inside(record, "attributes", "MessageGroupId")) for record in records]


def _message_report(_event: Any, records: list[Any], left: list[int]) -> list[Any]:
    # At-least-once delivery may put one message twice into a batch; it is still one identifier.
    return list(dict.fromkeys(_text_at(records[index], ("messageId",)) for index in left))


def _sequence_report(*path: str) -> Report:
    """The lowest sequence number. They are decimal and of any length, so the longer is the higher."""

    def report(_event: Any, records: list[Any], left: list[int]) -> list[Any]:
        numbers = [_text_at(records[index], path) for index in left]
        return [min(numbers, key=lambda number: (len(number.lstrip("0")), number.lstrip("0")))]

    return report


def _partition_key_lanes(_event: Any, records: list[Any]) -> list[Hashable] | None:
    return [str(_inside(record, "kinesis", "partitionKey")) for record in records]


def _item_lanes(_event: Any, records: list[Any]) -> list[Hashable] | None:
    keys = [_inside(record, "dynamodb", "Keys") for record in records]
    return [repr(sorted(key.items()) if _type(key) is dict else key) for key in keys]


def _partition_lanes(event: Any, _records: list[Any]) -> list[Hashable] | None:
    return [name for name, items in event["records"].items() for _ in items]


def _partition_report(event: Any, records: list[Any], left: list[int]) -> list[Any]:
    lanes = _partition_lanes(event, records) or []
    lowest: dict[Hashable, int] = {}
    for index in left:
        offset: Any = _inside(records[index], "offset")
        if _type(offset) is not int:
            raise _unnamed(("offset",), records[index])
        lane = lanes[index]
        lowest[lane] = min(lowest.get(lane, offset), offset)
    return [{"partition": lane, "offset": offset} for lane, offset in lowest.items()]


def _no_lanes(_event: Any, _records: list[Any]) -> list[Hashable] | None:
    return None


SQS = BatchSource("Records", "list", lanes=_message_lanes, stops="lane", report=_message_report)
KINESIS = BatchSource(
    "Records",
    "list",
    lanes=_partition_key_lanes,
    stops="shard",
    report=_sequence_report("kinesis", "sequenceNumber"),
)
DYNAMODB = BatchSource(
    "Records",
    "list",
    lanes=_item_lanes,
    stops="shard",
    report=_sequence_report("dynamodb", "SequenceNumber"),
)
KAFKA = BatchSource("records", "lists by name", lanes=_partition_lanes, stops="lane", report=_partition_report)
ACTIVEMQ = BatchSource("messages", "list", lanes=_no_lanes, stops="none", report=None)
RABBITMQ = BatchSource("rmqMessagesByQueue", "lists by name", lanes=_no_lanes, stops="none", report=None)
