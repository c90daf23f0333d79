"""The functions there are, and what all operations on them need: who is meant, what time it is, and who is told.

A function that is Pending is here and not yet in the service; what changes of a function is written down at once where
it was created here (see `keeper`), and lasts until the end or a reset where the project made it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from lambdakit.emulator.asynchronous.event import (
    MAXIMUM_EVENT_AGE_SECONDS,
    MAXIMUM_RETRY_ATTEMPTS,
    EventInvokeConfig,
)
from lambdakit.emulator.clock import VirtualClock
from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.control.settings import Owner
from lambdakit.emulator.control.views import service_moment
from lambdakit.emulator.function import LATEST
from lambdakit.emulator.ids import new_uuid
from lambdakit.emulator.names import parse_name
from lambdakit.emulator.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from lambdakit.emulator.backstage import Backstage
    from lambdakit.emulator.control.codes import Codes
    from lambdakit.emulator.control.keeper import Keeper
    from lambdakit.emulator.control.record import FunctionRecord, VersionRecord
    from lambdakit.emulator.names import FunctionName
    from lambdakit.emulator.project.spec import FunctionSpec
    from lambdakit.emulator.service import LocalService
    from lambdakit.exceptions import ServiceError

__all__ = ("Caller", "Faces", "Inputs", "Registry", "page")

PAGE = 50

# The members of a request: of its body, its path and its query as one.
Inputs: TypeAlias = "Mapping[str, Any]"


class Caller(NamedTuple):
    """Who asks: the region the request is signed for, and the address by which the service was reached."""

    region: str | None = None
    address: str = ""


class Faces(Protocol):
    """Where function URLs are served."""

    async def serve(self, functions: Sequence[FunctionSpec], /) -> None:
        """Serve the URLs and routes of these functions, and no others."""
        ...

    def url_of(self, function: str, /) -> str:
        """The URL of a function, or of an alias of it (`f:live`)."""
        ...


@dataclass
class Registry:
    """See the module's text. `seconds` is how long a function is Pending, or an update InProgress, by the clock."""

    service: LocalService
    backstage: Backstage
    codes: Codes
    keeper: Keeper
    region: str
    account_id: str
    seconds: float = 0.0
    note: Callable[[str], None] = lambda text: None
    functions: dict[str, FunctionRecord] = field(default_factory=lambda: cast("dict[str, FunctionRecord]", {}))
    # Names of functions whose code is still being fetched.
    coming: set[str] = field(default_factory=lambda: cast("set[str]", set()))
    _later: set[asyncio.Task[None]] = field(default_factory=lambda: cast("set[asyncio.Task[None]]", set()))
    _due: dict[asyncio.Task[None], float] = field(default_factory=lambda: cast("dict[asyncio.Task[None], float]", {}))

    def __post_init__(self) -> None:
        self.service.on_absent = self._absent
        clock = self.backstage.clock
        if self.seconds and isinstance(clock, VirtualClock):
            clock.attend(lambda: min(self._due.values(), default=None), self._settled)

    # who is meant

    def named(self, inputs: Inputs, caller: Caller) -> FunctionName:
        """The function and qualifier that a request names, both ways. Raises ServiceError."""
        name = parse_name(inputs["FunctionName"], inputs.get("Qualifier"))
        here = caller.region or self.region
        if name.region is not None and name.region != here:
            raise refusal("other region", region=name.region, here=here)
        if name.account is not None and name.account != self.account_id:
            raise refusal("other account")
        return name

    def function(self, name: FunctionName, caller: Caller, *, absent: str = "function not found") -> FunctionRecord:
        """The function of that name. Raises ServiceError, `absent` of the table, where there is none."""
        found = self.functions.get(name.name)
        if found is None:
            raise refuse(absent, arn=self.arn(name.name, caller))
        return found

    def version(self, name: FunctionName, caller: Caller) -> tuple[FunctionRecord, VersionRecord]:
        """The function, and what the qualifier means of it. Raises ServiceError."""
        qualified = name.name if name.qualifier is None else f"{name.name}:{name.qualifier}"
        function = self.functions.get(name.name)
        version = None if function is None else function.version(name.qualifier)
        if function is None or version is None:
            raise refuse("function not found", arn=self.arn(qualified, caller))
        return function, version

    def arn(self, name: str, caller: Caller) -> str:
        """The ARN of a function that may not be there."""
        return f"arn:aws:lambda:{caller.region or self.region}:{self.account_id}:function:{name}"

    def owner(self, function: FunctionRecord) -> Owner:
        """Whose settings a function's are."""
        return Owner(function.name, function.region, function.account_id)

    # changes

    def now(self) -> float:
        """This moment, by the service's clock."""
        return self.backstage.clock.now()

    def stamp(self, version: VersionRecord) -> None:
        """Note that a version has changed."""
        version.revision_id = new_uuid()
        version.last_modified = service_moment(self.now())

    def check_revision(self, given: str | None, current: str) -> None:
        """Raise ServiceError if the caller means another state than there is."""
        if given is not None and given != current:
            raise refuse("stale revision")

    def check_idle(self, function: FunctionRecord) -> None:
        """Raise ServiceError while the function is being created or changed."""
        latest = function.latest
        if function.busy or latest.state == "Pending" or latest.update == "InProgress":
            raise refuse("in progress", arn=function.arn)

    def is_current(self, function: FunctionRecord) -> bool:
        """Whether this is still the function of its name."""
        return self.functions.get(function.name) is function

    def save(self, function: FunctionRecord) -> None:
        """Write a function down that was created here, and have the queue know its settings."""
        if function.spec is None:
            self.keeper.write(function.name, function.document())
        self.configure_events(function)

    def configure_events(self, function: FunctionRecord) -> None:
        """Have the queue know how the events of every qualifier are retried and where they end."""
        self.backstage.remove_configuration(function.name)
        qualifiers = {LATEST, *function.versions, *function.aliases, *function.event_invoke}
        for qualifier in qualifiers:
            version = function.version(qualifier)
            if version is not None:
                config = _event_invoke(function, qualifier, version)
                self.backstage.configure(function.name, config, qualifier)

    def later(self, action: Callable[[], None]) -> None:
        """Do something when a function has been Pending or InProgress for its time.

        Where that takes no time it is done before the next request is read, and yet after this one's answer.
        """
        loop = asyncio.get_running_loop()
        if not self.seconds:
            loop.call_soon(action)
            return
        task = loop.create_task(self._wait(action))
        self._due[task] = self.now() + self.seconds
        self._later.add(task)
        task.add_done_callback(self._over)

    async def _wait(self, action: Callable[[], None]) -> None:
        changed = asyncio.Event()
        due = self.now() + self.seconds
        while self.now() < due:
            await self.backstage.clock.wait(due, changed)
        action()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._later.discard(task)
        self._due.pop(task, None)

    async def _settled(self) -> None:
        due = [task for task, moment in self._due.items() if moment <= self.now()]
        if due:
            await asyncio.wait(due)

    async def stop(self) -> None:
        """Give up what is waited for."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    def _absent(self, name: FunctionName) -> ServiceError | None:
        """Why the service has no function of a name that is here."""
        function = self.functions.get(name.name)
        if function is None or function.latest.state != "Pending":
            return None
        return refuse("in state", state="Pending")


def _event_invoke(function: FunctionRecord, qualifier: str, version: VersionRecord) -> EventInvokeConfig:
    own = function.event_invoke.get(qualifier, {})
    destinations = own.get("DestinationConfig", {})
    # A project says these of the function where the API has a member of the version.
    project = None if function.spec is None else function.spec.event_invoke.dead_letter
    dead_letter: str | None = version.settings.get("DeadLetterConfig", {}).get("TargetArn") or project
    return EventInvokeConfig(
        own.get("MaximumRetryAttempts", MAXIMUM_RETRY_ATTEMPTS),
        own.get("MaximumEventAgeInSeconds", MAXIMUM_EVENT_AGE_SECONDS),
        destinations.get("OnSuccess", {}).get("Destination") or None,
        destinations.get("OnFailure", {}).get("Destination") or None,
        dead_letter,
    )


def page(inputs: Inputs, member: str, items: Iterable[tuple[str, Any]], most: int = PAGE) -> dict[str, Any]:
    """One page of a list: items by the key that a marker names, as many as are asked for."""
    marker = inputs.get("Marker")
    listed = list(items)
    keys = [key for key, _ in listed]
    start = keys.index(marker) if marker in keys else 0
    count = min(inputs.get("MaxItems") or most, most)
    answer: dict[str, Any] = {member: [item for _, item in listed[start : start + count]]}
    if start + count < len(keys):
        answer["NextMarker"] = keys[start + count]
    return answer
