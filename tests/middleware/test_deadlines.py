"""A deadline before the kill: exact, nested, in every kind of code, and with nothing left behind."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lambdakit import lambda_handler
from lambdakit.events import api_gateway, sqs_batch
from lambdakit.exceptions import DeadlineError, UsageError
from lambdakit.middleware import deadline
from tests.fake_runtime_api import Event
from tests.middleware.idempotency_support import Time
from tests.runtime_process import OFFICIAL, OURS, run_runtime

FOREVER = 60.0


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Any:
    """The handler of SIGALRM and its timer are as before; the timer is that of the tests' own time limit, or none."""
    handler, (before, interval) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    begin = time.monotonic()
    yield
    assert signal.getsignal(signal.SIGALRM) is handler
    after, interval_after = signal.getitimer(signal.ITIMER_REAL)
    assert interval_after == interval
    assert after == pytest.approx(max(0, before - (time.monotonic() - begin)) if before else 0, abs=0.5)


def sleeper(seconds: float = FOREVER, **options: Any) -> Any:
    @lambda_handler(middleware=[deadline(**options)])
    def handler(event: Any, context: Any) -> Any:
        time.sleep(seconds)
        return "done"

    return handler


def async_sleeper(seconds: float = FOREVER, **options: Any) -> Any:
    @lambda_handler(middleware=[deadline(**options)])
    async def handler(event: Any, context: Any) -> Any:
        await asyncio.sleep(seconds)
        return "done"

    return lambda event, context=None: asyncio.run(handler(event, context))


def spinner(event: Any, context: Any) -> Any:
    """Runs Python until it is stopped, since other threads are reached nowhere else."""
    until = time.monotonic() + FOREVER
    while time.monotonic() < until:
        pass


BOTH = pytest.mark.parametrize("make", [sleeper, async_sleeper])


@BOTH
def test_a_handler_is_stopped_before_its_time_is_over(make: Any) -> None:
    begin = time.monotonic()
    with pytest.raises(DeadlineError, match="the time for the handler is over"):
        make()({}, Time(200))
    assert 0.18 < time.monotonic() - begin < 10


@BOTH
def test_one_that_is_done_in_time_is_not_touched(make: Any) -> None:
    assert make(0)({}, Time(60_000)) == "done"


@BOTH
def test_without_a_context_there_is_no_deadline(make: Any) -> None:
    assert make(0)({}) == "done"


@BOTH
@pytest.mark.parametrize("answer", [{"late": True}, lambda event, context: {"late": event["late"]}])
def test_the_answer_may_be_a_value_or_made_from_the_event(make: Any, answer: Any) -> None:
    assert make(answer=answer)({"late": True}, Time(20)) == {"late": True}


@pytest.mark.parametrize(
    ("milliseconds", "reserve", "seconds"),
    [(3_000, None, 2.85), (10_000, None, 9.5), (900_000, None, 899.5), (3_000, 1, 2), (500, 1.5, 0), (0, None, 0)],
)
def test_half_a_second_is_kept_free_or_a_twentieth_of_the_time(
    milliseconds: int, reserve: float | None, seconds: float
) -> None:
    found: Any = deadline(reserve=reserve)
    assert found._seconds(Time(milliseconds)) == pytest.approx(seconds)


def test_an_http_request_is_answered_with_504() -> None:
    @api_gateway(middleware=[deadline()])
    def handler(event: Any, context: Any) -> Any:
        time.sleep(FOREVER)

    answer: Any = handler({"httpMethod": "GET", "path": "/", "requestContext": {}}, Time(20))
    assert answer["statusCode"] == 504
    assert answer["headers"]["content-type"] == "application/problem+json"
    body = json.loads(answer["body"])
    assert (body["status"], body["title"]) == (504, "Gateway Timeout")
    assert body["instance"] == f"urn:uuid:{Time.aws_request_id}"


def test_what_the_handler_holds_is_let_go() -> None:
    closed: list[str] = []

    @lambda_handler(middleware=[deadline()])
    def handler(event: Any, context: Any) -> Any:
        try:
            threading.Event().wait(FOREVER)
        finally:
            closed.append("closed")

    with pytest.raises(DeadlineError):
        handler({}, Time(20))
    assert closed == ["closed"]


def test_a_handler_that_swallows_the_error_keeps_its_result() -> None:
    @lambda_handler(middleware=[deadline()])
    def handler(event: Any, context: Any) -> Any:
        try:
            time.sleep(FOREVER)
        except TimeoutError:
            return "partial"

    assert handler({}, Time(20)) == "partial"


@pytest.mark.parametrize(("outer", "inner", "answer"), [(20, 60_000, "outer"), (60_000, 20, "inner")])
@pytest.mark.parametrize("make", [sleeper, async_sleeper])
def test_of_nested_deadlines_the_earlier_counts(make: Any, outer: int, inner: int, answer: str) -> None:
    within = make(answer="inner")

    @lambda_handler(middleware=[deadline(answer="outer")])
    def handler(event: Any, context: Any) -> Any:
        return within(event, Time(inner))

    assert handler({}, Time(outer)) == answer


def test_an_outer_deadline_is_still_due_after_an_inner_one() -> None:
    inner = sleeper(0)

    @lambda_handler(middleware=[deadline(answer="outer")])
    def handler(event: Any, context: Any) -> Any:
        assert inner(event, Time(100)) == "done"
        time.sleep(FOREVER)

    assert handler({}, Time(300)) == "outer"


