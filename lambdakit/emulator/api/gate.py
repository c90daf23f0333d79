"""Who may talk to the local service: programs, and pages of its own origin, but no page of another.

The API runs code, and every page in a browser on the same machine can send requests to loopback. Programs do not send
what browsers add, so three signs are enough: the `Host` must be one of the service's own (a page that had its name
point to loopback sends its own), `Origin` must be the service's, and `Sec-Fetch-Site` must not say otherwise. A
service that programs of other machines call goes by names that are not known here: then any `Host` will do for a
request without the other two, one of which is on every POST of a page.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from lambdakit.emulator.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from lambdakit.emulator.api.exchange import RequestHead
    from lambdakit.exceptions import ServiceError

_OWN_SITES = frozenset({b"same-origin", b"none"})
# How containers on the same machine call their host.
KNOWN_HOSTS = frozenset({"localhost", "host.docker.internal", "host.containers.internal"})


class Gate:
    """Admits requests by their heads; `hosts` are further names the service goes by.

    `names` says which names a program may call the service by: its "own", or "any".
    """

    def __init__(self, hosts: Iterable[str] = (), *, names: Literal["own", "any"] = "own") -> None:
        self._names = names
        self._hosts = KNOWN_HOSTS | {host.lower() for host in hosts}
        self._admitted: dict[bytes, bool] = {}

    def admit(self, head: RequestHead) -> ServiceError | None:
        """None, or why the request is refused."""
        headers = head.headers
        host = headers.get(b"host", b"")
        if not self._is_own(host) and (self._names == "own" or b"origin" in headers or b"sec-fetch-site" in headers):
            return refusal("other origin", what=f"Host: {host.decode('latin-1')}")
        origin = headers.get(b"origin")
        if origin is not None and origin.partition(b"://")[2].lower() != host.lower():
            return refusal("other origin", what=f"Origin: {origin.decode('latin-1')}")
        site = headers.get(b"sec-fetch-site")
        if site is not None and site.lower() not in _OWN_SITES:
            return refusal("other origin", what=f"Sec-Fetch-Site: {site.decode('latin-1')}")
        return None

    def _is_own(self, host: bytes) -> bool:
        known = self._admitted.get(host)
        if known is None:
            known = self._judge(host.decode("latin-1").lower())
            if len(self._admitted) < 100:
                self._admitted[host] = known
        return known

    def _judge(self, host: str) -> bool:
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._hosts or name.endswith(".localhost")
        return True
