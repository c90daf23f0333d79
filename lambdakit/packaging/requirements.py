"""What a function depends on, as its project says it: requirements.txt, or pyproject.toml with a uv.lock beside it.

The nearest directory that says anything is taken, from the function's own upwards. In one directory requirements.txt
wins: where both are there it is what was written for deployment. A lock is taken as constraints: it says which version,
pyproject.toml says of what.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from lambdakit.exceptions import UsageError
from lambdakit.packaging.locked import normal_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ("Requirements", "find_requirements", "read_requirements", "read_toml")

REQUIREMENTS, PYPROJECT, LOCK = "requirements.txt", "pyproject.toml", "uv.lock"
# Sources in a lock that are a published version; of any other (git, a directory), pyproject.toml says where it is.
_PUBLISHED = "registry"
_SHA256 = "sha256:"


@dataclass(frozen=True)
class Requirements:
    """Lines of a requirements file and of a constraints file, and the file that they were read from.

    `hashes` are the SHA-256 of the archives that a lock knows, by the distribution's normal name.
    """

    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    file: Path | None = None
    hashes: Mapping[str, frozenset[str]] = field(default_factory=lambda: cast("dict[str, frozenset[str]]", {}))


def find_requirements(folder: Path, *, top: Path, extras: Sequence[str] = ()) -> Requirements:
    """What the nearest directory from `folder` up to `top` says; nothing if none does. Raises UsageError.

    A pyproject.toml without a `[project]` table says nothing: it is there for tools.
    """
    for place in _upwards(folder, top):
        for name in (REQUIREMENTS, PYPROJECT):
            file = place / name
            if file.is_file() and (name == REQUIREMENTS or "project" in read_toml(file)):
                return read_requirements(file, extras=extras)
    if extras:
        raise UsageError(f"--extra {extras[0]}: no {PYPROJECT} with a [project] table from {folder} up to {top}.")
    return Requirements()


def read_requirements(file: Path, *, extras: Sequence[str] = ()) -> Requirements:
    """What a pyproject.toml, a uv.lock (by the pyproject.toml beside it) or a requirements file says.

    Raises UsageError: no such file, no such extra, dependencies that only a build knows.
    """
    if not file.is_file():
        raise UsageError(f"{file}: no such file of requirements.")
    if file.name in (PYPROJECT, LOCK):
        return _from_pyproject(file.with_name(PYPROJECT), extras)
    if extras:
        raise UsageError(f"--extra {extras[0]}: {file} has no extras; only a {PYPROJECT} has.")
    return Requirements((f"-r {file.resolve()}",), file=file)


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file as plain values. Raises UsageError."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UsageError(f"{file}: {error}") from None


def _upwards(folder: Path, top: Path) -> Iterator[Path]:
    yield folder
    if folder.is_relative_to(top):
        yield from (place for place in folder.parents if place.is_relative_to(top))


def _from_pyproject(file: Path, extras: Sequence[str]) -> Requirements:
    project: Mapping[str, Any] = read_toml(file).get("project", {})
    if "dependencies" in project.get("dynamic", ()):
        raise UsageError(f"{file}: its dependencies are dynamic; write them to a {REQUIREMENTS} and name that.")
    optional: Mapping[str, list[str]] = project.get("optional-dependencies", {})
    unknown = next((name for name in extras if name not in optional), None)
    if unknown is not None:
        raise UsageError(f"{file}: no extra {unknown!r}; it has {', '.join(optional) or 'none'}.")
    lines: list[str] = [*project.get("dependencies", ()), *(line for name in extras for line in optional[name])]
    locked = _locked(file.with_name(LOCK))
    return Requirements(tuple(lines), tuple(map(_pin, locked)), file, _hashes(locked))


def _locked(lock: Path) -> list[Mapping[str, Any]]:
    """The packages of a lock that are published versions; none without a lock."""
    packages = cast("list[Mapping[str, Any]]", read_toml(lock).get("package", [])) if lock.is_file() else []
    return [package for package in packages if _PUBLISHED in package.get("source", {})]


def _hashes(packages: list[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for package in packages:
        digests = {str(archive.get("hash", "")) for archive in package.get("wheels", ())}
        known = frozenset(digest.removeprefix(_SHA256) for digest in digests if digest.startswith(_SHA256))
        if known:
            name = normal_name(package["name"])
            found[name] = found.get(name, frozenset()) | known
    return found


def _pin(package: Mapping[str, Any]) -> str:
    """One version; where the lock has several of a package, each has markers that say where it is the one."""
    markers = " or ".join(f"({marker})" for marker in package.get("resolution-markers", ()))
    return f"{package['name']}=={package['version']}" + (f" ; {markers}" if markers else "")
