"""What a middleware of several moments is made of.

A middleware is any `m(event, context, call_next)`. A class is better where it is to serve sync and async handlers
alike, has options, or has something to do before the first event:

    class Stamp(Middleware):
        def __init__(self, *, header: str = "x-stamp") -> None: ...

        def after(self, event, context, result):
            return {**result, "headers": {self.header: "1"}}

The onion (`lambdakit.handlers`) reads the hooks once, when the handler is made: one that a class does not have costs
nothing. A class that must hold something around the call, such as a context manager, overrides `__call__` and
`call_async` instead.
"""

from __future__ import annotations

from lambdakit.exceptions import UsageError
from lambdakit.handlers import hooks_async, hooks_sync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from lambdakit.handlers import Call

__all__ = ("Middleware",)


_CO_VARKEYWORDS = 0x08


class MiddlewareType(type):
    """Refuses an option that a middleware does not have, with the nearest name that it has."""

    if not TYPE_CHECKING:
        # Type checkers look at `__init__` themselves, and would take what comes of this for anything.

        def __call__(cls, *arguments: Any, **options: Any) -> Any:
            """A middleware with these options. Raises UsageError."""
            make: Any = getattr(cls, "__init__")  # noqa: B009  (by name mypy takes it for an instance's)
            code = getattr(make, "__code__", None)
            if options and not getattr(code, "co_flags", 0) & _CO_VARKEYWORDS:
                known = () if code is None else code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
                for name in options:
                    if name not in known:
                        raise UsageError(_no_such_option(cls.__name__, name, known))
            return super().__call__(*arguments, **options)


def _no_such_option(middleware: str, name: str, known: tuple[str, ...]) -> str:
    from lambdakit.nearest import suggestion

    advice = suggestion(name, known, f"it has {', '.join(known) or 'none'}")
    return f"{middleware} has no option {name!r}; {advice}"


class Middleware(metaclass=MiddlewareType):
    """A middleware of hooks, for sync and async handlers. In an async one a hook may be async too.

    An exception of `before`, of `after`, of an inner middleware or of the handler goes to `on_error`.
    """

    HOOKS: ClassVar[dict[str, Any]]

    def on_init(self) -> None:
        """Once for each handler, when it is made: during INIT, before there is an event."""

    def before(self, event: Any, context: Any) -> Any:
        """Before the handler; what it returns is not looked at."""

    def after(self, event: Any, context: Any, result: Any) -> Any:
        """After the handler: the result to go on with."""
        return result

    def on_error(self, event: Any, context: Any, error: Exception) -> Any:
        """After an exception: a result in place of it, or an exception of its own raised."""
        raise error

    def __call__(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around a sync handler."""
        return hooks_sync(self, call_next)(event, context)

    async def call_async(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around an async handler."""
        return await hooks_async(self, call_next)(event, context)


# What the onion compares with, to leave out hooks that a class does not override.
Middleware.HOOKS = {name: getattr(Middleware, name) for name in ("before", "after", "on_error", "__call__")}
