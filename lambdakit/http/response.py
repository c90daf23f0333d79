"""Responses, and what becomes a response of what handlers return.

    returned                                  answered
    dict, list, dataclass, model, number      200, JSON (models are pydantic's, msgspec's, TypedDicts, NamedTuples)
    str, bytes                                200, plain text, octets
    None                                      204
    (201, body), (201, body, headers)         that status with any of the above
    Response and its kinds                    itself
    StreamingResponse, generators             streamed, where the front door can

A body is text (`str`), octets (`bytes`), or an iterable or async iterable of both, which is a stream. How an answer
looks in the dialect of a service is `front_doors`' work.
"""

from __future__ import annotations

from lambdakit.codec import encode
from lambdakit.exceptions import MarshalFault, ResponseError
from lambdakit.http.multi_maps import MutableHeaders
from lambdakit.http.payload_text import payload_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Sequence
    from typing import Any, TypeAlias

    from lambdakit.http.cookies import SetCookie
    from lambdakit.http.front_doors import FrontDoor
    from lambdakit.http.multi_maps import HeadersLike

    Piece: TypeAlias = bytes | bytearray | memoryview | str
    Body: TypeAlias = str | bytes | Iterable[Piece] | AsyncIterable[Piece]

__all__ = (
    "HTMLResponse",
    "JSONResponse",
    "RedirectResponse",
    "Response",
    "TextResponse",
    "own_response_of",
    "response_of",
)

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
OCTETS = "application/octet-stream"

# `type`, but Any to type checkers.
_type: Any = type


class Response:
    """An answer: `status`, `headers` (MutableHeaders), `cookies` (SetCookie, or whole `Set-Cookie` values) and `body`.

    `content_type` is set unless `headers` have one. `exception` is what was raised where the answer was made of an
    exception, else None.

    >>> Response("moo", 418, {"x-cow": "1"}, content_type="text/x-cow").headers.pairs
    [('x-cow', '1'), ('content-type', 'text/x-cow')]
    """

    __slots__ = ("body", "cookies", "exception", "headers", "status")

    body: Body
    exception: BaseException | None

    def __init__(
        self,
        body: Body = "",
        status: int = 200,
        headers: HeadersLike = (),
        *,
        content_type: str | None = None,
        cookies: Sequence[SetCookie | str] = (),
    ) -> None:
        if not 100 <= status <= 599:
            raise ValueError(f"status must be a whole number from 100 to 599, not {status!r}")
        self.body = body
        self.status = status
        self.headers = MutableHeaders(headers)
        self.cookies: list[SetCookie | str] = list(cookies)
        self.exception = None
        if content_type is not None and (not headers or "content-type" not in self.headers):
            self.headers.pairs.append(("content-type", content_type))

    @property
    def is_streamed(self) -> bool:
        """Whether the body is an iterable, sent while it is made."""
        return not isinstance(self.body, (str, bytes, bytearray, memoryview))

    def copy(self) -> Response:
        """The same answer, to be changed without changing this one, which a module may keep for every request."""
        twin: Response = object.__new__(type(self))
        if hasattr(self, "__dict__"):  # a class of the user's
            vars(twin).update(vars(self))
        twin.body, twin.status, twin.exception = self.body, self.status, self.exception
        twin.headers = MutableHeaders(self.headers)
        twin.cookies = list(self.cookies)
        return twin

    def set_cookie(self, cookie: SetCookie | str) -> None:
        """Add a cookie."""
        self.cookies.append(cookie)

    def answer(self, door: FrontDoor) -> dict[str, Any]:
        """The answer in the form of a front door; the body must not be a stream.

        Raises ResponseTooLargeError, and ResponseError for a header that would end before its end.
        """
        body: Any = self.body
        if _type(body) is not str:
            headers = self.headers
            body = payload_of(bytes(body), headers.get("content-type"), headers.get("content-encoding"))
        pairs = self.headers.pairs
        for name, value in pairs:
            if _type(value) is not str or "\n" in value or "\r" in value or "\n" in name or "\r" in name:
                pairs = _checked(pairs)
                break
        return door.answer(self.status, pairs, self.cookie_values() if self.cookies else (), body)

    def kept(self) -> list[Any]:
        """What this response is made of, as JSON and octets, for whoever gives it again. Raises TypeError."""
        if self.is_streamed:
            raise TypeError("a stream cannot be given again")
        return [self.status, self.headers.pairs, self.cookie_values(), self.body]

    @classmethod
    def of_kept(cls, kept: list[Any]) -> Response:
        """The response again."""
        status, pairs, cookies, body = kept
        return Response(body, status, [(name, value) for name, value in pairs], cookies=cookies)

    def cookie_values(self) -> list[str]:
        """The cookies as whole `Set-Cookie` values."""
        return [_cookie_value(cookie) for cookie in self.cookies]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}>"


