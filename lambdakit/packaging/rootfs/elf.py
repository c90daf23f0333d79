"""Shared libraries of ELF files, found as the dynamic loader would find them, under another root.

Only what that takes is read: the program interpreter (PT_INTERP) and of the dynamic section DT_NEEDED, DT_RPATH and
DT_RUNPATH. Source: System V ABI, chapters 4 and 5; ld.so(8) for the order of directories; musl's ldso for its own.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from .tree import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ("Dynamic", "Loader", "is_elf", "read_dynamic")

_MAGIC = b"\x7fELF"
_CLASS, _CLASS_64 = 4, 2
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 0, 1, 5, 15, 29
# e_machine -> the directory that Debian gives the architecture's libraries.
_TRIPLETS = {62: "x86_64-linux-gnu", 183: "aarch64-linux-gnu"}
_DIRECTORIES = ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")
_CONF, _MUSL_CONF = "etc/ld.so.conf", "etc/ld-musl-*.path"


class Dynamic(NamedTuple):
    """What a file says of its loading."""

    machine: int
    interpreter: str | None
    needed: tuple[str, ...]
    run_path: tuple[str, ...]


class _Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


def is_elf(file: Path) -> bool:
    """Whether the file is a program or a shared object."""
    with file.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def read_dynamic(file: Path) -> Dynamic:
    """The dynamic section of a 64-bit little-endian ELF file. Raises ValueError for any other file."""
    data = file.read_bytes()
    if data[: len(_MAGIC)] != _MAGIC or data[_CLASS] != _CLASS_64 or data[_CLASS + 1] != 1:
        raise ValueError(f"{file} is no 64-bit little-endian ELF file")
    (machine,) = struct.unpack_from("<H", data, 18)
    segments = list(_segments(data))
    entries = _entries(data, segments)
    start = next((_offset(value, segments) for tag, value in entries if tag == _DT_STRTAB), 0)
    texts = [(tag, _text(data, start + value)) for tag, value in entries if tag in (_DT_NEEDED, _DT_RPATH, _DT_RUNPATH)]
    interpreter = next((_text(data, segment.offset) for segment in segments if segment.kind == _PT_INTERP), None)
    return Dynamic(
        machine,
        interpreter,
        tuple(text for tag, text in texts if tag == _DT_NEEDED),
        tuple(part for tag, text in texts if tag != _DT_NEEDED for part in text.split(":") if part),
    )


class Loader:
    """Finds libraries under a root; `search` are directories of it that come before the system's."""

    def __init__(self, root: Path, search: Iterable[str] = ()) -> None:
        self.root = root
        self._search = tuple(search)
        self._configured = tuple(_configured(root))

    def closure(self, files: Iterable[Path]) -> tuple[set[str], dict[str, str]]:
        """Paths in the root of every library that the files need, directly or not, and of their program interpreters;
        and what was not found: the library's name, and a file that needs it.
        """
        found: set[str] = set()
        missing: dict[str, str] = {}
        waiting = list(files)
        while waiting:
            file = waiting.pop()
            dynamic = read_dynamic(file)
            for path in self._of(file, dynamic, missing):
                if path not in found:
                    found.add(path)
                    waiting.append(self.root / walk(self.root, path)[0])
        return found, missing

    def find(self, name: str, machine: int) -> str | None:
        """Where the system's directories have a library."""
        return self._first(name, [*self._search, *self._configured, *_system(machine)])

    def _of(self, file: Path, dynamic: Dynamic, missing: dict[str, str]) -> Iterator[str]:
        own = [part.replace("${ORIGIN}", "$ORIGIN") for part in dynamic.run_path]
        beside = [file.parent / part.replace("$ORIGIN", ".") for part in own if part.startswith("$ORIGIN")]
        absolute = [part for part in own if part.startswith("/")]
        for name in dynamic.needed:
            if any((folder / name).exists() for folder in beside):
                continue  # it is shipped with what needs it
            path = self._first(name, absolute) or self.find(name, dynamic.machine)
            if path is None:
                missing.setdefault(name, str(file))
            else:
                yield path
        if dynamic.interpreter is not None:
            yield dynamic.interpreter

    def _first(self, name: str, directories: Iterable[str]) -> str | None:
        for directory in directories:
            path = f"{directory}/{name}"
            if (self.root / walk(self.root, path)[0]).is_file():
                return path
        return None


def _system(machine: int) -> Iterator[str]:
    triplet = _TRIPLETS.get(machine)
    if triplet is not None:
        yield from (f"/lib/{triplet}", f"/usr/lib/{triplet}")
    yield from _DIRECTORIES


def _configured(root: Path) -> Iterator[str]:
    for file in sorted(root.glob(_MUSL_CONF)):
        yield from file.read_text().replace(":", "\n").split()
    yield from _conf_lines(root, root / _CONF)


def _conf_lines(root: Path, file: Path) -> Iterator[str]:
    if not file.is_file():
        return
    for line in file.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("include "):
            for included in sorted(root.glob(text.split(None, 1)[1].lstrip("/"))):
                yield from _conf_lines(root, included)
        elif text.startswith("/"):
            yield text


def _segments(data: bytes) -> Iterator[_Segment]:
    (start,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for number in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", data, start + number * size)
        yield _Segment(kind, offset, address, length)


def _entries(data: bytes, segments: list[_Segment]) -> list[tuple[int, int]]:
    dynamic = next((segment for segment in segments if segment.kind == _PT_DYNAMIC), None)
    if dynamic is None:
        return []
    entries: list[tuple[int, int]] = []
    for tag, value in struct.iter_unpack("<qQ", data[dynamic.offset : dynamic.offset + dynamic.size // 16 * 16]):
        if tag == _DT_NULL:
            break
        entries.append((tag, value))
    return entries


def _offset(address: int, segments: list[_Segment]) -> int:
    for segment in segments:
        if segment.kind == _PT_LOAD and segment.address <= address < segment.address + segment.size:
            return address - segment.address + segment.offset
    return address


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode("utf-8", "surrogateescape")
