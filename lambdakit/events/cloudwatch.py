"""Amazon CloudWatch: log subscriptions, alarm actions, custom dashboard widgets.

Source: Amazon CloudWatch Logs user guide, "Real-time processing of log data with subscriptions"; Amazon CloudWatch user
guide, "Invoke a Lambda function from an alarm" and "Create a custom widget for a CloudWatch dashboard". The document of
a subscription is gzip in base64: `document` unpacks it each time it is read. Control messages test the connection and
hold no logs of the user's. Only a widget's answer is looked at. Alarms that come through SNS have another shape.
"""

from __future__ import annotations

from lambdakit.events.convert import base64_bytes, epoch_milliseconds, iso_time, json_value
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.rules import known_keys, of_type
from lambdakit.exceptions import PayloadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = (
    "AlarmConfiguration",
    "AlarmData",
    "AlarmMetric",
    "AlarmState",
    "CloudWatchAlarmEvent",
    "CloudWatchLogsEvent",
    "CustomWidgetEvent",
    "LogDocument",
    "LogEvent",
    "MetricStatistic",
    "WidgetContext",
    "WidgetTimeRange",
    "cloudwatch_alarm",
    "cloudwatch_logs",
    "custom_widget",
)

# `type`, but Any to type checkers.
_type: Any = type


class LogEvent(Model, at="$.awslogs.data.logEvents[*]"):
    """One log line."""

    shown = ("id",)

    id: str = field("id")
    timestamp: datetime = field("timestamp", convert=epoch_milliseconds)
    message: str = field("message")
    extracted_fields: Mapping[str, Any] = field(
        "extractedFields", default=EMPTY, doc="What the filter's pattern names; there where it names fields."
    )

    def json(self) -> Any:
        """The message as JSON. Raises ValueError where it is none."""
        return json_value(self.message)


class LogDocument(Model, at="$.awslogs.data"):
    """Lines of one log stream that passed a subscription filter."""

    shown = ("message_type", "log_group", "log_stream")

    message_type: str = field("messageType", doc="DATA_MESSAGE or CONTROL_MESSAGE.")
    owner: str = field("owner")
    log_group: str = field("logGroup")
    log_stream: str = field("logStream")
    subscription_filters: Sequence[str] = field("subscriptionFilters", default=())
    log_events: list[LogEvent] = field("logEvents", each=LogEvent)
    policy_level: str | None = field("policyLevel", default=None)

    @property
    def is_control_message(self) -> bool:
        """Whether this is a test of the connection, to be ignored."""
        return self.message_type == "CONTROL_MESSAGE"


def _document(data: str) -> LogDocument:
    from gzip import decompress
    from zlib import error as zlib_error

    try:
        text = decompress(base64_bytes(data)).decode()
    except (ValueError, OSError, EOFError, zlib_error) as error:
        why = f"{type(error).__name__}: {error}"
    else:
        return LogDocument(json_value(text))
    raise PayloadError((("$.awslogs.data", f"is not a gzip document in base64: {why}"),))


class CloudWatchLogsEvent(Model):
    """A subscription's log lines. Read `document` once: it is unpacked at each reading."""

    document: LogDocument = field(
        "awslogs", "data", convert=_document, doc="The unpacked document. Raises PayloadError where it is none."
    )


def _alarm_time(value: str) -> datetime:
    # Published samples have spaces after the colons.
    return iso_time(value.replace(" ", ""))


class AlarmState(Model, at="$.alarmData.state"):
    """A state of an alarm and why it came."""

    shown = ("value",)

    value: str = field("value", doc="OK, ALARM or INSUFFICIENT_DATA.")
    reason: str | None = field("reason", default=None)
    reason_data: Any = field("reasonData", convert=json_value, default=None, doc="The JSON within, decoded.")
    timestamp: datetime = field("timestamp", convert=_alarm_time)
    actions_suppressed_by: str | None = field("actionsSuppressedBy", default=None)
    actions_suppressed_reason: str | None = field("actionsSuppressedReason", default=None)


class MetricStatistic(Model, at="$.alarmData.configuration.metrics[*].metricStat"):
    """A statistic of a metric."""

    shown = ("namespace", "name", "stat")

    namespace: str | None = field("metric", "namespace", default=None)
    name: str = field("metric", "name")
    dimensions: Mapping[str, str] = field("metric", "dimensions", default=EMPTY)
    period: int = field("period", doc="Seconds.")
    stat: str = field("stat")
    unit: str | None = field("unit", default=None)


class AlarmMetric(Model, at="$.alarmData.configuration.metrics[*]"):
    """A metric an alarm watches, or an expression over others."""

    shown = ("id",)

    id: str = field("id")
    account_id: str | None = field("accountId", default=None)
    expression: str | None = field("expression", default=None)
    label: str | None = field("label", default=None)
    return_data: bool = field("returnData", default=True, doc="Whether the alarm compares this one.")
    period: int | None = field("period", default=None, doc="Seconds.")
    metric_stat: MetricStatistic | None = field("metricStat", convert=MetricStatistic, default=None)


