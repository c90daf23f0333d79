"""How the answer of an adapted application, ASGI or WSGI, goes to a front door: whole, or as a stream.

Here is what both adapters do alike: cookies are taken apart, excluded headers left out, text told from binary, a HEAD
answered without a body, and a failed application answered 500 with nothing of the failure in it.
"""

from __future__ import annotations

from lambdakit.exceptions import UsageError
from lambdakit.http.invoke_mode import can_stream, must_stream
from lambdakit.http.payload_text import payload_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Sequence
    from typing import Any, TypeAlias

    from lambdakit.http.front_doors import FrontDoor
    from lambdakit.http.invoke_mode import StreamMode

    Pairs: TypeAlias = list[tuple[str, str]]

__all__ = ("AppAnswers", "checked_base_path", "checked_mode")

_MODES = ("auto", "on", "off")
_FAILURE_HEADERS = [("content-type", "text/plain; charset=utf-8")]


class AppAnswers:
    """The options of one adapter that concern answers, and the writing of these."""

    def __init__(self, stream: StreamMode, text_types: Sequence[str], exclude_headers: Sequence[str]) -> None:
        self._stream: StreamMode = stream
        self._text_types = tuple(text_types)
        self._excluded = frozenset(name.lower() for name in exclude_headers)

    def can_stream(self, door: FrontDoor, method: str) -> bool:
        """Whether an answer may be sent while it is made; that to HEAD has nothing to send."""
        return method != "HEAD" and can_stream(door, self._stream)

    def must_stream(self, door: FrontDoor, headers: Pairs) -> bool:
        """Whether an answer that may is: where its length is unknown or more than a whole one may have."""
        return must_stream(dict(headers).get("content-length", ""), door.limit)

    def whole(self, door: FrontDoor, method: str, status: int, headers: Pairs, body: bytes) -> dict[str, Any]:
        """A whole answer; names of `headers` are in lower case. Raises ResponseTooLargeError."""
        known = dict(headers)
        cookies: Sequence[str] = ()
        if "set-cookie" in known or self._excluded:
            headers, cookies = self._apart(headers)
        if method == "HEAD":
            return door.answer(status, headers, cookies, "")
        text = payload_of(body, known.get("content-type"), known.get("content-encoding"), self._text_types)
        return door.answer(status, headers, cookies, text)

    def streamed(self, status: int, headers: Pairs, pieces: Iterable[bytes] | AsyncIterable[bytes]) -> Any:
        """An answer that goes out while its body is made. What has one value a name is joined by commas."""
        from lambdakit import StreamingResponse

        headers, cookies = self._apart(headers)
        joined: dict[str, str] = {}
        for name, value in headers:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return StreamingResponse(status, joined, cookies, pieces)

    def failure(self, door: FrontDoor, method: str) -> dict[str, Any]:
        """The answer of an application that failed."""
        return self.whole(door, method, 500, _FAILURE_HEADERS, b"Internal Server Error")

    def _apart(self, headers: Pairs) -> tuple[Pairs, list[str]]:
        """Headers without those that are excluded, and cookies."""
        headers = [pair for pair in headers if pair[0] not in self._excluded]
        cookies = [value for name, value in headers if name == "set-cookie"]
        return [pair for pair in headers if pair[0] != "set-cookie"], cookies


def checked_mode(option: str, mode: str) -> Any:
    """An option's value, which is one of three. Raises UsageError."""
    if mode not in _MODES:
        raise UsageError(f"{option} can be 'auto', 'on' or 'off', not {mode!r}")
    return mode


def checked_base_path(base_path: str) -> str:
    """A base path with one slash in front and none behind; empty for the root."""
    bare = base_path.strip("/")
    return f"/{bare}" if bare else ""
