"""An event as an ASGI connection scope.

`path` has the whole path of the URL, percent-decoded, with the mount (a stage, a base path) in front; `root_path` is
the mount, as frameworks expect it since ASGI 3. `raw_path` and `query_string` are the bytes that were sent, as far as
the service gives them. Headers are lower-case bytes, every value, with the cookies. The event and the context are at
`aws.event` and `aws.context`.

Source: ASGI specification, "HTTP & WebSocket ASGI Message Format" 2.4.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    from lambdakit.http.front_doors import FrontDoor

    Scope: TypeAlias = dict[str, Any]
    HeaderList: TypeAlias = list[tuple[bytes, bytes]]

__all__ = (
    "ASGI",
    "decoded",
    "header_list",
    "http_scope",
    "known_headers",
    "octets",
    "scheme_of",
    "server_of",
    "split_line",
)

# 2.4: a `send` after the end of the connection raises OSError, so applications need not watch for its end.
ASGI = {"version": "3.0", "spec_version": "2.4"}
DEFAULT_PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80}
UNNAMED_SERVER = "lambda"
_SERVERS_KEPT = 64
_servers: dict[tuple[bytes, bytes, str], tuple[str, int]] = {}
# A path takes these as they are; what else a service has decoded is coded again.
_PATH_CHARACTERS = "%/!$&'()*+,;=:@-._~"
_PLAIN = re.compile(r"[%/!$&'()*+,;=:@\-._~A-Za-z0-9]*").fullmatch

_HTTP_VERSIONS = {"HTTP/1.1": "1.1", "HTTP/1.0": "1.0", "HTTP/2.0": "2", "HTTP/2": "2", "HTTP/3": "3", "HTTP/3.0": "3"}


def http_scope(door: FrontDoor, event: Mapping[str, Any], context: Any, base_path: str = "") -> Scope:
    """The scope of an HTTP request. `base_path` is what else of the path belongs to `root_path`."""
    method, root_path, path = split_line(door, event, base_path)
    headers = header_list(door, event)
    known = known_headers(event, headers)
    scheme = scheme_of(known)
    client = door.client(event)
    return {
        "type": "http",
        "asgi": ASGI.copy(),
        "http_version": _HTTP_VERSIONS.get(door.protocol(event) or "", "1.1"),
        "method": method,
        "scheme": scheme,
        "path": decoded(path),
        "raw_path": _coded(path),
        "root_path": decoded(root_path),
        "query_string": octets(door.raw_query(event)),
        "headers": headers,
        "client": (client, 0) if client else None,
        "server": server_of(known, scheme),
        "extensions": {},
        "aws.event": event,
        "aws.context": context,
    }


def split_line(door: FrontDoor, event: Mapping[str, Any], base_path: str) -> tuple[str, str, str]:
    """Method, what of the path is the application's root, and the whole path; both percent-encoded as they came."""
    method, path = door.line(event)
    mount = door.mount(event)
    root = mount
    if base_path and (path == base_path or path.startswith(base_path + "/")):
        root = mount + base_path
    return method.upper(), root, (mount + path) or "/"


def header_list(door: FrontDoor, event: Mapping[str, Any]) -> HeaderList:
    """The headers as lower-case bytes, every value; the cookies as one header where the service has them apart."""
    pairs = door.headers(event)
    try:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    except (UnicodeEncodeError, AttributeError):
        headers = [(octets(name.lower()), octets(value)) for name, value in pairs]
    # A Cookie header is no list of its own to the two dialects that have one.
    cookies = event.get("cookies")
    if cookies and door.name in ("http", "url"):
        headers.append((b"cookie", octets("; ".join(cookies))))
    return headers


def known_headers(event: Mapping[str, Any], headers: HeaderList) -> dict[bytes, bytes]:
    """Each header's last value, by name; where no header says so, the host is the domain that the event came by."""
    known = dict(headers)
    if b"host" not in known:
        context: Mapping[str, Any] = event.get("requestContext") or {}
        known[b"host"] = octets(context.get("domainName") or "")
    return known


def octets(text: Any) -> bytes:
    """The bytes that text in an event stands for: Latin-1 as everywhere in HTTP, else UTF-8."""
    characters = str(text)
    try:
        return characters.encode("latin-1")
    except UnicodeEncodeError:
        return characters.encode("utf-8", "surrogatepass")


def decoded(path: str) -> str:
    """A path, percent-decoded."""
    return unquote(path) if "%" in path else path


def scheme_of(known: Mapping[bytes, bytes]) -> str:
    """The scheme the client used, as the service forwards it."""
    forwarded = known.get(b"x-forwarded-proto", b"https")
    return "https" if forwarded == b"https" else forwarded.decode("latin-1").partition(",")[0].strip().lower()


def server_of(known: Mapping[bytes, bytes], scheme: str) -> tuple[str, int]:
    """Host and port that the client asked. They hardly ever change, so those seen are kept."""
    key = known.get(b"host", b""), known.get(b"x-forwarded-port", b""), scheme
    server = _servers.get(key)
    if server is None:
        if len(_servers) > _SERVERS_KEPT:
            _servers.clear()
        server = _servers[key] = _server(key[0].decode("latin-1"), key[1].decode("latin-1"), scheme)
    return server


def _server(host: str, forwarded_port: str, scheme: str) -> tuple[str, int]:
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal():
        return name.strip("[]"), int(port)
    port = forwarded_port if forwarded_port.isdecimal() else ""
    return host.strip("[]") or UNNAMED_SERVER, int(port or DEFAULT_PORTS.get(scheme, 443))


def _coded(path: str) -> bytes:
    return (path if _PLAIN(path) else quote(path, _PATH_CHARACTERS, errors="surrogatepass")).encode("ascii")
