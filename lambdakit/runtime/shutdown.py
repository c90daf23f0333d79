"""Graceful shutdown: how the on_shutdown hooks come to run.

The service sends SIGTERM only to environments in which an extension is registered, and otherwise kills at once. So the
runtime registers an internal extension that subscribes to no event, says that it is ready, and never reads the answer;
Go's and Rust's runtimes do the same. Between SIGTERM and SIGKILL lie 500 ms (300 ms beside an external extension): AWS
Lambda developer guide, "Lambda execution environment lifecycle", shutdown phase.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback

from lambdakit.exceptions import RuntimeApiError
from lambdakit.runtime import hooks
from lambdakit.runtime.http1 import Connection, parse_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from lambdakit.runtime.client import RuntimeApi

__all__ = ("arrange",)

EXTENSION_NAME = "lambdakit-graceful-shutdown"
# All hooks together; what is left until SIGKILL pays for the exit itself.
BUDGET_SECONDS = 0.45

_parked: Connection | None = None


def arrange(api: RuntimeApi) -> None:
    """If hooks are registered, make the service send SIGTERM, and run them when it does."""
    if not hooks.shutdown_hooks():
        return
    global _parked
    try:
        identifier = api.register_extension(EXTENSION_NAME)
        _parked = Connection(parse_address(api.address))
        _parked.send_only(api.extension_ready_head(identifier))
    except RuntimeApiError as error:
        sys.stderr.write(f"lambdakit: on_shutdown hooks will not run, no extension could be registered: {error}\n")
        return
    previous = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda number, frame: _shut_down(previous, number, frame))


def _shut_down(previous: object, number: int, frame: FrameType | None) -> None:
    run_hooks()
    if callable(previous):
        previous(number, frame)
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: an invocation may be running, and its `except` or `finally` must not get in the way.
    os._exit(0)


def run_hooks() -> None:
    """Run the shutdown hooks within the budget; one that fails or hangs is reported and does not stop the others."""
    pending = hooks.shutdown_hooks()
    signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, BUDGET_SECONDS)
    try:
        while pending:
            _run_hook(pending.pop(0))
    except _OutOfTime:
        if pending:
            names = ", ".join(_name(hook) for hook in pending)
            sys.stderr.write(f"lambdakit: no time was left for the shutdown hooks {names}\n")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _OutOfTime(BaseException):
    """The budget of the shutdown hooks is used up."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise _OutOfTime


def _run_hook(hook: Callable[[], object]) -> None:
    try:
        hook()
    except _OutOfTime:
        sys.stderr.write(f"lambdakit: shutdown hook {_name(hook)} took longer than {BUDGET_SECONDS} s\n")
        raise
    except BaseException:
        sys.stderr.write(f"lambdakit: shutdown hook {_name(hook)} failed\n{traceback.format_exc()}")


def _name(hook: Callable[[], object]) -> str:
    return getattr(hook, "__qualname__", repr(hook))
