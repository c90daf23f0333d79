"""Amazon DocumentDB change streams.

Source: AWS Lambda developer guide, "Using Lambda with Amazon DocumentDB". Documents are in MongoDB Extended JSON and
handed out as they are. There is no partial answer: an error sends the whole batch again.
"""

from __future__ import annotations

from lambdakit.events.convert import epoch_seconds
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

__all__ = ("DocumentDBChange", "DocumentDBEvent", "Namespace", "docdb_event")


class Namespace(Model, at="$.events[*].event.ns"):
    """A database, and the collection in it that a change is about."""

    shown = ("database", "collection")

    database: str = field("db")
    collection: str | None = field("coll", default=None)


class DocumentDBChange(Model, at="$.events[*]"):
    """One change."""

    shown = ("operation_type", "namespace")

    resume_token: str = field("event", "_id", "_data")
    cluster_time: datetime | None = field(
        "event", "clusterTime", "$timestamp", "t", convert=epoch_seconds, default=None
    )
    cluster_increment: int | None = field("event", "clusterTime", "$timestamp", "i", default=None)
    operation_type: str = field(
        "event", "operationType", doc="insert, update, replace, delete, drop, dropDatabase, rename or invalidate."
    )
    namespace: Namespace | None = field("event", "ns", convert=Namespace, default=None)
    renamed_to: Namespace | None = field("event", "to", convert=Namespace, default=None)
    document_key: dict[str, Any] | None = field("event", "documentKey", default=None)
    full_document: dict[str, Any] | None = field("event", "fullDocument", default=None)
    updated_fields: dict[str, Any] | None = field("event", "updateDescription", "updatedFields", default=None)
    removed_fields: list[str] | None = field("event", "updateDescription", "removedFields", default=None)


class DocumentDBEvent(Model):
    """A batch of changes, in order."""

    shown = ("records",)

    event_source: str = field("eventSource")
    event_source_arn: str | None = field("eventSourceArn", default=None)
    records: list[DocumentDBChange] = field("events", each=DocumentDBChange)


docdb_event: EventDecorator[DocumentDBEvent] = EventDecorator("docdb_event", DocumentDBEvent, "docdb")
