"""What a lock says of the files themselves: an archive that was changed since is refused.

uv checks hashes of constraints by itself. pip takes hashes for all requirements or none, which does not go with
lambdakit's own wheel; it reports what it has taken instead, and that is compared here. Archives from --find-links are
the caller's own, and may well have been built after the lock was.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lambdakit.exceptions import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ("normal_name", "refuse_changed", "with_hashes")

_OLDER = "sha256="
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def normal_name(name: str) -> str:
    """A distribution's name in the one spelling of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def with_hashes(
    constraints: Iterable[str], hashes: Mapping[str, frozenset[str]], find_links: Sequence[Path]
) -> list[str]:
    """The constraints as uv takes them with their hashes; without those of what `find_links` have."""
    own = {normal_name(file.name.partition("-")[0]) for folder in find_links for file in folder.glob("*.whl")}
    lines: list[str] = []
    for line in constraints:
        found = _NAME.match(line)
        name = normal_name(found[0]) if found else ""
        allowed = () if name in own else sorted(hashes.get(name, ()))
        lines.append(" ".join([line, *(f"--hash=sha256:{digest}" for digest in allowed)]))
    return lines


def refuse_changed(report: Path, hashes: Mapping[str, frozenset[str]]) -> None:
    """Raise PackageError if pip's report of an installation names an archive that is not one of the lock's."""
    for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
        name, url = normal_name(item["metadata"]["name"]), item["download_info"]["url"]
        digest = _digest(item["download_info"].get("archive_info", {}))
        if name in hashes and not url.startswith("file:") and digest not in hashes[name]:
            shown = f"sha256 {digest}" if digest else "no hash that this pip tells (a newer one does)"
            raise PackageError(
                f"{name} {item['metadata']['version']} is not the archive that the lock has: {shown}, from {url}. Make "
                "sure that the index is the one that was locked, then lock anew (uv lock)."
            )


def _digest(archive: Mapping[str, Any]) -> str | None:
    """The SHA-256 as pip tells it, or as it did before 23.1 (PEP 610's older form)."""
    digest: str | None = archive.get("hashes", {}).get("sha256")
    older = str(archive.get("hash", ""))
    return digest or (older.removeprefix(_OLDER) if older.startswith(_OLDER) else None)
