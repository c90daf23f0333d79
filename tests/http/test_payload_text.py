"""What of a body goes as text, and what as base64."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.http.payload_text import payload_of


@pytest.mark.parametrize(
    ("content_type", "is_text"),
    [
        ("text/html; charset=utf-8", True),
        ("TEXT/Plain", True),
        ("application/json", True),
        ("application/problem+json; charset=utf-8", True),
        ("application/vnd.api+json", True),
        ("image/svg+xml", True),
        ("application/x-www-form-urlencoded", True),
        ("application/x-ndjson", True),
        (None, True),
        ("", True),
        ("image/png", False),
        ("application/octet-stream", False),
        ("application/pdf", False),
        ("font/woff2", False),
    ],
)
def test_the_content_type_decides(content_type: str | None, is_text: bool) -> None:
    assert payload_of(b"abc", content_type, None) == ("abc" if is_text else b"abc")
    assert payload_of(b"abc", content_type, "gzip") == b"abc"
    assert payload_of(b"abc", content_type, "Identity") == ("abc" if is_text else b"abc")
    assert payload_of(b"\xff\x00", content_type, None) == b"\xff\x00"


def test_types_can_be_added() -> None:
    assert payload_of(b"abc", "application/own; v=1", None, ("application/own",)) == "abc"


@given(st.binary(), st.sampled_from(["text/plain", "image/png", "text/plain; charset=latin-1", "application/x", None]))
def test_the_bytes_are_the_same(body: bytes, content_type: str | None) -> None:
    payload = payload_of(body, content_type, None)
    assert (payload.encode() if isinstance(payload, str) else payload) == body
