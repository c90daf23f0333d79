"""The work of the measures of typed events, once for lambdakit and once for each peer, as its documentation does it.

All sides of a measure do the same: they read the same values of the same event and return those of the last record,
so that it can be checked that they are equal before anything is timed.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities import data_classes as powertools
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.parser import envelopes, parse
from chalice import app as chalice
from pydantic import BaseModel

from lambdakit.events.dynamodb import DynamoDBEvent
from lambdakit.events.s3 import S3Event, s3_event
from lambdakit.events.sqs import SQSEvent, sqs_batch
from tests.benchmarks.event_samples import DYNAMODB, S3, SQS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.events.sqs import SQSMessage

    Work = dict[str, Callable[[], Any]]

__all__ = ("WORK", "equal_work")


def s3() -> Any:
    for record in S3Event(S3).records:
        name = record.event_name
        bucket = record.bucket.name
        key = record.object.key
        size = record.object.size
        etag = record.object.etag
    return name, bucket, key, size, etag


def s3_powertools() -> Any:
    for record in powertools.S3Event(S3).records:
        name = record.event_name
        bucket = record.s3.bucket.name
        key = unquote_plus(record.s3.get_object.key)
        size = record.s3.get_object.size
        etag = record.s3.get_object.etag
    return name, bucket, key, size, etag


def s3_chalice() -> Any:
    event = chalice.S3Event(S3, None)
    record = event.to_dict()["Records"][0]  # of the five only bucket and key are attributes
    item = record["s3"]["object"]
    return record["eventName"], event.bucket, event.key, item["size"], item["eTag"]


def sqs() -> Any:
    for record in SQSEvent(SQS).records:
        message_id = record.message_id
        body = record.body
        queue = record.event_source_arn
        count = record.receive_count
        sender = record.sender_id
    return message_id, body, queue, count, sender


def sqs_powertools() -> Any:
    for record in powertools.SQSEvent(SQS).records:
        message_id = record.message_id
        body = record.body
        queue = record.event_source_arn
        count = int(record.attributes.approximate_receive_count)
        sender = record.attributes.sender_id
    return message_id, body, queue, count, sender


def sqs_chalice() -> Any:
    for record in chalice.SQSEvent(SQS, None):
        raw = record.to_dict()  # of the five only the body is an attribute
        message_id = raw["messageId"]
        body = record.body
        queue = raw["eventSourceARN"]
        count = int(raw["attributes"]["ApproximateReceiveCount"])
        sender = raw["attributes"]["SenderId"]
    return message_id, body, queue, count, sender


def dynamodb() -> Any:
    for record in DynamoDBEvent(DYNAMODB).records:
        keys = record.keys
        new = record.new_image
        old = record.old_image
    return keys, new, old


def dynamodb_powertools() -> Any:
    for record in powertools.DynamoDBStreamEvent(DYNAMODB).records:
        change: Any = record.dynamodb
        keys = change.keys
        new = change.new_image
        old = change.old_image
    return keys, new, old


@dataclass
class Order:
    order_id: str
    customer: str
    quantity: int
    price: float
    express: bool


class PydanticOrder(BaseModel):
    order_id: str
    customer: str
    quantity: int
    price: float
    express: bool


_TypedEvent = SQSEvent[Order]


def body() -> Any:
    orders = [record.payload for record in _TypedEvent(SQS).records]
    return orders[-1]


def body_powertools() -> Any:
    orders: Any = parse(event=SQS, model=PydanticOrder, envelope=envelopes.SqsEnvelope)
    return orders[-1]


class Context:
    """What both batch engines ask a context for."""

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


CONTEXT: Any = Context()
PROCESSOR = BatchProcessor(event_type=EventType.SQS)


@sqs_batch
def batch(message: SQSMessage, context: Any) -> str:
    return message.body


def batch_record_powertools(record: powertools.sqs_event.SQSRecord) -> str:
    return record.body


def batch_powertools(event: Any, context: Any) -> Any:
    return process_partial_response(
        event=event, record_handler=batch_record_powertools, processor=PROCESSOR, context=context
    )


@s3_event
def decorated(event: S3Event, context: Any) -> Any:
    return None


@powertools.event_source(data_class=powertools.S3Event)
def decorated_powertools(event: powertools.S3Event, context: Any) -> Any:
    return None


# Measure -> contender -> the work.
WORK: dict[str, Work] = {
    "s3": {"lambdakit": s3, "Powertools": s3_powertools, "chalice": s3_chalice},
    "sqs": {"lambdakit": sqs, "Powertools": sqs_powertools, "chalice": sqs_chalice},
    "dynamodb": {"lambdakit": dynamodb, "Powertools": dynamodb_powertools},
    "body": {"lambdakit": body, "Powertools": body_powertools},
    "batch": {
        "lambdakit": lambda: batch(SQS, CONTEXT),
        "Powertools": lambda: batch_powertools(SQS, CONTEXT),
    },
    "decorated": {
        "lambdakit": lambda: decorated(S3, None),
        "Powertools": lambda: decorated_powertools(S3, None),
    },
}


def equal_work(name: str) -> None:
    """Check that all contenders of a measure read the same. Raises SystemExit."""
    found = {contender: _plain(work()) for contender, work in WORK[name].items()}
    if any(value != found["lambdakit"] for value in found.values()):
        raise SystemExit(f"{name}: the contenders read different values: {found}")


def _plain(result: Any) -> Any:
    if isinstance(result, PydanticOrder):
        return tuple(result.model_dump().values())
    return astuple(result) if isinstance(result, Order) else result
