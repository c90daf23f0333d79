"""The code of functions as operations need it: taken from a request, described in an answer, pinned for a version.

A project's function runs from its directory. What is told of that is what `lambdakit package` would ship of it; only
publishing it, or asking for the archive, writes one. Everything here that reads files does so in a thread.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import stat
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.code.s3 import fetch
from lambdakit.emulator.code.unpack import DEFAULT_LIMITS
from lambdakit.emulator.control.refusals import refuse
from lambdakit.exceptions import ArchiveError, ArchiveTooLargeError, CodeError
from lambdakit.packaging.project_files import Selection, project_entries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lambdakit.emulator.code.store import CodeStore, StoredCode
    from lambdakit.emulator.control.record import VersionRecord

__all__ = ("CodeFacts", "Codes")

ZIPPED_BYTES = 52_428_800
_OLDEST = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


class CodeFacts(NamedTuple):
    """What answers say of code."""

    sha256: str
    size: int


class _File(NamedTuple):
    name: str
    path: Path
    size: int
    modified: int
    mode: int


class Codes:
    """See the module's text."""

    def __init__(self, store: CodeStore) -> None:
        self.store = store
        # What is told of directories, and of which files it is true.
        self._directories: dict[Path, tuple[list[_File], CodeFacts]] = {}

    async def take(self, given: Mapping[str, Any], region: str) -> StoredCode:
        """The code a request brings or names. Raises ServiceError."""
        archive = given.get("ZipFile")
        in_bucket = given.get("S3Bucket") is not None and given.get("S3Key") is not None
        if archive is None and not in_bucket:
            raise refuse("no code")
        if archive is not None and (given.get("S3Bucket") or given.get("S3Key")):
            raise refuse("two codes")
        return await asyncio.to_thread(self._take, archive, given, region)

    def _take(self, archive: Any, given: Mapping[str, Any], region: str) -> StoredCode:
        try:
            if archive is not None:
                return self.store.add(_decoded(archive))
            version = given.get("S3ObjectVersion")
            return self.store.add(fetch(given["S3Bucket"], given["S3Key"], version, region=region))
        except ArchiveTooLargeError as error:
            raise refuse("unzipped too large", problem=str(error)) from None
        except ArchiveError as error:
            hint = f" {error}" if error.entry is not None else ""
            if not archive and archive is not None:
                raise refuse("invalid", problem=str(error)) from None
            raise refuse("not an archive", hint=hint) from None
        except CodeError as error:
            raise refuse("invalid", problem=str(error)) from None

    async def facts(self, version: VersionRecord) -> CodeFacts:
        """What is told of a version's code."""
        if version.code is not None:
            return CodeFacts(version.code.sha256, version.code.size)
        return await asyncio.to_thread(self._facts, version.config.task_root)

    async def pinned(self, version: VersionRecord) -> StoredCode:
        """The code as an archive that stays as it is. Raises ServiceError where there is too much of it."""
        if version.code is not None:
            return version.code
        return await asyncio.to_thread(self._pin, version.config.task_root)

    def _facts(self, folder: Path) -> CodeFacts:
        files = _files(folder)
        known = self._directories.get(folder)
        if known is not None and known[0] == files:
            return known[1]
        size = sum(file.size for file in files)
        if size > DEFAULT_LIMITS.unpacked_bytes:
            # Not worth an archive that could not be published.
            facts = _described(repr([file[2:] for file in files]).encode(), size)
        else:
            data = _zipped(files)
            facts = _described(data, len(data))
        self._directories[folder] = (files, facts)
        return facts

    def _pin(self, folder: Path) -> StoredCode:
        files = _files(folder)
        if sum(file.size for file in files) > DEFAULT_LIMITS.unpacked_bytes:
            problem = f"Unzipped size must be smaller than {DEFAULT_LIMITS.unpacked_bytes} bytes"
            raise refuse("unzipped too large", problem=problem)
        return self.store.add(_zipped(files))


def _decoded(text: Any) -> bytes:
    if not isinstance(text, str):
        raise refuse("not base64", member="ZipFile")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise refuse("not base64", member="ZipFile") from None
    if len(data) > ZIPPED_BYTES:
        raise refuse("zipped too large", limit=ZIPPED_BYTES)
    return data


def _described(data: bytes, size: int) -> CodeFacts:
    return CodeFacts(base64.b64encode(hashlib.sha256(data).digest()).decode(), size)


def _files(folder: Path) -> list[_File]:
    found: list[_File] = []
    for entry in sorted(project_entries(folder, Selection(tests="with"), output=folder)):
        try:
            status = entry.file.stat()
        except OSError:  # gone since
            continue
        mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
        found.append(_File(entry.name, entry.file, status.st_size, status.st_mtime_ns, mode))
    return found


def _zipped(files: list[_File]) -> bytes:
    """An archive whose bytes depend on the files' names, contents and executable bits only."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, _OLDEST)
            info.create_system = _UNIX
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | file.mode) << 16
            archive.writestr(info, file.path.read_bytes())
    return buffer.getvalue()
