"""The event of an invocation as the command line gives it: a file, standard input, or text; checked before use.

What reaches the function are the bytes as given. They are parsed only to refuse what the service would refuse, with
the place of the mistake.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

from lambdakit.exceptions import UsageError

STDIN = "-"
EMPTY_EVENT = b"{}"


def read_event(file: str | None, data: str | None) -> bytes:
    """The payload; `{}` when neither is given. Raises UsageError."""
    if file is not None and data is not None:
        raise UsageError("Give the event with --event or with --data, not with both.")
    if data is not None:
        return checked_json(data.encode("utf-8", "surrogateescape"), "--data")
    if file is None:
        return EMPTY_EVENT
    if file == STDIN:
        return checked_json(sys.stdin.buffer.read(), "standard input")
    try:
        return checked_json(Path(file).read_bytes(), file)
    except OSError as error:
        raise UsageError(f"Cannot read the event file {file}: {error.strerror}.") from None


def checked_json(payload: bytes, where: str) -> bytes:
    """The payload itself if it is one JSON value in UTF-8; else UsageError, naming `where`, line and column."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        before = payload[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise UsageError(
            f"{where}, line {line}, column {column}: not UTF-8 (byte 0x{payload[error.start]:02x})."
        ) from None
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}, line {error.lineno}, column {error.colno}: not JSON ({error.msg}).") from None
    except RecursionError:
        raise UsageError(f"{where}: the JSON is nested too deeply.") from None
    except _ConstantError as error:
        line, column = _place_of(str(error), text)
        raise UsageError(f"{where}, line {line}, column {column}: not JSON ({error} is not a JSON value).") from None
    return payload


class _ConstantError(Exception):
    """NaN, Infinity or -Infinity: Python reads them, JSON has none of them."""


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _place_of(name: str, text: str) -> tuple[int, int]:
    # The parser does not say where; the first one outside a string is the one it met first.
    inside, index = False, 0
    while index < len(text):
        if text[index] == "\\" and inside:
            index += 1
        elif text[index] == '"':
            inside = not inside
        elif not inside and text.startswith(name, index):
            break
        index += 1
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
