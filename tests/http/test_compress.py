"""Compression: which answers, in which coding, and that what comes out is what went in."""

from __future__ import annotations

import asyncio
import gzip
import sys
import zlib
from typing import TYPE_CHECKING, Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import MissingExtraError, UsageError
from lambdakit.http import Response, compression
from lambdakit.http.compress import CODINGS, MINIMUM
from tests.http.requests_made import request_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

UNPACK: dict[str, Any] = {
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}
TEXT = "grüße " * 500


def answered(response: Response, accept: str = "gzip", **options: Any) -> Response:
    made = compression(**options)(request_of(accept_encoding=accept), None, lambda *_: response)
    assert isinstance(made, Response)
    return made


def plain(response: Response) -> bytes:
    """The body that a client sees."""
    body: Any = response.body
    octets = body.encode() if isinstance(body, str) else bytes(body)
    coding = response.headers.get("content-encoding")
    return octets if coding is None else UNPACK[coding](octets)  # type: ignore[no-any-return]


def text(
    body: Any = TEXT, status: int = 200, content_type: str = "text/plain; charset=utf-8", **headers: str
) -> Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, given, content_type=content_type)


@pytest.mark.parametrize("coding", list(CODINGS))
@pytest.mark.parametrize("body", [TEXT, TEXT.encode()])
def test_a_body_is_compressed_as_the_client_likes_it(coding: str, body: Any):
    response = answered(text(body), coding)
    assert response.headers["content-encoding"] == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert len(bytes(response.body)) < 200  # type: ignore[arg-type]
    assert plain(response) == TEXT.encode()


def test_the_best_coding_is_chosen_by_weight_and_then_by_ours():
    assert answered(text(), "gzip, deflate, br, zstd").headers["content-encoding"] == "br"
    assert answered(text(), "gzip, deflate, br;q=0.9, zstd").headers["content-encoding"] == "zstd"
    assert answered(text(), "gzip;q=0.5, deflate;q=0.6").headers["content-encoding"] == "deflate"
    assert answered(text(), "gzip, br", codings=["gzip"]).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("accept", ["", "identity", "gzip;q=0", "compress"])
def test_without_a_coding_in_common_the_body_stays_but_varies(accept: str):
    response = answered(text(), accept)
    assert response.body == TEXT
    assert response.headers.pairs == [
        ("content-type", "text/plain; charset=utf-8"),
        ("vary", "Accept-Encoding"),
    ]


@pytest.mark.parametrize(
    "response",
    [
        text("x" * (MINIMUM - 1)),
        text(content_type="image/png"),
        text(content_type="application/octet-stream"),
        Response(TEXT),
        text(content_encoding="gzip"),
        text(content_encoding="identity"),
        text(cache_control="public, No-Transform"),
        text(status=206),
        text(status=304),
        text(content_range="bytes 0-9/10"),
    ],
)
def test_what_is_not_to_be_compressed_stays(response: Response):
    pairs, body = list(response.headers.pairs), response.body
    answered(response)
    assert response.headers.pairs == pairs
    assert response.body is body


@pytest.mark.parametrize("kind", ["application/json", "application/problem+json", "image/svg+xml", "TEXT/HTML"])
def test_types_that_shrink(kind: str):
    assert answered(text(content_type=kind)).headers["content-encoding"] == "gzip"


def test_types_and_minimum_can_be_chosen():
    assert answered(text(content_type="model/x"), types=["model/X"], codings=["gzip"]).headers["content-encoding"]
    assert answered(text(content_type="model/x"), types=["model/X"]).headers["content-encoding"]
    assert answered(text("a" * 50), minimum=50).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in answered(text("a" * 49), minimum=50).headers


def test_never_twice():
    once = answered(text())
    body = once.body
    assert answered(once).body is body


def test_what_does_not_get_smaller_stays():
    import random

    body = random.Random(7).randbytes(2000)
    response = answered(text(body))
    assert response.body is body
    assert "content-encoding" not in response.headers


def test_headers_of_the_plain_body_are_taken_back():
    response = answered(text(etag='"abc"', Content_Length="3000", Accept_Ranges="bytes"))
    assert response.headers["etag"] == 'W/"abc"'
    assert not {"content-length", "accept-ranges"} & set(response.headers)
    assert answered(text(etag='W/"abc"')).headers["etag"] == 'W/"abc"'
    assert answered(text(etag='"abc"'), "").headers["etag"] == '"abc"'


def test_async_routes_get_the_same():
    async def call_next(*_: Any) -> Response:
        return text()

    response = asyncio.run(compression().call_async(request_of(accept_encoding="br"), None, call_next))
    assert plain(response) == TEXT.encode()


@pytest.mark.parametrize("coding", list(CODINGS))
def test_each_piece_of_a_stream_can_be_read_at_once(coding: str):
    closed: list[str] = []

    def pieces() -> Iterator[Any]:
        try:
            yield "first "
            yield b""
            yield memoryview(b"second ")
            yield "dritte größe"
        finally:
            closed.append("closed")

    response = answered(text(pieces()), coding)
    assert response.headers["content-encoding"] == coding
    reader, seen = _reader(coding), []
    body: Any = response.body
    for piece in body:
        seen.append(reader(piece))
    assert b"".join(seen) == "first second dritte größe".encode()
    assert seen[:2] == [b"first ", b"second "]
    assert closed == ["closed"]


@pytest.mark.parametrize("coding", list(CODINGS))
def test_an_async_stream_too(coding: str):
    closed: list[str] = []

    async def pieces() -> AsyncIterator[str]:
        try:
            yield "first "
            yield ""
            yield "second"
        finally:
            closed.append("closed")

    async def read() -> list[bytes]:
        body: Any = answered(text(pieces()), coding).body
        return [reader(piece) async for piece in body]

    reader = _reader(coding)
    seen = asyncio.run(read())
    assert seen[:2] == [b"first ", b"second"]
    assert closed == ["closed"]


def test_a_stream_that_is_left_closes_its_source():
    closed: list[str] = []

    def pieces() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            closed.append("closed")

    body: Any = answered(text(pieces())).body
    next(body)
    body.close()
    assert closed == ["closed"]


def _reader(coding: str) -> Any:
    if coding == "br":
        return brotli.Decompressor().process
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress
    return zlib.decompressobj(31 if coding == "gzip" else 15).decompress


@given(st.binary(max_size=4000), st.sampled_from(list(CODINGS)))
def test_any_body_comes_out_as_it_went_in(body: bytes, coding: str):
    assert plain(answered(text(body), coding, minimum=0)) == body


@given(st.lists(st.binary(max_size=300), max_size=8), st.sampled_from(list(CODINGS)))
def test_any_stream_comes_out_as_it_went_in(pieces: list[bytes], coding: str):
    body: Any = answered(text(iter(pieces)), coding).body
    assert UNPACK[coding](b"".join(body)) == b"".join(pieces)


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch):
    for package in ("brotli", "zstandard"):
        monkeypatch.setitem(sys.modules, package, None)  # type: ignore[arg-type]
    assert answered(text(), "br, zstd, gzip;q=0.1").headers["content-encoding"] == "gzip"
    with pytest.raises(MissingExtraError, match=r'pip install "lambdakit\[compression\]"'):
        compression(codings=["br"])
    with pytest.raises(UsageError, match="no content coding 'lzma'"):
        compression(codings=["lzma"])  # type: ignore[list-item]
