"""A container image's build context: everything that its Containerfile copies, laid out in a directory.

    Containerfile              container/Containerfile; for a function, with the function's own stages
    tools/rootfs/              what runs inside the build
    runtime/opt/               lambdakit with what its front needs, in `python`, and the bootstrap, as a layer has them
    dependencies/opt/python/   the function's dependencies
    code/var/task/             the function

Dependencies are resolved here, for the target, as they are for a zip: the build itself needs no network but for its
base, no package manager, and no emulation of another architecture. The same input gives the same context, and the same
context the same layers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import lambdakit
from lambdakit.exceptions import PackageError, UsageError
from lambdakit.packaging import rootfs
from lambdakit.packaging.entries import BOOTSTRAP
from lambdakit.packaging.install import Source, install
from lambdakit.packaging.installed_files import installed_entries
from lambdakit.packaging.locked import normal_name
from lambdakit.packaging.own import FRONT_EXTRA, NAME, bootstrap_file, build_wheel, container_file
from lambdakit.packaging.project_files import Selection, project_entries
from lambdakit.packaging.requirements import Requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lambdakit.packaging.entries import Entry
    from lambdakit.packaging.platforms import Platform

__all__ = ("CONTAINERFILE", "ImageRequest", "Variant", "build_arguments", "default_base", "write_context")

Variant = Literal["minimal", "slim"]

CONTAINERFILE, _FUNCTION_PART = "Containerfile", "Function.containerfile"
_RUNTIME, _DEPENDENCIES, _CODE = "runtime/opt/python", "dependencies/opt/python", "code/var/task"
_OFFICIAL = "docker.io/library/python"
# The C library of wheels -> the official image that has it.
_SYSTEMS = {"manylinux": "slim", "musllinux": "alpine"}
_EPOCH = "SOURCE_DATE_EPOCH"
_NAME_OF = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA_OF = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


@dataclass(frozen=True)
class ImageRequest:
    """What an image is to hold, for which platform. Without a `handler` it is the base that functions build on.

    `root` is the function's directory; `base` an image with Python, the official one unless given.
    """

    platform: Platform
    handler: str | None = None
    name: str = NAME
    root: Path | None = None
    base: str | None = None
    variant: Variant = "minimal"
    requirements: Requirements = field(default_factory=Requirements)
    source: Source = field(default_factory=Source)
    selection: Selection = field(default_factory=Selection)

    @property
    def target(self) -> str:
        """The stage that is the image."""
        return self.variant if self.handler is None else "function"


def default_base(platform: Platform) -> str:
    """The official Python image for a platform."""
    return f"{_OFFICIAL}:{platform.version}-{_SYSTEMS[platform.library]}"


def build_arguments(request: ImageRequest) -> dict[str, str]:
    """The build's arguments. Raises UsageError where SOURCE_DATE_EPOCH is no time."""
    moment = os.environ.get(_EPOCH) or "0"
    if not moment.isdecimal():
        raise UsageError(f"{_EPOCH} is {moment!r}: expected seconds since 1970.")
    return {
        "BASE": request.base or default_base(request.platform),
        "VARIANT": request.variant,
        "VERSION": lambdakit.__version__,
        "CREATED": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(moment))),
        _EPOCH: moment,
    }


def write_context(request: ImageRequest, folder: Path) -> None:
    """Lay out the build's context in a directory that is empty, or not there.

    Raises UsageError for such a directory, PackageError for a dependency without a wheel for the platform.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: a context is laid out in a directory of its own.")
    with tempfile.TemporaryDirectory(prefix="lambdakit-image-") as scratch:
        code = [] if request.root is None else _code(request.root, request.selection, folder)
        where = _installed(request, Path(scratch).resolve())
        ours = _closure(where, NAME, FRONT_EXTRA)
        entries = installed_entries(where, code, metadata="kept")
        _copy((entry for entry in entries if _owner(entry) in ours), folder / _RUNTIME)
        _copy((entry for entry in entries if _owner(entry) not in ours), folder / _DEPENDENCIES)
        _copy(code, folder / _CODE)
    shutil.copy2(bootstrap_file(), folder / "runtime" / "opt" / BOOTSTRAP)
    (folder / "runtime" / "opt" / BOOTSTRAP).chmod(0o755)
    tools = Path(rootfs.__file__).parent
    for file in sorted(tools.glob("*.py")):
        _copy_file(file, folder / "tools" / "rootfs" / file.name)
    (folder / CONTAINERFILE).write_text(_containerfile(request), encoding="utf-8")


def _containerfile(request: ImageRequest) -> str:
    text = container_file(CONTAINERFILE).read_text(encoding="utf-8")
    if request.handler is None:
        return text
    function = container_file(_FUNCTION_PART).read_text(encoding="utf-8")
    title = f"LABEL org.opencontainers.image.title={json.dumps(request.name)}\n"
    return f"{text}{function}{title}CMD {json.dumps([request.handler])}\n"


def _code(root: Path, selection: Selection, folder: Path) -> list[Entry]:
    entries = project_entries(root, selection, output=folder)
    if not entries:
        raise PackageError(f"{root} has no file to put into an image: all are left out by its rules.")
    return entries


def _installed(request: ImageRequest, scratch: Path) -> Path:
    wheel = build_wheel(scratch, "image")
    requirements = request.requirements
    lines = [f"{NAME}[{FRONT_EXTRA}] @ {wheel.as_uri()}", *requirements.lines]
    constraints = [line for line in requirements.constraints if not line.startswith(f"{NAME}==")]
    return install(lines, constraints, scratch, request.platform, request.source, requirements.hashes)


def _closure(where: Path, name: str, extra: str) -> set[str]:
    """A distribution and what it requires, as names in one spelling, of those that are installed."""
    requires: dict[str, list[str]] = {}
    for file in where.glob("*.dist-info/METADATA"):
        fields = HeaderParser().parsestr(file.read_text(encoding="utf-8"))
        requires[normal_name(str(fields["Name"]))] = fields.get_all("Requires-Dist", [])
    found: set[str] = set()
    waiting = [normal_name(name)]
    while waiting:
        one = waiting.pop()
        if one in requires and one not in found:
            found.add(one)
            waiting += list(_required(requires[one], {extra} if one == name else set()))
    return found


def _required(lines: Iterable[str], extras: set[str]) -> Iterator[str]:
    for line in lines:
        name = _NAME_OF.match(line)
        extra = _EXTRA_OF.search(line)
        if name is not None and (extra is None or extra[1] in extras):
            yield normal_name(name[0])


def _owner(entry: Entry) -> str:
    return normal_name(entry.owner.partition(" ")[0])


def _copy(entries: Iterable[Entry], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        _copy_file(entry.file, folder / entry.name)


def _copy_file(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, to)
    shutil.copymode(file, to)
