"""EventBridge events: rules on a bus, schedules, and S3's events through EventBridge.

Source: EventBridge user guide, "Events reference"; EventBridge Scheduler user guide; Amazon S3 user guide, "EventBridge
event message structure". Only `detail-type` and `source` are sure to be there: a sender or an input path may trim the
rest. Scheduler's default payload has its detail as JSON text. Whether S3 form-encodes keys on this way is not
documented: `S3EventObject.key` is the key as sent.
"""

from __future__ import annotations

from lambdakit.events.convert import integer, iso_time, json_value
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadModel, PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = (
    "EventBridgeEvent",
    "S3EventBridgeDetail",
    "S3EventObject",
    "ScheduledEvent",
    "eventbridge_event",
    "scheduled_event",
)


def _object(value: Any) -> Any:
    return json_value(value) if isinstance(value, str) else value


class S3EventObject(Model, at="$.detail.object"):
    """The object an event is about."""

    shown = ("key",)

    key: str = field("key", doc="As sent.")
    size: int | None = field("size", convert=integer, default=None, doc="Bytes.")
    etag: str | None = field("etag", default=None)
    version_id: str | None = field("version-id", default=None)
    sequencer: str | None = field("sequencer", default=None)


class S3EventBridgeDetail(Model, at="$.detail"):
    """The detail of an event with the source `aws.s3`."""

    shown = ("bucket_name", "object")

    version: str | None = field("version", default=None)
    bucket_name: str = field("bucket", "name")
    request_id: str | None = field("request-id", default=None)
    requester: str | None = field("requester", default=None)
    source_ip_address: str | None = field("source-ip-address", default=None)
    reason: str | None = field("reason", default=None)
    deletion_type: str | None = field("deletion-type", default=None)
    restore_expiry_time: datetime | None = field("restore-expiry-time", convert=iso_time, default=None)
    source_storage_class: str | None = field("source-storage-class", default=None)
    destination_storage_class: str | None = field("destination-storage-class", default=None)
    destination_access_tier: str | None = field("destination-access-tier", default=None)

    object: S3EventObject = field("object", convert=S3EventObject)


class EventBridgeEvent(PayloadModel[PayloadT]):
    """An event from a bus: `detail_type`, `source` and the free `detail`."""

    shown = ("detail_type", "source", "id")
    payload_at = ("detail",)

    version: str | None = field("version", default=None)
    id: str | None = field("id", default=None)
    detail_type: str = field("detail-type")
    source: str = field("source")
    account: str | None = field("account", default=None)
    time: datetime | None = field("time", convert=iso_time, default=None)
    region: str | None = field("region", default=None)
    resources: Sequence[str] = field("resources", default=())
    detail: Mapping[str, Any] = field("detail", convert=_object, default=EMPTY, doc="JSON text (Scheduler) is decoded.")
    replay_name: str | None = field("replay-name", default=None, doc="Set where the event comes from a replay.")

    def payload_value(self) -> Any:
        """The inner payload as a JSON value: the detail."""
        return _object(self.get("detail"))

    @property
    def s3(self) -> S3EventBridgeDetail | None:
        """The detail typed, where the event comes from S3."""
        return S3EventBridgeDetail(self.raw["detail"]) if self.source == "aws.s3" and "detail" in self else None


class ScheduledEvent(EventBridgeEvent[PayloadT]):
    """What a rule with a schedule, or Scheduler without an input of its own, sends."""

    shown = ("source", "time", "schedule_arn")

    @property
    def schedule_arn(self) -> str | None:
        """The ARN of the rule or schedule."""
        return next(iter(self.resources), None)


eventbridge_event: EventDecorator[EventBridgeEvent] = EventDecorator(
    "eventbridge_event", EventBridgeEvent, "eventbridge"
)
scheduled_event: EventDecorator[ScheduledEvent] = EventDecorator(
    "scheduled_event", ScheduledEvent, "scheduled", "scheduler"
)
