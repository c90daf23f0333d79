"""The decorated handler and the middleware onion around it, the same for sync and async functions.

    Handler(event, context)
        prepare    raw event -> what the function takes (a typed event)
        onion      middleware[0]( middleware[1]( ... function ... ) )
        finish     what the function returned -> what the source expects

The layers are put together once, when the function is decorated: with no middleware a call goes straight to the
function. A middleware is `m(event, context, call_next)`, sync or async; around an async function a sync middleware may
return what `call_next` gave it, which is then awaited. An object may have hooks instead (`lambdakit.middleware.base`):
`on_init`, `before`, `after`, `on_error`. LAMBDAKIT_PROFILE=1 has the time spent in each layer logged.

Not here: what a source's event is. `lambdakit.events` brings `prepare` and `finish`.
"""

from __future__ import annotations

import os
import sys

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any, Generic, TypeAlias, TypeVar, overload

    from lambdakit.context import LambdaContext

    EventT = TypeVar("EventT")
    ResultT = TypeVar("ResultT")
    Call: TypeAlias = Callable[[Any, Any], Any]
    Middleware: TypeAlias = Callable[[Any, Any, Call], Any]

    class _HandlerBase(Generic[EventT, ResultT]):
        pass

else:
    from types import GenericAlias

    EventT = ResultT = None

    class _HandlerBase:
        __class_getitem__ = classmethod(GenericAlias)


__all__ = (
    "Handler",
    "decorate",
    "early",
    "environment_loop",
    "handler_name",
    "hooks_async",
    "hooks_sync",
    "initialise",
    "is_async",
    "kept_loop",
    "lambda_handler",
    "name_of",
    "onion",
    "to_caller",
)

_CO_COROUTINE = 0x80
_COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__")


class Handler(_HandlerBase[EventT, ResultT]):
    """What a decorated function is to type checkers: still a plain `handler(event, context)`.

    `__wrapped__` is the function itself, `__name__`, `__doc__` and the rest are the function's. At run time a handler
    is a function and no object of this class: decorators of other libraries go on functions only.
    """

    __wrapped__: Callable[[EventT, LambdaContext[Any]], ResultT]
    __name__: str

    if TYPE_CHECKING:

        def __call__(self, event: Any, context: Any = None) -> ResultT:
            """Answer one event: a raw one (a dict) or a typed one."""
            ...


def _handler(function: Any, call: Call) -> Any:
    def handler(event: Any, context: Any = None) -> Any:
        return call(event, context)

    return _dressed(handler, function)


def _async_handler(function: Any, call: Call) -> Any:
    """The handler of an `async def`: calling it gives a coroutine.

    AWS's own runtime client does not await; there, and only there, the coroutine is run to its end.
    """

    def handler(event: Any, context: Any = None) -> Any:
        coroutine = call(event, context)
        return _run_here(coroutine) if _under_peer() else coroutine

    return _dressed(handler, function)


def _dressed(handler: Any, function: Any) -> Any:
    for name in _COPIED:
        if hasattr(function, name):
            setattr(handler, name, getattr(function, name))
    handler.__dict__.update(getattr(function, "__dict__", {}))
    handler.__wrapped__ = function
    return handler


_PEER, _PEER_SETTING = "awslambdaric.bootstrap", "AWS_LAMBDA_RUNTIME_API"
_loop: Any = None


def _under_peer() -> bool:
    """Whether AWS's client is what calls: it is loaded (a test may load it too), in an execution environment."""
    return _PEER in sys.modules and _PEER_SETTING in os.environ


def to_caller(coroutine: Any) -> Any:
    """The coroutine, for a caller who awaits it; run to its end for AWS's client, which does not."""
    return _run_here(coroutine) if _under_peer() else coroutine


