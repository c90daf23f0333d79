"""Building a package: dependencies resolved, files selected, archive written.

Two kinds. A function's archive has everything at its root, as it lies in /var/task. A layer's has modules in `python`
and the bootstrap at its root, as it lies in /opt. The project's own files win over a dependency's of the same
name, as they come first where the function is run from its directory.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lambdakit.exceptions import PackageError
from lambdakit.packaging.archive import Limits, write_archive
from lambdakit.packaging.entries import BOOTSTRAP, Entry
from lambdakit.packaging.install import Source, install
from lambdakit.packaging.installed_files import installed_entries
from lambdakit.packaging.own import NAME, bootstrap_file, build_wheel
from lambdakit.packaging.project_files import Selection, project_entries
from lambdakit.packaging.requirements import Requirements

if TYPE_CHECKING:
    from lambdakit.packaging.archive import Written
    from lambdakit.packaging.platforms import Platform

__all__ = ("PackageRequest", "build_package")

# `python` in a layer is on the import path of every runtime, whatever its version.
_LAYER_FOLDER = "python/"


@dataclass(frozen=True)
class PackageRequest:
    """What is to be packaged, for where, and to which file.

    `root` is the function's directory; without one there is no project code to take. `contents` says what of a
    function's archive is taken: "all", or only the project's own "code" (its dependencies are in a layer). A layer
    never has the project's code. With `bootstrap` "included" the archive starts lambdakit's runtime by itself.
    """

    output: Path
    platform: Platform
    root: Path | None = None
    kind: Literal["function", "layer"] = "function"
    contents: Literal["all", "code"] = "all"
    bootstrap: Literal["included", "absent"] = "absent"
    requirements: Requirements = field(default_factory=Requirements)
    source: Source = field(default_factory=Source)
    selection: Selection = field(default_factory=Selection)
    limits: Limits = field(default_factory=Limits)


def build_package(request: PackageRequest) -> Written:
    """Build the archive and write it to `request.output`, whole or not at all.

    Raises PackageError: a dependency without a wheel for the target, a package over the service's limits, nothing to
    package.
    """
    with tempfile.TemporaryDirectory(prefix="lambdakit-package-") as scratch:
        code = _code(request)
        installed = [] if request.contents == "code" else _installed(request, code, Path(scratch).resolve())
        entries = {entry.name: entry for entry in (*installed, *_bootstrap(request))}
        if request.kind == "function":
            entries.update({entry.name: entry for entry in code})
        if not entries:
            raise PackageError(f"{request.root} has no file to package: all are left out by its rules.")
        return write_archive(list(entries.values()), request.output, request.limits)


def _code(request: PackageRequest) -> list[Entry]:
    """The project's files; for a layer too, as they may read the metadata of what is in it."""
    if request.root is None:
        return []
    return project_entries(request.root, request.selection, output=request.output)


def _installed(request: PackageRequest, code: list[Entry], scratch: Path) -> list[Entry]:
    wheel = build_wheel(scratch)
    requirements = request.requirements
    lines = [f"{NAME} @ {wheel.as_uri()}", *requirements.lines]
    # Of lambdakit this one is taken, whatever a lock says.
    constraints = [line for line in requirements.constraints if not line.startswith(f"{NAME}==")]
    where = install(lines, constraints, scratch, request.platform, request.source, requirements.hashes)
    found = installed_entries(where, code)
    if request.kind == "function":
        return found
    return [entry._replace(name=f"{_LAYER_FOLDER}{entry.name}") for entry in found]


def _bootstrap(request: PackageRequest) -> list[Entry]:
    if request.bootstrap == "absent":
        return []
    return [Entry(BOOTSTRAP, bootstrap_file(), BOOTSTRAP)]
