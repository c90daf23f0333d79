"""One function for several sources: each event goes to the handler registered for its source and its filters.

    app = App()

    @app.on(s3_event, bucket="photos", suffix=".jpg")
    def photo(event: S3Event, context: Context) -> None: ...

    @app.on(eventbridge_event, detail_type="Order *")
    def order(event: EventBridgeEvent, context: Context) -> None: ...

    @app.default
    def other(event: dict, context: Context) -> None: ...

    handler = app

The registrations are tried in their order; the first whose source and filters fit answers. An event that fits none goes
to the default, and without one raises WrongSourceError. Filters look at the first record, as every record of an event
comes from the same bucket, queue, topic or stream.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from lambdakit.events.convert import form_decoded
from lambdakit.events.decorator import unknown_options, wrong_source
from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias, TypeVar

    from lambdakit.events.batch import BatchDecorator
    from lambdakit.events.decorator import EventDecorator

    Filter: TypeAlias = Callable[[dict[str, Any], str], bool]
    HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])
    DecoratorT = TypeVar("DecoratorT", bound=EventDecorator[Any] | BatchDecorator[Any, Any])


__all__ = ("FILTERS", "App")


# `type`, but Any to type checkers.
_type: Any = type


def _value(event: Any, *keys: str) -> Any:
    """What stands at these keys of the first record, or an empty text."""
    records: Any = event.get("Records")
    found: Any = records[0] if records else {}
    for key in keys:
        found = found.get(key) if hasattr(found, "get") else ""
    return "" if found is None else found


def _pattern(*keys: str) -> Filter:
    """The value at these keys of the first record equals the filter, in which `*` stands for anything."""
    return lambda event, wanted: fnmatchcase(str(_value(event, *keys)), wanted)


def _top(key: str) -> Filter:
    """The value at this key of the event equals the filter, in which `*` stands for anything."""
    return lambda event, wanted: fnmatchcase(str(event.get(key, "")), wanted)


def _arn_part(separator: str, index: int, *keys: str) -> Filter:
    """A part of the ARN at these keys of the first record equals the filter."""

    def test(event: dict[str, Any], wanted: str) -> bool:
        parts = str(_value(event, *keys)).split(separator)
        return len(parts) > abs(index) and fnmatchcase(parts[index], wanted)

    return test


def _s3_key(event: dict[str, Any]) -> str:
    return form_decoded(str(_value(event, "s3", "object", "key")))


# Filter option of `App.on` -> the sources' decorators that have it -> how it looks at an event.
FILTERS: dict[str, tuple[tuple[str, ...], Filter]] = {
    "bucket": (("s3",), _pattern("s3", "bucket", "name")),
    "prefix": (("s3",), lambda event, wanted: _s3_key(event).startswith(wanted)),
    "suffix": (("s3",), lambda event, wanted: _s3_key(event).endswith(wanted)),
    "event_name": (("s3", "dynamodb", "codecommit"), _pattern("eventName")),
    "queue": (("sqs",), _arn_part(":", -1, "eventSourceARN")),
    "topic": (("sns",), _arn_part(":", -1, "Sns", "TopicArn")),
    "stream": (("kinesis",), _arn_part("/", 1, "eventSourceARN")),
    "table": (("dynamodb",), _arn_part("/", 1, "eventSourceARN")),
    "source": (("eventbridge", "scheduled"), _top("source")),
    "detail_type": (("eventbridge", "scheduled"), _top("detail-type")),
}


class App:
    """A Lambda handler that dispatches by source; see the module's text."""

    # Tells the runtime that a call may return a coroutine: which it is depends on the event.
    __lambda_async__ = True

    def __init__(self) -> None:
        # The JSON type of the source's events (an AppSync batch is a list), its rule, the filters' tests, the handler.
        self._routes: list[tuple[Any, Callable[[Any], bool], list[tuple[Filter, str]], Callable[..., Any]]] = []
        self._default: Callable[..., Any] | None = None

    def on(self, source: DecoratorT, /, **filters: str) -> DecoratorT:
        """Register a function for a source's events: `source` is the source's decorator, filters are texts.

        What is returned is used as the source's decorator is, bare or with its options: `@app.on(s3_event)`,
        `@app.on(s3_event)(middleware=[...])`. Raises UsageError for a filter the source does not have.
        """
        tests = _tests(source, filters)
        kind: Any = _type(source)

        def decorate(decorator: Any, *given: Any) -> Any:
            handler = kind._decorate(decorator, *given)
            self._routes.append((getattr(decorator, "form", dict), decorator.accepts, tests, handler))
            return handler

        # A class, not an attribute: the called form of a decorator may go on with a copy of itself.
        registering: Any = object.__new__(_type(kind.__name__, (kind,), {"_decorate": decorate}))
        registering.__dict__.update(source.__dict__)
        return registering  # type: ignore[no-any-return]

    def default(self, function: HandlerT) -> HandlerT:
        """Register the function for all other events, which it gets as they came."""
        if self._default is not None:
            raise UsageError("an App has one default; there is one already")
        self._default = function
        return function

    def __call__(self, event: Any, context: Any = None) -> Any:
        """Answer an event by the handler it belongs to."""
        for form, accepts, tests, handler in self._routes:
            if _type(event) is form and accepts(event) and all(test(event, wanted) for test, wanted in tests):
                return handler(event, context)
        if self._default is not None:
            return self._default(event, context)
        wanted = "event of a registered source and filter"
        raise wrong_source("app", wanted, event, advice="app.on({taker}) or app.default takes it")


def _tests(source: Any, filters: dict[str, str]) -> list[tuple[Filter, str]]:
    if not hasattr(source, "accepts"):
        raise UsageError(f"App.on takes a source's decorator, such as s3_event, not {source!r}")
    name: str = source.__name__
    known = [option for option, (sources, _) in FILTERS.items() if name.startswith(sources)]
    for option, wanted in filters.items():
        if option not in known:
            raise UsageError(unknown_options(f"app.on({name})", {option: wanted}, known))
        if type(wanted) is not str:
            raise UsageError(f"@app.on({name}, {option}=...) takes a text, not {type(wanted).__name__}")
    return [(FILTERS[option][1], wanted) for option, wanted in filters.items()]
