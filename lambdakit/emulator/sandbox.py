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
        self.ending = False

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

    async def end(self, *, own_exit_seconds: float = 0.0) -> None:
        """End the process and close everything; it may exit by itself first if given time. Twice is allowed.

        SIGTERM comes before SIGKILL only when an extension is registered, as on Lambda.
        """
        self.ending = True
        if self.process is not None:
            if own_exit_seconds:
                await asyncio.wait({self.process.exited}, timeout=own_exit_seconds)
            await self.process.end(limits.INTERNAL_EXTENSION_GRACE_SECONDS if self.session.extensions else 0.0)
        self.output.close()
        self.session.end_start(faults.made_here("Sandbox.Failure", self.request_id, "Environment ended"))
        self.session.close()
