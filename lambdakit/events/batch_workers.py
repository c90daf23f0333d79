"""Several records of a batch at once: threads for plain functions, tasks for async ones.

Workers take records from the run until there is none for them. Every record runs in a copy of the invocation's context
variables, so that what one sets no other sees. Threads live no longer than the batch: the execution environment may be
frozen as soon as the answer is given.
"""

from __future__ import annotations

from time import monotonic

from lambdakit.events.batch_run import failed, failed_async

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
                start = monotonic()
                variables.copy().run(attempt, index)
                with lock:
                    run.settle(index, monotonic() - start)
        except BaseException as error:
            fatal.append(error)
            run.halt()

    threads = [Thread(target=work, name=f"lambdakit-batch-{number}") for number in range(1, workers)]
    started = [thread for thread in threads if _started(thread)]
    work()
    for thread in started:
        thread.join()
    if fatal:
        raise fatal[0]
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
    from asyncio import create_task, gather

    async def attempt(index: int) -> None:
        try:
            await function(run.make(run.records[index]), context)
        except Exception as error:
            await failed_async(run, index, error)

    async def work() -> None:
        while (index := run.take()) is not None:
            start = monotonic()
            await create_task(attempt(index))  # a task of its own has context variables of its own
            run.settle(index, monotonic() - start)

    tasks = [create_task(work()) for _ in range(min(workers, run.line_up()))]
    try:
        await gather(*tasks)
    finally:
        run.halt()
        for task in tasks:
            task.cancel()
        await gather(*tasks, return_exceptions=True)
    return run.result(run.wind_up())
