"""A function's dependencies on their way into an image: byte code, the libraries they lack, and their list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import spdx
from .elf import Loader
from .system import SBOM, elf_files, fail
from .tree import Tree, compile_tree, settle, walk

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("build_dependencies",)


def build_dependencies(base: Path, minimal: Path, folder: Path) -> None:
    """Complete `folder`, which is laid over the minimal system, with what it needs of the base's libraries.

    A wheel may count on libraries that the minimal system has not; ends the build where the base has not either.
    """
    tree = Tree(base, folder)
    objects = list(elf_files(folder))
    beside = {file.parent for file in objects}
    found, missing = Loader(base).closure(objects)
    lacking = {name: file for name, file in missing.items() if not any((place / name).exists() for place in beside)}
    if lacking:
        fail("; ".join(f"{file} needs {name}, which the base does not have" for name, file in lacking.items()))
    for path in sorted(found):
        if not (minimal / walk(minimal, path)[0]).exists():
            tree.add(path)
    compile_tree(folder, "")
    text = spdx.document("function", spdx.distributions([folder / "opt/python"]))
    (folder / SBOM).mkdir(parents=True, exist_ok=True)
    (folder / SBOM / "function.spdx.json").write_text(text)
    settle(folder)
