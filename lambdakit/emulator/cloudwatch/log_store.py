"""The log events of all functions: groups, the streams in them, and events that can be asked for and waited for.

Kept in SQLite, in a file under the service's state or in memory, in blocks: what one stream has taken in since the
last `flush` is one row, so that writing a line costs next to nothing, which matters because there are three to every
invocation and few are ever read. Readers see what has been written (`flush` makes that everything). Events are in the
order of their time; of those of one time, in the order they came in.
"""

from __future__ import annotations

import heapq
import math
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ("LogEvent", "LogGroup", "LogStore", "LogStream")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stream (
    id INTEGER PRIMARY KEY,
    log_group TEXT NOT NULL,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (log_group, name)
);
CREATE TABLE IF NOT EXISTS block (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream INTEGER NOT NULL REFERENCES stream (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    ingested INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    events BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS block_of_stream ON block (stream, first);
"""
# Events taken in before they are written in any case: the most there are in a block, too.
_MOST_PENDING = 1_000
# What CloudWatch counts for an event beside its message.
_EVENT_BYTES = 26
# A store in memory forgets its oldest blocks beyond this.
_MOST_BYTES_IN_MEMORY = 32 * 1024 * 1024
# Every so many blocks it is looked whether there are too many.
_BLOCKS_BETWEEN_LOOKS = 64


class LogEvent(NamedTuple):
    """One log event; times are milliseconds since 1970."""

    id: int
    group: str
    stream: str
    time: int
    ingested: int
    message: str


class LogGroup(NamedTuple):
    """A log group, when it came to be, and the bytes in it."""

    name: str
    created: int
    stored_bytes: int


class LogStream(NamedTuple):
    """A log stream, when it came to be, and the times of its first and last event and of the last one taken in."""

    name: str
    created: int
    first_event: int | None
    last_event: int | None
    last_ingested: int | None


class LogStore:
    """The log events of a service. Not for several threads. In memory, the oldest go when there are too many."""

    def __init__(self, path: Path | None = None, *, most_bytes: int | None = None) -> None:
        self._database = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("PRAGMA foreign_keys=ON")
        self._database.executescript(_SCHEMA)
        self._most_bytes = _MOST_BYTES_IN_MEMORY if most_bytes is None and path is None else most_bytes
        self._streams: dict[tuple[str, str], int] = {}
        # By stream: what has been taken in since the last flush, as (time, ingested, message).
        self._pending: dict[int, list[tuple[int, int, str]]] = {}
        self._pending_count = 0
        self._blocks_since_look = 0

    def add(self, group: str, stream: str, time: int, message: str, *, ingested: int | None = None) -> None:
        """Take in one event; it can be asked for after the next `flush`."""
        self.add_all(group, stream, [(time, time if ingested is None else ingested, message)])

    def add_all(self, group: str, stream: str, events: Sequence[tuple[int, int, str]]) -> None:
        """Take in events of one stream: of each the time, when it was taken in, and the message."""
        pending = self._pending.setdefault(self._stream_id(group, stream, events[0][1]), [])
        for start in range(0, len(events), _MOST_PENDING):
            part = events[start : start + _MOST_PENDING]
            if self._pending_count + len(part) > _MOST_PENDING:
                self.flush()
                pending = self._pending.setdefault(self._stream_id(group, stream, part[0][1]), [])
            pending += part
            self._pending_count += len(part)
        if self._pending_count >= _MOST_PENDING:
            self.flush()

    def flush(self) -> None:
        """Write what has been taken in."""
        if not self._pending:
            return
        pending, self._pending, self._pending_count = self._pending, {}, 0
        self._database.execute("BEGIN")
        try:
            self._database.executemany(
                "INSERT INTO block (stream, first, last, ingested, bytes, events) VALUES (?, ?, ?, ?, ?, ?)",
                [_block(stream, events) for stream, events in pending.items()],
            )
            self._database.execute("COMMIT")
        except sqlite3.Error:
            # A full disk ends the transaction or leaves it open, as SQLite sees fit; the next must be able to begin.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._blocks_since_look += len(pending)
        if self._most_bytes is not None and self._blocks_since_look >= _BLOCKS_BETWEEN_LOOKS:
            self._forget_beyond(self._most_bytes)

    def _forget_beyond(self, most_bytes: int) -> None:
        self._blocks_since_look = 0
        query = "SELECT id FROM (SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS newer FROM block) WHERE newer > ?"
        with closing(self._database.execute(f"{query} ORDER BY id DESC LIMIT 1", (most_bytes,))) as rows:
            found = rows.fetchone()
        if found is not None:
            self._database.execute("DELETE FROM block WHERE id <= ?", found)

    def _stream_id(self, group: str, name: str, created: int) -> int:
        known = self._streams.get((group, name))
        if known is not None:
            return known
        self._database.execute(
            "INSERT OR IGNORE INTO stream (log_group, name, created) VALUES (?, ?, ?)", (group, name, created)
        )
        query = "SELECT id FROM stream WHERE log_group = ? AND name = ?"
        with closing(self._database.execute(query, (group, name))) as rows:
            id: int = rows.fetchone()[0]
        self._streams[group, name] = id
        return id

    def groups(self, prefix: str = "") -> list[LogGroup]:
        """The groups whose names begin so, by name."""
        rows = self._rows(
            "SELECT log_group, min(created), coalesce(sum(bytes), 0) "
            "FROM stream LEFT JOIN block ON block.stream = stream.id "
            "WHERE substr(log_group, 1, ?) = ? GROUP BY log_group ORDER BY log_group",
            len(prefix),
            prefix,
        )
        return [LogGroup(*row) for row in rows]

    def streams(self, group: str, prefix: str = "") -> list[LogStream]:
        """The streams of a group whose names begin so, by name."""
        rows = self._rows(
            "SELECT name, created, min(first), max(last), max(ingested) "
            "FROM stream LEFT JOIN block ON block.stream = stream.id "
            "WHERE log_group = ? AND substr(name, 1, ?) = ? GROUP BY stream.id ORDER BY name",
            group,
            len(prefix),
            prefix,
        )
        return [LogStream(*row) for row in rows]

    def events(
        self,
        group: str,
        *,
        streams: Sequence[str] | None = None,
        stream_prefix: str = "",
        start: int | None = None,
        end: int | None = None,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
        newest_first: bool = False,
    ) -> Iterator[LogEvent]:
        """The events of a group from `start` (milliseconds, included) to `end` (excluded), by time.

        `after` and `before` are the time and id of an event, neither of them included: how a reader goes on.
        """
        self.flush()
        conditions, values = _conditions(group, streams, stream_prefix, start, end, after, before)
        order = "last DESC" if newest_first else "first ASC"
        query = (
            "SELECT block.id, first, last, name, events FROM block JOIN stream ON block.stream = stream.id "
            f"WHERE {' AND '.join(conditions)} ORDER BY {order}"
        )
        # The id before all others, so that a time by itself is a place, too.
        low = max((-math.inf if start is None else start, -1), after or (-math.inf, -1))
        high = min((math.inf if end is None else end, -1), before or (math.inf, -1))
        with closing(self._database.execute(query, values)) as rows:
            for event in _merged(group, rows, newest_first=newest_first):
                if low < (event.time, event.id) < high:
                    yield event

    def remove(self, group: str, stream: str | None = None) -> bool:
        """Forget a group, or one stream of it; whether it was there."""
        self.flush()
        self._streams.clear()
        cursor = self._database.execute(
            "DELETE FROM stream WHERE log_group = ? AND name = coalesce(?, name)", (group, stream)
        )
        return cursor.rowcount > 0

    def close(self) -> None:
        """Write what has been taken in, and close."""
        self.flush()
        self._database.close()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        self.flush()
        with closing(self._database.execute(query, values)) as rows:
            return rows.fetchall()


def _block(stream: int, events: list[tuple[int, int, str]]) -> tuple[object, ...]:
    """The row that holds these events."""
    times = [time for time, _, _ in events]
    size = sum([len(message) for _, _, message in events]) + _EVENT_BYTES * len(events)
    return stream, min(times), max(times), max([ingested for _, ingested, _ in events]), size, orjson.dumps(events)


def _merged(group: str, rows: Iterable[tuple[Any, ...]], *, newest_first: bool) -> Iterator[LogEvent]:
    """The events of blocks that come by their first time (or, newest first, by their last), by time.

    Blocks of different streams overlap. An event's turn has come when no block that is still to come can hold an
    earlier (or later) one.
    """
    sign = -1 if newest_first else 1
    open_events: list[tuple[int, int, LogEvent]] = []
    for id, first, last, name, events in rows:
        edge = sign * (last if newest_first else first)
        while open_events and open_events[0][0] < edge:
            yield heapq.heappop(open_events)[2]
        for index, (time, ingested, message) in enumerate(orjson.loads(events)):
            event = LogEvent(id * (_MOST_PENDING + 1) + index, group, name, time, ingested, message)
            heapq.heappush(open_events, (sign * time, sign * event.id, event))
    while open_events:
        yield heapq.heappop(open_events)[2]


def _conditions(
    group: str,
    streams: Sequence[str] | None,
    stream_prefix: str,
    start: int | None,
    end: int | None,
    after: tuple[int, int] | None,
    before: tuple[int, int] | None,
) -> tuple[list[str], list[Any]]:
    """The conditions of a query for blocks that may hold such events, and their values."""
    chosen: list[tuple[str, Sequence[Any]]] = [("log_group = ?", (group,))]
    if streams is not None:
        chosen.append((f"name IN ({', '.join('?' * len(streams))})", streams))
    if stream_prefix:
        chosen.append(("substr(name, 1, ?) = ?", (len(stream_prefix), stream_prefix)))
    if start is not None:
        chosen.append(("last >= ?", (start,)))
    if end is not None:
        chosen.append(("first < ?", (end,)))
    if after is not None:
        chosen.append(("last >= ?", (after[0],)))
    if before is not None:
        chosen.append(("first <= ?", (before[0],)))
    return [condition for condition, _ in chosen], [value for _, values in chosen for value in values]
