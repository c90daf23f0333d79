"""Answer the events that only keep environments warm, before anything looks at them.

    >>> from lambdakit.events import S3Event, s3_event
    >>> from lambdakit.middleware import warmup

    >>> @s3_event(middleware=[warmup()])
    ... def handler(event: S3Event, context: object) -> str:
    ...     return event.records[0].object.key

    >>> handler({"source": "serverless-plugin-warmup"})
    {'warmup': True}

It stands before the typed event is made, wherever it is in the list: such an event is none of the source's. The answer
waits a moment, so that of several warm-up events sent at once each meets an environment of its own.
"""

from __future__ import annotations

from lambdakit.exceptions import UsageError
from lambdakit.middleware.base import Middleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambdakit.handlers import Call

__all__ = ("Warmup", "warmup")

_type: Any = type

# Key and value that make a warm-up event, by who sends it.
_SHAPES: tuple[tuple[str, Any], ...] = (
    ("source", "serverless-plugin-warmup"),  # the Serverless plugin; Middy's default, too
    ("source", "serverless-plugin-lambda-warmup"),
    ("warmer", True),  # lambda-warmer
    ("warmup", True),  # AWS SAM and CDK samples
)


class Warmup(Middleware):
    """Answer warm-up events with {"warmup": True} and let all others through.

    `matches(event)` says of a raw event whether it is one, beside those of the usual senders. `delay` is how many
    seconds the answer waits.
    """

    def __init__(self, *, matches: Callable[[Any], bool] | None = None, delay: float = 0.025) -> None:
        if matches is not None and not callable(matches):
            raise UsageError(f"matches={matches!r}: matches is a function of a raw event")
        if _type(delay) not in (int, float) or delay < 0:
            raise UsageError(f"delay={delay!r}: delay is a number of seconds from 0")
        self._matches = matches
        self._delay = delay

    def is_warmup(self, event: Any) -> bool:
        """Whether a raw event is a warm-up event."""
        if self._matches is not None and self._matches(event):
            return True
        return _type(event) is dict and any(event.get(key) == value for key, value in _SHAPES)

    def around_raw(self, call: Call, awaited: bool) -> Call:
        """The call with warm-up events answered before it; `awaited` where it is to be awaited."""

        def sync(event: Any, context: Any) -> Any:
            if not self.is_warmup(event):
                return call(event, context)
            from time import sleep

            sleep(self._delay)
            return {"warmup": True}

        async def asynchronous(event: Any, context: Any) -> Any:
            if not self.is_warmup(event):
                return await call(event, context)
            from asyncio import sleep

            await sleep(self._delay)
            return {"warmup": True}

        return asynchronous if awaited else sync


warmup = Warmup
