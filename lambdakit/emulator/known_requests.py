"""Requests that need no parser, because one just like them has been parsed before.

A runtime sends the same two requests for ever: `next`, byte for byte, and a response whose head differs in two ids and
a length. What the parser made of the first of each is kept here; a request is known only if it is the same but for
those values and is whole in one piece. Everything else, however slightly different, goes to the parser, so that this
module decides nothing that the parser would decide otherwise.

A client that has been told so (`event.NEXT_AHEAD`) sends its next `next` in one piece with its response. Neither waits
for the other then: one wake-up of each side less, which is a good part of a short invocation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lambdakit.emulator import limits

if TYPE_CHECKING:
    from lambdakit.emulator.protocol import Request
    from lambdakit.emulator.routes import Route

END_OF_HEAD = b"\r\n\r\n"

# Header lines whose values are free in a known head; each may stand there once.
_FREE: dict[bytes, bytes] = {
    b"lambda-runtime-invocation-id": rb"(?P<attempt>[0-9a-f-]{36})",
    b"content-length": rb"(?P<length>0|[1-9][0-9]{0,7})",
}
# A client whose heads differ every time is not worth more.
_MOST_LESSONS = 8
_ID = rb"(?P<id>[0-9a-f-]{36})"
# With one of these a request is more than a head and a body.
_NEVER = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"trailer", b"lambda-runtime-function-response-mode"})


class KnownResponse(NamedTuple):
    """A response whose body is whole: what the parser would have found."""

    route: Route
    headers: dict[bytes, bytes]
    request_id: str
    body: bytes
    # Whether a known `next` came with it.
    next_follows: bool


class KnownRequests:
    """The requests one connection has seen parsed."""

    def __init__(self) -> None:
        # The bytes of the last `next`.
        self.next: bytes | None = None
        self._pattern: re.Pattern[bytes] | None = None
        self._route: Route | None = None
        self._headers: dict[bytes, bytes] = {}
        self._lessons = 0

    def learn(self, data: bytes, requests: list[Request]) -> None:
        """Remember a request, or a response with a `next` behind it, that was parsed from exactly `data`."""
        if len(requests) == 1:
            self._learn(data, requests[0])
        elif len(requests) == 2:
            end = data.find(END_OF_HEAD) + len(END_OF_HEAD) + len(requests[0].body)
            self._learn(data[:end], requests[0])
            self._learn(data[end:], requests[1])

    def _learn(self, data: bytes, request: Request) -> None:
        route = request.route
        if route is None or request.rejection is not None or not request.keep_alive or request.trailers:
            return
        if _NEVER & request.headers.keys():
            return
        if route.endpoint == "next" and data.endswith(END_OF_HEAD) and data.count(END_OF_HEAD) == 1:
            self.next = data
        elif route.endpoint == "respond" and request.on_chunk is None:
            self._learn_response(data, request)

    def response(self, data: bytes) -> KnownResponse | None:
        """What `data` is, if it is one whole response with a known head."""
        match = None if self._pattern is None else self._pattern.match(data)
        if match is None or self._route is None:
            return None
        length = int(match["length"])
        start = match.end()
        end = start + length
        if length > limits.PAYLOAD_BYTES or (len(data) != end and data[end:] != self.next):
            return None
        headers = self._headers
        if b"lambda-runtime-invocation-id" in headers:
            headers = {**headers, b"lambda-runtime-invocation-id": match["attempt"]}
        return KnownResponse(self._route, headers, match["id"].decode(), data[start:end], len(data) != end)

    def _learn_response(self, data: bytes, request: Request) -> None:
        if self._lessons >= _MOST_LESSONS:
            return
        self._lessons += 1
        head = data[: data.index(END_OF_HEAD)]
        first, *lines = head.split(b"\r\n")
        quoted_id = request.request_id.encode()
        if not re.fullmatch(_ID, quoted_id) or first.count(quoted_id) != 1:
            return
        patterns = [re.escape(first).replace(re.escape(quoted_id), _ID)]
        free: set[bytes] = set()
        for line in lines:
            pattern, name = _line_pattern(line)
            if name in free:
                return
            if name is not None:
                free.add(name)
            patterns.append(pattern)
        if b"content-length" not in free:
            return
        self._pattern = re.compile(rb"\r\n".join(patterns) + rb"\r\n\r\n")
        self._route = request.route
        self._headers = request.headers


def _line_pattern(line: bytes) -> tuple[bytes, bytes | None]:
    """The pattern of a header line, and its name if its value is free."""
    name, _, value = line.partition(b":")
    lower = name.lower()
    free = _FREE.get(lower)
    if free is None or not re.fullmatch(free, value.strip()):
        return re.escape(line), None
    before = line[: len(line) - len(value.lstrip())]
    return re.escape(before) + free + re.escape(value[len(value.rstrip()) :]), lower
