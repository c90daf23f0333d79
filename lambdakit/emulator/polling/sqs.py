"""A queue of SQS, polled for a function.

Messages are received until the batch is full or its window is over, and the function is invoked with them. Success
deletes them; a failure deletes nothing, so that they come again after the queue's own visibility timeout, and the
queue's redrive policy moves them to its dead-letter queue. Messages that a filter keeps out are deleted. A FIFO queue
itself holds back a group of which a message is under way, so the order within groups needs nothing here.

Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS".
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.limits import REQUEST_BYTES
from lambdakit.emulator.polling.partial import failed_identifiers
from lambdakit.emulator.polling.poller import Poller
from lambdakit.emulator.polling.sqs_records import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lambdakit.emulator.polling.aws import AwsClient
    from lambdakit.emulator.polling.mapping import SourceMapping
    from lambdakit.emulator.polling.poller import Invoke, Tell

__all__ = ("QueuePoller",)

# The most messages of one call of SQS.
_OF_ONE_CALL = 10
# Seconds of a long poll: the end of the service waits for it.
_LONG_POLL = 1
# Seconds after a throttle in which nothing is received.
_AFTER_THROTTLE = 1.0


class QueuePoller(Poller):
    """Receives for one mapping; batches are under way beside each other, up to the mapping's concurrency."""

    def __init__(self, mapping: SourceMapping, invoke: Invoke, tell: Tell, *, client: AwsClient) -> None:
        super().__init__(mapping, invoke, tell)
        self._client = client
        self._url: str | None = None
        self._slots = asyncio.Semaphore(mapping.concurrency)
        self._under_way: set[asyncio.Task[None]] = set()

    async def _round(self) -> None:
        async with self._slots:
            messages = await self._batch()
        if self.stopping:
            await self._return(messages)
            return
        records = [record_of(message, self.mapping.arn) for message in messages]
        passing, others = self.mapping.filters.split(records)
        await self._delete(others)
        for part in _of_payload_size(passing):
            await self._slots.acquire()
            task = asyncio.create_task(self._handle(part))
            self._under_way.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._slots.release()
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._problem(error)

    async def _end(self) -> None:
        await asyncio.gather(*self._under_way, return_exceptions=True)

    # receiving

    async def _batch(self) -> list[dict[str, Any]]:
        """The messages of a batch: empty after a long poll without any."""
        size = self.mapping.batch_size
        messages = await self._receive(size, _LONG_POLL)
        loop = asyncio.get_running_loop()
        end = loop.time() + self.mapping.window
        while messages and len(messages) < size and not self.stopping and (left := end - loop.time()) > 0:
            more = await self._receive(size - len(messages), _LONG_POLL if left >= _LONG_POLL else 0)
            messages += more
            if not more and left < _LONG_POLL:
                await self._pause(left)
        return messages

    async def _receive(self, most: int, wait: int) -> list[dict[str, Any]]:
        answer = await self._client.call(
            "receive_message",
            QueueUrl=await self._queue_url(),
            MaxNumberOfMessages=min(most, _OF_ONE_CALL),
            WaitTimeSeconds=wait,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    async def _queue_url(self) -> str:
        if self._url is not None:
            return self._url
        _, _, _, _, account, name = self.mapping.arn.split(":")
        answer = await self._client.call("get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account)
        url: str = answer["QueueUrl"]
        self._url = url
        return url

    async def _return(self, messages: Sequence[dict[str, Any]]) -> None:
        """Make messages visible again that came when it was too late."""
        for message in messages:
            await self._client.call(
                "change_message_visibility",
                QueueUrl=await self._queue_url(),
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=0,
            )

    # invoking

    async def _handle(self, records: list[dict[str, Any]]) -> None:
        payload = json.dumps({"Records": records}, separators=(",", ":"), ensure_ascii=False).encode()
        result = await self._invoke(self.mapping.function, payload)
        if result is None:
            await self._pause(_AFTER_THROTTLE)  # in its slot: fewer batches are under way meanwhile
            return
        if result.function_error is not None:
            return
        failed: set[str] = set()
        if self.mapping.reports_failures:
            failed = failed_identifiers(result.payload, [record["messageId"] for record in records])
        await self._delete([record for record in records if record["messageId"] not in failed])

    async def _delete(self, records: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(records), _OF_ONE_CALL):
            entries = [
                {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
                for number, record in enumerate(records[start : start + _OF_ONE_CALL])
            ]
            answer = await self._client.call("delete_message_batch", QueueUrl=await self._queue_url(), Entries=entries)
            for failed in answer.get("Failed", []):
                self._tell(f"{self.mapping.arn}: a message could not be deleted: {failed.get('Message')}")


def _of_payload_size(records: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The records in batches that fit into an event."""
    batch: list[dict[str, Any]] = []
    empty = len('{"Records":[]}')
    size = empty
    for record in records:
        length = len(json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode())
        if batch and size + length > REQUEST_BYTES:
            yield batch
            batch, size = [], empty
        batch.append(record)
        size += length + 1
    if batch:
        yield batch
