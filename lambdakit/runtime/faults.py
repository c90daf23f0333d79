"""Failures as others see them: the error JSON for the caller, the cause for X-Ray, the entry for the log.

All three are equal to the managed runtime's where it shows anything; what they add are the causes, notes and group
members of an exception, behind the frames the managed runtime would show, and hints in the log. Imported when
something has failed.
"""

from __future__ import annotations

import os
import traceback

from lambdakit import codec
from lambdakit.exceptions import ExitFault, Fault
from lambdakit.runtime import logs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Any

__all__ = ("EXIT_ERROR", "Report", "report", "user_frames")

EXIT_ERROR = "Runtime.ExitError"
# What AWS's client calls a failure of its own making in the X-Ray cause.
_XRAY_FAULT_TYPE = "LambdaValidationError"
_RUNTIME_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
# A chain of causes longer than this says nothing more.
_MAX_CHAIN = 10


class Report:
    """One failure: what happened, to whom, and where."""

    def __init__(
        self,
        error_type: str,
        message: str,
        stack_trace: Sequence[str],
        *,
        request_id: str = "",
        exceptions: Sequence[dict[str, Any]] = (),
        hint: str | None = None,
    ) -> None:
        self.error_type = error_type
        self.error = {
            "errorMessage": message,
            "errorType": error_type,
            "requestId": request_id,
            "stackTrace": list(stack_trace),
        }
        self._exceptions = list(exceptions)
        self.hint = hint

    def body(self) -> bytes:
        """The error JSON."""
        return codec.encode(self.error)

    def cause(self) -> bytes:
        """The X-Ray cause, JSON in ASCII because it travels in a header."""
        from json import dumps

        paths = dict.fromkeys(frame["path"] for item in self._exceptions for frame in item["stack"])
        cause = {"working_directory": _working_directory(), "exceptions": self._exceptions, "paths": list(paths)}
        return dumps(cause).encode()

    def log(self) -> None:
        """Write the failure's entry, and its hint, to the log; a log that cannot be written loses no answer."""
        try:
            logs.log_failure(self.error)
            if self.hint:
                import logging

                logging.getLogger("lambdakit").warning(self.hint)
        except Exception:  # stdout is gone, closed, or something of the function's that is no stream
            pass


def report(error: BaseException, request_id: str = "") -> Report:
    """What to tell about an exception that ended an invocation, or the initialisation (`request_id` empty)."""
    if isinstance(error, SystemExit):
        error = _exit_fault(error)
    if isinstance(error, Fault):
        stack: list[dict[str, Any]] = []
        exceptions = [{"message": error.message, "type": _XRAY_FAULT_TYPE, "stack": stack}]
        return Report(
            error.error_type,
            error.message,
            error.stack_trace,
            request_id=request_id,
            exceptions=exceptions,
            hint=error.hint,
        )
    frames = user_frames(error.__traceback__)
    chain = list(_chain(error))
    return Report(
        type(error).__name__,
        _text(error),
        [*traceback.format_list(frames), *_notes(error), *_chain_lines(chain)],
        request_id=request_id,
        exceptions=[
            _xray_exception(error, frames),
            *(_xray_exception(e, user_frames(e.__traceback__)) for _, e in chain),
        ],
    )


def user_frames(trace: TracebackType | None) -> list[tuple[str, int, str, str]]:
    """The frames of a traceback from the first that is not the runtime's, each (file, line, function, source)."""
    frames = [(f.filename, f.lineno or 0, f.name, f.line or "") for f in traceback.extract_tb(trace)]
    for index, frame in enumerate(frames):
        if not frame[0].startswith(_RUNTIME_FOLDER):
            return frames[index:]
    return frames[-1:]


def _exit_fault(error: SystemExit) -> ExitFault:
    code = error.code
    status = 0 if code is None else code if isinstance(code, int) else 1
    said = f" ({code})" if isinstance(code, str) else ""
    trace = traceback.format_list(user_frames(error.__traceback__))
    return ExitFault(EXIT_ERROR, f"sys.exit was called: exit status {status}{said}", stack_trace=tuple(trace))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:
        return f"<{type(error).__name__}.__str__ raised {type(broken).__name__}>"


def _notes(error: BaseException) -> list[str]:
    notes: Any = getattr(error, "__notes__", ())
    return [f"{note}\n" for note in notes]


def _chain(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """The exceptions behind and within `error`, each with how it belongs to it."""
    seen = {id(error)}
    pending = [*_related(error)][::-1]
    while pending and len(seen) <= _MAX_CHAIN:
        label, other = pending.pop()
        if id(other) in seen:
            continue
        seen.add(id(other))
        yield label, other
        pending += [*_related(other)][::-1]


def _related(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    if error.__cause__ is not None:
        yield "Caused by", error.__cause__
    elif error.__context__ is not None and not error.__suppress_context__:
        yield "During handling of", error.__context__
    # Of an ExceptionGroup, which has `split` beside it; other classes may call anything `exceptions`.
    members: Any = getattr(error, "exceptions", ())
    for index, member in enumerate(members if hasattr(error, "split") else ()):
        yield f"Member {index} of {type(error).__name__}", member


def _chain_lines(chain: Sequence[tuple[str, BaseException]]) -> Iterator[str]:
    for label, error in chain:
        yield f"{label} {type(error).__name__}: {_text(error)}\n"
        yield from traceback.format_list(user_frames(error.__traceback__))
        yield from _notes(error)


def _xray_exception(error: BaseException, frames: Sequence[tuple[str, int, str, str]]) -> dict[str, Any]:
    stack = [{"label": function, "path": path, "line": line} for path, line, function, _ in frames]
    return {"message": _text(error), "type": type(error).__name__, "stack": stack}


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # the handler may have removed it
        return ""


def import_frames(error: ImportError) -> list[str]:
    """The user's frames of a failed import, without those of the import system itself."""
    frames = [frame for frame in user_frames(error.__traceback__) if not _is_import_system(frame[0])]
    return traceback.format_list(frames)


def _is_import_system(path: str) -> bool:
    return path.startswith(("<frozen importlib", _RUNTIME_FOLDER)) or path.endswith("/importlib/__init__.py")