class AlarmConfiguration(Model, at="$.alarmData.configuration"):
    """What an alarm watches: `metrics`, or the `alarm_rule` of a composite alarm."""

    shown = ("metrics", "alarm_rule")

    description: str | None = field("description", default=None)
    metrics: Sequence[AlarmMetric] = field("metrics", each=AlarmMetric, default=())
    alarm_rule: str | None = field("alarmRule", default=None)
    actions_suppressor: str | None = field("actionsSuppressor", default=None)
    actions_suppressor_wait_period: int | None = field("actionsSuppressorWaitPeriod", default=None, doc="Seconds.")
    actions_suppressor_extension_period: int | None = field(
        "actionsSuppressorExtensionPeriod", default=None, doc="Seconds."
    )


class AlarmData(Model, at="$.alarmData"):
    """The alarm: its state, the one before, and what it watches."""

    shown = ("alarm_name", "state")

    alarm_name: str = field("alarmName")
    state: AlarmState = field("state", convert=AlarmState)
    previous_state: AlarmState | None = field("previousState", convert=AlarmState, default=None)
    configuration: AlarmConfiguration = field("configuration", convert=AlarmConfiguration)


class CloudWatchAlarmEvent(Model):
    """An alarm changed its state."""

    shown = ("alarm_arn", "alarm_data")

    source: str = field("source")
    alarm_arn: str = field("alarmArn")
    account_id: str = field("accountId")
    time: datetime = field("time", convert=_alarm_time)
    region: str = field("region")
    alarm_data: AlarmData = field("alarmData", convert=AlarmData)


class WidgetTimeRange(Model, at="$.widgetContext.timeRange"):
    """What time the dashboard shows."""

    shown = ("start", "end")

    mode: str = field("mode", doc="relative or absolute.")
    start: datetime = field("start", convert=epoch_milliseconds)
    end: datetime = field("end", convert=epoch_milliseconds)
    relative_start: int | None = field("relativeStart", default=None, doc="Milliseconds before now.")
    zoom_start: datetime | None = field("zoom", "start", convert=epoch_milliseconds, default=None)
    zoom_end: datetime | None = field("zoom", "end", convert=epoch_milliseconds, default=None)


class WidgetContext(Model, at="$.widgetContext"):
    """The dashboard a widget is drawn on."""

    shown = ("dashboard_name", "widget_id")

    dashboard_name: str = field("dashboardName")
    widget_id: str = field("widgetId")
    domain: str = field("domain")
    account_id: str = field("accountId")
    locale: str = field("locale")
    timezone_label: str | None = field("timezone", "label", default=None)
    timezone_offset_iso: str | None = field("timezone", "offsetISO", default=None)
    timezone_offset_minutes: int | None = field("timezone", "offsetInMinutes", default=None)
    period: int | None = field("period", default=None, doc="Seconds.")
    is_auto_period: bool = field("isAutoPeriod", default=False)
    time_range: WidgetTimeRange = field("timeRange", convert=WidgetTimeRange)
    theme: str | None = field("theme", default=None, doc="light or dark.")
    link_charts: bool = field("linkCharts", default=False)
    title: str | None = field("title", default=None)
    params: Mapping[str, Any] = field("params", default=EMPTY, doc="The widget's parameters.")
    form_values: Mapping[str, Any] = field("forms", "all", default=EMPTY, doc="What the user entered in forms.")
    width: int | None = field("width", default=None, doc="Pixels.")
    height: int | None = field("height", default=None, doc="Pixels.")


class CustomWidgetEvent(Model):
    """A widget is to be drawn, or (`describe`) its documentation is wanted, as Markdown."""

    shown = ("describe", "widget_context")

    describe: bool = field("describe", default=False)
    widget_context: WidgetContext | None = field(
        "widgetContext", convert=WidgetContext, default=None, doc="None where only documentation is wanted."
    )

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of this call: those of the widget, or of the link or button that was used."""
        return {name: value for name, value in self.raw.items() if name not in ("describe", "widgetContext")}

    def markdown(self, text: str) -> dict[str, str]:
        """The answer that shows Markdown; HTML is answered as text, anything else is shown as JSON."""
        of_type("markdown", text, str)
        return {"markdown": text}


def _widget_answer(result: Any) -> Any:
    """What a widget's function returned. Raises ResponseError for Markdown that would not be shown as such."""
    if _type(result) is dict and "markdown" in result:
        known_keys("a Markdown answer", result, ("markdown",))
        of_type("markdown", result["markdown"], str)
    return result


cloudwatch_logs: EventDecorator[CloudWatchLogsEvent] = EventDecorator(
    "cloudwatch_logs", CloudWatchLogsEvent, "cloudwatch-logs"
)
cloudwatch_alarm: EventDecorator[CloudWatchAlarmEvent] = EventDecorator(
    "cloudwatch_alarm", CloudWatchAlarmEvent, "cloudwatch-alarm"
)
custom_widget: EventDecorator[CustomWidgetEvent] = EventDecorator(
    "custom_widget", CustomWidgetEvent, "cloudwatch-widget", finish=_widget_answer
)
