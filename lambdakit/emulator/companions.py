"""Who looks on while a sandbox works: extensions that asked for INVOKE events, and subscribers of its telemetry.

A sandbox without any has no Companions, and its invocations pay nothing for the possibility. With them a flight is
attended: the moments that telemetry reports are noted, and the flight is over only when the extensions, too, have
asked for their next event. Its caller does not wait for that: the answer goes out when the runtime gives it.

Source: AWS Lambda developer guide, "Lambda execution environment lifecycle" (invoke phase) and "Telemetry API event
schema" (spans).
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from lambdakit.emulator.extension_events import invoke_event
from lambdakit.emulator.telemetry.hub import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.extensions import Extensions
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.journal import Journal
    from lambdakit.emulator.sandbox import Sandbox

__all__ = ("Attendance", "Companions", "Onlookers")


class Attendance:
    """The moments of one flight (`time.perf_counter`); 0 for one that has not come."""

    __slots__ = ("_companions", "_flight", "answer_began", "answer_ended", "runtime_ended")

    def __init__(self, companions: Companions, flight: Flight) -> None:
        self._companions = companions
        self._flight = flight
        self.answer_began = 0.0
        self.answer_ended = 0.0
        self.runtime_ended = 0.0

    def answer_begins(self) -> None:
        """The runtime has begun to answer."""
        self.answer_began = time.perf_counter()

    def answer_ends(self) -> None:
        """The answer is whole."""
        self.answer_ended = time.perf_counter()
        self.answer_began = self.answer_began or self.answer_ended

    def runtime_ends(self) -> bool:
        """The runtime is done with the flight. False when extensions are not, who then end it."""
        self.runtime_ended = time.perf_counter()
        return self._companions.runtime_ended(self._flight)

    @property
    def extensions_ms(self) -> float | None:
        """Milliseconds since the runtime was done, None while it is not."""
        return None if not self.runtime_ended else (time.perf_counter() - self.runtime_ended) * 1000


class Companions:
    """The companions of one sandbox. `done` ends a flight that extensions kept; `tell` hears when a runtime is done."""

    def __init__(
        self,
        extensions: Extensions,
        arn: str,
        *,
        done: Callable[[Flight], None],
        tell: Callable[[Flight], None] | None,
    ) -> None:
        self._extensions = extensions
        self._arn = arn
        self._done = done
        self._tell = tell
        self._kept: Flight | None = None
        extensions.on_idle = self._extensions_done

    def attend(self, flight: Flight) -> None:
        """The flight is about to be given to the runtime."""
        flight.attended = Attendance(self, flight)
        if self._extensions.invoked:
            self._extensions.invoke(invoke_event(flight, self._arn))

    def runtime_ended(self, flight: Flight) -> bool:
        """Whether the flight may end now."""
        if self._tell is not None:
            self._tell(flight)
        if not self._extensions.busy:
            return True
        self._kept = flight
        return False

    def _extensions_done(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None and not kept.over:
            self._done(kept)


class Onlookers:
    """Who may look on in one environment, whose sandboxes come and go. `done` ends a flight that extensions kept."""

    def __init__(self, config: FunctionConfig, journal: Journal, done: Callable[[Flight], None]) -> None:
        self._config = config
        self._journal = journal
        self._done = done
        # What telemetry calls the environment.
        self._instance_id = str(uuid.uuid4())

    def observe(self) -> Telemetry:
        """A sandbox is about to begin: whoever subscribes to its telemetry will hear of everything."""
        telemetry = Telemetry(self._config, self._instance_id, self._journal.extension_lines.subscription)
        self._journal.observe(telemetry)
        return telemetry

    def accompany(self, sandbox: Sandbox) -> None:
        """Its INIT has gone well: from now on only those look on at invocations who have asked to."""
        telemetry, extensions = sandbox.session.telemetry, sandbox.session.extensions
        telemetry.close_subscriptions()
        if not telemetry.subscribed:
            self._journal.observe(None)

        def tell(flight: Flight) -> None:
            sandbox.output.drain()  # what the function wrote comes before the news that it is done
            telemetry.runtime_done(flight)

        if telemetry.subscribed or extensions.invoked:
            teller = tell if telemetry.subscribed else None
            sandbox.companions = Companions(extensions, self._config.arn, done=self._done, tell=teller)
