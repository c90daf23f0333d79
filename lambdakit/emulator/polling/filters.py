"""Which records of a source reach the function: filter criteria, and what of a record they are matched with.

A record passes if one of the patterns matches. Where a pattern looks into the record's data, the data is read as JSON
and data that is none does not match; where it asks for the data as text, the data is matched as it is. Source: AWS
Lambda developer guide, "Control which events Lambda sends to your function".
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdakit.emulator.polling.json_values import is_array, is_object
from lambdakit.emulator.polling.pattern import Branch, compile_pattern
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from lambdakit.emulator.polling.pattern import Pattern

    Record: TypeAlias = dict[str, Any]

__all__ = ("Filters", "ServiceName", "read_filters")

ServiceName = Literal["sqs", "kinesis", "dynamodb"]
# The service's quota, once raised.
MOST_PATTERNS = 10


class Subject(NamedTuple):
    """How the patterns of a source see a record: the key of its data, and the record with the data as text."""

    data: str | None
    of: Callable[[Record], Record]


def _of_kinesis(record: Record) -> Record:
    of_stream: Record = record["kinesis"]
    text = base64.b64decode(of_stream["data"]).decode("utf-8", "replace")
    return {**record, **of_stream, "data": text}


def _whole(record: Record) -> Record:
    return record


_SUBJECTS: Mapping[ServiceName, Subject] = {
    "sqs": Subject("body", _whole),
    "kinesis": Subject("data", _of_kinesis),
    "dynamodb": Subject(None, _whole),
}


class Filters(NamedTuple):
    """The patterns of one event source; without any, every record passes."""

    service: ServiceName
    patterns: tuple[Pattern, ...] = ()

    def passes(self, record: Record) -> bool:
        """Whether the function is to see a record."""
        if not self.patterns:
            return True
        data, of = _SUBJECTS[self.service]
        subject = of(record)
        return any(_matches(pattern, subject, data) for pattern in self.patterns)

    def split(self, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
        """The records that pass, and the others."""
        passing = [record for record in records if self.passes(record)]
        others = [record for record in records if not self.passes(record)] if self.patterns else []
        return passing, others


def _matches(pattern: Pattern, subject: Record, data: str | None) -> bool:
    if data is None or not isinstance(pattern.root.fields.get(data), Branch):
        return pattern(subject)
    try:
        inner = json.loads(subject[data])
    except ValueError:
        return False
    return pattern({**subject, data: inner})


def read_filters(service: ServiceName, criteria: Any) -> Filters:
    """The patterns of `{"Filters": [{"Pattern": "..."}]}`, each JSON text (or the JSON itself). Raises UsageError."""
    entries = criteria.get("Filters", []) if is_object(criteria) else criteria
    if not is_array(entries) or not all(is_object(entry) and "Pattern" in entry for entry in entries):
        raise UsageError('FilterCriteria is {"Filters": [{"Pattern": "..."}, ...]}.')
    if len(entries) > MOST_PATTERNS:
        raise UsageError(f"FilterCriteria has at most {MOST_PATTERNS} filters, not {len(entries)}.")
    texts = [pattern if isinstance(pattern := entry["Pattern"], str) else json.dumps(pattern) for entry in entries]
    return Filters(service, tuple(map(compile_pattern, texts)))
