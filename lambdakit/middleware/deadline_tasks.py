"""A deadline for a coroutine: its task is cancelled, and the cancellation becomes the error.

As `asyncio.timeout`, which Python 3.10 does not have: a cancellation from elsewhere stays one. The cancellation carries
the error, so that who has something to finish, as a batch has, can tell what it is.
"""

from __future__ import annotations

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

    from lambdakit.exceptions import DeadlineError

__all__ = ("in_time",)


async def in_time(seconds: float, error: DeadlineError, work: Awaitable[Any]) -> Any:
    """What `work` gives. Raises `error` where that takes longer."""
    task: Any = asyncio.current_task()
    before = _cancellations(task)
    fired = False

    def go_off() -> None:
        nonlocal fired
        fired = True
        task.cancel(error)

    timer = asyncio.get_running_loop().call_later(seconds, go_off)
    try:
        return await work
    except asyncio.CancelledError:
        if fired and _cancellations(task) <= before + 1:
            raise error from None
        raise
    finally:
        timer.cancel()
        if fired and hasattr(task, "uncancel"):
            task.uncancel()


def _cancellations(task: Any) -> int:
    """How many cancellations are asked for; Python 3.10 does not count."""
    counted: int = task.cancelling() if hasattr(task, "cancelling") else 0
    return counted