def decorate(
    function: Callable[[EventT, LambdaContext[Any]], ResultT],
    *,
    prepare: Callable[[Any], Any] | None,
    middleware: Sequence[Middleware] = (),
    finish: Callable[[Any], Any] | None = None,
    answer: Callable[[Any, Any], Any] | None = None,
    core: Call | None = None,
) -> Handler[EventT, ResultT]:
    """The decorated handler: `prepare`, then the onion of `middleware` around `function`, then `finish`.

    Without `prepare` the function takes the event as it comes.
    `answer(event, result)` stands in for `finish(result)` where the answer repeats parts of the event. `core` is what
    the onion is around where that is not the function itself but, say, a loop that calls it.
    """
    heart = function if core is None else core
    awaited = is_async(heart)
    if heart is not function:
        _note_inner(heart, function)
    inner = _onion(heart, middleware, _async_layer if awaited else _sync_layer)
    make_call = _async_call if awaited else _sync_call
    if answer is not None:
        inner, finish = (_async_answer if awaited else _sync_answer)(inner, answer), None
    if prepare is not None or finish is not None:
        inner = make_call(inner, prepare or _as_it_is, finish)
    call = early(middleware, inner, awaited)
    made: Handler[EventT, ResultT] = (_async_handler if awaited else _handler)(function, call)
    return made


def early(middleware: Sequence[Middleware], call: Call, awaited: bool) -> Call:
    """The call within what a middleware may have to do before a raw event is looked at (`around_raw`)."""
    for member in reversed(middleware):
        around: Any = getattr(member, "around_raw", None)
        if around is not None:
            call = around(call, awaited)
    return call


if TYPE_CHECKING:

    @overload
    def lambda_handler(function: Callable[[EventT, LambdaContext[Any]], ResultT], /) -> Handler[EventT, ResultT]: ...

    @overload
    def lambda_handler(
        *, middleware: Sequence[Middleware] = ()
    ) -> Callable[[Callable[[EventT, LambdaContext[Any]], ResultT]], Handler[EventT, ResultT]]: ...


def lambda_handler(function: Any = None, /, *, middleware: Sequence[Middleware] = ()) -> Any:
    """Make a handler of a function of a raw event: what a caller made up, or any event as it comes.

    For what middleware needs no more than: `@lambda_handler(middleware=[tracing()])`.
    """

    def made(decorated: Any) -> Any:
        return decorate(decorated, prepare=None, middleware=middleware)

    return made if function is None else made(function)


def onion(function: Call, middleware: Sequence[Middleware]) -> Call:
    """The function with the middleware around it, outermost first; async where the function is.

    `initialise` is left to the caller, who may put the same middleware around several calls.
    """
    return _layered(function, middleware, _async_layer if is_async(function) else _sync_layer)


def _as_it_is(event: Any) -> Any:
    return event


def is_async(function: Any) -> bool:
    """Whether a function, or the `__call__` of an instance, is an `async def`."""
    code = getattr(function, "__code__", None) or getattr(getattr(function, "__call__", None), "__code__", None)  # noqa: B004
    return bool(getattr(code, "co_flags", 0) & _CO_COROUTINE)


def _onion(function: Call, middleware: Sequence[Middleware], make_layer: Callable[[Middleware, Call], Call]) -> Call:
    call = _layered(function, middleware, make_layer)
    initialise(middleware)
    return call


def _layered(function: Call, middleware: Sequence[Middleware], make_layer: Callable[[Middleware, Call], Call]) -> Call:
    if not middleware:
        return function
    profile = None
    if os.environ.get("LAMBDAKIT_PROFILE") == "1":
        from lambdakit.profile import Profile

        profile = Profile(is_async(function))
        function = _note_inner(profile.layer(getattr(function, "__qualname__", "function"), function), function)
    for member in reversed(middleware):
        function = _note_inner(make_layer(member, function), function)
        if profile is not None:
            function = _note_inner(profile.layer(name_of(member), function), function)
    return function if profile is None else profile.report(function)


def initialise(middleware: Sequence[Middleware]) -> None:
    """Run what middleware does before the first event, outermost first, as the list says."""
    for member in middleware:
        on_init: Any = getattr(member, "on_init", None)
        if on_init is not None:
            on_init()


def _note_inner(layer: Call, inner: Any) -> Call:
    """Let a layer tell, as functools.wraps would, what it is around: some middleware names the handler."""
    vars(layer)["__wrapped__"] = inner
    return layer


def handler_name(call: Any) -> str:
    """The name of the function that a layer's `call_next` leads to."""
    while (inner := getattr(call, "__wrapped__", None)) is not None:
        call = inner
    return getattr(call, "__name__", None) or type(call).__name__


