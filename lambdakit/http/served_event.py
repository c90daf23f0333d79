"""A request of a web server as an event: what an HttpApp reads outside Lambda.

The event is a function URL's, so that all that takes events takes it. What the form of an event would lose stands
beside it: the headers as they came, and the body's bytes.
"""

from __future__ import annotations

import time
from binascii import a2b_base64, b2a_base64
from urllib.parse import parse_qsl, quote
from uuid import uuid4

from lambdakit.http.asgi_scope import octets
from lambdakit.http.front_doors import FrontDoor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    Pairs: TypeAlias = list[tuple[str, str]]

__all__ = ("DOOR", "ServedDoor", "ServedEvent", "octet_pairs")

_PATH_CHARACTERS = "/!$&'()*+,;=:@-._~"


class ServedEvent(dict["str", "Any"]):
    """A request of a server as the event of a function URL, which has `pairs`, `octets` and `mount` beside it."""

    def __init__(self, scope: Mapping[str, Any], body: bytes) -> None:
        self.request_id = str(uuid4())
        self.octets = body
        self.mount: str = quote(scope.get("root_path") or "", _PATH_CHARACTERS)
        pairs: Pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        self.pairs = [pair for pair in pairs if pair[0] != "cookie"]
        self.pairs += [pair for pair in _forwarded(scope) if pair[0] not in dict(pairs)]
        cookies = [part.strip() for name, text in pairs if name == "cookie" for part in text.split(";") if part.strip()]
        raw = scope.get("raw_path")
        path: str = raw.decode("latin-1") if raw else quote(scope["path"], _PATH_CHARACTERS)
        if self.mount and path.startswith(self.mount):
            path = path[len(self.mount) :] or "/"
        super().__init__(self._fields(scope, path, body))
        if cookies:
            self["cookies"] = cookies

    def _fields(self, scope: Mapping[str, Any], path: str, body: bytes) -> dict[str, Any]:
        client, now = scope.get("client"), time.time()
        headers: dict[str, str] = {}
        for name, value in self.pairs:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        host = headers.get("host", "")
        return {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": scope.get("query_string", b"").decode("latin-1"),
            "headers": headers,
            "requestContext": {
                "accountId": "anonymous",
                "apiId": host.partition(".")[0],
                "domainName": host,
                "domainPrefix": host.partition(".")[0],
                "http": {
                    "method": scope["method"],
                    "path": path,
                    "protocol": f"HTTP/{scope.get('http_version', '1.1')}",
                    "sourceIp": client[0] if client else "",
                    "userAgent": headers.get("user-agent", ""),
                },
                "requestId": self.request_id,
                "routeKey": "$default",
                "stage": "$default",
                "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
                "timeEpoch": int(now * 1000),
            },
            **_body_fields(body),
        }


def _body_fields(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False} if body else {"isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": b2a_base64(body, newline=False).decode(), "isBase64Encoded": True}


def _forwarded(scope: Mapping[str, Any]) -> Pairs:
    """What a service says of the connection, where no proxy in front has said it."""
    client, server = scope.get("client"), scope.get("server")
    pairs = [("x-forwarded-proto", scope.get("scheme", "http"))]
    if client:
        pairs.append(("x-forwarded-for", client[0]))
    if server and server[1]:
        pairs.append(("x-forwarded-port", str(server[1])))
    return pairs


class ServedDoor(FrontDoor):
    """The front door of a server: reads a ServedEvent, and answers with what ASGI wants to know."""

    __slots__ = ()

    def body(self, event: Any) -> bytes:
        """The body as it came."""
        octets: bytes = event.octets
        return octets

    def answer(self, status: int, headers: Pairs, cookies: Sequence[str], body: bytes | str) -> dict[str, Any]:
        """The status, the headers as bytes, and the body, for `http.response.start` and `http.response.body`."""
        octets = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        return {"status": status, "headers": octet_pairs(headers, cookies), "body": octets}


def octet_pairs(headers: Pairs, cookies: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """Headers and cookies as ASGI has them."""
    pairs = [(octets(name.lower()), octets(value)) for name, value in headers]
    return pairs + [(b"set-cookie", octets(cookie)) for cookie in cookies]


def _write(status: int, headers: Pairs, cookies: Sequence[str], body: str, coded: bool) -> dict[str, Any]:
    return DOOR.answer(status, headers, cookies, a2b_base64(body) if coded else body)


def _line(event: Any) -> tuple[str, str]:
    return event["requestContext"]["http"]["method"], event["rawPath"]


def _query(event: Any) -> Pairs:
    return parse_qsl(event["rawQueryString"], keep_blank_values=True)


DOOR = ServedDoor(
    "url",  # to models of the event, which is in its form
    line=_line,
    query=_query,
    raw_query=lambda event: event["rawQueryString"],
    headers=lambda event: event.pairs,  # type: ignore[attr-defined]
    cookies=lambda event: event.get("cookies") or [],
    mount=lambda event: event.mount,  # type: ignore[attr-defined]
    client=lambda event: event["requestContext"]["http"]["sourceIp"] or None,
    protocol=lambda event: event["requestContext"]["http"]["protocol"],
    write=_write,
)
