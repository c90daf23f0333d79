"""The steps around a call that must happen once, each made by one method, for sync and async callers alike.

    claim = gate.recognise(payload, scope)     None: there is no key, and that is allowed
    standing = gate.ask(claim, context)        None: this caller may call
    gate.replay(claim, standing)               the result of the call that was, or an error that says why not
    gate.keep(claim, result)                   after the call
    gate.leave(claim)                          after a call that failed: the next may try

`ask`, `keep` and `leave` wait for the store.
"""

from __future__ import annotations

import os
from time import time

from lambdakit.exceptions import (
    DeadlineError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    IdempotencyKeyError,
    IdempotencyStoreError,
    UsageError,
)
from lambdakit.middleware.idempotency_records import COMPLETED, Claim, Record, pack, unpack
from lambdakit.middleware.selecting import digest, selector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambdakit.middleware.idempotency_records import Store
    from lambdakit.middleware.selecting import Selector

__all__ = ("LOCK_SECONDS", "Gate")

# The longest an invocation can take: how long a caller is locked out where nothing tells the time left.
LOCK_SECONDS = 900.0


class Gate:
    """What lets one call through and answers its repetitions; the options are those of `Idempotent`."""

    def __init__(
        self,
        store: Store,
        key: Selector,
        check: Selector | None,
        expiry: float,
        cache: int,
        result: Any,
        missing: str,
    ) -> None:
        if not all(callable(getattr(store, name, None)) for name in ("claim", "complete", "release")):
            raise UsageError(f"store={store!r}: a DynamoDBStore, RedisStore or SQLiteStore is needed")
        if missing not in ("raise", "run"):
            raise UsageError(f"missing={missing!r}: what to do with an event without a key is 'raise' or 'run'")
        if expiry <= 0 or cache < 0:
            raise UsageError(f"expiry={expiry!r}, cache={cache!r}: seconds above 0, and a number of results from 0")
        self.store = store
        self._spec = key
        self._key = selector(key)
        self._check = None if check is None else selector(check, "check")
        self._expiry = expiry
        self._result = result
        self._missing = missing
        self._cache = Cache(cache) if cache else None

    def on_init(self) -> None:
        """Let the store make ready, where it has something to do for that."""
        ready: Callable[[], None] | None = getattr(self.store, "on_init", None)
        if ready is not None:
            ready()

    def recognise(self, payload: Any, scope: str) -> Claim | None:
        """The claim that a payload makes. Raises IdempotencyKeyError where there is no key, unless that is allowed."""
        key = self._key(payload)
        if key is None:
            if self._missing == "run":
                return None
            raise IdempotencyKeyError(f"no idempotency key: {type(payload).__name__} has nothing at {self._spec!r}")
        fingerprint = "" if self._check is None else digest(self._check(payload))
        return Claim(f"{scope}#{digest(key)}", os.urandom(12).hex(), fingerprint)

    def remembered(self, claim: Claim) -> Record | None:
        """The record of a completed call that this process knows of."""
        return None if self._cache is None else self._cache.get(claim.key)

    def ask(self, claim: Claim, context: Any) -> Record | None:
        """The record that stands in the way, or None: the claim is this caller's. Raises IdempotencyStoreError."""
        standing = self.remembered(claim)
        if standing is not None:
            return standing
        lock = _seconds_left(context)
        try:
            return self.store.claim(claim, lock, max(self._expiry, lock))
        except DeadlineError:
            raise
        except Exception as error:
            what = f"{type(self.store).__name__} could not be asked: {type(error).__name__}: {error}"
            raise IdempotencyStoreError(f"{what}; the function did not run") from error

    def replay(self, claim: Claim, standing: Record) -> Any:
        """The result of the call that was. Raises IdempotencyConflictError, IdempotencyInProgressError."""
        if self._check is not None and standing.fingerprint != claim.fingerprint:
            raise IdempotencyConflictError(
                f"the key of {claim.key} was used before with another payload; a new request needs a new key"
            )
        if standing.status != COMPLETED:
            raise IdempotencyInProgressError(claim.key, max(1, int(standing.until - time() + 1)))
        if self._cache is not None:
            self._cache.put(claim.key, standing)
        return None if standing.result is None else unpack(standing.result, self._result)

    def keep(self, claim: Claim, result: Any) -> None:
        """Keep the result. Raises IdempotencyResultError for one that cannot be given again.

        A store that fails now is logged and no more: the call has happened, and an error would ask for it again.
        """
        text = pack(result, self._result)
        try:
            kept = self.store.complete(claim, text, self._expiry)
        except DeadlineError:
            raise
        except Exception:
            _log().exception("the result of %s could not be kept; a repeated call may run again", claim.key)
            return
        if not kept:
            _log().warning("the call %s took longer than its lock, and another has begun", claim.key)
        elif self._cache is not None:
            self._cache.put(claim.key, Record(COMPLETED, claim.fingerprint, time() + self._expiry, text))

    def leave(self, claim: Claim) -> None:
        """Let the next caller try. A store that fails now is logged: what the function raised is what counts."""
        try:
            self.store.release(claim)
        except Exception:
            _log().exception("the lock of %s could not be removed; it ends by itself", claim.key)


class Cache:
    """The last results that this process has seen, at most `size`."""

    def __init__(self, size: int) -> None:
        from collections import OrderedDict
        from threading import Lock

        self._size = size
        self._lock = Lock()
        self._records: OrderedDict[str, Record] = OrderedDict()

    def get(self, key: str) -> Record | None:
        """A record that has not expired."""
        with self._lock:
            record = self._records.get(key)
            if record is None:
                return None
            if record.until <= time():
                del self._records[key]
                return None
            self._records.move_to_end(key)
            return record

    def put(self, key: str, record: Record) -> None:
        """Remember a record, and forget the one that was asked for longest ago."""
        with self._lock:
            self._records[key] = record
            self._records.move_to_end(key)
            if len(self._records) > self._size:
                self._records.popitem(last=False)


def _seconds_left(context: Any) -> float:
    """How long the call may take, and so its lock."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    milliseconds = 0 if remaining is None else remaining()
    return float(milliseconds / 1000) if milliseconds > 0 else LOCK_SECONDS


def _log() -> Any:
    from logging import getLogger

    return getLogger("lambdakit.middleware.idempotency")
