"""Logging and metrics as users write them: options are literal, handlers keep their types."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from decimal import Decimal

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import S3Event, SQSMessage, s3_event, sqs_batch
from lambdakit.middleware import correlation_id, json_logging, log_context, log_events, metrics

shop = metrics(namespace="Shop", dimensions={"service": "orders", "shard": 3}, capture=["cold_start", "batch"])


@s3_event(middleware=[json_logging(level="DEBUG", sample=0.1, buffer="INFO"), log_events(event_paths=["$.a"]), shop])
def handler(event: S3Event, context: Context) -> int:
    shop.add("Objects", len(event.records), "Count", resolution=1)
    shop.add("Share", Decimal("0.5"))
    shop.dimensions(bucket=event.records[0].bucket.name)
    return len(event.records)


@sqs_batch(middleware=[json_logging(), shop])
async def batch(message: SQSMessage, context: Context) -> None:
    with log_context(message_id=message.message_id) as bound:
        reveal_type(bound)  # None


reveal_type(correlation_id({}))  # str | None
reveal_type(shop.add("n"))  # None
