"""Code by its content: each archive once, unpacked once, under the digest Lambda calls CodeSha256.

    ROOT/<sha256 in hex>.zip     the archive as it came
    ROOT/<sha256 in hex>/        what was in it

Both appear whole or not at all, also for another process on the same directory. Without a directory the store is a
temporary one, made when it is first needed and gone with `close()`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambdakit.emulator.code.unpack import unpack
from lambdakit.exceptions import ArchiveError, CodeError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ("CodeStore", "StoredCode", "hex_digest")

_ENDING = ".zip"
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class StoredCode(NamedTuple):
    """An archive that is kept: its digest as Lambda shows it (base64), its size, the file and the unpacked folder."""

    sha256: str
    size: int
    archive: Path
    folder: Path


def hex_digest(sha256: str) -> str:
    """A digest in base64 as hexadecimal digits, which file names and addresses take."""
    return base64.b64decode(sha256).hex()


class CodeStore:
    """See the module's text. Its methods block, and may be called in any thread."""

    def __init__(self, root: Path | None = None) -> None:
        self._given = root
        self._root: Path | None = None
        self._lock = threading.Lock()

    @property
    def root(self) -> Path:
        """The directory, made if it is not there."""
        with self._lock:
            if self._root is None:
                self._root = self._given or Path(tempfile.mkdtemp(prefix="lambdakit-code-"))
                self._root.mkdir(parents=True, exist_ok=True)
            return self._root

    def add(self, data: bytes) -> StoredCode:
        """Keep an archive. Raises ArchiveError."""
        if not data:
            raise ArchiveError("Uploaded file must be a non-empty zip")
        digest = hashlib.sha256(data).digest()
        code = self._named(digest, len(data))
        if not code.folder.is_dir():
            self._unpack(data, code.folder)
        if not code.archive.is_file():
            self._write(data, code.archive)
        return code

    def unpack(self, archive: Path) -> Path:
        """The folder with what is in an archive. Raises ArchiveError, and CodeError where there is no such file."""
        try:
            data = archive.read_bytes()
        except OSError as error:
            raise CodeError(f"{archive}: {error.strerror or error}.") from None
        try:
            return self.add(data).folder
        except ArchiveError as error:
            raise type(error)(f"{archive}: {error}", error.entry) from error

    def get(self, sha256: str) -> StoredCode:
        """The code of that digest (base64). Raises CodeError where there is none."""
        code = self._named(base64.b64decode(sha256), 0)
        try:
            return code._replace(size=code.archive.stat().st_size)
        except OSError:
            raise CodeError(f"The code {sha256} is not in {self.root}.") from None

    def keep_only(self, digests: Collection[str], folders: Collection[Path] = ()) -> None:
        """Forget all code but that of these digests (base64), or in these folders of the store's."""
        if self._root is None and self._given is None:
            return
        root = self.root.absolute()
        kept = {hex_digest(digest) for digest in digests} | {path.name for path in folders if path.parent == root}
        for path in list(root.iterdir()):
            name = path.name.removesuffix(_ENDING)
            if _DIGEST.match(name) and name not in kept:
                _remove(path)

    def close(self) -> None:
        """Remove a temporary store; one with a directory of its own stays."""
        with self._lock:
            root, self._root = self._root, None
        if root is not None and self._given is None:
            shutil.rmtree(root, ignore_errors=True)

    def _named(self, digest: bytes, size: int) -> StoredCode:
        name = digest.hex()
        root = self.root.absolute()
        return StoredCode(base64.b64encode(digest).decode(), size, root / f"{name}{_ENDING}", root / name)

    def _unpack(self, data: bytes, folder: Path) -> None:
        scratch = self._scratch()
        unpack(data, scratch)
        try:
            scratch.rename(folder)
        except OSError:
            # Another thread or process was faster; what it has is the same.
            shutil.rmtree(scratch, ignore_errors=True)
            if not folder.is_dir():
                raise

    def _write(self, data: bytes, archive: Path) -> None:
        scratch = self._scratch()
        scratch.write_bytes(data)
        scratch.replace(archive)

    def _scratch(self) -> Path:
        return self.root.absolute() / f".{os.getpid()}-{threading.get_ident()}-{os.urandom(4).hex()}"


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
