"""Answers compressed as the client likes them, as middleware of an HttpApp.

    app = HttpApp(middleware=[compression()])

Brotli and Zstandard are offered where their packages are installed (extra `compression`), gzip and deflate always. What
is small, compressed already, partial, of a type that does not shrink, or marked no-transform stays as it is. A stream
is compressed piece by piece: each reaches the client as soon as it is yielded.

Sources: RFC 9110 sections 8.4, 8.8.1 and 12.5.3. A REST API decodes a compressed answer's base64 only for the content
types among its binary media types. Not here: compression by CloudFront or API Gateway, which need none of it.
"""

from __future__ import annotations

import zlib
from importlib import import_module

from lambdakit.exceptions import MissingExtraError, UsageError
from lambdakit.http.negotiation import best_coding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
    from typing import Any, Literal, TypeAlias

    from lambdakit.handlers import Call
    from lambdakit.http.request import Request
    from lambdakit.http.response import Response

    Coding: TypeAlias = Literal["br", "zstd", "gzip", "deflate"]

__all__ = ("Compression", "compression")

MINIMUM = 860  # bytes; less fits into one packet anyway
# Media types that shrink, beside text/* and those that end like these.
TYPES = (
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/rtf",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/xml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/svg+xml",
    "image/x-icon",
)
SUFFIXES = ("+json", "+xml", "+text")
# Statuses whose answers have no body, or a part of one.
_UNTOUCHED = frozenset({204, 205, 206, 304})


class _Squeezer:
    """Compresses a body in pieces: `add` gives what of it can be sent now, `end` the rest."""

    def add(self, data: bytes) -> bytes:
        raise NotImplementedError

    def end(self) -> bytes:
        raise NotImplementedError


class _Zlib(_Squeezer):
    def __init__(self, window: int) -> None:
        self._work = zlib.compressobj(6, zlib.DEFLATED, window)

    def add(self, data: bytes) -> bytes:
        return self._work.compress(data) + self._work.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._work.flush()


class _Brotli(_Squeezer):
    def __init__(self) -> None:
        self._work: Any = import_module("brotli").Compressor(quality=4)

    def add(self, data: bytes) -> bytes:
        sent: bytes = self._work.process(data) + self._work.flush()
        return sent

    def end(self) -> bytes:
        rest: bytes = self._work.finish()
        return rest


class _Zstandard(_Squeezer):
    def __init__(self) -> None:
        module: Any = import_module("zstandard")
        self._work: Any = module.ZstdCompressor(level=3).compressobj()
        self._flush_block = module.COMPRESSOBJ_FLUSH_BLOCK

    def add(self, data: bytes) -> bytes:
        sent: bytes = self._work.compress(data) + self._work.flush(self._flush_block)
        return sent

    def end(self) -> bytes:
        rest: bytes = self._work.flush()
        return rest


def _whole_zlib(window: int) -> Callable[[bytes], bytes]:
    def squeeze(data: bytes) -> bytes:
        work = zlib.compressobj(6, zlib.DEFLATED, window)
        return work.compress(data) + work.flush()

    return squeeze


def _whole_brotli(data: bytes) -> bytes:
    squeezed: bytes = import_module("brotli").compress(data, quality=4)
    return squeezed


def _whole_zstandard(data: bytes) -> bytes:
    squeezed: bytes = import_module("zstandard").ZstdCompressor(level=3).compress(data)
    return squeezed


_GZIP_WINDOW, _DEFLATE_WINDOW = 31, 15
# Coding, best first -> its package if it needs one, how a whole body is compressed, and how a stream is.
CODINGS: dict[Coding, tuple[str | None, Callable[[bytes], bytes], Callable[[], _Squeezer]]] = {
    "br": ("brotli", _whole_brotli, _Brotli),
    "zstd": ("zstandard", _whole_zstandard, _Zstandard),
    "gzip": (None, _whole_zlib(_GZIP_WINDOW), lambda: _Zlib(_GZIP_WINDOW)),
    "deflate": (None, _whole_zlib(_DEFLATE_WINDOW), lambda: _Zlib(_DEFLATE_WINDOW)),
}


