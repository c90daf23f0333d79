"""Unpacking an archive that nobody vouches for.

Everything is judged before a byte is written: names that leave the folder, links that lead out of it, entries that are
there twice, lie over each other, are encrypted or are no files, and archives that become larger than Lambda takes. What
is written goes to a new folder; symbolic links are made last, so that nothing can be written through one, and are then
followed to where they really lead. Of an entry's permissions only the executable bit is kept.

Not a general unpacker: what Lambda does not take (other compressions than deflate, archives in several parts) is
refused, too. Source: AWS Lambda quotas ("Deployment package size"); APPNOTE.TXT, the .ZIP file format.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple

from lambdakit.exceptions import ArchiveError, ArchiveTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ("DEFAULT_LIMITS", "Limits", "unpack")

_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_LOCAL_HEADER_BYTES = 30
_LINK_BYTES = 4096
_CHUNK_BYTES = 1024 * 1024
# What reading a damaged archive raises, beside what it is meant to raise.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    ValueError,
)


class Limits(NamedTuple):
    """What an archive may become: bytes in all, entries, and bytes for each byte of it.

    Deflate cannot make more than 1,032 bytes of one, and comes near that for runs of a single byte only.
    """

    unpacked_bytes: int = 262_144_000
    entries: int = 100_000
    ratio: int = 1000


DEFAULT_LIMITS = Limits()


class _Entry(NamedTuple):
    """One entry: where it goes, as the parts of a path below the folder."""

    info: zipfile.ZipInfo
    parts: tuple[str, ...]

    @property
    def mode(self) -> int:
        return self.info.external_attr >> 16

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)

    @property
    def is_folder(self) -> bool:
        return self.info.filename.endswith("/") or stat.S_ISDIR(self.mode)


def unpack(archive: Path | bytes, folder: Path, limits: Limits = DEFAULT_LIMITS) -> int:
    """Unpack an archive into a folder that is not there yet; the bytes of its files.

    Raises ArchiveError, of which ArchiveTooLargeError is one; the folder is then not there, either.
    """
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(io.BytesIO(archive) if isinstance(archive, bytes) else archive) as opened:
            size = len(archive) if isinstance(archive, bytes) else archive.stat().st_size
            return _unpack(opened, folder, size, limits)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, ArchiveError) or not isinstance(error, (*_DAMAGE, OSError)):
            raise
        raise ArchiveError(f"The archive cannot be unpacked: {str(error) or type(error).__name__}.") from error


def _unpack(opened: zipfile.ZipFile, folder: Path, size: int, limits: Limits) -> int:
    entries = [_Entry(info, _parts(info)) for info in opened.infolist()]
    total = _check_amount(entries, size, limits)
    for entry in entries:
        _check_kind(entry)
    _check_places(entries)
    _check_overlaps(entries)
    links = [entry for entry in entries if entry.is_link]
    for entry in entries:
        if not entry.is_link:
            _write(opened, entry, folder)
    for entry in links:
        _link(opened, entry, folder)
    root = os.path.realpath(folder)
    for entry in links:
        _check_leads(entry, folder, root)
    return total


# before anything is written


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """Where an entry goes below the folder."""
    # `filename` is what is left of the name in front of a NUL; what follows is somebody's trick.
    name = info.orig_filename
    if "\0" in name or "\\" in name:
        raise ArchiveError(f"The entry {name!r} has a character in its name that no file of Lambda's has.", name)
    if name.startswith("/") or name[1:2] == ":":
        raise ArchiveError(f"The entry {name!r} has an absolute path.", name)
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise ArchiveError(f"The entry {name!r} leads out of the archive's folder.", name)
    if not parts and not name.endswith("/"):
        raise ArchiveError(f"The entry {name!r} has no name.", name)
    return parts


def _check_amount(entries: Sequence[_Entry], size: int, limits: Limits) -> int:
    """The bytes of all files."""
    if len(entries) > limits.entries:
        raise ArchiveTooLargeError(f"The archive has {len(entries)} entries; at most {limits.entries} are unpacked.")
    total = sum(entry.info.file_size for entry in entries)
    if total > limits.unpacked_bytes:
        raise ArchiveTooLargeError(f"Unzipped size must be smaller than {limits.unpacked_bytes} bytes")
    if total > max(size, 1) * limits.ratio:
        raise ArchiveTooLargeError(
            f"The archive of {size} bytes would become {total}: more than {limits.ratio} times as much."
        )
    return total


def _check_kind(entry: _Entry) -> None:
    name, info = entry.info.filename, entry.info
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveError(f"The entry {name!r} is encrypted.", name)
    if info.compress_type not in _METHODS:
        raise ArchiveError(f"The entry {name!r} is compressed by a method that Lambda does not take.", name)
    kind = stat.S_IFMT(entry.mode)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        raise ArchiveError(f"The entry {name!r} is neither a file nor a folder nor a link.", name)
    if entry.is_link and info.file_size > _LINK_BYTES:
        raise ArchiveError(f"The link {name!r} has no path in it.", name)


def _check_places(entries: Sequence[_Entry]) -> None:
    """No two entries in one place, and none within another that is no folder."""
    places: dict[tuple[str, ...], _Entry] = {}
    for entry in entries:
        if entry.parts in places:
            raise ArchiveError(f"The entry {entry.info.filename!r} is there twice.", entry.info.filename)
        if entry.parts:
            places[entry.parts] = entry
    for entry in entries:
        for above in _above(entry.parts):
            found = places.get(above)
            if found is not None and not found.is_folder:
                raise ArchiveError(
                    f"The entry {entry.info.filename!r} is within {found.info.filename!r}, which is no folder.",
                    entry.info.filename,
                )


def _above(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (parts[:count] for count in range(1, len(parts)))


def _check_overlaps(entries: Sequence[_Entry]) -> None:
    """The bytes of an archive belong to one entry each: shared ones are how a small archive becomes a huge one."""
    end = 0
    for info in sorted((entry.info for entry in entries), key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveError(f"The entry {info.filename!r} lies over another one.", info.filename)
        end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size


# writing


def _write(opened: zipfile.ZipFile, entry: _Entry, folder: Path) -> None:
    path = folder.joinpath(*entry.parts)
    if entry.is_folder:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o755 if entry.mode & 0o111 else 0o644
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as file, opened.open(entry.info) as source:
        shutil.copyfileobj(source, file, _CHUNK_BYTES)
    os.chmod(path, mode)


def _link(opened: zipfile.ZipFile, entry: _Entry, folder: Path) -> None:
    name = entry.info.filename
    target = os.fsdecode(opened.read(entry.info))
    if not target or "\0" in target:
        raise ArchiveError(f"The link {name!r} has no path in it.", name)
    if os.path.isabs(target):
        raise ArchiveError(f"The link {name!r} leads to an absolute path.", name)
    path = folder.joinpath(*entry.parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def _check_leads(entry: _Entry, folder: Path, root: str) -> None:
    """Follow a link through all others: each may stay within the folder, and all together may not."""
    leads = root
    with contextlib.suppress(OSError):
        leads = os.path.realpath(folder.joinpath(*entry.parts))
    if leads != root and not leads.startswith(root + os.sep):
        raise ArchiveError(f"The link {entry.info.filename!r} leads out of the archive's folder.", entry.info.filename)
