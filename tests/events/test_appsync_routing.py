from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import pytest

from lambdakit.events.appsync_routing import AppSyncResolver
from lambdakit.exceptions import UsageError, WrongSourceError


def call_of(type_name: str, field_name: str, **arguments: Any) -> dict[str, Any]:
    return {
        "arguments": arguments,
        "source": {"id": "p"},
        "info": {"parentTypeName": type_name, "fieldName": field_name},
    }


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def test_each_field_has_its_function_and_arguments_by_name() -> None:
    resolver = AppSyncResolver()

    @resolver.field("Query", "getPost")
    def get_post(id: str, size: int = 3) -> Any:
        return f"{id} {size}"

    @resolver.field("Post", "author")
    def author(event: Any, /) -> Any:
        return event.source["id"]

    @resolver.field("Post", "event")
    def named(event_: Any, context: Any, /, event: str) -> Any:
        return (event_.field_name, context, event)

    assert resolver(call_of("Query", "getPost", id="7")) == "7 3"
    assert resolver(call_of("Post", "author")) == "p"
    assert resolver(call_of("Post", "event", event="argument"), "context") == ("event", "context", "argument")
    assert get_post("8") == "8 3"


def test_async_functions_are_awaited() -> None:
    resolver = AppSyncResolver()

    @resolver.field("Query", "now")
    async def now(event: Any, /, zone: str) -> Any:
        return f"{event.field_name} {zone}"

    assert asyncio.run(resolver(call_of("Query", "now", zone="UTC"))) == "now UTC"


def test_amplifys_calls_are_taken() -> None:
    resolver = AppSyncResolver()
    resolver.field("Query", "echo")(lambda text: text)
    assert resolver({"typeName": "Query", "fieldName": "echo", "arguments": {"text": "hi"}}) == "hi"


def test_a_batch_goes_to_the_function_for_batches() -> None:
    resolver = AppSyncResolver()

    @resolver.batch("Post", "author")
    def authors(event: Any, context: Any) -> Any:
        return [f"{call.source['id']} {len(event)}" for call in event]

    assert resolver([call_of("Post", "author"), call_of("Post", "author")]) == ["p 2", "p 2"]
    assert resolver([]) == []


def test_a_batch_without_a_function_of_its_own_is_answered_call_by_call(caplog: pytest.LogCaptureFixture) -> None:
    resolver = AppSyncResolver()

    @resolver.field("Post", "rank")
    def rank(place: int) -> int:
        return 10 // place

    @resolver.field("Post", "later")
    async def later(place: int) -> int:
        return rank(place)

    wanted = [5, {"data": None, "errorMessage": "integer division or modulo by zero", "errorType": "ZeroDivisionError"}]
    with caplog.at_level(logging.ERROR):
        assert resolver([call_of("Post", "rank", place=place) for place in (2, 0)])[0] == 5
        answers = asyncio.run(resolver([call_of("Post", "later", place=place) for place in (2, 0)]))
    assert (answers[0], set(answers[1])) == (5, set(wanted[1]))  # type: ignore[call-overload]
    assert answers[1]["errorType"] == "ZeroDivisionError"
    assert "of a batch failed" in caplog.text


def test_a_field_without_a_function_is_named() -> None:
    resolver = AppSyncResolver()
    resolver.field("Query", "a")(print)
    with pytest.raises(WrongSourceError, match=r"no function resolves Query\.b; those registered resolve Query\.a"):
        resolver(call_of("Query", "b"))
    with pytest.raises(WrongSourceError, match=r"no function resolves Query\.b"):
        resolver([call_of("Query", "b")])


@pytest.mark.parametrize("event", [{"Records": []}, ["text"], None, "text"])
def test_other_events_are_a_wrong_source(event: Any) -> None:
    with pytest.raises(WrongSourceError):
        AppSyncResolver()(event)


def test_registering_twice_or_taking_too_much_is_refused() -> None:
    resolver = AppSyncResolver()
    resolver.field("Query", "a")(print)
    with pytest.raises(UsageError, match=r"Query\.a has a function already"):
        resolver.field("Query", "a")(print)

    def greedy(event: Any, context: Any, more: Any, /) -> None: ...

    with pytest.raises(UsageError, match="at most the event and the context by place"):
        resolver.field("Query", "c")(greedy)
