"""Which files of the installed dependencies are shipped, and whose each is.

Left out: byte code, scripts (`bin`), directories named `tests`, and of a `*.dist-info` all but METADATA and
entry_points.txt, which `importlib.metadata` reads. Those are left out as well when no shipped module mentions
`importlib.metadata`, `importlib_metadata` or `pkg_resources`: then nothing reads them. Directories named `test`
stay, as some packages offer one to be imported (`django.test`), and so do stubs, which lazy loaders read. Where what
is shipped has to be accounted for, METADATA stays in any case, and the licences' texts stay with it.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from lambdakit.packaging.entries import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Literal

__all__ = ("installed_entries", "reads_metadata")

_SCRIPTS = "bin"
_LEFT_OUT = frozenset(["__pycache__", "tests"])
_BYTE_CODE = (".pyc", ".pyo")
_INFO = ".dist-info"
_INFO_READ = frozenset(["METADATA", "entry_points.txt"])
_LICENCES = re.compile(r"(licenses/.+|(LICEN[CS]E|COPYING|NOTICE)[^/]*)\Z")
_READERS = re.compile(rb"importlib[._]metadata|from\s+importlib\s+import\s[^\n]*\bmetadata\b|\bpkg_resources\b")
_UNKNOWN = "other files"


def installed_entries(
    where: Path, others: Iterable[Entry] = (), *, metadata: Literal["if read", "kept"] = "if read"
) -> list[Entry]:
    """The files of an installation that are shipped beside `others`, whose modules may read metadata, too.

    `metadata` "kept" has every distribution's METADATA and licences among them.
    """
    owners = dict(_owned(where))
    kept = [
        Entry(file.relative_to(where).as_posix(), file, owners.get(file.relative_to(where).as_posix(), _UNKNOWN))
        for file in sorted(where.rglob("*"))
        if file.is_file() and _is_kept(file.relative_to(where), metadata)
    ]
    if metadata == "kept" or reads_metadata(kept) or reads_metadata(others):
        return kept
    return [entry for entry in kept if not _is_info(entry.name)]


def reads_metadata(entries: Iterable[Entry]) -> bool:
    """Whether a module among the files mentions what reads a distribution's metadata."""
    return any(entry.name.endswith(".py") and _READERS.search(entry.file.read_bytes()) for entry in entries)


def _is_kept(path: Path, metadata: Literal["if read", "kept"]) -> bool:
    parts = path.parts
    if len(parts) == 1:
        # The installer's own lock, uv's.
        return not path.name.startswith(".")
    if parts[0] == _SCRIPTS or _LEFT_OUT & set(parts[:-1]) or path.suffix in _BYTE_CODE:
        return False
    if not _is_info(path.as_posix()) or parts[1] in _INFO_READ:
        return True
    return metadata == "kept" and _LICENCES.match("/".join(parts[1:])) is not None


def _is_info(name: str) -> bool:
    return name.partition("/")[0].endswith(_INFO)


def _owned(where: Path) -> Iterator[tuple[str, str]]:
    """The path of each recorded file, and its distribution's name with its version."""
    for info in sorted(where.glob(f"*{_INFO}")):
        name = info.name.removesuffix(_INFO).replace("-", " ")
        record = info / "RECORD"
        if record.is_file():
            with record.open(encoding="utf-8", newline="") as lines:
                yield from ((row[0], name) for row in csv.reader(lines) if row)
