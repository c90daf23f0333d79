"""A stream of Kinesis or DynamoDB, polled for a function: one reader for each shard, one lane or several in each.

A shard's records are read in order and dealt with in order: what fails holds back what comes after it. With several
lanes (`ParallelizationFactor`) only the order of records with the same key is kept: the records of one read are shared
out by their keys, and the next read waits for all lanes. A shard that came of another's split begins when that one has
been read to its end. How far a shard is done is noted after each read's batches.

Not here: what becomes of one batch (`stream_batches`). Source: AWS Lambda developer guide, "Using Lambda with Kinesis".
"""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import TYPE_CHECKING

from lambdakit.emulator.limits import REQUEST_BYTES
from lambdakit.emulator.polling.poller import Poller
from lambdakit.emulator.polling.stream_batches import BatchRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lambdakit.emulator.polling.checkpoints import Checkpoints
    from lambdakit.emulator.polling.mapping import SourceMapping
    from lambdakit.emulator.polling.poller import Invoke, Tell
    from lambdakit.emulator.polling.stream_batches import TellDiscarded
    from lambdakit.emulator.polling.stream_sources import Stream, StreamRecord

__all__ = ("StreamPoller",)

# Seconds between two reads of a shard that had nothing more, and between two looks for new shards.
READ_EVERY = {"kinesis": 1.0, "dynamodb": 0.25}
LOOK_EVERY = 5.0


class StreamPoller(Poller):
    """Reads the shards of one mapping's stream. `age` hears the ages of records, in milliseconds."""

    def __init__(
        self,
        mapping: SourceMapping,
        invoke: Invoke,
        tell: Tell,
        *,
        stream: Stream,
        checkpoints: Checkpoints,
        discard: TellDiscarded,
        age: Callable[[str, float], None],
    ) -> None:
        super().__init__(mapping, invoke, tell)
        self._stream = stream
        self._checkpoints = checkpoints
        self._runner = BatchRunner(
            mapping,
            invoke=invoke,
            discard=discard,
            pause=self._goes_on_after,
            age=lambda milliseconds: age(mapping.function, milliseconds),
        )
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._drained: set[str] = set()

    async def _round(self) -> None:
        """Look for shards, and start what may be read."""
        shards = await self._stream.shards()
        there = {shard.id for shard in shards}
        first = not self._readers
        for shard in shards:
            waits = shard.parent in there and shard.parent not in self._drained
            if shard.id not in self._readers and not waits:
                begins = self.mapping.starting_position if first else "TRIM_HORIZON"
                self._readers[shard.id] = asyncio.create_task(self._read(shard.id, begins))
        await self._pause(LOOK_EVERY)

    async def _end(self) -> None:
        await asyncio.gather(*self._readers.values(), return_exceptions=True)

    async def _goes_on_after(self, seconds: float) -> bool:
        await self._pause(seconds)
        return not self.stopping

    # one shard

    async def _read(self, shard: str, begins: str) -> None:
        """Read a shard until its end or the service's."""
        iterator: str | None = None
        while not self.stopping:
            try:
                if iterator is None:
                    after = self._checkpoints.get(self.mapping, shard)
                    iterator = await self._stream.iterator(shard, after, begins=begins)
                records, following = await self._gather(iterator, shard)
                if not await self._deal_with(shard, records):
                    return
            except Exception as error:
                self._problem(error)
                iterator = None
                await self._pause(READ_EVERY[self.mapping.service])
                continue
            if following is None:
                self._drained.add(shard)
                return
            iterator = following
            if not records:
                await self._pause(READ_EVERY[self.mapping.service])

    async def _gather(self, iterator: str, shard: str) -> tuple[list[StreamRecord], str | None]:
        """The records for a batch of every lane: the window begins with the first of them."""
        size = self.mapping.batch_size * self.mapping.lanes
        records, following = await self._stream.records(iterator, shard, size)
        loop = asyncio.get_running_loop()
        end = loop.time() + self.mapping.window
        while records and following and len(records) < size and not self.stopping and (left := end - loop.time()) > 0:
            more, following = await self._stream.records(following, shard, size - len(records))
            records += more
            if not more:
                await self._pause(min(left, READ_EVERY[self.mapping.service]))
        return records, following

    async def _deal_with(self, shard: str, records: Sequence[StreamRecord]) -> bool:
        """See records through in their lanes and note that they are done; False where the end came first."""
        if not records:
            return True
        passing = [record for record in records if self.mapping.filters.passes(record.event)]
        lanes: list[list[StreamRecord]] = [[] for _ in range(self.mapping.lanes)]
        for record in passing:
            lanes[zlib.crc32(record.key.encode()) % len(lanes)].append(record)
        done = await asyncio.gather(*(self._run_lane(shard, lane) for lane in lanes))
        if not all(done):
            return False
        self._checkpoints.set(self.mapping, shard, records[-1].sequence)
        return True

    async def _run_lane(self, shard: str, records: Sequence[StreamRecord]) -> bool:
        for batch in _batches(records, self.mapping.batch_size):
            if not await self._runner.run(shard, batch):
                return False
        return True


def _batches(records: Sequence[StreamRecord], most: int) -> Iterator[list[StreamRecord]]:
    """The records in batches of at most so many that fit into an event."""
    batch: list[StreamRecord] = []
    empty = len('{"Records":[]}')
    size = empty
    for record in records:
        length = len(json.dumps(record.event, separators=(",", ":"), ensure_ascii=False).encode()) + 1
        if batch and (len(batch) == most or size + length > REQUEST_BYTES):
            yield batch
            batch, size = [], empty
        batch.append(record)
        size += length
    if batch:
        yield batch
