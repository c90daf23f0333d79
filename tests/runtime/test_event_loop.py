"""The event loops: one entered per invocation, one shared by threads; both outlive what runs on them."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING

import pytest

from lambdakit import handlers
from lambdakit.runtime.event_loop import PersistentLoop, SharedLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture
def persistent() -> Iterator[PersistentLoop]:
    loop = PersistentLoop()
    yield loop
    loop.close()


@pytest.fixture
def shared() -> Iterator[SharedLoop]:
    ready: list[SharedLoop] = []
    made = threading.Event()

    def serve() -> None:
        ready.append(SharedLoop())
        made.set()
        ready[0].serve()
        ready[0]._loop.close()
        asyncio.set_event_loop(None)

    thread = threading.Thread(target=serve)
    thread.start()
    assert made.wait(10)
    yield ready[0]
    ready[0].stop()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture(params=["persistent", "shared"])
def loop(request) -> PersistentLoop | SharedLoop:
    return request.getfixturevalue(request.param)


async def _value(value: object) -> object:
    await asyncio.sleep(0)
    return value


async def _failing(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


class _Items:
    """An async generator's life: what it gave, and whether it was closed."""

    def __init__(self, error: Exception | None = None) -> None:
        self.closed, self.error = False, error

    async def __call__(self) -> AsyncIterator[int]:
        try:
            for number in range(3):
                await asyncio.sleep(0)
                yield number
            if self.error:
                raise self.error
        finally:
            self.closed = True


def test_results_and_errors_come_back(loop) -> None:
    assert loop.run(_value(1)) == 1
    with pytest.raises(LookupError, match="x"):
        loop.run(_failing(LookupError("x")))
    with pytest.raises(SystemExit) as caught:
        loop.run(_failing(SystemExit(3)))
    assert caught.value.code == 3
    assert loop.run(_value(2)) == 2


def test_anything_awaitable_is_awaited(loop) -> None:
    class Awaitable:
        def __await__(self) -> Iterator[object]:
            yield from _value("awaited").__await__()
            return "done"

    assert loop.run(Awaitable()) == "done"


def test_it_is_the_same_loop_every_time(loop) -> None:
    async def running() -> object:
        return asyncio.get_running_loop()

    assert loop.run(running()) is loop.run(running())


def test_a_task_left_behind_goes_on_in_the_next_run(loop) -> None:
    done: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.append(1)

    async def leave() -> asyncio.Task[None]:
        return asyncio.ensure_future(work())

    async def finish() -> None:
        await task

    task = loop.run(leave())
    loop.run(finish())
    assert done == [1]


def test_items_come_one_by_one_and_the_generator_is_closed(loop) -> None:
    items = _Items()
    assert list(loop.iterate(items())) == [0, 1, 2]
    assert items.closed


def test_an_error_among_the_items_is_raised_there(loop) -> None:
    items = _Items(LookupError("x"))
    got = loop.iterate(items())
    assert [next(got), next(got), next(got)] == [0, 1, 2]
    with pytest.raises(LookupError):
        next(got)


def test_items_that_nobody_wants_any_more_are_closed(loop) -> None:
    items = _Items()
    got = loop.iterate(items())
    next(got)
    got.close()
    assert items.closed


def test_an_iterator_without_aclose_will_do(loop) -> None:
    class Once:
        given = 0

        def __aiter__(self) -> Once:
            return self

        async def __anext__(self) -> int:
            self.given += 1
            if self.given > 2:
                raise StopAsyncIteration
            return self.given

    assert list(loop.iterate(Once())) == [1, 2]


def test_code_outside_a_coroutine_finds_the_loop_in_its_thread(persistent) -> None:
    async def running() -> object:
        return asyncio.get_running_loop()

    assert persistent.run(running()) is asyncio.get_event_loop()


def test_closing_cancels_what_is_left() -> None:
    loop = PersistentLoop()
    cancelled: list[str] = []

    async def stay() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append("yes")
            raise

    async def leave() -> asyncio.Task[None]:
        task = asyncio.ensure_future(stay())
        await asyncio.sleep(0)
        return task

    assert loop.run(leave()).done() is False
    loop.close()
    assert cancelled == ["yes"]


def test_each_thread_keeps_its_context_variables_on_the_shared_loop(shared) -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
    everybody = threading.Barrier(8)
    seen: dict[int, list[int]] = {}

    async def look() -> list[int]:
        values = []
        for _ in range(5):
            values.append(variable.get())
            await asyncio.sleep(0)
        return values

    def invoke(number: int) -> None:
        variable.set(number)
        everybody.wait(10)
        seen[number] = shared.run(look())

    threads = [threading.Thread(target=invoke, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == {number: [number] * 5 for number in range(8)}


def test_what_a_handler_has_started_at_init_keeps_its_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_loop", None)
    assert handlers.kept_loop() is None
    kept = handlers.environment_loop()
    assert handlers.environment_loop() is handlers.kept_loop() is kept
    persistent = PersistentLoop()
    assert persistent.run(_running_loop()) is kept
    persistent.close()
    assert handlers.kept_loop() is None
    another = PersistentLoop()
    assert another.run(_running_loop()) is not kept
    another.close()


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
