"""How far each shard has been read for each function: in a file under the service's state, or only in memory.

A checkpoint is written when a batch has been dealt with, so that after a crash its records come again rather than not
at all.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lambdakit.emulator.polling.mapping import SourceMapping

__all__ = ("Checkpoints",)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkpoint (
    function TEXT NOT NULL,
    source TEXT NOT NULL,
    shard TEXT NOT NULL,
    sequence TEXT NOT NULL,
    PRIMARY KEY (function, source, shard)
);
"""


class Checkpoints:
    """The sequence numbers up to which shards are done. Not for several threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._opened: sqlite3.Connection | None = None

    @property
    def _database(self) -> sqlite3.Connection:
        """The file, opened when it is first needed: a service that does not come to run has nothing to close."""
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(":memory:" if self._path is None else self._path, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.executescript(_SCHEMA)
        return database

    def get(self, mapping: SourceMapping, shard: str) -> str | None:
        """Up to where a shard is done; None: nothing of it."""
        query = "SELECT sequence FROM checkpoint WHERE function = ? AND source = ? AND shard = ?"
        with closing(self._database.execute(query, (mapping.function, mapping.arn, shard))) as rows:
            found = rows.fetchone()
        return None if found is None else str(found[0])

    def set(self, mapping: SourceMapping, shard: str, sequence: str) -> None:
        """Note that a shard is done up to and with a record."""
        self._database.execute(
            "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?)", (mapping.function, mapping.arn, shard, sequence)
        )

    def close(self) -> None:
        """Close the file."""
        if self._opened is not None:
            self._opened.close()
