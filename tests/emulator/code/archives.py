"""Archives for tests: what well-behaved tools would not make."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def archive(entries: Mapping[str, bytes | str], *, modes: Mapping[str, int] | None = None) -> bytes:
    """A zip of these files; `modes` are whole modes, type included."""
    return archive_of([entry(name, data, (modes or {}).get(name, 0o100644)) for name, data in entries.items()])


def entry(name: str, data: bytes | str = b"", mode: int = 0o100644) -> tuple[zipfile.ZipInfo, bytes]:
    """One entry with a mode of its own; `mode` 0 is what tools without Unix permissions write."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info, data.encode() if isinstance(data, str) else data


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    """A symbolic link."""
    return entry(name, target, stat.S_IFLNK | 0o777)


def archive_of(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    """A zip of entries, in their order, whatever they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for info, data in entries:
            opened.writestr(info, data)
    return buffer.getvalue()
