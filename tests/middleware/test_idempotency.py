"""A call that must happen once: in one process and many, sync and async, with every store."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit import lambda_handler
from lambdakit.events import SQSMessage, api_gateway, sqs_batch  # noqa: TC001  (the decorator reads annotations)
from lambdakit.exceptions import (
    IdempotencyConflictError,
    IdempotencyInProgressError,
    IdempotencyKeyError,
    IdempotencyResultError,
    IdempotencyStoreError,
    UsageError,
)
from lambdakit.middleware import SQLiteStore, idempotent, idempotent_function
from lambdakit.middleware.idempotency_records import Claim
from lambdakit.middleware.selecting import digest
from tests.fake_runtime_api import Event
from tests.middleware.idempotency_support import Time, contend, make_table, store_of, valkey_server
from tests.moto_server import aws as aws
from tests.moto_server import aws_server as aws_server
from tests.runtime_process import OFFICIAL, OURS, run_runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


KINDS = ("dynamodb", "redis", "sqlite")


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey_server(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store's place, for the test's `kind`."""
    kind = request.getfixturevalue("kind")
    if kind == "dynamodb":
        request.getfixturevalue("aws")
        return make_table()
    if kind == "redis":
        import redis

        url: str = request.getfixturevalue("valkey")
        with redis.Redis.from_url(url) as client:
            client.flushall()
        return url
    return str(tmp_path / "calls.db")


@pytest.fixture
def store(kind: str, place: str) -> Any:
    return store_of(kind, place)


@pytest.fixture
def memory() -> Any:
    return SQLiteStore(":memory:")


def counted(store: Any, answer: Callable[[Any], Any] = lambda event: event["amount"], /, **options: Any) -> Any:
    """A handler whose `calls` are the events it was called with."""
    calls: list[Any] = []

    @lambda_handler(middleware=[idempotent(store, **{"key": "order_id", **options})])
    def handler(event: Any, context: Any) -> Any:
        calls.append(event)
        return answer(event)

    handler.calls = calls  # type: ignore[attr-defined]
    return handler


@pytest.mark.parametrize("kind", KINDS)
def test_a_repetition_gets_the_first_result_and_another_key_its_own(store: Any) -> None:
    handler = counted(store)
    assert [handler({"order_id": "a", "amount": 0.1}, Time()) for _ in range(3)] == [0.1] * 3
    assert handler({"order_id": "b", "amount": 2}, Time()) == 2
    assert len(handler.calls) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_call_leaves_nothing_behind(store: Any) -> None:
    def result(event: Any) -> Any:
        raise ValueError("no funds")

    handler = counted(store, result)
    for _ in range(2):
        with pytest.raises(ValueError, match="no funds"):
            handler({"order_id": "a"}, Time())
    assert len(handler.calls) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_while_a_call_is_under_way_another_is_refused_until_the_lock_ends(store: Any) -> None:
    inner: list[Any] = []

    def result(event: Any) -> Any:
        if not inner:
            inner.append(None)
            with pytest.raises(IdempotencyInProgressError, match="under way already") as caught:
                handler(event, Time())
            inner[0] = caught.value.seconds
        return "done"

    handler = counted(store, result)
    assert handler({"order_id": "a"}, Time(5_000)) == "done"
    assert 4 <= inner[0] <= 6
    assert len(handler.calls) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_of_a_dead_call_ends_with_its_invocation(store: Any) -> None:
    dead = Claim("function.dict#x", "t1", "")
    assert store.claim(dead, 0.05, 60) is None
    standing = store.claim(Claim(dead.key, "t2", ""), 1, 60)
    while standing is not None:  # at most the 50 ms, and what DynamoDB's clock of milliseconds rounds
        standing = store.claim(Claim(dead.key, "t2", ""), 1, 60)
    assert store.complete(dead, '"late"', 60) is False
    store.release(dead)
    assert store.claim(Claim(dead.key, "t3", ""), 1, 60).status == "INPROGRESS"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_key_with_another_payload_is_a_conflict(store: Any) -> None:
    handler = counted(store, check=["amount", "currency"])
    assert handler({"order_id": "a", "amount": 1, "currency": "EUR", "attempt": 1}, Time()) == 1
    assert handler({"currency": "EUR", "amount": Decimal("1.0"), "order_id": "a", "attempt": 2}, Time()) == 1
    with pytest.raises(IdempotencyConflictError, match="used before with another payload"):
        handler({"order_id": "a", "amount": 2, "currency": "EUR"}, Time())


