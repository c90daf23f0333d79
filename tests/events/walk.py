"""The modules of `lambdakit.events`, found by walking, so that a test which looks through them forgets none."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import lambdakit

if TYPE_CHECKING:
    from types import ModuleType

FOLDER = Path(lambdakit.__file__).parent / "events"


def modules() -> list[ModuleType]:
    """Every module of the events, imported."""
    return [import_module(f"lambdakit.events.{found.name}") for found in pkgutil.iter_modules([str(FOLDER)])]
