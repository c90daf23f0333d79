"""The bootstrap process: started in its own process group, watched, measured, and ended together with its children.

asyncio's own subprocess support is not used: it differs between Python versions and event loops, and it gives neither
the resource usage of the ended process nor a way to signal the group while its leader is still unreaped. Here the end
is seen through a pidfd (Linux) or a waiting thread (elsewhere), the group is killed, and only then is the leader
reaped, so that no signal can reach a process that merely got the same number.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lambdakit.emulator.faults import StartErrorType

# Go's names for signals, as they appear in "Runtime exited with error: signal: killed".
SIGNAL_NAMES: dict[int, str] = {
    signal.SIGABRT: "aborted",
    signal.SIGALRM: "alarm clock",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGSYS: "bad system call",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
    signal.SIGUSR1: "user defined signal 1",
    signal.SIGUSR2: "user defined signal 2",
    signal.SIGXCPU: "CPU time limit exceeded",
    signal.SIGXFSZ: "file size limit exceeded",
}

_KIB_PER_MIB = 1024
_PEAK_VALID_SECONDS = 0.001
# getrusage counts KiB, except on macOS, which counts bytes.
_MAXRSS_PER_MIB = 1024 * 1024 if sys.platform == "darwin" else 1024


class StartError(Exception):
    """The process could not be started; `error_type` is the environment's name for it."""

    def __init__(self, error_type: StartErrorType, what: str) -> None:
        self.error_type: StartErrorType = error_type
        self.what = what
        super().__init__(f"{error_type}: {what}")


@dataclass(frozen=True)
class ExitStatus:
    """How a process ended: its wait status, and its peak memory in MiB if the operating system's figure is its own.

    `out_of_memory`: it was killed for holding more memory than it may.
    """

    wait_status: int
    peak_mb: int | None
    out_of_memory: bool = False

    @property
    def cause(self) -> str:
        """The sentence AWS shows for this end."""
        return exit_cause(self.wait_status)


def exit_cause(wait_status: int) -> str:
    """`Runtime exited with error: exit status 7` and its variants, from a wait status."""
    if os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        name = SIGNAL_NAMES.get(number, f"signal {number}")
        core = " (core dumped)" if os.WCOREDUMP(wait_status) else ""
        return f"Runtime exited with error: signal: {name}{core}"
    code = os.WEXITSTATUS(wait_status)
    if code == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {code}"