@pytest.mark.parametrize("kind", KINDS)
def test_results_come_back_as_they_were(store: Any) -> None:
    result = {
        "float": 0.1 + 0.2,
        "big": 2**70,
        "exact": Decimal("0.1000000000000000000000000001"),
        "bytes": b"\x00\xff",
        "text": "é\ud800",
        "none": None,
        "nested": [{"$lambdakit": "mine"}, True],
    }
    handler = counted(store, lambda event: result)
    first, second = (handler({"order_id": "a"}, Time()) for _ in range(2))
    assert second == first == result
    assert type(second["exact"]) is Decimal


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_expires(store: Any) -> None:
    handler = counted(store, expiry=0.001)
    handler({"order_id": "a", "amount": 1}, Time(1))
    for _ in range(100_000):  # DynamoDB's time to live counts whole seconds
        if len(handler.calls) == 2:
            break
        handler({"order_id": "a", "amount": 1}, Time(1))
    assert len(handler.calls) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_of_eight_processes_one_calls(kind: str, place: str, tmp_path: Path) -> None:
    effects, answers, refused = contend(kind, place, tmp_path)
    assert (effects, len(answers), refused) == (1, 8, 7)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["charged"] == 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_of_many_threads_one_calls(store: Any) -> None:
    barrier, results = threading.Barrier(8), []
    handler = counted(store)

    def call() -> None:
        barrier.wait(10)
        try:
            results.append(handler({"order_id": "a", "amount": 1}, Time()))
        except IdempotencyInProgressError as error:
            results.append(error)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 8
    assert len(handler.calls) == 1


def test_a_hundred_async_invocations_do_not_cross(memory: Any) -> None:
    calls: list[int] = []

    @lambda_handler(middleware=[idempotent(memory, key="id")])
    async def handler(event: Any, context: Any) -> Any:
        calls.append(event["id"])
        await asyncio.sleep(0)
        return {"id": event["id"]}

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(handler({"id": number}, Time()) for number in range(100)))

    for _ in range(2):
        assert asyncio.run(all_of_them()) == [{"id": number} for number in range(100)]
    assert sorted(calls) == list(range(100))


def test_an_async_call_that_is_cancelled_or_fails_lets_the_next_try(memory: Any) -> None:
    outcomes: list[Any] = [asyncio.CancelledError(), ValueError("no"), "yes"]

    @lambda_handler(middleware=[idempotent(memory, key="id")])
    async def handler(event: Any, context: Any) -> Any:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def run() -> None:
        with pytest.raises(asyncio.CancelledError):
            await handler({"id": 1}, Time())
        with pytest.raises(ValueError, match="no"):
            await handler({"id": 1}, Time())
        assert [await handler({"id": 1}, Time()) for _ in range(2)] == ["yes", "yes"]

    asyncio.run(run())
    assert outcomes == []


def test_a_claim_made_for_a_cancelled_caller_is_given_up() -> None:
    class Slow(SQLiteStore):
        entered, go = threading.Event(), threading.Event()

        def claim(self, *arguments: Any) -> Any:
            self.entered.set()
            assert self.go.wait(10)
            return super().claim(*arguments)

    store = Slow(":memory:")

    @lambda_handler(middleware=[idempotent(store, key="id")])
    async def handler(event: Any, context: Any) -> Any:
        return "ran"

    async def run() -> Any:
        task = asyncio.ensure_future(handler({"id": 1}, Time()))
        assert await asyncio.to_thread(store.entered.wait, 10)
        task.cancel()
        store.go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await handler({"id": 1}, Time())

    assert asyncio.run(run()) == "ran"


@dataclasses.dataclass
class Receipt:
    number: int
    total: Decimal
    seal: bytes
    tags: list[str]


