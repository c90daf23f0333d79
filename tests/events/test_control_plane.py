from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events.codecommit import codecommit_event
from lambdakit.events.config import MAX_ANNOTATION, InvokingEvent, config_rule, evaluation
from lambdakit.events.coverage import unmapped
from lambdakit.events.secretsmanager import secret_rotation
from lambdakit.events.vpn import client_vpn, client_vpn_answer
from lambdakit.exceptions import ResponseError, WrongSourceError

if TYPE_CHECKING:
    from lambdakit.events.codecommit import CodeCommitEvent
    from lambdakit.events.config import ConfigEvent
    from lambdakit.events.secretsmanager import SecretRotationEvent
    from lambdakit.events.vpn import ClientVPNEvent

NOW = datetime(2026, 5, 4, 9, 12, 33, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def test_codecommit() -> None:
    record = {
        "eventSource": "aws:codecommit",
        "eventTime": "2026-05-04T09:12:33.000+0000",
        "eventSourceARN": "arn:aws:codecommit:eu-west-1:1:repo",
        "codecommit": {"references": [{"commit": "c", "ref": "refs/heads/main", "created": True}]},
    }

    @codecommit_event
    def handler(event: CodeCommitEvent, context: Any) -> tuple[Any, ...]:
        first = event.records[0]
        reference = first.references[0]
        return first.event_time, first.repository, reference.created, reference.deleted, first.custom_data

    assert handler({"Records": [record]}) == (NOW, "repo", True, False, None)
    with pytest.raises(WrongSourceError, match="secretsmanager"):
        handler({"Step": "setSecret", "SecretId": "s"})


def test_rotation() -> None:
    @secret_rotation
    async def handler(event: SecretRotationEvent, context: Any) -> Any:
        return event.step, event.client_request_token, event.rotation_token

    raw = {"Step": "testSecret", "SecretId": "s", "ClientRequestToken": "t"}
    assert asyncio.run(handler(raw)) == ("testSecret", "t", None)
    with pytest.raises(WrongSourceError):
        asyncio.run(handler({**raw, "Step": "other"}))


def test_config_events_are_decoded() -> None:
    invoking = {"messageType": "ScheduledNotification", "notificationCreationTime": "2026-05-04T09:12:33Z"}

    @config_rule
    def handler(event: ConfigEvent, context: Any) -> Any:
        inner = event.invoking_event
        return inner.message_type, inner.notification_creation_time, inner.item, event.rule_parameters

    raw = {"invokingEvent": json.dumps(invoking), "resultToken": "t"}
    assert handler(raw) == ("ScheduledNotification", NOW, None, None)
    assert handler({**raw, "ruleParameters": '{"a": "b"}'})[3] == {"a": "b"}


def test_a_config_item_is_read_whole() -> None:
    item = {
        "resourceType": "AWS::EC2::Instance",
        "resourceId": "i-1",
        "resourceName": None,
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-05-04T09:12:33.000Z",
        "configurationItemVersion": "1.3",
        "configurationStateId": "1683",
        "configurationStateMd5Hash": "8f1e",
        "resourceCreationTime": "2026-05-04T09:12:33Z",
        "awsAccountId": "1",
        "awsRegion": "eu-west-1",
        "availabilityZone": "eu-west-1a",
        "ARN": "arn:aws:ec2:eu-west-1:1:instance/i-1",
        "relatedEvents": [],
        "relationships": [
            {"resourceId": "v-1", "resourceName": None, "resourceType": "AWS::EC2::Volume", "name": "Is attached to"}
        ],
        "supplementaryConfiguration": {},
        "tags": {},
        "configuration": {"state": 1},
    }
    summary = {"changeType": "DELETE", **{name: item[name] for name in list(item)[:6]}}
    event = InvokingEvent({"messageType": "m", "configurationItem": item, "configurationItemSummary": summary})
    assert unmapped(event) == []
    assert event.item is not None
    assert event.item_summary is not None
    assert (event.item.state_id, event.item.resource_creation_time) == (1683, NOW)
    assert [other.resource_id for other in event.item.relationships or ()] == ["v-1"]
    assert (event.item_summary.change_type, event.item_summary.relationships) == ("DELETE", None)


def test_evaluations_are_checked() -> None:
    entry = evaluation("AWS::S3::Bucket", "b", "COMPLIANT", ordering_timestamp=NOW, annotation="x" * MAX_ANNOTATION)
    assert entry["ComplianceType"] == "COMPLIANT"
    with pytest.raises(ResponseError, match="at most 256 characters"):
        evaluation("T", "b", "COMPLIANT", ordering_timestamp=NOW, annotation="x" * (MAX_ANNOTATION + 1))
    with pytest.raises(ResponseError, match="ComplianceType"):
        evaluation("T", "b", "OK", ordering_timestamp=NOW)


def test_client_vpn() -> None:
    @client_vpn
    def handler(event: ClientVPNEvent, context: Any) -> dict[str, Any]:
        return client_vpn_answer(allow=event.username == "ada", message="who?")

    @client_vpn
    def wrong(event: ClientVPNEvent, context: Any) -> dict[str, Any]:
        return {"allow": True}

    raw = {"connection-id": "c", "endpoint-id": "e", "username": "ada"}
    assert handler(raw) == {
        "allow": True,
        "error-msg-on-failed-posture-compliance": "who?",
        "posture-compliance-statuses": [],
        "schema-version": "v2",
    }
    with pytest.raises(ResponseError, match="needs error-msg"):
        wrong(raw)
