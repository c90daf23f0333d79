"""Structured logging: every record of `logging`, whoever makes it, as one line of JSON about its invocation.

    import logging
    from lambdakit import Context
    from lambdakit.events import SQSMessage, sqs_batch
    from lambdakit.middleware import json_logging, log_context

    @sqs_batch(middleware=[json_logging(keys={"service": "orders"}, buffer="DEBUG")])
    def handler(message: SQSMessage, context: Context) -> None:
        with log_context(messageId=message.message_id):
            logging.info("shipped", extra={"parcels": 2})

The keys are those of the managed runtime's JSON format (`lambdakit.log_format`), then `correlationId`, then one's own.
There is no logger to import: `logging` is what libraries use too, so their records come out the same way. In an
execution environment the lines take the road that the runtime has made for them; elsewhere they go to stdout. What
belongs to one invocation is kept in context variables: however many run at once, nothing crosses. A thread that is
started by hand begins with an empty context, so its lines have no keys of the invocation unless it runs in a copy
(`contextvars.copy_context().run`).

It is called json_logging because a `logging` would hide the module of that name from whoever imports it; and it does
not log the handler's exceptions, because the runtime does: a line is never there twice.
"""

from __future__ import annotations

import os
from contextvars import ContextVar

from lambdakit.exceptions import UsageError
from lambdakit.middleware.base import Middleware
from lambdakit.middleware.correlation import correlation_id
from lambdakit.middleware.redaction import SENSITIVE, Redactor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Mapping, Sequence
    from contextvars import Token
    from types import TracebackType
    from typing import Any, Literal, TypeAlias

    from lambdakit.handlers import Call

    Level: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    # Level, logger, line and its bytes.
    Held: TypeAlias = deque[tuple[int, str, str, int]]

__all__ = ("JsonLogging", "LogContext", "LogState", "json_logging", "log_context")

LEVEL_VARIABLE = "AWS_LAMBDA_LOG_LEVEL"
LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
# The names the service and `logging` have beside these.
_OTHER_NAMES = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}

# The keys a line has by itself, which nobody may put others in the place of. The correlation id is not one of them.
OWN_KEYS = frozenset(
    (
        *("timestamp", "level", "message", "logger", "stackTrace", "errorType", "errorMessage", "requestId"),
        *("location", "tenantId"),
    )
)

BUFFER_BYTES = 20_480

# Libraries whose DEBUG is a flood, with credentials and bodies in its text.
LIBRARIES = ("asyncio", "aws_xray_sdk", "boto3", "botocore", "httpcore", "httpx", "s3transfer", "urllib3")


class LogState:
    """What the lines of one invocation have in common, and the lines that wait for an error."""

    __slots__ = ("correlation_id", "held", "held_bytes", "level", "logging", "lost", "request_id", "tenant_id")

    def __init__(self, logging: JsonLogging, context: Any, correlation_id: str | None, level: int) -> None:
        self.logging = logging
        self.request_id: str | None = getattr(context, "aws_request_id", None)
        self.tenant_id: str | None = getattr(context, "tenant_id", None)
        self.correlation_id = correlation_id
        self.level = level
        self.held: Held | None = None
        self.held_bytes = 0
        self.lost = 0


# The invocation this context belongs to.
state_of_context: ContextVar[LogState | None] = ContextVar("lambdakit_log_state", default=None)
_NO_KEYS: dict[str, Any] = {}
# The keys of `log_context`; never changed in place.
keys_of_context: ContextVar[dict[str, Any]] = ContextVar("lambdakit_log_keys", default=_NO_KEYS)


