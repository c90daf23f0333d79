"""The list of what is in an image, as an SPDX 2.3 document in JSON.

It names distributions of Python by their metadata, packages of the base by its package manager, and the interpreter
where that is nobody's package. What they declare of their licences is passed on, nothing is concluded. The same
contents give the same document: its namespace is made of them. Source: SPDX specification 2.3.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import time
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .owners import Package

__all__ = ("distributions", "document", "interpreter", "system_packages")

_NOTHING, _IMAGE = "NOASSERTION", "SPDXRef-image"
_SPACE = "https://spdx.org/spdxdocs/lambdakit"
_EXPRESSION = re.compile(r"[A-Za-z0-9.+\-]+( (AND|OR|WITH) [A-Za-z0-9.+\-]+)*\Z")
# Words for licences in the metadata of older distributions that are SPDX identifiers in other words.
_LICENCES = {"MIT License": "MIT", "Apache 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0", "PSF": "PSF-2.0"}


def distributions(folders: Iterable[Path]) -> list[dict[str, Any]]:
    """The distributions whose `*.dist-info` is in these directories."""
    found: list[dict[str, Any]] = []
    for file in sorted(file for folder in folders for file in folder.glob("*.dist-info/METADATA")):
        fields = HeaderParser().parsestr(file.read_text(encoding="utf-8"))
        name, version = str(fields["Name"]), str(fields["Version"])
        declared = str(fields["License-Expression"] or fields["License"] or "")
        url = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{quote(version)}"
        found.append(_package(name, version, _licence(declared), url))
    return found


def system_packages(packages: Iterable[Package], release: Mapping[str, str]) -> list[dict[str, Any]]:
    """Packages of the base's package manager; `release` is its os-release."""
    system, version = release.get("ID", "linux"), release.get("VERSION_ID", "")
    return [
        _package(
            package.name,
            package.version,
            _licence(package.licence or ""),
            f"pkg:{package.kind}/{system}/{quote(package.name)}@{quote(package.version)}"
            f"?arch={package.architecture}&distro={system}-{version}",
        )
        for package in packages
    ]


def interpreter() -> dict[str, Any]:
    """The interpreter that runs this, where no package owns it."""
    version = platform.python_version()
    return _package("python", version, "PSF-2.0", f"pkg:generic/python@{version}")


def document(name: str, packages: list[dict[str, Any]]) -> str:
    """The document that describes an image of these packages, as text."""
    contents = json.dumps([name, packages], sort_keys=True).encode()
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or 0)))
    text = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"{_SPACE}/{quote(name)}-{hashlib.sha256(contents).hexdigest()}",
        "creationInfo": {"created": moment, "creators": ["Tool: lambdakit"]},
        "packages": [_image(name), *packages],
        "relationships": [
            _relation("SPDXRef-DOCUMENT", "DESCRIBES", _IMAGE),
            *(_relation(_IMAGE, "CONTAINS", one["SPDXID"]) for one in packages),
        ],
    }
    return json.dumps(text, indent=1) + "\n"


def _package(name: str, version: str, licence: str, url: str) -> dict[str, Any]:
    kind = url.removeprefix("pkg:").partition("/")[0]
    return {
        **_element("SPDXRef-" + re.sub(r"[^A-Za-z0-9.\-]", "-", f"{kind}-{name}-{version}"), name, licence),
        "versionInfo": version,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url},
        ],
    }


def _image(name: str) -> dict[str, Any]:
    return {**_element(_IMAGE, name, _NOTHING), "primaryPackagePurpose": "CONTAINER"}


def _element(identifier: str, name: str, licence: str) -> dict[str, Any]:
    return {
        "SPDXID": identifier,
        "name": name,
        "downloadLocation": _NOTHING,
        "filesAnalyzed": False,
        "licenseConcluded": _NOTHING,
        "licenseDeclared": licence,
        "copyrightText": _NOTHING,
    }


def _relation(element: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": other}


def _licence(declared: str) -> str:
    text = _LICENCES.get(declared.strip(), declared.strip())
    return text if _EXPRESSION.match(text) else _NOTHING
