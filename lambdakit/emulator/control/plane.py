"""The control plane as one object: the operations by their names, and the project's functions among the others.

    plane = ControlPlane(service, backstage, state=state, location=links.link)
    await plane.start(functions)
    await plane.call("CreateFunction", {"FunctionName": "f", ...}, Caller("us-east-1"))

Source: AWS Lambda API reference, "Actions".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.code.store import CodeStore
from lambdakit.emulator.control.beginnings import Beginnings
from lambdakit.emulator.control.codes import Codes
from lambdakit.emulator.control.concurrency import Account, Provisioned, Reserved
from lambdakit.emulator.control.constraints import check
from lambdakit.emulator.control.events import EventInvoke
from lambdakit.emulator.control.functions import Functions
from lambdakit.emulator.control.inputs import INPUTS
from lambdakit.emulator.control.keeper import FUNCTIONS_FILE, Keeper
from lambdakit.emulator.control.registry import Registry
from lambdakit.emulator.control.urls import Urls
from lambdakit.emulator.control.versions import Aliases, Versions
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import TypeAlias

    from lambdakit.emulator.backstage import Backstage
    from lambdakit.emulator.control.record import FunctionRecord
    from lambdakit.emulator.control.registry import Caller, Faces, Inputs
    from lambdakit.emulator.debugger import Debugger
    from lambdakit.emulator.project.spec import FunctionSpec
    from lambdakit.emulator.service import LocalService

    Handler: TypeAlias = Callable[[Inputs, Caller], Awaitable[dict[str, Any] | None]]

__all__ = ("ControlPlane",)

CODE_FOLDER = "code"


class ControlPlane:
    """See the module's text.

    With a `state` directory what is created here outlives the process, code included. `faces` serves function URLs;
    without it their operations are not there. `location` makes the address at which an archive can be fetched.
    `seconds` is how long a function is Pending, or an update InProgress, by the service's clock; with 0 that is over
    when the answer has been sent. `note` is told what a request asks for that has no effect here. `debuggers` are those
    of the project's functions, by name.
    """

    def __init__(
        self,
        service: LocalService,
        backstage: Backstage,
        *,
        state: Path | None = None,
        location: Callable[[str, str], str],
        faces: Faces | None = None,
        seconds: float = 0.0,
        note: Callable[[str], None] | None = None,
        debuggers: Mapping[str, Debugger] | None = None,
    ) -> None:
        self.store = CodeStore(None if state is None else state / CODE_FOLDER)
        self._keeper = Keeper(None if state is None else state / FUNCTIONS_FILE)
        self.registry = Registry(
            service,
            backstage,
            Codes(self.store),
            self._keeper,
            backstage.region,
            backstage.account_id,
            seconds,
        )
        if note is not None:
            self.registry.note = note
        self._project: Sequence[FunctionSpec] = ()
        self._provisioned = Provisioned(self.registry)
        self._beginnings = Beginnings(self.registry, self._provisioned, debuggers or {})
        self._urls = None if faces is None else Urls(self.registry, faces)
        self._versions = Versions(self.registry)
        self._operations = self._table(location)

    async def __aenter__(self) -> ControlPlane:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def operations(self) -> frozenset[str]:
        """The names of the operations there are."""
        return frozenset(self._operations)

    async def call(self, operation: str, inputs: Inputs, caller: Caller) -> dict[str, Any] | None:
        """Do one operation; None where its answer is empty. Raises ServiceError."""
        check(inputs, INPUTS[operation])
        return await self._operations[operation](inputs, caller)

    def _table(self, location: Callable[[str, str], str]) -> dict[str, Handler]:
        registry = self.registry
        functions, versions = Functions(registry, location), self._versions
        aliases, reserved, events = Aliases(registry, self._alias_moved), Reserved(registry), EventInvoke(registry)
        provisioned = self._provisioned
        table: dict[str, Handler] = {
            "CreateFunction": functions.create,
            "GetFunction": functions.get,
            "GetFunctionConfiguration": functions.get_configuration,
            "ListFunctions": functions.list_functions,
            "UpdateFunctionCode": functions.update_code,
            "UpdateFunctionConfiguration": functions.update_configuration,
            "DeleteFunction": self._delete,
            "PublishVersion": versions.publish,
            "ListVersionsByFunction": versions.list_versions,
            "CreateAlias": aliases.create,
            "GetAlias": aliases.get,
            "UpdateAlias": aliases.update,
            "DeleteAlias": aliases.delete,
            "ListAliases": aliases.list_aliases,
            "PutFunctionConcurrency": reserved.put,
            "GetFunctionConcurrency": reserved.get,
            "DeleteFunctionConcurrency": reserved.delete,
            "PutProvisionedConcurrencyConfig": provisioned.put,
            "GetProvisionedConcurrencyConfig": provisioned.get,
            "DeleteProvisionedConcurrencyConfig": provisioned.delete,
            "ListProvisionedConcurrencyConfigs": provisioned.list_configs,
            "PutFunctionEventInvokeConfig": events.put,
            "UpdateFunctionEventInvokeConfig": events.update,
            "GetFunctionEventInvokeConfig": events.get,
            "DeleteFunctionEventInvokeConfig": events.delete,
            "ListFunctionEventInvokeConfigs": events.list_configs,
            "GetAccountSettings": Account(registry).settings,
        }
        if self._urls is not None:
            table |= {
                "CreateFunctionUrlConfig": self._urls.create,
                "UpdateFunctionUrlConfig": self._urls.update,
                "GetFunctionUrlConfig": self._urls.get,
                "DeleteFunctionUrlConfig": self._urls.delete,
                "ListFunctionUrlConfigs": self._urls.list_configs,
            }
        return table

    async def _alias_moved(self, function: FunctionRecord, alias: str) -> None:
        self._provisioned.moved(function, alias)

    # removing

    async def _delete(self, inputs: Inputs, caller: Caller) -> None:
        """DeleteFunction: a version of it, or all there is of it."""
        registry = self.registry
        name = registry.named(inputs, caller)
        function = registry.function(name, caller)
        if name.qualifier is not None:
            await self._versions.delete(function, name.qualifier)
            return
        self._forget(function)
        await self._serve_urls()

    def _forget(self, function: FunctionRecord) -> None:
        del self.registry.functions[function.name]
        self.registry.backstage.remove_configuration(function.name)
        if function.latest.state == "Active":
            self.registry.service.remove(function.name)
        self._keeper.remove(function.name)

    async def _serve_urls(self) -> None:
        if self._urls is not None:
            await self._urls.serve()

    # the functions that are there from the start

    async def start(self, project: Sequence[FunctionSpec] = ()) -> None:
        """Serve the project's functions, and those that were written down; twice is a mistake.

        Raises UsageError where two functions of the project have one name.
        """
        self._project = project
        await self._beginnings.adopt(project)
        for document in self._keeper.read_all():
            self._beginnings.resume(document)
        self._tidy()
        await self._serve_urls()

    async def follow(self, project: Sequence[FunctionSpec]) -> list[str]:
        """Serve the project as it is described now; returns the names of the functions for which that is otherwise.

        They begin anew, without what was done to them over the API; those that are no longer described are gone, those
        of the same description stay as they are. Raises UsageError where a name is taken.
        """
        before = {spec.name: _described(spec) for spec in self._project}
        now = {spec.name: spec for spec in project}
        if len(now) < len(project):
            raise UsageError("Two functions of the project have one name.")
        taken = [name for name in now if name not in before and name in self.registry.functions]
        if taken:
            raise UsageError(f"A function called {taken[0]} was created before; delete it, or name yours otherwise.")
        changed = [name for name, spec in now.items() if before.get(name) != _described(spec)]
        gone = [name for name in before if name not in now]
        for name in (*gone, *changed):
            function = self.registry.functions.get(name)
            if function is not None:
                self._forget(function)
        self._project = project
        await self._beginnings.adopt([now[name] for name in changed])
        self._tidy()
        await self._serve_urls()
        return [*changed, *gone]

    async def reset(self) -> None:
        """Be as at the start, with the project's functions only and nothing of what was created here."""
        backstage = self.registry.backstage
        await backstage.empty_queue()
        for function in list(self.registry.functions.values()):
            self._forget(function)
        await self.registry.service.reset()
        backstage.forget()
        await self._beginnings.adopt(self._project)
        self._tidy()
        await self._serve_urls()

    async def stop(self) -> None:
        """Wait for nothing any more, and close what is written."""
        await self.registry.stop()
        self._keeper.close()
        self.store.close()

    def _tidy(self) -> None:
        """Remove the code that nothing has any more."""
        digests = {
            version.code.sha256
            for function in self.registry.functions.values()
            for version in (function.latest, *function.versions.values())
            if version.code is not None
        }
        self.store.keep_only(
            digests, {path for spec in self._project for path in (spec.config.task_root, *spec.layers)}
        )


def _described(spec: FunctionSpec) -> FunctionSpec:
    """The function without the lines of files that its values are from, which change when nothing else does."""
    return replace(spec, origins={})
