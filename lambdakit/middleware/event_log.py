"""The input and output of a function, in its log: shortened, and without what must not be read there.

    from lambdakit import Context
    from lambdakit.events import APIGatewayProxyEvent, api_gateway
    from lambdakit.middleware import json_logging, log_events

    @api_gateway(middleware=[json_logging(), log_events(event_paths=["$.body.card"], result_paths=["$.headers"])])
    def handler(event: APIGatewayProxyEvent, context: Context) -> dict[str, object]:
        return {"statusCode": 200, "headers": {"etag": "x"}, "body": "paid"}

One record before the handler, `{"event": ...}`, and one after it, `{"result": ...}`, of the logger
`lambdakit.middleware.event_log`, at `level`; at a level that is not logged nothing is done at all. Values are redacted
by the name of their key and by JSON path, before anything is cut off. Text that is JSON itself, as bodies of requests
and messages are, is read first, or a name in it would be missed.
"""

from __future__ import annotations

from lambdakit import codec
from lambdakit.exceptions import UnmarshalFault, UsageError
from lambdakit.middleware.base import Middleware
from lambdakit.middleware.redaction import SENSITIVE, Redactor, path_of, redact_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from logging import Logger
    from typing import Any

    from lambdakit.middleware.logs import Level

__all__ = ("LogEvents", "log_events")

# Text this long is not read as JSON; it shows by its length, as it may hold a name that is to be redacted.
LONGEST_JSON = 65_536
# Deeper than this a value shows by its kind.
DEEPEST = 16

_SCALARS = frozenset((int, float, bool, type(None)))

# As they are, but Any to type checkers.
_type: Any = type
_isinstance: Any = isinstance


class LogEvents(Middleware):
    """Log each event and each result.

    `event_paths` and `result_paths` are JSON paths ("$.headers.cookie", "$.Records[*].body.card") whose values are
    masked, `redact` names of keys. Text is cut after `longest_text` characters and lists after `most_items` items; what
    was cut off is counted.
    """

    def __init__(
        self,
        *,
        level: Level = "INFO",
        event_paths: Sequence[str] = (),
        result_paths: Sequence[str] = (),
        redact: Sequence[str] = SENSITIVE,
        longest_text: int = 256,
        most_items: int = 10,
    ) -> None:
        self._level = _level_of(level)
        self._event_paths = _paths("event_paths", event_paths)
        self._result_paths = _paths("result_paths", result_paths)
        self._redact = Redactor(redact)
        self._longest_text = _positive("longest_text", longest_text)
        self._most_items = _positive("most_items", most_items)
        self._logger: Logger | None = None

    def on_init(self) -> None:
        """Import `logging`."""
        import logging

        self._logger = logging.getLogger(__name__)

    def before(self, event: Any, context: Any) -> None:
        """Log the event."""
        self._log("event", event, self._event_paths)

    def after(self, event: Any, context: Any, result: Any) -> Any:
        """Log the result."""
        self._log("result", result, self._result_paths)
        return result

    def _log(self, key: str, value: Any, paths: tuple[tuple[Any, ...], ...]) -> None:
        if self._logger is None:
            self.on_init()
        if self._logger is not None and self._logger.isEnabledFor(self._level):
            self._logger.log(self._level, {key: self.shown(value, paths)})

    def shown(self, value: Any, paths: tuple[tuple[Any, ...], ...] = ()) -> Any:
        """What of a value is logged."""
        value = _read(value, 0)
        for path in paths:
            value = redact_at(value, path)
        return self._short(self._redact(value))

    def _short(self, value: Any) -> Any:
        if _isinstance(value, str):
            return _cut(value, self._longest_text)
        if _isinstance(value, dict):
            return {name: self._short(item) for name, item in value.items()}
        if _isinstance(value, list):
            most = self._most_items
            short = [self._short(item) for item in value[:most]]
            return short if len(value) <= most else [*short, f"... {len(value) - most} more"]
        return value


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}... {len(text) - longest} more characters"


def _read(value: Any, depth: int) -> Any:
    """The value as dicts, lists and scalars of its own: events by their JSON, text that is JSON by its value."""
    kind = _type(value)
    if kind is str:
        return _read_text(value, depth)
    if kind in _SCALARS:
        return value
    if depth > DEEPEST:
        return f"<{kind.__name__}>"
    if _isinstance(value, dict):
        return {str(name): _read(item, depth + 1) for name, item in value.items()}
    if _isinstance(value, (list, tuple)):
        return [_read(item, depth + 1) for item in value]
    if _isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"
    return _read_object(value, depth)


def _read_object(value: Any, depth: int) -> Any:
    fields = getattr(_type(value), "__dataclass_fields__", None)
    if fields is not None:
        return {name: _read(getattr(value, name, None), depth + 1) for name in fields}
    raw = getattr(value, "raw", None)
    if _isinstance(raw, (dict, list)):  # a typed event
        return _read(raw, depth)
    if hasattr(value, "unstarted"):  # a BatchResult
        counts = {name: getattr(value, name) for name in ("succeeded", "failed", "unstarted", "skipped")}
        return {**counts, **value.response()}
    return str(value) if _type(value).__module__.startswith("lambdakit.") else f"<{_type(value).__name__}>"


def _read_text(text: str, depth: int) -> Any:
    if text[:1] not in ("{", "["):
        return text
    if len(text) > LONGEST_JSON:
        return f"<{len(text)} characters>"
    try:
        return _read(codec.decode(text.encode()), depth + 1)
    except (UnmarshalFault, UnicodeEncodeError):
        return text


def _paths(option: str, paths: Sequence[str]) -> tuple[tuple[Any, ...], ...]:
    if isinstance(paths, str):
        raise UsageError(f"log_events: {option} is a list, not the text {paths!r}; give [{paths!r}]")
    return tuple(map(path_of, paths))


def _positive(option: str, number: int) -> int:
    if number < 1:
        raise UsageError(f"log_events: {option}={number!r} must be at least 1")
    return number


def _level_of(name: str) -> int:
    from lambdakit.middleware.logs import LEVELS

    try:
        return LEVELS[name]
    except (KeyError, TypeError):
        raise UsageError(f"log_events: level={name!r} is no level; it can be {', '.join(LEVELS)}") from None


log_events = LogEvents
