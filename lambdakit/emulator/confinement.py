"""What of Lambda's confinement the processes of an environment get, as far as the operating system goes along.

A `Warden` belongs to a service and knows what is to be imposed; each environment has a `Confinement` from it, which is
told when a process starts, when there is work and when there is none. What is imposed:

* memory (`limits` not "off"): a runtime that, with its children and the extensions, holds more than the function's
  memory is killed, with the platform's answer. Seen by a watch and, before an answer is given away, in the process's
  own high-water mark.
* with `limits="all"` also 1,024 descriptors, 1,024 processes and threads (root is exempt), and the size of /tmp, which
  is each environment's own directory (TMPDIR).
* `freeze="between-invocations"`: no thread runs while there is no invocation, as on Lambda. Never with several
  invocations at once.
* `processor="share"`: processor time in proportion to memory.

The first two need Linux; elsewhere functions run without. Source: AWS Lambda developer guide, "Lambda quotas",
"Configure Lambda function memory", "Understanding the Lambda execution environment lifecycle".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lambdakit.emulator import proc_files, resource_limits
from lambdakit.emulator.cpu_share import ProcessorShare, share_of
from lambdakit.emulator.freezing import Brake
from lambdakit.emulator.resource_watch import ResourceWatch
from lambdakit.emulator.tmp_space import TmpSpace
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence

    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.process import BootstrapProcess
    from lambdakit.emulator.resource_limits import Door

Limits = Literal["all", "memory", "off"]
Freeze = Literal["never", "between-invocations"]
Processor = Literal["machine", "share"]
# What a process is in its environment.
Part = Literal["runtime", "extension"]


@dataclass(frozen=True)
class Rules:
    """What is to be imposed; see the module's text."""

    limits: Limits = "all"
    freeze: Freeze = "never"
    processor: Processor = "machine"


class Warden:
    """Imposes one set of rules on all environments of a service, with one watch.

    Raises UsageError for a share of the processor where the system cannot give one.
    """

    def __init__(self, rules: Rules) -> None:
        if rules.processor == "share" and not proc_files.AVAILABLE:
            raise UsageError(
                "A share of the processor needs Linux: only there is the time a process takes told at once."
            )
        self.rules = rules
        self.watch = ResourceWatch() if rules.limits != "off" and proc_files.AVAILABLE else None

    def confine(
        self, config: FunctionConfig, *, tmp: str | None, busy: Callable[[], bool], note: Callable[[str], None]
    ) -> Confinement:
        """A new environment's confinement.

        `tmp` is its own directory, None where it has none; `busy` says whether it has work, `note` takes a line.
        """
        return Confinement(self, config, tmp=None if tmp is None else Path(tmp), busy=busy, note=note)

    def close(self) -> None:
        """Watch nothing any more."""
        if self.watch is not None:
            self.watch.close()


