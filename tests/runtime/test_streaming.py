"""Streamed responses: pieces to wire chunks, the HTTP prelude, and failures before and after the first byte."""

from __future__ import annotations

import base64
import json
from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import MarshalFault
from lambdakit.runtime.streaming import StreamingResponse, wire_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def describe(error: BaseException) -> tuple[str, bytes]:
    return type(error).__name__, json.dumps({"errorMessage": str(error)}).encode()


def wired(pieces: Iterable[object], prelude: bytes = b"") -> list[bytes]:
    return list(wire_chunks(pieces, prelude, describe))  # type: ignore[arg-type]


def unchunked(octets: bytes) -> tuple[bytes, dict[str, str]]:
    """The body and the trailers of a chunked body, read strictly."""
    body = b""
    while True:
        size, octets = octets.split(b"\r\n", 1)
        count = int(size, 16)
        if not count:
            break
        body, rest = body + octets[:count], octets[count:]
        assert rest[:2] == b"\r\n"
        octets = rest[2:]
    *lines, empty, end = octets.split(b"\r\n")
    assert (empty, end) == (b"", b"")
    return body, dict(line.decode().split(": ", 1) for line in lines)


@given(st.lists(st.binary() | st.text(st.characters(exclude_categories=["Cs"]))), st.binary(max_size=20))
def test_whatever_is_yielded_arrives_in_order(pieces, prelude) -> None:
    body, trailers = unchunked(b"".join(wired(pieces, prelude)))
    assert body == prelude + b"".join(p.encode() if isinstance(p, str) else p for p in pieces)
    assert trailers == {}


def test_each_piece_is_one_chunk_and_empty_ones_are_left_out() -> None:
    assert wired([b"ab", b"", "é", ""]) == [b"2\r\nab\r\n", b"2\r\n\xc3\xa9\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize(
    ("piece", "octets"),
    [
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"abc")[1:], b"bc"),
        (memoryview(b"abcdef")[::2], b"ace"),
        (memoryview(array("H", [1, 2])), array("H", [1, 2]).tobytes()),
        ("\ud800", b"\xed\xa0\x80"),
    ],
)
def test_every_kind_of_piece(piece, octets) -> None:
    assert unchunked(b"".join(wired([piece])))[0] == octets


@pytest.mark.parametrize("piece", [1, None, ["a"], {"a": 1}])
def test_other_pieces_are_refused(piece) -> None:
    with pytest.raises(MarshalFault, match=f"must be bytes or str, not {type(piece).__name__}"):
        wired([piece])


class Pieces:
    """Pieces that fail at their end, and remember that they were closed."""

    def __init__(self, *pieces: bytes, error: BaseException | None = None) -> None:
        self.pieces, self.error, self.closed = iter(pieces), error, 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed += 1


def test_a_failure_before_the_first_byte_is_raised() -> None:
    pieces = Pieces(b"", error=LookupError("early"))
    with pytest.raises(LookupError, match="early"):
        wired(pieces)
    assert pieces.closed == 1


@pytest.mark.parametrize("prelude", [b"", b"{}"])
def test_a_failure_in_mid_stream_ends_the_body_with_trailers(prelude) -> None:
    pieces = Pieces(b"" if prelude else b"ab", error=LookupError("late"))
    body, trailers = unchunked(b"".join(wired(pieces, prelude)))
    assert body == prelude or body == b"ab"
    assert trailers["Lambda-Runtime-Function-Error-Type"] == "LookupError"
    error = base64.b64decode(trailers["Lambda-Runtime-Function-Error-Body"], validate=True)
    assert json.loads(error) == {"errorMessage": "late"}
    assert pieces.closed == 1


def test_an_error_too_large_for_a_trailer_is_named_only() -> None:
    _, trailers = unchunked(b"".join(wired(Pieces(b"a", error=LookupError("x" * 300_000)))))
    said = json.loads(base64.b64decode(trailers["Lambda-Runtime-Function-Error-Body"]))
    assert said == {"errorMessage": "the error is too large for a trailer", "errorType": "LookupError"}


def test_an_exit_in_mid_stream_is_a_failure_like_others() -> None:
    _, trailers = unchunked(b"".join(wired(Pieces(b"a", error=SystemExit(3)))))
    assert trailers["Lambda-Runtime-Function-Error-Type"] == "SystemExit"


def test_an_interrupt_in_mid_stream_is_reported_and_goes_on() -> None:
    chunks = wire_chunks(Pieces(b"a", error=KeyboardInterrupt()), b"", describe)
    assert next(chunks) == b"1\r\na\r\n"
    assert b"KeyboardInterrupt" in next(chunks)
    with pytest.raises(KeyboardInterrupt):
        next(chunks)


def test_a_stream_that_nobody_reads_on_is_closed() -> None:
    pieces = Pieces(b"a", b"b")
    chunks = wire_chunks(pieces, b"", describe)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert pieces.closed == 1


def test_the_prelude() -> None:
    response = StreamingResponse(201, {"content-type": "text/plain"}, ["a=b; Secure", "c=d"], body=b"x")
    head, _, rest = response.prelude().partition(bytes(8))
    assert rest == b""
    assert json.loads(head) == {
        "statusCode": 201,
        "headers": {"content-type": "text/plain"},
        "cookies": ["a=b; Secure", "c=d"],
    }
    assert StreamingResponse().prelude() == b'{"statusCode": 200, "headers": {}}' + bytes(8)


@pytest.mark.parametrize("body", [b"whole", bytearray(b"whole"), memoryview(b"whole"), "whole"])
def test_a_single_piece_is_a_body(body) -> None:
    assert unchunked(b"".join(wired(StreamingResponse(body=body).pieces())))[0] == b"whole"  # type: ignore[arg-type]


def test_an_iterable_is_a_body_as_it_is() -> None:
    body = iter([b"a"])
    assert StreamingResponse(body=body).pieces() is body


@pytest.mark.parametrize("status", [0, 99, 600, -200])
def test_a_status_that_is_none_is_refused(status) -> None:
    with pytest.raises(ValueError, match=f"status must be a whole number from 100 to 599, not {status}"):
        StreamingResponse(status)


def test_repr() -> None:
    assert repr(StreamingResponse(404, {"a": "b"})) == "StreamingResponse(status=404, headers={'a': 'b'})"
