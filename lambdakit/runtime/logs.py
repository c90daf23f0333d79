"""Where a function's log goes: the sinks, the failure entries, and the identity every record carries.

Everything an execution environment writes to stdout and stderr is log. Where the service hands the runtime a
descriptor of its own (`_LAMBDA_TELEMETRY_LOG_FD`), records travel through it in frames that keep several lines
together; `print` still goes to stdout. The formats are those of the managed Python runtime (AWS Lambda developer
guide, "Log and monitor Python Lambda functions").

The root logger is prepared when the function first imports `logging`, not before: a function that never logs should
not pay for the import. What is set up then lives in `lambdakit.runtime.log_records`.
"""

from __future__ import annotations

import io
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    from lambdakit.runtime.client import Invocation

__all__ = (
    "FramedSink",
    "Identity",
    "Sink",
    "StreamSink",
    "current_identity",
    "format_is_json",
    "install",
    "log_failure",
    "write_raw",
)

LOG_FORMAT = "AWS_LAMBDA_LOG_FORMAT"
LOG_LEVEL = "AWS_LAMBDA_LOG_LEVEL"
LOG_FD = "_LAMBDA_TELEMETRY_LOG_FD"

# Frame types of the telemetry descriptor: a magic half-word, then the level in steps of four; the lowest bit is set for
# text and clear for JSON. The keys are the levels of the `logging` module.
_TEXT_FRAMES = {
    0: 0xA55A0003,
    10: 0xA55A000B,
    20: 0xA55A000F,
    30: 0xA55A0013,
    40: 0xA55A0017,
    50: 0xA55A001B,
}
_JSON_FRAMES = {level: frame - 1 for level, frame in _TEXT_FRAMES.items()}
_ERROR = 40

NO_BREAK_SPACE = "\u00a0"


class Identity:
    """Whose record it is: the running invocation's request id (empty during INIT), tenant and trace header."""

    __slots__ = ("request_id", "tenant_id", "trace_id")

    def __init__(self, request_id: str = "", tenant_id: str | None = None, trace_id: str | None = None) -> None:
        self.request_id = request_id
        self.tenant_id = tenant_id
        self.trace_id = trace_id


def identity_of(invocation: Invocation) -> Identity:
    """The identity of an invocation's records."""
    return Identity(invocation.request_id, invocation.tenant_id, invocation.trace_id)


_identity = Identity()


def _identity_of_process() -> Identity:
    return _identity


# With one invocation at a time the identity is a plain global, so that records of threads the handler started carry
# it too. Concurrent invocations replace this by a context variable's lookup.
current_identity: Callable[[], Identity] = _identity_of_process


def set_identity(identity: Identity) -> None:
    """Make this the identity of every record from now on (one invocation at a time)."""
    global _identity
    _identity = identity


def use_identity_source(source: Callable[[], Identity]) -> None:
    """Ask `source` for the identity of each record (several invocations at a time)."""
    global current_identity
    current_identity = source


def format_is_json() -> bool:
    """Whether AWS_LAMBDA_LOG_FORMAT asks for JSON."""
    return os.environ.get(LOG_FORMAT, "").upper() == "JSON"


class Sink:
    """Writes log text somewhere. `level` is a `logging` level, None for text that has none."""

    # How the lines of one failure entry are kept together: CloudWatch splits at newlines, not at carriage returns.
    line_separator = "\r"
    entry_end = "\n"

    def write(self, text: str, *, level: int | None = None, is_json: bool = False) -> None:
        raise NotImplementedError  # abstract

    def close(self) -> None:
        """Release what the sink holds."""


class StreamSink(Sink):
    """stdout, whatever the function has made of it."""

    def write(self, text: str, *, level: int | None = None, is_json: bool = False) -> None:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:  # a lone surrogate; the record must come out all the same
            sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())


