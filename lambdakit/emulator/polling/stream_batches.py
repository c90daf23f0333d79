"""One batch of a stream's records, seen through: invoked, retried, split, or given up and told of.

    error, attempts and age left     again after 1 s, 2 s, 4 s ... 60 s; in two halves, if the mapping splits batches
    some records reported            what is before the first of them is done, the rest is the batch from then on
    attempts used up                 the rest is told to the destination: RetryAttemptsExhausted
    records too old                  they are told to the destination: RecordAgeExceeded
    throttled                        again; not an attempt

Source: AWS Lambda developer guide, "Retain discarded batch records" and "Configuring partial batch response"; moments
and counts as observed of the service.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from lambdakit.emulator.polling.partial import failed_identifiers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from lambdakit.emulator.polling.mapping import SourceMapping
    from lambdakit.emulator.polling.poller import Invoke, Outcome
    from lambdakit.emulator.polling.stream_sources import StreamRecord

__all__ = ("BatchRunner", "Discarded", "TellDiscarded", "event_of")

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]

# Seconds before the first retry, doubled for each further one up to the second figure.
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0


class Discarded(NamedTuple):
    """Records that are given up: why, after how many attempts, and what the last of these came to."""

    records: Sequence[StreamRecord]
    condition: Condition
    attempts: int
    last: Outcome | None


class TellDiscarded(Protocol):
    """Tells whoever is to know of records that are given up."""

    async def __call__(self, shard: str, discarded: Discarded) -> None:
        """Tell of them."""
        ...


class BatchRunner:
    """Sees batches of one mapping through.

    `pause` waits so many seconds and tells whether work goes on after it; `age` hears, before each attempt, how many
    milliseconds old the last record of the batch is. Ages go by the system's time, which is the stream's.
    """

    def __init__(
        self,
        mapping: SourceMapping,
        *,
        invoke: Invoke,
        discard: TellDiscarded,
        pause: Callable[[float], Awaitable[bool]],
        age: Callable[[float], None],
    ) -> None:
        self._mapping = mapping
        self._invoke = invoke
        self._discard = discard
        self._pause = pause
        self._age = age

    async def run(self, shard: str, records: Sequence[StreamRecord], attempts: int = 0) -> bool:
        """See records through; False where the service's end came before theirs."""
        delay: float = FIRST_RETRY
        while True:
            records = await self._young(shard, records, attempts)
            outcome = await self._attempt(records) if records else None
            if outcome is not None:
                records = records[self._done(outcome, records) :]
                if records and self._is_split(outcome, records):
                    return await self._run_halves(shard, records, attempts)
                attempts += 1
                if records and 0 <= self._mapping.retry_attempts < attempts:
                    await self._discard(shard, Discarded(records, "RetryAttemptsExhausted", attempts, outcome))
                    return True
            if not records:
                return True
            if not await self._pause(delay):
                return False
            delay = min(2 * delay, LONGEST_RETRY)

    async def _run_halves(self, shard: str, records: Sequence[StreamRecord], attempts: int) -> bool:
        """Each half is a batch of its own; that one was split is no attempt."""
        middle = len(records) // 2
        first = await self.run(shard, records[:middle], attempts)
        return first and await self.run(shard, records[middle:], attempts)

    def _is_split(self, outcome: Outcome, records: Sequence[StreamRecord]) -> bool:
        return self._mapping.bisect and outcome.function_error is not None and len(records) > 1

    async def _young(self, shard: str, records: Sequence[StreamRecord], attempts: int) -> Sequence[StreamRecord]:
        """The records that are not too old; the others are given up."""
        oldest = time.time() - self._mapping.record_age
        if self._mapping.record_age < 0 or not any(record.arrived < oldest for record in records):
            return records
        old = [record for record in records if record.arrived < oldest]
        await self._discard(shard, Discarded(old, "RecordAgeExceeded", max(1, attempts), None))
        return [record for record in records if record.arrived >= oldest]

    async def _attempt(self, records: Sequence[StreamRecord]) -> Outcome | None:
        self._age(max(0.0, time.time() - records[-1].arrived) * 1000)
        return await self._invoke(self._mapping.function, event_of(records))

    def _done(self, outcome: Outcome, records: Sequence[StreamRecord]) -> int:
        """How many of the records, from the first on, are done."""
        if outcome.function_error is not None:
            return 0
        if not self._mapping.reports_failures:
            return len(records)
        failed = failed_identifiers(outcome.payload, [record.sequence for record in records])
        return next((place for place, record in enumerate(records) if record.sequence in failed), len(records))


def event_of(records: Sequence[StreamRecord]) -> bytes:
    """The event of a batch."""
    event = {"Records": [record.event for record in records]}
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
