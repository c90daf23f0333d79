"""Alexa smart home skills: directives in the form of version 3, and of the retired version 2.

Source: Alexa Smart Home documentation, "Message guide" (directives, events and responses). The answer to a directive is
an event with the directive's correlation token and the time of a context; each interface has its own names and
payloads, which are not here. A scope's token is where the endpoint is, or in the payload.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.rules import known_keys, needs, present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = (
    "SmartHomeEndpoint",
    "SmartHomeEvent",
    "SmartHomeEventV2",
    "SmartHomeHeader",
    "alexa_smart_home",
    "alexa_smart_home_v2",
)

ANSWER_FIELDS = ("event", "context")
HEADER_FIELDS = ("namespace", "name", "messageId", "payloadVersion")


class SmartHomeHeader(Model, at="$.directive.header"):
    """Which directive it is."""

    shown = ("namespace", "name")

    namespace: str = field("namespace", doc="The interface: `Alexa.PowerController`.")
    name: str = field("name", doc="`TurnOn`.")
    message_id: str = field("messageId")
    payload_version: str = field("payloadVersion")
    correlation_token: str | None = field("correlationToken", default=None, doc="None of a discovery.")
    instance: str | None = field("instance", default=None, doc="Of an interface an endpoint has more than once.")


class SmartHomeEndpoint(Model, at="$.directive.endpoint"):
    """The device."""

    shown = ("endpoint_id",)

    endpoint_id: str = field("endpointId")
    scope: Mapping[str, Any] = field("scope", default=EMPTY, doc="With the user's token.")
    cookie: Mapping[str, str] = field("cookie", default=EMPTY, doc="What the discovery said of the device.")


class SmartHomeEvent(Model):
    """A directive: version 3."""

    shown = ("header", "endpoint")

    header: SmartHomeHeader = field("directive", "header", convert=SmartHomeHeader)
    endpoint: SmartHomeEndpoint | None = field("directive", "endpoint", convert=SmartHomeEndpoint, default=None)
    payload: Mapping[str, Any] = field("directive", "payload", default=EMPTY)

    def answer(
        self,
        payload: Mapping[str, Any] | None = None,
        *,
        namespace: str = "Alexa",
        name: str = "Response",
        properties: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """The event that answers the directive; `properties` are the device's states, as a context has them."""
        from uuid import uuid4

        header = {
            "namespace": namespace,
            "name": name,
            "messageId": str(uuid4()),
            "payloadVersion": "3",
            **present({"correlationToken": self.header.correlation_token}),
        }
        event: dict[str, Any] = {"header": header, "payload": dict(payload or {})}
        if self.endpoint is not None:
            event["endpoint"] = {"endpointId": self.endpoint.endpoint_id}
        context = {"context": {"properties": [dict(state) for state in properties]}} if properties else {}
        return {"event": event, **context}

    def error(self, type: str, message: str, **details: Any) -> dict[str, Any]:
        """The ErrorResponse, such as ENDPOINT_UNREACHABLE."""
        return self.answer({"type": type, "message": message, **details}, name="ErrorResponse")


class SmartHomeHeaderV2(Model, at="$.header"):
    """Which request it is."""

    shown = ("namespace", "name")

    namespace: str = field("namespace", doc="`Alexa.ConnectedHome.Control` and others.")
    name: str = field("name")
    message_id: str = field("messageId")
    payload_version: str = field("payloadVersion")


class SmartHomeEventV2(Model):
    """A request in the retired form of version 2."""

    shown = ("header",)

    header: SmartHomeHeaderV2 = field("header", convert=SmartHomeHeaderV2)
    access_token: str | None = field("payload", "accessToken", default=None)
    payload: Mapping[str, Any] = field("payload", default=EMPTY)


def _checked(answer: Any) -> dict[str, Any]:
    """The answer, if Alexa would take it. Raises ResponseError."""
    known_keys("the answer to Alexa", answer, ANSWER_FIELDS)
    needs("the answer to Alexa", answer, ("event",))
    known_keys("event", answer["event"], ("header", "endpoint", "payload"))
    needs("event", answer["event"], ("header", "payload"))
    header = answer["event"]["header"]
    known_keys("event.header", header, (*HEADER_FIELDS, "correlationToken", "instance"))
    needs("event.header", header, HEADER_FIELDS)
    checked: dict[str, Any] = answer
    return checked


alexa_smart_home: EventDecorator[SmartHomeEvent] = EventDecorator(
    "alexa_smart_home", SmartHomeEvent, "alexa-smart-home", finish=_checked
)
alexa_smart_home_v2: EventDecorator[SmartHomeEventV2] = EventDecorator(
    "alexa_smart_home_v2", SmartHomeEventV2, "alexa-smart-home-v2"
)
