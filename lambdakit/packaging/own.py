"""lambdakit itself as something to be packaged: a wheel of what runs where a function does, its bootstrap, its images.

The lambdakit that packages is the one that is shipped, whether it was installed or is a checkout. What serves the
developer's own machine is left out; of that, an image has the engine, which its invoke front is made of. As a wheel it
takes part in the resolution like any other dependency: `lambdakit[xray]` in a project's requirements means this very
lambdakit with what that extra asks for.
"""

from __future__ import annotations

import zipfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import lambdakit
from lambdakit.exceptions import PackageError
from lambdakit.packaging.entries import BOOTSTRAP
from lambdakit.packaging.requirements import PYPROJECT, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("FRONT_EXTRA", "NAME", "bootstrap_file", "build_wheel", "container_file")

Purpose = Literal["function", "image"]

NAME = "lambdakit"
# What the invoke front of images asks for.
FRONT_EXTRA = "front"
# What is left out, by what the wheel is for: function code imports none of it, an image's front the engine.
_LEFT_OUT: dict[Purpose, tuple[str, ...]] = {
    "function": ("_bootstrap", "_container", "cli", "container", "emulator", "packaging", "testing"),
    "image": ("_bootstrap", "_container", "cli", "emulator/faces", "emulator/project", "packaging", "testing"),
}
_PACKAGE = Path(lambdakit.__file__).parent
_WHEEL = "Wheel-Version: 1.0\nGenerator: lambdakit\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def bootstrap_file() -> Path:
    """The executable that starts the runtime: of the installed package, or of the checkout. Raises PackageError."""
    return _beside_the_package("bootstrap", BOOTSTRAP)


def container_file(name: str) -> Path:
    """A file that images are built by: of the installed package, or of the checkout. Raises PackageError."""
    return _beside_the_package("container", name)


def _beside_the_package(folder: str, name: str) -> Path:
    candidates = (_PACKAGE / f"_{folder}" / name, _PACKAGE.parent / folder / name)
    found = next((file for file in candidates if file.is_file()), None)
    if found is None:
        raise PackageError(f"lambdakit's {name} is not where it was installed ({candidates[0]}): install it anew.")
    return found


def build_wheel(folder: Path, purpose: Purpose = "function") -> Path:
    """Write the wheel into a directory; returns its file."""
    info = f"{NAME}-{lambdakit.__version__}.dist-info"
    wheel = folder / f"{NAME}-{lambdakit.__version__}-py3-none-any.whl"
    record: list[str] = []
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in _files(_LEFT_OUT[purpose]):
            name = file.relative_to(_PACKAGE.parent).as_posix()
            archive.write(file, name)
            record.append(f"{name},,")
        archive.writestr(f"{info}/METADATA", _metadata())
        archive.writestr(f"{info}/WHEEL", _WHEEL)
        record += [f"{info}/{name},," for name in ("METADATA", "WHEEL", "RECORD")]
        archive.writestr(f"{info}/RECORD", "\n".join([*record, ""]))
    return wheel


def _files(left_out: tuple[str, ...]) -> Iterator[Path]:
    rooms = tuple(f"{room}/" for room in left_out)
    for file in sorted(_PACKAGE.rglob("*")):
        place = file.relative_to(_PACKAGE)
        if file.is_file() and not place.as_posix().startswith(rooms) and "__pycache__" not in place.parts:
            yield file


def _metadata() -> str:
    head = ["Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {lambdakit.__version__}"]
    return "\n".join([*head, *_requires(), ""])


def _requires() -> Iterator[str]:
    """The lines of the metadata that say what is required, from a checkout's own file or from the installed ones."""
    pyproject = _PACKAGE.parent / PYPROJECT
    project: Mapping[str, Any] = read_toml(pyproject).get("project", {}) if pyproject.is_file() else {}
    if project.get("name") != NAME:
        installed = metadata.metadata(NAME)
        for field in ("Provides-Extra", "Requires-Dist"):
            yield from (f"{field}: {value}" for value in installed.get_all(field) or ())
        return
    yield from (f"Requires-Dist: {line}" for line in project["dependencies"])
    for extra, lines in project["optional-dependencies"].items():
        yield f"Provides-Extra: {extra}"
        yield from (f"Requires-Dist: {_only_for(line, extra)}" for line in lines)


def _only_for(requirement: str, extra: str) -> str:
    what, _, marker = requirement.partition(";")
    condition = f'extra == "{extra}"'
    return f"{what.strip()} ; ({marker.strip()}) and {condition}" if marker else f"{what.strip()} ; {condition}"
