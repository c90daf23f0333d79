"""What turns a function of one record into a handler of a batch.

    @sqs_batch                                        @sqs_batch(concurrency=5, on_error=tell)
    def handler(message: SQSMessage[Order], context: Context) -> None:
        ship(message.payload)

The function is called once for each record. One that returns has succeeded, one that raises has failed: the handler
answers with the failure report that the source's poller reads (`batch_sources` has each source's rules), so that what
succeeded is not delivered again. The event source mapping must have `FunctionResponseTypes: [ReportBatchItemFailures]`:
without it the service takes any answer for success, and what failed is lost.

A whole batch at once is the matter of `sqs_event`, `kinesis_event` and the others.
"""

from __future__ import annotations

from copy import copy

from lambdakit.events.annotations import first_annotation, takes
from lambdakit.events.batch_run import Run, run_in_order, run_in_order_async
from lambdakit.events.decorator import EventDecorator, unknown_options
from lambdakit.exceptions import BatchError, UsageError
from lambdakit.handlers import decorate, is_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, overload

    from typing_extensions import Self

    from lambdakit.context import LambdaContext
    from lambdakit.events.batch_result import BatchResponse, BatchResult
    from lambdakit.events.batch_sources import BatchSource
    from lambdakit.events.model import Model
    from lambdakit.handlers import Call, Middleware

    RecordT = TypeVar("RecordT", bound="Model")
    ResultT = TypeVar("ResultT")
    ResponseT = TypeVar("ResponseT")
    FunctionT_co = TypeVar("FunctionT_co", bound=Callable[..., Any], covariant=True)
    ResponseT_co = TypeVar("ResponseT_co", covariant=True)
    OnError: TypeAlias = Callable[[Any, Exception, Any], Any]
    Async: TypeAlias = Coroutine[Any, Any, ResultT]

    class BatchHandler(Protocol[FunctionT_co, ResponseT_co]):
        """A decorated record function: a handler of the whole event, which answers with the failure report."""

        __name__: str

        @property
        def __wrapped__(self) -> FunctionT_co: ...

        def __call__(self, event: Any, context: Any = None) -> ResponseT_co: ...

    class _DecoratorBase(Generic[RecordT, ResponseT]):
        pass

else:
    from types import GenericAlias

    RecordT = ResponseT = None

    class _DecoratorBase:
        __class_getitem__ = classmethod(GenericAlias)


__all__ = ("BatchDecorator",)

# `type` and `callable`, without narrowing to unknown types.
_type: Any = type


