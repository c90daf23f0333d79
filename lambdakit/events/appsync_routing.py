"""One function for many AppSync resolvers or channels, each with a function of its own.

    resolver = AppSyncResolver()                        channels = AppSyncChannels()

    @resolver.field("Query", "getPost")                 @channels.publish("/news/*")
    def get_post(id: str) -> Post: ...                  def news(message, event, context): return message.payload

    @resolver.field("Post", "author")                   @channels.subscribe("/news/*")
    def author(event, /) -> Author: ...                 def joined(event, context): ...

    handler = resolver                                  handler = channels

A field's function takes the GraphQL arguments by name; what it wants besides it takes by place, `(event, /, ...)` or
`(event, context, /, ...)`, so that no argument's name is ever taken. Functions may be async.
"""

from __future__ import annotations

from lambdakit.events.appsync import (
    AmplifyResolverEvent,
    AppSyncBatchEvent,
    amplify_resolver,
    appsync_batch,
    appsync_resolver,
)
from lambdakit.events.appsync_events import appsync_channel
from lambdakit.exceptions import UsageError, WrongSourceError
from lambdakit.handlers import decorate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from lambdakit.events.appsync import AppSyncResolverEvent
    from lambdakit.events.appsync_events import AppSyncEventsEvent, AppSyncMessage

    FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

__all__ = ("AppSyncChannels", "AppSyncResolver")

_CO_COROUTINE = 0x80
# `type`, but Any to type checkers.
_type: Any = type


def _is_async(function: Any) -> bool:
    return bool(getattr(getattr(function, "__code__", None), "co_flags", 0) & _CO_COROUTINE)


class AppSyncResolver:
    """A Lambda handler that dispatches by GraphQL type and field: direct resolvers, batches of calls, Amplify's.

    A batch whose field has no function of its own for batches is answered call by call, where an exception becomes the
    error of that call alone.
    """

    def __init__(self) -> None:
        self._single: dict[tuple[str, str], Callable[..., Any]] = {}
        self._batch: dict[tuple[str, str], Callable[..., Any]] = {}

    def field(self, type_name: str, field_name: str) -> Callable[[FunctionT], FunctionT]:
        """Register the function of a field. Raises UsageError for a field that has one."""

        def register(function: FunctionT) -> FunctionT:
            _add(self._single, (type_name, field_name), _field_call(function))
            return function

        return register

    def batch(self, type_name: str, field_name: str) -> Callable[[FunctionT], FunctionT]:
        """Register the function `(event: AppSyncBatchEvent, context)` that answers whole batches of a field."""

        def register(function: FunctionT) -> FunctionT:
            _add(self._batch, (type_name, field_name), appsync_batch(function))
            return function

        return register

    def __call__(self, event: Any, context: Any = None) -> Any:
        """Answer an event by its field's function. Raises WrongSourceError where there is none."""
        if _type(event) is list:
            event = appsync_batch.prepare(event)
        if isinstance(event, AppSyncBatchEvent):
            return self._answer_batch(event, context)
        typed = _typed(event)
        return self._of(self._single, typed.type_name, typed.field_name)(typed, context)

    def _answer_batch(self, event: AppSyncBatchEvent, context: Any) -> Any:
        if not len(event):
            return []
        first = event.events[0]
        key = (first.type_name, first.field_name)
        if key in self._batch:
            return self._batch[key](event, context)
        return _each(self._of(self._single, *key))(event, context)

    def _of(self, routes: dict[tuple[str, str], Callable[..., Any]], *key: str) -> Callable[..., Any]:
        found = routes.get((key[0], key[1]))
        if found is None:
            known = ", ".join(".".join(name) for name in {**self._single, **self._batch}) or "none"
            raise WrongSourceError(f"no function resolves {'.'.join(key)}; those registered resolve {known}")
        return found


def _add(routes: dict[tuple[str, str], Callable[..., Any]], key: tuple[str, str], call: Callable[..., Any]) -> None:
    if key in routes:
        raise UsageError(f"{'.'.join(key)} has a function already")
    routes[key] = call


def _typed(event: Any) -> AppSyncResolverEvent | AmplifyResolverEvent:
    """The call in the model of its form. Raises WrongSourceError."""
    if isinstance(event, AmplifyResolverEvent):
        return event
    amplify = _type(event) is dict and amplify_resolver.accepts(event) and not appsync_resolver.accepts(event)
    return (amplify_resolver if amplify else appsync_resolver).prepare(event)


def _same(event: Any) -> Any:
    return event


def _field_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a typed event and a context that gives a field's function what it takes."""
    by_place: int = getattr(getattr(function, "__code__", None), "co_posonlyargcount", 0)
    if by_place > 2:
        raise UsageError(
            "a field's function takes at most the event and the context by place: (event, context, /, ...)"
        )

    def call(event: Any, context: Any) -> Any:
        return function(*(event, context)[:by_place], **event.arguments)

    async def call_async(event: Any, context: Any) -> Any:
        return await function(*(event, context)[:by_place], **event.arguments)

    return decorate(call_async if _is_async(function) else call, prepare=_same)


