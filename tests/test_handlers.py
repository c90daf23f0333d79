"""The decorated handler: the onion, sync and async, and the same handler under both runtimes."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
from typing import Any

import pytest

from lambdakit.handlers import decorate
from tests.fake_runtime_api import Event
from tests.runtime_process import OFFICIAL, OURS, run_runtime


def noting(name: str, seen: list[str]) -> Any:
    def middleware(event: Any, context: Any, call_next: Any) -> Any:
        seen.append(f"{name} in")
        result = call_next(event, context)
        seen.append(f"{name} out")
        return result

    return middleware


def test_middleware_runs_in_the_order_of_the_list() -> None:
    seen: list[str] = []

    def function(event: Any, context: Any) -> Any:
        seen.append("function")
        return event + 1

    handler = decorate(
        function,
        prepare=lambda event: event * 10,
        middleware=[noting("outer", seen), noting("inner", seen)],
        finish=lambda result: [result],
    )
    assert handler(4, None) == [41]
    assert seen == ["outer in", "inner in", "function", "inner out", "outer out"]


def test_a_middleware_may_answer_by_itself_and_change_what_it_passes_on() -> None:
    handler = decorate(
        lambda event, context: event, prepare=int, middleware=[lambda e, c, n: n(e + 1, c) if e else "no"]
    )
    assert (handler("4", None), handler("0", None)) == (5, "no")


def test_async_functions_take_sync_and_async_middleware() -> None:
    seen: list[str] = []

    async def around(event: Any, context: Any, call_next: Any) -> Any:
        result = await call_next(event, context)
        seen.append("async")
        return result * 2

    def through(event: Any, context: Any, call_next: Any) -> Any:
        seen.append("sync")
        return call_next(event, context)

    async def function(event: int, context: Any) -> int:
        await asyncio.sleep(0)
        return event + 1

    handler = decorate(function, prepare=int, middleware=[around, through], finish=str)
    assert asyncio.run(handler("20", None)) == "42"  # type: ignore[arg-type]
    assert seen == ["sync", "async"]


def test_the_handler_is_the_function_to_everybody_who_looks() -> None:
    def function(event: Any, context: Any) -> None:
        """Say something."""

    function.mark = 1  # type: ignore[attr-defined]
    handler = decorate(function, prepare=lambda event: event)
    assert handler.__wrapped__ is function
    assert (handler.__name__, handler.__doc__, handler.__module__) == ("function", "Say something.", __name__)
    assert handler.mark == 1  # type: ignore[attr-defined]
    assert "function" in repr(handler)
    assert inspect.isfunction(handler)  # other libraries' decorators take nothing else
    assert inspect.signature(handler) == inspect.signature(function)


def test_what_a_handler_wraps_is_the_function_it_decorates_and_no_inner_one() -> None:
    @functools.wraps(len)
    def outer(event: Any, context: Any) -> None:
        """Nothing."""

    assert decorate(outer, prepare=int).__wrapped__ is outer


DECORATED = """
import asyncio
from lambdakit.events.s3 import s3_event
from lambdakit.events.sqs import sqs_event

@s3_event
def sync(event, context):
    return [record.object.key for record in event.records]

@sqs_event
async def asynchronous(event, context):
    await asyncio.sleep(0)
    return [record.body for record in event.records]

@s3_event
def wrong(event, context):
    return 1
"""
S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "a+b"}}}]}
SQS = {"Records": [{"eventSource": "aws:sqs", "body": "hello"}]}


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
@pytest.mark.parametrize(
    ("name", "event", "result"), [("sync", S3, ["a b"]), ("asynchronous", SQS, ["hello"])], ids=["sync", "async"]
)
def test_decorated_handlers_give_the_same_under_both_runtimes(command: Any, name: str, event: Any, result: Any) -> None:
    run = run_runtime(DECORATED, [Event(event), Event(event)], handler=f"app.{name}", command=command)
    assert [post.json() for post in run.posts] == [result, result]


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
def test_another_sources_event_is_named_under_both_runtimes(command: Any) -> None:
    run = run_runtime(DECORATED, [Event(SQS)], handler="app.wrong", command=command)
    error = json.loads(run.posts[0].body)
    assert error["errorType"] == "WrongSourceError"
    assert error["errorMessage"].startswith("@s3_event takes an S3Event; this event comes from sqs (use @sqs_")
