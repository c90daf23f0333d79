"""The minimal system: an interpreter, the libraries it needs, certificates and time zones, taken out of a base.

Beside it the few files that the slim variant adds to its base, which is the unprivileged user. Nothing of the base is
run, as it may be of another architecture: where the interpreter is, this one knows, which is of the same image.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from typing import TYPE_CHECKING, NoReturn

from . import contents, spdx
from .elf import Loader, is_elf, read_dynamic
from .owners import Owners, read_release
from .tree import Tree, compile_tree, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ("build_system", "elf_files", "fail")

SBOM = "usr/share/lambdakit/sbom"
_PYTHON = f"python3.{sys.version_info[1]}"
_ROOT_USER, _ROOT_GROUP = "root:x:0:0::/:/sbin/nologin\n", "root:x:0:\n"
_EMPTY = {"minimal": ("var/task", "opt", "home", "proc", "sys", "dev"), "slim": ("var/task", "opt")}


def build_system(base: Path, runtime: Path, output: Path) -> None:
    """Make `output`/minimal and `output`/slim of a base; `runtime` is what lies in /opt of both."""
    tree = Tree(base, output / "minimal")
    _add_interpreter(tree)
    _add_libraries(tree, runtime)
    _add_data(tree)
    owners = Owners(base)
    authorities = [package for package in owners.packages if package.name in contents.CERTIFICATE_PACKAGES]
    used = sorted({*owners.of(tree.files), *authorities})
    for package in used:
        tree.add(package.copyright_file)
    _write_system(tree)
    compile_tree(tree.output, "")
    slim = output / "slim"
    for folder, packages in ((tree.output, used), (slim, owners.packages)):
        _write_user(base, folder)
        for name in _EMPTY[folder.name]:
            (folder / name).mkdir(parents=True, exist_ok=True)
        ours = spdx.distributions([runtime / "opt/python"])
        theirs = spdx.system_packages(packages, read_release(base))
        own = [] if owners.of([f"/{tree.place(sys.executable)}"]) else [spdx.interpreter()]
        _write(folder / SBOM / "base.spdx.json", spdx.document(f"lambdakit-{folder.name}", [*ours, *own, *theirs]))
        settle(folder)


def elf_files(folder: Path) -> Iterator[Path]:
    """The shared objects under a directory."""
    for file in sorted(folder.rglob("*.so*")):
        if file.is_file() and not file.is_symlink() and is_elf(file):
            yield file


def fail(message: str) -> NoReturn:
    """End the build with a message."""
    sys.exit(f"rootfs: {message}")


def _add_interpreter(tree: Tree) -> None:
    folder = os.path.dirname(sys.executable)
    for name in ("python", "python3", _PYTHON):
        tree.add(f"{folder}/{name}")
    for place in sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}):
        tree.add(place, keep=_is_kept)
    if not tree.files:
        fail(f"the base has no {sys.executable}: is it the image that builds?")


def _is_kept(path: str) -> bool:
    name = os.path.basename(path)
    if name in contents.MODULES_LEFT_OUT or contents.CONFIGURATION.match(name) or name.endswith((".pyc", ".a")):
        return False
    return not ("/lib-dynload/" in path and contents.EXTENSIONS_LEFT_OUT.match(name))


def _add_libraries(tree: Tree, runtime: Path) -> None:
    loader = Loader(tree.root)
    own = [tree.root / path.lstrip("/") for path in tree.files]
    programs = [file for file in own if is_elf(file)]
    machine = read_dynamic(programs[0]).machine
    wanted = [path for path in (loader.find(name, machine) for name in contents.LIBRARIES) if path is not None]
    found, missing = loader.closure(
        [*programs, *elf_files(runtime), *(tree.root / tree.place(path) for path in wanted)]
    )
    if missing:
        fail("; ".join(f"{file} needs {name}, which the base does not have" for name, file in missing.items()))
    for path in sorted({*found, *wanted}):
        tree.add(path)


def _add_data(tree: Tree) -> None:
    for path in contents.SYSTEM_FILES:
        tree.add(path)
    tree.add(contents.ZONES, keep=lambda path: os.path.basename(path) not in contents.ZONES_LEFT_OUT)
    if not any(path.startswith(contents.ZONES) for path in tree.files):
        fail(f"the base has no time zones in {contents.ZONES}: install tzdata there")


def _write_system(tree: Tree) -> None:
    certificates = next((tree.root / tree.place(path) for path in contents.CERTIFICATES if tree.has(path)), None)
    if certificates is None:
        fail(f"the base has no certificates in {contents.CERTIFICATES[0]}: install ca-certificates there")
    _write(tree.output / contents.CERTIFICATES_PLACE.lstrip("/"), certificates.read_text())
    if not (tree.output / "etc/nsswitch.conf").exists():
        _write(tree.output / "etc/nsswitch.conf", "hosts: files dns\n")
    (tree.output / "tmp").mkdir(exist_ok=True)
    (tree.output / "tmp").chmod(0o1777)


def _write_user(base: Path, folder: Path) -> None:
    """The base's users in the slim variant, root in the minimal one, and the platform's in both."""
    for name, root, line in (("passwd", _ROOT_USER, contents.PASSWD), ("group", _ROOT_GROUP, contents.GROUP)):
        file = base / "etc" / name
        before = file.read_text() if folder.name == "slim" and file.is_file() else root
        _write(folder / "etc" / name, before + line)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
