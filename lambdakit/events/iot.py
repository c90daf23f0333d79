"""AWS IoT: custom authorizers, pre-provisioning hooks, registry events, the button and 1-Click.

Sources: AWS IoT Core developer guide, "Defining your Lambda function" (custom authentication), "Pre-provisioning
hooks" and "Registry events"; AWS IoT 1-Click developer guide. Authorizers and hooks are answered within five seconds,
and an exception refuses the device. Not here: rule actions, whose event is whatever the rule's SQL selects.
"""

from __future__ import annotations

from lambdakit.events.convert import base64_bytes, epoch_milliseconds, iso_time
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import at_most, known_keys, needs, of_type, within
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = (
    "IoTAuthorizerEvent",
    "IoTButtonEvent",
    "IoTGroupReference",
    "IoTHttpData",
    "IoTMqttData",
    "IoTOneClickEvent",
    "IoTPropagatingAttribute",
    "IoTProvisioningEvent",
    "IoTRegistryEvent",
    "iot_authorizer",
    "iot_button",
    "iot_one_click",
    "iot_provisioning",
    "iot_registry",
)

AUTHORIZER_FIELDS = (
    "isAuthenticated",
    "principalId",
    "policyDocuments",
    "disconnectAfterInSeconds",
    "refreshAfterInSeconds",
)
MAX_PRINCIPAL = 128
MAX_POLICIES = 10
MAX_POLICY = 2048
# Both periods of an authorizer, in seconds.
SHORTEST, LONGEST = 300, 86_400
PROVISIONING_FIELDS = ("allowProvisioning", "parameterOverrides")


class IoTHttpData(Model, at="$.protocolData.http"):
    """The HTTP request (or WebSocket upgrade) that connects."""

    shown = ("query_string",)

    headers: dict[str, str] | None = field("headers", default=None)
    query_string: str | None = field("queryString", default=None, doc="As sent, with its `?`.")


class IoTMqttData(Model, at="$.protocolData.mqtt"):
    """The MQTT CONNECT message."""

    shown = ("client_id", "username")

    username: str | None = field("username", default=None)
    password: bytes | None = field("password", convert=base64_bytes, default=None, doc="The event's base64 is undone.")
    client_id: str | None = field("clientId", default=None)


class IoTAuthorizerEvent(Model):
    """A device connects; what is not part of its request is not in the event."""

    shown = ("protocols", "connection_id")

    token: str | None = field("token", default=None)
    signature_verified: bool = field("signatureVerified", doc="Whether AWS IoT has checked the token's signature.")
    protocols: list[str] = field("protocols", doc="Of tls, http and mqtt.")
    server_name: str | None = field("protocolData", "tls", "serverName", default=None)
    http: IoTHttpData | None = field("protocolData", "http", convert=IoTHttpData, default=None)
    mqtt: IoTMqttData | None = field("protocolData", "mqtt", convert=IoTMqttData, default=None)
    connection_id: str | None = field("connectionMetadata", "id", default=None)

    def allow(
        self,
        principal_id: str,
        policies: Sequence[Mapping[str, Any] | str],
        *,
        disconnect_after: int = LONGEST,
        refresh_after: int = SHORTEST,
    ) -> dict[str, Any]:
        """Let the device connect under these policies; both periods are seconds. Raises ResponseError."""
        answer = {
            "isAuthenticated": True,
            "principalId": principal_id,
            "policyDocuments": list(policies),
            "disconnectAfterInSeconds": disconnect_after,
            "refreshAfterInSeconds": refresh_after,
        }
        return _authorizer_answer(answer)

    def deny(self) -> dict[str, Any]:
        """Refuse the device."""
        return {"isAuthenticated": False}


def _authorizer_answer(result: Any) -> dict[str, Any]:
    known_keys("the answer of an IoT authorizer", result, AUTHORIZER_FIELDS)
    of_type("isAuthenticated", result.get("isAuthenticated"), bool)
    answer: dict[str, Any] = result
    if not answer["isAuthenticated"]:
        return answer  # AWS IoT reads nothing else of a refusal
    needs("the answer of an IoT authorizer that authenticates", answer, AUTHORIZER_FIELDS)
    _check_principal(answer["principalId"])
    _check_policies(answer["policyDocuments"])
    for name in ("disconnectAfterInSeconds", "refreshAfterInSeconds"):
        of_type(name, answer[name], int)
        within(name, answer[name], SHORTEST, LONGEST)
    return answer


