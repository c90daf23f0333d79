"""What `lambdakit package` and `lambdakit image` read alike: for which platform, and with which dependencies.

An option that is given wins over the project's configuration, which wins over this interpreter and x86_64.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lambdakit.exceptions import UsageError
from lambdakit.packaging import Requirements, find_requirements, python_version, read_requirements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.project import FunctionSpec
    from lambdakit.packaging.platforms import Architecture

__all__ = ("CUSTOM_RUNTIME", "architecture_of", "python_of", "requirements_of")

MANAGED_RUNTIME, CUSTOM_RUNTIME = "python", "provided."
_DEFAULT_ARCHITECTURE: Architecture = "x86_64"


def python_of(python: str | None, runtime: str) -> tuple[int, int]:
    """The Python of a runtime; `python` is what the command line says. Raises UsageError where they do not agree."""
    if runtime.startswith(CUSTOM_RUNTIME):
        return python_version(python or f"{sys.version_info[0]}.{sys.version_info[1]}")
    if not runtime.startswith(MANAGED_RUNTIME):
        raise UsageError(f"--runtime {runtime}: expected python3.X or provided.al2023.")
    version = runtime.removeprefix(MANAGED_RUNTIME)
    if python not in (None, version):
        raise UsageError(f"--python {python} does not run on --runtime {runtime}.")
    return python_version(version)


def architecture_of(given: Architecture | None, function: FunctionSpec | None) -> Architecture:
    """The architecture of the command line, or of the project's configuration."""
    return given or (None if function is None else function.architecture) or _DEFAULT_ARCHITECTURE


def requirements_of(file: str | None, extras: Sequence[str], config: FunctionConfig | None) -> Requirements:
    """What the named file requires, or the nearest of the function's project; nothing without a function."""
    if file is not None:
        return read_requirements(Path(file), extras=extras)
    if config is None:
        return Requirements()
    return find_requirements(config.task_root.resolve(), top=Path.cwd().resolve(), extras=extras)
