from __future__ import annotations

import asyncio
import base64
import gzip
import json
import sys
from datetime import datetime, timezone
from typing import Any

import pytest

from lambdakit.events import cloudwatch
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import MissingFieldError, PayloadError, ResponseError, WrongSourceError

DOCUMENT = {
    "messageType": "DATA_MESSAGE",
    "owner": "123456789012",
    "logGroup": "/aws/lambda/orders",
    "logStream": "stream",
    "subscriptionFilters": ["all"],
    "logEvents": [
        {"id": "1", "timestamp": 1440442987000, "message": '{"level": "INFO"}'},
        {"id": "2", "timestamp": 1440442987001, "message": "plain", "extractedFields": {"word": "plain"}},
    ],
}
ALARM: dict[str, Any] = {
    "source": "aws.cloudwatch",
    "alarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:slow",
    "accountId": "123456789012",
    "time": "2026-02-17T11:53:08.431+0000",
    "region": "eu-west-1",
    "alarmData": {
        "alarmName": "slow",
        "state": {
            "value": "ALARM",
            "reason": "over the threshold",
            "reasonData": '{"threshold": 10.0}',
            "timestamp": "2026-02-17T11:53:08.431+0000",
        },
        "previousState": {
            "value": "OK",
            "timestamp": "2026-02-17T11: 51: 31.462+0000",
            "actionsSuppressedBy": "WaitPeriod",
        },
        "configuration": {
            "metrics": [
                {"id": "e1", "expression": "m1 * 2", "label": "twice", "returnData": True},
                {
                    "id": "m1",
                    "metricStat": {
                        "metric": {"namespace": "AWS/Lambda", "name": "Duration", "dimensions": {"Name": "f"}},
                        "period": 60,
                        "stat": "Average",
                    },
                    "returnData": False,
                },
            ]
        },
    },
}
WIDGET: dict[str, Any] = {
    "widgetContext": {
        "dashboardName": "board",
        "widgetId": "widget-1",
        "domain": "https://eu-west-1.console.aws.amazon.com",
        "accountId": "123456789012",
        "locale": "en",
        "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0},
        "timeRange": {
            "mode": "relative",
            "start": 1627236199729,
            "end": 1627322599729,
            "zoom": {"start": 1627276030434},
        },
        "params": {"table": "orders"},
        "forms": {"all": {"page": "2"}},
    }
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def logs(**changes: Any) -> dict[str, Any]:
    text = json.dumps({**DOCUMENT, **changes}).encode()
    return {"awslogs": {"data": base64.b64encode(gzip.compress(text)).decode()}}


def test_the_document_is_unpacked() -> None:
    event = detect(logs())
    assert isinstance(event, cloudwatch.CloudWatchLogsEvent)
    document = event.document
    assert (document.log_group, document.subscription_filters) == ("/aws/lambda/orders", ["all"])
    assert not document.is_control_message
    assert unmapped(event) == unmapped(document) == []
    first, second = document.log_events
    assert first.timestamp == datetime(2015, 8, 24, 19, 3, 7, tzinfo=timezone.utc)
    assert first.json() == {"level": "INFO"}
    assert dict(first.extracted_fields) == {}
    assert second.extracted_fields == {"word": "plain"}


def test_a_control_message_is_told() -> None:
    event = cloudwatch.CloudWatchLogsEvent(logs(messageType="CONTROL_MESSAGE"))
    assert event.document.is_control_message


@pytest.mark.parametrize(
    "data", ["not base64!", "AAAA", "H4sIAAAAAAAA", base64.b64encode(gzip.compress(b"\xff", mtime=0)).decode()]
)
def test_what_cannot_be_unpacked_is_named(data: str) -> None:
    with pytest.raises(PayloadError, match=r"awslogs\.data: is not a gzip document"):
        _ = cloudwatch.CloudWatchLogsEvent({"awslogs": {"data": data}}).document


def test_missing_log_data_is_named() -> None:
    with pytest.raises(MissingFieldError, match=r"awslogs\.data"):
        _ = cloudwatch.CloudWatchLogsEvent({"awslogs": {}}).document


def test_an_alarm_reads_with_its_metrics() -> None:
    event = detect(ALARM)
    assert isinstance(event, cloudwatch.CloudWatchAlarmEvent)
    assert unmapped(event) == []
    assert event.time == datetime(2026, 2, 17, 11, 53, 8, 431000, tzinfo=timezone.utc)
    assert event.alarm_data.state.reason_data == {"threshold": 10.0}
    expression, metric = event.alarm_data.configuration.metrics
    assert expression.metric_stat is None
    assert metric.return_data is False
    assert metric.metric_stat is not None
    assert (metric.metric_stat.name, metric.metric_stat.dimensions) == ("Duration", {"Name": "f"})


def test_a_previous_state_may_lack_reasons_and_have_spaces_in_its_time() -> None:
    previous = cloudwatch.CloudWatchAlarmEvent(ALARM).alarm_data.previous_state
    assert previous is not None
    assert previous.timestamp == datetime(2026, 2, 17, 11, 51, 31, 462000, tzinfo=timezone.utc)
    assert previous.reason is None
    assert previous.reason_data is None
    assert previous.actions_suppressed_by == "WaitPeriod"


def test_a_composite_alarm_has_a_rule_and_no_metrics() -> None:
    data = {**ALARM["alarmData"], "configuration": {"alarmRule": "ALARM(a)", "actionsSuppressorWaitPeriod": 120}}
    configuration = cloudwatch.CloudWatchAlarmEvent({**ALARM, "alarmData": data}).alarm_data.configuration
    assert configuration.metrics == ()
    assert (configuration.alarm_rule, configuration.actions_suppressor_wait_period) == ("ALARM(a)", 120)


def test_a_widget_has_a_dashboard_and_parameters_beside_it() -> None:
    event = detect({**WIDGET, "table": "orders"})
    assert isinstance(event, cloudwatch.CustomWidgetEvent)
    assert event.describe is False
    assert event.parameters == {"table": "orders"}
    board = event.widget_context
    assert board is not None
    assert unmapped(board) == []
    assert board.form_values == {"page": "2"}
    assert board.time_range.zoom_start == datetime(2021, 7, 26, 5, 7, 10, 434000, tzinfo=timezone.utc)
    assert board.time_range.zoom_end is None


def test_a_request_for_documentation_has_no_dashboard() -> None:
    event = detect({"describe": True})
    assert isinstance(event, cloudwatch.CustomWidgetEvent)
    assert event.describe is True
    assert event.widget_context is None


@pytest.mark.parametrize("answer", ["<b>x</b>", {"markdown": "# x"}, {"rows": [1]}, [1], None])
def test_a_widget_answers_html_markdown_or_json(answer: Any) -> None:
    @cloudwatch.custom_widget
    def handler(event: cloudwatch.CustomWidgetEvent, context: Any) -> Any:
        return answer

    assert handler(WIDGET) == answer


def test_a_widget_builds_markdown() -> None:
    @cloudwatch.custom_widget()
    async def handler(event: cloudwatch.CustomWidgetEvent, context: Any) -> Any:
        return event.markdown("# x")

    assert asyncio.run(handler(WIDGET)) == {"markdown": "# x"}


@pytest.mark.parametrize("answer", [{"markdown": 1}, {"markdown": "# x", "title": "t"}])
def test_markdown_that_would_be_shown_as_json_is_refused(answer: Any) -> None:
    @cloudwatch.custom_widget
    def handler(event: cloudwatch.CustomWidgetEvent, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=r"markdown|Markdown"):
        handler(WIDGET)


def test_log_and_alarm_handlers_take_their_own_events_only() -> None:
    @cloudwatch.cloudwatch_logs
    def on_logs(event: cloudwatch.CloudWatchLogsEvent, context: Any) -> int:
        return len(event.document.log_events)

    @cloudwatch.cloudwatch_alarm()
    async def on_alarm(event: cloudwatch.CloudWatchAlarmEvent, context: Any) -> str:
        return event.alarm_data.alarm_name

    assert on_logs(logs()) == 2
    assert asyncio.run(on_alarm(ALARM)) == "slow"
    with pytest.raises(WrongSourceError, match="cloudwatch-alarm"):
        on_logs(ALARM)
