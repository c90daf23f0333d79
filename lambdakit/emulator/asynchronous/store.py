"""Where asynchronous events are kept: a SQLite file, so that a 202 outlives the service.

An event is in the table from the moment it is accepted until its end has been delivered. What is under way is not
written down: after a crash it is simply due again, which is what "at least once" allows and "never lost" asks for.
Every change is committed before the caller goes on. The log is not forced to the disk at each (synchronous=NORMAL):
that outlives the death of the process at any moment, not of the machine.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.asynchronous.event import AsyncEvent, Attempt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from lambdakit.emulator.asynchronous.event import Condition, Waiting

__all__ = ("EventStore",)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    function TEXT NOT NULL,
    qualifier TEXT NOT NULL,
    payload BLOB NOT NULL,
    received REAL NOT NULL,
    due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    throttles INTEGER NOT NULL DEFAULT 0,
    trace_id TEXT,
    tenant_id TEXT,
    condition TEXT,
    outcome TEXT,
    response BLOB,
    executed_version TEXT,
    function_error TEXT,
    status INTEGER
);
CREATE INDEX IF NOT EXISTS event_due ON event (due);
"""
_COLUMNS = "id, request_id, function, qualifier, payload, received, due, attempts, throttles, trace_id, tenant_id"
_OUTCOME = "condition, outcome, response, executed_version, function_error, status"


class EventStore:
    """The events of the asynchronous queue, in a file or (without one) in memory. Not for several threads."""

    def __init__(self, path: Path | None = None) -> None:
        # Autocommit: each statement is a transaction, committed when it returns.
        self._database = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_SCHEMA)

    def add(
        self,
        request_id: str,
        function: str,
        qualifier: str,
        payload: bytes,
        received: float,
        *,
        trace_id: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Take an event in; when this returns, it is kept."""
        self._database.execute(
            "INSERT INTO event (request_id, function, qualifier, payload, received, due, trace_id, tenant_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (request_id, function, qualifier, payload, received, received, trace_id, tenant_id),
        )

    def due(self, now: float, *, without: Collection[int], limit: int) -> list[AsyncEvent]:
        """The events that are due and not under way (`without`), the longest due first."""
        rows = self._rows("SELECT * FROM event WHERE due <= ? ORDER BY due, id LIMIT ?", now, limit + len(without))
        return [event for event in rows if event.id not in without][:limit]

    def next_due(self, *, without: Collection[int]) -> float | None:
        """The moment at which the next event is due that is not under way."""
        rows = self._database.execute("SELECT id, due FROM event ORDER BY due, id LIMIT ?", (len(without) + 1,))
        with closing(rows):
            return next((due for id, due in rows if id not in without), None)

    def wait(self, event: AsyncEvent, waiting: Waiting, attempt: Attempt) -> None:
        """Put an event back until it is due again."""
        self._set(event.id, attempt, due=waiting.due, attempts=waiting.attempts, throttles=waiting.throttles)

    def end(self, event: AsyncEvent, condition: Condition, attempt: Attempt | None) -> AsyncEvent:
        """Write down on which condition an event ends, before that is told to anyone; the event as it is then."""
        last = attempt if attempt is not None and attempt.ran else event.last
        attempts = event.attempts + (attempt is not None and attempt.ran)
        self._set(event.id, last, condition=condition, attempts=attempts)
        (ended,) = self._rows("SELECT * FROM event WHERE id = ?", event.id)
        return ended

    def remove(self, event: AsyncEvent) -> None:
        """Forget an event whose end has been delivered."""
        self._database.execute("DELETE FROM event WHERE id = ?", (event.id,))

    def remove_all(self, function: str | None = None) -> None:
        """Forget all events, or those of one function."""
        self._database.execute("DELETE FROM event WHERE function = coalesce(?, function)", (function,))

    def __len__(self) -> int:
        with closing(self._database.execute("SELECT count(*) FROM event")) as rows:
            count: int = rows.fetchone()[0]
            return count

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _set(self, id: int, attempt: Attempt | None, **values: Any) -> None:
        if attempt is not None and attempt.ran:
            values |= {
                "outcome": attempt.outcome,
                "response": attempt.payload,
                "executed_version": attempt.executed_version,
                "function_error": attempt.function_error,
                "status": attempt.status,
            }
        assignments = ", ".join(f"{column} = ?" for column in values)
        self._database.execute(f"UPDATE event SET {assignments} WHERE id = ?", (*values.values(), id))

    def _rows(self, query: str, *parameters: Any) -> Iterator[AsyncEvent]:
        columns = f"{_COLUMNS}, {_OUTCOME}"
        with closing(self._database.execute(query.replace("*", columns), parameters)) as rows:
            return iter([_event(row) for row in rows])


def _event(row: tuple[Any, ...]) -> AsyncEvent:
    condition, outcome, response, version, function_error, status = row[11:]
    last = None if outcome is None else Attempt(outcome, response, version, function_error, status)
    return replace(AsyncEvent(*row[:11]), condition=condition, last=last)
