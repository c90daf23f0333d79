"""Several invocations at once in one execution environment (AWS_LAMBDA_MAX_CONCURRENCY is set).

Two ways, chosen by LAMBDAKIT_CONCURRENCY:

* `processes` (the default) is what AWS's client does: as many forked workers as there may be invocations, each with
  its own copy of everything, each one invocation at a time. A worker that dies is not replaced.
* `async` serves all of them in one process on one event loop, for `async def` handlers: memory is paid once. Each
  invocation has a thread that talks to the Runtime API and waits for the handler's coroutine on the shared loop.
  Request id, tenant and trace header travel in a context variable, so records never mix; the `_X_AMZN_TRACE_ID`
  variable, which all invocations would share, is not set.
  `HttpApp`, `WebSocketApp` and `App` may have plain functions beside async ones, and are taken too. A plain function
  runs in its invocation's thread, at the same time as others: what they share must be safe to share between threads.
  Where async middleware is around it, it runs on the loop and holds all of them up.

In either way a failing `next` is tried again with growing pauses, and a result that cannot be posted is logged and
lost, because the other invocations of the environment must go on.
"""

from __future__ import annotations

import os
import sys
import time

from lambdakit.exceptions import HandlerLoadFault, RuntimeApiError
from lambdakit.runtime import logs
from lambdakit.runtime.call import answer
from lambdakit.runtime.client import RuntimeApi
from lambdakit.runtime.loop import Loop
from lambdakit.runtime.resolve import NOT_CALLABLE, may_be_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import ContextVar
    from typing import Any, NoReturn

    from lambdakit.runtime.client import Invocation
    from lambdakit.runtime.event_loop import SharedLoop

__all__ = ("run",)

MODE_VARIABLE = "LAMBDAKIT_CONCURRENCY"
SOCKET_VARIABLE = "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"

# Pauses in seconds before each further try of `next`, as AWS's client makes them.
NEXT_PAUSES = (0.1, 0.2, 0.4, 0.8)
# Another worker has reported the same failure first.
_REPORTED = frozenset((202, 403))
# The service's own upper limit for concurrency in one environment.
_MAX_WORKERS = 1600


def run(api: RuntimeApi, name: str, concurrency: str) -> int:
    """Serve `concurrency` invocations at once until the environment ends. Returns the process's exit status."""
    mode = os.environ.get(MODE_VARIABLE, "processes")
    start = _MODES.get(mode)
    if start is None:
        return _refuse(f"{MODE_VARIABLE} is {mode!r}; it can be {' or '.join(map(repr, _MODES))}")
    if not concurrency.isdecimal() or not 0 < int(concurrency) <= _MAX_WORKERS:
        return _refuse(f"AWS_LAMBDA_MAX_CONCURRENCY is {concurrency!r}; it must be a number from 1 to {_MAX_WORKERS}")
    return start(api, name, int(concurrency))


class ResilientApi(RuntimeApi):
    """A Runtime API whose failures concern one invocation, not the environment."""

    def next(self) -> Invocation:
        """The next invocation; tried five times. Raises RuntimeApiError after that."""
        for pause in NEXT_PAUSES:
            try:
                return super().next()
            except RuntimeApiError as error:
                sys.stderr.write(f"lambdakit: {error}; trying again in {pause} s\n")
                time.sleep(pause)
        return super().next()

    def answer(self, handler: Callable[[Any, Any], Any], invocation: Invocation, runner: Any) -> None:
        """Answer one invocation; what cannot be posted is logged."""
        try:
            answer(self, handler, invocation, runner)
        except RuntimeApiError as error:
            sys.stderr.write(f"lambdakit: {error}: This won't kill the Runtime loop\n")


class _WorkerLoop(Loop):
    """The invoke loop of one worker process."""

    def __init__(self, api: ResilientApi, handler: Callable[[Any, Any], Any]) -> None:
        super().__init__(api, handler)

    def serve(self, invocation: Invocation) -> None:
        try:
            super().serve(invocation)
        except RuntimeApiError as error:
            sys.stderr.write(f"lambdakit: {error}: This won't kill the Runtime loop\n")


