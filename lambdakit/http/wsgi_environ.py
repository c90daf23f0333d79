"""An event as a WSGI environment.

Text in it is what PEP 3333 calls native strings: each character a byte. So `PATH_INFO` is the percent-decoded path's
UTF-8 bytes, one character each, which frameworks turn back. `SCRIPT_NAME` is the mount. Header names that have an
underscore are left out, because their variable could not be told from that of the name with a hyphen.

Source: PEP 3333, "environ Variables"; and what most servers add: `REQUEST_URI`, `wsgi.input_terminated`.
"""

from __future__ import annotations

import sys
from io import BytesIO
from urllib.parse import unquote_to_bytes

from lambdakit.http.asgi_scope import header_list, known_headers, scheme_of, server_of, split_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from lambdakit.http.front_doors import FrontDoor

__all__ = ("wsgi_environ",)

_UNPREFIXED = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
# Repeated values of these are joined by something else than a comma.
_JOINED_BY = {"HTTP_COOKIE": "; "}


def wsgi_environ(door: FrontDoor, event: Mapping[str, Any], context: Any, base_path: str = "") -> dict[str, Any]:
    """The environment of a request. `base_path` is what else of the path belongs to SCRIPT_NAME."""
    method, root, path = split_line(door, event, base_path)
    headers = header_list(door, event)
    known = known_headers(event, headers)
    scheme = scheme_of(known)
    name, port = server_of(known, scheme)
    query = _native(door.raw_query(event).encode("utf-8", "surrogatepass"))
    body = door.body(event)
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": _native(unquote_to_bytes(root)),
        "PATH_INFO": _native(unquote_to_bytes(path[len(root) :])),
        "QUERY_STRING": query,
        "REQUEST_URI": _native(path.encode("utf-8", "surrogatepass")) + (f"?{query}" if query else ""),
        "SERVER_NAME": name,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": door.protocol(event) or "HTTP/1.1",
        "REMOTE_ADDR": door.client(event) or "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "aws.event": event,
        "aws.context": context,
    }
    if scheme == "https":
        environ["HTTPS"] = "on"
    _add_headers(environ, headers)
    if body or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _add_headers(environ: dict[str, Any], headers: Iterable[tuple[bytes, bytes]]) -> None:
    for name, octets in headers:
        if b"_" in name:
            continue
        variable = _UNPREFIXED.get(name) or "HTTP_" + _native(name).upper().replace("-", "_")
        value = _native(octets)
        environ[variable] = environ[variable] + _JOINED_BY.get(variable, ",") + value if variable in environ else value


def _native(octets: bytes) -> str:
    return octets.decode("latin-1")
