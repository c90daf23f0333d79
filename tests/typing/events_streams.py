"""The decorators of storage, queue and stream events, bare over a function and called over an async one."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from typing import Any

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    ActiveMQEvent,
    CloudWatchAlarmEvent,
    CloudWatchLogsEvent,
    CustomWidgetEvent,
    DestinationRecord,
    DocumentDBEvent,
    DurableEvent,
    DynamoDBEvent,
    EventBridgeEvent,
    FirehoseEvent,
    IoTAuthorizerEvent,
    IoTButtonEvent,
    IoTOneClickEvent,
    IoTProvisioningEvent,
    IoTRegistryEvent,
    KafkaEvent,
    KinesisAnalyticsEvent,
    KinesisEvent,
    RabbitMQEvent,
    S3BatchEvent,
    S3Event,
    ScheduledEvent,
    SESEvent,
    SNSEvent,
    SQSEvent,
    activemq_event,
    cloudwatch_alarm,
    cloudwatch_logs,
    custom_widget,
    docdb_event,
    durable_event,
    dynamodb_event,
    eventbridge_event,
    firehose_transform,
    iot_authorizer,
    iot_button,
    iot_one_click,
    iot_provisioning,
    iot_registry,
    kafka_event,
    kinesis_analytics_event,
    kinesis_event,
    lambda_destination,
    rabbitmq_event,
    s3_batch,
    s3_event,
    scheduled_event,
    ses_event,
    sns_event,
    sqs_event,
)
from lambdakit.handlers import Call


def timing(event: Any, context: Any, call_next: Call) -> Any:
    return call_next(event, context)


@s3_event
def plain_s3_event(event: S3Event, context: Context) -> str:
    return str(event)


@s3_event(middleware=[timing])
async def async_s3_event(event: S3Event, context: Context) -> str:
    return str(event)


reveal_type(plain_s3_event)  # Handler[S3Event, str]
reveal_type(async_s3_event)  # Handler[S3Event, Coroutine[Any, Any, str]]


@s3_batch
def plain_s3_batch(event: S3BatchEvent, context: Context) -> str:
    return str(event)


@s3_batch(middleware=[timing])
async def async_s3_batch(event: S3BatchEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_s3_batch)  # Handler[S3BatchEvent, str]
reveal_type(async_s3_batch)  # Handler[S3BatchEvent, Coroutine[Any, Any, str]]


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


@ses_event
def plain_ses_event(event: SESEvent, context: Context) -> str:
    return str(event)


@ses_event(middleware=[timing])
async def async_ses_event(event: SESEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_ses_event)  # Handler[SESEvent, str]
reveal_type(async_ses_event)  # Handler[SESEvent, Coroutine[Any, Any, str]]


@kinesis_event
def plain_kinesis_event(event: KinesisEvent, context: Context) -> str:
    return str(event)


@kinesis_event(middleware=[timing])
async def async_kinesis_event(event: KinesisEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_kinesis_event)  # Handler[KinesisEvent[Any], str]
reveal_type(async_kinesis_event)  # Handler[KinesisEvent[Any], Coroutine[Any, Any, str]]


@dynamodb_event
def plain_dynamodb_event(event: DynamoDBEvent, context: Context) -> str:
    return str(event)


@dynamodb_event(middleware=[timing])
async def async_dynamodb_event(event: DynamoDBEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_dynamodb_event)  # Handler[DynamoDBEvent, str]
reveal_type(async_dynamodb_event)  # Handler[DynamoDBEvent, Coroutine[Any, Any, str]]


@kafka_event
def plain_kafka_event(event: KafkaEvent, context: Context) -> str:
    return str(event)


@kafka_event(middleware=[timing])
async def async_kafka_event(event: KafkaEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_kafka_event)  # Handler[KafkaEvent, str]
reveal_type(async_kafka_event)  # Handler[KafkaEvent, Coroutine[Any, Any, str]]


@activemq_event
def plain_activemq_event(event: ActiveMQEvent, context: Context) -> str:
    return str(event)


@activemq_event(middleware=[timing])
async def async_activemq_event(event: ActiveMQEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_activemq_event)  # Handler[ActiveMQEvent[Any], str]
reveal_type(async_activemq_event)  # Handler[ActiveMQEvent[Any], Coroutine[Any, Any, str]]


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


reveal_type(plain_firehose_transform)  # Handler[FirehoseEvent, str]
reveal_type(async_firehose_transform)  # Handler[FirehoseEvent, Coroutine[Any, Any, str]]


@kinesis_analytics_event
def plain_kinesis_analytics_event(event: KinesisAnalyticsEvent, context: Context) -> str:
    return str(event)


@kinesis_analytics_event(middleware=[timing])
async def async_kinesis_analytics_event(event: KinesisAnalyticsEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_kinesis_analytics_event)  # Handler[KinesisAnalyticsEvent, str]
reveal_type(async_kinesis_analytics_event)  # Handler[KinesisAnalyticsEvent, Coroutine[Any, Any, str]]


@eventbridge_event
def plain_eventbridge_event(event: EventBridgeEvent, context: Context) -> str:
    return str(event)


@eventbridge_event(middleware=[timing])
async def async_eventbridge_event(event: EventBridgeEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_eventbridge_event)  # Handler[EventBridgeEvent[Any], str]
reveal_type(async_eventbridge_event)  # Handler[EventBridgeEvent[Any], Coroutine[Any, Any, str]]


@scheduled_event
def plain_scheduled_event(event: ScheduledEvent, context: Context) -> str:
    return str(event)


@scheduled_event(middleware=[timing])
async def async_scheduled_event(event: ScheduledEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_scheduled_event)  # Handler[ScheduledEvent[Any], str]
reveal_type(async_scheduled_event)  # Handler[ScheduledEvent[Any], Coroutine[Any, Any, str]]


@cloudwatch_alarm
def plain_cloudwatch_alarm(event: CloudWatchAlarmEvent, context: Context) -> str:
    return str(event)


@cloudwatch_alarm(middleware=[timing])
async def async_cloudwatch_alarm(event: CloudWatchAlarmEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_cloudwatch_alarm)  # Handler[CloudWatchAlarmEvent, str]
reveal_type(async_cloudwatch_alarm)  # Handler[CloudWatchAlarmEvent, Coroutine[Any, Any, str]]


@cloudwatch_logs
def plain_cloudwatch_logs(event: CloudWatchLogsEvent, context: Context) -> str:
    return str(event)


@cloudwatch_logs(middleware=[timing])
async def async_cloudwatch_logs(event: CloudWatchLogsEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_cloudwatch_logs)  # Handler[CloudWatchLogsEvent, str]
reveal_type(async_cloudwatch_logs)  # Handler[CloudWatchLogsEvent, Coroutine[Any, Any, str]]


@custom_widget
def plain_custom_widget(event: CustomWidgetEvent, context: Context) -> str:
    return str(event)


@custom_widget(middleware=[timing])
async def async_custom_widget(event: CustomWidgetEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_custom_widget)  # Handler[CustomWidgetEvent, str]
reveal_type(async_custom_widget)  # Handler[CustomWidgetEvent, Coroutine[Any, Any, str]]


@durable_event
def plain_durable_event(event: DurableEvent, context: Context) -> str:
    return str(event)


@durable_event(middleware=[timing])
async def async_durable_event(event: DurableEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_durable_event)  # Handler[DurableEvent, str]
reveal_type(async_durable_event)  # Handler[DurableEvent, Coroutine[Any, Any, str]]


@lambda_destination
def plain_lambda_destination(event: DestinationRecord, context: Context) -> str:
    return str(event)


@lambda_destination(middleware=[timing])
async def async_lambda_destination(event: DestinationRecord, context: Context) -> str:
    return str(event)


reveal_type(plain_lambda_destination)  # Handler[DestinationRecord, str]
reveal_type(async_lambda_destination)  # Handler[DestinationRecord, Coroutine[Any, Any, str]]


@iot_authorizer
def plain_iot_authorizer(event: IoTAuthorizerEvent, context: Context) -> str:
    return str(event)


@iot_authorizer(middleware=[timing])
async def async_iot_authorizer(event: IoTAuthorizerEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_iot_authorizer)  # Handler[IoTAuthorizerEvent, str]
reveal_type(async_iot_authorizer)  # Handler[IoTAuthorizerEvent, Coroutine[Any, Any, str]]


@iot_button
def plain_iot_button(event: IoTButtonEvent, context: Context) -> str:
    return str(event)


@iot_button(middleware=[timing])
async def async_iot_button(event: IoTButtonEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_iot_button)  # Handler[IoTButtonEvent, str]
reveal_type(async_iot_button)  # Handler[IoTButtonEvent, Coroutine[Any, Any, str]]


@iot_one_click
def plain_iot_one_click(event: IoTOneClickEvent, context: Context) -> str:
    return str(event)


@iot_one_click(middleware=[timing])
async def async_iot_one_click(event: IoTOneClickEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_iot_one_click)  # Handler[IoTOneClickEvent, str]
reveal_type(async_iot_one_click)  # Handler[IoTOneClickEvent, Coroutine[Any, Any, str]]


@iot_provisioning
def plain_iot_provisioning(event: IoTProvisioningEvent, context: Context) -> str:
    return str(event)


@iot_provisioning(middleware=[timing])
async def async_iot_provisioning(event: IoTProvisioningEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_iot_provisioning)  # Handler[IoTProvisioningEvent, str]
reveal_type(async_iot_provisioning)  # Handler[IoTProvisioningEvent, Coroutine[Any, Any, str]]


@iot_registry
def plain_iot_registry(event: IoTRegistryEvent, context: Context) -> str:
    return str(event)


@iot_registry(middleware=[timing])
async def async_iot_registry(event: IoTRegistryEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_iot_registry)  # Handler[IoTRegistryEvent, str]
reveal_type(async_iot_registry)  # Handler[IoTRegistryEvent, Coroutine[Any, Any, str]]
