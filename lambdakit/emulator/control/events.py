"""How a function's asynchronous events are retried and where they end, for each qualifier.

Put replaces what there was, Update adds to it. Source: AWS Lambda API reference, "PutFunctionEventInvokeConfig" and the
operations beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.control.registry import page
from lambdakit.emulator.function import LATEST
from lambdakit.emulator.names import parse_name
from lambdakit.exceptions import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.control.record import FunctionRecord
    from lambdakit.emulator.control.registry import Caller, Inputs, Registry

__all__ = ("EventInvoke",)

_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_SERVICES = ("sqs", "sns", "lambda", "events", "s3")
_SIDES = (("OnSuccess", "success"), ("OnFailure", "failure"))


class EventInvoke:
    """The operations."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def put(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """PutFunctionEventInvokeConfig."""
        return self._set(inputs, caller, {})

    async def update(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """UpdateFunctionEventInvokeConfig."""
        function, qualifier = self._target(inputs, caller)
        before = function.event_invoke.get(qualifier)
        if before is None:
            raise refuse("no event invoke config", arn=f"{function.arn}:{qualifier}")
        return self._set(inputs, caller, before)

    async def get(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """GetFunctionEventInvokeConfig."""
        function, qualifier = self._configured(inputs, caller)
        return _view(function, qualifier)

    async def delete(self, inputs: Inputs, caller: Caller) -> None:
        """DeleteFunctionEventInvokeConfig."""
        function, qualifier = self._configured(inputs, caller)
        del function.event_invoke[qualifier]
        self._registry.save(function)

    async def list_configs(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """ListFunctionEventInvokeConfigs."""
        name = self._registry.named(inputs, caller)
        function = self._registry.function(name, caller, absent="function does not exist")
        found = [(qualifier, _view(function, qualifier)) for qualifier in sorted(function.event_invoke)]
        return page(inputs, "FunctionEventInvokeConfigs", found)

    def _set(self, inputs: Inputs, caller: Caller, before: Mapping[str, Any]) -> dict[str, Any]:
        given = {member: inputs[member] for member in _MEMBERS if inputs.get(member) is not None}
        if not given:
            raise refuse("nothing to configure")
        function, qualifier = self._target(inputs, caller)
        self._check_destinations(function, given.get("DestinationConfig", {}))
        if "DestinationConfig" in given:
            given["DestinationConfig"] = {**before.get("DestinationConfig", {}), **given["DestinationConfig"]}
        function.event_invoke[qualifier] = {**before, **given, "LastModified": self._registry.now()}
        self._registry.save(function)
        return _view(function, qualifier)

    def _check_destinations(self, function: FunctionRecord, config: Mapping[str, Any]) -> None:
        targets: dict[str, str] = {side: config.get(member, {}).get("Destination") or "" for member, side in _SIDES}
        for arn in filter(None, targets.values()):
            parts = arn.split(":")
            service = parts[2] if len(parts) > 5 else ""
            if service not in _SERVICES:
                shown = {
                    side: "null" if not target else f"On{side.capitalize()}(destination={target})"
                    for side, target in targets.items()
                }
                raise refuse("unsupported destination", **shown)
            if service == "lambda":
                self._check_function(function, arn)

    def _check_function(self, function: FunctionRecord, arn: str) -> None:
        try:
            name = parse_name(arn)
        except ServiceError:
            raise refuse("bad destination", arn=arn) from None
        if name.name == function.name:
            raise refuse("own destination")
        found = self._registry.functions.get(name.name)
        if found is None or found.version(name.qualifier) is None:
            raise refuse("bad destination", arn=arn)

    def _target(self, inputs: Inputs, caller: Caller) -> tuple[FunctionRecord, str]:
        name = self._registry.named(inputs, caller)
        function = self._registry.function(name, caller, absent="function does not exist")
        qualifier = name.qualifier or LATEST
        if function.version(qualifier) is None:
            raise refuse("function does not exist")
        return function, qualifier

    def _configured(self, inputs: Inputs, caller: Caller) -> tuple[FunctionRecord, str]:
        name = self._registry.named(inputs, caller)
        function = self._registry.functions.get(name.name)
        qualifier = name.qualifier or LATEST
        if function is None or qualifier not in function.event_invoke:
            raise refuse("no event invoke config", arn=self._registry.arn(f"{name.name}:{qualifier}", caller))
        return function, qualifier


def _view(function: FunctionRecord, qualifier: str) -> dict[str, Any]:
    own = function.event_invoke[qualifier]
    return {
        "FunctionArn": f"{function.arn}:{qualifier}",
        **{name: value for name, value in own.items() if name != "DestinationConfig"},
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}, **own.get("DestinationConfig", {})},
    }
