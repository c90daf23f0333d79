"""The runtime that a function brings along: the executable `bootstrap` of its code, on a `provided` runtime.

A function of such a runtime whose code has none runs on lambdakit's runtime, as it does on AWS once `lambdakit package`
has put that into the package. Source: AWS Lambda developer guide, "Building a custom runtime".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("own_bootstrap",)

BOOTSTRAP = "bootstrap"


def own_bootstrap(runtime: str, folder: Path | None) -> tuple[str, ...] | None:
    """The command of the runtime that the code in a folder has, if it is to have one."""
    if folder is None or not runtime.startswith("provided"):
        return None
    program = folder / BOOTSTRAP
    return (str(program),) if program.is_file() and os.access(program, os.X_OK) else None
