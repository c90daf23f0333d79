"""A WebSocket API's events for the WebSocket routes of an ASGI application.

API Gateway keeps the connection and invokes the function for each of its events, maybe each time in another
environment. So each event is a whole, short connection to the application:

    event         the application receives                                  what it sends
    CONNECT       websocket.connect, then websocket.disconnect              accept and close decide; messages are lost
    MESSAGE       websocket.connect, websocket.receive, then .disconnect    goes to the client, from .receive on
    DISCONNECT    websocket.connect, websocket.disconnect with its code     is lost: the client has gone

A disconnect that only says "the event is over" has the code END_OF_EVENT. What this cannot give: variables of a
connection that outlive a message, which belong in a database under `aws.event`'s connection id; a message sent before
the first one came, which API Gateway takes none of; and messages from tasks that outlive the event. Path and headers
are told at CONNECT alone, so that the path is an option of the adapter.

Source: ASGI specification, "WebSocket"; API Gateway developer guide, "Working with WebSocket APIs".
"""

from __future__ import annotations

import logging
from binascii import a2b_base64

from lambdakit.http.asgi_scope import ASGI, known_headers, octets, server_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lambdakit.http.asgi_exchange import ASGIApplication, Message
    from lambdakit.http.connections import Connection

__all__ = ("END_OF_EVENT", "is_websocket", "serve_websocket", "websocket_scope")

_log = logging.getLogger("lambdakit.http")
# "Service restart" (RFC 6455, registry of close codes): the client is still there, this end is not.
END_OF_EVENT = 1012
NO_CODE = 1005
_KINDS = ("CONNECT", "MESSAGE", "DISCONNECT")
PROTOCOL_HEADER = b"sec-websocket-protocol"

# `type`, but Any to type checkers.
_type: Any = type


def is_websocket(event: Any) -> bool:
    """Whether an event is a WebSocket API's."""
    if _type(event) is not dict or "rawPath" in event:
        return False
    context: Any = event.get("requestContext")
    return _type(context) is dict and context.get("eventType") in _KINDS and "connectionId" in context


def websocket_scope(event: Mapping[str, Any], context: Any, path: str) -> dict[str, Any]:
    """The scope of a connection for one event; `path` is the application's route."""
    request: dict[str, Any] = event["requestContext"]
    single: dict[str, str] = event.get("headers") or {}
    identity: dict[str, Any] = request.get("identity") or {}
    listed: dict[str, list[str]] = event.get("multiValueHeaders") or {}
    pairs = [(name, value) for name, values in listed.items() for value in values]
    pairs = pairs or list(single.items())
    headers = [(octets(name.lower()), octets(value)) for name, value in pairs]
    known = known_headers(event, headers)
    client: str | None = identity.get("sourceIp")
    # A domain of its own has another path, or none.
    root = f"/{request['stage']}" if ".execute-api." in (request.get("domainName") or "") else ""
    return {
        "type": "websocket",
        "asgi": ASGI.copy(),
        "http_version": "1.1",
        "scheme": "wss",
        "path": root + path,
        "raw_path": octets(root + path),
        "root_path": root,
        "query_string": octets(_query(event)),
        "headers": headers,
        "client": (client, 0) if client else None,
        "server": server_of(known, "wss"),
        "subprotocols": _subprotocols(known),
        "extensions": {"websocket.http.response": {}},
        "aws.event": event,
        "aws.context": context,
    }


def _query(event: Mapping[str, Any]) -> str:
    from urllib.parse import urlencode

    listed: Mapping[str, Any] = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters") or {}
    return urlencode(listed, doseq=True)


def _subprotocols(known: Mapping[bytes, bytes]) -> list[str]:
    offered = known.get(PROTOCOL_HEADER, b"").decode("latin-1").split(",")
    return [name.strip() for name in offered if name.strip()]


async def serve_websocket(app: ASGIApplication, scope: dict[str, Any]) -> dict[str, Any]:
    """Run the application for one event, and give the answer to API Gateway. An error is logged and 500."""
    exchange = _EXCHANGES[scope["aws.event"]["requestContext"]["eventType"]](scope["aws.event"])
    try:
        await app(scope, exchange.receive, exchange.send)
    except Exception:
        _log.exception("the application failed on a WebSocket %s", exchange.kind)
        return {"statusCode": 500}
    return exchange.answer()


