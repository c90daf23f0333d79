"""AWS Config custom rules.

Source: AWS Config developer guide, "Example events for AWS Config rules". The result is reported by PutEvaluations
with the event's token, not by the answer; `evaluation` makes an entry for it.
"""

from __future__ import annotations

from lambdakit.events.convert import integer, iso_time, json_value
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import at_most, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = ("ConfigEvent", "ConfigItem", "ConfigRelationship", "InvokingEvent", "config_rule", "evaluation")

COMPLIANCE_TYPES = ("COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE", "INSUFFICIENT_DATA")
# Characters of an entry, and entries of one call, of PutEvaluations.
MAX_ANNOTATION = 256
MAX_TYPE = 256
MAX_ID = 768
MAX_EVALUATIONS = 100


class ConfigRelationship(Model, at="$.invokingEvent.configurationItem.relationships[*]"):
    """Another resource that a resource belongs together with."""

    shown = ("name", "resource_id")

    resource_type: str = field("resourceType")
    resource_id: str | None = field("resourceId", default=None)
    resource_name: str | None = field("resourceName", default=None)
    name: str = field("name", doc="What the two are to each other: `Is attached to Volume`.")


class ConfigItem(Model, at="$.invokingEvent.configurationItem"):
    """A resource as it was recorded; of an oversized one there is no configuration."""

    shown = ("resource_type", "resource_id")

    resource_type: str = field("resourceType")
    resource_id: str = field("resourceId")
    resource_name: str | None = field("resourceName", default=None)
    status: str = field("configurationItemStatus")
    capture_time: datetime = field("configurationItemCaptureTime", convert=iso_time)
    account_id: str = field("awsAccountId")
    aws_region: str | None = field("awsRegion", default=None)
    arn: str | None = field("ARN", default=None)
    availability_zone: str | None = field("availabilityZone", default=None)
    resource_creation_time: datetime | None = field("resourceCreationTime", convert=iso_time, default=None)
    delivery_time: datetime | None = field("configurationItemDeliveryTime", convert=iso_time, default=None)
    item_version: str | None = field("configurationItemVersion", default=None)
    state_id: int | None = field(
        "configurationStateId", convert=integer, default=None, doc="Orders a resource's items."
    )
    state_md5_hash: str | None = field("configurationStateMd5Hash", default=None)
    recording_frequency: str | None = field("recordingFrequency", default=None, doc="CONTINUOUS or DAILY.")
    change_type: str | None = field("changeType", default=None, doc="Of a summary: CREATE, UPDATE or DELETE.")
    related_events: list[str] | None = field("relatedEvents", default=None, doc="Ids of CloudTrail events.")
    relationships: list[ConfigRelationship] | None = field("relationships", each=ConfigRelationship, default=None)
    supplementary_configuration: dict[str, Any] | None = field("supplementaryConfiguration", default=None)
    tags: dict[str, str] | None = field("tags", default=None)
    configuration: Any = field("configuration", default=None)


class InvokingEvent(Model, at="$.invokingEvent"):
    """What made the rule run."""

    shown = ("message_type",)

    message_type: str = field("messageType")
    notification_creation_time: datetime | None = field("notificationCreationTime", convert=iso_time, default=None)
    record_version: str | None = field("recordVersion", default=None)
    item: ConfigItem | None = field("configurationItem", convert=ConfigItem, default=None)
    item_summary: ConfigItem | None = field("configurationItemSummary", convert=ConfigItem, default=None)
    item_diff: dict[str, Any] | None = field("configurationItemDiff", default=None)
    account_id: str | None = field("awsAccountId", default=None, doc="Of scheduled notifications.")
    snapshot_id: str | None = field("configSnapshotId", default=None, doc="Of a delivered snapshot, as the next two.")
    s3_bucket: str | None = field("s3Bucket", default=None)
    s3_object_key: str | None = field("s3ObjectKey", default=None)


def _invoking(value: str) -> InvokingEvent:
    return InvokingEvent(json_value(value))


class ConfigEvent(Model):
    """A rule is to judge a resource, or (on schedule) an account."""

    shown = ("config_rule_name",)

    version: str = field("version")
    account_id: str = field("accountId")
    config_rule_arn: str = field("configRuleArn")
    config_rule_name: str = field("configRuleName")
    config_rule_id: str = field("configRuleId")
    execution_role_arn: str | None = field("executionRoleArn", default=None)
    event_left_scope: bool = field("eventLeftScope", default=False)
    evaluation_mode: str | None = field("evaluationMode", default=None)
    result_token: str = field("resultToken")
    rule_parameters: dict[str, Any] | None = field("ruleParameters", convert=json_value, default=None)
    invoking_event: InvokingEvent = field("invokingEvent", convert=_invoking)

    def report(self, evaluations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The arguments of PutEvaluations, for at most 100 evaluations: more are reported by several calls.

        Raises ResponseError.
        """
        at_most("a call of PutEvaluations", len(evaluations), MAX_EVALUATIONS, "evaluations")
        return {"Evaluations": list(evaluations), "ResultToken": self.result_token}


def evaluation(
    resource_type: str,
    resource_id: str,
    compliance: str,
    *,
    ordering_timestamp: datetime,
    annotation: str | None = None,
) -> dict[str, Any]:
    """An entry for PutEvaluations. `ordering_timestamp` is the capture time of the item or of the notification."""
    one_of("ComplianceType", compliance, COMPLIANCE_TYPES)
    at_most("ComplianceResourceType", len(resource_type), MAX_TYPE, "characters")
    at_most("ComplianceResourceId", len(resource_id), MAX_ID, "characters")
    entry: dict[str, Any] = {
        "ComplianceResourceType": resource_type,
        "ComplianceResourceId": resource_id,
        "ComplianceType": compliance,
        "OrderingTimestamp": ordering_timestamp,
    }
    if annotation is not None:
        at_most("Annotation", len(annotation), MAX_ANNOTATION, "characters")
        entry["Annotation"] = annotation
    return entry


config_rule: EventDecorator[ConfigEvent] = EventDecorator("config_rule", ConfigEvent, "config")
