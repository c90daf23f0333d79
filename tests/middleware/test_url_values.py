"""URLs as settings."""

from __future__ import annotations

import pytest

from lambdakit.middleware import URL


def test_a_url_is_text_with_parts() -> None:
    url = URL(" https://user@api.example.com:8443/v1?x=1 ")
    assert url == "https://user@api.example.com:8443/v1?x=1"
    assert (url.parts.hostname, url.parts.port, url.parts.path) == ("api.example.com", 8443, "/v1")


@pytest.mark.parametrize(
    "text", ["", "example.com", "/path", "https://", "https://a b", "http://h:port", "http://h:99999"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        URL(text)