class _Exchange:
    """The two callables of one event, and what it is answered."""

    kind = ""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self.event = event
        self._received = 0

    async def receive(self) -> Message:
        """The messages of the event one after another, then the end."""
        self._received += 1
        messages = self.messages()
        if self._received <= len(messages):
            return messages[self._received - 1]
        return {"type": "websocket.disconnect", "code": END_OF_EVENT, "reason": "end of the event"}

    def messages(self) -> list[Message]:
        """What there is to receive."""
        return [{"type": "websocket.connect"}]

    async def send(self, message: Message) -> None:
        """Take a message of the application's."""
        kind = message["type"]
        if kind == "websocket.accept":
            self.accept(message)
        elif kind == "websocket.close":
            await self.close(message)
        elif kind == "websocket.send":
            await self.pass_on(message)
        elif kind.startswith("websocket.http.response."):
            self.deny(message)
        else:
            raise RuntimeError(f"unexpected ASGI message {kind!r} on a WebSocket")

    def accept(self, message: Message) -> None:
        """The connection is wanted; after CONNECT it has long been there."""

    def deny(self, message: Message) -> None:
        """The handshake is answered otherwise; after CONNECT it has long been."""

    async def close(self, message: Message) -> None:
        """The connection is to end."""

    async def pass_on(self, message: Message) -> None:
        """A message for the client."""
        _log.warning("a message sent at %s reaches no client", self.kind)

    def answer(self) -> dict[str, Any]:
        """The answer to the event."""
        return {"statusCode": 200}


class _Connect(_Exchange):
    """CONNECT: whether the client may."""

    kind = "CONNECT"

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__(event)
        self._answer: dict[str, Any] | None = None
        self._body = b""

    def accept(self, message: Message) -> None:
        self._answer = {"statusCode": 200}
        protocol = message.get("subprotocol")
        if protocol:
            self._answer["headers"] = {"Sec-WebSocket-Protocol": protocol}

    async def close(self, message: Message) -> None:
        if self._answer is None:
            self._answer = {"statusCode": 403}

    def deny(self, message: Message) -> None:
        if message["type"].endswith("start"):
            self._answer = {"statusCode": message["status"]}
            return
        self._body += message.get("body", b"")

    def answer(self) -> dict[str, Any]:
        if self._answer is None:
            _log.error("the application has neither accepted nor closed a WebSocket")
            return {"statusCode": 500}
        return {**self._answer, "body": self._body.decode("utf-8", "replace")} if self._body else self._answer


class _Message(_Exchange):
    """MESSAGE: one message, and what is sent while it is handled."""

    kind = "MESSAGE"

    def messages(self) -> list[Message]:
        body: str = self.event.get("body") or ""
        message: Message = {"type": "websocket.receive", "text": body}
        if self.event.get("isBase64Encoded"):
            message = {"type": "websocket.receive", "bytes": a2b_base64(body)}
        return [*super().messages(), message]

    @property
    def connection(self) -> Connection:
        """The client, by the management API."""
        from lambdakit.events.websocket import websocket_event
        from lambdakit.http.connections import Connections

        typed: Any = websocket_event.prepare(self.event)
        return Connections.of(typed)[self.event["requestContext"]["connectionId"]]

    async def pass_on(self, message: Message) -> None:
        """Send it. Raises OSError when the client has gone."""
        if self._received < 2:
            return  # a greeting: it belongs to the connect, and would come with every message
        from lambdakit.exceptions import ConnectionGoneError

        data = message.get("bytes")
        try:
            await self.connection.send_async(message["text"] if data is None else data)
        except ConnectionGoneError as error:
            raise OSError("the client has gone") from error

    async def close(self, message: Message) -> None:
        from lambdakit.exceptions import ConnectionGoneError

        try:
            await self.connection.close_async()
        except ConnectionGoneError:
            pass


class _Disconnect(_Exchange):
    """DISCONNECT: the client has gone."""

    kind = "DISCONNECT"

    def messages(self) -> list[Message]:
        request = self.event["requestContext"]
        code, reason = request.get("disconnectStatusCode") or NO_CODE, request.get("disconnectReason") or ""
        return [*super().messages(), {"type": "websocket.disconnect", "code": code, "reason": reason}]


_EXCHANGES: dict[str, type[_Exchange]] = {kind.kind: kind for kind in (_Connect, _Message, _Disconnect)}
