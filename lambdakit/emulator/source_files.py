"""Which files a function is made of: its handler's module and all that imports lead to, without importing anything.

Imports are read from the source, also those within functions. What cannot be told that way (a module that is imported
by a computed name, a data file) belongs to every function of its directory: better one environment too many begins anew
than one too few.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ("files_of", "is_affected")

# Files beside the source that functions read, and developers write.
DATA_SUFFIXES = frozenset(
    [
        *(".cfg", ".env", ".graphql", ".html", ".ini", ".j2", ".jinja", ".jinja2", ".json"),
        *(".pem", ".sql", ".tmpl", ".toml", ".xml", ".yaml", ".yml"),
    ]
)
DATA_NAMES = frozenset([".env"])


def files_of(root: Path, handler: str) -> set[Path]:
    """The Python files under `root` that the handler's module leads to, itself among them."""
    waiting = [*_module_files(root, handler.rpartition(".")[0].replace("/", "."))]
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            for name in _imported(root, file):
                waiting += _module_files(root, name)
    return found


def is_affected(root: Path, handler: str, changed: Path, files: set[Path]) -> bool:
    """Whether a change of a file concerns a function, whose Python files were `files` before it.

    One that is new may be imported now: so a Python file counts if it was, or is now, among the function's. A file of
    settings, texts or templates counts for every function of the directory it is under; any other (a log, a database)
    is something that running functions write.
    """
    if not changed.is_relative_to(root):
        return False
    if changed.suffix != ".py":
        return changed.suffix in DATA_SUFFIXES or changed.name in DATA_NAMES
    return changed in files or changed in files_of(root, handler)


def _module_files(root: Path, name: str) -> Iterator[Path]:
    """The files of a module, and of the packages it is in."""
    parts = name.split(".") if name else []
    folder = root
    for part in parts:
        module, package = folder / f"{part}.py", folder / part / "__init__.py"
        if module.is_file():
            yield module
        if package.is_file():
            yield package
        folder = folder / part


def _imported(root: Path, file: Path) -> Iterator[str]:
    """The names of the modules that a file imports, as far as they are under `root`."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    package = [*file.relative_to(root).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            # What is imported from a package may be a module of it.
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)