class Confinement:
    """The processes of one environment under the warden's rules; the environment tells what happens to them."""

    def __init__(
        self,
        warden: Warden,
        config: FunctionConfig,
        *,
        tmp: Path | None,
        busy: Callable[[], bool],
        note: Callable[[str], None],
    ) -> None:
        rules = warden.rules
        self.limit_mb = config.memory_mb
        self._watch = warden.watch
        self._busy = busy
        self._note = note
        self._processes: list[BootstrapProcess] = []
        self._runtime: BootstrapProcess | None = None
        self._pids: Sequence[int] = ()
        self._storage_mb = config.ephemeral_storage_mb
        self._brake = Brake(self._send)
        self._freezes = rules.freeze == "between-invocations" and config.max_concurrency == 1
        share = share_of(config.memory_mb) if rules.processor == "share" else None
        self._share = None if share is None else ProcessorShare(share, self._brake, self._members)
        self._everything = rules.limits == "all" and self._watch is not None
        self._space = TmpSpace(tmp, self._storage_mb) if self._everything and tmp is not None else None
        self._threads_door: Door = "open"
        self._files_door: Door = "open"

    # for the environment

    @property
    def answer_check(self) -> Callable[[], bool] | None:
        """What is to be asked before an answer is taken."""
        return None if self._watch is None else self._holds_too_much

    @property
    def attends_idleness(self) -> bool:
        """Whether `idle` does anything."""
        return self._freezes or self._share is not None

    def started(self, process: BootstrapProcess, part: Part) -> None:
        """A process of the environment has just been spawned."""
        self._processes = [*(other for other in self._processes if other.alive), process]
        self._runtime = process if part == "runtime" else None
        self._pids = ()
        self._brake.forget()
        self._threads_door = self._files_door = "open"
        if self._everything:
            resource_limits.limit_descriptors(process.pid)
            resource_limits.limit_file_size(process.pid, self._storage_mb)
        if self._watch is not None:
            process.memory_limit_mb = self.limit_mb
            self._watch.add(self)

    def begins(self) -> None:
        """An event is about to be handed over."""
        watch = self._watch
        if watch is not None and watch.asleep:
            watch.wake()
        if self._freezes:
            self._brake.release("between invocations")
        if self._share is not None:
            self._share.begin()

    def idle(self) -> None:
        """Nothing is to be done."""
        if self._share is not None:
            self._share.end()
        if self._freezes:
            self._brake.apply("between invocations")

    def ending(self) -> None:
        """The processes are about to be ended."""
        if self._watch is not None:
            self._watch.remove(self)
        if self._share is not None:
            self._share.end()
        self._brake.release("between invocations")
        if self._space is not None:
            self._space.close()

    # for the watch

    @property
    def busy(self) -> bool:
        """Whether it initialises or runs an invocation."""
        return self._busy()

    def groups(self) -> Sequence[int]:
        """Its process groups."""
        return [process.pid for process in self._processes if process.alive]

    def saw_memory(self, megabytes: int) -> None:
        """Its group of several processes holds so much."""
        for process in self._processes:
            process.saw_memory(megabytes)

    def saw_members(self, pids: Sequence[int]) -> None:
        """These are its processes: count their threads, and look at what they have written."""
        self._pids = pids
        if self._everything:
            self._turn_threads_door("shut" if proc_files.threads(pids) >= resource_limits.THREADS else "open")
        if self._space is not None:
            self._space.look()
            self._turn_files_door("shut" if self._space.full else "open")

    def exceeded(self) -> None:
        """It holds more than it may: the runtime ends, or, where it has not begun, the extensions do."""
        self._note(f"more than {self.limit_mb} MB are in use, ending the process")
        for process in self._processes if self._runtime is None else [self._runtime]:
            process.kill_for_memory(self.limit_mb)

    # own

    def _holds_too_much(self) -> bool:
        """Whether a process has at any time held more memory than it may; if so it is killed."""
        for process in self._processes:
            peak = process.peak_mb()
            if peak is not None and peak > self.limit_mb:
                self.exceeded()
                return True
        return False

    def _turn_threads_door(self, door: Door) -> None:
        if door == self._threads_door:
            return
        self._threads_door = door
        for pid in self._pids:
            resource_limits.refuse_threads(pid, door)
        if door == "shut":
            self._note(f"{resource_limits.THREADS} threads and processes are running: no more can be started")

    def _turn_files_door(self, door: Door) -> None:
        if door == self._files_door:
            return
        self._files_door = door
        for pid in self._pids:
            resource_limits.refuse_writes(pid, door, self._storage_mb)
        if door == "shut":
            self._note(
                f"/tmp holds its {self._storage_mb} MB: writing now fails with 'File too large', on Lambda with "
                "'No space left on device'"
            )

    def _members(self) -> Sequence[int]:
        return self._pids or self.groups()

    def _send(self, number: signal.Signals) -> None:
        for process in self._processes:
            process.signal_group(number)
