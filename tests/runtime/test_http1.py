"""HTTP/1.1: whatever a server sends is read right or refused clearly, in whatever pieces it comes; never a hang."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import RuntimeApiProtocolError, RuntimeApiUnreachable
from lambdakit.runtime import http1
from lambdakit.runtime.http1 import parse_address, parse_chunk_size, parse_head, parse_length
from tests.runtime.scripted import GET, ScriptedConnection, ScriptedSocket, read, wire

if TYPE_CHECKING:
    from collections.abc import Iterable

# Status, headers and body of an answer.
Answer: TypeAlias = tuple[int, dict[str, str], bytes]


def outcome_of(pieces: bytes | Iterable[bytes], end: Literal["close", "reset"] = "close") -> Exception | Answer:
    """What a client makes of an answer: its parts, or one of the two clear errors; anything else fails the test."""
    connection = ScriptedConnection(ScriptedSocket(pieces, end=end))
    try:
        response = connection.request(GET)
    except (RuntimeApiProtocolError, RuntimeApiUnreachable) as error:
        outcome: Exception = error
    else:
        return response.status, response.headers, bytes(response.body)
    assert "Runtime API" in str(outcome)
    assert connection._socket is None
    return outcome


# --- answers, right ones -----------------------------------------------------------------------------------------

_TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=12)
_NAMES = _TOKEN.map(lambda name: f"X-{name}")
_VALUES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x24F, exclude_characters="\x7f\x85\xa0"), max_size=20
)
_SPACE = st.sampled_from(["", " ", "\t", "  \t"])
_BODIES = st.binary(max_size=200) | st.integers(0, 3).map(lambda n: bytes(range(256)) * n * 40)


@st.composite
def _cased(draw: st.DrawFn, name: str) -> str:
    return draw(st.sampled_from([name, name.lower(), name.upper(), name.swapcase()]))


@st.composite
def _chunked(draw: st.DrawFn, body: bytes) -> bytes:
    parts, rest = [], body
    while rest:
        size = draw(st.integers(1, len(rest)))
        extension = draw(st.sampled_from([b"", b";a=b", b' ; name="quoted, value"', b"\t"]))
        digits = draw(st.sampled_from([b"%x", b"%X", b"000%x"])) % size
        parts.append(b"%b%b\r\n%b\r\n" % (digits, extension, rest[:size]))
        rest = rest[size:]
    trailers = draw(st.sampled_from([b"", b"X-Trailer: 1\r\n", b"A: b\r\nContent-Length: 7\r\n"]))
    return b"".join(parts) + draw(st.sampled_from([b"0", b"0000", b"0;last"])) + b"\r\n" + trailers + b"\r\n"


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, tuple[int, dict[str, str], bytes], bool]:
    """The bytes of a valid answer, what they say, and whether the connection must be open afterwards."""
    status = draw(st.integers(200, 599))
    version = draw(st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]))
    fields = dict.fromkeys(draw(st.lists(_NAMES, max_size=5, unique_by=str.lower)), "")
    fields = {name: draw(_VALUES).strip(" \t") for name in fields}
    body = b"" if status in (204, 304) else draw(_BODIES)
    framing = draw(st.sampled_from(["length", "chunked", "close"]))
    wired = body
    if framing == "length":
        fields[draw(_cased("Content-Length"))] = str(len(body))
    elif framing == "chunked":
        fields[draw(_cased("Transfer-Encoding"))] = draw(st.sampled_from(["chunked", "Chunked"]))
        wired = b"" if status in (204, 304) else draw(_chunked(body))
    connection = draw(st.sampled_from([None, "close", "keep-alive", "Keep-Alive", "Close"]))
    if connection is not None:
        fields[draw(_cased("Connection"))] = connection
    stays_open = version == "HTTP/1.1" if connection is None else connection.lower() == "keep-alive"
    stays_open = stays_open and (framing != "close" or status in (204, 304))
    reason = draw(st.sampled_from(["", " ", " OK", " Not so good"]))
    lines = [f"{version} {status}{reason}"]
    lines += [f"{name}:{draw(_SPACE)}{value}{draw(_SPACE)}" for name, value in fields.items()]
    interim = draw(
        st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 2])
    )
    said = (status, {name.lower(): value for name, value in fields.items()}, body)
    return interim + "\r\n".join(lines).encode() + b"\r\n\r\n" + wired, said, stays_open


@st.composite
def _split(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.sets(st.integers(0, len(data)), max_size=12)))
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(answers(), st.data())
def test_any_valid_answer_is_read_however_it_is_split(answer, data) -> None:
    octets, said, stays_open = answer
    sock = ScriptedSocket(data.draw(_split(octets)))
    connection = ScriptedConnection(sock)
    response = connection.request(GET)
    assert (response.status, response.headers, bytes(response.body)) == said
    assert sock.closed is not stays_open


@given(answers())
def test_an_answer_that_comes_byte_by_byte_is_read(answer) -> None:
    octets, said, _ = answer
    assert read([octets[i : i + 1] for i in range(len(octets))]) == said


@given(answers(), st.integers(0), st.sampled_from(["close", "reset"]))
def test_a_truncated_answer_is_refused_or_was_whole(answer, position, end) -> None:
    octets, said, _ = answer
    outcome = outcome_of(octets[: position % len(octets)], end)
    if isinstance(outcome, Exception):
        assert isinstance(outcome, RuntimeApiUnreachable)
        return
    status, headers, body = outcome
    # Only a body that the close ends can lose its tail unnoticed, or one that nobody needs behind a 202.
    assert (status, headers) == said[:2]
    assert said[2].startswith(body)
    assert body == said[2] or status == 202 or not {"content-length", "transfer-encoding"} & {*headers}


def _truncations() -> dict[str, bytes]:
    return {
        "length": b"HTTP/1.1 100 Continue\r\n\r\n" + wire(200, b"body", "A: b"),
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nbody\r\n0\r\nT: 1\r\n\r\n",
    }


@pytest.mark.parametrize("kind", ["length", "chunked"])
@pytest.mark.parametrize("end", ["close", "reset"])
def test_truncation_at_every_byte_is_refused(kind, end) -> None:
    octets = _truncations()[kind]
    for cut in range(len(octets)):
        with pytest.raises(RuntimeApiUnreachable, match=r"closed the connection|broke"):
            read(octets[:cut], end=end)
    assert read(octets)[2] == b"body"


# --- answers, wrong ones -----------------------------------------------------------------------------------------

_PARTS = st.sampled_from(
    [
        *(
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 099 Early\r\n",
            b"HTTP/2 200\r\n",
            b"\r\n",
            b"\r\n\r\n",
            b"\n",
            b":",
            b" ",
        ),
        *(b"Content-Length: 3\r\n", b"Content-Length: -3\r\n", b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n"),
        *(b"0\r\n\r\n", b"fffffffff\r\n", b"Connection: close\r\n", b"\x00\xff", b"abc", b"HTTP/1.1 100 \r\n\r\n"),
    ]
)
_GARBAGE = st.binary(max_size=300) | st.lists(_PARTS, max_size=12).map(b"".join)


@given(_GARBAGE, st.sampled_from(["close", "reset"]), st.data())
def test_garbage_is_refused_clearly_or_read(garbage, end, data) -> None:
    outcome = outcome_of(data.draw(_split(garbage)), end)
    assert isinstance(outcome, Exception) or 200 <= outcome[0] <= 999


@given(answers(), st.integers(0), st.integers(0, 255))
def test_one_wrong_byte_never_raises_anything_else(answer, position, byte) -> None:
    octets = bytearray(answer[0])
    octets[position % len(octets)] = byte
    outcome = outcome_of(bytes(octets))
    assert isinstance(outcome, Exception) or 200 <= outcome[0] <= 999


BAD_HEADS = {
    "no status line": b"hello\r\n\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n\r\n",
    "ICY": b"ICY 200 OK\r\n\r\n",
    "empty line first": b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "status of letters": b"HTTP/1.1 2x0 OK\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "status below 100": b"HTTP/1.1 099 OK\r\n\r\n",
    "status of Arabic digits": "HTTP/1.1 ٢٠٠ OK\r\n\r\n".encode(),
    "header without colon": b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
    "header without name": b"HTTP/1.1 200 OK\r\n: value\r\n\r\n",
    "space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "folded header": b"HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\n\r\n",
    "two content lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nab",
    "a list of content lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
    "no number as length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
    "length with an underscore": b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
    "length beyond every payload": b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n",
    "length of a thousand digits": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 1000 + b"\r\n\r\n",
    "compressed": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "compressed, in two lines": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
}
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BAD_CHUNKS = {
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "extension without size": b";a=b\r\n",
    "size of letters": b"xyz\r\n",
    "negative size": b"-1\r\n",
    "size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "size with an underscore": b"1_0\r\n",
    "size beyond every payload": b"ffffffff\r\n",
    "size of a thousand digits": b"f" * 1000 + b"\r\n",
    "chunk longer than its size": b"2\r\nabc\r\n0\r\n\r\n",
    "size line without end": b"1" * 100_000,
    "trailer without end": b"0\r\n" + b"a" * 100_000,
}


@pytest.mark.parametrize("octets", BAD_HEADS.values(), ids=BAD_HEADS)
def test_a_bad_head_is_refused(octets) -> None:
    sock = ScriptedSocket(octets)
    with pytest.raises(RuntimeApiProtocolError, match="the Runtime API"):
        ScriptedConnection(sock).request(GET)
    assert sock.closed


@pytest.mark.parametrize("octets", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_a_bad_chunk_is_refused(octets) -> None:
    sock = ScriptedSocket(_CHUNKED + octets)
    with pytest.raises(RuntimeApiProtocolError, match="the Runtime API"):
        ScriptedConnection(sock).request(GET)
    assert sock.closed


def test_headers_without_end_are_refused_at_their_limit() -> None:
    line = b"X-Filler: " + b"x" * 8000 + b"\r\n"
    with pytest.raises(RuntimeApiProtocolError, match="more than 1048576 bytes of headers"):
        read([b"HTTP/1.1 200 OK\r\n", *[line] * 200])


def test_headers_just_below_the_limit_are_read() -> None:
    value = "x" * (http1.MAX_HEAD - 100)
    assert read(wire(200, b"", f"Large: {value}"))[1]["large"] == value


@pytest.mark.parametrize("framing", [b"", b"Transfer-Encoding: chunked\r\n"], ids=["until close", "chunked"])
def test_a_body_without_end_is_refused_at_its_limit(framing, monkeypatch) -> None:
    monkeypatch.setattr(http1, "MAX_BODY", 10_000)
    piece = b"3e8\r\n%b\r\n" % (b"x" * 1000) if framing else b"x" * 1000
    with pytest.raises(RuntimeApiProtocolError, match="more than 10000 bytes of body"):
        read([b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n", *[piece] * 50])


def test_equal_content_lengths_are_one() -> None:
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\na")[2] == b"a"


def test_the_last_of_a_repeated_field_wins() -> None:
    assert read(wire(200, b"", "A: 1", "a: 2"))[1]["a"] == "2"


def test_a_value_that_is_not_utf8_is_read_as_octets() -> None:
    assert read(b"HTTP/1.1 200 OK\r\nA: \xff\r\nContent-Length: 0\r\n\r\n")[1]["a"] == "ÿ"


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_never_have_a_body(status) -> None:
    connection = ScriptedConnection(ScriptedSocket([b"HTTP/1.1 %d None\r\nContent-Length: 9\r\n\r\n" % status, wire()]))
    assert bytes(connection.request(GET).body) == b""
    assert connection.request(GET).status == 200
    assert connection.opened == 1


@given(st.text(max_size=30))
def test_lengths_and_chunk_sizes_are_numbers_or_refused(text) -> None:
    for parse, raw in ((parse_length, text), (parse_chunk_size, text.encode())):
        try:
            value = parse(raw)  # type: ignore[operator]
        except RuntimeApiProtocolError:
            continue
        assert value >= 0


@given(st.binary(max_size=80))
def test_a_head_is_parsed_or_refused(head) -> None:
    try:
        status, headers, _ = parse_head(b"HTTP/1.1 200 OK\r\n" + head)
    except RuntimeApiProtocolError:
        return
    assert status == 200
    assert all(name == name.lower() for name in headers)


# --- the address -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9001", ("127.0.0.1", 9001)),
        ("localhost", ("localhost", 80)),
        ("[::1]:80", ("::1", 80)),
        ("[fe80::1]", ("fe80::1", 80)),
        ("api.internal:65535", ("api.internal", 65535)),
    ],
)
def test_addresses(text, address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":", ":80", "host:", "host:0", "host:65536", "host:port", "host:-1", "host: 80"])
def test_what_is_no_address_names_the_variable(text) -> None:
    with pytest.raises(ValueError, match=r"AWS_LAMBDA_RUNTIME_API is .*; expected host:port"):
        parse_address(text)
