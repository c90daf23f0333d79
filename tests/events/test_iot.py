from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events.coverage import unmapped
from lambdakit.events.iot import (
    MAX_POLICIES,
    MAX_POLICY,
    IoTAuthorizerEvent,
    IoTButtonEvent,
    IoTOneClickEvent,
    IoTRegistryEvent,
    iot_authorizer,
    iot_button,
    iot_one_click,
    iot_provisioning,
    iot_registry,
)
from lambdakit.exceptions import MissingFieldError, ResponseError, WrongSourceError

if TYPE_CHECKING:
    from lambdakit.events.iot import IoTProvisioningEvent

CONNECT = {
    "token": "t",
    "signatureVerified": True,
    "protocols": ["tls", "http", "mqtt"],
    "protocolData": {
        "tls": {"serverName": "x.iot.eu-west-1.amazonaws.com"},
        "http": {"headers": {"a": "b"}, "queryString": "?k=v"},
        "mqtt": {"username": "ada", "password": "cGFzcwA=", "clientId": "c-1"},
    },
    "connectionMetadata": {"id": "7"},
}
CLAIM = {
    "claimCertificateId": "cc",
    "certificateId": "c",
    "certificatePem": "pem",
    "templateArn": "arn:t",
    "clientId": "i",
    "parameters": {"Serial": "1"},
}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def test_an_authorizer_reads_and_allows() -> None:
    @iot_authorizer
    def handler(event: IoTAuthorizerEvent, context: Any) -> dict[str, Any]:
        assert event.mqtt is not None
        assert event.http is not None
        assert (event.mqtt.password, event.http.query_string) == (b"pass\0", "?k=v")
        assert event.server_name is not None
        return event.allow("device1", [POLICY], refresh_after=600)

    assert handler(CONNECT) == {
        "isAuthenticated": True,
        "principalId": "device1",
        "policyDocuments": [POLICY],
        "disconnectAfterInSeconds": 86400,
        "refreshAfterInSeconds": 600,
    }
    assert unmapped(IoTAuthorizerEvent(CONNECT)) == []


def test_an_authorizer_of_another_protocol() -> None:
    event = IoTAuthorizerEvent({"signatureVerified": False, "protocols": ["mqtt"], "protocolData": {"mqtt": {}}})
    assert event.mqtt is not None
    assert (event.http, event.server_name, event.token, event.mqtt.password) == (None, None, None, None)
    assert event.deny() == {"isAuthenticated": False}
    with pytest.raises(MissingFieldError, match="signatureVerified"):
        IoTAuthorizerEvent({}).signature_verified  # noqa: B018


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"principalId": "device-1"}, "letters .* digits only"),
        ({"principalId": "é"}, "letters .* digits only"),
        ({"principalId": ""}, "letters .* digits only"),
        ({"principalId": "x" * 129}, "at most 128 characters"),
        ({"policyDocuments": [POLICY] * (MAX_POLICIES + 1)}, "at most 10 policies"),
        ({"policyDocuments": ["x" * (MAX_POLICY + 1)]}, r"policyDocuments\[0\] may have at most 2048"),
        ({"policyDocuments": POLICY}, "policyDocuments must be list"),
        ({"disconnectAfterInSeconds": 299}, "from 300 to 86400"),
        ({"refreshAfterInSeconds": 86_401}, "from 300 to 86400"),
        ({"refreshAfterInSeconds": 300.5}, "must be int"),
        ({"refreshAfterInSeconds": None}, "needs refreshAfterInSeconds"),
        ({"isAuthenticated": "true"}, "isAuthenticated must be bool"),
        ({"policyDocument": []}, "did you mean 'policyDocuments'"),
    ],
)
def test_what_an_authorizer_may_not_answer(change: dict[str, Any], rule: str) -> None:
    @iot_authorizer
    def handler(event: IoTAuthorizerEvent, context: Any) -> dict[str, Any]:
        return {**event.allow("device1", [POLICY]), **change}

    with pytest.raises(ResponseError, match=rule):
        handler(CONNECT)


def test_the_limits_of_an_authorizer_from_inside() -> None:
    event = IoTAuthorizerEvent(CONNECT)
    policies = ["x" * MAX_POLICY] * MAX_POLICIES
    answer = event.allow("x" * 128, policies, disconnect_after=300, refresh_after=86_400)
    assert answer["policyDocuments"] == policies


