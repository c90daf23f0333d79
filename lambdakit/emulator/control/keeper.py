"""Functions that outlive the service: one document each, in SQLite, written whole whenever one changes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ("Keeper",)

FUNCTIONS_FILE = "functions.db"
_SCHEMA = "CREATE TABLE IF NOT EXISTS function (name TEXT PRIMARY KEY, document TEXT NOT NULL)"


class Keeper:
    """The documents, in a file or (without one) in memory. Not for several threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._database = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(_SCHEMA)

    def write(self, name: str, document: Mapping[str, Any]) -> None:
        """Keep a function's document in place of the one before."""
        text = json.dumps(document)
        self._database.execute("INSERT OR REPLACE INTO function VALUES (?, ?)", (name, text))

    def remove(self, name: str) -> None:
        """Forget a function."""
        self._database.execute("DELETE FROM function WHERE name = ?", (name,))

    def read_all(self) -> list[dict[str, Any]]:
        """All documents, by name."""
        with closing(self._database.execute("SELECT document FROM function ORDER BY name")) as rows:
            return [json.loads(text) for (text,) in rows]

    def close(self) -> None:
        """Close the file."""
        self._database.close()
