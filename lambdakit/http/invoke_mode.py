"""Whether an answer can be sent while it is made.

Three things must come together, and only one of them can be seen by a function: the runtime must be lambdakit's (AWS's
Python client does not stream), the front door must be one that takes a stream, and it must be set to do so (a function
URL's invoke mode RESPONSE_STREAM, API Gateway's response transfer mode STREAM). Nothing in an event tells the last one.
So a function URL is taken to stream, unless LAMBDAKIT_INVOKE_MODE is BUFFERED, and a REST API not to, unless it is
RESPONSE_STREAM.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from lambdakit.http.front_doors import FrontDoor

    StreamMode: TypeAlias = Literal["auto", "on", "off"]

__all__ = ("MODE_VARIABLE", "can_stream", "must_stream")

MODE_VARIABLE = "LAMBDAKIT_INVOKE_MODE"
STREAMING_MODE = "RESPONSE_STREAM"
# Dialects that take a stream -> the mode where nothing is said.
_DEFAULTS = {"url": STREAMING_MODE, "rest": "BUFFERED"}
_RUNTIME, _RUNTIME_SETTING = "lambdakit.runtime.call", "AWS_LAMBDA_RUNTIME_API"


def can_stream(door: FrontDoor, mode: StreamMode) -> bool:
    """Whether answers to a front door may stream: "on" and "off" say that it is set so, "auto" looks."""
    default = _DEFAULTS.get(door.name)
    if default is None or mode == "off":
        return False
    if mode == "on":
        return True
    if _RUNTIME not in sys.modules or _RUNTIME_SETTING not in os.environ:
        return False
    return os.environ.get(MODE_VARIABLE, default) == STREAMING_MODE


def must_stream(length: str, limit: int) -> bool:
    """Whether an answer with this Content-Length is one to stream: unknown, or too long to be sent whole."""
    return not length.isdecimal() or int(length) * 4 // 3 > limit
