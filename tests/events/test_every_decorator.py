"""What holds for every decorator of the events, found by walking the modules: none is forgotten, none is special."""

from __future__ import annotations

import asyncio
import inspect
import sys
from typing import Any
from unittest.mock import Mock

import pytest

from lambdakit.events import aws_clients, detection
from lambdakit.events.decorator import EventDecorator
from lambdakit.exceptions import UsageError, WrongSourceError
from tests.events.samples import EVENTS, every
from tests.events.walk import modules

DECORATORS: dict[str, EventDecorator[Any]] = {
    name: found
    for module in modules()
    for name in getattr(module, "__all__", ())
    if isinstance(found := getattr(module, name), EventDecorator)
}
FORMS = ("bare", "called")
EVERY_RULE = (*detection.RULES, *detection.LIST_RULES)


class Clients(dict[str, Any]):
    """AWS clients that take every call, for the sources that report by one."""

    def __contains__(self, service: object) -> bool:
        return True

    def __missing__(self, service: str) -> Mock:
        return Mock()


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS; and another test may have imported AWS's runtime client, under which async handlers are run at once."""
    monkeypatch.setattr(aws_clients, "_clients", Clients())
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


class Reached(Exception):
    """The function was called: raised there, so that no answer is looked at."""


def takes(decorator: EventDecorator[Any], event: Any) -> bool:
    try:
        decorator.prepare(event)
    except WrongSourceError:
        return False
    return True


def call(handler: Any, event: Any) -> None:
    """Call a handler to its end; a source whose service is told of the failure does not let it through."""
    try:
        result = handler(event, None)
        if inspect.isawaitable(result):
            asyncio.run(_awaited(result))
    except Reached:
        pass


async def _awaited(result: Any) -> Any:
    return await result


@pytest.fixture(params=sorted(DECORATORS))
def decorator(request: pytest.FixtureRequest) -> EventDecorator[Any]:
    return DECORATORS[request.param]


def test_there_are_decorators_for_every_source() -> None:
    assert len(DECORATORS) > 50
    typed = {source for source, _, _ in EVERY_RULE} - {"s3-test"}
    taken = {source for source, event in every() for found in DECORATORS.values() if takes(found, event)}
    assert taken >= typed


@pytest.mark.parametrize(("source", "event"), every())
def test_the_samples_are_recognised(source: str, event: Any) -> None:
    assert detection.source_of(event) == source


def test_every_source_has_a_sample() -> None:
    assert {source for source, _, _ in EVERY_RULE} <= set(EVENTS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_it_makes_a_handler_of_a_function(decorator: EventDecorator[Any], form: str, kind: str) -> None:
    seen: list[Any] = []

    def plain(event: Any, context: Any) -> None:
        """What it does."""
        seen.append(event)
        raise Reached

    async def later(event: Any, context: Any) -> None:
        """What it does."""
        plain(event, context)

    function = plain if kind == "sync" else later
    handler: Any = decorator(function) if form == "bare" else decorator()(function)
    assert handler.__wrapped__ is function
    assert (handler.__name__, handler.__doc__) == (function.__name__, "What it does.")
    assert (handler.__module__, handler.__qualname__) == (function.__module__, function.__qualname__)
    samples = [event for _, event in every() if takes(decorator, event)]
    assert samples, f"no event of tests/events/samples.py is for @{decorator.__name__}"
    for event in samples:
        call(handler, event)
    assert len(seen) == len(samples)
    assert dict not in {type(event) for event in seen}


def test_an_object_with_an_async_call_is_an_async_function(decorator: EventDecorator[Any]) -> None:
    seen: list[Any] = []

    class Function:
        async def __call__(self, event: Any, context: Any) -> None:
            await asyncio.sleep(0)
            seen.append(event)
            raise Reached

    call(decorator(Function()), next(event for _, event in every() if takes(decorator, event)))
    assert len(seen) == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_middleware_runs_around_the_function(decorator: EventDecorator[Any], kind: str) -> None:
    steps: list[str] = []

    def first(event: Any, context: Any, call_next: Any) -> Any:
        steps.append("first")
        return call_next(event, context)

    async def second(event: Any, context: Any, call_next: Any) -> Any:
        steps.append("second")
        return await call_next(event, context)

    def function(event: Any, context: Any) -> None:
        steps.append("function")
        raise Reached

    async def later(event: Any, context: Any) -> None:
        function(event, context)

    event = next(event for _, event in every() if takes(decorator, event))
    if kind == "sync":
        call(decorator(middleware=[first, first])(function), event)
        assert steps == ["first", "first", "function"]
    else:
        call(decorator(middleware=[first, second])(later), event)
        assert steps == ["first", "second", "function"]


def test_an_unknown_option_is_refused_with_the_nearest(decorator: EventDecorator[Any]) -> None:
    options: Any = {"middlewares": []}
    with pytest.raises(
        UsageError, match=rf"@{decorator.__name__} has no option 'middlewares'; did you mean 'middleware'"
    ):
        decorator(**options)


@pytest.mark.parametrize("given", [3, "text", [print]])
def test_what_is_no_function_is_refused(decorator: EventDecorator[Any], given: Any) -> None:
    for decorate in (decorator, decorator()):
        with pytest.raises(
            UsageError, match=rf"@{decorator.__name__} decorates a function, not {type(given).__name__}"
        ):
            decorate(given)


def test_another_source_is_named(decorator: EventDecorator[Any]) -> None:
    def function(event: Any, context: Any) -> None:
        pytest.fail("the function was called")

    async def later(event: Any, context: Any) -> None:
        function(event, context)

    foreign = "sqs" if takes(decorator, EVENTS["s3"]) else "s3"
    for handler in (decorator(function), decorator(later)):
        with pytest.raises(
            WrongSourceError, match=rf"^@{decorator.__name__} takes .*; this event comes from {foreign} "
        ):
            asyncio.run(_awaited(handler(EVENTS[foreign], None)))
        with pytest.raises(WrongSourceError, match=rf"^@{decorator.__name__} takes "):
            asyncio.run(_awaited(handler({"any": "thing"}, None)))


def test_it_has_the_name_it_is_exported_under(decorator: EventDecorator[Any]) -> None:
    assert DECORATORS[decorator.__name__] is decorator
    assert repr(decorator) == f"<decorator {decorator.__name__}>"
    assert (decorator.__doc__ or "").startswith("Make a function of a")
