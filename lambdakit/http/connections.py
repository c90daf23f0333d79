"""The connections of a WebSocket API: send to them, close them, look at them.

    connections = Connections("https://abc.execute-api.eu-west-1.amazonaws.com/prod")
    connections[connection_id].send({"text": "hello"})
    await connections[connection_id].send_async(b"...")

This is the management API of API Gateway over httpx, each request signed (Signature Version 4) by botocore with the
credentials of the environment. Every call is there twice, plain and for `await`. What was throttled or failed on the
service's side is tried again; a message that may have arrived, because the answer was lost, is not: it must not come
twice.

Source: API Gateway developer guide, "Use @connections commands in your backend service"; IAM user guide, "Signing AWS
API requests". Not here: who is connected, which the function keeps where it likes.
"""

from __future__ import annotations

import os
from importlib import import_module
from time import sleep

from lambdakit.codec import decode
from lambdakit.exceptions import ConnectionGoneError, ConnectionsError, MissingExtraError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime
    from typing import Any, TypeAlias

    from typing_extensions import Self

    from lambdakit.events.websocket import WebSocketEvent

    # Yields a request to be sent or the seconds to wait, is given the answer (or the error) of a request.
    Steps: TypeAlias = Generator[Any, Any, bytes]

__all__ = ("Connection", "ConnectionInfo", "Connections")

# Where another endpoint than the event's is to be used: a local service, say. The service's own comes first.
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "AWS_ENDPOINT_URL")
REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
SIGNING_NAME = "execute-api"
ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.05
TIMEOUT_SECONDS = 5.0
_AGAIN = frozenset({429, 500, 502, 503, 504})

# Status -> what happened, and what to do.
_REFUSALS = {
    400: "the request was refused: is the connection of this API and stage?",
    403: "access was denied: the function's role needs execute-api:ManageConnections on this API, and the endpoint "
    "the stage (a custom domain name none)",
    410: "the client has gone: forget this connection",
    413: "the message is too large: API Gateway sends at most 128 KB",
    429: "API Gateway throttles the calls of this API; try later",
}


class ConnectionInfo:
    """What API Gateway knows of a connection."""

    __slots__ = ("connected_at", "last_active_at", "source_ip", "user_agent")

    def __init__(self, connected_at: datetime, last_active_at: datetime, source_ip: str, user_agent: str) -> None:
        self.connected_at = connected_at
        self.last_active_at = last_active_at
        self.source_ip = source_ip
        self.user_agent = user_agent

    def __repr__(self) -> str:
        return f"<connection of {self.source_ip} since {self.connected_at}>"


class Connections:
    """The connections of one WebSocket API at one stage.

    `endpoint` is `https://{api}.execute-api.{region}.amazonaws.com/{stage}`, or a custom domain name's URL without the
    stage. `region` need not be given where the endpoint names it, or the environment.
    """

    def __init__(self, endpoint: str, *, region: str | None = None) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._region = region

    @property
    def region(self) -> str:
        """The region that requests are signed for. Raises UsageError where nothing says which it is."""
        return self._region or _region_of(self.endpoint)

    @classmethod
    def of(cls, event: WebSocketEvent[Any]) -> Self:
        """The connections of the API that an event came by; AWS_ENDPOINT_URL, if set, says where else they are."""
        given = next((os.environ[name] for name in ENDPOINT_VARIABLES if os.environ.get(name)), None)
        return cls(given or event.request_context.management_url)

    def __getitem__(self, connection_id: str) -> Connection:
        """The connection of this id; nothing is asked of the service yet."""
        return Connection(self, connection_id)

    def __repr__(self) -> str:
        return f"Connections({self.endpoint!r})"


class Connection:
    """One client's connection. Two are equal if they are the same API's, with the same id.

    Every call raises ConnectionGoneError where the client has gone, ConnectionsError where the service refused or did
    not answer, and MissingExtraError without httpx and botocore.
    """

    __slots__ = ("connections", "id")

    def __init__(self, connections: Connections, connection_id: str) -> None:
        self.connections = connections
        self.id = connection_id

    def send(self, data: Any) -> None:
        """Send a message: text or bytes as they are, anything else, models too, as JSON. At most 128 KB."""
        _run(self._steps("POST", _message(data)))

    async def send_async(self, data: Any) -> None:
        """`send`, to be awaited."""
        await _run_async(self._steps("POST", _message(data)))

    def close(self) -> None:
        """Close the connection."""
        _run(self._steps("DELETE"))

    async def close_async(self) -> None:
        """`close`, to be awaited."""
        await _run_async(self._steps("DELETE"))

    def info(self) -> ConnectionInfo:
        """When it was made and last used, and by whom."""
        return _info(_run(self._steps("GET")))

    async def info_async(self) -> ConnectionInfo:
        """`info`, to be awaited."""
        return _info(await _run_async(self._steps("GET")))

    def _steps(self, method: str, body: bytes = b"") -> Steps:
        """The call: signed anew for every attempt, with growing waits between them."""
        from random import uniform

        httpx, wait = _httpx(), FIRST_WAIT_SECONDS
        for left in reversed(range(ATTEMPTS)):
            try:
                response = yield _signed(self, method, body)
            except httpx.TransportError as error:
                was_sent = method == "POST" and not isinstance(error, httpx.ConnectError)
                if was_sent or not left:
                    raise self._unreachable(error) from error
            else:
                if response.is_success:
                    content: bytes = response.content
                    return content
                if not left or response.status_code not in _AGAIN:
                    raise self._refusal(response)
            yield wait * uniform(0.5, 1)
            wait *= 2
        raise AssertionError("the last attempt returns or raises")

    def _unreachable(self, error: Exception) -> ConnectionsError:
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        message = f"connection {self.id}: {self.connections.endpoint} did not answer ({what})"
        return ConnectionsError(message, self.id, 0)

    def _refusal(self, response: Any) -> ConnectionsError:
        status: int = response.status_code
        said = " ".join(response.text.split())[:200]
        advice = _REFUSALS.get(status, "API Gateway failed")
        kind = ConnectionGoneError if status == 410 else ConnectionsError
        return kind(f"connection {self.id}: {advice} ({status}{': ' + said if said else ''})", self.id, status)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Connection) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, str]:
        return self.connections.endpoint, self.id

    def __repr__(self) -> str:
        return f"<connection {self.id} at {self.connections.endpoint}>"


