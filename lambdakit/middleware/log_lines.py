"""What `json_logging` hangs into `logging`: the formatter, and the gate that holds back, drops, and lets through.

There is one way out of the root logger. In an execution environment that is the handler the runtime has put there
(lambdakit's or AWS's), whose formatter is exchanged, so that lines keep their frames and none is written twice.
Elsewhere it is a handler on stdout or stderr that is there already, or a new one. A logger that has a handler of its
own on the console has written its record itself, so the way out leaves it alone.

Imported when a handler with `json_logging` is made; it imports `logging`.
"""

from __future__ import annotations

import logging
import sys
import time
from itertools import islice

from lambdakit.log_format import JSON_TIME, OWN_ATTRIBUTES, JsonFormatter, exception_keys, location_of, round_level
from lambdakit.middleware.line import LONGEST, shortened, text_of, to_line
from lambdakit.middleware.logs import OWN_KEYS, keys_of_context, state_of_context
from lambdakit.middleware.redaction import MASK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lambdakit.middleware.logs import JsonLogging, LogState

__all__ = ("Gate", "LineFormatter", "StdoutHandler", "install", "keep_installed", "write_held")

_ERROR = 40
_LEVELS = {0: "NOTSET", 10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
# The attribute of a record whose line is made already: one that was held.
_LINE = "lambdakit_line"
# How many attributes a record has before anybody adds to it, and what else formatters and runtimes leave on one.
_AT_BIRTH = len(logging.LogRecord("", 0, "", 0, "", None, None).__dict__)
_NOT_EXTRA = OWN_ATTRIBUTES | {"asctime", "message", _LINE, "_frame_type", *OWN_KEYS}

# `type`, but Any to type checkers.
_type: Any = type


class LineFormatter(JsonFormatter):
    """The line of a record, of the invocation that its context belongs to. It is never lost to a value in it."""

    def __init__(self, settings: JsonLogging, *, end: str = "", frames: Mapping[int, object] | None = None) -> None:
        super().__init__()
        # Of records outside every invocation.
        self.settings = settings
        self._end = end
        self._frames = frames
        # Second and its text, in one: another thread must not meet the one without the other.
        self._stamp = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        """The line, with a newline where the handler puts none."""
        if self._frames is not None:
            record.__dict__["_frame_type"] = self._frames.get(round_level(record.levelno))
        return self.line(record) + self._end

    def line(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        fields = record.__dict__
        made: str | None = fields.get(_LINE)
        if made is not None:
            return made
        try:
            entry = self._entry(record, fields)
            text = to_line(entry)
            if len(text) > LONGEST // 4 and len(text.encode("utf-8", "replace")) >= LONGEST:
                text = to_line(shortened(entry))
            return text
        except Exception as error:
            return to_line(self._poor_entry(record, error))

    def _entry(self, record: logging.LogRecord, fields: dict[str, Any]) -> dict[str, Any]:
        """The keys in the managed runtime's order, then the correlation id, then those of the function."""
        state = state_of_context.get()
        settings = self.settings if state is None else state.logging
        level = record.levelno
        entry = {
            "timestamp": self._time(record.created),
            "level": _LEVELS.get(level) or _LEVELS[round_level(level)],
            "message": _message(record, settings),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            entry.update(exception_keys(record))
        _add_ids(entry, state, record, fields)
        if settings.keys:
            _add(entry, settings.keys, settings)
        keys = keys_of_context.get()
        if keys:
            _add(entry, keys, settings)
        if len(fields) > _AT_BIRTH:
            _add(entry, _extra(fields), settings)
        if settings.first:
            entry = {**{name: entry[name] for name in settings.first if name in entry}, **entry}
        return entry

    def _poor_entry(self, record: logging.LogRecord, error: Exception) -> dict[str, Any]:
        """What can be said of a record that failed to be formatted: wrong arguments, mostly."""
        return {
            "timestamp": self._time(record.created),
            "level": _LEVELS[round_level(record.levelno)],
            "message": text_of(record.msg),
            "logger": record.name,
            "loggingError": f"{type(error).__name__}: {text_of(error)}",
            "location": location_of(record),
        }

    def _time(self, created: float) -> str:
        second, stamp = self._stamp
        if int(created) != second:
            second = int(created)
            stamp = time.strftime(JSON_TIME, time.gmtime(second))
            self._stamp = second, stamp
        return stamp


def _message(record: logging.LogRecord, settings: JsonLogging) -> Any:
    message: Any = record.msg
    if record.args:
        return record.getMessage()
    if _type(message) is dict:
        return settings.redact(message)
    return message if _type(message) is str else str(message)


def _add_ids(entry: dict[str, Any], state: LogState | None, record: logging.LogRecord, fields: dict[str, Any]) -> None:
    """Whose line it is: of the context's invocation, else of that the runtime says, which threads have too."""
    request_id = None if state is None else state.request_id
    if request_id is None:
        request_id = fields.get("aws_request_id")
    if request_id is not None:
        entry["requestId"] = request_id
    if record.exc_info:
        entry["location"] = location_of(record)
    tenant_id = fields.get("tenant_id") if state is None else state.tenant_id
    if tenant_id is not None:
        entry["tenantId"] = tenant_id
    if state is not None and state.correlation_id is not None:
        entry["correlationId"] = state.correlation_id
    if fields.get("taskName") is not None:
        entry["taskName"] = fields["taskName"]


def _extra(fields: dict[str, Any]) -> dict[str, Any]:
    """What was added to a record after it was made."""
    return {name: fields[name] for name in islice(fields, _AT_BIRTH, None) if name not in _NOT_EXTRA}


def _add(entry: dict[str, Any], keys: Mapping[str, Any], settings: JsonLogging) -> None:
    """Add keys, redacted; one that is None takes away what is there."""
    redact = settings.redact
    for name, value in keys.items():
        if value is None:
            entry.pop(name, None)
        elif redact.hides(name):
            entry[name] = MASK
        else:
            entry[name] = redact(value)


class Gate:
    """The filter of the way out: drops what is below the level, holds what is to wait, drops what is written."""

    def __init__(self, handler: logging.Handler, formatter: LineFormatter) -> None:
        self.handler = handler
        self.formatter = formatter

    def __call__(self, record: logging.LogRecord) -> bool:
        """Whether the record goes out now."""
        if _LINE in record.__dict__:
            return True
        owner = _owner(record, self.handler)
        if owner == "written":
            return False
        state, level = state_of_context.get(), record.levelno
        if state is not None and state.held is not None:
            if level >= _ERROR:
                self.release(state)
            elif level <= state.logging.buffer:
                self._hold(state, record)
                return False
        lowest = self.formatter.settings.level if state is None else state.level
        # A level that somebody has given to the logger, or to the root logger since, is theirs to decide.
        return level >= lowest or owner == "own level" or logging.root.level != _lowest

    def _hold(self, state: LogState, record: logging.LogRecord) -> None:
        # Made now: later its arguments may have changed, and its context will be over.
        line = self.line_of(record)
        size = len(line.encode("utf-8", "replace"))
        self.handler.acquire()
        try:
            held = state.held
            if held is not None:
                held.append((record.levelno, record.name, line, size))
                state.held_bytes += size
                while state.held_bytes > state.logging.buffer_bytes and held:
                    state.held_bytes -= held.popleft()[3]
                    state.lost += 1
        finally:
            self.handler.release()

    def release(self, state: LogState) -> None:
        """Write what an invocation has held, and how much of it is gone."""
        self.handler.acquire()
        try:
            held, lost = state.held, state.lost
            if not held:
                return
            state.held, state.held_bytes, state.lost = type(held)(), 0, 0
        finally:
            self.handler.release()
        if lost:
            text = f"{lost} held records are lost: the buffer takes {state.logging.buffer_bytes} bytes"
            line = self.line_of(logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None))
            self._write(logging.WARNING, __name__, line)
        for level, name, line, _ in held:
            self._write(level, name, line)

    def line_of(self, record: logging.LogRecord) -> str:
        """The line of a record, without its newline."""
        return self.formatter.line(record)

    def _write(self, level: int, name: str, line: str) -> None:
        record = logging.LogRecord(name, level, "", 0, "", None, None)
        record.__dict__[_LINE] = line
        self.handler.handle(record)


def _owner(record: logging.LogRecord, way_out: logging.Handler) -> str:
    """Who decides about a record: its own logger, when it has a console handler or a level of its own."""
    logger: Any = logging.root.manager.loggerDict.get(record.name)
    decided = ""
    while logger is not None and logger is not logging.root:
        for handler in getattr(logger, "handlers", ()):
            if handler is not way_out and record.levelno >= handler.level and _is_console(handler):
                return "written"
        if getattr(logger, "level", 0):
            decided = "own level"
        logger = getattr(logger, "parent", None)
    return decided


def _is_console(handler: Any) -> bool:
    """Whether a handler writes to stdout or stderr."""
    stream = getattr(handler, "stream", None)
    return stream is not None and stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)


class StdoutHandler(logging.Handler):
    """A handler on whatever stdout is at the time; a line is one write."""

    @property
    def stream(self) -> Any:
        """`sys.stdout`."""
        return sys.stdout

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a failure goes where `logging.raiseExceptions` says, never to the function."""
        try:
            sys.stdout.write(self.format(record))
            sys.stdout.flush()
        except Exception:
            self.handleError(record)


# The gate of the way out, and the lowest level that any of the settings installed needs.
_gate: Gate | None = None
_lowest = logging.CRITICAL


def install(settings: JsonLogging) -> None:
    """Make the root logger's way out write lines, and let records through from `settings.lowest` on."""
    global _gate, _lowest
    root = logging.root
    way_out = _way_out(root)
    for handler in root.handlers[:]:
        if handler is not way_out and _is_console(handler):
            root.removeHandler(handler)
    for old in way_out.filters[:]:
        if isinstance(old, Gate):
            way_out.removeFilter(old)
    formatter = _formatter_for(way_out, settings)
    way_out.setFormatter(formatter)
    _gate = Gate(way_out, formatter)
    way_out.addFilter(_gate)
    _lowest = min(_lowest, settings.lowest)
    root.setLevel(_lowest)
    if settings.lowest < settings.level:
        for name in settings.quiet:
            logger = logging.getLogger(name)
            logger.setLevel(logger.level or settings.level)


def keep_installed(settings: JsonLogging) -> None:
    """Install again, should the function have changed the root logger's handlers since (`basicConfig(force=True)`)."""
    if _gate is None or _gate.handler not in logging.root.handlers:
        install(settings)


def write_held(state: LogState) -> None:
    """Write what an invocation has held."""
    if _gate is not None:
        _gate.release(state)


def _way_out(root: logging.Logger) -> logging.Handler:
    for handler in root.handlers:
        if hasattr(handler, "log_sink"):  # the runtime's, lambdakit's and AWS's alike
            return handler
    for handler in root.handlers:
        if _is_console(handler):
            return handler
    handler = StdoutHandler()
    root.addHandler(handler)
    return handler


def _formatter_for(way_out: logging.Handler, settings: JsonLogging) -> LineFormatter:
    if isinstance(way_out, logging.StreamHandler):
        return LineFormatter(settings)  # it puts the newline itself
    # AWS's handler asks the record for the type of its frame; lambdakit's asks the formatter whether it is of JSON.
    peer: Any = sys.modules.get("awslambdaric.lambda_runtime_log_utils")
    frames = getattr(peer, "_JSON_FRAME_TYPES", None) if type(way_out).__module__.startswith("awslambdaric") else None
    return LineFormatter(settings, end="\n", frames=frames)
