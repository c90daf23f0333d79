"""Small wheels and source archives, made by hand: what an index would have, in a directory."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PURE = "py3-none-any"


def wheel(
    folder: Path,
    name: str,
    files: Mapping[str, bytes | str],
    *,
    version: str = "1.0",
    tag: str = PURE,
    requires: Sequence[str] = (),
) -> Path:
    """A wheel of these files; compressed, as the large ones are large on purpose."""
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {line}" for line in requires]
    every: dict[str, bytes | str] = {
        **files,
        f"{info}/METADATA": "\n".join([*metadata, ""]),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},,\n" for path in [*every, f"{info}/RECORD"])
    file = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in {**every, f"{info}/RECORD": record}.items():
            archive.writestr(path, content)
    return file


def source(folder: Path, name: str) -> Path:
    """A source archive with nothing but its metadata."""
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    file = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        member = tarfile.TarInfo(f"{name}-1.0/PKG-INFO")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return file