def test_a_dataclass_comes_back_as_one(memory: Any) -> None:
    receipt = Receipt(7, Decimal("1.10"), b"\x00\xfe", ["a"])
    handler = counted(memory, lambda event: receipt, result=Receipt)
    first, second = (handler({"order_id": "a"}, Time()) for _ in range(2))
    assert first is receipt
    assert second == receipt


def test_a_result_that_could_not_come_back_is_an_error_that_says_what_to_do(memory: Any) -> None:
    handler = counted(memory, lambda event: Receipt(1, Decimal(1), b"", []))
    with pytest.raises(IdempotencyResultError, match=r"name the type: result=Receipt"):
        handler({"order_id": "a"}, Time())


def test_the_cache_answers_without_the_store() -> None:
    class Counting(SQLiteStore):
        asked = 0

        def claim(self, *arguments: Any) -> Any:
            type(self).asked += 1
            return super().claim(*arguments)

    handler = counted(Counting(":memory:"), cache=2)
    for key in ("a", "b", "a", "c", "a", "b"):  # "b" is the one asked for longest ago when "c" comes
        handler({"order_id": key, "amount": key}, Time())
    assert (Counting.asked, len(handler.calls)) == (4, 3)


def test_the_cache_knows_conflicts_too(memory: Any) -> None:
    handler = counted(memory, cache=10, check="amount")
    handler({"order_id": "a", "amount": 1}, Time())
    with pytest.raises(IdempotencyConflictError):
        handler({"order_id": "a", "amount": 2}, Time())


def test_an_event_without_a_key_is_refused_or_let_through(memory: Any) -> None:
    with pytest.raises(IdempotencyKeyError, match="no idempotency key: dict has nothing at 'order_id'"):
        counted(memory)({}, Time())
    handler = counted(memory, lambda event: len(handler.calls), missing="run")
    assert [handler({}, Time()) for _ in range(2)] == [1, 2]


def test_a_key_stands_in_a_typed_event_and_the_json_within(memory: Any) -> None:
    calls: list[Any] = []

    @api_gateway(middleware=[idempotent(memory, key=["request_context.account_id", "body.order.id"])])
    def handler(event: Any, context: Any) -> Any:
        calls.append(event)
        return {"statusCode": 201, "body": "made"}

    event = {
        "httpMethod": "POST",
        "path": "/orders",
        "requestContext": {"accountId": "1"},
        "body": '{"order": {"id": 7}}',
    }
    first, second = handler(event, Time()), handler({**event, "headers": {"X-Amzn-Trace-Id": "2"}}, Time())
    assert first == second
    assert len(calls) == 1


@dataclasses.dataclass
class Order:
    order_id: str


def messages(*order_ids: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": str(index), "eventSource": "aws:sqs", "body": f'{{"order_id": "{order_id}"}}'}
            for index, order_id in enumerate(order_ids)
        ]
    }


