"""Which files of a project's directory are shipped: what version control keeps, less what nothing reads in the cloud.

The rules are lines as in a .gitignore file, the last that matches decides: what is never shipped, what the project's
.gitignore files say, the tests, then the caller's own lines. So `include` brings back
what any of the others left out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pathspec

from lambdakit.packaging.entries import CODE, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Selection", "project_entries")

# Names with a dot in front are tools' (.git, .venv, .env with its secrets, .aws-sam, caches).
_NEVER = (".*", "__pycache__/", "*.py[cod]", "*.egg-info/", "node_modules/", "/build/", "/dist/")
_TESTS = ("tests/", "test/", "test_*.py", "*_test.py", "conftest.py")
# What makes a directory a virtual environment, whatever its name is (PEP 405).
_ENVIRONMENT_MARK = "pyvenv.cfg"


@dataclass(frozen=True)
class Selection:
    """What a caller says of the files: patterns as in .gitignore, relative to the function's directory."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    tests: Literal["without", "with"] = "without"


def project_entries(root: Path, selection: Selection, *, output: Path) -> list[Entry]:
    """The files under `root` that are shipped; `output`, the archive that is being written, never is."""
    before = pathspec.GitIgnoreSpec.from_lines(_NEVER)
    tests = pathspec.GitIgnoreSpec.from_lines(_TESTS if selection.tests == "without" else ())
    after = pathspec.GitIgnoreSpec.from_lines([*selection.exclude, *(f"!{line}" for line in selection.include)])
    ignored = _gitignored(root)
    found: list[Entry] = []
    for file in _walk(root):
        rules = [(root, before), *((place, ignored[place]) for place in ignored), (root, tests), (root, after)]
        if file != output and not _is_left_out(file, rules):
            found.append(Entry(file.relative_to(root).as_posix(), file, CODE))
    return found


def _is_left_out(file: Path, rules: list[tuple[Path, pathspec.GitIgnoreSpec]]) -> bool:
    verdict = False
    for place, spec in rules:
        if file.is_relative_to(place):
            said = spec.check_file(file.relative_to(place).as_posix()).include
            verdict = verdict if said is None else said
    return verdict


def _walk(root: Path) -> Iterator[Path]:
    """Every file; links are followed, but never back into a directory that they are in."""
    for folder, folders, files in os.walk(root, followlinks=True):
        here = Path(folder)
        above = {place.resolve() for place in (here, *here.parents)}
        folders[:] = sorted(name for name in folders if _is_entered(here / name, above))
        yield from (here / name for name in sorted(files) if (here / name).is_file())


def _is_entered(folder: Path, above: set[Path]) -> bool:
    if folder.name in (".git", "__pycache__", "node_modules") or (folder / _ENVIRONMENT_MARK).is_file():
        return False
    return not folder.is_symlink() or folder.resolve() not in above


def _gitignored(root: Path) -> dict[Path, pathspec.GitIgnoreSpec]:
    """The .gitignore files that apply, outermost first: from the repository's root to those within."""
    places: list[Path] = []
    for folder in (root, *root.parents):
        places.insert(0, folder)
        if (folder / ".git").exists():
            break
    else:
        places = [root]
    places += sorted(Path(folder) for folder, _, files in _tree(root) if ".gitignore" in files and Path(folder) != root)
    specs: dict[Path, pathspec.GitIgnoreSpec] = {}
    for place in places:
        file = place / ".gitignore"
        if file.is_file():
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            specs[place] = pathspec.GitIgnoreSpec.from_lines(lines)
    return specs


def _tree(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_entered(Path(folder) / name, set()))
        yield folder, folders, files
