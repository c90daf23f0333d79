"""One bootstrap process with everything that lives and dies with it: its Runtime API session, its output, its flights.

An execution environment outlives its processes; a sandbox is one of them. Keeping the parts together is what makes a
restart safe: an event that is still on its way from an ended process can only reach the sandbox it belongs to.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lambdakit.emulator import faults, limits
from lambdakit.emulator.layers import start_command
from lambdakit.emulator.logs import OutputPipe
from lambdakit.emulator.process import BootstrapProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lambdakit.emulator.companions import Companions
    from lambdakit.emulator.extension_events import ShutdownReason
    from lambdakit.emulator.extension_programs import ExtensionPrograms
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.process import ExitStatus
    from lambdakit.emulator.session import Session


class Sandbox:
    """See the module's text. `request_id` names the invocation it is initialised for, empty ahead of any."""

    def __init__(self, session: Session, *, on_line: Callable[[str], None], request_id: str) -> None:
        self.session = session
        self.request_id = request_id
        self.output = OutputPipe(asyncio.get_running_loop(), on_line)
        self.process: BootstrapProcess | None = None
        self.flights: dict[str, Flight] = {}
        # External extensions, and who looks on at invocations: most have neither.
        self.programs: ExtensionPrograms | None = None
        self.companions: Companions | None = None
        self.ending = False
        self._shutdown_ends: float | None = None

    @property
    def usable(self) -> bool:
        """Whether an event can be delivered at once."""
        return not self.ending and self.session.up

    def spawn(
        self,
        config: FunctionConfig,
        environment: Mapping[str, str],
        on_exit: Callable[[Sandbox, ExitStatus], None],
        *,
        layer_root: Path | None = None,
    ) -> None:
        """Start the process; raises StartError."""
        try:
            self.process = BootstrapProcess(
                start_command(config, layer_root),
                cwd=config.task_root,
                environment=environment,
                output_fd=self.output.write_fd,
                on_exit=lambda _, status: on_exit(self, status),
            )
        finally:
            self.output.close_write_end()

    async def end(self, *, reason: ShutdownReason = "spindown") -> None:
        """End the runtime, then its extensions, which are told why, and close everything. Twice is allowed."""
        ends = await self.end_runtime()
        self.session.end_start(faults.made_here("Sandbox.Failure", self.request_id, "Environment ended"))
        if self.programs is not None:
            await self.session.telemetry.flush(limits.TELEMETRY_FLUSH_SECONDS)
            await self.programs.end(reason, ends)
        await self.session.telemetry.close()
        self.session.close()

    async def end_runtime(self, *, own_exit_seconds: float = 0.0) -> float:
        """End the process alone; it may exit by itself first if given time. Twice is allowed.

        Returns until when extensions may shut down (the event loop's time). SIGTERM comes before SIGKILL only when an
        extension is registered, as on Lambda.
        """
        self.ending = True
        if self._shutdown_ends is None:
            self._shutdown_ends = asyncio.get_running_loop().time() + limits.SHUTDOWN_SECONDS
        if self.process is not None:
            if own_exit_seconds:
                await asyncio.wait({self.process.exited}, timeout=own_exit_seconds)
            await self.process.end(self._grace())
        self.output.close()
        return self._shutdown_ends

    def _grace(self) -> float:
        if self.programs is not None:
            return limits.EXTERNAL_EXTENSION_GRACE_SECONDS
        return limits.INTERNAL_EXTENSION_GRACE_SECONDS if self.session.extensions else 0.0
