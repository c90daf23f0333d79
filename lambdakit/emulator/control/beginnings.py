"""The functions that are there when the service starts: the project's, and those that were created before.

A function of the project is adopted as it is, from its directory; what is done to it over the API lasts until a reset
or the end of the service. One that was created comes back from what was written down of it, and from the code store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdakit.emulator.control.functions import config_of
from lambdakit.emulator.control.record import FunctionRecord, VersionRecord, beside
from lambdakit.emulator.control.settings import Owner, settings_of_config
from lambdakit.emulator.control.versions import engine_alias
from lambdakit.emulator.control.views import service_moment
from lambdakit.emulator.function import LATEST
from lambdakit.exceptions import CodeError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambdakit.emulator.asynchronous.event import EventInvokeConfig
    from lambdakit.emulator.control.concurrency import Provisioned
    from lambdakit.emulator.control.registry import Registry
    from lambdakit.emulator.debugger import Debugger
    from lambdakit.emulator.project.spec import FunctionSpec

__all__ = ("Beginnings",)


class Beginnings:
    """Puts functions into a registry and its service."""

    def __init__(self, registry: Registry, provisioned: Provisioned, debuggers: Mapping[str, Debugger]) -> None:
        self._registry = registry
        self._provisioned = provisioned
        self._debuggers = debuggers

    async def adopt(self, project: Sequence[FunctionSpec]) -> None:
        """Serve the functions of the project. Raises UsageError where two have one name."""
        for spec in project:
            self._adopt(spec)
        for spec in project:
            if spec.name in self._debuggers:
                self._registry.service.start_ahead(spec.name)
            elif spec.provisioned_concurrency:
                await self._registry.service.provision(spec.name, spec.provisioned_concurrency)

    def _adopt(self, spec: FunctionSpec) -> None:
        config = spec.config
        service = self._registry.service
        service.add(config, debugger=self._debuggers.get(spec.name))
        if spec.reserved_concurrency is not None:
            service.reserve(spec.name, spec.reserved_concurrency)
        now = service_moment(self._registry.now())
        latest = VersionRecord(LATEST, settings_of_config(config), config, None, now, state="Active")
        latest.update = "Successful"
        function = FunctionRecord(config.name, config.region, config.account_id, latest, spec)
        function.reserved = spec.reserved_concurrency
        function.event_invoke = _event_invoke_of(spec.event_invoke, self._registry.now())
        if spec.url is not None:
            function.urls[""] = _url_of(spec, now)
        self._registry.functions[config.name] = function
        self._registry.save(function)

    def resume(self, document: Mapping[str, Any]) -> None:
        """Serve a function that was written down, or note why it cannot be served."""
        registry, name = self._registry, document["name"]
        if name in registry.functions:
            registry.note(f"{name}: the project has a function of that name, so the one that was created stays away")
            return
        try:
            function = self._read(document)
        except (CodeError, ServiceError) as error:
            registry.note(f"{name}: it was created before and cannot be served now: {error}")
            return
        registry.functions[name] = function
        service = registry.service
        service.add(function.latest.config)
        if function.reserved is not None:
            service.reserve(name, function.reserved)
        for version in function.versions.values():
            service.publish(version.config)
        for alias in function.aliases.values():
            service.point(name, alias.name, engine_alias(alias))
        self._provisioned.resume(function)
        registry.configure_events(function)

    def _read(self, document: Mapping[str, Any]) -> FunctionRecord:
        owner = Owner(document["name"], document["region"], document["account_id"])
        versions = {found["version"]: self._read_version(owner, found) for found in document["versions"]}
        latest = self._read_version(owner, document["latest"])
        return FunctionRecord(*owner, latest, versions=versions, **beside(document))

    def _read_version(self, owner: Owner, document: Mapping[str, Any]) -> VersionRecord:
        code = self._registry.codes.store.get(document["code"])
        config = config_of(
            owner, document["settings"], code, self._registry.codes.store.root, version=document["version"]
        )
        return VersionRecord(
            document["version"],
            dict(document["settings"]),
            config,
            code,
            document["last_modified"],
            document["revision_id"],
            "Active",
            "Successful",
        )


def _event_invoke_of(config: EventInvokeConfig, now: float) -> dict[str, dict[str, Any]]:
    """What a project says of asynchronous events, as the API has it; nothing where that is the default."""
    if config == type(config)(dead_letter=config.dead_letter):
        return {}
    destinations = {
        side: {"Destination": arn}
        for side, arn in (("OnSuccess", config.on_success), ("OnFailure", config.on_failure))
        if arn
    }
    found: dict[str, Any] = {
        "MaximumRetryAttempts": config.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": int(config.maximum_event_age),
        "DestinationConfig": destinations,
        "LastModified": now,
    }
    return {LATEST: found}


def _url_of(spec: FunctionSpec, now: str) -> dict[str, Any]:
    url = spec.url
    assert url is not None
    found: dict[str, Any] = {"AuthType": url.auth_type, "InvokeMode": url.invoke_mode}
    if url.cors:
        found["Cors"] = dict(url.cors)
    return {**found, "CreationTime": now, "LastModifiedTime": now}
