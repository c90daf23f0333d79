"""A decorator in all its forms, payload types, dispatch by source and detection."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    APIGatewayProxyEvent,
    APIGatewayProxyEventV2,
    App,
    BedrockAPIEvent,
    BedrockFunctionEvent,
    EventBridgeEvent,
    S3Event,
    SNSEvent,
    SQSEvent,
    SQSMessage,
    api_gateway,
    bedrock_agent,
    detect,
    eventbridge_event,
    model_of,
    s3_event,
    source_of,
    sqs_batch,
    sqs_event,
    unmapped,
)
from lambdakit.handlers import Call


@dataclass
class Order:
    sku: str


class Detail(TypedDict):
    count: int


def timing(event: Any, context: Any, call_next: Call) -> Any:
    return call_next(event, context)


async def later(event: Any, context: Any, call_next: Call) -> Any:
    return await call_next(event, context)


@s3_event
def bare(event: S3Event, context: Context) -> int:
    reveal_type(event.records[0].object.key)  # str
    reveal_type(event.records[0].object.size)  # int | None
    reveal_type(event.records[0].event_time)  # datetime
    return len(event.records)


@s3_event()
def called(event: S3Event, context: Context) -> int:
    return len(event.records)


@s3_event(middleware=[timing])
def around(event: S3Event, context: Context) -> int:
    return len(event.records)


@s3_event
async def bare_async(event: S3Event, context: Context) -> int:
    return len(event.records)


@s3_event(middleware=[timing, later])
async def around_async(event: S3Event, context: Context) -> int:
    return len(event.records)


reveal_type(s3_event)  # EventDecorator[S3Event]
reveal_type(bare)  # Handler[S3Event, int]
reveal_type(called)  # Handler[S3Event, int]
reveal_type(around)  # Handler[S3Event, int]
reveal_type(bare_async)  # Handler[S3Event, Coroutine[Any, Any, int]]
reveal_type(around_async)  # Handler[S3Event, Coroutine[Any, Any, int]]
reveal_type(bare({}, None))  # int
reveal_type(bare({}))  # int
reveal_type(bare.__wrapped__)  # (S3Event, LambdaContext[Any]) -> int
reveal_type(bare.__name__)  # str


async def awaits() -> None:
    reveal_type(await around_async({}, None))  # int


@sqs_event
def queue(event: SQSEvent[Order], context: Context) -> list[str]:
    reveal_type(event.records)  # list[SQSMessage[Order]]
    reveal_type(event.records[0].payload)  # Order
    return [record.payload.sku for record in event.records]


@eventbridge_event
def bus(event: EventBridgeEvent[Detail], context: Context) -> int:
    reveal_type(event.payload["count"])  # int
    return event.payload["count"]


reveal_type(queue({}, None))  # list[str]
reveal_type(SQSMessage[Order]({}).payload)  # Order
reveal_type(SQSMessage[S3Event]({}).payload)  # S3Event
reveal_type(SQSMessage({}).payload)  # Any
reveal_type(SQSMessage({}).payload_as(Order))  # Order
reveal_type(SNSEvent[Order]({}).records[0].sns.payload)  # Order


# A function of both forms is accepted, too; what mypy makes of it is Handler[Any, Any], which pyright knows better.
@bedrock_agent
def either(event: BedrockFunctionEvent | BedrockAPIEvent, context: Context) -> str:
    return event.function if isinstance(event, BedrockFunctionEvent) else event.api_path


@api_gateway
def rest(event: APIGatewayProxyEvent, context: Context) -> str:
    return event.path


@api_gateway(middleware=[timing])
def http_api(event: APIGatewayProxyEventV2[Order], context: Context) -> Order:
    return event.payload


reveal_type(rest)  # Handler[APIGatewayProxyEvent[Any], str]
reveal_type(http_api)  # Handler[APIGatewayProxyEventV2[Any], Order]


app = App()


@app.on(s3_event, bucket="photos", suffix=".jpg")
def photo(event: S3Event, context: Context) -> int:
    return len(event.records)


@app.on(sqs_event)
async def message(event: SQSEvent[Order], context: Context) -> str:
    return event.records[0].payload.sku


@app.on(sqs_batch, queue="orders")
def each(message: SQSMessage[Order], context: Context) -> None: ...


@app.default
def other(event: dict[str, Any], context: Context) -> bool:
    return False


reveal_type(photo)  # Handler[S3Event, int]
reveal_type(message)  # Handler[SQSEvent[Any], Coroutine[Any, Any, str]]
reveal_type(each({}, None))  # BatchResponse
reveal_type(other)  # (event: dict[str, Any], context: LambdaContext[Any]) -> bool

raw: dict[str, Any] = json.loads(Path("event.json").read_text())
event = detect(raw)
reveal_type(event)  # Model | None
reveal_type(source_of(raw))  # str | None
reveal_type(model_of("s3"))  # type[Model]
if isinstance(event, S3Event):
    reveal_type(event)  # S3Event
    reveal_type(unmapped(event))  # list[str]
