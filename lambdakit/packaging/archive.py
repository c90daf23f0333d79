"""The archive: the same files give the same bytes, on every machine and at every time.

Entries are in the order of their names, the time is SOURCE_DATE_EPOCH or the oldest a zip can say, permissions are
644, or 755 for what may be executed: Lambda unpacks as one user and runs as another.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from lambdakit.exceptions import PackageError, UsageError
from lambdakit.packaging.entries import BOOTSTRAP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lambdakit.packaging.entries import Entry

__all__ = ("Limits", "Size", "Written", "check_unpacked", "heaviest", "write_archive")

_OLDEST = (1980, 1, 1, 0, 0, 0)
_EPOCH = "SOURCE_DATE_EPOCH"
_UNIX = 3
_LEVEL = 9
_HEAVIEST = 5


class Limits(NamedTuple):
    """The service's limits in bytes. Source: AWS Lambda developer guide, "Lambda quotas" (deployment package)."""

    zipped: int = 50 * 1024 * 1024
    unpacked: int = 250 * 1024 * 1024


class Size(NamedTuple):
    """Bytes of a file, as it is and in the archive."""

    unpacked: int
    zipped: int


class Written(NamedTuple):
    """An archive: its file, its own size, the SHA-256 of its bytes, and the size of each entry."""

    file: Path
    bytes: int
    sha256: str
    sizes: Mapping[Entry, Size]

    @property
    def unpacked(self) -> int:
        """The bytes of all files."""
        return sum(size.unpacked for size in self.sizes.values())


def check_unpacked(entries: Sequence[Entry], limits: Limits) -> None:
    """Raise PackageError if the files are more than the service unpacks."""
    sizes = {entry: entry.file.stat().st_size for entry in entries}
    total = sum(sizes.values())
    if total > limits.unpacked:
        raise PackageError(_too_large("unpacked", total, limits.unpacked, sizes))


def write_archive(entries: Sequence[Entry], output: Path, limits: Limits) -> Written:
    """Write the archive, whole or not at all. Raises PackageError over a limit, UsageError for the time or place."""
    check_unpacked(entries, limits)
    moment = _moment()
    part = output.with_name(f".{output.name}.part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        sizes = _write(entries, part, moment)
        written = Written(output, part.stat().st_size, _digest(part), sizes)
        if written.bytes > limits.zipped:
            zipped = {entry: size.zipped for entry, size in sizes.items()}
            raise PackageError(_too_large("zipped", written.bytes, limits.zipped, zipped))
        part.replace(output)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return written


def heaviest(sizes: Mapping[Entry, int]) -> list[tuple[str, int]]:
    """The owners of the files with the most bytes, the heaviest first."""
    totals: dict[str, int] = {}
    for entry, size in sizes.items():
        totals[entry.owner] = totals.get(entry.owner, 0) + size
    return sorted(totals.items(), key=lambda total: (-total[1], total[0]))


def _too_large(what: str, total: int, limit: int, sizes: Mapping[Entry, int]) -> str:
    named = ", ".join(f"{owner} {_mib(size)}" for owner, size in heaviest(sizes)[:_HEAVIEST])
    return (
        f"The package is {_mib(total)} {what}; Lambda takes {_mib(limit)}. Heaviest: {named}. Leave out what the "
        "runtime has already (boto3), move dependencies to a layer, or use a container image (10 GB)."
    )


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB"


def _moment() -> tuple[int, int, int, int, int, int]:
    text = os.environ.get(_EPOCH)
    if not text:
        return _OLDEST
    if not text.isdecimal():
        raise UsageError(f"{_EPOCH} is {text!r}: expected seconds since 1970.")
    return max(_OLDEST, time.gmtime(int(text))[:6])


def _write(entries: Sequence[Entry], part: Path, moment: tuple[int, int, int, int, int, int]) -> dict[Entry, Size]:
    sizes: dict[Entry, Size] = {}
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for entry in sorted(entries):
            info = zipfile.ZipInfo(entry.name, moment)
            info.create_system = _UNIX
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | _permissions(entry)) << 16
            archive.writestr(info, entry.file.read_bytes(), compresslevel=_LEVEL)
            sizes[entry] = Size(info.file_size, info.compress_size)
    return sizes


def _permissions(entry: Entry) -> int:
    # Installers of wheels are free to drop the permission of what is no script of the wheel's.
    executable = entry.name == BOOTSTRAP or entry.file.stat().st_mode & stat.S_IXUSR
    return 0o755 if executable else 0o644


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(1024 * 1024):
            digest.update(chunk)
    return digest.hexdigest()
