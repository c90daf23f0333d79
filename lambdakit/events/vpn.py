"""AWS Client VPN connect handler: may this client connect?

Source: AWS Client VPN administrator guide, "Client connect handler".
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import known_keys, needs, of_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ("ClientVPNEvent", "client_vpn", "client_vpn_answer")

SCHEMA_VERSION = "v2"
ANSWER_FIELDS = ("allow", "error-msg-on-failed-posture-compliance", "posture-compliance-statuses", "schema-version")


class ClientVPNEvent(Model):
    """A client that wants to connect."""

    shown = ("endpoint_id", "connection_id")

    connection_id: str = field("connection-id")
    endpoint_id: str = field("endpoint-id")
    common_name: str | None = field("common-name", default=None)
    username: str | None = field("username", default=None)
    platform: str | None = field("platform", default=None)
    platform_version: str | None = field("platform-version", default=None)
    public_ip: str | None = field("public-ip", default=None)
    client_openvpn_version: str | None = field("client-openvpn-version", default=None)
    schema_version: str | None = field("schema-version", default=None)


def client_vpn_answer(*, allow: bool, message: str = "", statuses: Sequence[str] = ()) -> dict[str, Any]:
    """Let the client in or not; `message` is shown to one that is refused."""
    values = (allow, message, list(statuses), SCHEMA_VERSION)
    return _checked(dict(zip(ANSWER_FIELDS, values, strict=True)))


def _checked(result: Any) -> dict[str, Any]:
    known_keys("the answer of a Client VPN handler", result, ANSWER_FIELDS)
    answer: dict[str, Any] = result
    needs("the answer of a Client VPN handler", answer, ANSWER_FIELDS)
    of_type("allow", answer["allow"], bool)
    return answer


client_vpn: EventDecorator[ClientVPNEvent] = EventDecorator("client_vpn", ClientVPNEvent, "client-vpn", finish=_checked)
