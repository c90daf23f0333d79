"""Amazon DynamoDB Streams, and the same changes when they come through a Kinesis stream.

Source: AWS Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB"; DynamoDB API reference, "AttributeValue".
Keys and images become Python values when they are asked for and not before: most handlers read the keys alone. Which
images are there depends on the stream's view type; an INSERT has no old one, a REMOVE no new one.
"""

from __future__ import annotations

from lambdakit.events.attribute_values import attribute_map
from lambdakit.events.batch import BatchDecorator
from lambdakit.events.batch_sources import DYNAMODB
from lambdakit.events.convert import epoch_any, integer
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.streams import StreamEvent, window_answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from lambdakit.events.batch_result import BatchResponse

__all__ = ("DynamoDBChange", "DynamoDBEvent", "DynamoDBRecord", "UserIdentity", "dynamodb_batch", "dynamodb_event")

# Who deletes what has outlived its time to live.
_SERVICE = "dynamodb.amazonaws.com"


class UserIdentity(Model, at="$.Records[*].userIdentity"):
    """Who made the change, where that was the service itself."""

    shown = ("principal_id",)

    type: str = field("type")
    principal_id: str = field("principalId")


class DynamoDBChange(Model, at="$"):
    """A change of one item, by whatever stream it comes.

    `keys` is the item's key; the JSON is under `.raw`, so write `dict(record.raw)` for a copy of that.
    """

    shown: tuple[str, ...] = ("event_name", "keys")

    event_id: str = field("eventID")
    event_name: str = field("eventName", doc="INSERT, MODIFY or REMOVE.")
    event_source: str = field("eventSource")
    aws_region: str = field("awsRegion")
    user_identity: UserIdentity | None = field("userIdentity", convert=UserIdentity, default=None)
    creation_time: datetime | None = field("dynamodb", "ApproximateCreationDateTime", convert=epoch_any, default=None)
    keys: dict[str, Any] = field("dynamodb", "Keys", convert=attribute_map, doc="The key attributes of the item.")
    new_image: dict[str, Any] | None = field("dynamodb", "NewImage", convert=attribute_map, default=None)
    old_image: dict[str, Any] | None = field("dynamodb", "OldImage", convert=attribute_map, default=None)
    size_bytes: int = field("dynamodb", "SizeBytes")

    @property
    def is_ttl_delete(self) -> bool:
        """Whether the item was removed because its time to live was over."""
        identity = self.user_identity
        return self.event_name == "REMOVE" and identity is not None and identity.principal_id == _SERVICE


class DynamoDBRecord(DynamoDBChange, at="$.Records[*]"):
    """One record of a DynamoDB stream."""

    shown = ("event_name", "keys", "table_name")

    event_version: str = field("eventVersion")
    event_source_arn: str = field("eventSourceARN")
    sequence_number: int = field("dynamodb", "SequenceNumber", convert=integer, doc="Orders the changes of a shard.")
    raw_sequence_number: str = field("dynamodb", "SequenceNumber", doc="As in the event: what a failure report names.")
    stream_view_type: str = field("dynamodb", "StreamViewType", doc="KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or both.")

    @property
    def table_name(self) -> str:
        """The table's name, from the stream's ARN; empty where that is not an ARN."""
        return self.event_source_arn.partition("/")[2].partition("/")[0]


class DynamoDBEvent(StreamEvent):
    """A batch of one shard's `records`, in order; with a tumbling window also `window` and `state`."""

    shown = ("records",)

    records: list[DynamoDBRecord] = field("Records", each=DynamoDBRecord)


dynamodb_event: EventDecorator[DynamoDBEvent] = EventDecorator(
    "dynamodb_event", DynamoDBEvent, "dynamodb", answer=window_answer
)
dynamodb_batch: BatchDecorator[DynamoDBRecord, BatchResponse] = BatchDecorator(
    "dynamodb_batch", DynamoDBEvent, DynamoDBRecord, DYNAMODB, "dynamodb"
)
