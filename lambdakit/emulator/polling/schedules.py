"""Schedules: events that functions get at their times, as asynchronous invocations, by the service's clock.

    schedules = Schedules(plan(functions), clock, send)
    async with schedules: ...

Under a virtual clock every time on the way of `advance` is stopped at, so that hours pass in milliseconds and nothing
is left out. Under the system's, times that passed while the machine slept are made up for by one event, not by all.

Source: Amazon EventBridge user guide, "Creating an Amazon EventBridge rule that runs on a schedule" and "What is Amazon
EventBridge Scheduler"; the events as those services send them.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.clock import VirtualClock
from lambdakit.emulator.ids import new_uuid
from lambdakit.emulator.polling.expressions import read_expression
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from lambdakit.emulator.clock import Clock
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.polling.expressions import Expression
    from lambdakit.emulator.project import FunctionSpec, Schedule

__all__ = ("Planned", "Schedules", "plan", "scheduled_event")


class Planned(NamedTuple):
    """A schedule of a function; `name` is the rule's."""

    config: FunctionConfig
    name: str
    schedule: Schedule
    expression: Expression


def plan(functions: Sequence[FunctionSpec]) -> list[Planned]:
    """The schedules of the functions that are enabled. Raises UsageError for what is not understood."""
    return [
        Planned(function.config, schedule.name or f"{function.name}-{number}", schedule, _checked(function, schedule))
        for function in functions
        for number, schedule in enumerate(function.schedules, 1)
        if schedule.enabled
    ]


def _checked(function: FunctionSpec, schedule: Schedule) -> Expression:
    try:
        if schedule.input is not None:
            json.loads(schedule.input)
        return read_expression(schedule.expression, schedule.timezone)
    except UsageError as error:
        raise UsageError(f"a schedule of {function.name}: {error}") from None
    except ValueError as error:
        raise UsageError(f"a schedule of {function.name}: its input is no JSON: {error}") from None


def scheduled_event(planned: Planned, moment: float) -> bytes:
    """What the function gets: the schedule's own input, or the event of its kind."""
    schedule, config = planned.schedule, planned.config
    if schedule.input is not None:
        return schedule.input.encode()
    place = f"{config.region}:{config.account_id}"
    is_rule = schedule.kind == "rule"
    rule, scheduled = f"arn:aws:events:{place}:rule/", f"arn:aws:scheduler:{place}:schedule/default/"
    event: dict[str, Any] = {
        "version": "0",
        "id": new_uuid(),
        "detail-type": "Scheduled Event",
        "source": "aws.events" if is_rule else "aws.scheduler",
        "account": config.account_id,
        "time": f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "region": config.region,
        "resources": [(rule if is_rule else scheduled) + planned.name],
        "detail": {} if is_rule else "{}",
    }
    return json.dumps(event, separators=(",", ":")).encode()


class Schedules:
    """Sends the events of schedules while it runs; an async context manager.

    `send` takes an event in for a function (its name, the payload).
    """

    def __init__(self, planned: Sequence[Planned], clock: Clock, send: Callable[[str, bytes], None]) -> None:
        self._planned = planned
        self._clock = clock
        self._send = send
        self._began = clock.now()
        # By the place in `planned`; those that never fire again are gone.
        self._due: dict[int, float] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        if isinstance(clock, VirtualClock):
            clock.attend(self.next_due, self.settled)

    async def __aenter__(self) -> Schedules:
        self._began = self._clock.now()
        for place in range(len(self._planned)):
            self._set_due(place, self._began)
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._due.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def next_due(self) -> float | None:
        """The next moment at which a schedule fires."""
        return min(self._due.values(), default=None)

    async def settled(self) -> None:
        """Send what is due."""
        self._fire()

    def lines(self) -> Iterator[str]:
        """The schedules, a line each."""
        for planned in self._planned:
            yield f"  {planned.schedule.expression}  (schedule {planned.name}, {planned.config.name})"

    async def _run(self) -> None:
        while True:
            self._fire()
            await self._clock.wait(self.next_due(), self._changed)

    def _fire(self) -> None:
        now = self._clock.now()
        for place, due in sorted(self._due.items(), key=lambda item: item[1]):
            if due <= now:
                planned = self._planned[place]
                self._set_due(place, now)
                self._send(planned.config.name, scheduled_event(planned, due))

    def _set_due(self, place: int, moment: float) -> None:
        due = self._planned[place].expression.after(moment, self._began)
        if due is None:
            self._due.pop(place, None)
        else:
            self._due[place] = due
