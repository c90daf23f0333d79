"""Environment variables from dotenv files and `KEY=VALUE` texts, as the command line and configuration give them.

A dotenv file holds one `KEY=VALUE` a line; blank lines and lines that begin with `#` are skipped, `export ` in front
is allowed, a value may stand in single quotes (taken as it is) or double quotes (where a backslash makes `n`, `t`, `r`
a control character), and an unquoted value ends before ` #`. Later definitions win, and `--env` wins over files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def read_environment(pairs: Iterable[str], files: Iterable[str]) -> dict[str, str]:
    """The function's own variables. Raises UsageError naming the option, or file and line."""
    variables: dict[str, str] = {}
    for file in files:
        variables.update(_from_file(file))
    for pair in pairs:
        name, value = _split(pair, "--env")
        variables[name] = value
    return variables


def _from_file(file: str) -> dict[str, str]:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot read the environment file {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The environment file {file} is not UTF-8.") from None
    variables: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            name, value = _split(line.removeprefix("export "), f"{file}, line {number}")
            variables[name] = _unquoted(value.strip(), f"{file}, line {number}")
    return variables


def _split(text: str, where: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals:
        raise UsageError(f"{where}: expected KEY=VALUE, got {text!r}.")
    if not _NAME.match(name):
        raise UsageError(f"{where}: {name!r} is not a name of an environment variable.")
    return name, value


def _unquoted(value: str, where: str) -> str:
    quote = value[:1]
    if quote not in ("'", '"'):
        return re.split(r"\s#", value, maxsplit=1)[0].rstrip()
    pattern = r"'([^']*)'\s*(#.*)?\Z" if quote == "'" else r'"((?:[^"\\]|\\.)*)"\s*(#.*)?\Z'
    found = re.match(pattern, value)
    if found is None:
        raise UsageError(f"{where}: the quoted value does not end on its line.")
    if quote == "'":
        return found.group(1)
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(0)), found.group(1))
