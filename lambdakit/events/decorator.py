"""What turns a function of a typed event into a handler of a raw one.

    s3_event = EventDecorator("s3_event", S3Event, "s3")

    @s3_event                                @s3_event(middleware=[timing])
    def handler(event: S3Event, context): ...

Each source's module makes its own. Given another source's event the handler raises WrongSourceError, which says which
source it was, instead of failing somewhere inside the function with a KeyError.
"""

from __future__ import annotations

from sys import modules

from lambdakit.events.detection import model_of, source_of, test_of
from lambdakit.exceptions import UsageError, WrongSourceError
from lambdakit.handlers import decorate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Generic, TypeVar, overload

    from lambdakit.context import LambdaContext
    from lambdakit.events.model import Model
    from lambdakit.handlers import Call, Handler, Middleware

    EventT = TypeVar("EventT", bound="Model")
    OtherT = TypeVar("OtherT", bound="Model")
    ResultT = TypeVar("ResultT")

    class _DecoratorBase(Generic[EventT]):
        pass

else:
    from types import GenericAlias

    EventT = OtherT = None

    class _DecoratorBase:
        __class_getitem__ = classmethod(GenericAlias)


__all__ = ("EventDecorator", "VariantDecorator", "not_taken", "wrong_source")


# `type`, but Any to type checkers.
_type: Any = type


class EventDecorator(_DecoratorBase[EventT]):
    """The decorator of one source, usable bare and called.

    `sources` are the names in the recognition table whose events it takes; `finish` makes the handler's result of what
    the function returned, `answer` of the event and what the function returned.
    """

    def __init__(
        self,
        name: str,
        event_type: type[EventT],
        *sources: str,
        finish: Callable[[Any], Any] | None = None,
        answer: Callable[[EventT, Any], Any] | None = None,
    ) -> None:
        self.__name__ = name
        self.event_type = event_type
        # What functions are called with: one of these.
        self.models: tuple[Any, ...] = (event_type,)
        self.accepts = test_of(*sources)
        self._finish = finish
        self._answer = answer
        self.__doc__ = f"Make a function of {with_article(event_type.__name__)} a Lambda handler."

    if TYPE_CHECKING:

        @overload
        def __call__(
            self, function: Callable[[EventT, LambdaContext[Any]], ResultT], /
        ) -> Handler[EventT, ResultT]: ...

        @overload
        def __call__(
            self, *, middleware: Sequence[Middleware] = ()
        ) -> Callable[[Callable[[EventT, LambdaContext[Any]], ResultT]], Handler[EventT, ResultT]]: ...

        def __call__(self, *function: Any, **options: Any) -> Any: ...

    else:

        def __call__(self, function=None, /, *, middleware=(), **unknown):
            if unknown:
                raise UsageError(unknown_options(self.__name__, unknown, ("middleware",)))
            if function is None:
                return lambda decorated: self._decorate(decorated, middleware)
            return self._decorate(function, middleware)

    def prepare(self, event: Any) -> EventT:
        """The typed event of a raw one. Raises WrongSourceError."""
        if _type(event) is dict:
            if self.accepts(event):
                return self.event_type(event)
        elif isinstance(event, self.event_type):
            return event
        raise wrong_source(self.__name__, self.event_type.__name__, event)

    def _decorate(self, function: Any, middleware: Sequence[Middleware]) -> Any:
        if not callable(function):
            raise UsageError(
                f"@{self.__name__} decorates a function, not {type(function).__name__}; "
                f"options are named: @{self.__name__}(middleware=[...])"
            )
        if self._is_plain(function):
            return self._handler(function, self.prepare, middleware, None)
        make = self._declared(function)
        prepare = self.prepare if make is None else self._prepare_as(make)
        return self._handler(function, prepare, middleware, self._core(function, make))

    def _handler(self, function: Any, prepare: Any, middleware: Sequence[Middleware], core: Call | None) -> Any:
        return decorate(
            function, prepare=prepare, middleware=middleware, finish=self._finish, answer=self._answer, core=core
        )

    def _core(self, function: Any, make: Any) -> Call | None:
        """What stands in the function's place within the onion, where its annotation `make` asks for it."""

    def _is_plain(self, function: Any) -> bool:
        """Whether the function is written as functions mostly are: two parameters, the first annotated with the model.

        Such a function needs no closer look, nor the import of what takes it.
        """
        code = getattr(function, "__code__", None)
        if code is None or code.co_argcount != 2 or code.co_kwonlyargcount or hasattr(function, "__self__"):
            return False
        annotation = function.__annotations__.get(code.co_varnames[0])
        return any(annotation is model or annotation == model.__name__ for model in self.models)

    def _declared(self, function: Any) -> Any:
        """The model the function's annotation names (`event: SNSEvent[Order]`), or None. Raises UsageError."""
        from lambdakit.events.annotations import check_function

        make: Any = check_function(self.__name__, function, self.models)
        return make if hasattr(make, "fields") else None

    def _prepare_as(self, make: Any) -> Callable[[Any], Any]:
        """`prepare` for such a model."""

        def prepare(event: Any) -> Any:
            if _type(event) is make:
                return event
            prepared: Any = self.prepare(event)
            return make(prepared.raw) if issubclass(make, _type(prepared)) else prepared

        return prepare

    def __repr__(self) -> str:
        return f"<decorator {self.__name__}>"


