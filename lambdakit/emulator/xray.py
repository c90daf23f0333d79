"""The X-Ray error cause a runtime may send beside an error: checked, and cut down to what X-Ray takes.

Shape: `{"working_directory", "exceptions": [{"message", "type", "stack": [...]}], "paths": [...], "message"}`; valid
when at least one field is not empty. An invalid one is dropped without a word, as the service does.
"""

from __future__ import annotations

import json
from typing import Any, cast

from lambdakit.emulator.limits import XRAY_CAUSE_BYTES, XRAY_CAUSE_ROOM_BYTES, XRAY_CAUSE_SHARES

_TEXTS = ("working_directory", "message")
_LISTS = ("exceptions", "paths")


def valid_cause(raw: bytes) -> bytes | None:
    """The cause as compact JSON of at most 64 KiB, or None when `raw` holds none."""
    cause = _parse(raw)
    if cause is None:
        return None
    encoded = _encode(cause)
    if len(encoded) <= XRAY_CAUSE_BYTES:
        return encoded
    return _cropped(cause)


def _parse(raw: bytes) -> dict[str, Any] | None:
    if not raw:
        return None
    try:
        value: Any = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    given = cast("dict[str, Any]", value)
    if not _has_right_types(given):
        return None
    cause = {name: given[name] for name in ("working_directory", "exceptions", "paths", "message") if given.get(name)}
    return cause or None


def _has_right_types(given: dict[str, Any]) -> bool:
    texts = all(isinstance(given.get(name) or "", str) for name in _TEXTS)
    return texts and all(isinstance(given.get(name) or [], list) for name in _LISTS)


def _cropped(cause: dict[str, Any]) -> bytes:
    for share in XRAY_CAUSE_SHARES:
        kept = {**cause, **{name: cause[name][: int(len(cause[name]) * share)] for name in _LISTS if name in cause}}
        encoded = _encode(kept)
        if len(encoded) <= XRAY_CAUSE_BYTES:
            return encoded
    room = (XRAY_CAUSE_BYTES - XRAY_CAUSE_ROOM_BYTES) // 2
    return _encode({name: _cut(cause[name], room) for name in _TEXTS if name in cause})


def _cut(text: str, room: int) -> str:
    raw = text.encode("utf-8", "replace")
    if len(raw) <= room:
        return text
    return raw[: room - 3].decode("utf-8", "ignore") + "..."


def _encode(cause: dict[str, Any]) -> bytes:
    return json.dumps(cause, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
