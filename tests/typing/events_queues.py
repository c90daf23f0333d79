"""The decorators of queue, topic and stream events, bare over a function and called over an async one."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from typing import Any

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    ActiveMQEvent,
    ActiveMQMessage,
    DocumentDBEvent,
    DynamoDBEvent,
    DynamoDBRecord,
    FirehoseEvent,
    KafkaEvent,
    KafkaRecord,
    KinesisAnalyticsEvent,
    KinesisEvent,
    KinesisRecord,
    RabbitMQEvent,
    RabbitMQMessage,
    SNSEvent,
    SQSEvent,
    SQSMessage,
    activemq_batch,
    activemq_event,
    docdb_event,
    dynamodb_batch,
    dynamodb_event,
    firehose_transform,
    kafka_batch,
    kafka_event,
    kinesis_analytics_event,
    kinesis_batch,
    kinesis_event,
    rabbitmq_batch,
    rabbitmq_event,
    sns_event,
    sqs_batch,
    sqs_event,
)
from lambdakit.handlers import Call


def timing(event: Any, context: Any, call_next: Call) -> Any:
    return call_next(event, context)


@sqs_batch
def plain_sqs_batch(event: SQSMessage, context: Context) -> str:
    return str(event)


@sqs_batch(middleware=[timing])
async def async_sqs_batch(event: SQSMessage, context: Context) -> str:
    return str(event)


reveal_type(plain_sqs_batch({}))  # BatchResponse
reveal_type(async_sqs_batch({})).close()  # Coroutine[Any, Any, BatchResponse]


@sqs_event
def plain_sqs_event(event: SQSEvent, context: Context) -> str:
    return str(event)


@sqs_event(middleware=[timing])
async def async_sqs_event(event: SQSEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_sqs_event)  # Handler[SQSEvent[Any], str]
reveal_type(async_sqs_event)  # Handler[SQSEvent[Any], Coroutine[Any, Any, str]]


@sns_event
def plain_sns_event(event: SNSEvent, context: Context) -> str:
    return str(event)


@sns_event(middleware=[timing])
async def async_sns_event(event: SNSEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_sns_event)  # Handler[SNSEvent[Any], str]
reveal_type(async_sns_event)  # Handler[SNSEvent[Any], Coroutine[Any, Any, str]]


@kinesis_batch
def plain_kinesis_batch(event: KinesisRecord, context: Context) -> str:
    return str(event)


@kinesis_batch(middleware=[timing])
async def async_kinesis_batch(event: KinesisRecord, context: Context) -> str:
    return str(event)


reveal_type(plain_kinesis_batch({}))  # BatchResponse
reveal_type(async_kinesis_batch({})).close()  # Coroutine[Any, Any, BatchResponse]


@kinesis_event
def plain_kinesis_event(event: KinesisEvent, context: Context) -> str:
    return str(event)


@kinesis_event(middleware=[timing])
async def async_kinesis_event(event: KinesisEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_kinesis_event)  # Handler[KinesisEvent[Any], str]
reveal_type(async_kinesis_event)  # Handler[KinesisEvent[Any], Coroutine[Any, Any, str]]


@dynamodb_batch
def plain_dynamodb_batch(event: DynamoDBRecord, context: Context) -> str:
    return str(event)


@dynamodb_batch(middleware=[timing])
async def async_dynamodb_batch(event: DynamoDBRecord, context: Context) -> str:
    return str(event)


reveal_type(plain_dynamodb_batch({}))  # BatchResponse
reveal_type(async_dynamodb_batch({})).close()  # Coroutine[Any, Any, BatchResponse]


@dynamodb_event
def plain_dynamodb_event(event: DynamoDBEvent, context: Context) -> str:
    return str(event)


@dynamodb_event(middleware=[timing])
async def async_dynamodb_event(event: DynamoDBEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_dynamodb_event)  # Handler[DynamoDBEvent, str]
reveal_type(async_dynamodb_event)  # Handler[DynamoDBEvent, Coroutine[Any, Any, str]]


@kafka_batch
def plain_kafka_batch(event: KafkaRecord, context: Context) -> str:
    return str(event)


@kafka_batch(middleware=[timing])
async def async_kafka_batch(event: KafkaRecord, context: Context) -> str:
    return str(event)


reveal_type(plain_kafka_batch({}))  # BatchResponse
reveal_type(async_kafka_batch({})).close()  # Coroutine[Any, Any, BatchResponse]


@kafka_event
def plain_kafka_event(event: KafkaEvent, context: Context) -> str:
    return str(event)


@kafka_event(middleware=[timing])
async def async_kafka_event(event: KafkaEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_kafka_event)  # Handler[KafkaEvent, str]
reveal_type(async_kafka_event)  # Handler[KafkaEvent, Coroutine[Any, Any, str]]


@activemq_batch
def plain_activemq_batch(event: ActiveMQMessage, context: Context) -> str:
    return str(event)


@activemq_batch(middleware=[timing])
async def async_activemq_batch(event: ActiveMQMessage, context: Context) -> str:
    return str(event)


reveal_type(plain_activemq_batch({}))  # None
reveal_type(async_activemq_batch({})).close()  # Coroutine[Any, Any, None]


@activemq_event
def plain_activemq_event(event: ActiveMQEvent, context: Context) -> str:
    return str(event)


@activemq_event(middleware=[timing])
async def async_activemq_event(event: ActiveMQEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_activemq_event)  # Handler[ActiveMQEvent[Any], str]
reveal_type(async_activemq_event)  # Handler[ActiveMQEvent[Any], Coroutine[Any, Any, str]]


@rabbitmq_batch
def plain_rabbitmq_batch(event: RabbitMQMessage, context: Context) -> str:
    return str(event)


@rabbitmq_batch(middleware=[timing])
async def async_rabbitmq_batch(event: RabbitMQMessage, context: Context) -> str:
    return str(event)


reveal_type(plain_rabbitmq_batch({}))  # None
reveal_type(async_rabbitmq_batch({})).close()  # Coroutine[Any, Any, None]


@rabbitmq_event
def plain_rabbitmq_event(event: RabbitMQEvent, context: Context) -> str:
    return str(event)


@rabbitmq_event(middleware=[timing])
async def async_rabbitmq_event(event: RabbitMQEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_rabbitmq_event)  # Handler[RabbitMQEvent, str]
reveal_type(async_rabbitmq_event)  # Handler[RabbitMQEvent, Coroutine[Any, Any, str]]


@docdb_event
def plain_docdb_event(event: DocumentDBEvent, context: Context) -> str:
    return str(event)


@docdb_event(middleware=[timing])
async def async_docdb_event(event: DocumentDBEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_docdb_event)  # Handler[DocumentDBEvent, str]
reveal_type(async_docdb_event)  # Handler[DocumentDBEvent, Coroutine[Any, Any, str]]


@firehose_transform
def plain_firehose_transform(event: FirehoseEvent, context: Context) -> str:
    return str(event)


@firehose_transform(middleware=[timing])
async def async_firehose_transform(event: FirehoseEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_firehose_transform)  # Handler[FirehoseEvent[Any], str]
reveal_type(async_firehose_transform)  # Handler[FirehoseEvent[Any], Coroutine[Any, Any, str]]


@kinesis_analytics_event
def plain_kinesis_analytics_event(event: KinesisAnalyticsEvent, context: Context) -> str:
    return str(event)


@kinesis_analytics_event(middleware=[timing])
async def async_kinesis_analytics_event(event: KinesisAnalyticsEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_kinesis_analytics_event)  # Handler[KinesisAnalyticsEvent[Any], str]
reveal_type(async_kinesis_analytics_event)  # Handler[KinesisAnalyticsEvent[Any], Coroutine[Any, Any, str]]