def _message(data: Any) -> bytes:
    if isinstance(data, (bytes, bytearray)):
        return bytes(data)
    from lambdakit.http.response import json_text

    return (data if isinstance(data, str) else json_text(data)).encode("utf-8", "surrogatepass")


def _info(content: bytes) -> ConnectionInfo:
    from lambdakit.events.convert import iso_time

    known: dict[str, Any] = decode(content)
    identity: dict[str, str] = known.get("identity") or {}
    return ConnectionInfo(
        iso_time(known["connectedAt"]),
        iso_time(known["lastActiveAt"]),
        identity.get("sourceIp", ""),
        identity.get("userAgent", ""),
    )


def _region_of(endpoint: str) -> str:
    host = endpoint.partition("://")[2].partition("/")[0]
    parts = host.split(".")
    if SIGNING_NAME in parts[1:2] and len(parts) > 3:
        return parts[2]
    given = next((os.environ[name] for name in REGION_VARIABLES if os.environ.get(name)), None)
    if given is None:
        raise UsageError(f"{endpoint} names no region: give region=..., or set {REGION_VARIABLES[0]}")
    return given


# Sending: the same steps with and without an event loop.


def _run(steps: Steps) -> bytes:
    client = _client()
    try:
        step = next(steps)
        while True:
            if isinstance(step, float):
                sleep(step)
                step = next(steps)
                continue
            try:
                response = client.send(step)
            except _httpx().TransportError as error:
                step = steps.throw(error)
            else:
                step = steps.send(response)
    except StopIteration as done:
        content: bytes = done.value
        return content


async def _run_async(steps: Steps) -> bytes:
    from asyncio import sleep as async_sleep

    client = _async_client()
    try:
        step = next(steps)
        while True:
            if isinstance(step, float):
                await async_sleep(step)
                step = next(steps)
                continue
            try:
                response = await client.send(step)
            except _httpx().TransportError as error:
                step = steps.throw(error)
            else:
                step = steps.send(response)
    except StopIteration as done:
        content: bytes = done.value
        return content


# The process's clients: a connection to the service is kept between invocations. An async one belongs to its loop.
_sync: Any = None
_async: tuple[Any, Any] | None = None


def _client() -> Any:
    global _sync
    if _sync is None:
        _sync = _httpx().Client(timeout=TIMEOUT_SECONDS, trust_env=False)
    return _sync


def _async_client() -> Any:
    global _async
    from asyncio import get_running_loop

    loop = get_running_loop()
    if _async is None or _async[0] is not loop:
        _async = loop, _httpx().AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
    return _async[1]


def _httpx() -> Any:
    return _imported("httpx")  # not out of sys.modules, where it is half made while another thread imports it


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise MissingExtraError("sending to WebSocket connections", package, "websocket") from None


# Signing.


def _signed(connection: Connection, method: str, body: bytes) -> Any:
    """The request, signed now. Its path is encoded once on the wire, and once more in what is signed."""
    from urllib.parse import quote

    owner = connection.connections
    url = f"{owner.endpoint}/@connections/{quote(connection.id, safe='')}"
    request = _imported("botocore.awsrequest").AWSRequest(method=method, url=url, data=body)
    auth: Any = _imported("botocore.auth").SigV4Auth(_credentials(), SIGNING_NAME, owner.region)
    auth.add_auth(request)
    return _httpx().Request(method, url, headers=dict(request.headers.items()), content=body)


_chain: Any = None


def _credentials() -> Any:
    """The credentials of the environment, else those that botocore's chain finds. Raises UsageError."""
    global _chain
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return _imported("botocore.credentials").Credentials(key, secret, os.environ.get("AWS_SESSION_TOKEN"))
    if _chain is None:
        _chain = _imported("botocore.session").get_session().get_credentials()
    if _chain is None:
        raise UsageError("there are no AWS credentials to sign with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return _chain.get_frozen_credentials()
