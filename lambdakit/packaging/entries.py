"""What goes into an archive: files with their place in it, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("BOOTSTRAP", "CODE", "Entry")

# The service starts the file of this name, at the root of a function's archive or of a layer's.
BOOTSTRAP = "bootstrap"
# The owner of the project's own files; every other owner is a distribution's name, or the bootstrap's.
CODE = "your code"


class Entry(NamedTuple):
    """One file: its path in the archive (with `/`), where it is read from, and whose it is, for the size tree."""

    name: str
    file: Path
    owner: str