class FramedSink(Sink):
    """The telemetry descriptor: type, length (bytes), time (microseconds), each big-endian, then the text in UTF-8."""

    line_separator = "\n"
    entry_end = ""

    def __init__(self, descriptor: int) -> None:
        self._file = io.FileIO(descriptor, "wb")

    def write(self, text: str, *, level: int | None = None, is_json: bool = False) -> None:
        message = text.encode("utf-8", "backslashreplace")
        frames = _JSON_FRAMES if is_json else _TEXT_FRAMES
        frame = frames.get(level or 0, frames[0])
        microseconds = time.time_ns() // 1000
        header = frame.to_bytes(4, "big") + len(message).to_bytes(4, "big") + microseconds.to_bytes(8, "big")
        rest = memoryview(header + message)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]

    def close(self) -> None:
        self._file.close()


_sink: Sink = StreamSink()
# The stream objects stay referenced here: were they dropped (`sys.stdout = ...`), they would close the descriptors.
_streams: dict[str, io.TextIOWrapper] = {}


class _FlushedStream(io.TextIOWrapper):
    """A text stream that flushes at every write: the environment may be frozen or killed right after."""

    def write(self, text: str, /) -> int:
        count = super().write(text)
        self.flush()
        return count


def _flushed(stream: Any) -> _FlushedStream:
    return _FlushedStream(stream.buffer, encoding=stream.encoding, errors=stream.errors)


def install() -> Sink:
    """Make stdout and stderr flush at every write, open the sink, and prepare `logging` for when it is imported."""
    global _sink
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            _streams[name] = _flushed(stream)
            setattr(sys, name, _streams[name])
    descriptor = os.environ.pop(LOG_FD, None)
    _sink = StreamSink() if descriptor is None else FramedSink(int(descriptor))
    _prepare_logging()
    return _sink


def current_sink() -> Sink:
    """The sink that `install` opened; stdout before."""
    return _sink


def flush() -> None:
    """Flush stdout and stderr, should the function have put streams of its own there."""
    if sys.stdout is _streams.get("stdout") and sys.stderr is _streams.get("stderr"):
        return  # these have nothing to flush
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # None, a broken pipe, closed
            pass


def write_raw(text: str) -> None:
    """Write `text` as it is, without level or newline (`context.log`)."""
    _sink.write(text)


def log_failure(error: Mapping[str, Any]) -> None:
    """Write the entry of a failure, in the configured format.

    `error` has the keys of the error JSON: errorMessage, errorType, requestId, stackTrace.
    """
    if format_is_json():
        from lambdakit import codec

        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        entry = codec.encode({"timestamp": moment, "level": "ERROR", **error}).decode()
        _sink.write(entry + _sink.entry_end, level=_ERROR, is_json=True)
    else:
        entry = _sink.line_separator.join(_failure_lines(error))
        _sink.write(entry + _sink.entry_end, level=_ERROR)


def _failure_lines(error: Mapping[str, Any]) -> list[str]:
    title = ": ".join(part for part in (error["errorType"], error["errorMessage"]) if part)
    lines = [f"[ERROR] {title}" if title else "[ERROR]", "Traceback (most recent call last):"]
    trace: Sequence[str] = error["stackTrace"]
    for item in trace:
        lines.extend(_indent_for_console(line) for line in item.splitlines() or [""])
    return lines


def _indent_for_console(line: str) -> str:
    # The console collapses ordinary leading spaces.
    text = line.lstrip(" ")
    return NO_BREAK_SPACE * (len(line) - len(text)) + text


def _prepare_logging() -> None:
    if "logging" in sys.modules:
        _set_up_root_logger()
    else:
        sys.meta_path.insert(0, _LoggingFinder())


def _set_up_root_logger() -> None:
    from lambdakit.runtime.log_records import set_up_root_logger

    set_up_root_logger(_sink)


class _LoggingFinder:
    """Finds `logging` once, as the other finders would, and sets up the root logger behind its execution."""

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            self._extend(spec.loader)
        return spec

    @staticmethod
    def _extend(loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _set_up_root_logger()

        loader.exec_module = exec_module
