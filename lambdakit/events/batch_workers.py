"""Several records of a batch at once: threads for plain functions, tasks for async ones.

Workers take records from the run until there is none for them. Every record runs in a copy of the invocation's context
variables, so that what one sets no other sees. Threads live no longer than the batch: the execution environment may be
frozen as soon as the answer is given. Only where a deadline ends the batch are threads left to what they are doing,
which counts as failed.
"""

from __future__ import annotations

from time import monotonic

from lambdakit.events.batch_run import deadline_of, failed, failed_async
from lambdakit.exceptions import DeadlineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lambdakit.events.batch_result import BatchResult
    from lambdakit.events.batch_run import Run

__all__ = ("run_tasks", "run_threads")


def run_threads(run: Run, function: Callable[..., Any], context: Any, workers: int) -> BatchResult:
    """Run the batch in this thread and up to `workers` - 1 others."""
    from contextvars import copy_context
    from threading import Lock, Thread

    workers = min(workers, run.line_up())
    lock, variables = Lock(), copy_context()
    fatal: list[BaseException] = []
    under_way: set[int] = set()

    def attempt(index: int) -> None:
        try:
            function(run.make(run.records[index]), context)
        except Exception as error:
            failed(run, index, error)

    def work() -> None:
        try:
            while True:
                with lock:
                    index = run.take()
                    if index is None:
                        return
                    under_way.add(index)
                start = monotonic()
                variables.copy().run(attempt, index)
                with lock:
                    run.settle(index, monotonic() - start)
                    under_way.discard(index)
        except DeadlineError as error:
            run.overdue = error
            run.halt()
        except BaseException as error:
            fatal.append(error)
            run.halt()

    threads = [Thread(target=work, name=f"lambdakit-batch-{number}") for number in range(1, workers)]
    started = [thread for thread in threads if _started(thread)]
    try:
        work()
        for thread in started if run.overdue is None else ():
            thread.join()
    except DeadlineError as error:
        run.overdue = error
    if fatal:
        raise fatal[0]
    with lock:
        overdue = run.overdue
        late = [] if overdue is None else [(index, overdue) for index in sorted(under_way)]
        for index, cause in late:
            failed(run, index, cause)
        return run.result(run.wind_up())


def _started(thread: Any) -> bool:
    """Start a thread; False where the environment has no more threads, and fewer must do."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True


async def run_tasks(run: Run, function: Callable[..., Any], context: Any, workers: int) -> BatchResult:
    """Run the batch in up to `workers` tasks."""
    from asyncio import CancelledError, create_task, gather

    async def attempt(index: int) -> None:
        try:
            await function(run.make(run.records[index]), context)
        except Exception as error:
            await failed_async(run, index, error)

    async def work() -> None:
        while (index := run.take()) is not None:
            start = monotonic()
            try:
                await create_task(attempt(index))  # a task of its own has context variables of its own
            except CancelledError as error:
                await failed_async(run, index, deadline_of(error))
            run.settle(index, monotonic() - start)

    tasks = [create_task(work()) for _ in range(min(workers, run.line_up()))]
    try:
        await gather(*tasks)
    except CancelledError:
        # For a deadline all workers have been cancelled and have ended their records; `gather` forgets what for.
        if run.overdue is None:
            raise
    finally:
        run.halt()
        for task in tasks:
            task.cancel()
        await gather(*tasks, return_exceptions=True)
    return run.result(run.wind_up())
