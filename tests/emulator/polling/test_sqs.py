"""A queue in a moto server, polled: what the function gets, and what becomes of the messages."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.polling.support import FAILED, Function, clients, failures, mapping, polled, pollers_of, run
from tests.engine_support import until
from tests.moto_server import aws, aws_server, unique

if TYPE_CHECKING:
    from tests.emulator.polling.support import Outcome

__all__ = ("aws", "aws_server", "clients")


class Queue:
    """A queue and what is in it."""

    def __init__(self, sqs: Any, suffix: str = "", **attributes: str) -> None:
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=unique("polled") + suffix, Attributes=attributes)["QueueUrl"]
        self.arn = self._attribute("QueueArn")

    def _attribute(self, name: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        value: str = answer["Attributes"][name]
        return value

    def send(self, *bodies: str, **more: Any) -> list[str]:
        """Send messages; their ids."""
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **more)["MessageId"] for body in bodies]

    def left(self) -> int:
        """How many messages are in the queue, visible or not."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(self._attribute(name)) for name in names)


@pytest.fixture
def sqs(clients: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("lambdakit.emulator.polling.sqs._LONG_POLL", 0)  # the end of each test would wait for it
    return clients("sqs")


def test_messages_become_records_and_are_deleted(sqs: Any) -> None:
    queue = Queue(sqs)
    attributes = {
        "text": {"DataType": "String", "StringValue": "v"},
        "octets": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    (identifier,) = queue.send("hello", MessageAttributes=attributes)
    function = Function()
    pollers = polled(function, mapping(queue.arn), lambda: bool(function.events) and queue.left() == 0)
    (record,) = function.records
    assert [*record] == [
        *("messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfMessageAttributes"),
        *("md5OfBody", "eventSource", "eventSourceARN", "awsRegion"),
    ]
    assert (record["messageId"], record["body"]) == (identifier, "hello")
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", queue.arn)
    assert record["awsRegion"] == "eu-west-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {type(value) for value in record["attributes"].values()} == {str}
    assert record["messageAttributes"] == {
        "text": {"stringValue": "v", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "octets": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    (line,) = pollers.lines()
    assert line.startswith(f"  {queue.arn}  (polled at http://127.0.0.1:")


def test_a_failure_deletes_nothing_and_the_queues_own_policy_ends_it(sqs: Any) -> None:
    dead = Queue(sqs)
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    queue = Queue(sqs, VisibilityTimeout="0", RedrivePolicy=policy)
    queue.send("bad")
    function = Function(lambda records: FAILED)
    polled(function, mapping(queue.arn), lambda: dead.left() == 1)
    counts = [record["attributes"]["ApproximateReceiveCount"] for record in function.records]
    assert counts[:2] == ["1", "2"]


def test_those_a_function_names_come_again(sqs: Any) -> None:
    queue = Queue(sqs, VisibilityTimeout="0")
    queue.send("good", "bad", "fine")

    def answer(records: list[Any]) -> Outcome:
        first = [
            r["messageId"] for r in records if r["body"] == "bad" and r["attributes"]["ApproximateReceiveCount"] == "1"
        ]
        return failures(*first)

    function = Function(answer)
    reporting = mapping(queue.arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    polled(function, reporting, lambda: queue.left() == 0)
    assert [record["body"] for record in function.records].count("bad") > 1


def test_without_reports_the_answer_means_nothing(sqs: Any) -> None:
    queue = Queue(sqs)
    queue.send("a")
    function = Function(lambda records: failures(records[0]["messageId"]))
    polled(function, mapping(queue.arn), lambda: queue.left() == 0)
    assert len(function.records) == 1


def test_a_window_fills_the_batch(sqs: Any) -> None:
    queue = Queue(sqs)
    queue.send(*map(str, range(13)))
    function = Function()
    polled(function, mapping(queue.arn, BatchSize=13, MaximumBatchingWindowInSeconds=20), lambda: queue.left() == 0)
    assert [len(event["Records"]) for event in function.events] == [13]


def test_a_batch_is_not_larger_than_its_size(sqs: Any) -> None:
    queue = Queue(sqs)
    queue.send(*map(str, range(7)))
    function = Function()
    polled(function, mapping(queue.arn, BatchSize=3), lambda: queue.left() == 0)
    assert max(len(event["Records"]) for event in function.events) <= 3


def test_what_a_filter_keeps_out_is_deleted(sqs: Any) -> None:
    queue = Queue(sqs)
    queue.send('{"kind": "order"}', '{"kind": "other"}', "no json")
    function = Function()
    filtered = mapping(queue.arn, FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]})
    polled(function, filtered, lambda: queue.left() == 0)
    assert [record["body"] for record in function.records] == ['{"kind": "order"}']


def test_batches_are_under_way_beside_each_other_up_to_the_limit(sqs: Any) -> None:
    queue = Queue(sqs)
    queue.send(*map(str, range(5)))

    async def work() -> None:
        function = Function(gate=asyncio.Event())
        limited = mapping(queue.arn, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
        async with pollers_of(function, limited):
            await until(lambda: function.running == 2)
            assert function.gate is not None
            function.gate.set()
            await until(lambda: queue.left() == 0)
        assert function.most_running == 2

    run(work())


def test_a_fifo_queue_keeps_the_order_of_a_group(sqs: Any) -> None:
    queue = Queue(sqs, ".fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for number in range(6):
        queue.send(f"{number}", MessageGroupId="g")
    function = Function()
    polled(function, mapping(queue.arn, BatchSize=2), lambda: queue.left() == 0)
    assert [record["body"] for record in function.records] == [*"012345"]
    assert function.records[0]["attributes"]["MessageGroupId"] == "g"


def test_a_queue_that_is_not_there_is_told_once_and_polled_when_it_is(sqs: Any) -> None:
    name = unique("late")
    arn = f"arn:aws:sqs:eu-west-1:123456789012:{name}"

    async def work() -> Function:
        function = Function()
        async with pollers_of(function, mapping(arn)):
            await until(lambda: bool(function.told))
            url = sqs.create_queue(QueueName=name)["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody="x")
            await until(lambda: bool(function.events))
        return function

    (text,) = run(work()).told
    assert text.startswith(f"{arn} cannot be polled for f: ")


def test_what_is_not_polled_says_why_and_aws_itself_is_not_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"):
        monkeypatch.delenv(name, raising=False)
    arn = "arn:aws:sqs:eu-west-1:123456789012:orders"
    stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/s"

    async def lines() -> list[str]:
        function = Function()
        others = (mapping(arn, Enabled=False), mapping(stream, TumblingWindowInSeconds=60))
        async with pollers_of(function, mapping(arn), *others) as pollers:
            return [*pollers.lines()]

    assert run(lines()) == [
        f"  {arn}  (not polled: set AWS_ENDPOINT_URL_SQS, or give --poll to poll AWS itself, f)",
        f"  {arn}  (not polled: it is disabled, f)",
        f"  {stream}  (not polled: tumbling windows are not played here, f)",
    ]
