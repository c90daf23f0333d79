"""One batch on its way through the record function: which record has its turn next, and what became of each.

A run is made for each invocation and thrown away with it. It decides, the loops below and the workers of
`batch_workers` do: whoever works asks the run for the next record, calls the function, and tells the run of a failure.

    turns()                 one record at a time, in the order of the event
    line_up(), take(),      several at a time: of each lane at most one, in order; of the lanes that are free the one
    settle(index)           with the earliest record

No record starts with less time left than `reserve` plus the longest a record has taken so far: it goes back unstarted.
A record cut off by the end of the environment would be done again, and with it every one that had already succeeded.
Where a deadline (`lambdakit.middleware`) cuts one off before, that record has failed, and no other starts.
"""

from __future__ import annotations

from time import monotonic

from lambdakit.events.batch_result import BatchResult
from lambdakit.exceptions import DeadlineError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from typing import Any

    from lambdakit.events.batch_sources import BatchSource

__all__ = ("Run", "deadline_of", "failed", "failed_async", "run_in_order", "run_in_order_async")

# What is kept free without `reserve`: seconds, and at most this part of the time there was when the batch began.
RESERVE_SECONDS, RESERVE_PART = 0.5, 0.1

_NEVER = float("inf")
_NONE: frozenset[int] = frozenset()


class Run:
    """One batch: `records` are raw, `make` gives the typed record, `call` calls the function with it."""

    __slots__ = (
        "_context",
        "_event",
        "_halted",
        "_lanes",
        "_ready",
        "_source",
        "_stop_before",
        "_waiting",
        "errors",
        "left",
        "longest",
        "make",
        "on_error",
        "overdue",
        "records",
        "skipped",
        "until",
    )

    def __init__(
        self,
        source: BatchSource,
        event: Any,
        context: Any,
        make: Any,
        on_error: Callable[[Any, Exception, Any], Any] | None = None,
        reserve: float | None = None,
    ) -> None:
        self.records = source.records(event)
        self.make = make
        self.on_error = on_error
        self.skipped: frozenset[int] = _NONE
        if getattr(make, "payload_type", None) is not None:
            self.skipped = _test_messages(make, self.records)
        self.errors: dict[int, Exception] = {}
        self.left: list[int] = []
        self._source = source
        self._event = event
        self._context = context
        self.longest = 0.0
        self.overdue: DeadlineError | None = None
        self.until = _last_start(context, reserve)

    # One at a time.

    def turns(self, start: int = 0) -> Iterator[int]:
        """The records to be started, each when the one before is done."""
        count, errors, skipped = len(self.records), self.errors, self.skipped
        lanes = None if self._source.stops == "none" else self._lanes_in_order()
        longest, now = self.longest, monotonic()
        for index in range(start, count):
            if index in skipped:
                continue
            if now + longest > self.until:
                self.left.extend(rest for rest in range(index, count) if rest not in skipped)
                return
            if errors and lanes is not None and self._is_behind(index, lanes):
                self.left.append(index)
                continue
            yield index
            then = monotonic()
            if then - now > longest:
                longest = then - now
            now = then

    def _lanes_in_order(self) -> list[Hashable] | None:
        one: list[Hashable] = [None]
        return one * len(self.records) if self._source.stops == "shard" else self._lanes_of_records()

    def _lanes_of_records(self) -> list[Hashable] | None:
        return self._source.lanes(self._event, self.records)

    def _is_behind(self, index: int, lanes: list[Hashable]) -> bool:
        """Whether a record stands behind a failure in its lane."""
        return any(lanes[failed] == lanes[index] for failed in self.errors)

    # Several at a time. The caller holds a lock, or is the one thread there is.

    def line_up(self) -> int:
        """Make ready for `take`; the most records that can be under way at once."""
        lanes = self._lanes_of_records()
        waiting: dict[Hashable, list[int]] = {}
        for index in range(len(self.records)):
            if index not in self.skipped:
                waiting.setdefault(index if lanes is None else lanes[index], []).append(index)
        self._lanes = lanes
        self._waiting = {lane: iter(indexes) for lane, indexes in waiting.items()}
        self._ready = [next(indexes) for indexes in self._waiting.values()]  # ascending, so a heap already
        self._stop_before = len(self.records)
        self._halted = False
        return len(self._ready)

    def take(self) -> int | None:
        """The next record to start, or None: the one who asks is no longer needed."""
        from heapq import heappop

        if self._halted or not self._ready or self._ready[0] >= self._stop_before:
            return None
        if monotonic() + self.longest > self.until:
            self.halt()
            return None
        return heappop(self._ready)

    def settle(self, index: int, seconds: float) -> None:
        """A record that was taken is done: the next of its lane may start, or must not."""
        from heapq import heappush

        self.longest = max(self.longest, seconds)
        if index in self.errors:
            if self._source.stops == "shard":
                self._stop_before = min(self._stop_before, index)
            if self._source.stops != "none":
                return
        following = next(self._waiting[index if self._lanes is None else self._lanes[index]], None)
        if following is not None:
            heappush(self._ready, following)

    def halt(self) -> None:
        """Let no further record start."""
        self._halted = True

    def wind_up(self) -> int:
        """Note what was not taken; how many were."""
        self.left = self._ready + [index for indexes in self._waiting.values() for index in indexes]
        return len(self.records) - len(self.skipped) - len(self.left)

    # What became of it.

    def fail(self, index: int, error: Exception) -> Any:
        """Note a failure; gives what the hook for errors returned, to be awaited if it can be."""
        self.errors[index] = error
        if isinstance(error, DeadlineError):
            self.overdue, self.until = error, -_NEVER
        relocate: Callable[[str, str], None] | None = getattr(error, "relocate", None)
        record = self.make(self.records[index])
        if relocate is not None:
            relocate(record.at, self._source.place(self._event, index))
        if self.on_error is not None:
            return self.on_error(record, error, self._context)
        from logging import getLogger

        getLogger(__name__).error("%r failed: %s", record, error, exc_info=error)
        return None

    def judge(self, index: int, verdict: Any) -> None:
        """Take what the hook for errors returned: with "done" the record counts as done."""
        if verdict is None:
            return
        if verdict != "done":
            raise UsageError(f"on_error returned {verdict!r}; it returns 'done' (the record is dealt with) or None")
        del self.errors[index]

    def result(self, done: int) -> BatchResult:
        """What became of the batch, of whose records `done` were started."""
        errors, skipped = self.errors, self.skipped
        if not errors and not self.left:
            return BatchResult(succeeded=done, skipped=len(skipped))
        left = sorted([*errors, *self.left])
        report = self._source.report
        return BatchResult(
            succeeded=done - len(errors),
            failed=len(errors),
            unstarted=len(self.left),
            skipped=len(skipped),
            exceptions=[(self.make(self.records[index]), errors[index]) for index in sorted(errors)],
            identifiers=[] if report is None else report(self._event, self.records, left),
        )