def _run_processes(api: RuntimeApi, name: str, concurrency: int) -> int:
    _announce(concurrency)
    workers = [_fork(api.address, name) for _ in range(concurrency)]
    statuses = [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers]
    return next((abs(status) for status in statuses if status), 0)


def _fork(address: str, name: str) -> int:
    worker = os.fork()
    if worker:
        return worker
    status = 1
    try:
        _redirect_output()
        logs.install()
        _work(ResilientApi(address), name)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    except RuntimeApiError as error:
        _refuse(str(error))
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        logs.flush()
        os._exit(status)  # never back into the parent's frames


def _work(api: ResilientApi, name: str) -> NoReturn:
    from lambdakit.runtime.entry import load_or_exit, restore_or_exit

    handler = load_or_exit(api, name, reported=_REPORTED)
    restore_or_exit(api)
    _WorkerLoop(api, handler).run()


def _redirect_output() -> None:
    """Connect stdout and stderr to the log collector that the environment offers its workers."""
    path = os.environ.get(SOCKET_VARIABLE)
    if not path:
        return
    import _socket

    for descriptor in (1, 2):
        collector = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        collector.connect(path)
        os.dup2(collector.fileno(), descriptor)
        collector.close()


def _announce(concurrency: int) -> None:
    """The record of the managed runtime that says how many workers there will be; level DEBUG."""
    if os.environ.get(logs.LOG_LEVEL, "").upper() not in ("DEBUG", "TRACE", "NOTSET"):
        return
    descriptor = os.environ.get(logs.LOG_FD)
    sink = logs.StreamSink() if descriptor is None else logs.FramedSink(os.dup(int(descriptor)))
    import logging

    from lambdakit.runtime.log_records import set_up_root_logger

    set_up_root_logger(sink)
    counts = {"workerCount": concurrency, "executionEnvironmentMaxConcurrency": concurrency}
    logging.getLogger().debug({"event": "runtime_worker_pool_initializing", **counts})
    logging.getLogger().handlers.clear()
    logs.flush()
    sink.close()


def _run_async(api: RuntimeApi, name: str, concurrency: int) -> int:
    from lambdakit.runtime.entry import load_or_exit, restore_or_exit
    from lambdakit.runtime.event_loop import SharedLoop

    logs.install()
    handler = load_or_exit(api, name, reported=_REPORTED, accept=_must_be_async)
    restore_or_exit(api)
    return _AsyncServer(api.address, handler, SharedLoop()).run(concurrency)


def _must_be_async(handler: object) -> None:
    if not may_be_async(handler):
        raise HandlerLoadFault(
            NOT_CALLABLE,
            f"{MODE_VARIABLE}=async serves all invocations on one event loop: the handler must be an async def",
            hint=f"Make the handler async, or set {MODE_VARIABLE}=processes.",
        )


class _AsyncServer:
    """The threads that fetch invocations, and the event loop on which their handlers run."""

    def __init__(self, address: str, handler: Callable[[Any, Any], Any], loop: SharedLoop) -> None:
        from contextvars import ContextVar

        self._address = address
        self._handler = handler
        self._loop = loop
        self._status = 0
        self._identity: ContextVar[logs.Identity] = ContextVar("lambdakit_identity")

    def run(self, concurrency: int) -> int:
        """Serve until a thread gives up or the handler asks to exit. Returns the exit status."""
        import threading

        nobody = logs.Identity()
        logs.use_identity_source(lambda: self._identity.get(nobody))
        for number in range(concurrency):
            threading.Thread(target=self._serve, name=f"lambdakit-invocation-{number}", daemon=True).start()
        self._loop.serve()
        return self._status

    def _serve(self) -> None:
        api = ResilientApi(self._address)
        try:
            while True:
                invocation = api.next()
                self._identity.set(logs.identity_of(invocation))
                api.answer(self._handler, invocation, self._loop)
                logs.flush()
        except SystemExit as error:
            self._status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        except RuntimeApiError as error:
            self._status = _refuse(str(error))
        finally:
            self._loop.stop()


def _refuse(message: str) -> int:
    sys.stderr.write(f"lambdakit: {message}\n")
    return 1


_MODES: dict[str, Callable[[RuntimeApi, str, int], int]] = {"processes": _run_processes, "async": _run_async}
