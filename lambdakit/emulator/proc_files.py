"""What Linux says of a process group: its members, the memory they hold, their threads, the processor time they took.

Reading costs a few microseconds a process, a walk over all of /proc a fraction of a millisecond; the exact figure of a
group costs as much as a short invocation, so it is asked for only when the cheap one is over a limit. Everything here
answers for processes that may end at any moment: what is gone counts nothing. On other systems than Linux `AVAILABLE`
is false and nothing here may be called.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

AVAILABLE = sys.platform == "linux" and Path("/proc/self/statm").exists()

_MIB = 1024 * 1024
_KIB_PER_MIB = 1024
_READ_BYTES = 4096
# A directory's links: itself, its entry, and one for each folder in it.
_LINKS_WITHOUT_THREADS = 2
# CPUCLOCK_SCHED, from the kernel's posix-timers: the processor time of a whole process, by its number.
_CLOCK_OF_PROCESS = 2


def members(groups: Iterable[int]) -> list[int]:
    """The processes that belong to any of these groups."""
    wanted = frozenset(groups)
    found: list[int] = []
    for name in os.listdir("/proc"):
        if name[0] in "123456789":
            try:
                if os.getpgid(int(name)) in wanted:
                    found.append(int(name))
            except ProcessLookupError:
                continue
    return found


def resident_mb(pids: Iterable[int]) -> int:
    """The memory in MiB that these processes hold, rounded up; what they share is counted for each of them."""
    pages = sum(_resident_pages(pid) for pid in pids)
    return -(-pages * os.sysconf("SC_PAGE_SIZE") // _MIB)


def shared_out_mb(pids: Iterable[int]) -> int:
    """The same, exactly: memory that several share is divided among them. Costs about 0.2 ms a process and more."""
    return -(-sum(_proportional_kb(pid) for pid in pids) // _KIB_PER_MIB)


def threads(pids: Iterable[int]) -> int:
    """How many threads these processes have; each process has one at least."""
    count = 0
    for pid in pids:
        try:
            count += os.stat(f"/proc/{pid}/task").st_nlink - _LINKS_WITHOUT_THREADS
        except OSError:
            continue
    return count


def processor_seconds(pids: Iterable[int]) -> float:
    """The processor time these processes have taken so far, in seconds."""
    seconds = 0.0
    for pid in pids:
        try:
            seconds += time.clock_gettime((~pid << 3) | _CLOCK_OF_PROCESS)
        except OSError:
            continue
    return seconds


def _resident_pages(pid: int) -> int:
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) if fields else 0


def _proportional_kb(pid: int) -> int:
    _, found, rest = _read(f"/proc/{pid}/smaps_rollup").partition(b"\nPss:")
    if found:
        return int(rest.split(None, 1)[0])
    return _resident_pages(pid) * os.sysconf("SC_PAGE_SIZE") // 1024


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _READ_BYTES)
    except OSError:  # the process ended in between
        return b""
    finally:
        os.close(descriptor)
