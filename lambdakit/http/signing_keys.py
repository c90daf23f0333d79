"""The keys an issuer signs its tokens with: fetched from its JSON Web Key Set, and kept.

    asked for a key that is                          the issuer is asked
    there and fresh                                  not
    there and stale                                  behind the caller's back: it gets the one that is there
    unknown, or too old to be used                   once, however many callers wait for it
    unknown, and was unknown a moment ago            not
    any, and the issuer was asked a moment ago       not

So a key that is rotated in is found by the first token that names it, one that is rotated out is gone with the next
refresh, an issuer that is down is not noticed for a day, and made-up key ids do not make the function ask it each time.

Source: RFC 7517, "JSON Web Key". Not here: tokens (`bearer`).
"""

from __future__ import annotations

import threading
from importlib import import_module
from time import monotonic

from lambdakit.codec import decode
from lambdakit.exceptions import MissingExtraError, TokenKeysError, UnmarshalFault, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    KeySet: TypeAlias = dict[str | None, dict[str, Any]]

__all__ = ("SigningKeys", "imported")

FRESH_SECONDS = 3600.0
STALE_SECONDS = 86_400.0  # after it is no longer fresh
REFETCH_SECONDS = 10.0  # between two fetches, whatever is asked for
RETRY_SECONDS = 1.0  # after a fetch that failed, while there are no keys at all
UNKNOWN_SECONDS = 60.0  # for which a key id that is not in the set stays unknown
MAX_UNKNOWN = 1000
TIMEOUT_SECONDS = 5.0
# Hosts that may be asked without TLS: a test's, a local service's.
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def imported(name: str) -> Any:
    """A module of the extra `jwt`. Raises MissingExtraError."""
    try:
        return import_module(name)
    except ImportError:
        package = "PyJWT" if name == "jwt" else name
        raise MissingExtraError("verifying bearer tokens", package, "jwt") from None


class SigningKeys:
    """The keys at one URL, for all threads of the process.

    Raises UsageError for a URL that is not `https://` (but for this machine's).
    """

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        host = rest.partition("/")[0].rpartition(":")[0] or rest.partition("/")[0]
        if scheme != "https" and not (scheme == "http" and host in _LOCAL):
            raise UsageError(f"signing keys must come from an https:// URL, not {url!r}")
        self.url = url
        self._lock = threading.Lock()
        # The set as it came, and what was made of it by algorithm: always replaced together.
        self._known: tuple[KeySet, dict[tuple[str | None, str], Any]] = ({}, {})
        self._unknown: dict[str | None, float] = {}
        self._fetched: float | None = None
        self._asked: float | None = None
        self._failure: str | None = None
        self._refresh: threading.Thread | None = None

    def is_at_hand(self, key_id: str | None) -> bool:
        """Whether `key` would answer without asking the issuer."""
        now = monotonic()
        return self._is_usable(key_id, now) or self._is_unknown(key_id, now) or not self._may_ask(now)

    def key(self, key_id: str | None, algorithm: str) -> Any:
        """The key of this id for an algorithm; None where the issuer has none such. `None` is the only key there is.

        Raises TokenKeysError where the issuer cannot be asked, and has not been for too long.
        """
        now = monotonic()
        if not self._is_usable(key_id, now):
            if self._is_unknown(key_id, now):
                return None
            self._fetch_for(key_id)
        elif not self._is_fresh(now):
            self._refresh_behind(now)
        return self._made_for(key_id, algorithm)

    def _is_fresh(self, now: float) -> bool:
        return self._fetched is not None and now - self._fetched < FRESH_SECONDS

    def _is_usable(self, key_id: str | None, now: float) -> bool:
        fetched = self._fetched
        return fetched is not None and key_id in self._known[0] and now - fetched < FRESH_SECONDS + STALE_SECONDS

    def _is_unknown(self, key_id: str | None, now: float) -> bool:
        return self._unknown.get(key_id, 0.0) > now

    def _may_ask(self, now: float) -> bool:
        if self._asked is None:
            return True
        wait = RETRY_SECONDS if self._failure is not None and not self._known[0] else REFETCH_SECONDS
        return now - self._asked >= wait

    def _fetch_for(self, key_id: str | None) -> None:
        with self._lock:  # who waits here finds what the first one fetched
            now = monotonic()
            if not self._is_usable(key_id, now) and self._may_ask(now):
                self._fetch()
                if self._failure is None and key_id not in self._known[0]:
                    self._note_unknown(key_id)
            failure = self._failure
            if failure is not None and not self._is_usable(key_id, monotonic()):
                raise TokenKeysError(f"the signing keys at {self.url} could not be fetched: {failure}")

    def _note_unknown(self, key_id: str | None) -> None:
        if len(self._unknown) >= MAX_UNKNOWN:
            self._unknown.clear()
        self._unknown[key_id] = monotonic() + UNKNOWN_SECONDS

    def _refresh_behind(self, now: float) -> None:
        """Fetch in a thread, unless one does: where the environment is frozen meanwhile, it goes on when it thaws."""
        if not self._may_ask(now) or not self._lock.acquire(blocking=False):
            return
        try:
            if self._refresh is None or not self._refresh.is_alive():
                self._asked = now
                self._refresh = threading.Thread(target=self._fetch, name="signing-keys", daemon=True)
                self._refresh.start()
        finally:
            self._lock.release()

    def _fetch(self) -> None:
        """Ask the issuer; what it has replaces what was there. A failure leaves everything as it was."""
        self._asked = monotonic()
        try:
            keys = _keys_of(_get(self.url))
        except _FetchError as error:
            self._failure = str(error)
            return
        self._failure = None
        self._known = (keys, {})
        self._fetched = monotonic()
        self._unknown.clear()

    def _made_for(self, key_id: str | None, algorithm: str) -> Any:
        keys, made = self._known
        jwk = keys.get(key_id)
        if jwk is None:
            return None
        key = made.get((key_id, algorithm))
        if key is None:
            key = made[key_id, algorithm] = _made(jwk, algorithm)
        return key


def _made(jwk: dict[str, Any], algorithm: str) -> Any:
    """PyJWT's key of a JSON Web Key, which is for one algorithm: its own if it names one. None where it is unfit."""
    jwt = imported("jwt")
    try:
        return jwt.PyJWK(jwk, jwk.get("alg") or algorithm)
    except jwt.PyJWTError:
        return None


class _FetchError(Exception):
    """The key set could not be read; the text says why."""


def _get(url: str) -> bytes:
    httpx = imported("httpx")
    try:
        response = httpx.get(url, timeout=TIMEOUT_SECONDS, headers={"accept": "application/json"})
    except httpx.HTTPError as error:
        raise _FetchError(f"{type(error).__name__}: {error}".rstrip(": ")) from None
    if response.status_code != 200:
        raise _FetchError(f"it answered {response.status_code}")
    content: bytes = response.content
    return content


def _keys_of(content: bytes) -> KeySet:
    """Key id -> key, of those that sign; None -> the only one, where there is no other."""
    try:
        found = decode(content)
        listed: list[dict[str, Any]] = [key for key in found["keys"] if _signs(key)]
    except (UnmarshalFault, TypeError, KeyError, AttributeError):
        raise _FetchError("it answered something else than a JSON Web Key Set") from None
    keys: KeySet = {key["kid"]: key for key in listed if isinstance(key.get("kid"), str)}
    if len(listed) == 1:
        keys[None] = listed[0]
    return keys


def _signs(key: dict[str, Any]) -> bool:
    """A public key for signatures: a published secret would be none."""
    return key.get("use", "sig") == "sig" and key.get("kty") != "oct"
