"""Amazon S3 event notifications, and the test message S3 sends when one is configured.

Source: Amazon S3 user guide, "Event message structure". One record an event in practice; order is not guaranteed:
compare `sequence_key` of two records of the same key. S3 events that come through EventBridge have another shape, see
`lambdakit.events.eventbridge`.
"""

from __future__ import annotations

from lambdakit.events.convert import form_decoded, iso_time
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

__all__ = (
    "GlacierRestore",
    "Lifecycle",
    "Replication",
    "S3Bucket",
    "S3Event",
    "S3Object",
    "S3Record",
    "S3TestEvent",
    "s3_event",
)


class S3Bucket(Model, at="$.Records[*].s3.bucket"):
    """The bucket an event is about."""

    shown = ("name",)

    name: str = field("name")
    arn: str = field("arn")
    owner_principal_id: str | None = field("ownerIdentity", "principalId", default=None)


class S3Object(Model, at="$.Records[*].s3.object"):
    """The object an event is about. A delete has no size and no entity tag."""

    shown = ("key",)

    key: str = field("key", convert=form_decoded, doc="The key as in the bucket: the event's form encoding is undone.")
    raw_key: str = field("key", doc="The key as in the event, form-encoded.")
    size: int | None = field("size", default=None, doc="Bytes.")
    etag: str | None = field("eTag", default=None)
    version_id: str | None = field("versionId", default=None)
    sequencer: str | None = field("sequencer", default=None)

    @property
    def sequence_key(self) -> str:
        """The sequencer padded so that text comparison orders the events of this one key (never across keys)."""
        return (self.sequencer or "").ljust(64, "0")


class GlacierRestore(Model, at="$.Records[*].glacierEventData.restoreEventData"):
    """Until when and where a restored archive object stays."""

    lifecycle_restoration_expiry_time: datetime = field("lifecycleRestorationExpiryTime", convert=iso_time)
    lifecycle_restore_storage_class: str = field("lifecycleRestoreStorageClass")


class Replication(Model, at="$.Records[*].replicationEventData"):
    """What replication did or failed to do."""

    rule_id: str = field("replicationRuleId")
    destination_bucket: str = field("destinationBucket")
    s3_operation: str = field("s3Operation")
    request_time: datetime = field("requestTime", convert=iso_time)
    failure_reason: str | None = field("failureReason", default=None)
    threshold: str | None = field("threshold", default=None)
    replication_time: datetime | None = field("replicationTime", convert=iso_time, default=None)


class Lifecycle(Model, at="$.Records[*].lifecycleEventData"):
    """The storage class a lifecycle transition moved the object to."""

    destination_storage_class: str = field("transitionEventData", "destinationStorageClass")


class S3Record(Model, at="$.Records[*]"):
    """One notification."""

    shown = ("event_name", "bucket", "object")

    event_version: str = field("eventVersion")
    event_source: str = field("eventSource")
    aws_region: str = field("awsRegion")
    event_time: datetime = field("eventTime", convert=iso_time)
    event_name: str = field("eventName", doc="Without the `s3:` prefix: `ObjectCreated:Put`.")
    principal_id: str | None = field("userIdentity", "principalId", default=None)
    source_ip_address: str | None = field("requestParameters", "sourceIPAddress", default=None)
    request_id: str | None = field("responseElements", "x-amz-request-id", default=None)
    extended_request_id: str | None = field("responseElements", "x-amz-id-2", default=None)
    schema_version: str = field("s3", "s3SchemaVersion")
    configuration_id: str | None = field("s3", "configurationId", default=None)
    bucket: S3Bucket = field("s3", "bucket", convert=S3Bucket)
    glacier_restore: GlacierRestore | None = field(
        "glacierEventData", "restoreEventData", convert=GlacierRestore, default=None
    )
    restore: dict[str, Any] | None = field("restoreEventData", default=None)
    replication: Replication | None = field("replicationEventData", convert=Replication, default=None)
    intelligent_tiering_access_tier: str | None = field(
        "intelligentTieringEventData", "destinationAccessTier", default=None
    )
    lifecycle: Lifecycle | None = field("lifecycleEventData", convert=Lifecycle, default=None)

    object: S3Object = field("s3", "object", convert=S3Object)


class S3Event(Model):
    """An S3 notification: `records`, one in practice."""

    shown = ("records",)

    records: list[S3Record] = field("Records", each=S3Record)

    @property
    def objects(self) -> Iterator[tuple[str, str]]:
        """Bucket name and decoded key of every record."""
        return ((record.bucket.name, record.object.key) for record in self.records)


class S3TestEvent(Model):
    """The message S3 sends once when a notification is configured; it has no records, and nothing is to be done."""

    shown = ("bucket",)

    service: str = field("Service")
    event: str = field("Event")
    time: datetime = field("Time", convert=iso_time)
    bucket: str = field("Bucket")
    request_id: str | None = field("RequestId", default=None)
    host_id: str | None = field("HostId", default=None)


s3_event: EventDecorator[S3Event] = EventDecorator("s3_event", S3Event, "s3")
