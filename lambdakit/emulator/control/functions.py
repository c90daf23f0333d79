"""CreateFunction and what follows it: the functions themselves, their code and their configuration.

Source: AWS Lambda API reference, the operations of the same names; AWS Lambda developer guide, "Lambda function
states".
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.control.record import FunctionRecord, VersionRecord
from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.control.registry import page
from lambdakit.emulator.control.runtimes import command_of
from lambdakit.emulator.control.settings import Owner, changed, created, fields_of, without_effect
from lambdakit.emulator.control.versions import next_version
from lambdakit.emulator.control.views import configuration, service_moment
from lambdakit.emulator.function import LATEST, FunctionConfig
from lambdakit.emulator.snapstart import initialization_type_of
from lambdakit.exceptions import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lambdakit.emulator.code.store import StoredCode
    from lambdakit.emulator.control.registry import Caller, Inputs, Registry

__all__ = ("Functions", "config_of")

NAME_LENGTH = 64


class Functions:
    """The operations. `location` makes the address of an archive from the caller's address and its digest."""

    def __init__(self, registry: Registry, location: Callable[[str, str], str]) -> None:
        self._registry = registry
        self._codes = registry.codes
        self._location = location

    # creating

    async def create(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """CreateFunction."""
        registry = self._registry
        name = self._new_name(inputs, caller)
        owner = Owner(name, caller.region or registry.region, registry.account_id)
        if inputs.get("PackageType") == "Image" or inputs["Code"].get("ImageUri"):
            raise refuse("image")
        settings = created(inputs, owner)
        registry.coming.add(name)
        try:
            code = await self._codes.take(inputs["Code"], owner.region)
            config = config_of(owner, settings, code, self._codes.store.root)
        finally:
            registry.coming.discard(name)
        latest = VersionRecord(LATEST, settings, config, code, service_moment(registry.now()))
        function = FunctionRecord(*owner, latest, tags=dict(inputs.get("Tags") or {}))
        registry.functions[name] = function
        self._note(function, inputs)
        shown = latest
        if inputs.get("Publish"):
            shown = next_version(function, code)
        registry.save(function)
        registry.later(partial(self._created, function))
        return configuration(function, shown, await self._codes.facts(shown))

    def _new_name(self, inputs: Inputs, caller: Caller) -> str:
        registry = self._registry
        name = registry.named(inputs, caller)
        if len(name.name) > NAME_LENGTH:
            raise refuse("name too long", name=name.name)
        if name.qualifier is not None:
            raise refuse("name with qualifier", name=inputs["FunctionName"])
        if name.name in registry.functions or name.name in registry.coming:
            raise refuse("function exists", name=name.name)
        return name.name

    def _created(self, function: FunctionRecord) -> None:
        """The function is there: it can be invoked."""
        if not self._registry.is_current(function):
            return
        function.latest.state = "Active"
        function.latest.update = "Successful"
        self._registry.service.add(function.latest.config)
        self._registry.stamp(function.latest)
        self._serve_versions(function)
        self._registry.save(function)

    def _serve_versions(self, function: FunctionRecord) -> None:
        for version in function.versions.values():
            if version.state == "Pending":
                version.state, version.update = "Active", "Successful"
                self._registry.service.publish(version.config)

    # reading

    async def get(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """GetFunction."""
        name = self._registry.named(inputs, caller)
        function, version = self._registry.version(name, caller)
        view = configuration(function, version, await self._codes.facts(version), qualifier=name.qualifier)
        answer: dict[str, Any] = {"Configuration": view, "Code": await self._where(version, caller)}
        if function.tags:
            answer["Tags"] = function.tags
        if function.reserved is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
        return answer

    async def _where(self, version: VersionRecord, caller: Caller) -> dict[str, str]:
        """Where the code can be fetched; nowhere, if a project's directory is more than an archive may be."""
        try:
            code = await self._codes.pinned(version)
        except ServiceError:
            return {"RepositoryType": "S3"}
        return {"RepositoryType": "S3", "Location": self._location(caller.address, code.sha256)}

    async def get_configuration(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """GetFunctionConfiguration."""
        name = self._registry.named(inputs, caller)
        function, version = self._registry.version(name, caller)
        return configuration(function, version, await self._codes.facts(version), qualifier=name.qualifier)

    async def list_functions(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """ListFunctions: of each its $LATEST, or all versions."""
        found: list[tuple[str, FunctionRecord, VersionRecord]] = []
        everything = inputs.get("FunctionVersion") == "ALL"
        for name, function in sorted(self._registry.functions.items()):
            found.append((name, function, function.latest))
            if everything:
                found += [(f"{name}:{v.version}", function, v) for v in function.versions.values()]
        # Only what is on the page is looked at: describing a directory's code means to read it.
        answer = page(inputs, "Functions", ((key, (function, version)) for key, function, version in found))
        answer["Functions"] = [
            configuration(
                function,
                version,
                await self._codes.facts(version),
                qualifier=version.version if everything else None,
                form="listed",
            )
            for function, version in answer["Functions"]
        ]
        return answer

    # updating

    async def update_code(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """UpdateFunctionCode."""
        registry = self._registry
        function = registry.function(registry.named(inputs, caller), caller)
        registry.check_revision(inputs.get("RevisionId"), function.latest.revision_id)
        if inputs.get("ImageUri"):
            raise refuse("image for zip")
        registry.check_idle(function)
        function.busy = True
        try:
            code = await self._codes.take(inputs, function.region)
        finally:
            function.busy = False
        if not registry.is_current(function):  # deleted meanwhile
            raise refuse("function not found", arn=function.arn)
        latest = self._with_code(function, inputs, code)
        if inputs.get("DryRun"):
            return configuration(function, latest, await self._codes.facts(latest))
        return await self._changed(function, latest, publish=bool(inputs.get("Publish")))

    def _with_code(self, function: FunctionRecord, inputs: Inputs, code: StoredCode) -> VersionRecord:
        """What $LATEST will be."""
        before = function.latest
        settings = {**before.settings, "Architectures": inputs.get("Architectures", before.settings["Architectures"])}
        config = replace(before.config, task_root=code.folder)
        if config.runtime.startswith("provided"):
            command = command_of(config.runtime, code.folder, self._codes.store.root)
            config = replace(config, runtime_command=command)
        return replace(before, settings=settings, code=code, config=config)

    async def update_configuration(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """UpdateFunctionConfiguration."""
        registry = self._registry
        function = registry.function(registry.named(inputs, caller), caller)
        registry.check_revision(inputs.get("RevisionId"), function.latest.revision_id)
        registry.check_idle(function)
        before = function.latest
        settings = changed(before.settings, inputs, registry.owner(function))
        given = {name: value for name, value in inputs.items() if value is not None}
        fields = fields_of(settings, given)
        if "Runtime" in given:
            fields["runtime_command"] = command_of(settings["Runtime"], before.config.task_root, self._codes.store.root)
        self._note(function, inputs)
        latest = replace(before, settings=settings, config=replace(before.config, **fields))
        return await self._changed(function, latest, publish=False)

    async def _changed(self, function: FunctionRecord, latest: VersionRecord, *, publish: bool) -> dict[str, Any]:
        """Make this the function's $LATEST; what runs until then goes on running."""
        registry = self._registry
        function.latest = shown = latest
        function.unchanged_since = None
        latest.update = "InProgress"
        registry.stamp(latest)
        if publish:
            shown = next_version(function, await self._codes.pinned(latest))
        registry.save(function)
        registry.later(partial(self._updated, function, latest))
        qualifier = shown.version if publish else None
        return configuration(function, shown, await self._codes.facts(shown), qualifier=qualifier)

    def _updated(self, function: FunctionRecord, latest: VersionRecord) -> None:
        if not self._registry.is_current(function):
            return
        latest.update = "Successful"
        self._registry.service.replace(latest.config)
        self._registry.stamp(latest)
        self._serve_versions(function)
        self._registry.save(function)

    def _note(self, function: FunctionRecord, inputs: Inputs) -> None:
        for member in without_effect(inputs):
            self._registry.note(f"{function.name}: {member} has no effect here")


def config_of(
    owner: Owner, settings: Mapping[str, Any], code: StoredCode, scratch: Path, *, version: str = LATEST
) -> FunctionConfig:
    """The engine's configuration of a function. Raises ServiceError where its runtime cannot be started here."""
    command = command_of(settings["Runtime"], code.folder, scratch)
    fields: dict[str, Any] = {"runtime_command": command, **fields_of(settings)}
    return FunctionConfig(
        name=owner.name,
        region=owner.region,
        account_id=owner.account_id,
        version=version,
        task_root=code.folder,
        initialization_type=initialization_type_of(settings, version) or "on-demand",
        **fields,
    )
