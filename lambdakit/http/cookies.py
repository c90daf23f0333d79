"""Cookies that a response sets (RFC 6265 and its successor's `SameSite` and `Partitioned`).

    Response("welcome", cookies=[SetCookie("session", token, max_age=3600)])

The defaults are the safe ones: over HTTPS alone, out of reach of scripts, not sent from other sites' forms.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Literal

__all__ = ("SetCookie",)

# RFC 9110 token, RFC 6265 cookie-octet (in quotes or not) and attribute values.
_NAME = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_VALUE = frozenset(map(chr, range(0x21, 0x7F))) - frozenset('",;\\')
_ATTRIBUTE = frozenset(map(chr, range(0x20, 0x7F))) - frozenset(";")


class SetCookie:
    """A cookie to set. Raises ValueError for a name or a value that no browser would give back.

    `max_age` is in seconds; without it and `expires` the cookie ends with the browser's session.

    >>> SetCookie("theme", "dark", http_only=False).header()
    'theme=dark; Path=/; Secure; SameSite=Lax'
    """

    __slots__ = (
        "domain",
        "expires",
        "http_only",
        "max_age",
        "name",
        "partitioned",
        "path",
        "same_site",
        "secure",
        "value",
    )

    def __init__(
        self,
        name: str,
        value: str = "",
        *,
        max_age: int | None = None,
        expires: datetime | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = True,
        http_only: bool = True,
        same_site: Literal["Strict", "Lax", "None"] | None = "Lax",
        partitioned: bool = False,
    ) -> None:
        self.name = name
        self.value = value
        self.max_age = max_age
        self.expires = expires
        self.path = path
        self.domain = domain
        self.secure = secure
        self.http_only = http_only
        self.same_site = same_site
        self.partitioned = partitioned
        self._check()

    def _check(self) -> None:
        if not self.name or not _NAME.issuperset(self.name):
            raise ValueError(f"{self.name!r} cannot name a cookie; use letters, digits, - and _")
        inner = self.value[1:-1] if len(self.value) > 1 and self.value[0] == self.value[-1] == '"' else self.value
        if not _VALUE.issuperset(inner):
            raise ValueError(f"the value of cookie {self.name} has characters a cookie cannot; use urllib.parse.quote")
        for attribute in (self.path or "", self.domain or ""):
            if not _ATTRIBUTE.issuperset(attribute):
                raise ValueError(f"path and domain of cookie {self.name} are plain ASCII without semicolons")
        if not self.secure and (self.same_site == "None" or self.partitioned):
            raise ValueError(f"cookie {self.name}: browsers want `Secure` with SameSite=None and with Partitioned")

    @classmethod
    def deleted(cls, name: str, *, path: str | None = "/", domain: str | None = None) -> SetCookie:
        """What makes the browser forget a cookie of this path and domain."""
        return cls(name, max_age=0, path=path, domain=domain)

    def header(self) -> str:
        """The value of the `Set-Cookie` header."""
        parts = [f"{self.name}={self.value}"]
        for attribute, value in (("Max-Age", self.max_age), ("Domain", self.domain), ("Path", self.path)):
            if value is not None:
                parts.append(f"{attribute}={value}")
        if self.expires is not None:
            parts.append(f"Expires={http_date(self.expires.timestamp())}")
        flags = (("Secure", self.secure), ("HttpOnly", self.http_only), ("Partitioned", self.partitioned))
        parts.extend(flag for flag, is_set in flags if is_set)
        if self.same_site is not None:
            parts.append(f"SameSite={self.same_site}")
        return "; ".join(parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SetCookie) and self.header() == other.header()

    def __hash__(self) -> int:
        return hash(self.header())

    def __repr__(self) -> str:
        return f"<SetCookie {self.name}>"


def http_date(seconds: float) -> str:
    """A moment as HTTP writes it (RFC 9110 section 5.6.7)."""
    from email.utils import formatdate

    return formatdate(seconds, usegmt=True)
