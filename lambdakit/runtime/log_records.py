"""The root logger's handler: records of the `logging` module in the managed Python runtime's two formats.

Imported when the function imports `logging`. Text: `[LEVEL]\\ttime\\trequest id\\tmessage`; JSON: one object a line
with the keys of AWS Lambda developer guide, "Using structured JSON log formats with Lambda".
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress

from lambdakit.runtime import logs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ("JsonFormatter", "RuntimeLogHandler", "set_up_root_logger")

_TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
_TEXT_TIME = "%Y-%m-%dT%H:%M:%S"
_JSON_TIME = "%Y-%m-%dT%H:%M:%SZ"

# What a LogRecord has by itself (and what this module adds): everything else came in through `extra`.
_OWN_ATTRIBUTES = frozenset(
    (
        *("args", "aws_request_id", "created", "exc_info", "exc_text", "filename", "funcName", "levelname", "levelno"),
        *("lineno", "module", "msecs", "msg", "name", "pathname", "process", "processName", "relativeCreated"),
        *("stack_info", "tenant_id", "thread", "threadName"),
    )
)


def set_up_root_logger(sink: logs.Sink) -> None:
    """Add the runtime's handler to the root logger and apply AWS_LAMBDA_LOG_LEVEL; done once, at import of logging."""
    is_json = logs.format_is_json()
    level = _configured_level()
    # Times are UTC whatever the function sets TZ to; a global of `logging`, as in the managed runtime.
    logging.Formatter.converter = time.gmtime
    handler = RuntimeLogHandler(sink, frames_by_level=is_json or bool(level))
    handler.setFormatter(JsonFormatter() if is_json else logging.Formatter(_TEXT_FORMAT, _TEXT_TIME))
    handler.addFilter(_add_identity)
    root = logging.getLogger()
    with suppress(ValueError):  # an unknown name is ignored, as in the managed runtime
        root.setLevel(level or root.level)
    root.addHandler(handler)


def _configured_level() -> str:
    level = os.environ.get(logs.LOG_LEVEL, "")
    return "DEBUG" if level == "TRACE" else level.upper()


def _add_identity(record: logging.LogRecord) -> bool:
    identity = logs.current_identity()
    record.aws_request_id = identity.request_id
    record.tenant_id = identity.tenant_id
    return True


def _round_level(level: int) -> int:
    return min(50, max(0, level)) // 10 * 10


class RuntimeLogHandler(logging.Handler):
    """Writes formatted records to the runtime's sink."""

    def __init__(self, sink: logs.Sink, *, frames_by_level: bool) -> None:
        super().__init__()
        self.log_sink = sink
        self._frames_by_level = frames_by_level

    def emit(self, record: logging.LogRecord) -> None:
        """Format and write one record; a failure goes where `logging.raiseExceptions` says, never to the handler."""
        try:
            text = self.format(record)
            level = _round_level(record.levelno) if self._frames_by_level else None
            self.log_sink.write(text, level=level, is_json=isinstance(self.formatter, JsonFormatter))
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a record; what `extra` brought stands beside the runtime's own keys, never over them."""

    def __init__(self) -> None:
        super().__init__(datefmt=_JSON_TIME)
        self._encode = _log_encoder()

    def format(self, record: logging.LogRecord) -> str:
        record.levelno = _round_level(record.levelno)
        record.levelname = logging.getLevelName(record.levelno)
        entry = self._standard_keys(record)
        for name, value in record.__dict__.items():
            if name not in _OWN_ATTRIBUTES and name not in entry:
                entry[name] = value
        return self._encode({name: value for name, value in entry.items() if value is not None}) + "\n"

    def _standard_keys(self, record: logging.LogRecord) -> dict[str, Any]:
        message: Any = record.msg
        keys: dict[str, Any] = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": message if type(message) is dict and not record.args else record.getMessage(),
            "logger": record.name,
            **_exception_keys(record),
            "requestId": getattr(record, "aws_request_id", None),
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if record.exc_info else None,
        }
        tenant = getattr(record, "tenant_id", None)
        if tenant is not None:
            keys["tenantId"] = tenant
        return keys


def _exception_keys(record: logging.LogRecord) -> dict[str, Any]:
    if not record.exc_info or record.exc_info[0] is None:
        return {"stackTrace": None, "errorType": None, "errorMessage": None}
    import traceback

    kind, error, trace = record.exc_info
    return {"stackTrace": traceback.format_tb(trace), "errorType": kind.__name__, "errorMessage": str(error)}


def _log_encoder() -> Callable[[object], str]:
    import json  # only where JSON logging is configured

    # default=str: a value without a JSON form is shown, rather than the record lost.
    return json.JSONEncoder(ensure_ascii=False, default=str).encode
