"""The root logger's handler: records of the `logging` module in the managed Python runtime's two formats.

Imported when the function imports `logging`. Text: `[LEVEL]\\ttime\\trequest id\\tmessage`; JSON: one object a line
(`lambdakit.log_format`).
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress

from lambdakit.log_format import JsonFormatter, round_level
from lambdakit.runtime import logs

__all__ = ("JsonFormatter", "RuntimeLogHandler", "set_up_root_logger")

_TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
_TEXT_TIME = "%Y-%m-%dT%H:%M:%S"


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
            is_json = isinstance(self.formatter, JsonFormatter)
            level = round_level(record.levelno) if self._frames_by_level or is_json else None
            self.log_sink.write(text, level=level, is_json=is_json)
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)
