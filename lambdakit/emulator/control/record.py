"""What the control plane knows of a function: its versions, aliases, and the settings that stand beside them.

Settings are kept as the service shows them (`{"Timeout": 3, "Environment": {"Variables": {}}}`): what is answered,
what is written down and what a configuration is made of are one thing. Nothing here decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from lambdakit.emulator.function import LATEST
from lambdakit.emulator.ids import new_uuid
from lambdakit.emulator.snapstart import initialization_type_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from lambdakit.emulator.code.store import StoredCode
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.project.spec import FunctionSpec

__all__ = ("AliasRecord", "FunctionRecord", "ProvisionedRecord", "VersionRecord")

State = Literal["Pending", "Active"]
UpdateStatus = Literal["InProgress", "Successful"]


def _table() -> dict[str, Any]:
    return cast("dict[str, Any]", {})


@dataclass
class VersionRecord:
    """$LATEST or a published version. `code` is None where it is a project's directory, as it is at the moment."""

    version: str
    settings: dict[str, Any]
    config: FunctionConfig
    code: StoredCode | None
    last_modified: str
    revision_id: str = field(default_factory=new_uuid)
    state: State = "Pending"
    update: UpdateStatus | None = None

    def published(self, version: str, code: StoredCode) -> VersionRecord:
        """This, as a version that will not change."""
        kind = initialization_type_of(self.settings, version) or self.config.initialization_type
        config = replace(self.config, version=version, task_root=code.folder, initialization_type=kind)
        return VersionRecord(version, dict(self.settings), config, code, self.last_modified)

    def document(self) -> dict[str, Any]:
        """What is written down of it."""
        return {
            "version": self.version,
            "settings": self.settings,
            "code": None if self.code is None else self.code.sha256,
            "last_modified": self.last_modified,
            "revision_id": self.revision_id,
        }


@dataclass
class AliasRecord:
    """A name for a version, or for two with a weight."""

    name: str
    version: str
    description: str = ""
    weights: dict[str, float] = field(default_factory=lambda: cast("dict[str, float]", {}))
    revision_id: str = field(default_factory=new_uuid)


@dataclass
class ProvisionedRecord:
    """Provisioned concurrency of a version or an alias; `filling` is the work of initialising the environments."""

    version: str
    requested: int
    last_modified: str
    filling: asyncio.Task[None] | None = None


@dataclass
class FunctionRecord:
    """A function. `spec` is what the project says of it; None for one that was created here.

    `event_invoke` and `provisioned` are by qualifier, `urls` by alias ("" for the function itself). `unchanged_since`
    is the version that equals $LATEST, if there is one.
    """

    name: str
    region: str
    account_id: str
    latest: VersionRecord
    spec: FunctionSpec | None = None
    versions: dict[str, VersionRecord] = field(default_factory=lambda: cast("dict[str, VersionRecord]", {}))
    aliases: dict[str, AliasRecord] = field(default_factory=lambda: cast("dict[str, AliasRecord]", {}))
    tags: dict[str, str] = field(default_factory=lambda: cast("dict[str, str]", {}))
    reserved: int | None = None
    event_invoke: dict[str, dict[str, Any]] = field(default_factory=_table)
    provisioned: dict[str, ProvisionedRecord] = field(default_factory=_table)
    urls: dict[str, dict[str, Any]] = field(default_factory=_table)
    last_number: int = 0
    unchanged_since: str | None = None
    busy: bool = False

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    def version(self, qualifier: str | None) -> VersionRecord | None:
        """What a qualifier means, an alias its first version; None where there is no such one."""
        if qualifier in (None, LATEST):
            return self.latest
        alias = self.aliases.get(qualifier)
        number = qualifier if alias is None else alias.version
        return self.latest if number == LATEST else self.versions.get(number)

    def document(self) -> dict[str, Any]:
        """What is written down of it."""
        plain = ("name", "region", "account_id", "tags", "reserved", "event_invoke", "urls", "last_number")
        return {
            **{name: getattr(self, name) for name in plain},
            "unchanged_since": self.unchanged_since,
            "latest": self.latest.document(),
            "versions": [version.document() for version in self.versions.values()],
            "aliases": [vars(alias) for alias in self.aliases.values()],
            "provisioned": {
                qualifier: [found.version, found.requested, found.last_modified]
                for qualifier, found in self.provisioned.items()
            },
        }


def beside(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a written record says beside its versions, as arguments of a FunctionRecord."""
    plain = ("tags", "reserved", "event_invoke", "urls", "last_number", "unchanged_since")
    return {
        **{name: document[name] for name in plain},
        "aliases": {alias["name"]: AliasRecord(**alias) for alias in document["aliases"]},
        "provisioned": {
            qualifier: ProvisionedRecord(version, requested, last_modified)
            for qualifier, (version, requested, last_modified) in document["provisioned"].items()
        },
    }
