"""Dependencies into a directory, for the target: wheels only, by uv where it is there, else by pip.

Both are programs, not libraries: they are started, and what they say is read when they fail. Nothing is built, as what
is built here is for this machine.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lambdakit.exceptions import PackageError, UsageError
from lambdakit.packaging.locked import refuse_changed, with_hashes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambdakit.packaging.platforms import Platform

__all__ = ("Installer", "Source", "install")

Installer = Literal["auto", "pip", "uv"]
_PIP = str(Path(__file__).with_name("pip_for_target.py"))
# How each says that a dependency has no wheel that fits: pip of any version, then uv.
_NO_WHEEL = (
    re.compile(r"No matching distribution found for (?P<name>[^\s(]+)"),
    re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:[=<>!~]\S*)?\s+has\s+no\s+(?:usable\s+)?wheels"),
    re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s+was\s+not\s+found\s+in\s+the"),
)


@dataclass(frozen=True)
class Source:
    """Where wheels come from: the configured index, unless `index` is "none", and directories of wheels besides."""

    installer: Installer = "auto"
    find_links: tuple[str, ...] = ()
    index: Literal["configured", "none"] = "configured"

    @property
    def options(self) -> list[str]:
        """The options that pip and uv share."""
        links = [part for folder in self.find_links for part in ("--find-links", folder)]
        return [*(["--no-index"] if self.index == "none" else []), *links]


def install(
    lines: Sequence[str],
    constraints: Sequence[str],
    folder: Path,
    platform: Platform,
    source: Source,
    hashes: Mapping[str, frozenset[str]] | None = None,
) -> Path:
    """Install what the lines of a requirements file ask for under `folder`; returns the directory it is in.

    `hashes` are the SHA-256 that archives of a distribution may have. Raises PackageError: a dependency without a wheel
    for the target (named), a conflict, another archive than the lock's, no installer.
    """
    where, report = folder / "installed", folder / "report.json"
    where.mkdir()
    command, installer = _command(where, platform, source)
    if hashes and installer == "uv":
        constraints = with_hashes(constraints, hashes, [Path(link) for link in source.find_links])
    elif hashes:
        command += ["--report", str(report)]
    files = [_written(folder / "requirements.txt", lines)]
    if constraints:
        files += ["--constraint", _written(folder / "constraints.txt", constraints)]
    command += [*source.options, "--requirement", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(_explained(done.stderr or done.stdout, platform))
    if report.is_file():
        refuse_changed(report, hashes or {})
    _refuse_foreign(where, platform)
    return where


def _written(file: Path, lines: Sequence[str]) -> str:
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return str(file)


def _command(where: Path, platform: Platform, source: Source) -> tuple[list[str], Installer]:
    """The command, without what it is to install, and whose it is."""
    uv = shutil.which("uv") if source.installer != "pip" else None
    if uv is not None:
        return _uv(uv, where, platform), "uv"
    if source.installer == "uv":
        raise UsageError("--installer uv: there is no uv on PATH; install it, or use pip.")
    if importlib.util.find_spec("pip") is None:
        raise UsageError(f"Neither uv is on PATH nor pip in {sys.executable}: install one, to fetch dependencies.")
    return _pip(where, platform), "pip"


def _uv(uv: str, where: Path, platform: Platform) -> list[str]:
    return [
        *(uv, "pip", "install", "--quiet", "--target", str(where), "--python", sys.executable),
        *("--python-version", platform.version, "--python-platform", platform.uv_name),
        *("--only-binary", ":all:", "--link-mode", "copy"),
    ]


def _pip(where: Path, platform: Platform) -> list[str]:
    tags = [part for tag in platform.tags for part in ("--platform", tag)]
    return [
        *(sys.executable, _PIP, json.dumps(platform.markers)),
        *("install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", "--no-warn-conflicts"),
        *("--target", str(where), "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", platform.version, *tags),
    ]


def _explained(output: str, platform: Platform) -> str:
    """Why it failed: which dependency has no wheel, and what to do; else what the installer said."""
    said = "\n".join(line for line in output.splitlines() if line.strip())
    names = [found["name"] for pattern in _NO_WHEEL for found in [pattern.search(output)] if found]
    if not names:
        return f"The dependencies cannot be resolved for {platform}:\n{said}"
    name = names[0]
    return (
        f"{name} has no wheel for {platform}: it is there as source only, for other platforms only, or not at all. "
        f"Ask for a version that has one, or build one on such a machine (pip wheel {name!r}) and name its directory "
        f"with --find-links. The installer said:\n{said}"
    )


def _refuse_foreign(where: Path, platform: Platform) -> None:
    """A requirement that is a directory or a URL may have been built here, for this machine."""
    fitting = {"any", *platform.tags}
    for file in sorted(where.glob("*.dist-info/WHEEL")):
        tags = HeaderParser().parsestr(file.read_text(encoding="utf-8")).get_all("Tag", [])
        built_for = {part for tag in tags for part in tag.rpartition("-")[2].split(".")}
        if built_for and not built_for & fitting:
            name = file.parent.name.partition("-")[0]
            raise PackageError(
                f"{name} was built for {', '.join(sorted(built_for))}, which is not {platform}: build its wheel on "
                "such a machine and name its directory with --find-links."
            )
