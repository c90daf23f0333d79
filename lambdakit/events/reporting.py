"""How the outcome of a function reaches a service that takes it by an API call and ignores the answer.

A service that hears nothing waits until its own timeout, so every outcome is reported: a result, an exception, an exit
and a cancellation. An exception that was reported is logged and not raised again: raised, it would make Lambda run
the function twice more for work that the service already counts as failed. A report that cannot be made is raised.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.handlers import is_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from lambdakit.events.model import Model
    from lambdakit.handlers import Middleware

    EventT = TypeVar("EventT", bound="Model")
else:
    EventT = None

__all__ = ("ReportingDecorator",)


class ReportingDecorator(EventDecorator[EventT]):
    """The decorator of a source whose service takes the outcome by an API call.

    `ready` is called before the function, to find out early what is missing; `success(event, result)` and
    `failure(event, error)` make the report.
    """

    def __init__(
        self,
        name: str,
        event_type: type[EventT],
        source: str,
        *,
        ready: Callable[[], object],
        success: Callable[[EventT, Any], object],
        failure: Callable[[EventT, BaseException], object],
    ) -> None:
        super().__init__(name, event_type, source)
        self._ready = ready
        self._success = success
        self._failure = failure

    def _decorate(self, function: Any, middleware: Sequence[Middleware]) -> Any:
        layer = self._report_async if is_async(function) else self._report
        return super()._decorate(function, (layer, *middleware))

    def _report(self, event: Any, context: Any, call_next: Any) -> None:
        self._ready()
        try:
            result = call_next(event, context)
        except BaseException as error:
            self._failed(event, error)
            return
        self._success(event, result)

    async def _report_async(self, event: Any, context: Any, call_next: Any) -> None:
        from asyncio import to_thread

        self._ready()
        try:
            result = await call_next(event, context)
        except BaseException as error:
            # Not in a thread: a loop that is being stopped may never come back for it.
            self._failed(event, error)
            return
        await to_thread(self._success, event, result)

    def _failed(self, event: Any, error: BaseException) -> None:
        """Report what was raised; go on with it if it is to end the process or the task."""
        self._failure(event, error)
        if not isinstance(error, Exception):
            raise error
        from logging import getLogger

        getLogger(__name__).error("@%s reported a failure: %s", self.__name__, error, exc_info=error)
