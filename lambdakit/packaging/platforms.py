"""Where a package will run: the platform's wheel tags, its environment markers, and uv's name for it.

The newest C library a wheel may ask for is the runtime's own. Sources: AWS Lambda developer guide, "Lambda runtimes"
(operating system of each); PEP 600 and PEP 656 (tags); PEP 508 (markers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lambdakit.exceptions import UsageError

__all__ = ("Architecture", "Library", "Platform", "python_version")

Architecture = Literal["x86_64", "arm64"]
Library = Literal["manylinux", "musllinux"]

# Lambda's name of an architecture -> the name in wheel tags and in `platform.machine()`.
_MACHINES: dict[Architecture, str] = {"x86_64": "x86_64", "arm64": "aarch64"}
# Up to this Python the managed runtimes are on Amazon Linux 2 (glibc 2.26), later ones on Amazon Linux 2023 (2.34).
_LAST_ON_AL2, _AL2_GLIBC, _AL2023_GLIBC = (3, 11), 26, 34
_OLDEST_GLIBC, _MUSL = 17, (2, 1)
# The names manylinux had before PEP 600, for wheels that are that old.
_LEGACY: dict[Architecture, tuple[str, ...]] = {
    "x86_64": ("manylinux2014", "manylinux2010", "manylinux1"),
    "arm64": ("manylinux2014",),
}
_PYTHON = re.compile(r"3\.(\d{1,2})\Z")


def python_version(text: str) -> tuple[int, int]:
    """`3.13` as numbers. Raises UsageError."""
    found = _PYTHON.match(text)
    if found is None:
        raise UsageError(f"{text!r} is no Python version: expected one such as 3.13.")
    return 3, int(found[1])


@dataclass(frozen=True)
class Platform:
    """A Python version on an architecture and a C library; `newest_glibc` is its minor version where it is known."""

    python: tuple[int, int]
    arch: Architecture = "x86_64"
    library: Library = "manylinux"
    newest_glibc: int | None = None

    def __str__(self) -> str:
        return f"Python {self.version} on {self.library} {self.arch}"

    @property
    def version(self) -> str:
        """The Python version, such as `3.13`."""
        return ".".join(map(str, self.python))

    @property
    def glibc(self) -> int:
        """The minor version of the runtime's glibc 2."""
        if self.newest_glibc is not None:
            return self.newest_glibc
        return _AL2_GLIBC if self.python <= _LAST_ON_AL2 else _AL2023_GLIBC

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform tags of wheels that run there, newest first; pure wheels are `any` besides."""
        machine = _MACHINES[self.arch]
        if self.library == "musllinux":
            return tuple(f"musllinux_1_{minor}_{machine}" for minor in _MUSL)
        modern = [f"manylinux_2_{minor}" for minor in range(self.glibc, _OLDEST_GLIBC - 1, -1)]
        return tuple(f"{name}_{machine}" for name in (*modern, *_LEGACY[self.arch], "linux"))

    @property
    def markers(self) -> dict[str, str]:
        """The environment that markers such as `python_version < "3.11"` are judged by."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.version}.0",
            "os_name": "posix",
            "platform_machine": _MACHINES[self.arch],
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.version}.0",
            "python_version": self.version,
            "sys_platform": "linux",
        }

    @property
    def uv_name(self) -> str:
        """uv's `--python-platform`; of glibc 2.26 it knows no name, so that is held to 2.17."""
        machine = _MACHINES[self.arch]
        if self.library == "musllinux":
            return f"{machine}-unknown-linux-musl"
        return f"{machine}-manylinux_2_{_OLDEST_GLIBC if self.glibc == _AL2_GLIBC else self.glibc}"
