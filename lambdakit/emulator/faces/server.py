"""The project's HTTP port: the routes of all functions and their function URLs, served as the services in front do.

A function URL is reached by its host, `<url-id>.lambda-url.<region>.localhost` (names below `localhost` lead to this
machine by themselves in browsers and curl), and for clients that do not resolve those by the path `/_url/<function>/`.
All else is a route, whatever the host. There is no check of Origin here: what the project offers on this port is meant
for browsers, and which pages may use it is for the functions and the CORS of their URLs to say.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lambdakit.emulator.clock import SystemClock
from lambdakit.emulator.faces.answers import fault
from lambdakit.emulator.faces.authorizers import Authorizers
from lambdakit.emulator.faces.connection import FaceConnection
from lambdakit.emulator.faces.doors import DOORS
from lambdakit.emulator.faces.events import Place
from lambdakit.emulator.faces.message import FaceResponse
from lambdakit.emulator.faces.passage import FixedPassage, FunctionPassage, Way
from lambdakit.emulator.faces.route_table import DEFAULT_ROUTE, RouteTable
from lambdakit.emulator.limits import REQUEST_BYTES
from lambdakit.emulator.listener import LOOPBACK, Listener
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdakit.emulator.clock import Clock
    from lambdakit.emulator.faces.answers import Face
    from lambdakit.emulator.faces.connection import Passage, RequestHead
    from lambdakit.emulator.faces.doors import Door
    from lambdakit.emulator.faces.route_table import RouteMatch
    from lambdakit.emulator.project.spec import FunctionSpec
    from lambdakit.emulator.service import LocalService

__all__ = ("HTTP_PORT", "FacesServer", "url_id_of")

HTTP_PORT = 3000
URL_PREFIX = "/_url/"

_API_ID = "local"
# The stage that stands in the events of each kind; SAM calls a REST API's `Prod`.
_STAGES: dict[Face, str] = {"rest": "Prod", "http": "$default", "alb": "", "url": "$default"}
_NO_WEBSOCKETS = FaceResponse(
    501,
    (("content-type", "application/json"),),
    json.dumps({"message": "This port serves HTTP only: WebSocket connections cannot be opened here."}).encode(),
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def url_id_of(function: FunctionSpec) -> str:
    """The id in a function URL's host: 32 letters and digits that are the same whenever the function is served."""
    digest = hashlib.sha256(function.config.arn.encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


class FacesServer(Listener):
    """Serves the routes and URLs of `functions` for a service; `url` is where the routes are.

    `credentials` are the secret keys, by access key, that AWS_IAM signatures are verified with; without them, the one
    of this process's environment. Answers of authorizers and times in tokens go by `clock`; `doors` replaces the
    services' limits. The service is not stopped with the server.
    """

    def __init__(
        self,
        service: LocalService,
        functions: Iterable[FunctionSpec],
        *,
        host: str = LOOPBACK,
        port: int = HTTP_PORT,
        credentials: Mapping[str, str] | None = None,
        doors: Mapping[Face, Door] = DOORS,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(host, port)
        self._service = service
        secrets = _own_credentials() if credentials is None else credentials
        self.authorizers = Authorizers(service, secrets, SystemClock() if clock is None else clock)
        self._doors = doors
        self.serve(functions)
        self._connections: set[FaceConnection] = set()

    def serve(self, functions: Iterable[FunctionSpec]) -> None:
        """Serve these functions' routes and URLs from now on; requests that are under way are not touched."""
        self._functions = {function.name: function for function in functions}
        served = self._functions.values()
        self._table = RouteTable((route, function) for function in served for route in function.routes)
        self._urls = {url_id_of(function): function for function in served if function.url is not None}
        kinds: list[Face] = [route.kind for function in served for route in function.routes]
        # Whose answer a request gets that no route takes: the one service's, or an HTTP API's where there are several.
        self._default: Face = kinds[0] if len(set(kinds)) == 1 else "http"

    def url_of(self, function: str) -> str:
        """The function URL, by host. Raises UsageError where the function has none."""
        spec = self._functions.get(function)
        if spec is None or spec.url is None:
            raise UsageError(f"The function {function!r} has no URL; give it `url = true` in the configuration.")
        return f"http://{_domain(spec)}:{self.port}/"

    def path_url_of(self, function: str) -> str:
        """The function URL by path, for clients that do not resolve names below `localhost`. Raises UsageError."""
        self.url_of(function)
        return f"{self.url}{URL_PREFIX}{function}/"

    async def _close_connections(self) -> None:
        for connection in list(self._connections):
            await connection.stop()

    def find(self, head: RequestHead) -> Passage:
        """Where a request goes."""
        if head.method == "CONNECT" or head.header("upgrade").lower() == "websocket":
            return FixedPassage(_NO_WEBSOCKETS, REQUEST_BYTES, _NO_WEBSOCKETS)
        parts = urlsplit(head.target) if head.target.startswith("http") else None
        path = parts.path if parts is not None else head.target.partition("?")[0]
        host = (parts.netloc if parts is not None else head.header("host")).rpartition("@")[2]
        name = _host_name(host)
        way = self._way(head.method, name, path if path.startswith("/") else "/")
        return way if isinstance(way, FixedPassage) else FunctionPassage(self._service, head, way)

    def _connect(self) -> FaceConnection:
        return FaceConnection(self.find, self._connections)

    def _way(self, method: str, host: str, path: str) -> Way | FixedPassage:
        url_id, _, domain = host.partition(".")
        if domain.startswith("lambda-url."):
            return self._url_way(self._urls.get(url_id), path, path)
        if path.startswith(URL_PREFIX):
            name, slash, rest = path[len(URL_PREFIX) :].partition("/")
            return self._url_way(self._functions.get(name), slash + rest or "/", path)
        found = self._table.match(method, path)
        return self._nowhere(self._default) if found is None else self._route_way(found, host, path)

    def _nowhere(self, face: Face) -> FixedPassage:
        return FixedPassage(fault(face, "not-found"), self._doors[face].request_bytes, fault(face, "too-large"))

    def _url_way(self, function: FunctionSpec | None, path: str, sent: str) -> Way | FixedPassage:
        if function is None or function.url is None:
            return self._nowhere("url")
        door = self._doors["url"]
        place = Place(url_id_of(function), _domain(function), function.config.account_id)
        admit = self.authorizers.of_url(door, sent) if function.url.auth_type == "AWS_IAM" else None
        return Way(door, function.name, place, path, admit, function.url)

    def _route_way(self, found: RouteMatch[FunctionSpec], host: str, path: str) -> Way:
        route, config = found.route, found.target.config
        door = self._doors[route.kind]
        resource, parameters = route.path, found.parameters
        if route.kind == "http":
            resource = DEFAULT_ROUTE if route.path == DEFAULT_ROUTE else f"{route.method} {route.path}"
            parameters = found.decoded()
        elif route.kind == "alb":
            group = f"targetgroup/{config.name[:32]}/{url_id_of(found.target)[:16]}"
            resource = f"arn:aws:elasticloadbalancing:{config.region}:{config.account_id}:{group}"
        place = Place(_API_ID, host, config.account_id, resource, parameters, _STAGES[route.kind])
        return Way(door, config.name, place, path, self.authorizers.of_route(route, door, path, config.region))


def _domain(function: FunctionSpec) -> str:
    return f"{url_id_of(function)}.lambda-url.{function.config.region}.localhost"


def _host_name(host: str) -> str:
    """A host without its port, in lower case."""
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.lower()


def _own_credentials() -> dict[str, str]:
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    return {key: secret} if key and secret else {}