def _test_messages(make: Any, records: list[Any]) -> frozenset[int]:
    """The records that are S3's test messages, where the function is one of S3's events."""
    from lambdakit.events.s3_test import expects_s3, is_test_message

    if not expects_s3(make):
        return _NONE
    return frozenset(index for index, raw in enumerate(records) if is_test_message(make(raw)))


def _last_start(context: Any, reserve: float | None) -> float:
    """The moment after which no record may start, by the monotonic clock; never, where there is no deadline."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        return _NEVER
    seconds: float = remaining() / 1000
    if reserve is None:
        reserve = min(RESERVE_SECONDS, seconds * RESERVE_PART)
    return monotonic() + seconds - reserve


def run_in_order(run: Run, function: Callable[..., Any], context: Any) -> BatchResult:
    """Call the function for one record after the other."""
    records, make = run.records, run.make
    done = 0 if run.skipped else _run_while_good(run, function, context)
    for index in run.turns(done) if done < len(records) else ():
        done += 1
        try:
            function(make(records[index]), context)
        except Exception as error:
            failed(run, index, error)
    return run.result(done)


def _run_while_good(run: Run, function: Callable[..., Any], context: Any) -> int:
    """The way of most batches: call for one record after the other while none fails and there is time; how many."""
    make, until, longest, now = run.make, run.until, 0.0, monotonic()
    index = -1
    try:
        for index, raw in enumerate(run.records):
            if now + longest > until:
                return index
            function(make(raw), context)
            then = monotonic()
            if then - now > longest:
                run.longest = longest = then - now
            now = then
    except Exception as error:
        run.longest = max(longest, monotonic() - now)
        failed(run, index, error)
    return index + 1


async def run_in_order_async(run: Run, function: Callable[..., Any], context: Any) -> BatchResult:
    """Await the function for one record after the other."""
    records, make, done = run.records, run.make, 0
    for index in run.turns():
        done += 1
        try:
            await function(make(records[index]), context)
        except Exception as error:
            await failed_async(run, index, error)
        except BaseException as error:
            await failed_async(run, index, deadline_of(error))
    return run.result(done)


def deadline_of(error: BaseException) -> DeadlineError:
    """The error of the deadline that a task was cancelled for. Raises any other cancellation again."""
    cause: BaseException | None = error
    while cause is not None:
        if cause.args and isinstance(cause.args[0], DeadlineError):
            return cause.args[0]
        cause = cause.__context__  # Python 3.10 makes a new error without it where a task awaits another
    raise error


def failed(run: Run, index: int, error: Exception) -> None:
    """A record's function raised. What the hook for errors raises itself stands in place of it."""
    try:
        verdict = run.fail(index, error)
    except Exception as second:
        run.errors[index] = second
    else:
        run.judge(index, verdict)


async def failed_async(run: Run, index: int, error: Exception) -> None:
    """`failed`, for a hook that may be async."""
    try:
        verdict = run.fail(index, error)
        if hasattr(verdict, "__await__"):
            verdict = await verdict
    except Exception as second:
        run.errors[index] = second
    else:
        run.judge(index, verdict)
