"""The onion's members: functions and classes of hooks, around sync and async handlers."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest

from lambdakit.exceptions import UsageError
from lambdakit.handlers import decorate, lambda_handler
from lambdakit.middleware.base import Middleware


class Noting(Middleware):
    """Notes every hook it goes through."""

    def __init__(self, name: str, seen: list[str], *, answer: Any = None) -> None:
        self.name, self.seen, self.answer = name, seen, answer

    def on_init(self) -> None:
        self.seen.append(f"{self.name} init")

    def before(self, event: Any, context: Any) -> None:
        self.seen.append(f"{self.name} before {event}")

    def after(self, event: Any, context: Any, result: Any) -> Any:
        self.seen.append(f"{self.name} after {result}")
        return result + 1

    def on_error(self, event: Any, context: Any, error: Exception) -> Any:
        self.seen.append(f"{self.name} error {error}")
        if self.answer is None:
            raise error
        return self.answer


class AsyncHooks(Middleware):
    """Hooks that must be awaited."""

    async def before(self, event: Any, context: Any) -> None:
        await asyncio.sleep(0)

    async def after(self, event: Any, context: Any, result: Any) -> Any:
        await asyncio.sleep(0)
        return result * 10

    async def on_error(self, event: Any, context: Any, error: Exception) -> Any:
        await asyncio.sleep(0)
        return -1


def made(function: Any, *middleware: Any) -> Any:
    return decorate(function, prepare=lambda event: event, middleware=middleware)


def plain(event: int, context: Any) -> int:
    return event * 2


async def awaited(event: int, context: Any) -> int:
    await asyncio.sleep(0)
    return event * 2


def failing(event: int, context: Any) -> int:
    raise ValueError(event)


async def failing_async(event: int, context: Any) -> int:
    raise ValueError(event)


def answer(handler: Any, event: Any) -> Any:
    result = handler(event, None)
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


@pytest.mark.parametrize("function", [plain, awaited])
def test_hooks_run_in_the_order_of_the_list_and_back(function: Any) -> None:
    seen: list[str] = []
    handler = made(function, Noting("outer", seen), Noting("inner", seen))
    assert seen == ["outer init", "inner init"]
    seen.clear()
    assert answer(handler, 3) == 8
    assert seen == ["outer before 3", "inner before 3", "inner after 6", "outer after 7"]


@pytest.mark.parametrize("function", [failing, failing_async])
def test_an_error_goes_outwards_until_one_answers_it(function: Any) -> None:
    seen: list[str] = []
    handler = made(function, Noting("outer", seen), Noting("middle", seen, answer=40), Noting("inner", seen))
    seen.clear()
    assert answer(handler, 3) == 41
    assert seen[3:] == ["inner error 3", "middle error 3", "outer after 40"]


@pytest.mark.parametrize("function", [failing, failing_async])
def test_an_error_that_nobody_answers_is_raised(function: Any) -> None:
    with pytest.raises(ValueError, match="3"):
        answer(made(function, Noting("only", [])), 3)


def test_hooks_may_be_async_in_an_async_handler() -> None:
    assert answer(made(awaited, AsyncHooks()), 2) == 40
    assert answer(made(failing_async, AsyncHooks()), 2) == -1


def test_functions_and_classes_mix() -> None:
    async def around(event: Any, context: Any, call_next: Any) -> Any:
        return -await call_next(event, context)

    assert answer(made(awaited, Noting("a", []), around, lambda e, c, n: n(e + 1, c)), 1) == -3
    assert answer(made(plain, Noting("a", []), lambda e, c, n: n(e + 1, c)), 1) == 5


def test_an_async_middleware_around_a_sync_handler_is_refused_when_decorating() -> None:
    async def around(event: Any, context: Any, call_next: Any) -> Any:
        return await call_next(event, context)

    with pytest.raises(UsageError, match="around is an async middleware; around a sync handler only sync ones"):
        made(plain, around)


class Around(Middleware):
    """Holds something around the call, so it is called by itself."""

    def __call__(self, event: Any, context: Any, call_next: Any) -> Any:
        return ("sync", call_next(event, context))

    async def call_async(self, event: Any, context: Any, call_next: Any) -> Any:
        return ("async", await call_next(event, context))


def test_a_class_may_hold_something_around_the_call() -> None:
    assert answer(made(plain, Around()), 1) == ("sync", 2)
    assert answer(made(awaited, Around()), 1) == ("async", 2)


def test_a_middleware_of_hooks_can_be_called_like_any_other() -> None:
    seen: list[str] = []
    assert Noting("a", seen)(1, None, plain) == 3
    assert asyncio.run(Noting("a", seen).call_async(1, None, awaited)) == 3
    assert seen == ["a before 1", "a after 2"] * 2


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    make: Any = Noting
    with pytest.raises(UsageError, match="Noting has no option 'anser'; did you mean 'answer'"):
        make("a", [], anser=1)
    with pytest.raises(UsageError, match="AsyncHooks has no option 'x'; it has none"):
        AsyncHooks(x=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("function", [plain, awaited])
def test_a_profile_logs_the_time_of_every_layer(
    function: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LAMBDAKIT_PROFILE", "1")
    handler = made(function, Around(), Noting("a", []))
    with caplog.at_level(logging.WARNING):
        assert answer(handler, 1)
    (line,) = [record.getMessage() for record in caplog.records]
    figure = r"-?\d+\.\d\d ms"
    assert re.fullmatch(rf"lambdakit profile: Around {figure}, Noting {figure}, {function.__qualname__} {figure}", line)


def test_a_handler_of_raw_events_takes_middleware_too() -> None:
    @lambda_handler
    def bare(event: dict[str, int], context: Any) -> int:
        return event["a"]

    @lambda_handler(middleware=[Noting("a", [])])
    def called(event: dict[str, int], context: Any) -> int:
        return event["a"]

    assert (bare({"a": 1}), called({"a": 1})) == (1, 2)
