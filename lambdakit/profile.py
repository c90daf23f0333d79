"""The time spent in each layer of a handler, logged for every invocation where LAMBDAKIT_PROFILE=1.

Every layer is timed from its call to its return. What is logged is each layer's own time, without the layers within:

    lambdakit profile: Tracing 0.21 ms, Env 0.02 ms, handler 12.40 ms
"""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambdakit.handlers import Call

__all__ = ("Profile",)


class Profile:
    """The timed layers of one handler."""

    def __init__(self, awaited: bool) -> None:
        self._names: list[str] = []
        self._awaited = awaited
        # Seconds of each layer, of the invocation under way in this context.
        self._spent: ContextVar[dict[int, float]] = ContextVar("lambdakit_profile")

    def layer(self, name: str, call: Call) -> Call:
        """The call, timed; layers are added from the innermost."""
        index = len(self._names)
        self._names.append(name)

        def timed(event: Any, context: Any) -> Any:
            start = perf_counter()
            try:
                return call(event, context)
            finally:
                self._add(index, perf_counter() - start)

        async def timed_async(event: Any, context: Any) -> Any:
            start = perf_counter()
            try:
                return await call(event, context)
            finally:
                self._add(index, perf_counter() - start)

        return timed_async if self._awaited else timed

    def _add(self, index: int, seconds: float) -> None:
        spent = self._spent.get()
        spent[index] = spent.get(index, 0.0) + seconds

    def report(self, call: Call) -> Call:
        """The outermost call, with a line logged after it."""

        def reported(event: Any, context: Any) -> Any:
            token = self._spent.set({})
            try:
                return call(event, context)
            finally:
                self._log()
                self._spent.reset(token)

        async def reported_async(event: Any, context: Any) -> Any:
            token = self._spent.set({})
            try:
                return await call(event, context)
            finally:
                self._log()
                self._spent.reset(token)

        return reported_async if self._awaited else reported

    def _log(self) -> None:
        from logging import getLogger

        spent = self._spent.get()
        own = [spent.get(index, 0.0) - spent.get(index - 1, 0.0) for index in range(len(self._names))]
        parts = [f"{name} {seconds * 1000:.2f} ms" for name, seconds in zip(self._names, own, strict=True)]
        getLogger(__name__).warning("lambdakit profile: %s", ", ".join(reversed(parts)))