class BatchDecorator(_DecoratorBase[RecordT, ResponseT]):
    """The decorator of a record function of one source, usable bare and called.

    The function takes the record, or the record and the context. The options:

    `middleware` is around the batch: it gets the typed event, and a BatchResult from `call_next`.
    `concurrency` is how many records may be under way at once: in threads, or for an async function in tasks. The order
    within a message group, partition key, item or partition is kept.
    `on_error(record, error, context)` is called for each failed record; it may return "done": then the record counts as
    done and is not delivered again. Without it failures are logged.
    `reserve` is the time in seconds that a record and the answer need at most: no record starts with less time left.
    Without it, 0.5 seconds (at most a tenth of the time left when the batch begins) and as long as the slowest record
    of the batch has taken.
    `all_failed` is what becomes of a batch without one success: "report" lists the records, like any other; "raise"
    raises BatchError, which marks the invocation as failed and makes the poller of a queue back off.
    """

    def __init__(
        self, name: str, event_type: type[Model], record_type: type[RecordT], source: BatchSource, kind: str
    ) -> None:
        self.__name__ = name
        self._options = _Options(name, {})
        self.record_type = record_type
        self.source = source
        self._events: EventDecorator[Any] = EventDecorator(name, event_type, kind)
        self.accepts = self._events.accepts
        self.__doc__ = f"Make a function of one {record_type.__name__} a Lambda handler of a batch of them."

    if TYPE_CHECKING:
        # `None` first: it is what most record functions return, and what a lambda is taken to.
        @overload
        def __call__(
            self, function: Callable[[RecordT, LambdaContext[Any]], None], /
        ) -> BatchHandler[Callable[[RecordT, LambdaContext[Any]], None], ResponseT]: ...

        @overload
        def __call__(
            self, function: Callable[[RecordT], None], /
        ) -> BatchHandler[Callable[[RecordT], None], ResponseT]: ...

        @overload
        def __call__(  # pyright: ignore[reportOverlappingOverload]
            self,
            function: Callable[[RecordT, LambdaContext[Any]], Async[ResultT]],
            /,
        ) -> BatchHandler[Callable[[RecordT, LambdaContext[Any]], Async[ResultT]], Async[ResponseT]]: ...

        @overload
        def __call__(  # pyright: ignore[reportOverlappingOverload]
            self,
            function: Callable[[RecordT], Async[ResultT]],
            /,
        ) -> BatchHandler[Callable[[RecordT], Async[ResultT]], Async[ResponseT]]: ...

        @overload
        def __call__(
            self, function: Callable[[RecordT, LambdaContext[Any]], ResultT], /
        ) -> BatchHandler[Callable[[RecordT, LambdaContext[Any]], ResultT], ResponseT]: ...

        @overload
        def __call__(
            self, function: Callable[[RecordT], ResultT], /
        ) -> BatchHandler[Callable[[RecordT], ResultT], ResponseT]: ...

        @overload
        def __call__(
            self,
            *,
            middleware: Sequence[Middleware] = (),
            concurrency: int = 1,
            on_error: OnError | None = None,
            reserve: float | None = None,
            all_failed: Literal["report", "raise"] = "report",
        ) -> Self: ...

        def __call__(self, *function: Any, **options: Any) -> Any: ...

    else:

        def __call__(self, function=None, /, **options):
            chosen = self._with(options) if options else self
            return chosen if function is None else chosen._decorate(function)

    def _with(self, options: dict[str, Any]) -> Any:
        """This decorator with options, beside those it has; the called form."""
        made: Any = copy(self)
        made._options = _Options(self.__name__, {**vars(self._options), **options})
        return made

    def _decorate(self, function: Any) -> Any:
        """The handler made of a record function."""
        if not callable(function):
            raise UsageError(
                f"@{self.__name__} decorates a function, not {_type(function).__name__}; "
                f"options are named: @{self.__name__}(concurrency=5)"
            )
        make = self._record_maker(function)
        make_core = _async_core if is_async(function) else _core
        core = make_core(self, self._with_context(function), make, self._options)
        finish = _respond if self.source.report is not None else _respond_nothing
        prepare = self._prepare_stream if self.source.stops == "shard" else self._events.prepare
        return decorate(function, prepare=prepare, middleware=self._options.middleware, core=core, finish=finish)

    def _prepare_stream(self, event: Any) -> Any:
        """The typed event. Raises BatchError for one of a tumbling window, whose answer must carry a state."""
        prepared = self._events.prepare(event)
        if prepared.window is None:
            return prepared
        whole = self._events.event_type.__name__
        raise BatchError(
            f"@{self.__name__} got an event of a tumbling window, which a function of single records cannot answer: "
            f"decorate a function of the {whole} that returns window_result(state)"
        )

    def _record_maker(self, function: Any) -> Any:
        """The model of a record, with the payload type that the function's annotation names."""
        declared = first_annotation(self.__name__, function)
        if not isinstance(declared, _type) or declared.__module__ == "typing" or issubclass(self.record_type, declared):
            return self.record_type
        if not issubclass(declared, self.record_type):
            raise UsageError(
                f"@{self.__name__} calls {function.__qualname__} with one {self.record_type.__name__} after the other; "
                f"its first parameter is annotated {declared.__name__}: annotate it {self.record_type.__name__}"
            )
        return declared

    def _with_context(self, function: Any) -> Any:
        """The function, or one that leaves the context out for a function of the record alone."""
        if takes(function, 2):
            return function
        if takes(function, 1):
            return _without_context(function)
        raise UsageError(
            f"@{self.__name__} calls {function.__qualname__} with (record) or (record, context); it can take neither"
        )

    def __repr__(self) -> str:
        return f"<decorator {self.__name__}>"


