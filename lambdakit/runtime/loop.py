"""The invoke loop: one event after another until the environment ends, in the main thread.

The main thread blocks in `recv` while there is no event, so Python-level signal handlers run there at any time, which
AWS's client achieves with a thread for each event. Several invocations at once are `lambdakit.runtime.workers`' work.
"""

from __future__ import annotations

from lambdakit.runtime import logs
from lambdakit.runtime.call import answer, set_trace
from lambdakit.runtime.resolve import is_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
    from typing import Any, NoReturn

    from lambdakit.runtime.client import Invocation, RuntimeApi
    from lambdakit.runtime.event_loop import PersistentLoop

__all__ = ("LazyRunner", "Loop")


class LazyRunner:
    """Waits for what async handlers return, on one event loop that is made when first needed and kept."""

    def __init__(self) -> None:
        self._loop: PersistentLoop | None = None

    def prepare(self) -> PersistentLoop:
        """Make the event loop now (importing asyncio takes tens of milliseconds)."""
        if self._loop is None:
            from lambdakit.runtime.event_loop import PersistentLoop

            self._loop = PersistentLoop()
        return self._loop

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """The result of `awaitable`."""
        return self.prepare().run(awaitable)

    def iterate(self, items: AsyncIterable[Any]) -> Iterator[Any]:
        """The items of an async iterable, one by one."""
        return self.prepare().iterate(items)


class Loop:
    """Answers invocations with `handler`, one at a time."""

    def __init__(self, api: RuntimeApi, handler: Callable[[Any, Any], Any]) -> None:
        self._api = api
        self._handler = handler
        self._runner = LazyRunner()
        # What the function has written belongs to the invocation that `next` ends.
        api.before_next = logs.flush
        if is_async(handler):
            self._runner.prepare()  # during INIT, not at the first event

    def run(self) -> NoReturn:
        """Serve until the process ends. Raises RuntimeApiError when the Runtime API cannot be used any more."""
        while True:
            self.serve(self._api.next())

    def serve(self, invocation: Invocation) -> None:
        """Answer one invocation."""
        set_trace(invocation.trace_id)
        logs.set_identity(logs.identity_of(invocation))
        answer(self._api, self._handler, invocation, self._runner)
        logs.flush()
