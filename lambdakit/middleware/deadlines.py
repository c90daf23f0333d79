"""A deadline a moment before the environment would be ended, so that there is an answer, a log line and a trace.

    >>> from lambdakit import Context, lambda_handler
    >>> from lambdakit.middleware import deadline

    >>> @lambda_handler(middleware=[deadline(answer={"partial": True})])
    ... def handler(event: dict, context: Context) -> dict:
    ...     return {"partial": False, "sum": sum(range(event["count"]))}

    >>> handler({"count": 4})          # without a context there is no deadline
    {'partial': False, 'sum': 6}

What is kept free is half a second, but at most a twentieth of the time there is: no more than a batch keeps free, so
that it has mostly stopped by itself before. `deadline` should stand first in the list: what stands before it is not
interrupted, and what stands behind it sees the error.

The error is raised within the handler, wherever it is: `finally` and `with` do their work. In async functions the task
is cancelled, which is noticed at the next `await`. Code that waits in C without looking at signals, and in threads
other than the main one code that waits at all, is reached only when it goes on.
"""

from __future__ import annotations

from lambdakit.exceptions import DeadlineError, UsageError
from lambdakit.middleware.base import Middleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from lambdakit.handlers import Call

    Answer: TypeAlias = Callable[[Any, Any], Any]

__all__ = ("Deadline", "deadline")

# What is kept free without `reserve`: seconds, and at most this part of the time there is when the handler begins.
RESERVE_SECONDS, RESERVE_PART = 0.5, 0.05

_DEFAULT: Any = object()
_NOTHING: Any = object()
_type: Any = type


class Deadline(Middleware):
    """Raise DeadlineError in the handler when its time is nearly over, and answer with what `answer` says.

    `reserve` is the time in seconds kept free for what follows; without it 0.5, at most 5 % of the time there is.
    `answer` is the result in place of the handler's: a value, or a function of (event, context). Without it an HTTP
    request gets 504 as problem details, a batch the report of what was done, and everything else the error.
    """

    def __init__(self, *, reserve: float | None = None, answer: Answer | object = _DEFAULT) -> None:
        if reserve is not None and (_type(reserve) not in (int, float) or reserve < 0):
            raise UsageError(f"reserve={reserve!r}: reserve is a number of seconds from 0")
        self._reserve = reserve
        self._answer: Any = answer

    def __call__(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around a sync handler."""
        seconds = self._seconds(context)
        if seconds is None:
            return call_next(event, context)
        from lambdakit.middleware.deadline_alarms import alarm_for

        alarm = alarm_for(Deadline.__call__.__code__)
        result = _NOTHING
        try:
            try:
                alarm.start(seconds)
                result = call_next(event, context)
            finally:
                alarm.stop()
        except DeadlineError as error:
            alarm.stop()  # the error may have met the first
            if not alarm.caused(error):
                raise
            if result is _NOTHING:
                return self._answered(event, context, error)
        return result

    async def call_async(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around an async handler."""
        seconds = self._seconds(context)
        if seconds is None:
            return await call_next(event, context)
        from lambdakit.middleware.deadline_tasks import in_time

        error = DeadlineError("the time for the handler is over")
        try:
            return await in_time(seconds, error, call_next(event, context))
        except DeadlineError as caught:
            if caught is not error:
                raise
            return self._answered(event, context, error)

    def _seconds(self, context: Any) -> float | None:
        """How long the handler may take; None where there is no deadline."""
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        if remaining is None:
            return None
        seconds: float = remaining() / 1000
        reserve = self._reserve
        if reserve is None:
            reserve = min(RESERVE_SECONDS, seconds * RESERVE_PART)
        return max(0.0, seconds - reserve)

    def _answered(self, event: Any, context: Any, error: DeadlineError) -> Any:
        _log().error("the handler was stopped: %s", error, exc_info=error)
        if self._answer is not _DEFAULT:
            return self._answer(event, context) if callable(self._answer) else self._answer
        from lambdakit.middleware.problems import is_http, problem

        if is_http(event):
            return problem(504, detail="The function did not answer in time.", context=context)
        raise error


def _log() -> Any:
    from logging import getLogger

    return getLogger("lambdakit.middleware.deadline")


deadline = Deadline
