"""Reserved and provisioned concurrency, as operations on the service's ledger.

Source: AWS Lambda API reference, the operations of the same names; AWS Lambda developer guide, "Configuring reserved
concurrency" and "Configuring provisioned concurrency".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdakit.emulator.control.record import ProvisionedRecord
from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.control.registry import page
from lambdakit.emulator.control.views import service_moment
from lambdakit.emulator.function import LATEST

if TYPE_CHECKING:
    from lambdakit.emulator.control.record import FunctionRecord
    from lambdakit.emulator.control.registry import Caller, Inputs, Registry
    from lambdakit.emulator.names import FunctionName

__all__ = ("Account", "Provisioned", "Reserved")

_FAILED = "FUNCTION_ERROR_INIT_FAILURE"
# Quotas of an account that are the same for everyone.
_TOTAL_CODE_BYTES, _UNZIPPED_BYTES, _ZIPPED_BYTES = 80_530_636_800, 262_144_000, 52_428_800


class Reserved:
    """The operations on a function's reserved concurrency."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def put(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """PutFunctionConcurrency."""
        function = self._function(inputs, caller, said=f":{LATEST}")
        amount: int = inputs["ReservedConcurrentExecutions"]
        self._registry.service.reserve(function.name, amount)
        function.reserved = amount
        self._registry.save(function)
        return {"ReservedConcurrentExecutions": amount}

    async def get(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """GetFunctionConcurrency."""
        function = self._function(inputs, caller)
        return {} if function.reserved is None else {"ReservedConcurrentExecutions": function.reserved}

    async def delete(self, inputs: Inputs, caller: Caller) -> None:
        """DeleteFunctionConcurrency."""
        function = self._function(inputs, caller)
        self._registry.service.reserve(function.name, None)
        function.reserved = None
        self._registry.save(function)

    def _function(self, inputs: Inputs, caller: Caller, *, said: str = "") -> FunctionRecord:
        name = self._registry.named(inputs, caller)
        if name.qualifier is not None:
            raise refuse("concurrency of function only")
        if name.name not in self._registry.functions:
            raise refuse("function not found", arn=self._registry.arn(name.name + said, caller))
        return self._registry.functions[name.name]


class Provisioned:
    """The operations on the provisioned concurrency of versions and aliases."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def put(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """PutProvisionedConcurrencyConfig: the environments are initialised after the answer."""
        function, qualifier = self._target(inputs, caller, latest="provisioned unpublished")
        version = function.version(qualifier)
        assert version is not None
        if version.version == LATEST:
            raise refuse("provisioned unpublished")
        for other, found in function.provisioned.items():
            if other != qualifier and found.version == version.version:
                raise refuse("version provisioned" if qualifier in function.aliases else "alias provisioned")
        amount: int = inputs["ProvisionedConcurrentExecutions"]
        now = service_moment(self._registry.now())
        record = ProvisionedRecord(version.version, amount, now)
        record.filling = self._registry.service.promise(f"{function.name}:{version.version}", amount)
        function.provisioned[qualifier] = record
        self._registry.save(function)
        return self._view(function, record)

    async def get(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """GetProvisionedConcurrencyConfig."""
        function, qualifier = self._target(inputs, caller, latest="provisioned of published")
        record = function.provisioned.get(qualifier)
        if record is None:
            raise refuse("no provisioned config")
        return self._view(function, record)

    async def delete(self, inputs: Inputs, caller: Caller) -> None:
        """DeleteProvisionedConcurrencyConfig."""
        function, qualifier = self._target(inputs, caller, latest="provisioned of published")
        self._end(function, qualifier)
        self._registry.save(function)

    async def list_configs(self, inputs: Inputs, caller: Caller) -> dict[str, Any]:
        """ListProvisionedConcurrencyConfigs."""
        function = self._registry.function(self._registry.named(inputs, caller), caller)
        found = [
            (qualifier, {"FunctionArn": f"{function.arn}:{qualifier}", **self._view(function, record)})
            for qualifier, record in sorted(function.provisioned.items())
        ]
        return page(inputs, "ProvisionedConcurrencyConfigs", found)

    def moved(self, function: FunctionRecord, alias: str) -> None:
        """An alias points elsewhere, or is gone: what is provisioned for it follows."""
        record = function.provisioned.get(alias)
        if record is None:
            return
        self._end(function, alias)
        target = function.aliases.get(alias)
        if target is not None and target.version != LATEST:
            following = ProvisionedRecord(target.version, record.requested, service_moment(self._registry.now()))
            following.filling = self._registry.service.promise(f"{function.name}:{target.version}", record.requested)
            function.provisioned[alias] = following

    def resume(self, function: FunctionRecord) -> None:
        """Initialise what a function that was written down is to have."""
        for record in function.provisioned.values():
            record.filling = self._registry.service.promise(f"{function.name}:{record.version}", record.requested)

    def _end(self, function: FunctionRecord, qualifier: str) -> None:
        record = function.provisioned.pop(qualifier, None)
        if record is not None:
            self._registry.service.promise(f"{function.name}:{record.version}", 0)

    def _target(self, inputs: Inputs, caller: Caller, *, latest: str) -> tuple[FunctionRecord, str]:
        registry = self._registry
        name: FunctionName = registry.named(inputs, caller)
        qualifier = name.qualifier or LATEST
        if qualifier == LATEST:
            raise refuse(latest)
        function = registry.functions.get(name.name)
        if function is None or function.version(qualifier) is None:
            row = "function not found" if qualifier.isdecimal() else "no alias"
            raise refuse(row, arn=registry.arn(f"{name.name}:{qualifier}", caller))
        return function, qualifier

    def _view(self, function: FunctionRecord, record: ProvisionedRecord) -> dict[str, Any]:
        ready = self._registry.service.provisioned(f"{function.name}:{record.version}")
        over = record.filling is None or record.filling.done()
        status = "IN_PROGRESS" if not over else "READY" if ready >= record.requested else "FAILED"
        view: dict[str, Any] = {
            "RequestedProvisionedConcurrentExecutions": record.requested,
            "AvailableProvisionedConcurrentExecutions": ready if over else 0,
            "AllocatedProvisionedConcurrentExecutions": ready if over else 0,
            "Status": status,
            "LastModified": record.last_modified,
        }
        return {**view, "StatusReason": _FAILED} if status == "FAILED" else view


class Account:
    """GetAccountSettings."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def settings(self, _: Inputs, __: Caller) -> dict[str, Any]:
        """The account's limits, and what of them is used."""
        ledger = self._registry.service.ledger
        used = 0
        for function in self._registry.functions.values():
            for version in (function.latest, *function.versions.values()):
                used += (await self._registry.codes.facts(version)).size
        reserved = sum(function.reserved or 0 for function in self._registry.functions.values())
        return {
            "AccountLimit": {
                "TotalCodeSize": _TOTAL_CODE_BYTES,
                "CodeSizeUnzipped": _UNZIPPED_BYTES,
                "CodeSizeZipped": _ZIPPED_BYTES,
                "ConcurrentExecutions": ledger.limit,
                "UnreservedConcurrentExecutions": ledger.limit - reserved,
            },
            "AccountUsage": {"TotalCodeSize": used, "FunctionCount": len(self._registry.functions)},
        }
