"""Responses that are sent while they are made.

A handler that is a generator or an async generator, or that returns one, streams: each piece it yields goes to the
caller at once, in constant memory. `StreamingResponse` adds the HTTP status, headers and cookies that a function URL
or API Gateway needs before the first byte. A failure in mid-stream ends the body with trailers that carry the error,
so that no caller takes half an answer for a whole one.

Wire form: AWS Lambda developer guide, "Response streaming for custom runtimes": chunked coding (RFC 9112 section
7.1), for HTTP preceded by a JSON prelude and eight NUL bytes. The service streams up to 200 MB.

This module makes wire chunks out of pieces; sending them is `lambdakit.runtime.http1`'s work.
"""

from __future__ import annotations

from lambdakit.exceptions import MarshalFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any, TypeAlias

    Piece: TypeAlias = bytes | bytearray | memoryview | str
    Body: TypeAlias = Iterable[Piece] | AsyncIterable[Piece] | Piece

__all__ = ("HTTP_TYPE", "OCTETS_TYPE", "StreamingResponse", "wire_chunks")

HTTP_TYPE = "application/vnd.awslambda.http-integration-response"
OCTETS_TYPE = "application/octet-stream"

_PIECES = (bytes, bytearray, memoryview, str)
_PRELUDE_END = bytes(8)
_LAST_CHUNK = b"0\r\n\r\n"
_LAST_CHUNK_WITH_ERROR = (
    b"0\r\nLambda-Runtime-Function-Error-Type: %b\r\nLambda-Runtime-Function-Error-Body: %b\r\n\r\n"
)
# The trailer is a header field to the server, and those have a limit.
_MAX_ERROR_BODY = 256 * 1024


class StreamingResponse:
    """An HTTP response whose body is sent while it is made.

    `status` is the HTTP status, `headers` maps names to values, `cookies` are whole `Set-Cookie` values, and `body`
    is an iterable or async iterable of bytes or text (sent as UTF-8), or one such piece. The head goes out at once;
    each piece of the body as soon as it is there.

    >>> StreamingResponse(200, {"content-type": "text/plain"}, body=["hello ", "world"]).status
    200
    """

    __slots__ = ("body", "cookies", "headers", "status")

    def __init__(
        self,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        cookies: Sequence[str] = (),
        body: Body = b"",
    ) -> None:
        if not 100 <= status <= 599:
            raise ValueError(f"status must be a whole number from 100 to 599, not {status!r}")
        self.status = status
        self.headers = dict(headers or {})
        self.cookies = list(cookies)
        self.body = body

    def prelude(self) -> bytes:
        """The head as the service expects it in front of the body: JSON, then eight NUL bytes."""
        from lambdakit.codec import encode

        head: dict[str, Any] = {"statusCode": self.status, "headers": self.headers}
        if self.cookies:
            head["cookies"] = self.cookies
        return encode(head) + _PRELUDE_END

    def pieces(self) -> Iterable[Piece] | AsyncIterable[Piece]:
        """The body as an iterable or async iterable, also when it is a single piece."""
        pieces: Iterable[Piece] | AsyncIterable[Piece] = _pieces(self.body)
        return pieces

    def __repr__(self) -> str:
        return f"StreamingResponse(status={self.status}, headers={self.headers!r})"


def wire_chunks(
    pieces: Iterable[Piece], prelude: bytes, describe_failure: Callable[[BaseException], tuple[str, bytes]]
) -> Iterator[bytes]:
    """The chunks to send for `prelude` (may be empty) and `pieces`, the last one with the trailers.

    An exception before the first chunk is raised: nothing has been sent, so an ordinary error can be posted. A later
    one ends the stream with the error type and the base64 error JSON that `describe_failure` made of it.
    """
    started = bool(prelude)
    try:
        if started:
            yield _chunk(prelude)
        for piece in pieces:
            data = _octets(piece)
            if data:  # an empty chunk would end the body
                started = True
                yield _chunk(data)
    except GeneratorExit:
        raise
    except BaseException as error:
        if not started:
            raise
        yield _error_chunk(*describe_failure(error))
        if isinstance(error, KeyboardInterrupt):
            raise
        return  # SystemExit too: `describe_failure` has seen it, and the answer must be read before the process ends
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    yield _LAST_CHUNK


def _pieces(body: Any) -> Any:
    return (body,) if isinstance(body, _PIECES) else body


def _chunk(data: bytes | bytearray | memoryview) -> bytes:
    return b"%x\r\n" % len(data) + data + b"\r\n"


def _octets(piece: Any) -> bytes | bytearray | memoryview:
    if isinstance(piece, (bytes, bytearray)):
        return piece
    if isinstance(piece, str):
        return piece.encode("utf-8", "surrogatepass")
    if isinstance(piece, memoryview):
        return piece.cast("B") if piece.contiguous else piece.tobytes()
    raise MarshalFault(
        "Runtime.MarshalError",
        f"Unable to marshal response: a streamed piece must be bytes or str, not {type(piece).__name__}",
    )


def _error_chunk(error_type: str, error: bytes) -> bytes:
    from binascii import b2a_base64

    if len(error) > _MAX_ERROR_BODY:
        error = b'{"errorMessage": "the error is too large for a trailer", "errorType": "%b"}' % error_type.encode()
    return _LAST_CHUNK_WITH_ERROR % (error_type.encode(), b2a_base64(error, newline=False))