def _check_principal(principal: Any) -> None:
    of_type("principalId", principal, str)
    at_most("principalId", len(principal), MAX_PRINCIPAL, "characters")
    if not (principal.isascii() and principal.isalnum()):
        raise ResponseError(f"principalId must be of the letters a-z and A-Z and digits only, not {principal!r}")


def _check_policies(policies: Any) -> None:
    of_type("policyDocuments", policies, list)
    at_most("policyDocuments", len(policies), MAX_POLICIES, "policies")
    for index, policy in enumerate(policies):
        what = f"policyDocuments[{index}]"
        of_type(what, policy, dict, str)
        at_most(what, len(_policy_text(policy)), MAX_POLICY, "characters")


def _policy_text(policy: dict[str, Any] | str) -> str:
    if isinstance(policy, str):
        return policy
    from lambdakit.codec import encode

    body: Any = encode(policy)
    return body if type(body) is str else str(body, "utf-8")


class IoTProvisioningEvent(Model):
    """A device asks to be provisioned with a claim certificate."""

    shown = ("client_id", "template_arn")

    claim_certificate_id: str = field("claimCertificateId")
    certificate_id: str = field("certificateId")
    certificate_pem: str = field("certificatePem")
    template_arn: str = field("templateArn")
    client_id: str = field("clientId")
    parameters: dict[str, str] | None = field(
        "parameters", default=None, doc="What the device sent with RegisterThing."
    )

    def allow(self, parameter_overrides: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Provision the device, with these parameters in place of its own. Raises ResponseError."""
        answer: dict[str, Any] = {"allowProvisioning": True}
        if parameter_overrides:
            answer["parameterOverrides"] = dict(parameter_overrides)
        return _provisioning_answer(answer)

    def deny(self) -> dict[str, Any]:
        """Do not provision the device."""
        return {"allowProvisioning": False}


def _provisioning_answer(result: Any) -> dict[str, Any]:
    """The whole answer: of a whole one, or of True or False."""
    if isinstance(result, bool):
        return {"allowProvisioning": result}
    known_keys("the answer of a pre-provisioning hook", result, PROVISIONING_FIELDS)
    answer: dict[str, Any] = result
    of_type("allowProvisioning", answer.get("allowProvisioning"), bool)
    overrides = answer.get("parameterOverrides")
    if overrides is not None:
        of_type("parameterOverrides", overrides, dict)
        for name, value in overrides.items():
            of_type(f"the parameter override {name!r}", value, str)
    return answer


class IoTOneClickEvent(Model):
    """The button of a 1-Click device was pressed, or the device reports its health."""

    shown = ("device_id", "click_type")

    click_type: str | None = field(
        "deviceEvent", "buttonClicked", "clickType", default=None, doc="SINGLE, DOUBLE or LONG."
    )
    reported_time: datetime | None = field(
        "deviceEvent", "buttonClicked", "reportedTime", convert=iso_time, default=None
    )
    device_event: dict[str, Any] = field("deviceEvent", doc="Of a click, or of a kind not modelled here.")
    device_id: str = field("deviceInfo", "deviceId")
    device_type: str | None = field("deviceInfo", "type", default=None)
    device_attributes: dict[str, Any] | None = field("deviceInfo", "attributes", default=None)
    remaining_life: float | None = field("deviceInfo", "remainingLife", default=None, doc="Per cent of the battery.")
    project_name: str | None = field("placementInfo", "projectName", default=None)
    placement_name: str | None = field("placementInfo", "placementName", default=None)
    placement_attributes: dict[str, str] | None = field("placementInfo", "attributes", default=None)
    placement_devices: dict[str, str] | None = field(
        "placementInfo", "devices", default=None, doc="Device ids by their names."
    )


class IoTButtonEvent(Model):
    """The AWS IoT button was pressed."""

    shown = ("serial_number", "click_type")

    serial_number: str = field("serialNumber")
    click_type: str = field("clickType", doc="SINGLE, DOUBLE or LONG.")
    battery_voltage: str | None = field("batteryVoltage", default=None, doc="With its unit: `2000 mV`.")

    @property
    def battery_millivolts(self) -> int | None:
        """The battery's voltage as a number."""
        digits = (self.battery_voltage or "").removesuffix("mV").strip()
        return int(digits) if digits else None


class IoTGroupReference(Model, at="$.rootToParentThingGroups[*]"):
    """A group above the event's."""

    shown = ("group_arn",)

    group_arn: str = field("groupArn")
    group_id: str = field("groupId")


class IoTPropagatingAttribute(Model, at="$.propagatingAttributes[*]"):
    """A property that messages of things of the type carry."""

    shown = ("user_property_key",)

    user_property_key: str = field("userPropertyKey")
    thing_attribute: str | None = field("thingAttribute", default=None)
    connection_attribute: str | None = field("connectionAttribute", default=None)


def _moment(value: float | str) -> datetime:
    """A time that the guide shows as ISO text and the registry may send as milliseconds."""
    return iso_time(value) if isinstance(value, str) else epoch_milliseconds(value)


class IoTRegistryEvent(Model):
    """Something in the registry changed: a thing, a type, a group, or who belongs where.

    Which of the fields there are depends on `event_type`; of a field that an event does not have the value is None.
    """

    shown = ("event_type", "operation")

    event_type: str = field("eventType")
    event_id: str = field("eventId")
    timestamp: datetime = field("timestamp", convert=epoch_milliseconds)
    operation: str = field("operation", doc="CREATED, UPDATED, DELETED, ADDED or REMOVED.")
    account_id: str | None = field("accountId", default=None)
    attributes: dict[str, str] | None = field("attributes", default=None)
    description: str | None = field("description", default=None)
    version_number: int | None = field("versionNumber", default=None)

    thing_id: str | None = field("thingId", default=None)
    thing_name: str | None = field("thingName", default=None)
    thing_arn: str | None = field("thingArn", default=None)

    thing_type_id: str | None = field("thingTypeId", default=None)
    thing_type_name: str | None = field("thingTypeName", default=None)
    is_deprecated: bool | None = field("isDeprecated", default=None)
    deprecation_date: datetime | None = field("deprecationDate", convert=_moment, default=None)
    searchable_attributes: list[str] | None = field("searchableAttributes", default=None)
    propagating_attributes: list[IoTPropagatingAttribute] | None = field(
        "propagatingAttributes", each=IoTPropagatingAttribute, default=None
    )

    thing_group_id: str | None = field("thingGroupId", default=None)
    thing_group_name: str | None = field("thingGroupName", default=None)
    parent_group_id: str | None = field("parentGroupId", default=None)
    parent_group_name: str | None = field("parentGroupName", default=None)
    root_to_parent_thing_groups: list[IoTGroupReference] | None = field(
        "rootToParentThingGroups", each=IoTGroupReference, default=None
    )
    dynamic_group_mapping_id: str | None = field("dynamicGroupMappingId", default=None)
    child_group_id: str | None = field("childGroupId", default=None)
    child_group_name: str | None = field("childGroupName", default=None)
    group_id: str | None = field("groupId", default=None, doc="Of a membership event.")
    group_arn: str | None = field("groupArn", default=None, doc="Of a membership event.")
    membership_id: str | None = field("membershipId", default=None)


iot_authorizer: EventDecorator[IoTAuthorizerEvent] = EventDecorator(
    "iot_authorizer", IoTAuthorizerEvent, "iot-authorizer", finish=_authorizer_answer
)
iot_provisioning: EventDecorator[IoTProvisioningEvent] = EventDecorator(
    "iot_provisioning", IoTProvisioningEvent, "iot-provisioning", finish=_provisioning_answer
)
iot_one_click: EventDecorator[IoTOneClickEvent] = EventDecorator("iot_one_click", IoTOneClickEvent, "iot-1-click")
iot_button: EventDecorator[IoTButtonEvent] = EventDecorator("iot_button", IoTButtonEvent, "iot-button")
iot_registry: EventDecorator[IoTRegistryEvent] = EventDecorator("iot_registry", IoTRegistryEvent, "iot-registry")
