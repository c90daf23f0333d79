"""AWS CodeCommit triggers: branches and tags that were made, moved or removed.

Source: AWS CodeCommit user guide, "Create triggers for an AWS CodeCommit repository". Asynchronous; nothing is
answered.
"""

from __future__ import annotations

from lambdakit.events.convert import iso_time
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

__all__ = ("CodeCommitEvent", "CodeCommitRecord", "CodeCommitReference", "codecommit_event")


class CodeCommitReference(Model, at="$.Records[*].codecommit.references[*]"):
    """A branch or tag, and the commit it is at."""

    shown = ("ref", "commit")

    commit: str = field("commit")
    ref: str = field("ref", doc="In full: `refs/heads/main`.")
    created: bool = field("created", default=False)
    deleted: bool = field("deleted", default=False)


class CodeCommitRecord(Model, at="$.Records[*]"):
    """One firing of a trigger."""

    shown = ("event_name", "event_source_arn")

    event_id: str = field("eventId")
    event_version: str = field("eventVersion")
    event_time: datetime = field("eventTime", convert=iso_time)
    event_trigger_name: str = field("eventTriggerName")
    event_part_number: int = field("eventPartNumber")
    event_total_parts: int = field("eventTotalParts")
    event_name: str = field("eventName", doc="ReferenceChanges, or TriggerEventTest for a test.")
    event_trigger_config_id: str = field("eventTriggerConfigId")
    event_source_arn: str = field("eventSourceARN", doc="The repository.")
    user_identity_arn: str = field("userIdentityARN")
    event_source: str = field("eventSource")
    aws_region: str = field("awsRegion")
    custom_data: str | None = field("customData", default=None)
    references: list[CodeCommitReference] = field("codecommit", "references", each=CodeCommitReference)

    @property
    def repository(self) -> str:
        """The repository's name."""
        return self.event_source_arn.rpartition(":")[2]


class CodeCommitEvent(Model):
    """A trigger's event: `records`."""

    shown = ("records",)

    records: list[CodeCommitRecord] = field("Records", each=CodeCommitRecord)


codecommit_event: EventDecorator[CodeCommitEvent] = EventDecorator("codecommit_event", CodeCommitEvent, "codecommit")
