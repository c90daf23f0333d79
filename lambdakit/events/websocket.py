"""WebSocket API events: connect, message, disconnect.

Source: API Gateway developer guide, "Working with WebSocket APIs". What a connect answers accepts (2xx) or refuses the
connection; what a message answers is sent back only where its route has a route response, otherwise push to
`request_context.management_url`. A disconnect is best effort and its answer is ignored.
"""

from __future__ import annotations

from lambdakit.events.apigateway import APIGatewayRequestContext
from lambdakit.events.convert import epoch_milliseconds
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY, MultiValueHTTPEvent
from lambdakit.events.model import field
from lambdakit.events.payload import PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ("WebSocketEvent", "WebSocketRequestContext", "websocket_event")

# The end of API Gateway's own domain names; on others the stage is not part of the path.
_OWN_DOMAIN = ".execute-api."


class WebSocketRequestContext(APIGatewayRequestContext, at="$.requestContext"):
    """The connection, and what API Gateway knows of this message on it."""

    shown = ("event_type", "route_key", "connection_id")

    connection_id: str = field("connectionId")
    route_key: str | None = field("routeKey", default=None)
    event_type: str | None = field("eventType", default=None, doc="CONNECT, MESSAGE or DISCONNECT.")
    connected_at: datetime | None = field("connectedAt", convert=epoch_milliseconds, default=None)
    message_direction: str | None = field("messageDirection", default=None)
    message_id: str | None = field("messageId", default=None)
    disconnect_status_code: int | None = field("disconnectStatusCode", default=None)
    disconnect_reason: str | None = field("disconnectReason", default=None)
    error: str | None = field("error", default=None)
    status: str | None = field("status", default=None)
    response_latency: str | None = field("integrationLatency", default=None, doc="Milliseconds, as text.")

    @property
    def management_url(self) -> str:
        """The endpoint of the management API that sends to this connection."""
        domain = self.domain_name or ""
        return f"https://{domain}/{self.stage}" if _OWN_DOMAIN in domain else f"https://{domain}"


class WebSocketEvent(MultiValueHTTPEvent[PayloadT]):
    """A connect, a message or a disconnect. Headers and query come with the connect, a body with messages."""

    shown = ("request_context",)

    resource: str | None = field("resource", default=None)
    path: str | None = field("path", default=None)
    http_method: str | None = field("httpMethod", default=None)
    path_parameters: Mapping[str, str] = field("pathParameters", default=EMPTY)
    stage_variables: Mapping[str, str] = field("stageVariables", default=EMPTY)
    request_context: WebSocketRequestContext = field("requestContext", convert=WebSocketRequestContext)


websocket_event: EventDecorator[WebSocketEvent] = EventDecorator("websocket_event", WebSocketEvent, "websocket")