def test_provisioning() -> None:
    @iot_provisioning
    async def handler(event: IoTProvisioningEvent, context: Any) -> dict[str, Any]:
        assert event.parameters is not None
        return event.allow({"Serial": event.parameters["Serial"] + "0"})

    @iot_provisioning(middleware=[])
    def refuse(event: IoTProvisioningEvent, context: Any) -> bool:
        return False

    answer: Any = asyncio.run(handler(CLAIM))  # type: ignore[arg-type]
    assert answer == {"allowProvisioning": True, "parameterOverrides": {"Serial": "10"}}
    assert refuse(CLAIM) == {"allowProvisioning": False}  # type: ignore[comparison-overlap]


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ({"allowProvisioning": "true"}, "allowProvisioning must be bool"),
        ({"parameterOverrides": {}}, "allowProvisioning must be bool"),
        ({"allowProvisioning": True, "parameterOverrides": {"n": 1}}, "'n' must be str"),
        ({"allowProvisionning": True}, "did you mean 'allowProvisioning'"),
        (None, "must be dict"),
    ],
)
def test_what_a_hook_may_not_answer(answer: Any, rule: str) -> None:
    @iot_provisioning
    def handler(event: IoTProvisioningEvent, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=rule):
        handler(CLAIM)


def test_one_click() -> None:
    @iot_one_click
    def handler(event: IoTOneClickEvent, context: Any) -> Any:
        return event.click_type, event.reported_time, event.remaining_life, event.placement_devices

    raw = {
        "deviceEvent": {"buttonClicked": {"clickType": "LONG", "reportedTime": "2026-05-04T09:12:33.747Z"}},
        "deviceInfo": {"attributes": {}, "type": "button", "deviceId": "G0", "remainingLife": 5.0},
        "placementInfo": {"projectName": "p", "placementName": "q", "attributes": {}, "devices": {"b": "G0"}},
    }
    moment = datetime(2026, 5, 4, 9, 12, 33, 747_000, timezone.utc)
    assert handler(raw) == ("LONG", moment, 5.0, {"b": "G0"})
    assert unmapped(IoTOneClickEvent(raw)) == []
    health = IoTOneClickEvent({"deviceEvent": {"x": {}}, "deviceInfo": {"deviceId": "G0"}})
    assert (health.click_type, health.reported_time, health.device_attributes) == (None, None, None)


def test_the_button() -> None:
    @iot_button
    def handler(event: IoTButtonEvent, context: Any) -> Any:
        return event.serial_number, event.click_type, event.battery_millivolts

    assert handler({"serialNumber": "s", "clickType": "SINGLE", "batteryVoltage": "2000 mV"}) == ("s", "SINGLE", 2000)
    assert IoTButtonEvent({"serialNumber": "s", "clickType": "SINGLE"}).battery_millivolts is None
    with pytest.raises(WrongSourceError, match="iot-1-click"):
        handler({"deviceEvent": {}})


def test_the_registry() -> None:
    @iot_registry
    def handler(event: IoTRegistryEvent, context: Any) -> Any:
        return event.operation, event.timestamp, event.thing_name, event.thing_type_name, event.group_id

    head = {"eventId": "e", "timestamp": 1777885953123, "operation": "CREATED", "accountId": "1"}
    thing = {**head, "eventType": "THING_EVENT", "thingName": "t", "thingTypeName": None, "attributes": {"a": "b"}}
    moment = datetime(2026, 5, 4, 9, 12, 33, 123_000, timezone.utc)
    assert handler(thing) == ("CREATED", moment, "t", None, None)
    group = IoTRegistryEvent(
        {
            **head,
            "eventType": "THING_GROUP_EVENT",
            "rootToParentThingGroups": [{"groupArn": "arn:g", "groupId": "g"}],
        }
    )
    assert group.root_to_parent_thing_groups is not None
    assert group.root_to_parent_thing_groups[0].group_id == "g"
    kind = IoTRegistryEvent(
        {
            **head,
            "eventType": "THING_TYPE_EVENT",
            "deprecationDate": "2026-05-04T09:12:33.123Z",
            "propagatingAttributes": [{"userPropertyKey": "k", "thingAttribute": "v"}],
        }
    )
    assert kind.deprecation_date == moment
    assert kind.propagating_attributes is not None
    assert kind.propagating_attributes[0].connection_attribute is None
    assert IoTRegistryEvent({"deprecationDate": 1777885953123}).deprecation_date == moment
