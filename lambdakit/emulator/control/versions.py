"""PublishVersion and aliases: what a function was at a moment, and names for that.

Source: AWS Lambda API reference, the operations of the same names; AWS Lambda developer guide, "Manage Lambda function
versions" and "Create an alias for a Lambda function".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdakit.emulator.control.record import AliasRecord
from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.control.registry import page
from lambdakit.emulator.control.views import alias_view, configuration
from lambdakit.emulator.function import LATEST
from lambdakit.emulator.ids import new_uuid
from lambdakit.emulator.versions import Alias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from lambdakit.emulator.code.store import StoredCode
    from lambdakit.emulator.control.record import FunctionRecord, VersionRecord
    from lambdakit.emulator.control.registry import Caller, Inputs, Registry

__all__ = ("Aliases", "Versions", "engine_alias", "next_version")


def next_version(function: FunctionRecord, code: StoredCode) -> VersionRecord:
    """A new version of what $LATEST is, which the service does not know yet."""
    function.last_number += 1
    number = str(function.last_number)
    version = function.versions[number] = function.latest.published(number, code)
    function.unchanged_since = number
    return version


class Versions:
    """The operations on versions."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._codes = registry.codes

    async def publish(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """PublishVersion: what has not changed is not published again."""
        registry = self._registry
        function = registry.function(registry.named(inputs, caller), caller)
        registry.check_revision(inputs.get("RevisionId"), function.latest.revision_id)
        registry.check_idle(function)
        code = await self._codes.pinned(function.latest)
        given = inputs.get("CodeSha256")
        if given and given != code.sha256:
            raise refuse("other code", given=given, current=code.sha256)
        before = function.versions.get(function.unchanged_since or "")
        if before is None or before.code != code:
            before = self._published(function, code, inputs.get("Description"))
        facts = await self._codes.facts(before)
        return configuration(function, before, facts, qualifier=before.version)

    def _published(self, function: FunctionRecord, code: StoredCode, description: str | None) -> VersionRecord:
        version = next_version(function, code)
        version.state, version.update = "Active", "Successful"
        if description is not None:
            version.settings["Description"] = description
        self._registry.service.publish(version.config)
        function.latest.revision_id = new_uuid()
        self._registry.save(function)
        return version

    async def list_versions(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """ListVersionsByFunction."""
        function = self._registry.function(self._registry.named(inputs, caller), caller)
        versions = [function.latest, *function.versions.values()]
        answer = page(inputs, "Versions", ((version.version, version) for version in versions))
        answer["Versions"] = [
            configuration(function, version, await self._codes.facts(version), qualifier=version.version, form="listed")
            for version in answer["Versions"]
        ]
        return answer

    async def delete(self, function: FunctionRecord, qualifier: str) -> None:
        """Remove a version; one that is not there is gone already."""
        if qualifier == LATEST:
            raise refuse("latest not deleted")
        if not qualifier.isdecimal():
            raise refuse("alias not deleted")
        for alias in function.aliases.values():
            if qualifier in (alias.version, *alias.weights):
                raise refuse("version in use", version=qualifier, alias=alias.name)
        if function.versions.pop(qualifier, None) is None:
            return
        function.event_invoke.pop(qualifier, None)
        function.provisioned.pop(qualifier, None)
        self._registry.service.withdraw(function.name, qualifier)
        self._registry.save(function)


def engine_alias(alias: AliasRecord) -> Alias:
    """What an alias is to the engine."""
    return Alias(alias.version, tuple(alias.weights.items()))


class Aliases:
    """The operations on aliases. `moved` is called when one points elsewhere, or is gone."""

    def __init__(self, registry: Registry, moved: Callable[[FunctionRecord, str], Awaitable[None]]) -> None:
        self._registry = registry
        self._moved = moved

    async def create(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """CreateAlias."""
        function = self._function(inputs, caller)
        name = inputs["Name"]
        if name in function.aliases:
            raise refuse("alias exists", arn=f"{function.arn}:{name}")
        alias = AliasRecord(name, inputs["FunctionVersion"], inputs.get("Description") or "")
        alias.weights = self._weights(function, alias.version, inputs.get("RoutingConfig"))
        self._check_version(function, alias.version)
        function.aliases[name] = alias
        return await self._kept(function, alias)

    async def get(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """GetAlias."""
        function = self._registry.functions.get(self._registry.named(inputs, caller).name)
        alias = None if function is None else function.aliases.get(inputs["Name"])
        if function is None or alias is None:
            raise refuse("no alias", arn=self._arn(inputs, caller))
        return alias_view(function, alias)

    async def update(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """UpdateAlias: what is not given stays."""
        function = self._function(inputs, caller)
        alias = function.aliases.get(inputs["Name"])
        if alias is None:
            raise refuse("alias not found", arn=self._arn(inputs, caller))
        self._registry.check_revision(inputs.get("RevisionId"), alias.revision_id)
        version = inputs.get("FunctionVersion") or alias.version
        self._check_version(function, version)
        routing = inputs.get("RoutingConfig")
        given = {"AdditionalVersionWeights": alias.weights} if routing is None else routing
        alias.weights = self._weights(function, version, given)
        alias.version = version
        if inputs.get("Description") is not None:
            alias.description = inputs["Description"]
        alias.revision_id = new_uuid()
        return await self._kept(function, alias)

    async def delete(self, inputs: Inputs, caller: Caller) -> None:
        """DeleteAlias; one that is not there is gone already."""
        function = self._function(inputs, caller)
        if function.aliases.pop(inputs["Name"], None) is None:
            return
        function.event_invoke.pop(inputs["Name"], None)
        self._registry.service.point(function.name, inputs["Name"], None)
        await self._moved(function, inputs["Name"])
        self._registry.save(function)

    async def list_aliases(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """ListAliases, all or those of a version."""
        function = self._function(inputs, caller)
        wanted = inputs.get("FunctionVersion")
        found = [
            (name, alias_view(function, alias))
            for name, alias in sorted(function.aliases.items())
            if wanted is None or wanted in (alias.version, *alias.weights)
        ]
        return page(inputs, "Aliases", found)

    async def _kept(self, function: FunctionRecord, alias: AliasRecord) -> dict[str, Any]:
        self._registry.service.point(function.name, alias.name, engine_alias(alias))
        await self._moved(function, alias.name)
        self._registry.save(function)
        return alias_view(function, alias)

    def _function(self, inputs: Inputs, caller: Caller) -> FunctionRecord:
        return self._registry.function(self._registry.named(inputs, caller), caller)

    def _arn(self, inputs: Inputs, caller: Caller) -> str:
        name = self._registry.named(inputs, caller)
        return self._registry.arn(f"{name.name}:{inputs['Name']}", caller)

    def _check_version(self, function: FunctionRecord, version: str) -> None:
        if version != LATEST and version not in function.versions:
            raise refuse("function not found", arn=f"{function.arn}:{version}")

    def _weights(self, function: FunctionRecord, version: str, routing: Mapping[str, Any] | None) -> dict[str, float]:
        weights: dict[str, float] = (routing or {}).get("AdditionalVersionWeights") or {}
        if len(weights) > 1:
            raise refuse("too many weights")
        if weights and version == LATEST:
            raise refuse("latest with weights")
        for other in weights:
            if other == version:
                raise refuse("version in routing", version=other)
            self._check_version(function, other)
        return dict(weights)
