"""The response of a Lambda@Edge event, and responses a function makes up itself.

Source: Amazon CloudFront developer guide, "Generate HTTP responses in request triggers" and "Update HTTP responses in
origin response triggers". In a response event the origin's body is never shown: `body` is None there and stays so
unless one is set. A status is a number here and text on the wire.
"""

from __future__ import annotations

from binascii import b2a_base64

from lambdakit.events.edge_headers import EdgeHeaders, set_cookie_text
from lambdakit.exceptions import MissingFieldError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from lambdakit.events.edge_headers import HeaderInit
    from lambdakit.events.edge_request import CloudFrontRequest

__all__ = ("CloudFrontResponse", "redirect")


def phrase_of(status: int) -> str | None:
    """The standard words of a status, or None for a number that has none."""
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return None


def in_place_of(original: dict[str, Any], made_up: dict[str, Any], kept: tuple[str, ...]) -> dict[str, Any]:
    """A made-up response in the origin's place: the headers no function may drop stay, the origin's body goes."""
    had: dict[str, Any] = original.get("headers") or {}
    headers = {name: had[name] for name in kept if name in had}
    return {"body": "", **made_up, "headers": {**headers, **made_up.get("headers", {})}}


class CloudFrontResponse:
    """A response: the origin's in response events, or one made up, which answers the viewer in its place.

    `body` may be text or bytes (sent as base64). None keeps the origin's body in the origin's response, an empty text
    removes it; a made-up response never keeps it.
    """

    __slots__ = ("_original", "_request", "_status", "body", "headers", "status_description")

    def __init__(
        self,
        status: int,
        body: str | bytes | None = None,
        *,
        headers: HeaderInit | None = None,
        status_description: str | None = None,
    ) -> None:
        self._original: dict[str, Any] = {}
        self._request: CloudFrontRequest | None = None
        self._status = status
        self.status_description = phrase_of(status) if status_description is None else status_description
        self.headers = EdgeHeaders.of(headers)
        self.body = body

    @classmethod
    def of(cls, wire: Mapping[str, Any], request: CloudFrontRequest | None = None) -> CloudFrontResponse:
        """The response of a response event."""
        response = cls(int(wire["status"]), status_description=wire.get("statusDescription", ""))
        response._original = dict(wire)
        response._request = request
        response.headers = EdgeHeaders(wire.get("headers"))
        return response

    @property
    def status(self) -> int:
        """The HTTP status. Setting it sets `status_description` to the standard words."""
        return self._status

    @status.setter
    def status(self, status: int) -> None:
        self._status = status
        self.status_description = phrase_of(status)

    @property
    def request(self) -> CloudFrontRequest:
        """The request this answers, to read. Raises MissingFieldError for a response that was made up."""
        if self._request is None:
            raise MissingFieldError("CloudFrontResponse", "request", "$.Records[0].cf.request")
        return self._request

    @property
    def original(self) -> dict[str, Any]:
        """The response as it came, in CloudFront's form; empty for one that was made up. Not to be changed."""
        return self._original

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        same_site: Literal["Strict", "Lax", "None"] | None = "Lax",
        secure: Literal["always", "never"] = "always",
        http_only: Literal["always", "never"] = "always",
    ) -> None:
        """Add a Set-Cookie header. `max_age` is in seconds; without it the cookie ends with the viewer's session.

        Raises ValueError for characters that cookies cannot hold.
        """
        attributes: dict[str, str | int | bool | None] = {
            "Max-Age": max_age,
            "Path": path,
            "Domain": domain,
            "SameSite": same_site,
            "Secure": secure == "always",
            "HttpOnly": http_only == "always",
        }
        self.headers.add("Set-Cookie", set_cookie_text(name, value, attributes))

    def delete_cookie(self, name: str, *, path: str | None = "/", domain: str | None = None) -> None:
        """Make the viewer forget a cookie that was set with this path and domain."""
        self.set_cookie(name, "", max_age=0, path=path, domain=domain)

    def to_wire(self) -> dict[str, Any]:
        """CloudFront's form. What was not changed is as it came."""
        wire: dict[str, Any] = {**self._original, "status": str(self._status)}
        if self.status_description or "statusDescription" in self._original:
            wire["statusDescription"] = self.status_description or ""
        if len(self.headers) or "headers" in self._original:
            wire["headers"] = self.headers.to_wire()
        if isinstance(self.body, bytes):
            wire.update(body=b2a_base64(self.body, newline=False).decode("ascii"), bodyEncoding="base64")
        elif self.body is not None:
            wire.update(body=self.body, bodyEncoding="text")
        return wire

    def __repr__(self) -> str:
        return f"CloudFrontResponse({self._status}, {self.headers!r})"


def redirect(
    location: str,
    *,
    status: Literal[301, 302, 303, 307, 308] = 302,
    headers: HeaderInit | None = None,
) -> CloudFrontResponse:
    """A response that sends the viewer to `location`; 302 unless told, 301 and 308 are remembered by browsers."""
    response = CloudFrontResponse(status, headers=headers)
    response.headers["Location"] = location
    return response
