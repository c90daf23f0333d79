"""A setting that is an absolute URL: text that was checked, with its parts at hand."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ("URL",)


class URL(str):
    """An absolute URL: a `str` for every library that takes one. Raises ValueError for other text.

    >>> URL("https://api.example.com:8443/v1").parts.port
    8443
    """

    __slots__ = ()

    def __new__(cls, text: str) -> URL:
        """The URL of a text with a scheme and a host."""
        url = super().__new__(cls, text.strip())
        parts = url.parts
        if not parts.scheme or not parts.hostname or any(character.isspace() for character in url):
            raise ValueError("not an absolute URL")
        _ = parts.port  # ValueError for one that is no number
        return url

    @property
    def parts(self) -> SplitResult:
        """Its parts, as `urllib.parse.urlsplit` gives them."""
        from urllib.parse import urlsplit

        return urlsplit(str(self))
