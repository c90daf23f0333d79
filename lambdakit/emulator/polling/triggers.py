"""All that calls the functions of a service of its own accord, in one: sources that are polled, and schedules.

    triggers = Triggers(functions, service, backstage, reach="elsewhere", tell=print)
    async with triggers:
        ...

Reading what the project says comes first, so that a mistake is a usage error before anything is served.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from lambdakit.emulator.function import Invocation
from lambdakit.emulator.polling.pollers import Pollers, mappings_of, others_of
from lambdakit.emulator.polling.schedules import Schedules, plan
from lambdakit.emulator.service import InvokeRequest
from lambdakit.exceptions import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from lambdakit.emulator.backstage import Backstage
    from lambdakit.emulator.function import InvocationResult
    from lambdakit.emulator.polling.poller import Tell
    from lambdakit.emulator.polling.pollers import Reach
    from lambdakit.emulator.project import FunctionSpec
    from lambdakit.emulator.service import LocalService

__all__ = ("Triggers",)

CHECKPOINTS_FILE = "checkpoints.db"


class Triggers:
    """The event sources and schedules of functions; an async context manager that starts and ends them.

    `tell` hears of problems, in one line each; in the directory `state`, how far streams have been read outlives the
    service. Raises UsageError for what the project says and nobody understands.
    """

    def __init__(
        self,
        functions: Sequence[FunctionSpec],
        service: LocalService,
        backstage: Backstage,
        *,
        reach: Reach,
        tell: Tell,
        state: Path | None = None,
    ) -> None:
        self._service = service
        self._backstage = backstage
        self._tell = tell
        self._pollers = Pollers(
            mappings_of(functions),
            invoke=self._invoke,
            tell=tell,
            age=backstage.iterator_age,
            reach=reach,
            checkpoints=None if state is None else state / CHECKPOINTS_FILE,
        )
        self._schedules = Schedules(plan(functions), backstage.clock, self._send)
        self._others = [*others_of(functions)]
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Triggers:
        await self._stack.enter_async_context(self._schedules)
        await self._stack.enter_async_context(self._pollers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def stop(self) -> None:
        """Take nothing more from any source; batches under way end."""
        self._pollers.stop()

    def lines(self) -> Iterator[str]:
        """What calls which function, a line each."""
        yield from self._pollers.lines()
        yield from self._others
        yield from self._schedules.lines()

    async def _invoke(self, function: str, payload: bytes) -> InvocationResult | None:
        try:
            return await self._service.invoke(InvokeRequest(function, payload))
        except EmulatorError:
            return None

    def _send(self, function: str, payload: bytes) -> None:
        try:
            name = self._service.parse(function, None, None)
            self._backstage.take_event(self._service.find(name), name, Invocation(payload))
        except Exception as error:  # the function is gone, the disk is full: the next time may be better
            self._tell(f"a schedule of {function} fired for nobody: {error}")