def _without_context(function: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    # Not a second way to call: two arguments by position are the fast way for every function.
    return lambda record, _context: function(record)


class _Options:
    """The checked options of a batch decorator; what they mean says BatchDecorator."""

    middleware: Sequence[Middleware] = ()
    concurrency: int = 1
    on_error: OnError | None = None
    reserve: float | None = None
    all_failed: Literal["report", "raise"] = "report"

    def __init__(self, decorator: str, given: dict[str, Any]) -> None:
        for name, value in given.items():
            if name not in _OPTIONS:
                raise UsageError(unknown_options(decorator, {name: value}, tuple(_OPTIONS)))
            wanted, test = _OPTIONS[name]
            if not test(value):
                raise UsageError(f"@{decorator}({name}={value!r}): {name} is {wanted}")
            setattr(self, name, value)


# Option -> what it must be, in words and as a test.
_OPTIONS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "middleware": ("a list of middleware", lambda value: hasattr(value, "__iter__") and all(map(callable, value))),
    "concurrency": ("a whole number from 1", lambda value: _type(value) is int and value >= 1),
    "on_error": ("a function of (record, error, context)", lambda value: value is None or callable(value)),
    "reserve": (
        "a number of seconds from 0",
        lambda value: value is None or (_type(value) in (int, float) and value >= 0),
    ),
    "all_failed": ("'report' or 'raise'", lambda value: value in ("report", "raise")),
}


def _core(decorator: BatchDecorator[Any, Any], function: Any, make: Any, options: _Options) -> Call:
    """What the onion is around: the batch, with a plain record function."""
    workers = options.concurrency

    def core(event: Any, context: Any) -> BatchResult:
        run = Run(decorator.source, event.raw, context, make, options.on_error, options.reserve)
        if workers == 1:
            return _judged(decorator, options, run_in_order(run, function, context))
        from lambdakit.events.batch_workers import run_threads

        return _judged(decorator, options, run_threads(run, function, context, workers))

    return core


def _async_core(decorator: BatchDecorator[Any, Any], function: Any, make: Any, options: _Options) -> Call:
    """What the onion is around: the batch, with an async record function."""
    workers = options.concurrency

    async def core(event: Any, context: Any) -> BatchResult:
        run = Run(decorator.source, event.raw, context, make, options.on_error, options.reserve)
        if workers == 1:
            return _judged(decorator, options, await run_in_order_async(run, function, context))
        from lambdakit.events.batch_workers import run_tasks

        return _judged(decorator, options, await run_tasks(run, function, context, workers))

    return core


def _judged(decorator: BatchDecorator[Any, Any], options: _Options, result: BatchResult) -> BatchResult:
    """The result, where the batch did not fail as a whole. Raises BatchError, from the first record's exception."""
    left = result.failed + result.unstarted
    if not left or (decorator.source.report is not None and (result.succeeded or options.all_failed == "report")):
        return result
    counts = f"@{decorator.__name__}: {result.failed} of {result.total} records failed"
    if result.unstarted:
        counts += f" and {result.unstarted} were not started"
    why = "" if decorator.source.report is not None else "; the source takes no failure report, so all come again"
    if not result.exceptions:
        raise BatchError(counts + why, result)
    first = result.exceptions[0][1]
    raise BatchError(f"{counts}{why}; the first: {_type(first).__name__}: {first}", result) from first


def _respond_nothing(_result: BatchResult) -> None:
    """The answer to a source that reads none."""


def _respond(result: BatchResult) -> BatchResponse:
    return result.response()