class JSONResponse(Response):
    """A value as JSON: whatever a handler may return as such, with a status and headers.

    >>> JSONResponse({"id": 7}, 201).body
    '{"id": 7}'
    """

    __slots__ = ()

    def __init__(
        self,
        value: object,
        status: int = 200,
        headers: HeadersLike = (),
        *,
        content_type: str = JSON,
        cookies: Sequence[SetCookie | str] = (),
    ) -> None:
        super().__init__(json_text(value), status, headers, content_type=content_type, cookies=cookies)


class TextResponse(Response):
    """Plain text."""

    __slots__ = ()

    def __init__(
        self, text: str, status: int = 200, headers: HeadersLike = (), *, cookies: Sequence[SetCookie | str] = ()
    ) -> None:
        super().__init__(text, status, headers, content_type=TEXT, cookies=cookies)


class HTMLResponse(Response):
    """A page."""

    __slots__ = ()

    def __init__(
        self, html: str, status: int = 200, headers: HeadersLike = (), *, cookies: Sequence[SetCookie | str] = ()
    ) -> None:
        super().__init__(html, status, headers, content_type=HTML, cookies=cookies)


class RedirectResponse(Response):
    """Send the client elsewhere: 307 keeps method and body, 303 asks for a GET, 308 and 301 are for good.

    What a URL cannot hold is percent-encoded.
    """

    __slots__ = ()

    def __init__(
        self, location: str, status: int = 307, headers: HeadersLike = (), *, cookies: Sequence[SetCookie | str] = ()
    ) -> None:
        from urllib.parse import quote

        super().__init__("", status, headers, cookies=cookies)
        self.headers["location"] = quote(location, safe="%/:=&?~#+!$,;'@()*[]")


def json_text(value: object) -> str:
    """The JSON text of a value; models are dumped by their own classes. Raises MarshalFault."""
    try:
        return encode(value).decode()
    except MarshalFault:
        from lambdakit.http.conversion import plain_value

        return encode(plain_value(value)).decode()


def _checked(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """The headers as text. Raises ResponseError for one that would end before its end."""
    for name, value in pairs:
        if any(mark in f"{name}{value}" for mark in "\r\n"):
            raise ResponseError(f"the header {name!r} has a line break; percent-encode what comes from outside")
    return [(str(name), str(value)) for name, value in pairs]


def _cookie_value(cookie: SetCookie | str) -> str:
    value = cookie if isinstance(cookie, str) else cookie.header()
    if "\n" in value or "\r" in value:
        _checked([("set-cookie", value)])
    return value


# What handlers return: type -> how it becomes a response.


def _as_it_is(value: Any) -> Response:
    response: Response = value
    return response


def _of_json(value: Any) -> Response:
    return Response(json_text(value), content_type=JSON)


def _of_text(value: Any) -> Response:
    return Response(value, content_type=TEXT)


def _of_octets(value: Any) -> Response:
    return Response(bytes(value), content_type=OCTETS)


def _of_none(_value: Any) -> Response:
    return Response("", 204)


def _of_tuple(value: Any) -> Response:
    """(status, body) or (status, body, headers); any other tuple is an array."""
    if not (2 <= len(value) <= 3 and _type(value[0]) is int and 100 <= value[0] <= 599):
        return _of_json(value)
    response = own_response_of(value[1])
    response.status = value[0]
    for name, text in MutableHeaders(value[2] if len(value) == 3 else ()).pairs:
        response.headers[name] = text
    return response


CONVERSIONS: dict[Any, Callable[[Any], Response]] = {
    dict: _of_json,
    list: _of_json,
    str: _of_text,
    bytes: _of_octets,
    bytearray: _of_octets,
    memoryview: _of_octets,
    type(None): _of_none,
    tuple: _of_tuple,
    int: _of_json,
    float: _of_json,
    bool: _of_json,
    Response: _as_it_is,
}


def response_of(value: Any) -> Response:
    """The response that a handler's result stands for. Raises MarshalFault for what has no JSON form."""
    convert = CONVERSIONS.get(_type(value))
    if convert is not None:
        return convert(value)
    if isinstance(value, Response):
        return value
    from lambdakit.http.conversion import unusual_response

    return unusual_response(value)


def own_response_of(value: Any) -> Response:
    """`response_of`, and of a Response a copy: middleware changes what it is given."""
    response = response_of(value)
    return response.copy() if response is value else response
