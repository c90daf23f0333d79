"""`capture`: a piece of work as a span, by decorator or by `with`; a plain call where nothing is traced."""

from __future__ import annotations

from lambdakit.exceptions import UsageError
from lambdakit.handlers import is_async
from lambdakit.middleware.spans import UNTRACED, span_under_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, TypeVar, overload

    from lambdakit.middleware.spans import Span

    FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

__all__ = ("Capture", "capture")

_CO_GENERATORS = 0x20 | 0x200  # CO_GENERATOR, CO_ASYNC_GENERATOR
_COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__")


class Capture:
    """What `capture(...)` gives: `with` and `async with` begin a span, and a function can be decorated with it."""

    __slots__ = ("_name", "_span")

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._span: Span | None = None

    def __call__(self, function: FunctionT) -> FunctionT:
        """The function, each call of which is a span. Raises UsageError for a generator function."""
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & _CO_GENERATORS:
            raise UsageError(
                f"capture: {function.__qualname__} is a generator function, whose work is its caller's to time; "
                "decorate what it calls, or the function that goes through it"
            )
        name = self._name or f"## {getattr(function, '__qualname__', type(function).__name__)}"
        made: Any = _captured_async(function, name) if is_async(function) else _captured(function, name)
        for attribute in _COPIED:
            if hasattr(function, attribute):
                setattr(made, attribute, getattr(function, attribute))
        made.__wrapped__ = function
        return made  # type: ignore[no-any-return]

    def __enter__(self) -> Span:
        if self._span is not None:
            raise UsageError("capture: this one is under way already; write capture(...) in each `with`")
        if self._name is None:
            raise UsageError("capture: a `with` needs a name: with capture('look up'):")
        outer = span_under_way.get()
        span = self._span = UNTRACED if outer is None else outer.child(self._name)
        return span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        span, self._span = self._span, None
        if span is not None:
            span.__exit__(kind, error, trace)

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


def _captured(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        outer = span_under_way.get()
        if outer is None:
            return function(*args, **kwargs)
        with outer.child(name):
            return function(*args, **kwargs)

    return call


def _captured_async(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        outer = span_under_way.get()
        if outer is None:
            return await function(*args, **kwargs)
        with outer.child(name):
            return await function(*args, **kwargs)

    return call


if TYPE_CHECKING:

    @overload
    def capture(function: FunctionT, /) -> FunctionT: ...

    @overload
    def capture(name: str | None = None, /) -> Capture: ...


def capture(target: Any = None, /) -> Any:
    """A piece of work as a span within the one under way.

    `@capture`, `@capture("name")` for functions and coroutine functions, `with capture("name") as span:` for a block.
    An exception that leaves it is put on the span, with what caused it. Where nothing is traced it does nothing.
    """
    if target is None or isinstance(target, str):
        return Capture(target)
    if callable(target):
        return Capture(None)(target)
    raise UsageError(f"capture takes a name or a function, not {type(target).__name__}")
