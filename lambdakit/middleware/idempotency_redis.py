"""Idempotency records in Redis or Valkey.

A record is one key with a time to live: that of the lock while the call is under way, then that of the result, so the
server's own clock ends both. Each step is one script, which the server runs without anything in between.
"""

from __future__ import annotations

from _thread import allocate_lock  # threading is not needed for it, and costs
from time import time

from lambdakit.codec import decode, encode
from lambdakit.middleware.idempotency_records import COMPLETED, IN_PROGRESS, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambdakit.middleware.idempotency_records import Claim

__all__ = ("RedisStore",)

# A record is "token JSON"; a script compares the token at its start.
_CLAIM = """
local standing = redis.call('GET', KEYS[1])
if standing then return {standing, redis.call('PTTL', KEYS[1])} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
"""
_COMPLETE = """
local standing = redis.call('GET', KEYS[1])
if standing and string.sub(standing, 1, #ARGV[3]) ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = """
local standing = redis.call('GET', KEYS[1])
if standing and string.sub(standing, 1, #ARGV[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class RedisStore:
    """Records on the server at `url` (`redis://`, `rediss://`, `unix://`), or behind a client of redis-py or valkey-py.

    `client_options` go to `redis.Redis.from_url(url, ...)`. `prefix` stands before every key.
    """

    def __init__(
        self, url: str | None = None, *, client: Any = None, prefix: str = "idempotency:", **client_options: Any
    ) -> None:
        from lambdakit.exceptions import UsageError

        if (url is None) == (client is None):
            raise UsageError("RedisStore takes either a url or a client: RedisStore('redis://host:6379/0')")
        if client is None:
            from lambdakit.middleware.extras import require

            require("redis", extra="redis", feature="RedisStore")
        self._url = url
        self._client: Any = client
        self._options = client_options
        self._prefix = prefix
        self._scripts: dict[str, Any] = {}
        self._lock = allocate_lock()

    def on_init(self) -> None:
        """Import the library during INIT, when it costs nothing that counts; nothing is connected."""
        self._script(_CLAIM)

    def claim(self, claim: Claim, lock_seconds: float, expiry_seconds: float) -> Record | None:
        """Make the in-progress record and give None; or the record of another that stands there and is valid."""
        text = _text(claim, IN_PROGRESS, None)
        standing = self._run(_CLAIM, claim, text, _milliseconds(lock_seconds))
        if standing is None:
            return None
        kept, milliseconds = standing
        _, _, body = (kept.encode() if isinstance(kept, str) else kept).partition(b" ")
        status, fingerprint, result = decode(body)
        return Record(status, fingerprint, time() + milliseconds / 1000, result)

    def complete(self, claim: Claim, result: str, expiry_seconds: float) -> bool:
        """Put the result in the place of the claim's record; False where another's record is there now."""
        text = _text(claim, COMPLETED, result)
        return bool(self._run(_COMPLETE, claim, text, _milliseconds(expiry_seconds), claim.token))

    def release(self, claim: Claim) -> None:
        """Remove the claim's record, and no other's."""
        self._run(_RELEASE, claim, claim.token)

    def _run(self, script: str, claim: Claim, *arguments: Any) -> Any:
        return self._script(script)(keys=[self._prefix + claim.key], args=arguments)

    def _script(self, text: str) -> Any:
        script = self._scripts.get(text)
        if script is None:
            script = self._scripts[text] = self._connected().register_script(text)
        return script

    def _connected(self) -> Any:
        # Of several threads that come first at once, one makes the client: the others' connections would stay open.
        with self._lock:
            if self._client is None:
                from importlib import import_module

                self._client = import_module("redis").Redis.from_url(self._url, **self._options)
            return self._client


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _text(claim: Claim, status: str, result: str | None) -> bytes:
    return claim.token.encode() + b" " + encode([status, claim.fingerprint, result])
