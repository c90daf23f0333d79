"""What every kind of tracing has in common: spans that nest by context variable.

A span is a timed piece of work: a subsegment of AWS X-Ray, a span of OpenTelemetry. The one under way is held in a
context variable, so each asyncio task and each invocation has its own; a thread begins with none, unless it is given
its parent's: `executor.submit(contextvars.copy_context().run, work)` (`asyncio.to_thread` does so by itself).

Not here: what is sent, and where. That is `lambdakit.middleware.xray` and `.otel`.
"""

from __future__ import annotations

import os
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

__all__ = ("UNTRACED", "Span", "current_span", "process_is_shared", "span_under_way")


class Span:
    """A timed piece of work. This class itself is of an untraced one: everything may be called, nothing is kept."""

    __slots__ = ("outer",)

    def __init__(self, outer: Span | None = None) -> None:
        self.outer = outer

    @property
    def traced(self) -> bool:
        """Whether what is put on it is kept."""
        return False

    def annotate(self, key: str, value: str | float | bool) -> None:
        """Put on a value by which traces can be searched; in X-Ray the key has letters, digits and underscores."""

    def metadata(self, key: str, value: Any, *, namespace: str = "default") -> None:
        """Put on any value that has a JSON form (or a `str`), to be read with the trace."""

    def propagation(self) -> dict[str, str]:
        """The headers that make what another service does on this request a part of this trace."""
        return {}

    def child(self, name: str, namespace: str = "local") -> Span:
        """Begin a span within this one, and make it the current one; `end` it."""
        return self

    def fail(self, error: BaseException) -> None:
        """Put on an exception, and what caused it."""

    def end(self) -> None:
        """End the span, and go on with the one it was begun in."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.fail(error)
        self.end()


UNTRACED = Span()

span_under_way: ContextVar[Span | None] = ContextVar("lambdakit_span", default=None)


# Set where an environment takes several invocations at once: it is never frozen between two of them then.
_CONCURRENCY_VARIABLE, _MODE_VARIABLE = "AWS_LAMBDA_MAX_CONCURRENCY", "LAMBDAKIT_CONCURRENCY"


def process_is_shared() -> bool:
    """Whether this process serves several invocations at once, and is told when it ends."""
    return _CONCURRENCY_VARIABLE in os.environ and os.environ.get(_MODE_VARIABLE) == "async"


def current_span() -> Span:
    """The span under way in this context; one that keeps nothing where nothing is traced."""
    return span_under_way.get() or UNTRACED
