"""The log events of all functions: groups, the streams in them, and events that can be asked for and waited for.

Kept in SQLite, in a file under the service's state or in memory. Writers are the execution environments, by way of the
event loop; a batch of lines is one transaction, written a moment later, so that logging keeps no invocation waiting.
Readers see what has been written (`flush` makes that everything). Events of one stream are in the order they came in,
events of several by their time.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    ingested INTEGER NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_of_stream ON event (stream, time, id);
"""
# Events taken in before they are written in any case.
_MOST_PENDING = 1_000


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
    """The log events of a service. Not for several threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._database = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("PRAGMA foreign_keys=ON")
        self._database.executescript(_SCHEMA)
        self._streams: dict[tuple[str, str], int] = {}
        self._pending: list[tuple[int, int, int, str]] = []

    def add(self, group: str, stream: str, time: int, message: str, *, ingested: int | None = None) -> None:
        """Take in one event; it can be asked for after the next `flush`."""
        at = time if ingested is None else ingested
        self._pending.append((self._stream_id(group, stream, at), time, at, message))
        if len(self._pending) >= _MOST_PENDING:
            self.flush()

    def flush(self) -> None:
        """Write what has been taken in."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO event (stream, time, ingested, message) VALUES (?, ?, ?, ?)", pending)
        self._database.execute("COMMIT")

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
            "SELECT log_group, min(created), "
            "(SELECT coalesce(sum(length(message) + 26), 0) FROM event JOIN stream AS s ON event.stream = s.id "
            " WHERE s.log_group = stream.log_group) "
            "FROM stream WHERE substr(log_group, 1, ?) = ? GROUP BY log_group ORDER BY log_group",
            len(prefix),
            prefix,
        )
        return [LogGroup(*row) for row in rows]

    def streams(self, group: str, prefix: str = "") -> list[LogStream]:
        """The streams of a group whose names begin so, by name."""
        rows = self._rows(
            "SELECT name, created, min(time), max(time), max(ingested) "
            "FROM stream LEFT JOIN event ON event.stream = stream.id "
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
        direction = "DESC" if newest_first else "ASC"
        query = (
            "SELECT event.id, log_group, name, time, ingested, message "
            "FROM event JOIN stream ON event.stream = stream.id "
            f"WHERE {' AND '.join(conditions)} ORDER BY time {direction}, event.id {direction}"
        )
        with closing(self._database.execute(query, values)) as rows:
            yield from (LogEvent(*row) for row in rows)

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


def _conditions(
    group: str,
    streams: Sequence[str] | None,
    stream_prefix: str,
    start: int | None,
    end: int | None,
    after: tuple[int, int] | None,
    before: tuple[int, int] | None,
) -> tuple[list[str], list[Any]]:
    """The conditions of a query and their values."""
    chosen: list[tuple[str, Sequence[Any]]] = [("log_group = ?", (group,))]
    if streams is not None:
        chosen.append((f"name IN ({', '.join('?' * len(streams))})", streams))
    if stream_prefix:
        chosen.append(("substr(name, 1, ?) = ?", (len(stream_prefix), stream_prefix)))
    if start is not None:
        chosen.append(("time >= ?", (start,)))
    if end is not None:
        chosen.append(("time < ?", (end,)))
    if after is not None:
        chosen.append(("(time, event.id) > (?, ?)", after))
    if before is not None:
        chosen.append(("(time, event.id) < (?, ?)", before))
    return [condition for condition, _ in chosen], [value for _, values in chosen for value in values]
