"""EventBridge, schedules, and S3 through EventBridge."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import pytest

from lambdakit.events.coverage import unmapped
from lambdakit.events.eventbridge import EventBridgeEvent, ScheduledEvent, eventbridge_event, scheduled_event
from lambdakit.exceptions import MissingFieldError, WrongSourceError

S3: dict[str, Any] = {
    "version": "0",
    "id": "e-1",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "123456789012",
    "time": "2026-03-04T19:15:17Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:s3:::b"],
    "detail": {"version": "0", "bucket": {"name": "b"}, "object": {"key": "a+b", "size": 3, "version-id": "v"}},
}
SCHEDULER = {
    "id": "e-2",
    "detail-type": "Scheduled Event",
    "source": "aws.scheduler",
    "time": "2026-03-04T19:15:17Z",
    "resources": ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s"],
    "detail": "{}",
}


def test_s3_through_eventbridge_keeps_the_key_as_sent() -> None:
    event = EventBridgeEvent(S3)
    assert event.s3 is not None
    assert (event.s3.bucket_name, event.s3.object.key, event.s3.object.version_id) == ("b", "a+b", "v")
    assert event.time == datetime(2026, 3, 4, 19, 15, 17, tzinfo=timezone.utc)
    assert event.payload_value() is S3["detail"]
    assert unmapped(event) == []


def test_a_trimmed_event_reads() -> None:
    event = EventBridgeEvent({"detail-type": "t", "source": "s"})
    assert (event.id, event.time, event.resources, dict(event.detail), event.s3) == (None, None, (), {}, None)
    with pytest.raises(MissingFieldError, match=r'\$\["detail-type"\]'):
        _ = EventBridgeEvent({}).detail_type


def test_scheduler_has_its_detail_as_text() -> None:
    event = ScheduledEvent(SCHEDULER)
    assert event.detail == event.payload_value() == {}
    assert event.schedule_arn == SCHEDULER["resources"][0]


def test_decorators() -> None:
    @eventbridge_event
    def of_bus(event: EventBridgeEvent, context: Any) -> str:
        return event.detail_type

    @scheduled_event(middleware=[])
    async def of_schedule(event: ScheduledEvent, context: Any) -> str:
        return event.source

    assert of_bus(S3) == "Object Created"
    assert asyncio.run(of_schedule(SCHEDULER)) == "aws.scheduler"
    with pytest.raises(WrongSourceError, match="takes a ScheduledEvent; this event comes from eventbridge"):
        asyncio.run(of_schedule(S3))