def test_another_timer_of_the_process_goes_on() -> None:
    rung = threading.Event()
    found, (left, _) = signal.signal(signal.SIGALRM, lambda *_: rung.set()), signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        assert sleeper(answer="late")({}, Time(20)) == "late"
        assert not rung.is_set()
        assert rung.wait(10)
    finally:
        signal.signal(signal.SIGALRM, found)
        signal.setitimer(signal.ITIMER_REAL, left and left - 0.2)


def test_it_never_goes_off_after_the_handler_has_returned() -> None:
    """Handlers that return just when the deadline is due give their result or the late answer, and nothing else."""
    answers = []
    for step in range(400):
        target = 0.002 + (step % 40 - 20) * 0.000_01

        @lambda_handler(middleware=[deadline(reserve=0, answer="late")])
        def handler(event: Any, context: Any, until: float = target) -> Any:
            end = time.perf_counter() + until
            while time.perf_counter() < end:
                pass
            return "done"

        answers.append(handler({}, Time(2)))
        end = time.perf_counter() + 0.000_2
        while time.perf_counter() < end:
            pass
    assert set(answers) <= {"done", "late"}


@pytest.mark.parametrize("late", [True, False])
def test_in_another_thread_code_that_runs_is_stopped(late: bool) -> None:
    @lambda_handler(middleware=[deadline(answer="late")])
    def handler(event: Any, context: Any) -> Any:
        return spinner(event, context) if late else "done"

    with ThreadPoolExecutor(1) as pool:
        for _ in range(20):
            assert pool.submit(handler, {}, Time(5 if late else 60_000)).result(20) == ("late" if late else "done")


def test_in_other_threads_it_never_goes_off_after_the_handler_has_returned() -> None:
    @lambda_handler(middleware=[deadline(reserve=0, answer="late")])
    def handler(event: Any, context: Any) -> Any:
        end = time.perf_counter() + event
        while time.perf_counter() < end:
            pass
        return "done"

    def many(offset: int) -> set[Any]:
        return {handler(0.002 + (step % 40 - 20) * 0.000_02, Time(2)) for step in range(offset, offset + 60)}

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(many, range(4))) <= {"done", "late"}


def test_a_hundred_async_invocations_have_deadlines_of_their_own() -> None:
    @lambda_handler(middleware=[deadline(answer="late")])
    async def handler(event: Any, context: Any) -> Any:
        await asyncio.sleep(FOREVER if event % 2 else 0)
        return event

    async def run() -> list[Any]:
        return await asyncio.gather(*(handler(number, Time(50)) for number in range(100)))

    assert asyncio.run(run()) == ["late" if number % 2 else number for number in range(100)]


def test_a_cancellation_from_elsewhere_stays_one() -> None:
    @lambda_handler(middleware=[deadline(answer="late")])
    async def handler(event: Any, context: Any) -> Any:
        await asyncio.sleep(FOREVER)

    async def run() -> None:
        task = asyncio.ensure_future(handler({}, Time(60_000)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def messages(*bodies: str) -> dict[str, Any]:
    records = [{"messageId": body, "eventSource": "aws:sqs", "body": body} for body in bodies]
    return {"Records": records}


def _report(*names: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_batch_reports_what_was_not_done(concurrency: int) -> None:
    results: list[Any] = []
    gate = threading.Event()

    def noting(event: Any, context: Any, call_next: Any) -> Any:
        results.append(call_next(event, context))
        return results[0]

    @sqs_batch(middleware=[deadline(reserve=0.1), noting], concurrency=concurrency, reserve=0)
    def handler(message: Any) -> None:
        if message.body != "a":
            gate.wait(FOREVER)

    try:
        assert handler(messages("a", "b", "c", "d", "e"), Time(300)) == _report("b", "c", "d", "e")
    finally:
        gate.set()
    (result,) = results
    assert (result.succeeded, result.failed, result.unstarted) == (1, concurrency, 4 - concurrency)
    assert all(isinstance(error, DeadlineError) for _, error in result.exceptions)


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_async_batch_reports_what_was_not_done(concurrency: int) -> None:
    @sqs_batch(middleware=[deadline(reserve=0.1)], concurrency=concurrency, reserve=0)
    async def handler(message: Any) -> None:
        if message.body != "a":
            await asyncio.sleep(FOREVER)

    report: Any = asyncio.run(handler(messages("a", "b", "c", "d", "e"), Time(300)))  # type: ignore[arg-type]
    assert report == _report("b", "c", "d", "e")


@pytest.mark.parametrize("concurrency", [1, 2])
def test_an_async_batch_that_is_cancelled_otherwise_is_cancelled(concurrency: int) -> None:
    @sqs_batch(middleware=[deadline()], concurrency=concurrency)
    async def handler(message: Any) -> None:
        await asyncio.sleep(FOREVER)

    async def run() -> None:
        task: Any = asyncio.ensure_future(handler(messages("a", "b"), Time(60_000)))  # type: ignore[arg-type]
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


@pytest.mark.parametrize("reserve", [-1, "1", True])
def test_misuse_is_named(reserve: Any) -> None:
    with pytest.raises(UsageError, match="reserve is a number of seconds from 0"):
        deadline(reserve=reserve)


APP = """
import time
from lambdakit import lambda_handler
from lambdakit.middleware import deadline

@lambda_handler(middleware=[deadline(answer="late")])
def handler(event, context):
    time.sleep(event)
    return "done"
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
def test_it_holds_under_both_runtimes(command: Any) -> None:
    run = run_runtime(APP, [Event(0), Event(60, timeout_ms=500), Event(0)], command=command)
    assert [post.json() for post in run.posts] == ["done", "late", "done"]
