"""A function that pollers invoke, played by the test; and sources in the moto server."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest

from lambdakit.emulator.polling.mapping import read_mapping
from lambdakit.emulator.polling.pollers import Pollers
from lambdakit.emulator.project import Source
from tests.engine_support import until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from lambdakit.emulator.polling.mapping import SourceMapping


class Outcome(NamedTuple):
    """What an invocation came to."""

    payload: bytes = b"null"
    function_error: str | None = None
    request_id: str = "r-1"
    executed_version: str = "$LATEST"


FAILED = Outcome(b'{"errorMessage": "no"}', "Unhandled")


def failures(*identifiers: str) -> Outcome:
    """An answer that names failed records."""
    entries = [{"itemIdentifier": identifier} for identifier in identifiers]
    return Outcome(json.dumps({"batchItemFailures": entries}).encode())


@dataclass
class Function:
    """Keeps the events it gets; `answer` makes the outcome of each (None: a throttle)."""

    answer: Callable[[list[Any]], Outcome | None] = lambda records: Outcome()
    events: list[Any] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    gate: asyncio.Event | None = None
    ages: list[float] = field(default_factory=list)

    async def __call__(self, function: str, payload: bytes) -> Outcome | None:
        event = json.loads(payload)
        self.events.append(event)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        if self.gate is not None:
            await self.gate.wait()
        self.running -= 1
        return self.answer(event["Records"])

    def age(self, function: str, milliseconds: float) -> None:
        """Hear of the age of records."""
        self.ages.append(milliseconds)

    @property
    def records(self) -> list[Any]:
        """All records, in the order they came."""
        return [record for event in self.events for record in event["Records"]]


def mapping(arn: str, **settings: Any) -> SourceMapping:
    """A mapping of the function `f`."""
    return read_mapping("f", Source(arn, settings))


def pollers_of(function: Function, *mapped: SourceMapping, **more: Any) -> Pollers:
    """The pollers that call the function."""
    return Pollers(mapped, invoke=function, tell=function.told.append, age=function.age, reach="elsewhere", **more)


def polled(function: Function, mapped: SourceMapping, done: Callable[[], bool], **more: Any) -> Pollers:
    """Poll until something holds."""

    async def work() -> Pollers:
        async with pollers_of(function, mapped, **more) as pollers:
            await until(done)
        return pollers

    return run(work())


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a test's coroutine, for a limited time."""

    async def limited() -> Any:
        return await asyncio.wait_for(work, 20)

    return asyncio.run(limited())


@pytest.fixture
def clients(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Clients of the moto server's by service name. They and those of pollers share what boto3 reads for a service."""
    session = boto3.Session() if not _sessions else _sessions[0]
    _sessions[:] = [session]
    monkeypatch.setattr("boto3.Session", lambda **_: session)
    made: dict[str, Any] = {}
    with ExitStack() as stack:

        def of(service: str) -> Any:
            if service not in made:
                made[service] = stack.enter_context(closing(session.client(service)))
            return made[service]

        yield of


_sessions: list[boto3.Session] = []
