"""The execution environments of one function that may stand in for each other, and which of them an event gets.

A lane never refuses: whoever comes holds a lease already (see `ledger`). The most recently used environment with room
is taken; if there is none, a new one is started, except where another is about to be free: a caller that has its
answer may send the next event before the runtime has asked for one, and must find the same environment again, not a
second one. Tenants have lanes of their own, and so do provisioned environments.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from lambdakit.emulator import limits
from lambdakit.emulator.environment import ExecutionEnvironment
from lambdakit.emulator.flight import Flight
from lambdakit.emulator.logs import LogOrigin, discard
from lambdakit.emulator.variables import log_stream_name
from lambdakit.exceptions import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdakit.emulator.confinement import Warden
    from lambdakit.emulator.debugger import Debugger
    from lambdakit.emulator.function import FunctionConfig, Invocation
    from lambdakit.emulator.ledger import Kind
    from lambdakit.emulator.logs import ServiceLog
    from lambdakit.emulator.service import Served


# Event loops count timers in milliseconds.
_CLOCK_SLACK_SECONDS = 0.001


class Trip(Flight):
    """A flight through the service: where it is, and the lease it holds.

    `tell` is called once, when there is something for the caller: see `Flight.on_answer`.
    """

    lane: Lane | None = None
    place: Place | None = None
    served: Served | None = None
    kind: Kind | None = None
    # How many invocations of the function ran when this one began, itself included.
    concurrency = 1
    # The same of all functions without a reservation; None for an invocation on another kind of lease.
    unreserved: int | None = None
    # Answered, but its runtime has not asked for the next event.
    finishing = False
    # Called once it is over, whatever came of it.
    tell_over: Callable[[Trip], None] | None = None

    def __init__(self, invocation: Invocation, tell: Callable[[Trip], None] | None = None) -> None:
        super().__init__(invocation)
        self.tell = tell


class Place:
    """One environment of a lane, with a directory of its own for temporary files that outlives its processes."""

    __slots__ = ("environment", "idle_since", "retired", "running", "tmp")

    def __init__(
        self,
        config: FunctionConfig,
        *,
        log: ServiceLog | None,
        host: Mapping[str, str],
        warden: Warden,
        debugger: Debugger | None = None,
    ) -> None:
        stream = log_stream_name(config.version)
        origin = LogOrigin(config.name, config.version, config.log_group_name, stream)
        sink = discard if log is None else log(origin)
        self.tmp = tempfile.mkdtemp(prefix="lambdakit-")
        host = {**host, "TMPDIR": self.tmp}
        self.environment = ExecutionEnvironment(
            config, log=sink, log_stream=stream, host=host, warden=warden, debugger=debugger
        )
        self.running = 0
        self.idle_since = 0.0
        self.retired = False

    async def stop(self) -> None:
        """Stop the environment and remove its temporary files."""
        self.retired = True
        try:
            await self.environment.stop()
        finally:
            shutil.rmtree(self.tmp, ignore_errors=True)


class Lane:
    """See the module's text. `make` starts a place, `dispose` stops one in the background.

    `room` is how many events one place takes at once, `most` how many places there may be, in which case alone events
    wait for as long as it takes.
    """

    def __init__(
        self, make: Callable[[], Place], dispose: Callable[[Place], None], *, room: int, most: int | None = None
    ) -> None:
        self._make = make
        self._dispose = dispose
        self._room = room
        self._most = most
        self.places: set[Place] = set()
        # Those with room; the most recently used is last.
        self._open: list[Place] = []
        self._finishing = 0
        self._waiting: deque[tuple[Trip, float]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def running(self) -> int:
        """Events that have a place here or wait for one."""
        return sum(place.running for place in self.places) + len(self._waiting)

    def add(self, place: Place) -> None:
        """Take in a place that was started ahead."""
        self.places.add(place)
        self._free(place)

    def take(self, trip: Trip) -> None:
        """Find the trip a place, now or in a moment; raises what `ExecutionEnvironment.launch` does."""
        trip.lane = self
        if self._open:
            self._board(self._open[-1], trip)
        elif self._is_full or len(self._waiting) < self._finishing:
            self._wait(trip)
        else:
            self._start(trip)

    def answered(self, trip: Trip) -> None:
        """The trip's caller has the answer; its place will be free as soon as the runtime asks for another event."""
        if trip.place is not None and not trip.finishing:
            trip.finishing = True
            self._finishing += 1

    def over(self, trip: Trip) -> None:
        """The trip is over; its place has room again."""
        place, trip.place = trip.place, None
        if trip.finishing:
            self._finishing -= 1
        if place is None:
            return
        place.running -= 1
        if self._waiting:
            self._seat(self._waiting.popleft()[0], partial(self._board, place))
        elif self._closed or place.retired:
            self._retire_if_done(place)
        else:
            self._free(place)

    def expire(self, before: float) -> None:
        """Stop the places that have been without work since before that moment (`time.monotonic`)."""
        for place in [place for place in self._open if not place.running and place.idle_since <= before]:
            self._let_go(place)

    def close(self) -> None:
        """Take the places out of use: idle ones stop now, the others as soon as they are done."""
        self._closed = True
        for place in list(self.places):
            self._retire_if_done(place)

    def drop(self, trip: Trip) -> None:
        """Forget a trip that waits for a place."""
        self._waiting = deque(entry for entry in self._waiting if entry[0] is not trip)

    # own

    @property
    def _is_full(self) -> bool:
        """Whether no further place may be started: whoever comes then waits for a turn."""
        return self._most is not None and len(self.places) >= self._most

    def _start(self, trip: Trip) -> None:
        try:
            place = self._make()
        except OSError as error:
            raise EmulatorError(f"The execution environment could not be started: {error}") from error
        self.places.add(place)
        if self._room > 1:
            self._open.append(place)
        self._board(place, trip)

    def _board(self, place: Place, trip: Trip) -> None:
        place.running += 1
        if place.running >= self._room and place in self._open:
            self._open.remove(place)
        trip.place = place
        try:
            place.environment.launch(trip)
        except BaseException:
            trip.place = None
            place.running -= 1
            self._free(place)
            raise

    def _free(self, place: Place) -> None:
        if not place.running:
            place.idle_since = time.monotonic()
        if place not in self._open:
            self._open.append(place)

    def _let_go(self, place: Place) -> None:
        self.places.discard(place)
        if place in self._open:
            self._open.remove(place)
        self._dispose(place)

    def _retire_if_done(self, place: Place) -> None:
        place.retired = True
        if not place.running and place in self.places:
            self._let_go(place)

    # the short wait for a place that is about to be free

    def _wait(self, trip: Trip) -> None:
        due = time.monotonic() + limits.FINISHING_SECONDS
        self._waiting.append((trip, due))
        if self._alarm is None and not self._is_full:
            self._set_alarm(limits.FINISHING_SECONDS)

    def _set_alarm(self, delay: float) -> None:
        self._alarm = asyncio.get_running_loop().call_later(delay, self._on_alarm)

    def _on_alarm(self) -> None:
        self._alarm = None
        now = time.monotonic()
        while self._waiting and self._waiting[0][1] <= now + _CLOCK_SLACK_SECONDS and not self._is_full:
            self._seat(self._waiting.popleft()[0], self._start)
        if self._waiting and not self._is_full:
            self._set_alarm(self._waiting[0][1] - now)

    def _seat(self, trip: Trip, find: Callable[[Trip], None]) -> None:
        """Do what `take` would have done, long after its caller has gone: an error is the trip's."""
        try:
            find(trip)
        except EmulatorError as error:
            trip.abort(error)