class Compression:
    """The middleware that `compression` makes."""

    def __init__(self, codings: Sequence[Coding], minimum: int, types: Sequence[str]) -> None:
        self._codings = tuple(codings)
        self._minimum = minimum
        self._types = frozenset(types)

    def __call__(self, request: Request, context: Any, call_next: Call) -> Response:
        """Run around sync routes."""
        return self._squeezed(request, call_next(request, context))

    async def call_async(self, request: Request, context: Any, call_next: Call) -> Response:
        """Run around async routes."""
        return self._squeezed(request, await call_next(request, context))

    def _squeezed(self, request: Request, response: Response) -> Response:
        if not self._is_fit(response):
            return response
        response.headers.vary("Accept-Encoding")
        coding: Any = best_coding(",".join(request.headers.all("accept-encoding")), self._codings)
        if coding is None:
            return response
        if response.is_streamed:
            response.body = _stream(response.body, CODINGS[coding][2]())
        else:
            octets = _octets(response.body)
            squeezed = CODINGS[coding][1](octets)
            if len(squeezed) >= len(octets):
                return response
            response.body = squeezed
        _mark(response, coding)
        return response

    def _is_fit(self, response: Response) -> bool:
        headers = response.headers
        if response.status < 200 or response.status in _UNTOUCHED or "content-encoding" in headers:
            return False
        if not response.is_streamed and len(response.body) < self._minimum:  # type: ignore[arg-type]
            return False
        if "no-transform" in headers.get("cache-control", "").lower() or "content-range" in headers:
            return False
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind.startswith("text/") or kind in self._types or kind.endswith(SUFFIXES)


def compression(
    *,
    codings: Sequence[Coding] | None = None,
    minimum: int = MINIMUM,
    types: Sequence[str] = TYPES,
) -> Compression:
    """Middleware that compresses answers of at least `minimum` bytes, and streams.

    `codings` are those offered, best first: by default br, zstd, gzip and deflate, as far as their packages are there.
    `types` are media types that shrink, beside text of every kind, JSON and XML. Raises MissingExtraError for a coding
    asked for whose package is not installed, and UsageError for one that does not exist.
    """
    if codings is None:
        codings = [coding for coding in CODINGS if _is_there(coding)]
    for coding in codings:
        if coding not in CODINGS:
            raise UsageError(f"there is no content coding {coding!r}; there are {', '.join(CODINGS)}")
        if not _is_there(coding):
            raise MissingExtraError(f"compression with {coding}", str(CODINGS[coding][0]), "compression")
    return Compression(codings, minimum, [kind.lower() for kind in types])


def _is_there(coding: Coding) -> bool:
    from importlib.util import find_spec

    package = CODINGS[coding][0]
    try:
        return package is None or find_spec(package) is not None
    except ValueError:  # set to None in sys.modules: taken out on purpose
        return False


def _mark(response: Response, coding: str) -> None:
    """The headers of the compressed body: it is another representation, of another length."""
    headers = response.headers
    headers["content-encoding"] = coding
    for name in ("content-length", "accept-ranges", "content-md5"):
        headers.pop(name, None)
    tag = headers.get("etag")
    if tag is not None and not tag.startswith("W/"):
        headers["etag"] = f"W/{tag}"


def _octets(body: Any) -> bytes:
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)


def _stream(body: Any, squeezer: _Squeezer) -> Iterator[bytes] | AsyncIterator[bytes]:
    return _async_pieces(body, squeezer) if hasattr(body, "__aiter__") else _pieces(body, squeezer)


def _pieces(body: Iterable[Any], squeezer: _Squeezer) -> Iterator[bytes]:
    try:
        for piece in body:
            data = _octets(piece)
            if data:
                yield squeezer.add(data)
        yield squeezer.end()
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


async def _async_pieces(body: AsyncIterable[Any], squeezer: _Squeezer) -> AsyncIterator[bytes]:
    try:
        async for piece in body:
            data = _octets(piece)
            if data:
                yield squeezer.add(data)
        yield squeezer.end()
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()
