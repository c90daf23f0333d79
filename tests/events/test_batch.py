"""Batch decorators: what each source is answered, what the options do, and how misuse is met."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events.app import App
from lambdakit.events.dynamodb import dynamodb_batch
from lambdakit.events.kafka import kafka_batch
from lambdakit.events.kinesis import kinesis_batch
from lambdakit.events.mq import activemq_batch, rabbitmq_batch
from lambdakit.events.s3 import S3Event  # noqa: TC001  (a payload type)
from lambdakit.events.sqs import SQSEvent, SQSMessage, sqs_batch
from lambdakit.exceptions import BatchError, MissingFieldError, PayloadError, UsageError, WrongSourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.events.dynamodb import DynamoDBRecord
    from lambdakit.events.kafka import KafkaRecord
    from lambdakit.events.kinesis import KinesisRecord
    from lambdakit.events.mq import ActiveMQMessage


def message(identifier: str, body: str = "", *, queue: str = "orders", group: str | None = None) -> dict[str, Any]:
    """One message of an SQS batch."""
    return {
        "messageId": identifier,
        "body": body or identifier,
        "attributes": {} if group is None else {"MessageGroupId": group},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{queue}",
    }


def sqs(*identifiers: str) -> dict[str, Any]:
    return {"Records": [message(identifier) for identifier in identifiers]}


def failing(*bodies: str) -> Callable[[SQSMessage], None]:
    """A record function that fails for these bodies."""

    def function(record: SQSMessage) -> None:
        if record.body in bodies:
            raise ValueError(f"no {record.body}")

    return function


def names(response: Any) -> list[Any]:
    """What a failure report names."""
    assert list(response) == ["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


class ContextWith:
    """A context with this many milliseconds left."""

    def __init__(self, milliseconds: int) -> None:
        self.get_remaining_time_in_millis = lambda: milliseconds


# Each source's report.


def test_a_queue_is_told_of_the_failed_messages_and_no_other() -> None:
    handler = sqs_batch(failing("b", "d"))
    assert names(handler(sqs("a", "b", "c", "d"))) == ["b", "d"]
    assert handler(sqs("a", "c")) == {"batchItemFailures": []}


def test_an_empty_batch_is_a_success() -> None:
    assert App().on(sqs_batch)(failing())(SQSEvent({"Records": []})) == {"batchItemFailures": []}


def test_a_message_delivered_twice_in_a_batch_is_reported_once() -> None:
    assert names(sqs_batch(failing("a"))(sqs("a", "a"))) == ["a"]


def test_the_rest_of_a_group_waits_behind_a_failure_and_other_groups_go_on() -> None:
    seen: list[str] = []

    @sqs_batch
    def handler(record: SQSMessage) -> None:
        seen.append(record.body)
        if record.body == "a1":
            raise ValueError

    groups = [("a1", "a"), ("b1", "b"), ("a2", "a"), ("b2", "b"), ("a3", "a")]
    event = {"Records": [message(body, queue="orders.fifo", group=group) for body, group in groups]}
    assert names(handler(event)) == ["a1", "a2", "a3"]
    assert seen == ["a1", "b1", "b2"]


def test_a_group_in_a_standard_queue_keeps_nothing_back() -> None:
    event = {"Records": [message("a", group="g"), message("b", group="g")]}
    assert names(sqs_batch(failing("a"))(event)) == ["a"]


def kinesis(*numbers: str) -> dict[str, Any]:
    records = [
        {"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": number, "partitionKey": "k", "data": "e30="}}
        for number in numbers
    ]
    return {"Records": records}


def test_a_shard_is_taken_up_again_at_the_first_failure() -> None:
    seen: list[int] = []

    @kinesis_batch
    def handler(record: KinesisRecord) -> None:
        seen.append(record.sequence_number)
        if record.sequence_number == 100:
            raise ValueError

    # As text "100" would sort before "99".
    assert names(handler(kinesis("98", "99", "100", "101"))) == ["100"]
    assert seen == [98, 99, 100]


def test_a_table_is_taken_up_again_at_the_first_failure() -> None:
    @dynamodb_batch
    def handler(record: DynamoDBRecord) -> None:
        if record.keys["id"] == 2:
            raise ValueError

    records = [
        {"eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"id": {"N": str(n)}}, "SequenceNumber": f"70{n}"}}
        for n in (1, 2, 3)
    ]
    assert names(handler({"Records": records})) == ["702"]


def test_each_partition_is_taken_up_again_at_its_own_first_failure() -> None:
    seen: list[tuple[int, int]] = []

    @kafka_batch
    def handler(record: KafkaRecord) -> None:
        seen.append((record.partition, record.offset))
        if (record.partition, record.offset) in {(0, 16), (1, 4)}:
            raise ValueError

    partitions = {
        f"orders-{partition}": [{"topic": "orders", "partition": partition, "offset": offset} for offset in offsets]
        for partition, offsets in ((0, (15, 16, 17)), (1, (4, 5)), (2, (9,)))
    }
    assert names(handler({"eventSource": "aws:kafka", "records": partitions})) == [
        {"partition": "orders-0", "offset": 16},
        {"partition": "orders-1", "offset": 4},
    ]
    assert seen == [(0, 15), (0, 16), (1, 4), (2, 9)]


def test_a_broker_takes_no_report_so_the_batch_fails_when_all_had_their_turn() -> None:
    seen: list[str] = []

    @activemq_batch
    def handler(record: ActiveMQMessage) -> None:
        seen.append(record.message_id)
        if record.message_id == "b":
            raise ValueError("no b")

    event = {"eventSource": "aws:mq", "messages": [{"messageID": name, "data": "e30="} for name in ("a", "b", "c")]}
    with pytest.raises(BatchError, match=r"1 of 3 records failed; the source takes no failure report.*no b") as caught:
        handler(event)
    assert seen == ["a", "b", "c"]
    assert (caught.value.result.succeeded, caught.value.result.failed) == (2, 1)
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_brokers_batch_without_failure_has_an_answer_that_nobody_reads() -> None:
    event: dict[str, Any] = {
        "eventSource": "aws:rmq",
        "rmqMessagesByQueue": {"q::/": [{"basicProperties": {}, "data": "e30="}]},
    }
    assert rabbitmq_batch(lambda record: None)(event) is None


@pytest.mark.parametrize("identifier", ["", None, 7])
def test_a_failed_record_that_cannot_be_named_fails_the_batch(identifier: Any) -> None:
    event = sqs("a")
    event["Records"][0]["messageId"] = identifier
    with pytest.raises(BatchError, match=r"has no messageId to report it by \(found"):
        sqs_batch(failing("a"))(event)


def test_a_failed_offset_that_is_no_number_fails_the_batch() -> None:
    event = {"eventSource": "aws:kafka", "records": {"t-0": [{"topic": "t", "partition": 0, "offset": "1"}]}}
    with pytest.raises(BatchError, match="no offset to report it by"):
        kafka_batch(failing_always)(event)


def failing_always(record: Any) -> None:
    raise ValueError("always")


@pytest.mark.parametrize(
    ("decorator", "source"),
    [(kinesis_batch, "aws:kinesis"), (dynamodb_batch, "aws:dynamodb")],
    ids=["kinesis", "table"],
)
def test_a_tumbling_window_is_refused_with_help(decorator: Any, source: str) -> None:
    window = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:01:00Z"}
    with pytest.raises(BatchError, match=r"tumbling window.*returns window_result\(state\)"):
        decorator(failing_always)({"Records": [{"eventSource": source}], "window": window, "state": {}})


# A record that is broken is a failed record.


@dataclass
class Order:
    sku: str


def test_a_poison_payload_fails_its_record_and_says_where_it_stood() -> None:
    seen: list[str] = []
    errors: list[Exception] = []

    @sqs_batch(on_error=lambda record, error, context: errors.append(error))
    def handler(record: SQSMessage[Order]) -> None:
        seen.append(record.payload.sku)

    bodies = ['{"sku": "x"}', "not json", '{"sku": 5}', '{"sku": "y"}']
    event = {"Records": [message(str(index), body) for index, body in enumerate(bodies)]}
    assert names(handler(event)) == ["1", "2"]
    assert seen == ["x", "y"]
    assert [type(error) for error in errors] == [PayloadError, PayloadError]
    assert "$.Records[1].body" in str(errors[0])
    assert str(errors[1]) == "$.Records[2].body.sku: expected str, got int"


def test_a_missing_field_is_named_with_the_records_place() -> None:
    errors: list[Exception] = []

    @kafka_batch(on_error=lambda record, error, context: errors.append(error))
    def handler(record: KafkaRecord) -> None:
        record.topic  # noqa: B018

    event = {"eventSource": "aws:kafka", "records": {"a-0": [{"offset": 1, "topic": "a"}], "b-1": [{"offset": 2}]}}
    assert names(handler(event)) == [{"partition": "b-1", "offset": 2}]
    assert isinstance(errors[0], MissingFieldError)
    assert errors[0].path == '$.records["b-1"][0].topic'


def test_a_record_that_is_no_object_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    event: dict[str, Any] = {"eventSource": "aws:kafka", "records": {"a-0": [{"offset": 1, "topic": "a"}], "b-0": [5]}}
    with pytest.raises(BatchError, match="no offset to report it by"):
        kafka_batch(lambda record: print(record.topic))(event)


def test_a_failure_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        sqs_batch(failing("a"))(sqs("a", "b"))
    (record,) = caplog.records
    assert record.getMessage() == "SQSMessage(message_id='a', queue_name='orders') failed: no a"
    assert record.exc_info is not None


# S3's test message.

TEST_EVENT = '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos", "Time": "2026-01-01T00:00:00Z"}'
S3_EVENT = '{"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "photos"}, "object": {"key": "a+b"}}}]}'


def test_a_test_message_is_skipped_in_the_log_and_in_the_counts(caplog: pytest.LogCaptureFixture) -> None:
    keys: list[str] = []
    results: list[Any] = []

    def watch(event: Any, context: Any, call_next: Any) -> Any:
        results.append(call_next(event, context))
        return results[-1]

    @sqs_batch(middleware=[watch])
    def handler(record: SQSMessage[S3Event]) -> None:
        keys.extend(inner.object.key for inner in record.payload.records)

    by_topic = '{"Type": "Notification", "TopicArn": "arn:t", "Message": "' + TEST_EVENT.replace('"', '\\"') + '"}'
    bodies = [TEST_EVENT, S3_EVENT, by_topic, "s3:TestEvent"]
    event = {"Records": [message(str(index), body) for index, body in enumerate(bodies)]}
    with caplog.at_level(logging.WARNING, "lambdakit.events.s3_test"):
        assert names(handler(event)) == ["3"]
    assert keys == ["a b"]
    skipped = [record.getMessage() for record in caplog.records if "skipped" in record.getMessage()]
    assert skipped == [
        f"skipped the s3:TestEvent of bucket photos in SQSMessage[S3Event](message_id='{name}', queue_name='orders')"
        for name in ("0", "2")
    ]
    (result,) = results
    assert (result.succeeded, result.failed, result.skipped, result.total) == (1, 1, 2, 4)


def test_a_test_message_is_a_message_to_a_function_of_something_else() -> None:
    bodies: list[str] = []
    sqs_batch(lambda record: bodies.append(record.body))({"Records": [message("a", TEST_EVENT)]})
    assert bodies == [TEST_EVENT]


# Options.


def test_middleware_is_around_the_batch_and_sees_its_figures() -> None:
    seen: list[Any] = []

    def watch(event: Any, context: Any, call_next: Any) -> Any:
        result = call_next(event, context)
        seen.append((type(event).__name__, len(event.records), result))
        return result

    assert names(sqs_batch(middleware=[watch])(failing("b"))(sqs("a", "b", "c"))) == ["b"]
    ((kind, count, result),) = seen
    assert (kind, count) == ("SQSEvent", 3)
    assert repr(result) == "BatchResult(succeeded=2, failed=1, unstarted=0, skipped=0)"
    assert result.identifiers == ["b"]
    ((record, error),) = result.exceptions
    assert (record.body, str(error)) == ("b", "no b")


def test_the_hook_for_errors_may_deal_with_a_record() -> None:
    told: list[tuple[str, str, Any]] = []

    def on_error(record: Any, error: Exception, context: Any) -> str | None:
        told.append((record.body, str(error), context))
        return "done" if record.body == "b" else None

    handler = sqs_batch(on_error=on_error)(failing("b", "c"))
    assert names(handler(sqs("a", "b", "c"), "the context")) == ["c"]
    assert told == [("b", "no b", "the context"), ("c", "no c", "the context")]


def test_a_record_dealt_with_does_not_stop_a_shard() -> None:
    seen: list[int] = []

    @kinesis_batch(on_error=lambda record, error, context: "done")
    def handler(record: KinesisRecord) -> None:
        seen.append(record.sequence_number)
        raise ValueError

    assert names(handler(kinesis("1", "2"))) == []
    assert seen == [1, 2]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_hook_that_fails_leaves_the_record_failed(concurrency: int) -> None:
    def on_error(record: Any, error: Exception, context: Any) -> None:
        raise OSError("the hook")

    def whole(event: Any, context: Any, call_next: Any) -> Any:
        result = call_next(event, context)
        assert [str(error) for _, error in result.exceptions] == ["the hook"]
        return result

    handler = sqs_batch(on_error=on_error, middleware=[whole], concurrency=concurrency)(failing("a"))
    assert names(handler(sqs("a", "b"))) == ["a"]


def test_an_async_hook_is_awaited() -> None:
    async def on_error(record: Any, error: Exception, context: Any) -> str:
        await asyncio.sleep(0)
        return "done"

    @sqs_batch(on_error=on_error, concurrency=2)
    async def handler(record: SQSMessage) -> None:
        raise ValueError

    assert names(asyncio.run(handler(sqs("a", "b", "c")))) == []


def test_a_hook_that_returns_something_else_is_told_what_it_may() -> None:
    with pytest.raises(UsageError, match="on_error returned True; it returns 'done'"):
        sqs_batch(on_error=lambda record, error, context: True)(failing("a"))(sqs("a"))


def test_all_failed_is_reported_or_raised_as_chosen() -> None:
    assert names(sqs_batch(failing("a", "b"))(sqs("a", "b"))) == ["a", "b"]
    handler = sqs_batch(all_failed="raise")(failing("a", "b"))
    with pytest.raises(BatchError, match=r"@sqs_batch: 2 of 2 records failed; the first: ValueError: no a") as caught:
        handler(sqs("a", "b"))
    assert caught.value.result.failed == 2
    assert names(handler(sqs("a", "b", "c"))) == ["a", "b"]


def test_without_time_nothing_starts_and_all_goes_back() -> None:
    started: list[str] = []
    handler = sqs_batch(reserve=2)(lambda record: started.append(record.body))
    assert names(handler(sqs("a", "b"), ContextWith(1_900))) == ["a", "b"]
    assert not started
    assert names(handler(sqs("a", "b"), ContextWith(60_000))) == []
    assert started == ["a", "b"]


def test_a_short_timeout_alone_keeps_no_record_from_starting() -> None:
    assert names(sqs_batch(failing())(sqs("a"), ContextWith(300))) == []


def test_raising_for_a_batch_that_had_no_time_names_what_was_not_started() -> None:
    with pytest.raises(BatchError, match="0 of 2 records failed and 2 were not started"):
        sqs_batch(reserve=9, all_failed="raise")(failing())(sqs("a", "b"), ContextWith(1_000))


# Several at a time.


def test_threads_work_at_the_same_time_with_variables_of_their_own() -> None:
    together = threading.Barrier(3, timeout=20)
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    variable.set("outer")
    seen: list[str] = []

    @sqs_batch(concurrency=3)
    def handler(record: SQSMessage) -> None:
        seen.append(variable.get())
        variable.set(record.body)
        together.wait()
        assert variable.get() == record.body

    assert names(handler(sqs("a", "b", "c"))) == []
    assert seen == ["outer"] * 3
    assert variable.get() == "outer"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lambdakit-batch")]


def test_tasks_work_at_the_same_time_with_variables_of_their_own() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    running = 0
    most = 0

    @sqs_batch(concurrency=3)
    async def handler(record: SQSMessage) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert variable.get() == "unset"
        variable.set(record.body)
        await asyncio.sleep(0)
        running -= 1

    assert names(asyncio.run(handler(sqs(*"abcdefg")))) == []
    assert most == 3


class Stop(BaseException):
    """Not an Exception: nothing a batch may take for a failed record."""


@pytest.mark.parametrize("options", [{}, {"concurrency": 3}], ids=["in order", "concurrent"])
def test_what_ends_the_process_ends_the_batch(options: Any) -> None:
    def function(record: Any) -> None:
        raise Stop

    async def async_function(record: Any) -> None:
        raise Stop

    with pytest.raises(Stop):
        sqs_batch(**options)(function)(sqs("a", "b"))
    with pytest.raises(Stop):
        asyncio.run(sqs_batch(**options)(async_function)(sqs("a", "b")))


def test_a_cancelled_batch_leaves_no_task_behind() -> None:
    ended: list[str] = []

    @sqs_batch(concurrency=2)
    async def handler(record: SQSMessage) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(record.body)

    async def main() -> None:
        batch = asyncio.ensure_future(handler(sqs("a", "b", "c")))
        for _ in range(5):
            await asyncio.sleep(0)
        batch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    assert sorted(ended) == ["a", "b"]


# How functions are taken.


def test_a_function_takes_the_record_or_the_record_and_the_context() -> None:
    calls: list[Any] = []
    sqs_batch(lambda record: calls.append(record.body))(sqs("a"), "context")
    sqs_batch(lambda record, context: calls.append((record.body, context)))(sqs("b"), "context")
    assert calls == ["a", ("b", "context")]


def test_a_method_and_an_instance_are_functions_too() -> None:
    class Shop:
        def __init__(self) -> None:
            self.seen: list[str] = []

        def ship(self, record: SQSMessage, context: Any) -> None:
            self.seen.append(record.body)

        async def __call__(self, record: SQSMessage) -> None:
            self.seen.append(record.body)

    shop = Shop()
    assert names(sqs_batch(shop.ship)(sqs("a"))) == []
    response: Any = sqs_batch(shop)(sqs("b"))
    assert names(asyncio.run(response)) == []
    assert shop.seen == ["a", "b"]


def test_the_function_stays_reachable_and_keeps_its_name() -> None:
    @sqs_batch(concurrency=2)
    def handler(record: SQSMessage) -> str:
        """Ship."""
        return record.body

    assert handler.__name__ == "handler"
    assert handler.__doc__ == "Ship."
    assert handler.__wrapped__(SQSMessage(message("a"))) == "a"


def test_options_add_up() -> None:
    raising = sqs_batch(all_failed="raise")
    assert names(sqs_batch(failing("a"))(sqs("a"))) == ["a"]
    with pytest.raises(BatchError):
        raising(concurrency=2)(failing("a"))(sqs("a"))


def test_a_batch_is_one_of_several_sources_of_an_app() -> None:
    app = App()
    seen: list[str] = []

    @app.on(sqs_batch, queue="orders")
    def orders(record: SQSMessage) -> None:
        seen.append(f"order {record.body}")

    @app.on(sqs_batch(concurrency=2))
    def others(record: SQSMessage) -> None:
        seen.append(f"other {record.body}")

    assert app(sqs("a")) == {"batchItemFailures": []}
    assert app({"Records": [message("b", queue="elsewhere")]}) == {"batchItemFailures": []}
    assert seen == ["order a", "other b"]


# Misuse.


def whole_batch(event: SQSEvent, context: Any) -> None:
    """A function that is not one of a record."""


def of_three(record: Any, context: Any, more: Any) -> None:
    """A function that asks for more than there is."""


decorate: Any = sqs_batch

MISUSE: dict[str, tuple[Any, str]] = {
    "the whole event": (
        lambda: decorate(whole_batch),
        "@sqs_batch calls whole_batch with one SQSMessage after the other; its first parameter is annotated SQSEvent: "
        "annotate it SQSMessage",
    ),
    "no parameter": (lambda: decorate(lambda: None), "it can take neither"),
    "too many parameters": (lambda: decorate(of_three), "it can take neither"),
    "not a function": (lambda: decorate([]), "@sqs_batch decorates a function, not list"),
    "an unknown option": (
        lambda: decorate(concurency=2),
        "@sqs_batch has no option 'concurency'; did you mean 'concurrency'?",
    ),
    "no workers": (lambda: decorate(concurrency=0), "@sqs_batch(concurrency=0): concurrency is a whole number from 1"),
    "half a worker": (lambda: decorate(concurrency=1.5), "concurrency is a whole number"),
    "negative time": (lambda: decorate(reserve=-1), "reserve is a number of seconds from 0"),
    "a hook that is none": (lambda: decorate(on_error="log"), "on_error is a function"),
    "an unknown word": (lambda: decorate(all_failed="ignore"), "'report' or 'raise'"),
    "a middleware alone": (lambda: decorate(middleware=print), "a list of middleware"),
}


@pytest.mark.parametrize("case", MISUSE)
def test_misuse_is_met_with_help_when_decorating(case: str) -> None:
    misuse, words = MISUSE[case]
    with pytest.raises(UsageError) as caught:
        misuse()
    assert words in str(caught.value)


def test_another_sources_event_is_refused() -> None:
    with pytest.raises(WrongSourceError, match="@sqs_batch"):
        sqs_batch(failing())(kinesis("1"))
