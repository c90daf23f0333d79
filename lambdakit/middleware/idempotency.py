"""A call that must happen once: repetitions of it are answered with the result of the first.

    >>> from lambdakit import Context, lambda_handler
    >>> from lambdakit.middleware import SQLiteStore, idempotent

    >>> @lambda_handler(middleware=[idempotent(SQLiteStore(":memory:"), key="order_id", check="amount")])
    ... def handler(event: dict, context: Context) -> dict:
    ...     return {"charged": event["amount"]}

    >>> handler({"order_id": "o-1", "amount": 7, "attempt": 1})
    {'charged': 7}
    >>> handler({"order_id": "o-1", "amount": 7, "attempt": 2})     # the function is not called again
    {'charged': 7}

Of any number of callers with one key the store lets one call; the others get IdempotencyInProgressError until it is
done, and its result from then on. A failed call leaves nothing behind. One that dies leaves a lock, which ends when its
invocation would have ended. `idempotent` should stand last in the list: what middleware within it answers is kept like
a result.

In batches each record is a call of its own: `idempotent_function` goes on the function of one record.
"""

from __future__ import annotations

import os

from lambdakit.exceptions import UsageError
from lambdakit.handlers import is_async
from lambdakit.middleware.base import Middleware
from lambdakit.middleware.idempotency_gate import Gate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TypeVar

    from lambdakit.handlers import Call
    from lambdakit.middleware.idempotency_records import Claim, Record, Store
    from lambdakit.middleware.selecting import Selector

    FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

__all__ = ("Idempotent", "idempotent", "idempotent_function")


class Idempotent(Middleware):
    """Call the handler once for each key, and answer repetitions with the result of that call.

    `store` keeps the results: DynamoDBStore, RedisStore, SQLiteStore. `key` says what tells a repeated event: a dotted
    path in the event ("detail.order_id", "body.order_id"), a list of paths, or a function of the event. `check` says in
    the same way what must be the same in a repetition; where it is not, IdempotencyConflictError is raised.
    `expiry` is how many seconds a result is kept. `cache` is how many results this process keeps in memory beside the
    store. `result` is the type of the result where it is not plain JSON: a dataclass, a pydantic model.
    `missing="run"` lets events without a key through, which otherwise raise IdempotencyKeyError.
    `name` stands in the key for the function; without it, the Lambda function's name and the event's type.
    """

    def __init__(
        self,
        store: Store,
        *,
        key: Selector,
        check: Selector | None = None,
        expiry: float = 3600,
        cache: int = 0,
        result: Any = None,
        missing: Literal["raise", "run"] = "raise",
        name: str | None = None,
    ) -> None:
        self._gate = Gate(store, key, check, expiry, cache, result, missing)
        self._name = name

    def on_init(self) -> None:
        """Let the store make ready."""
        self._gate.on_init()

    def __call__(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around a sync handler."""
        claim = self._gate.recognise(event, self._scope(event))
        return _once(self._gate, claim, context, call_next, (event, context), {})

    async def call_async(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around an async handler."""
        claim = self._gate.recognise(event, self._scope(event))
        return await _once_async(self._gate, claim, context, call_next, (event, context), {})

    def _scope(self, event: Any) -> str:
        return self._name or f"{_function_name()}.{type(event).__name__}"


if TYPE_CHECKING:

    def idempotent_function(
        store: Store,
        *,
        key: Selector,
        check: Selector | None = None,
        expiry: float = 3600,
        cache: int = 0,
        result: Any = None,
        missing: Literal["raise", "run"] = "raise",
        name: str | None = None,
    ) -> Callable[[FunctionT], FunctionT]:
        """Call any function once for each key in its first argument; see Idempotent for the options."""
        ...

else:

    def idempotent_function(store, *, name=None, **options):
        """Call any function once for each key in its first argument; see Idempotent for the options.

        @sqs_batch
        @idempotent_function(store, key="payload.order_id")
        def ship(message: SQSMessage[Order], context: Context) -> str: ...

        The lock lasts as long as the context, if one is among the arguments, has time left; else 15 minutes.
        """
        gate = Idempotent(store, **options)._gate

        def decorate(function):
            if not callable(function):
                raise UsageError(f"idempotent_function decorates a function, not {type(function).__name__}")
            gate.on_init()
            return _wrapped(gate, function, name or f"{_function_name()}.{_dotted(function)}")

        return decorate


def _wrapped(gate: Gate, function: Any, scope: str) -> Any:
    from functools import wraps

    from lambdakit.events.annotations import takes

    wants_context = takes(function, 2)
    code: Any = getattr(function, "__code__", None)
    first = code.co_varnames[0] if code is not None and code.co_argcount else ""

    def parts(arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, tuple[Any, ...]]:
        payload = arguments[0] if arguments else named.get(first)
        context = next((value for value in (*arguments[1:], *named.values()) if _tells_time(value)), None)
        # A batch hands the context to whatever can take it, and this wrapper can.
        return payload, context, arguments if wants_context or len(arguments) != 2 else arguments[:1]

    if is_async(function):

        @wraps(function)
        async def once_async(*arguments: Any, **named: Any) -> Any:
            payload, context, given = parts(arguments, named)
            return await _once_async(gate, gate.recognise(payload, scope), context, function, given, named)

        return once_async

    @wraps(function)
    def once(*arguments: Any, **named: Any) -> Any:
        payload, context, given = parts(arguments, named)
        return _once(gate, gate.recognise(payload, scope), context, function, given, named)

    return once


def _once(
    gate: Gate, claim: Claim | None, context: Any, call: Any, arguments: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    if claim is None:
        return call(*arguments, **named)
    standing = gate.ask(claim, context)
    if standing is not None:
        return gate.replay(claim, standing)
    try:
        result = call(*arguments, **named)
    except BaseException:
        gate.leave(claim)
        raise
    gate.keep(claim, result)
    return result


async def _once_async(
    gate: Gate, claim: Claim | None, context: Any, call: Any, arguments: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    if claim is None:
        return await call(*arguments, **named)
    from asyncio import to_thread

    standing = gate.remembered(claim) or await _asked(gate, claim, context)
    if standing is not None:
        return gate.replay(claim, standing)
    try:
        result = await call(*arguments, **named)
    except BaseException:
        await to_thread(gate.leave, claim)
        raise
    await to_thread(gate.keep, claim, result)
    return result


async def _asked(gate: Gate, claim: Claim, context: Any) -> Record | None:
    """`gate.ask` without holding up others. What it claimed for a caller who was cancelled meanwhile is released."""
    from asyncio import CancelledError, ensure_future, shield, to_thread, wait

    asking = ensure_future(to_thread(gate.ask, claim, context))
    try:
        return await shield(asking)
    except CancelledError:
        await wait([asking])
        if asking.exception() is None and asking.result() is None:
            await to_thread(gate.leave, claim)
        raise


def _tells_time(value: Any) -> bool:
    return hasattr(value, "get_remaining_time_in_millis")


def _function_name() -> str:
    return os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "function")


def _dotted(function: Any) -> str:
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__name__)}"


idempotent = Idempotent
