"""The way to the X-Ray daemon: one UDP datagram for each document.

Tracing never fails or delays an invocation. What cannot be sent (no daemon, no network, a document that is too large)
is dropped; the first time in an environment, a warning in the log says what and why. A daemon that is not there at all
is not noticed by UDP, and costs nothing. A document over the size of a datagram is sent without its metadata.
"""

from __future__ import annotations

import os
from threading import Lock

import orjson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket
    from typing import Any

__all__ = ("Daemon",)

# AWS X-Ray developer guide, "Sending segment documents to the X-Ray daemon": a header line, then the document.
HEADER = b'{"format":"json","version":1}\n'
# The same page and "X-Ray daemon": 64 kB for a segment document; and what a UDP datagram can carry over IPv4.
MAX_DATAGRAM = 65_507
ADDRESS_VARIABLE = "AWS_XRAY_DAEMON_ADDRESS"


class Daemon:
    """The daemon at AWS_XRAY_DAEMON_ADDRESS, as it was at the first document (after a restore: the next one)."""

    def __init__(self) -> None:
        self._way: tuple[socket, tuple[str, int]] | None = None
        self._variable: str | None = None
        self._opening = Lock()
        # Once for each address: to look a name up again for every document would delay invocations.
        self._tried = False
        self._warned = False

    def send(self, entity: Any) -> None:
        """Send the document of a closed subsegment; never raises."""
        try:
            data = _datagram(entity.to_dict())
            way = self._way
            if way is None or self._variable != os.environ.get(ADDRESS_VARIABLE):
                way = self._opened()
            if way is not None:
                way[0].sendto(data, way[1])
        except Exception as error:
            self._warn(entity, error)

    def forget(self) -> None:
        """Close the socket; the next document opens another."""
        way, self._way, self._tried = self._way, None, False
        if way is not None:
            way[0].close()

    def _opened(self) -> tuple[socket, tuple[str, int]] | None:
        with self._opening:
            variable = os.environ.get(ADDRESS_VARIABLE)
            if self._variable != variable or not self._tried:
                self.forget()
                self._variable, self._tried = variable, True
                self._way = _open()
            return self._way

    def _warn(self, entity: Any, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        from logging import getLogger

        getLogger(__name__).warning(
            "X-Ray: subsegment %r was dropped (%s: %s); the daemon's address is %s=%s. This is said once.",
            entity.name, type(error).__name__, error, ADDRESS_VARIABLE, os.environ.get(ADDRESS_VARIABLE),
        )  # fmt: skip


def _open() -> tuple[socket, tuple[str, int]]:
    """A socket, and the address of AWS_XRAY_DAEMON_ADDRESS as the SDK reads it."""
    import socket as sockets

    from aws_xray_sdk.core.daemon_config import DaemonConfig

    config = DaemonConfig()
    family, _, _, _, address = sockets.getaddrinfo(config.udp_ip, config.udp_port, type=sockets.SOCK_DGRAM)[0]
    sender = sockets.socket(family, sockets.SOCK_DGRAM)
    sender.setblocking(False)
    return sender, (str(address[0]), int(address[1]))


def _datagram(document: dict[str, Any]) -> bytes:
    data = HEADER + _encode(document)
    if len(data) <= MAX_DATAGRAM:
        return data
    size = len(data)
    document["metadata"] = {"lambdakit": {"dropped": f"the document had {size} bytes, more than a datagram carries"}}
    data = HEADER + _encode(document)
    if len(data) > MAX_DATAGRAM:
        raise ValueError(f"its document has {size} bytes, of which {MAX_DATAGRAM} can be sent")
    return data


def _encode(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # numbers beyond 64 bits, lone surrogates, nesting beyond bounds
        import json

        return json.dumps(document, default=_plain, skipkeys=True).encode()


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):  # what the SDK makes of an exception
        return value.to_dict()
    items: Any = value
    return list(items) if isinstance(value, (set, frozenset, tuple)) else str(items)