def _each(handler: Any) -> Callable[..., Any]:
    """The handler of a batch that answers it call by call."""
    call = handler.__wrapped__

    def run(event: AppSyncBatchEvent, context: Any) -> list[Any]:
        return [_attempt(call, _failed_call, item, context) for item in event.events]

    async def run_async(event: AppSyncBatchEvent, context: Any) -> list[Any]:
        from asyncio import gather

        return await gather(*(_attempt_async(call, _failed_call, item, context) for item in event.events))

    return appsync_batch(run_async if _is_async(call) else run)


def _attempt(call: Callable[..., Any], failed: Callable[..., Any], item: Any, *more: Any) -> Any:
    try:
        return call(item, *more)
    except Exception as error:
        return failed(item, error)


async def _attempt_async(call: Callable[..., Any], failed: Callable[..., Any], item: Any, *more: Any) -> Any:
    try:
        return await call(item, *more)
    except Exception as error:
        return failed(item, error)


def _failed_call(event: Any, error: Exception) -> dict[str, Any]:
    _log("the call %r of a batch failed", event, error)
    return AppSyncBatchEvent.error(str(error), type=type(error).__name__)


def _failed_message(message: AppSyncMessage, error: Exception) -> dict[str, Any]:
    _log("%r failed and is not passed on", message, error)
    return message.error(f"{type(error).__name__}: {error}")


def _log(what: str, item: object, error: Exception) -> None:
    from logging import getLogger

    getLogger(__name__).error(what, item, exc_info=error)


class AppSyncChannels:
    """A Lambda handler that dispatches the events of a channel namespace by operation and channel.

    A pattern is a channel's path, `/news/sport`, or one that ends with `/*` for all channels below. Of several that fit
    the longest decides, an exact path before any other.
    """

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Callable[..., Any]] = {}

    def publish(self, pattern: str) -> Callable[[FunctionT], FunctionT]:
        """Register the function `(message, event, context)` of single messages.

        What it returns is the payload that is passed on. An exception becomes the error of that message alone.
        """

        def register(function: FunctionT) -> FunctionT:
            self._add("PUBLISH", pattern, _each_message(function))
            return function

        return register

    def publish_all(self, pattern: str) -> Callable[[FunctionT], FunctionT]:
        """Register the function `(event, context)` of all messages of an event; it returns those to pass on."""

        def register(function: FunctionT) -> FunctionT:
            self._add("PUBLISH", pattern, appsync_channel(function))
            return function

        return register

    def subscribe(self, pattern: str) -> Callable[[FunctionT], FunctionT]:
        """Register the function `(event, context)` of subscriptions, which lets pass what it does not refuse."""

        def register(function: FunctionT) -> FunctionT:
            self._add("SUBSCRIBE", pattern, appsync_channel(function))
            return function

        return register

    def __call__(self, event: Any, context: Any = None) -> Any:
        """Answer an event by its channel's function. Raises WrongSourceError where there is none."""
        typed = appsync_channel.prepare(event)
        for pattern in _patterns(typed):
            if (typed.operation, pattern) in self._routes:
                return self._routes[typed.operation, pattern](typed, context)
        known = ", ".join(" ".join(key) for key in self._routes) or "none"
        raise WrongSourceError(f"no function is registered for {typed.operation} of {typed.channel}; there are {known}")

    def _add(self, operation: str, pattern: str, call: Callable[..., Any]) -> None:
        if not pattern.startswith("/") or "*" in pattern.removesuffix("/*"):
            raise UsageError(f"a channel's pattern is a path, or one that ends with /*, not {pattern!r}")
        if (operation, pattern) in self._routes:
            raise UsageError(f"{operation} of {pattern} has a function already")
        self._routes[operation, pattern] = call


def _patterns(event: AppSyncEventsEvent) -> list[str]:
    """The patterns that fit an event's channel, the nearest first."""
    parts = event.channel.strip("/").split("/")
    return ["/" + "/".join(parts), *("/".join(["", *parts[:size], "*"]) for size in range(len(parts) - 1, -1, -1))]


def _each_message(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(event: AppSyncEventsEvent, context: Any) -> list[Any]:
        return [_attempt(call, _failed_message, message, event, context) for message in event.messages]

    async def run_async(event: AppSyncEventsEvent, context: Any) -> list[Any]:
        from asyncio import gather

        attempts = (_attempt_async(call_async, _failed_message, message, event, context) for message in event.messages)
        return await gather(*attempts)

    def call(message: AppSyncMessage, event: Any, context: Any) -> Any:
        return message.answer(function(message, event, context))

    async def call_async(message: AppSyncMessage, event: Any, context: Any) -> Any:
        return message.answer(await function(message, event, context))

    return appsync_channel(run_async if _is_async(function) else run)
