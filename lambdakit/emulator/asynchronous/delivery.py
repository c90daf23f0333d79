"""Where events end: destinations in SQS, SNS, Lambda, EventBridge and S3, and dead-letter queues in SQS and SNS.

Source: AWS Lambda developer guide, "Adding a destination" and "Adding a dead-letter queue". The services are reached
by boto3, at AWS_ENDPOINT_URL_<SERVICE> or wherever the credential chain leads; each target is one row of a table.
Lambda as a destination is this service's own queue again. What fails to be delivered is counted and lost, as in AWS.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lambdakit.emulator.asynchronous.records import dead_letter_attributes, destination_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.asynchronous.event import AsyncEvent, EventInvokeConfig
    from lambdakit.emulator.clock import Clock

__all__ = ("Deliverer", "Failure")

Failure = Literal["DestinationDeliveryFailures", "DeadLetterErrors"]

_log = logging.getLogger(__name__)


class Ending(NamedTuple):
    """An event that has ended, and what is told of it where."""

    event: AsyncEvent
    target: str
    record: dict[str, Any]
    text: str


class Deliverer:
    """Hands over events that have ended; the `deliver` of an AsyncQueue.

    `arn_of` gives the qualified ARN of an event's function, `client` an AWS client by service name and region, and
    `invoke_function` takes an event in for a function of this service (its ARN, the payload). `count` is told of every
    delivery that failed.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        arn_of: Callable[[AsyncEvent], str],
        client: Callable[[str, str], Any],
        invoke_function: Callable[[str, bytes], None],
        count: Callable[[AsyncEvent, Failure], None],
    ) -> None:
        self._clock = clock
        self._arn_of = arn_of
        self._client = client
        self._invoke_function = invoke_function
        self._count = count

    async def __call__(self, event: AsyncEvent, config: EventInvokeConfig) -> None:
        """Deliver the event's end to everyone its function names."""
        success = event.condition == "Success"
        destination = config.on_success if success else config.on_failure
        if destination is not None:
            await self._attempt(event, "DestinationDeliveryFailures", destination, self._send_record)
        if config.dead_letter is not None and not success:
            await self._attempt(event, "DeadLetterErrors", config.dead_letter, self._send_dead_letter)

    async def _attempt(
        self, event: AsyncEvent, failure: Failure, arn: str, send: Callable[[AsyncEvent, str], None]
    ) -> None:
        try:
            if _service(arn) == "lambda":
                send(event, arn)  # the queue belongs to this thread
            else:
                await asyncio.to_thread(send, event, arn)
        except Exception as error:
            _log.warning("%s: %s did not take the end of %s: %s", failure, arn, event.request_id, error)
            self._count(event, failure)

    def _send_record(self, event: AsyncEvent, arn: str) -> None:
        record = destination_record(event, self._arn_of(event), self._clock.now())
        text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
        service = _service(arn)
        if service == "lambda":
            self._invoke_function(arn, text.encode())
            return
        _TARGETS[service](self._client(service, _region(arn)), Ending(event, arn, record, text))

    def _send_dead_letter(self, event: AsyncEvent, arn: str) -> None:
        service = _service(arn)
        body = event.payload.decode("utf-8", "replace")
        client = self._client(service, _region(arn))
        attributes = dead_letter_attributes(event)
        if service == "sqs":
            client.send_message(QueueUrl=_queue_url(client, arn), MessageBody=body, MessageAttributes=attributes)
        else:
            client.publish(TopicArn=arn, Message=body, MessageAttributes=attributes)


def _service(arn: str) -> str:
    return arn.split(":")[2]


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _queue_url(client: Any, arn: str) -> str:
    _, _, _, _, account, name = arn.split(":")
    url: str = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    return url


def _to_sqs(client: Any, ending: Ending) -> None:
    trace = ending.event.trace_id
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}} if trace else {}
    url = _queue_url(client, ending.target)
    client.send_message(QueueUrl=url, MessageBody=ending.text, MessageSystemAttributes=system)


def _to_sns(client: Any, ending: Ending) -> None:
    client.publish(TopicArn=ending.target, Message=ending.text)


def _to_event_bus(client: Any, ending: Ending) -> None:
    what = "Success" if ending.event.condition == "Success" else "Failure"
    entry = {
        "EventBusName": ending.target,
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {what}",
        "Resources": [ending.target, ending.record["requestContext"]["functionArn"]],
        "Detail": json.dumps(ending.record, separators=(",", ":"), sort_keys=True),
    }
    answer = client.put_events(Entries=[entry])
    if answer.get("FailedEntryCount"):
        raise RuntimeError(str(answer["Entries"]))


def _to_bucket(client: Any, ending: Ending) -> None:
    moment = datetime.fromisoformat(ending.record["timestamp"].replace("Z", "+00:00")).astimezone(timezone.utc)
    name = f"{moment:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    key = f"aws/lambda/async/{ending.event.function}/{name}"
    client.put_object(Bucket=ending.target.rpartition(":")[2], Key=key, Body=ending.text.encode())


# The service of a destination's ARN -> how a record is sent there.
_TARGETS: dict[str, Callable[[Any, Ending], None]] = {
    "sqs": _to_sqs,
    "sns": _to_sns,
    "events": _to_event_bus,
    "s3": _to_bucket,
}
