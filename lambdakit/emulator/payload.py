"""Whether an event is JSON, and if not, why, in the words of the service's own parser.

Fast for what is right: orjson decides, the standard library's parser has the last word on what orjson is stricter
about, and only a refusal is looked at closely. Source: recorded replies of the Lambda API.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

import orjson

from lambdakit.emulator import limits
from lambdakit.emulator.refusals import refusal

_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_TOKEN = re.compile(r"[A-Za-z0-9_$]+")
# Strings are matched so that what looks like nesting within them is not taken for it.
_NESTING = re.compile(r'"(?:\\.|[^"\\])*"?|[\[{\]}]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_DEEPEST = 1000
_LITERALS = frozenset({"null", "true", "false"})


def check_payload(payload: bytes) -> None:
    """Raise ServiceError unless the payload is one JSON value within the limit; none at all is allowed."""
    if len(payload) > limits.REQUEST_BYTES:
        raise refusal(
            "payload too large",
            size=len(payload),
            invocation_type="RequestResponse",
            limit=limits.REQUEST_BYTES,
        )
    if not payload:
        return
    try:
        orjson.loads(payload)
    except ValueError:
        _look_closely(payload)


def _look_closely(payload: bytes) -> None:
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        before = payload[: error.start].decode()
        _refuse(f"Invalid UTF-8 start byte 0x{payload[error.start]:02x}", before, len(before))
    if _is_too_deep(text):
        _refuse(f"Document nesting depth ({_DEEPEST + 1}) exceeds the maximum allowed ({_DEEPEST})", text, 0)
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        _refuse(_problem(text, error.pos), text, error.pos)
    except _Constant as error:
        name = str(error)
        _refuse(f"Unrecognized token '{name}': was expecting {_VALUES}", text, text.find(name))


def _is_too_deep(text: str) -> bool:
    depth = 0
    for found in _NESTING.finditer(text):
        depth += _STEPS.get(found.group(), 0)
        if depth > _DEEPEST:
            return True
    return False


class _Constant(Exception):
    """NaN or Infinity, which are no JSON."""


def _refuse_constant(name: str) -> NoReturn:
    raise _Constant(name)


def _problem(text: str, position: int) -> str:
    rest = text[position:]
    if not rest.strip():
        return "Unexpected end-of-input"
    token = _TOKEN.match(rest)
    if token is not None and token.group() not in _LITERALS and not token.group()[0].isdigit():
        return f"Unrecognized token '{token.group()}': was expecting {_VALUES}"
    character = rest[0]
    shown = f"'{character}' (code {ord(character)})"
    if not character.isprintable():
        shown = f"(CTRL-CHAR, code {ord(character)})"
    if text[:position].rstrip().endswith(("{", ",")) and "{" in text[:position]:
        return f"Unexpected character ({shown}): was expecting double-quote to start field name"
    return f"Unexpected character ({shown}): expected a valid value {_VALUES}"


def _refuse(problem: str, text: str, position: int) -> NoReturn:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    raise refusal("not JSON", problem=problem, line=line, column=column)
