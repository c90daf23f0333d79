"""A tree of files on its way into an image layer: copied with the links that lead to them, and with one time.

Two builds of the same files have to give the same layer, whatever builder packs it. So every file gets the moment of
SOURCE_DATE_EPOCH (1970 without it) and one of two permissions, and byte code is compiled with unchecked hashes, which
no time is part of.
"""

from __future__ import annotations

import os
import py_compile
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ("Tree", "compile_tree", "settle", "walk")

_EPOCH = "SOURCE_DATE_EPOCH"
_CACHE = "__pycache__"
_MOST_LINKS = 64


class Tree:
    """Copies files of a root to the same places under another directory; links on the way are kept as links."""

    def __init__(self, root: Path, output: Path) -> None:
        self.root = root
        self.output = output
        self.files: list[str] = []

    def add(self, path: str, *, keep: Callable[[str], bool] = lambda path: True) -> None:
        """Copy a file, or a directory with everything in it for which `keep` is true, where there is one."""
        place, links = walk(self.root, path)
        for link in links:
            self._link(link)
        source = self.root / place
        if source.is_dir():
            (self.output / place).mkdir(parents=True, exist_ok=True)
            for name in sorted(os.listdir(source)):
                if keep(f"/{place}/{name}"):
                    self.add(f"/{place}/{name}", keep=keep)
        elif source.is_file() and not (self.output / place).exists():
            (self.output / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, self.output / place)
            shutil.copymode(source, self.output / place)
            self.files.append(f"/{place}")

    def has(self, path: str) -> bool:
        """Whether the root has it."""
        return (self.root / self.place(path)).exists()

    def place(self, path: str) -> str:
        """The path in the root without links, relative to it."""
        return walk(self.root, path)[0]

    def _link(self, link: str) -> None:
        made = self.output / link
        if not made.is_symlink():
            made.parent.mkdir(parents=True, exist_ok=True)
            made.symlink_to((self.root / link).readlink())


def walk(root: Path, path: str) -> tuple[str, list[str]]:
    """A path as a process under that root sees it: without links, and the links on the way; all relative to the root.

    Raises ValueError where links never end.
    """
    parts = [part for part in path.split("/") if part]
    here: list[str] = []
    links: list[str] = []
    while parts:
        part = parts.pop(0)
        step = root.joinpath(*here, part)
        if not step.is_symlink():
            here = here[:-1] if part == ".." else [*here, part]
            continue
        links.append("/".join([*here, part]))
        if len(links) > _MOST_LINKS:
            raise ValueError(f"{path}: too many links under {root}")
        target = step.readlink()
        parts = [*(name for name in target.parts if name != "/"), *parts]
        here = [] if target.is_absolute() else here
    return "/".join(here), links


def compile_tree(folder: Path, place: str) -> None:
    """Compile every module under a directory, for the place it will have in the image; what is no Python stays."""
    for file in sorted(folder.rglob("*.py")):
        if not file.is_file() or file.is_symlink():
            continue
        shown = f"{place}/{file.relative_to(folder).as_posix()}"
        try:
            py_compile.compile(
                str(file), dfile=shown, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
            )
        except (py_compile.PyCompileError, ValueError):
            # Templates, and modules for other versions: they fail when, and only when, they are imported.
            (file.parent / _CACHE / f"{file.stem}.pyc").unlink(missing_ok=True)


def settle(folder: Path) -> None:
    """Give everything under a directory, and itself, the build's moment and permissions that anyone can read."""
    moment = int(os.environ.get(_EPOCH) or 0)
    for path in (folder, *sorted(folder.rglob("*"))):
        if not path.is_symlink():
            kept = path.stat().st_mode
            shared = kept & stat.S_ISVTX
            executable = path.is_dir() or kept & stat.S_IXUSR
            path.chmod(0o1777 if shared else 0o755 if executable else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)
