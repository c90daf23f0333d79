"""The variables that settings are read from: the environment, and on a laptop a `.env` file behind it.

Lambda would refuse a function some variables: reserved names, and more than 4 KB of all. What is only known when it is
deployed is looked for here before that, outside Lambda.

Source: AWS Lambda developer guide, "Using Lambda environment variables" and "Lambda quotas".
"""

from __future__ import annotations

import os

from lambdakit.middleware.extras import require
from lambdakit.middleware.setting_fields import RESERVED_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("MOST_BYTES", "Variables", "is_local")

MOST_BYTES = 4096

_OF_LAMBDA = ("AWS_LAMBDA_FUNCTION_NAME", "AWS_EXECUTION_ENV")
# Set to "1" or "true" where Lambda's variables are there and Lambda is not. AWS_SAM_LOCAL is SAM CLI's.
_OF_EMULATORS = ("LAMBDAKIT_LOCAL", "AWS_SAM_LOCAL")


def is_local() -> bool:
    """Whether this is no execution environment of Lambda's: a laptop, a test, a local Lambda."""
    if any(os.environ.get(name, "").lower() in ("1", "true") for name in _OF_EMULATORS):
        return True
    return not any(os.environ.get(name) for name in _OF_LAMBDA)


class Variables:
    """The environment as settings see it; `file` is a `.env` file, read outside Lambda only, where it is there.

    A variable of the environment goes before one of the file. Raises MissingExtraError where the file is there and
    python-dotenv is not.
    """

    def __init__(self, file: str | None) -> None:
        self.is_local = is_local()
        self._file_name = file
        self._file = _read(file) if file and self.is_local else {}

    def get(self, name: str) -> str | None:
        """The value of a variable, None where it is not set."""
        given = os.environ.get(name)
        return self._file.get(name) if given is None else given

    def faults(self, declared: Iterable[str]) -> list[tuple[str, str, str, str]]:
        """What Lambda would refuse of the file's variables and the declared ones, as ConfigError lists it."""
        faults = [
            (name, str(self._file_name), "it is in the file, and reserved", "take it out: Lambda sets it, and only it")
            for name in sorted(RESERVED_NAMES & self._file.keys())
        ]
        if self.is_local and (size := self._size(declared)) > MOST_BYTES:
            advice = f"Lambda takes {MOST_BYTES} for a function: move long values to Parameter Store, with ssm()"
            faults.append(("environment variables", "all fields", f"they are {size} bytes of JSON", advice))
        return faults

    def _size(self, declared: Iterable[str]) -> int:
        from json import dumps

        given = {name: value for name in declared if (value := self.get(name)) is not None}
        customer = {name: value for name, value in (self._file | given).items() if name not in RESERVED_NAMES}
        return len(dumps(customer, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogateescape"))


def _read(file: str) -> dict[str, str]:
    if not os.path.isfile(file):
        return {}
    require("dotenv", extra="local", feature=f"reading {file}")
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(file).items() if value is not None}
