"""Which event loop the local service runs on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ("run",)


def run(work: Coroutine[None, None, None]) -> None:
    """Run on uvloop where it is installed, which serves several times as many requests as asyncio's own loop."""
    runner: Callable[[Coroutine[None, None, None]], None] = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        runner = uvloop.run
    runner(work)
