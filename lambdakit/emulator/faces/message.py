"""An HTTP request and response as the faces see them, whatever server carries them."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

__all__ = ("FaceRequest", "FaceResponse")

# Content types that services pass on as text; all else goes as base64.
_TEXT_TYPES = ("application/json", "application/xml", "application/javascript")


class FaceRequest(NamedTuple):
    """A request: path and query as they were sent, headers in their order and spelling, the body whole."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    time: float = 0.0
    request_id: str = ""

    def header(self, name: str, default: str = "") -> str:
        """The last value of a header, its name in any case."""
        found = self.header_values(name)
        return found[-1] if found else default

    def header_values(self, name: str) -> list[str]:
        """All values of a header, its name in any case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def decoded_path(self) -> str:
        """The path without percent-encoding."""
        return unquote(self.path)

    def query_pairs(self) -> list[tuple[str, str]]:
        """The parameters of the query, decoded by the form rule."""
        return parse_qsl(self.query, keep_blank_values=True)

    def raw_query_pairs(self) -> list[tuple[str, str]]:
        """The parameters of the query as they were sent."""
        pairs = (part.partition("=") for part in self.query.split("&") if part)
        return [(name, value) for name, _, value in pairs]

    @property
    def is_text(self) -> bool:
        """Whether services pass the body on as text: by its type, and only if it is not compressed."""
        if self.header("content-encoding"):
            return False
        kind = self.header("content-type").partition(";")[0].strip().lower()
        return not kind or kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml"))


class FaceResponse(NamedTuple):
    """A response: status, headers in their order, the body whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header_values(self, name: str) -> list[str]:
        """All values of a header, its name in any case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]
