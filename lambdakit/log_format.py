"""A record of `logging` as one line of JSON, with the keys of the managed Python runtime.

AWS Lambda developer guide, "Using structured JSON log formats with Lambda": `timestamp`, `level`, `message`, `logger`,
of an exception `stackTrace`, `errorType`, `errorMessage` and `location`, `requestId`, where there is one `tenantId`,
and what `extra` brought. The runtime writes so where AWS_LAMBDA_LOG_FORMAT asks for it, the logging middleware always.

Imported when the function imports `logging`. Not here: where a line goes.
"""

from __future__ import annotations

import logging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ("JSON_TIME", "OWN_ATTRIBUTES", "JsonFormatter", "exception_keys", "location_of", "round_level")

JSON_TIME = "%Y-%m-%dT%H:%M:%SZ"

# What a LogRecord has by itself (and what the runtime adds): everything else came in through `extra`.
OWN_ATTRIBUTES = frozenset(
    (
        *("args", "aws_request_id", "created", "exc_info", "exc_text", "filename", "funcName", "levelname", "levelno"),
        *("lineno", "module", "msecs", "msg", "name", "pathname", "process", "processName", "relativeCreated"),
        *("stack_info", "tenant_id", "thread", "threadName"),
    )
)


def round_level(level: int) -> int:
    """The level of `logging` that a level between two of them counts as: the lower one."""
    return min(50, max(0, level)) // 10 * 10


class JsonFormatter(logging.Formatter):
    """One JSON object a record; what `extra` brought stands beside the runtime's own keys, never over them."""

    def __init__(self) -> None:
        super().__init__(datefmt=JSON_TIME)
        self._encode = _log_encoder()

    def format(self, record: logging.LogRecord) -> str:
        """The line, with its newline. The record's level is rounded, as in the managed runtime."""
        record.levelno = round_level(record.levelno)
        record.levelname = logging.getLevelName(record.levelno)
        entry = self._standard_keys(record)
        for name, value in record.__dict__.items():
            if name not in OWN_ATTRIBUTES and name not in entry:
                entry[name] = value
        return self._encode({name: value for name, value in entry.items() if value is not None}) + "\n"

    def _standard_keys(self, record: logging.LogRecord) -> dict[str, Any]:
        message: Any = record.msg
        keys: dict[str, Any] = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": message if type(message) is dict and not record.args else record.getMessage(),
            "logger": record.name,
            **exception_keys(record),
            "requestId": getattr(record, "aws_request_id", None),
            "location": location_of(record) if record.exc_info else None,
        }
        tenant = getattr(record, "tenant_id", None)
        if tenant is not None:
            keys["tenantId"] = tenant
        return keys


def location_of(record: logging.LogRecord) -> str:
    """Where in the code the record was made: `path:function:line`."""
    return f"{record.pathname}:{record.funcName}:{record.lineno}"


def exception_keys(record: logging.LogRecord) -> dict[str, Any]:
    """`stackTrace` (lines), `errorType` and `errorMessage`; None each where the record has no exception."""
    if not record.exc_info or record.exc_info[0] is None:
        return {"stackTrace": None, "errorType": None, "errorMessage": None}
    import traceback

    kind, error, trace = record.exc_info
    return {"stackTrace": traceback.format_tb(trace), "errorType": kind.__name__, "errorMessage": str(error)}


def _log_encoder() -> Callable[[object], str]:
    import json  # only where JSON logging is configured

    # default=str: a value without a JSON form is shown, rather than the record lost.
    return json.JSONEncoder(ensure_ascii=False, default=str).encode
