"""External extensions: the programs in a function's layers, started before its runtime and ended after it.

Every file directly in /opt/extensions is one, called after its file. Each has a process group and an output of its own,
and the runtime's variables but for those that are the runtime's alone. What they say to the environment is in
`extensions`. Source: AWS Lambda developer guide, "Using the Lambda Extensions API to create extensions", "Lambda
execution environment lifecycle".
"""

from __future__ import annotations

import asyncio
import errno
import signal
import time
from typing import TYPE_CHECKING

from lambdakit.emulator import limits, variables
from lambdakit.emulator.extension_events import shutdown_event
from lambdakit.emulator.logs import OutputPipe
from lambdakit.emulator.process import BootstrapProcess, StartError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lambdakit.emulator.extension_events import ShutdownReason
    from lambdakit.emulator.extensions import Extensions
    from lambdakit.emulator.process import ExitStatus

__all__ = ("ExtensionPrograms", "LaunchError", "programs_in")

FOLDER = "extensions"
# Where AWS has them, which is how an error calls them, wherever they are here.
_SHOWN_FOLDER = "/opt/extensions"

# Why a program cannot be started: what the error says, as Go words it, and what the log calls it.
_REASONS: dict[int | None, tuple[str, str]] = {
    errno.EACCES: ("permission denied", "PermissionDenied"),
    errno.ENOEXEC: ("exec format error", "UnknownError"),
    errno.ENOENT: ("no such file or directory", "UnknownError"),
}
_TOO_MANY = "TooManyExtensions"
_EXIT_PREFIX = "Runtime exited with error: "
_EXIT_ZERO = "exit code 0"


class LaunchError(Exception):
    """A program could not be started; `cause` is the sentence for the log and the caller."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class _Program:
    def __init__(self, file: Path, output: OutputPipe) -> None:
        self.name = file.name
        self.file = file
        self.output = output
        self.process: BootstrapProcess | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive


class ExtensionPrograms:
    """The programs of one sandbox. `on_line` takes what they write, `on_exit` the name and cause of one that ended."""

    def __init__(
        self,
        files: list[Path],
        extensions: Extensions,
        *,
        on_line: Callable[[str], None],
        on_exit: Callable[[str, str], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self._extensions = extensions
        self._on_exit = on_exit
        self._programs = [_Program(file, OutputPipe(loop, on_line)) for file in files]
        self._ending: asyncio.Future[None] | None = None

    def start(self, cwd: Path, environment: Mapping[str, str]) -> None:
        """Start them all; they register by themselves. Raises LaunchError."""
        own = variables.for_extension(environment)
        for program in self._programs:
            self._extensions.expect(program.name)
        for number, program in enumerate(self._programs, 1):
            if number > limits.EXTENSIONS:
                self._extensions.not_launched(program.name, _TOO_MANY)
                raise LaunchError(f"Err{_TOO_MANY}")
            self._spawn(program, cwd, own)

    @property
    def processes(self) -> list[BootstrapProcess]:
        """Those that have been started."""
        return [program.process for program in self._programs if program.process is not None]

    def drain(self) -> None:
        """Take in what they have written so far, without waiting."""
        for program in self._programs:
            program.output.drain()

    async def end(self, reason: ShutdownReason, deadline: float) -> None:
        """Tell who asked for SHUTDOWN, kill the others at once and the rest at the deadline (the event loop's time).

        Twice is allowed: the second call waits for the first.
        """
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._end(reason, deadline))
        await asyncio.shield(self._ending)

    def _spawn(self, program: _Program, cwd: Path, environment: Mapping[str, str]) -> None:
        try:
            program.process = BootstrapProcess(
                (str(program.file),),
                cwd=cwd,
                environment=environment,
                output_fd=program.output.write_fd,
                on_exit=lambda _, status: self._exited(program, status),
            )
        except StartError as error:
            number = error.__cause__.errno if isinstance(error.__cause__, OSError) else None
            words, error_type = _REASONS.get(number, (str(error.__cause__ or error.what), "UnknownError"))
            self._extensions.not_launched(program.name, error_type)
            raise LaunchError(f"fork/exec {_SHOWN_FOLDER}/{program.name}: {words}") from None
        finally:
            program.output.close_write_end()

    def _exited(self, program: _Program, status: ExitStatus) -> None:
        program.output.drain()
        cause = _EXIT_ZERO if status.wait_status == 0 else status.cause.removeprefix(_EXIT_PREFIX)
        self._on_exit(program.name, cause)

    async def _end(self, reason: ShutdownReason, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        left = max(0.0, deadline - loop.time())
        event = shutdown_event(_unix_milliseconds(left), reason)
        for program in self._programs:
            if program.alive and self._extensions.wants_shutdown(program.name):
                self._extensions.shut_down(program.name, event)
            elif program.process is not None:
                program.process.signal_group(signal.SIGKILL)
        ends = {program.process.exited for program in self._programs if program.process is not None}
        if ends:
            await asyncio.wait(ends, timeout=left)
        for program in self._programs:
            if program.process is not None:
                await program.process.end(0.0)
            program.output.close()


def programs_in(
    layer_root: Path | None,
    extensions: Extensions,
    *,
    on_line: Callable[[str], None],
    on_exit: Callable[[str, str], None],
) -> ExtensionPrograms | None:
    """The programs of a function's layers, in the order of their names; None where there are none."""
    if layer_root is None or not (layer_root / FOLDER).is_dir():
        return None
    files = sorted(file for file in (layer_root / FOLDER).iterdir() if file.is_file())
    return ExtensionPrograms(files, extensions, on_line=on_line, on_exit=on_exit) if files else None


def _unix_milliseconds(seconds_from_now: float) -> int:
    return int((time.time() + seconds_from_now) * 1000)