class LogContext:
    """Keys that are being added to every line; as a context manager, to those of its block."""

    __slots__ = ("_token",)

    def __init__(self, token: Token[dict[str, Any]]) -> None:
        self._token = token

    def __enter__(self) -> None:
        """The keys were added by `log_context`."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        keys_of_context.reset(self._token)


def log_context(**keys: Any) -> LogContext:
    """Add keys to every line that is logged in this context from now on: to the end of the invocation, or of a `with`.

    A key of the same name is replaced, None takes one away; what the call that logs brings (`extra`) comes before it.
    Tasks and batch workers have contexts of their own: what they add, others do not see. Raises UsageError for a key
    that a line has by itself.

    >>> with log_context(order_id="A-1"):
    ...     pass  # logging.info(...) has "order_id": "A-1"
    """
    for name in keys:
        if name in OWN_KEYS:
            raise UsageError(f"log_context: {name!r} is a key that every line has by itself; choose another name")
    return LogContext(keys_of_context.set({**keys_of_context.get(), **keys}))


class JsonLogging(Middleware):
    """Log as JSON, in the managed runtime's keys, with the invocation's ids.

    * `level`: what is logged at least. AWS_LAMBDA_LOG_LEVEL comes before it, as the service drops what is below that. A
      logger with a level of its own keeps it.
    * `keys` are on every line; `first` names keys in the order in which they are to begin the line.
    * `sample`: the share of invocations (0 to 1) that log from DEBUG on.
    * `buffer`: records up to that level are held back, the newest `buffer_bytes` of an invocation's, and written only
      when it logs an ERROR, fails, or has a batch with failed records.
    * `quiet`: loggers that are given `level` where sampling or the buffer would have them log from DEBUG on.
    * `redact`: names of keys whose values are masked, at any depth of `extra`, `keys`, `log_context` and a message that
      is a dict.
    * `correlation` finds the correlation id of the event, typed or raw; None leaves it out.

    Raises UsageError for what cannot be.
    """

    def __init__(
        self,
        *,
        level: Level = "INFO",
        keys: Mapping[str, Any] | None = None,
        first: Sequence[str] = (),
        sample: float = 0.0,
        buffer: Literal["DEBUG", "INFO", "WARNING"] | None = None,
        buffer_bytes: int = BUFFER_BYTES,
        quiet: Sequence[str] = LIBRARIES,
        redact: Sequence[str] = SENSITIVE,
        correlation: Callable[[Any], str | None] | None = correlation_id,
    ) -> None:
        self.level = _configured(level)
        self.keys = {} if keys is None else _own_keys(keys)
        self.first = _names("first", first)
        self.quiet = _names("quiet", quiet)
        self.sample = _share(sample)
        self.buffer = 0 if buffer is None else _level(buffer, "buffer")
        self.buffer_bytes = buffer_bytes
        self.redact = Redactor(redact)
        self._correlation = correlation
        self._keep_installed: Callable[[JsonLogging], None] | None = None
        if self.buffer >= LEVELS["ERROR"]:
            raise UsageError(f"json_logging: buffer={buffer!r}: an error is what writes the buffer, so it is not held")
        if buffer_bytes < 1:
            raise UsageError(f"json_logging: buffer_bytes={buffer_bytes}: nothing could be held; leave out buffer")

    @property
    def lowest(self) -> int:
        """The level from which on records must be made at all: those that are sampled or held, too."""
        if self.sample or self.buffer:
            return LEVELS["DEBUG"]
        return self.level

    def on_init(self) -> None:
        """Take over the root logger's way out, or give it one."""
        from lambdakit.middleware.log_lines import install, keep_installed

        install(self)
        self._keep_installed = keep_installed

    def __call__(self, event: Any, context: Any, call_next: Call) -> Any:
        """Around a sync handler."""
        state, keys = self._state(event, context), keys_of_context.get()
        token = state_of_context.set(state)
        try:
            result = call_next(event, context)
            if self.buffer:
                _close(state, result)
            return result
        except BaseException:
            if self.buffer:
                _release(state)
            raise
        finally:
            state_of_context.reset(token)
            keys_of_context.set(keys)

    async def call_async(self, event: Any, context: Any, call_next: Call) -> Any:
        """Around an async handler."""
        state, keys = self._state(event, context), keys_of_context.get()
        token = state_of_context.set(state)
        try:
            result = await call_next(event, context)
            if self.buffer:
                _close(state, result)
            return result
        except BaseException:
            if self.buffer:
                _release(state)
            raise
        finally:
            state_of_context.reset(token)
            keys_of_context.set(keys)

    def _state(self, event: Any, context: Any) -> LogState:
        if self._keep_installed is None:
            self.on_init()
        else:
            self._keep_installed(self)
        correlation = None if self._correlation is None else self._correlation(event)
        state = LogState(self, context, correlation, self.level)
        if self.sample and _chance() < self.sample:
            state.level = LEVELS["DEBUG"]
        elif self.buffer:
            from collections import deque

            state.held = deque()
        return state


def _close(state: LogState, result: Any) -> None:
    """The end of an invocation that returned: a batch with failed records counts as an error."""
    if getattr(result, "failed", 0):
        _release(state)


def _release(state: LogState) -> None:
    from lambdakit.middleware.log_lines import write_held

    write_held(state)


def _chance() -> float:
    # Not of `random`: its state would be the same in every environment restored from one snapshot.
    return int.from_bytes(os.urandom(4), "big") / 2**32


def _configured(level: str) -> int:
    """The level of the environment, else the one given; a name nobody knows is ignored there and refused here."""
    own = _level(level, "level")
    name = os.environ.get(LEVEL_VARIABLE, "").upper()
    return LEVELS.get(_OTHER_NAMES.get(name, name), own)


def _level(name: str, option: str) -> int:
    try:
        return LEVELS[name]
    except (KeyError, TypeError):
        raise UsageError(f"json_logging: {option}={name!r} is no level; it can be {', '.join(LEVELS)}") from None


def _own_keys(keys: Mapping[str, Any]) -> dict[str, Any]:
    for name in keys:
        if name in OWN_KEYS:
            raise UsageError(f"json_logging: keys has {name!r}, which every line has by itself; choose another name")
    return dict(keys)


def _names(option: str, names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise UsageError(f"json_logging: {option} is a list of names, not the text {names!r}; give [{names!r}]")
    return tuple(names)


def _share(sample: float) -> float:
    if not 0 <= sample <= 1:
        raise UsageError(f"json_logging: sample={sample!r} is no share of invocations; give a number from 0 to 1")
    return sample


json_logging = JsonLogging