def name_of(member: Middleware) -> str:
    """What a middleware is called in a profile and in errors."""
    return getattr(member, "__qualname__", None) or type(member).__name__


def _sync_layer(member: Middleware, call_next: Call) -> Call:
    if is_async(member):
        raise UsageError(f"{name_of(member)} is an async middleware; around a sync handler only sync ones can run")
    if _is_hooked(member):
        return hooks_sync(member, call_next)
    return lambda event, context: member(event, context, call_next)


def _async_layer(member: Middleware, call_next: Call) -> Call:
    if _is_hooked(member):
        return hooks_async(member, call_next)
    around: Any = getattr(member, "call_async", None)
    if around is not None:
        return lambda event, context: around(event, context, call_next)

    async def call(event: Any, context: Any) -> Any:
        result = member(event, context, call_next)
        return await result if hasattr(result, "__await__") else result

    return call


def _is_hooked(member: Any) -> bool:
    """Whether a middleware is one of hooks: of the class of `lambdakit.middleware`, and not called by itself."""
    kind: Any = member.__class__
    base = getattr(kind, "HOOKS", None)
    return base is not None and kind.__call__ is base["__call__"]


def _own(member: Any, hook: str) -> Any:
    """A hook of a middleware, or None where its class has only the empty one of the base."""
    kind: Any = member.__class__
    return None if getattr(kind, hook) is kind.HOOKS[hook] else getattr(member, hook)


def hooks_sync(member: Any, call_next: Call) -> Call:
    """The layer of a middleware of hooks, around a sync call."""
    before, after = _own(member, "before"), _own(member, "after")
    on_error: Any = _own(member, "on_error")
    if (before, on_error) == (None, None) and after is not None:
        return lambda event, context: after(event, context, call_next(event, context))

    def plain(event: Any, context: Any) -> Any:
        if before is not None:
            before(event, context)
        result = call_next(event, context)
        return result if after is None else after(event, context, result)

    def guarded(event: Any, context: Any) -> Any:
        try:
            return plain(event, context)
        except Exception as error:
            return on_error(event, context, error)

    return plain if on_error is None else guarded


def hooks_async(member: Any, call_next: Call) -> Call:
    """The layer of a middleware of hooks, around an async call; the hooks may be async."""
    before, after = _own(member, "before"), _own(member, "after")
    on_error: Any = _own(member, "on_error")

    async def plain(event: Any, context: Any) -> Any:
        if before is not None:
            await _settled(before(event, context))
        result = await call_next(event, context)
        return result if after is None else await _settled(after(event, context, result))

    async def guarded(event: Any, context: Any) -> Any:
        try:
            return await plain(event, context)
        except Exception as error:
            return await _settled(on_error(event, context, error))

    return plain if on_error is None else guarded


async def _settled(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value


def _sync_call(inner: Call, prepare: Callable[[Any], Any], finish: Callable[[Any], Any] | None) -> Call:
    if finish is None:
        return lambda event, context: inner(prepare(event), context)
    return lambda event, context: finish(inner(prepare(event), context))


def _async_call(inner: Call, prepare: Callable[[Any], Any], finish: Callable[[Any], Any] | None) -> Call:
    async def call(event: Any, context: Any) -> Any:
        result = await inner(prepare(event), context)
        return result if finish is None else finish(result)

    return call


def _sync_answer(inner: Call, answer: Callable[[Any, Any], Any]) -> Call:
    return lambda event, context: answer(event, inner(event, context))


def _async_answer(inner: Call, answer: Callable[[Any, Any], Any]) -> Call:
    async def call(event: Any, context: Any) -> Any:
        return answer(event, await inner(event, context))

    return call


def environment_loop() -> Any:
    """The event loop of this execution environment, made when first asked for; the runtime's loops are this one."""
    global _loop
    import asyncio

    if kept_loop() is None:
        _loop = asyncio.new_event_loop()
        asyncio.set_event_loop(_loop)
    return _loop


def kept_loop() -> Any:
    """The loop that `environment_loop` has made, or None."""
    return None if _loop is None or _loop.is_closed() else _loop


def _run_here(coroutine: Awaitable[Any]) -> Any:
    return environment_loop().run_until_complete(coroutine)
