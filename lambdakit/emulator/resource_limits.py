"""Limits that the operating system keeps for us once a process is started: descriptors, file sizes, threads.

They are set on the running process (`prlimit`), right after it was spawned and long before an interpreter has read its
first module. The usual ways were tried and left: `preexec_fn` runs Python between fork and exec, which is slow and not
safe beside threads; a wrapper such as `sh -c "ulimit ...; exec"` makes every cold start pay for a shell.

Not set, and why:

* RLIMIT_AS, for memory: it counts addresses, not memory. Interpreters, thread stacks and allocators reserve many times
  what they touch, so it would end functions far below their size. See `resource_watch` for what is done instead.
* RLIMIT_NPROC to 1,024: it counts everything its user runs on the whole machine, a browser's threads included. It is
  used otherwise: `refuse_threads` while the function itself has as many as Lambda allows. The system exempts root.

Linux only: other systems let a process set limits for itself alone. Source: AWS Lambda developer guide, "Lambda
quotas".
"""

from __future__ import annotations

import contextlib
import resource
import sys
from typing import Literal

DESCRIPTORS = 1024
THREADS = 1024
# Between those who have no place left for a thread, or a file, and those who have.
Door = Literal["open", "shut"]

_MIB = 1024 * 1024
# A user with a process running is over such a limit: whoever asks for a thread is told EAGAIN.
_NO_MORE = 0


def limit_descriptors(pid: int) -> None:
    """Let the process open 1,024 descriptors, or as many as it might before if those are fewer."""
    _lower(pid, resource.RLIMIT_NOFILE, DESCRIPTORS)


def limit_file_size(pid: int, megabytes: int) -> None:
    """Let no file of the process grow beyond so many MiB: EFBIG, where Lambda's full disk gives ENOSPC.

    A program that leaves SIGXFSZ alone is ended by it; Python ignores it. Files outside /tmp are held to it, too:
    Lambda lets nothing be written there at all.
    """
    _set_soft(pid, resource.RLIMIT_FSIZE, megabytes * _MIB)


def refuse_threads(pid: int, door: Door) -> None:
    """Let the process start no thread and no process (EAGAIN, as on Lambda), or let it again."""
    _set_soft(pid, resource.RLIMIT_NPROC, _NO_MORE if door == "shut" else None)


def refuse_writes(pid: int, door: Door, megabytes: int) -> None:
    """Let no file of the process grow at all, or let it grow to so many MiB again."""
    limit_file_size(pid, 0 if door == "shut" else megabytes)


def _lower(pid: int, what: int, most: int) -> None:
    if sys.platform == "linux":
        # Ended already, or it took another user's rights: then it is not ours to limit.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            _, hard = resource.prlimit(pid, what)
            limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(pid, what, (limit, limit))


def _set_soft(pid: int, what: int, soft: int | None) -> None:
    """Set the limit that counts, None for the one above it, which stays so that this can be taken back."""
    if sys.platform == "linux":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            _, hard = resource.prlimit(pid, what)
            wanted = hard if soft is None else soft
            capped = wanted if hard == resource.RLIM_INFINITY or wanted == hard else min(wanted, hard)
            resource.prlimit(pid, what, (capped, hard))