def test_each_record_of_a_batch_is_a_call_of_its_own(memory: Any) -> None:
    shipped: list[str] = []

    @sqs_batch
    @idempotent_function(memory, key="payload.order_id")
    def handler(message: SQSMessage[Order]) -> None:
        if message.payload.order_id == "bad":
            raise ValueError("bad")
        shipped.append(message.payload.order_id)

    report = {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert handler(messages("a", "bad", "b", "a"), Time()) == report
    assert handler(messages("b", "bad", "c"), Time()) == report
    assert shipped == ["a", "b", "c"]


def test_async_records_are_locked_for_the_time_of_the_context(memory: Any) -> None:
    key = f"ship#{digest('a')}"
    seen: list[float] = []

    @sqs_batch(concurrency=4)
    @idempotent_function(memory, key="payload.order_id", name="ship")
    async def handler(message: SQSMessage[Order]) -> None:
        seen.append(memory.claim(Claim(key, "other", ""), 1, 60).until - time.time())

    report: Any = asyncio.run(handler(messages("a"), Time(50_000)))
    assert report == {"batchItemFailures": []}
    assert 40 < seen[0] < 51


def test_around_a_batch_the_error_says_where_to_put_it(memory: Any) -> None:
    @sqs_batch(middleware=[idempotent(memory, key=lambda event: "k")])
    def handler(message: SQSMessage) -> None:
        """Nothing."""

    with pytest.raises(IdempotencyResultError, match="decorate the function of one record with idempotent_function"):
        handler(messages("a"), Time())


def test_any_function_can_be_called_once(memory: Any) -> None:
    calls: list[Any] = []

    @idempotent_function(memory, key="order_id", result=Receipt)
    def charge(order: Order, *, total: Decimal) -> Receipt:
        calls.append(order)
        return Receipt(1, total, b"", [])

    first = charge(Order("a"), total=Decimal("2.50"))
    assert charge(order=Order("a"), total=Decimal(9)) == first
    assert (len(calls), charge.__name__) == (1, "charge")


def test_two_functions_do_not_share_their_keys(memory: Any) -> None:
    one = idempotent_function(memory, key=str)(lambda text: f"one {text}")

    def other(text: str) -> str:
        return f"other {text}"

    assert (one("a"), idempotent_function(memory, key=str)(other)("a")) == ("one a", "other a")


def test_a_store_that_cannot_be_asked_stops_the_call(tmp_path: Path) -> None:
    handler = counted(SQLiteStore(tmp_path / "nowhere" / "calls.db"))
    with pytest.raises(IdempotencyStoreError, match=r"SQLiteStore could not be asked: .*; the function did not run"):
        handler({"order_id": "a"}, Time())
    assert handler.calls == []


class Failing(SQLiteStore):
    """Fails in whatever comes after the call."""

    def complete(self, *arguments: Any) -> Any:
        raise ConnectionError("gone")

    def release(self, *arguments: Any) -> Any:
        raise ConnectionError("gone")


def test_a_store_that_fails_after_the_call_does_not_take_its_result(caplog: pytest.LogCaptureFixture) -> None:
    assert counted(Failing(":memory:"))({"order_id": "a", "amount": 1}, Time()) == 1
    assert "could not be kept; a repeated call may run again" in caplog.text


def test_a_store_that_fails_after_an_error_does_not_hide_it(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyError, match="amount"):
        counted(Failing(":memory:"))({"order_id": "a"}, Time())
    assert "could not be removed; it ends by itself" in caplog.text


def test_a_call_that_outlives_its_lock_says_so_and_leaves_the_other_alone(
    memory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def result(event: Any) -> Any:
        if len(handler.calls) == 1:
            while memory.claim(Claim(f"function.dict#{digest('a')}", "another", ""), 60, 60) is not None:
                pass
        return "slow"

    handler = counted(memory, result)
    with caplog.at_level(logging.WARNING):
        assert handler({"order_id": "a"}, Time(1)) == "slow"
    assert "took longer than its lock" in caplog.text
    with pytest.raises(IdempotencyInProgressError):
        handler({"order_id": "a"}, Time())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": ""}, r"key='': key is a dotted path"),
        ({"key": "a", "check": 3}, r"check=3: check is a dotted path"),
        ({"key": "a", "missing": "skip"}, r"missing='skip': .* 'raise' or 'run'"),
        ({"key": "a", "expiry": 0}, r"expiry=0"),
        ({"key": "a", "expires": 5}, r"Idempotent has no option 'expires'; did you mean 'expiry'"),
    ],
)
def test_misuse_is_named(memory: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        idempotent(memory, **options)


def test_what_is_no_store_is_named() -> None:
    not_a_store: Any = "table"
    with pytest.raises(UsageError, match="a DynamoDBStore, RedisStore or SQLiteStore is needed"):
        idempotent(not_a_store, key="a")


APP = """
from lambdakit import lambda_handler
from lambdakit.middleware import SQLiteStore, idempotent

calls = []

@lambda_handler(middleware=[idempotent(SQLiteStore("calls.db"), key="id")])
def handler(event, context):
    calls.append(event)
    return {"calls": len(calls), "at": 0.5}
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
def test_it_holds_under_both_runtimes(command: Any) -> None:
    run = run_runtime(APP, [Event({"id": 1}), Event({"id": 1, "again": True}), Event({"id": 2})], command=command)
    assert [post.json() for post in run.posts] == [{"calls": 1, "at": 0.5}] * 2 + [{"calls": 2, "at": 0.5}]
