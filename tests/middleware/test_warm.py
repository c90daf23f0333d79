"""Warm-up events are answered before anything looks at them, under every decorator."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from lambdakit import lambda_handler
from lambdakit.events import s3_event, sqs_batch
from lambdakit.exceptions import UsageError, WrongSourceError
from lambdakit.middleware import SQLiteStore, idempotent, warmup
from tests.fake_runtime_api import Event
from tests.runtime_process import OFFICIAL, OURS, run_runtime

WARM = {"warmup": True}
EVENTS = [
    {"source": "serverless-plugin-warmup"},
    {"source": "serverless-plugin-lambda-warmup"},
    {"warmer": True, "concurrency": 3},
    {"warmup": True},
]
S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "a"}}}]}


def handlers(**options: Any) -> tuple[Any, ...]:
    """One of each kind; each fails with what it was not made for."""
    middleware = [warmup(delay=0, **options)]

    @s3_event(middleware=middleware)
    def sync(event: Any, context: Any) -> Any:
        return event.records[0].object.key

    @s3_event(middleware=middleware)
    async def awaited(event: Any, context: Any) -> Any:
        return event.records[0].object.key

    @sqs_batch(middleware=middleware)
    def batch(message: Any) -> None:
        raise AssertionError(message)

    return sync, lambda event: asyncio.run(awaited(event)), batch


@pytest.mark.parametrize("event", EVENTS)
def test_the_usual_senders_are_known_under_every_decorator(event: Any) -> None:
    assert [handler(event) for handler in handlers()] == [WARM] * 3


def test_all_else_goes_through() -> None:
    sync, awaited, _ = handlers()
    assert (sync(S3), awaited(S3)) == ("a", "a")
    with pytest.raises(WrongSourceError):
        sync({"source": "serverless-plugin-warmup-not"})
    with pytest.raises(WrongSourceError):
        sync([])


def test_a_sender_of_ones_own_can_be_told() -> None:
    found = [handler({"ping": 1}) for handler in handlers(matches=lambda event: event.get("ping"))]
    assert found == [WARM] * 3


def test_the_answer_waits_so_that_others_get_environments_of_their_own() -> None:
    handler = lambda_handler(middleware=[warmup(delay=0.05)])(lambda event, context: event)
    begin = time.monotonic()
    assert handler(EVENTS[0]) == WARM
    assert time.monotonic() - begin >= 0.05
    assert handler({"a": 1}) == {"a": 1}


def test_it_may_stand_anywhere_in_the_list_of_an_async_handler() -> None:
    store = SQLiteStore(":memory:")

    @lambda_handler(middleware=[idempotent(store, key="id"), warmup(delay=0), warmup(delay=0)])
    async def handler(event: Any, context: Any) -> Any:
        return event["id"]

    assert [asyncio.run(handler(event)) for event in (EVENTS[0], {"id": 1})] == [WARM, 1]


def test_a_hundred_at_once_do_not_wait_for_each_other() -> None:
    @lambda_handler(middleware=[warmup(delay=0.05)])
    async def handler(event: Any, context: Any) -> Any:
        return event

    async def run() -> list[Any]:
        return await asyncio.gather(*(handler(EVENTS[0] if number % 2 else number) for number in range(100)))

    begin = time.monotonic()
    assert asyncio.run(run()) == [WARM if number % 2 else number for number in range(100)]
    assert time.monotonic() - begin < 2


@pytest.mark.parametrize(("options", "message"), [({"delay": -1}, "delay=-1"), ({"matches": "x"}, "matches='x'")])
def test_misuse_is_named(options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        warmup(**options)


APP = """
from lambdakit.events import s3_event
from lambdakit.middleware import warmup

@s3_event(middleware=[warmup()])
def handler(event, context):
    return event.records[0].object.key
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
def test_it_holds_under_both_runtimes(command: Any) -> None:
    run = run_runtime(APP, [Event(EVENTS[0]), Event(S3)], command=command)
    assert [post.json() for post in run.posts] == [WARM, "a"]
