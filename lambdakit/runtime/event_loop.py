"""The event loops on which async handlers run: one that is entered for each invocation, one that never stops.

Both outlive every invocation, so connection pools and clients made in one are good in the next. Importing this module
imports asyncio; it is imported for async handlers only.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from signal import set_wakeup_fd
from socket import socketpair
from threading import current_thread, main_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Generator, Iterator
    from typing import Any

__all__ = ("PersistentLoop", "SharedLoop")


class PersistentLoop:
    """An event loop of the calling thread's, running only while something is waited for."""

    def __init__(self) -> None:
        self._loop = _new_or_kept()
        # Code of the handler's that asks for the thread's loop outside a coroutine must get this one.
        asyncio.set_event_loop(self._loop)

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """The result of `awaitable`, waited for in the calling thread."""
        return self._loop.run_until_complete(_wait(awaitable))

    def iterate(self, items: AsyncIterable[Any]) -> Iterator[Any]:
        """The items of an async iterable, each waited for when it is asked for."""
        return _iterate(self, items)

    def close(self) -> None:
        """Close the loop; tasks left on it are cancelled and waited for."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        self._loop.close()


class SharedLoop:
    """An event loop that runs in one thread and is used from others: many invocations at once."""

    def __init__(self) -> None:
        self._loop = _new_or_kept()
        asyncio.set_event_loop(self._loop)

    def serve(self) -> None:
        """Run in the calling thread until `stop`."""
        with _woken_by_signals(self._loop):
            self._loop.run_forever()

    def stop(self) -> None:
        """End `serve`, from any thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """The result of `awaitable`, run on the loop with the calling thread's context variables."""
        outcome = asyncio.run_coroutine_threadsafe(_outcome(awaitable), self._loop).result()
        if isinstance(outcome, _Exit):
            raise outcome.error
        return outcome

    def iterate(self, items: AsyncIterable[Any]) -> Iterator[Any]:
        """The items of an async iterable, each waited for when it is asked for."""
        return _iterate(self, items)


@contextmanager
def _woken_by_signals(loop: asyncio.AbstractEventLoop) -> Generator[None, None, None]:
    """Have signals wake the loop, in the main thread: one that comes just before it sleeps would wait with it."""
    if current_thread() is not main_thread():
        yield
        return
    reader, writer = socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    loop.add_reader(reader, reader.recv, 4096)
    previous = set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        set_wakeup_fd(previous)
        loop.remove_reader(reader)
        reader.close()
        writer.close()


class _Exit:
    """SystemExit on its way from a coroutine to the invocation's thread: raised on the loop, it would stop the loop."""

    def __init__(self, error: SystemExit) -> None:
        self.error = error


def _new_or_kept() -> asyncio.AbstractEventLoop:
    """The loop on which the handler's module has started something (`handlers.environment_loop`), else a new one."""
    handlers: Any = sys.modules.get("lambdakit.handlers")
    kept: asyncio.AbstractEventLoop | None = None if handlers is None else handlers.kept_loop()
    return asyncio.new_event_loop() if kept is None else kept


async def _wait(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _outcome(awaitable: Awaitable[Any]) -> Any:
    try:
        return await awaitable
    except SystemExit as error:
        return _Exit(error)


def _iterate(loop: PersistentLoop | SharedLoop, items: AsyncIterable[Any]) -> Iterator[Any]:
    iterator = items.__aiter__()
    try:
        while True:
            try:
                item = loop.run(iterator.__anext__())
            except StopAsyncIteration:
                return
            yield item
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            loop.run(close())
