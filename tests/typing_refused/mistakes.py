"""Mistakes in user code that both checkers find; each line they must complain about says so."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lambdakit import Context
from lambdakit.events import (
    App,
    CloudFrontRequest,
    S3Event,
    SQSEvent,
    SQSMessage,
    custom_resource,
    s3_event,
    sqs_batch,
    sqs_event,
    viewer_response,
)
from lambdakit.middleware import Secret, capture, env, tracing


@dataclass
class Order:
    sku: str


def queue(event: SQSEvent, context: Context) -> int:
    return len(event.records)


def no_context(event: S3Event) -> int:
    return len(event.records)


def no_event() -> int:
    return 0


def storage(event: S3Event, context: Context) -> int:
    return len(event.records)


async def storage_async(event: S3Event, context: Context) -> int:
    return len(event.records)


def request(request: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    return request


def middleware(event: Any, context: Any, call_next: Any) -> Any:
    return call_next(event, context)


app = App()

s3_event(storage)
s3_event(queue)  # refused
s3_event(middleware=[])(queue)  # refused
s3_event(no_context)  # refused
s3_event(no_event)  # refused
s3_event(storage, middleware=[middleware])  # refused
s3_event(middleware=middleware)  # refused
s3_event([middleware])  # refused
s3_event(storage_async)({}, None).bit_length()  # refused
s3_event(storage)({}, None).upper()  # refused
s3_event(storage).__wrapped__(SQSEvent({}), Context("id", deadline_ms=0))  # refused
sqs_event(storage)  # refused
sqs_batch(queue)  # refused
sqs_batch(concurrency="5")  # refused
sqs_batch(all_failed="ignore")  # refused
custom_resource(answer_before="2")  # refused
viewer_response(request)  # refused
app.on(s3_event)(queue)  # refused
app.on(s3_event, bucket=5)  # refused
app.on(queue)  # refused


@sqs_event
def orders(event: SQSEvent[Order], context: Context) -> str:
    event.record  # refused  # noqa: B018
    event.records[0].payload.price  # refused  # noqa: B018
    return SQSMessage[Order]({}).payload  # refused


@dataclass(frozen=True)
class Settings:
    table_name: str
    api_key: Secret[str]


@s3_event(middleware=[env(Settings)])
def configured(event: S3Event, context: Context[Settings]) -> str:
    context.config.tabel_name  # refused  # noqa: B018
    context.config.api_key.upper()  # refused
    return context.config.api_key  # refused


env(Settings("orders", Secret("key")))  # refused
env(Settings, prefx="A_")  # refused
env.load(Settings).other  # refused  # noqa: B018


tracing("xray")  # refused
tracing(provider="zipkin")  # refused
tracing(patch=["requests"])  # refused
tracing(response="always")  # refused


@capture("price")
def price(amount: int) -> float:
    capture(amount)  # refused
    with capture("look up") as span:
        span.annotate("Amount", [amount])  # refused
        span.metadata("amount", amount, "shop")  # refused
    return amount * 1.5


price("2")  # refused
price(2).upper()  # refused
