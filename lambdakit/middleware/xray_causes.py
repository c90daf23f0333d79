"""Exceptions as X-Ray's `cause` tells them (AWS X-Ray developer guide, "Segment documents", section "Cause").

The SDK's own class marks the exception object with the name it gave it. Such a mark outlives the trace: an exception
kept in a module and raised again would point into another invocation's trace. Here the trace remembers.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

__all__ = ("causes_of",)

# The most exceptions of a chain and frames of each (the innermost) that are told: a document has 64 kB.
_CHAIN, _FRAMES = 8, 30
_MESSAGE = 2000  # characters
# Frames of the onion are nobody's concern.
_OWN = os.path.dirname(os.path.dirname(__file__)) + os.sep


def causes_of(error: BaseException, told: dict[int, tuple[BaseException, str]]) -> list[dict[str, Any]]:
    """The exception and what caused it, each naming the next as its `cause`; they are added to `told`."""
    found: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(found) < _CHAIN:
        name = os.urandom(8).hex()
        if found:
            found[-1]["cause"] = name
        found.append(_entry(current, name))
        told[id(current)] = (current, name)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if current is not None and id(current) in told:
            found[-1]["cause"] = told[id(current)][1]
            break
    return found


def _entry(error: BaseException, name: str) -> dict[str, Any]:
    frames = _frames(error.__traceback__)
    entry: dict[str, Any] = {
        "id": name,
        "message": _text(error)[:_MESSAGE],
        "type": type(error).__name__,
        "remote": False,
        "stack": frames[:_FRAMES],
    }
    if len(frames) > _FRAMES:
        entry["truncated"] = len(frames) - _FRAMES
    return entry


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:
        return f"<its text could not be made: {type(failure).__name__}>"


def _frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_OWN):
            frames.append({"path": code.co_filename, "line": trace.tb_lineno, "label": code.co_name})
        trace = trace.tb_next
    return frames[::-1]
