"""What a base's package manager says: which package a file is of, its version, and its licence's text.

dpkg's and apk's databases are read as files, so neither program has to be there, or to run. A base without either has
no packages. Sources: Debian policy manual, "Control files and their fields"; Alpine's apk-tools, installed database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ("Owners", "Package", "read_release")

_DPKG, _DPKG_FILES, _APK = "var/lib/dpkg/status", "var/lib/dpkg/info", "lib/apk/db/installed"
_RELEASE = ("etc/os-release", "usr/lib/os-release")
_COPYRIGHT = "/usr/share/doc/{}/copyright"


class Package(NamedTuple):
    """A package of the base; `kind` is its type in a package URL, `licence` its own word for it, if it has one."""

    kind: str
    name: str
    version: str
    architecture: str
    licence: str | None = None

    @property
    def copyright_file(self) -> str:
        """Where Debian has the licence's text."""
        return _COPYRIGHT.format(self.name)


class Owners:
    """The packages of a root, by the files they own."""

    def __init__(self, root: Path) -> None:
        self._of: dict[str, Package] = {}
        self.packages: list[Package] = []
        for package, files in (*_dpkg(root), *_apk(root)):
            self.packages.append(package)
            self._of.update(dict.fromkeys(map(_merged, files), package))
        self.packages.sort()

    def of(self, files: Iterable[str]) -> list[Package]:
        """The packages that own any of these absolute paths, sorted."""
        return sorted({self._of[path] for path in map(_merged, files) if path in self._of})


def read_release(root: Path) -> dict[str, str]:
    """The values of os-release; empty where there is none."""
    for name in _RELEASE:
        file = root / name
        if file.is_file():
            pairs = (line.partition("=") for line in file.read_text().splitlines() if "=" in line)
            return {key: value.strip("\"'") for key, _, value in pairs}
    return {}


def _merged(path: str) -> str:
    """The same file whether the package says /lib or /usr/lib, which are one directory on many systems."""
    return path.removeprefix("/usr")


def _dpkg(root: Path) -> Iterator[tuple[Package, list[str]]]:
    for fields in _stanzas(root / _DPKG, ": "):
        name, architecture = fields["Package"], fields.get("Architecture", "")
        lists = (root / _DPKG_FILES / f"{stem}.list" for stem in (name, f"{name}:{architecture}"))
        files = [line for file in lists if file.is_file() for line in file.read_text().splitlines()]
        yield Package("deb", name, fields.get("Version", ""), architecture), files


def _apk(root: Path) -> Iterator[tuple[Package, list[str]]]:
    file = root / _APK
    for stanza in file.read_text().split("\n\n") if file.is_file() else ():
        lines = [(line[:1], line[2:]) for line in stanza.splitlines() if line[1:2] == ":"]
        fields = dict(lines)
        if "P" not in fields:
            continue
        folder, files = "", list[str]()
        for key, value in lines:
            if key == "F":
                folder = value
            elif key == "R":
                files.append(f"/{folder}/{value}")
        yield Package("apk", fields["P"], fields.get("V", ""), fields.get("A", ""), fields.get("L")), files


def _stanzas(file: Path, separator: str) -> Iterator[dict[str, str]]:
    for stanza in file.read_text().split("\n\n") if file.is_file() else ():
        lines = [line for line in stanza.splitlines() if not line.startswith(" ")]
        fields = {name: value for name, _, value in (line.partition(separator) for line in lines)}
        if "Package" in fields:
            yield fields
