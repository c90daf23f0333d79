"""The decorators of storage, bus, log and device events, bare over a function and called over an async one."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from typing import Any

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    CloudWatchAlarmEvent,
    CloudWatchLogsEvent,
    CustomWidgetEvent,
    DestinationRecord,
    DurableEvent,
    EventBridgeEvent,
    IoTAuthorizerEvent,
    IoTButtonEvent,
    IoTOneClickEvent,
    IoTProvisioningEvent,
    IoTRegistryEvent,
    S3BatchEvent,
    S3Event,
    ScheduledEvent,
    SESEvent,
    cloudwatch_alarm,
    cloudwatch_logs,
    custom_widget,
    durable_event,
    eventbridge_event,
    iot_authorizer,
    iot_button,
    iot_one_click,
    iot_provisioning,
    iot_registry,
    lambda_destination,
    s3_batch,
    s3_event,
    scheduled_event,
    ses_event,
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


@ses_event
def plain_ses_event(event: SESEvent, context: Context) -> str:
    return str(event)


@ses_event(middleware=[timing])
async def async_ses_event(event: SESEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_ses_event)  # Handler[SESEvent, str]
reveal_type(async_ses_event)  # Handler[SESEvent, Coroutine[Any, Any, str]]


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