class BootstrapProcess:
    """One running bootstrap. `exited` is done once it has been reaped; `on_exit` is called at the same moment."""

    def __init__(
        self,
        command: tuple[str, ...],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        output_fd: int,
        on_exit: Callable[[BootstrapProcess, ExitStatus], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_exit = on_exit
        self._popen = _spawn(command, cwd, environment, output_fd)
        self.pid = self._popen.pid
        self.exited: asyncio.Future[ExitStatus] = self._loop.create_future()
        self._status_fd = _open_status(self.pid)
        self._peak_mb: int | None = None
        self._peak_read_at = 0.0
        # What it may hold, where that is enforced.
        self.memory_limit_mb: int | None = None
        self._out_of_memory = False
        self._pid_fd = _open_pidfd(self.pid)
        self._watch()

    @property
    def alive(self) -> bool:
        """Whether the process has not been seen to end."""
        return not self.exited.done()

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to every process of the group; nothing happens once the leader is reaped."""
        if self.exited.done():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def end(self, grace: float) -> ExitStatus:
        """End the group: SIGTERM and up to `grace` seconds when that is not 0, then SIGKILL."""
        if grace and self.alive:
            self.signal_group(signal.SIGTERM)
            self.signal_group(signal.SIGCONT)  # one that is stopped would not notice
            await asyncio.wait({self.exited}, timeout=grace)
        self.peak_mb()
        self.signal_group(signal.SIGKILL)
        return await asyncio.shield(self.exited)

    def peak_mb(self) -> int | None:
        """Peak resident memory so far in MiB (rounded up), None where the operating system does not tell.

        The figure is read anew unless that was done within the last millisecond: reading costs as much as a good part
        of a short invocation, and a peak only grows, so one that was missed is in the next figure.
        """
        now = time.monotonic()
        if now - self._peak_read_at < _PEAK_VALID_SECONDS or self._out_of_memory:
            return self._peak_mb
        self._peak_read_at = now
        peak = _read_peak_mb(self._status_fd)
        if peak is not None and (self._peak_mb is None or peak > self._peak_mb):
            self._peak_mb = peak
        return self._peak_mb

    def saw_memory(self, megabytes: int) -> None:
        """The whole group held so much at once, which may be more than the process alone."""
        self._peak_mb = max(self._peak_mb or 0, megabytes)

    def kill_for_memory(self, limit_mb: int) -> None:
        """Kill the group for holding more than `limit_mb`, which is its peak then: Lambda lets none have more."""
        self._out_of_memory = True
        self._peak_mb = limit_mb
        self.signal_group(signal.SIGKILL)

    def _watch(self) -> None:
        if self._pid_fd is not None:
            self._loop.add_reader(self._pid_fd, self._on_pidfd)
        else:
            threading.Thread(target=self._wait_in_thread, name=f"wait-{self.pid}", daemon=True).start()

    def _on_pidfd(self) -> None:
        # The leader is a zombie now and still holds the group's number: the last safe moment to kill the rest.
        self.signal_group(signal.SIGKILL)
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return
        self._ended(status, usage)

    def _wait_in_thread(self) -> None:
        _, status, usage = os.wait4(self.pid, 0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            self._loop.call_soon_threadsafe(self._ended, status, usage)

    def _ended(self, wait_status: int, usage: resource.struct_rusage) -> None:
        self._close_fds()
        self._popen.returncode = os.waitstatus_to_exitcode(wait_status)
        peak = self._peak_mb if self._out_of_memory else self._own_peak_mb(usage)
        if self.memory_limit_mb is not None and _was_killed(wait_status) and (peak or 0) > self.memory_limit_mb:
            # By the kernel, most likely, which was quicker than we were.
            self._out_of_memory, peak = True, self.memory_limit_mb
        self._peak_mb = peak
        status = ExitStatus(wait_status, peak, self._out_of_memory)
        self.exited.set_result(status)
        self._on_exit(self, status)

    def _own_peak_mb(self, usage: resource.struct_rusage) -> int | None:
        # A child's maximum starts from what its parent had at the fork, so a figure below this process's own peak
        # says nothing about the child; then the last one read from the child itself stands.
        maximum = usage.ru_maxrss
        if maximum <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
            return self._peak_mb
        return max(self._peak_mb or 0, -(-maximum // _MAXRSS_PER_MIB))

    def _close_fds(self) -> None:
        if self._pid_fd is not None:
            self._loop.remove_reader(self._pid_fd)
            os.close(self._pid_fd)
            self._pid_fd = None
        if self._status_fd is not None:
            os.close(self._status_fd)
            self._status_fd = None


def _was_killed(wait_status: int) -> bool:
    return os.WIFSIGNALED(wait_status) and os.WTERMSIG(wait_status) == signal.SIGKILL


def _spawn(
    command: tuple[str, ...], cwd: Path, environment: Mapping[str, str], output_fd: int
) -> subprocess.Popen[bytes]:
    if not cwd.is_dir():
        raise StartError("Runtime.InvalidWorkingDir", str(cwd))
    try:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output_fd,
            stderr=output_fd,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise StartError("Runtime.InvalidEntrypoint", command[0]) from error


def _open_pidfd(pid: int) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:  # an old kernel, or a container that forbids the call
        return None


def _open_status(pid: int) -> int | None:
    try:
        return os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _read_peak_mb(status_fd: int | None) -> int | None:
    if status_fd is None:
        return None
    try:
        text = os.pread(status_fd, 4096, 0)
    except OSError:  # the process is gone
        return None
    _, found, rest = text.partition(b"VmHWM:")
    if not found:
        return None
    return -(-int(rest.split(None, 1)[0]) // _KIB_PER_MIB)
