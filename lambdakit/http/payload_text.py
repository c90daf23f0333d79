"""Whether a body goes into an answer's JSON as text or as base64.

Text is sent as text where it is valid UTF-8, for then the very same bytes reach the client; everything else is base64.
What is text is told by the content type, and where there is none, or one that says nothing, by the bytes. What is
compressed is never text. API Gateway's REST APIs send base64 on as it is unless they have a matching binary media type.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("TEXT_ENDINGS", "TEXT_TYPES", "payload_of")

# Beginnings of content types that are text, beside those that end as in TEXT_ENDINGS (RFC 6839 suffixes).
TEXT_TYPES = (
    "text/",
    "application/json",
    "application/javascript",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/ecmascript",
    "application/graphql",
    "application/jose",
    "application/jwt",
    "application/ld+json",
    "application/problem",
    "application/sql",
    "application/toml",
    "application/vnd.oai.openapi",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-sh",
    "application/x-yaml",
    "application/yaml",
)
TEXT_ENDINGS = ("+json", "+xml", "+yaml", "+text")


def payload_of(body: bytes, content_type: str | None, encoding: str | None, extra: Sequence[str] = ()) -> bytes | str:
    """The body, as text where it is text. `extra` are more beginnings of content types that are.

    >>> payload_of(b"{}", "application/json", None), payload_of(b"{}", "image/png", None)
    ('{}', b'{}')
    >>> payload_of(b"hi", None, None), payload_of(b"\\xff", "text/plain", None), payload_of(b"hi", "text/plain", "br")
    ('hi', b'\\xff', b'hi')
    """
    if not body:
        return ""
    if (encoding and encoding.lower() != "identity") or not (not content_type or _is_text(content_type, extra)):
        return body
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _is_text(content_type: str, extra: Sequence[str]) -> bool:
    if content_type.startswith(TEXT_TYPES):
        return True
    media = content_type.partition(";")[0].strip().lower()
    return media.startswith((*TEXT_TYPES, *extra)) or media.endswith(TEXT_ENDINGS)
