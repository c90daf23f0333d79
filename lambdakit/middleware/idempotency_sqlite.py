"""Idempotency records in a SQLite file: for a laptop, for tests, and for functions with a file system of their own.

One statement decides who may call, also among processes. Not for `/tmp` of a function that runs in more than one
execution environment: each has its own.
"""

from __future__ import annotations

import os
from time import time

from lambdakit.middleware.idempotency_records import COMPLETED, IN_PROGRESS, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambdakit.middleware.idempotency_records import Claim

__all__ = ("SQLiteStore",)

_TABLE = """
CREATE TABLE IF NOT EXISTS idempotency (
    id TEXT PRIMARY KEY, status TEXT, token TEXT, fingerprint TEXT, until REAL, result TEXT
) WITHOUT ROWID
"""
_CLAIM = """
INSERT INTO idempotency VALUES (:id, :status, :token, :fingerprint, :until, NULL)
ON CONFLICT (id) DO UPDATE SET status = :status, token = :token, fingerprint = :fingerprint, until = :until,
    result = NULL WHERE until <= :now
"""
_STANDING = "SELECT status, fingerprint, until, result FROM idempotency WHERE id = :id"
_COMPLETE = """
INSERT INTO idempotency VALUES (:id, :status, :token, :fingerprint, :until, :result)
ON CONFLICT (id) DO UPDATE SET status = :status, until = :until, result = :result WHERE token = :token
"""
_RELEASE = "DELETE FROM idempotency WHERE id = :id AND token = :token"
_EXPIRED = "DELETE FROM idempotency WHERE until <= :now"

# How long one process waits for another's statement to end, in seconds.
_PATIENCE = 30.0


class SQLiteStore:
    """Records in the file `path`, which is made when it is not there. Expired ones are removed when it is opened."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        from threading import Lock

        self.path = os.fspath(path)
        self._lock = Lock()
        self._connection: Any = None
        self._owner = 0
        self._others: list[Any] = []

    def claim(self, claim: Claim, lock_seconds: float, expiry_seconds: float) -> Record | None:
        """Make the in-progress record and give None; or the record of another that stands there and is valid."""
        with self._lock:
            while True:
                now = time()
                if self._run(_CLAIM, claim, status=IN_PROGRESS, until=now + lock_seconds, now=now).rowcount:
                    return None
                row = self._run(_STANDING, claim).fetchone()
                if row is not None:  # else it was removed between the two
                    return Record(*row)

    def complete(self, claim: Claim, result: str, expiry_seconds: float) -> bool:
        """Put the result in the place of the claim's record; False where another's record is there now."""
        with self._lock:
            until = time() + expiry_seconds
            return bool(self._run(_COMPLETE, claim, status=COMPLETED, until=until, result=result).rowcount)

    def release(self, claim: Claim) -> None:
        """Remove the claim's record, and no other's."""
        with self._lock:
            self._run(_RELEASE, claim)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        if getattr(self, "_connection", None) is not None and self._owner == os.getpid():
            self._connection.close()

    def _run(self, statement: str, claim: Claim, **values: Any) -> Any:
        named = {"id": claim.key, "token": claim.token, "fingerprint": claim.fingerprint, **values}
        return self._connected().execute(statement, named)

    def _connected(self) -> Any:
        # A connection must not be used on both sides of a fork, nor closed on the other.
        if self._connection is None or self._owner != os.getpid():
            import sqlite3

            self._others.append(self._connection)
            self._connection = sqlite3.connect(
                self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._owner = os.getpid()
            self._connection.execute(_TABLE)
            self._connection.execute(_EXPIRED, {"now": time()})
        return self._connection
