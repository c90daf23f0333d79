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
        self._database = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_SCHEMA)

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
        self._database.close()
