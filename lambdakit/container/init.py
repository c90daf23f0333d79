"""Process 1 of a container: what an init does, so that an image needs none.

The kernel gives process 1 every orphan, and no signal that it has not asked for. So the work is done by a child;
process 1 waits, passes signals on, takes in whoever ends, and ends as its child did. A signal that the terminal sent
(Ctrl-C) is not passed on: the terminal has sent it to the child as well.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    # That module's own part in C, without the enumerations around it: they would cost every start milliseconds.
    import _signal as signal

__all__ = ("split",)

# Stop signals are the terminal's, faults are this process's own, and the others cannot be waited for.
_KEPT = frozenset(
    {
        *(signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT),
        *(signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS, signal.SIGABRT),
    }
)
# How a shell says that a signal ended a process.
_SIGNALLED = 128


def split() -> int | None:
    """Go on in a child, where this returns None; in process 1 it returns the child's exit status, once it has one."""
    waited = signal.valid_signals() - _KEPT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return None
    return _attend(child, waited)


def _attend(child: int, waited: set[signal.Signals]) -> int:
    while True:
        received = signal.sigwaitinfo(waited)
        if received.si_signo == signal.SIGCHLD:
            status = _reap(child)
            if status is not None:
                return status
        elif received.si_code <= 0:  # sent by a process, not by the kernel on behalf of a terminal
            os.kill(child, received.si_signo)


def _reap(child: int) -> int | None:
    """Take in every process that has ended; the exit status of the child if it is among them."""
    ended = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            ended = code if code >= 0 else _SIGNALLED - code