if TYPE_CHECKING:

    class _VariantBase(EventDecorator[Any], Generic[EventT, OtherT]):
        pass

else:
    _VariantBase = EventDecorator


class VariantDecorator(_VariantBase[EventT, OtherT]):
    """The decorator of a source whose events come in two forms, each with its own model.

    `variants` maps the names in the recognition table to models; the first whose rule holds makes the event. A function
    is annotated with the form it is sent, or with both.
    """

    def __init__(
        self,
        name: str,
        variants: dict[str, type[EventT] | type[OtherT]],
        *,
        answer: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        super().__init__(name, next(iter(variants.values())), *variants, answer=answer)
        self.models = tuple(variants.values())
        self._variants = tuple((test_of(source), model) for source, model in variants.items())
        self._wanted = " or ".join(model.__name__ for model in variants.values())
        self.__doc__ = f"Make a function of {with_article(self._wanted)} a Lambda handler."

    if TYPE_CHECKING:

        @overload
        def __call__(
            self, function: Callable[[EventT | OtherT, LambdaContext[Any]], ResultT], /
        ) -> Handler[EventT | OtherT, ResultT]: ...

        @overload
        def __call__(
            self, function: Callable[[EventT, LambdaContext[Any]], ResultT], /
        ) -> Handler[EventT, ResultT]: ...

        @overload
        def __call__(
            self, function: Callable[[OtherT, LambdaContext[Any]], ResultT], /
        ) -> Handler[OtherT, ResultT]: ...

        @overload
        def __call__(self, *, middleware: Sequence[Middleware] = ()) -> VariantDecorator[EventT, OtherT]: ...

        def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]
            self, *function: Any, **options: Any
        ) -> Any: ...

    def prepare(self, event: Any) -> Any:
        """The typed event of a raw one, in the model of its form. Raises WrongSourceError."""
        for test, model in self._variants:
            if isinstance(event, model):
                return event
            if _type(event) is dict and test(event):
                return model(event)
        raise wrong_source(self.__name__, self._wanted, event)


def unknown_options(decorator: str, given: dict[str, Any], known: Sequence[str]) -> str:
    """The words for options a decorator does not have, with the nearest it has."""
    from lambdakit.nearest import suggestion

    name = next(iter(given))
    advice = suggestion(name, known, f"it has {', '.join(known) or 'none'}")
    return f"@{decorator} has no option {name!r}; {advice}"


def wrong_source(decorator: str, wanted: str, event: Any, *, advice: str = "use @{taker} or App") -> WrongSourceError:
    """The error for an event of another source than a decorator's."""
    return not_taken(f"@{decorator}", wanted, event, advice=advice)


def not_taken(who: str, wanted: str, event: Any, *, advice: str) -> WrongSourceError:
    """The error for an event that `who`, in the words of the code that names it, does not take.

    `advice` is given where a decorator takes the event: `{taker}` in it stands for its name.
    """
    takes = f"{who} takes {with_article(wanted)}"
    source = source_of(event)
    if source is None and _type(event) is not dict:
        return WrongSourceError(f"{takes}, a JSON object; it got {type(event).__name__}")
    if source is None:
        return WrongSourceError(f"{takes}; this event comes from no known source, its keys are {sorted(event)[:8]}")
    taker = _taker(source, event)
    hint = f" ({advice.format(taker=taker)})" if taker else ""
    return WrongSourceError(f"{takes}; this event comes from {source}{hint}")


def _taker(source: str, event: dict[str, Any]) -> str | None:
    """The first decorator that takes the event, of those beside its source's model."""
    try:
        module: Any = modules[model_of(source).__module__]
    except KeyError:  # a source without a model
        return None
    for name in module.__all__:
        accepts = getattr(getattr(module, name), "accepts", None)
        if accepts is not None and accepts(event):
            return str(name)
    return None


# Capitals whose names begin with a vowel: an S3Event, an MQ message.
_VOWEL_LETTERS = "AEFHILMNORSX"


def with_article(name: str) -> str:
    """The name of a class, or other words, with "a" or "an" before it, as it is spoken: an S3Event, a SourceEvent."""
    spelt = name[1:2].isupper() or name[1:2].isdigit()
    vowel = name[:1] in _VOWEL_LETTERS if spelt else name[:1] in "AEIOaeio"
    return f"{'an' if vowel else 'a'} {name}"
