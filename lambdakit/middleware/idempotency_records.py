"""What is kept of a call that must happen once, and the form in which its result is kept.

A record is made by the one who wins the right to call (`IN_PROGRESS`, locked until a moment), and is then either
completed with the result or removed. Every winner has a token of its own, so that one who was slower than its lock
cannot overwrite or remove what the next winner has made.

Results are kept as JSON text, never as numbers of the store's own: a float stays the float it was. `Decimal` and bytes,
which JSON has no form for, are marked and come back as what they were.
"""

from __future__ import annotations

import sys

from lambdakit.codec import decode, encode
from lambdakit.exceptions import IdempotencyResultError, MarshalFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Store(Protocol):
        """Where records are kept. All methods may be called from several threads at once."""

        def claim(self, claim: Claim, lock_seconds: float, expiry_seconds: float) -> Record | None:
            """Make the in-progress record and give None; or the record of another that stands there and is valid."""

        def complete(self, claim: Claim, result: str, expiry_seconds: float) -> bool:
            """Put the result in the place of the claim's record; False where another's record is there now."""
            ...

        def release(self, claim: Claim) -> None:
            """Remove the claim's record, and no other's."""


__all__ = ("COMPLETED", "IN_PROGRESS", "Claim", "Record", "pack", "unpack")

IN_PROGRESS, COMPLETED = "INPROGRESS", "COMPLETED"

_MARK = "$lambdakit"
_type: Any = type
_is_a: Any = isinstance
_SCALARS = frozenset((str, int, float, bool, type(None)))


class Claim:
    """One caller's right to call, or wish for it: the key, the caller's own token, what the payload hashes to."""

    __slots__ = ("fingerprint", "key", "token")

    def __init__(self, key: str, token: str, fingerprint: str) -> None:
        self.key = key
        self.token = token
        self.fingerprint = fingerprint


class Record:
    """A record of another's call: `until` is when the lock ends or the result expires (seconds since the epoch)."""

    __slots__ = ("fingerprint", "result", "status", "until")

    def __init__(self, status: str, fingerprint: str, until: float, result: str | None = None) -> None:
        self.status = status
        self.fingerprint = fingerprint
        self.until = until
        self.result = result


def pack(value: Any, result_type: Any = None) -> str:
    """The text in which a result is kept. Raises IdempotencyResultError for what could not be given again."""
    try:
        return encode(_marked(value) if result_type is None else _plain(value)).decode()
    except (MarshalFault, TypeError, RecursionError) as error:
        why = getattr(error, "message", str(error))
    hint = ""
    if _type(value).__name__ == "BatchResult":
        hint = "; around a batch nothing can be kept: decorate the function of one record with idempotent_function"
    raise IdempotencyResultError(f"the result ({_type(value).__name__}) cannot be kept: {why}{hint}") from None


def unpack(text: str, result_type: Any = None) -> Any:
    """The result that was kept. Raises PayloadError where it is not of `result_type` (any more)."""
    value = decode(text.encode("utf-8", "surrogatepass"))
    if result_type is not None:
        from lambdakit.events.payload_plans import plan_of

        return plan_of(result_type).of_value(value)
    return _unmarked(value) if _MARK in text else value


def _marked(value: Any) -> Any:
    """The value with a mark in place of everything that JSON has no form for. Raises TypeError."""
    kind = _type(value)
    if kind in _SCALARS:
        return value
    if kind is list or kind is tuple:
        return [_marked(item) for item in value]
    if kind is dict:
        made = {key: _marked(item) for key, item in value.items()}
        return {_MARK: ["dict", made]} if _MARK in made else made
    if kind is bytes or kind is bytearray:
        return {_MARK: ["bytes", _base64(value)]}
    if kind.__name__ == "Decimal":
        return {_MARK: ["Decimal", str(value)]}
    if _is_a(value, (str, int, float)):  # an enum's member, say: what it is in JSON
        return value
    if hasattr(kind, "of_kept"):  # an HTTP route's response
        return {_MARK: ["Response", _marked(value.kept())]}
    raise TypeError(f"a {kind.__name__} would come back as another type; name the type: result={kind.__name__}")


def _unmarked(value: Any) -> Any:
    if _is_a(value, list):
        return [_unmarked(item) for item in value]
    if not _is_a(value, dict):
        return value
    if len(value) != 1 or _MARK not in value:
        return {key: _unmarked(item) for key, item in value.items()}
    kind, kept = value[_MARK]
    if kind == "dict":
        return {key: _unmarked(item) for key, item in kept.items()}
    if kind == "bytes":
        from base64 import b64decode

        return b64decode(kept)
    if kind == "Response":  # who keeps one has imported its class
        return sys.modules["lambdakit.http.response"].Response.of_kept(_unmarked(kept))
    from decimal import Decimal

    return Decimal(kept)


def _plain(value: Any) -> Any:
    """The value as the plan of its type reads it (`lambdakit.events.payload_plans`)."""
    if _type(value) in _SCALARS:
        return value
    if _is_a(value, (bytes, bytearray)):
        return _base64(value)
    if _is_a(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(item) for key, item in _dataclass_items(value)}
    if hasattr(value, "__struct_fields__"):
        return sys.modules["msgspec"].to_builtins(value)
    if _is_a(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if hasattr(value, "_raw"):
        return value._raw
    if hasattr(value, "as_tuple"):  # Decimal: as text it keeps every digit
        return str(value)
    return value


def _dataclass_items(value: Any) -> list[tuple[str, Any]]:
    import dataclasses

    return [
        (str(field.metadata.get("alias", field.name)), getattr(value, field.name))
        for field in dataclasses.fields(value)
        if field.init
    ]


def _base64(value: Any) -> str:
    from base64 import b64encode

    return b64encode(value).decode()
