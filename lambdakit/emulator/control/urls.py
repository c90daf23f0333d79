"""Function URLs over the API: one for a function, one for each alias, served where the project's own are.

Source: AWS Lambda API reference, "CreateFunctionUrlConfig" and the operations beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.control.registry import page
from lambdakit.emulator.control.views import iso_moment
from lambdakit.emulator.project.spec import FunctionSpec, FunctionUrl
from lambdakit.exceptions import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit.emulator.control.record import FunctionRecord
    from lambdakit.emulator.control.registry import Caller, Faces, Inputs, Registry

__all__ = ("Urls",)

_MEMBERS = ("AuthType", "Cors", "InvokeMode")


class Urls:
    """The operations; `faces` is where URLs are served."""

    def __init__(self, registry: Registry, faces: Faces) -> None:
        self._registry = registry
        self._faces = faces

    async def create(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """CreateFunctionUrlConfig."""
        function, alias = self._target(inputs, caller, absent="no function for url")
        if alias in function.urls:
            raise refuse("url exists", arn=_arn(function, alias))
        now = iso_moment(self._registry.now())
        given = {member: inputs[member] for member in _MEMBERS if inputs.get(member) is not None}
        function.urls[alias] = {**given, "CreationTime": now, "LastModifiedTime": now}
        try:
            await self._serve(function)
        except EmulatorError:
            del function.urls[alias]
            raise
        return self._view(function, alias, without=("LastModifiedTime",))

    async def update(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """UpdateFunctionUrlConfig."""
        function, alias = self._target(inputs, caller, absent="no function for url")
        config = self._config(function, alias)
        config |= {member: inputs[member] for member in _MEMBERS if inputs.get(member) is not None}
        config["LastModifiedTime"] = iso_moment(self._registry.now())
        await self._serve(function)
        return self._view(function, alias)

    async def get(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """GetFunctionUrlConfig."""
        function, alias = self._target(inputs, caller, absent="no resource")
        self._config(function, alias)
        return {"InvokeMode": "BUFFERED", **self._view(function, alias)}

    async def delete(self, inputs: Inputs, caller: Caller) -> None:
        """DeleteFunctionUrlConfig."""
        function, alias = self._target(inputs, caller, absent="no resource")
        self._config(function, alias)
        del function.urls[alias]
        await self._serve(function)

    async def list_configs(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """ListFunctionUrlConfigs."""
        name = self._registry.named(inputs, caller)
        function = self._registry.function(name, caller, absent="no function for url")
        found = [
            (alias or "$", {"InvokeMode": "BUFFERED", **self._view(function, alias)}) for alias in sorted(function.urls)
        ]
        return page(inputs, "FunctionUrlConfigs", found)

    async def serve(self) -> None:
        """Serve the URLs and routes of all functions as they are now."""
        await self._faces.serve([spec for function in self._registry.functions.values() for spec in _specs(function)])

    async def _serve(self, function: FunctionRecord) -> None:
        self._registry.save(function)
        await self.serve()

    def _target(self, inputs: Inputs, caller: Caller, *, absent: str) -> tuple[FunctionRecord, str]:
        name = self._registry.named(inputs, caller)
        function = self._registry.function(name, caller, absent=absent)
        alias = name.qualifier or ""
        if alias and alias not in function.aliases and alias not in function.urls:
            raise refuse(absent)
        return function, alias

    def _config(self, function: FunctionRecord, alias: str) -> dict[str, Any]:
        if alias not in function.urls:
            raise refuse("no resource")
        return function.urls[alias]

    def _view(self, function: FunctionRecord, alias: str, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
        config = function.urls[alias]
        return {
            "FunctionUrl": self._faces.url_of(f"{function.name}:{alias}" if alias else function.name),
            "FunctionArn": _arn(function, alias),
            **{name: value for name, value in config.items() if name not in without},
        }


def _arn(function: FunctionRecord, alias: str) -> str:
    return f"{function.arn}:{alias}" if alias else function.arn


def _specs(function: FunctionRecord) -> Iterator[FunctionSpec]:
    """What is served of a function: itself with its own URL and routes, and each alias that has a URL."""
    spec = function.spec or FunctionSpec(function.latest.config)
    yield replace(spec, config=function.latest.config, url=_url(function, ""))
    for alias in function.urls:
        if alias:
            config = replace(function.latest.config, name=f"{function.name}:{alias}")
            yield FunctionSpec(config, url=_url(function, alias))


def _url(function: FunctionRecord, alias: str) -> FunctionUrl | None:
    config = function.urls.get(alias)
    if config is None:
        return None
    return FunctionUrl(config["AuthType"], config.get("InvokeMode", "BUFFERED"), config.get("Cors"))
