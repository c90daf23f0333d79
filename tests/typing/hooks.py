"""Hooks keep the type of the function they decorate."""

from __future__ import annotations

from typing_extensions import reveal_type

from lambdakit import after_restore, before_snapshot, on_shutdown


@on_shutdown
def close() -> None: ...


@before_snapshot
def prepare() -> int:
    return 1


@after_restore
def reconnect(retries: int = 3) -> str:
    return "ok" * retries


reveal_type(close)  # () -> None
reveal_type(prepare)  # () -> int
reveal_type(reconnect)  # (retries: int =) -> str
