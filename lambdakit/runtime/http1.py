"""HTTP/1.1 for one client, one server and one request at a time: all the Runtime API needs, and nothing else.

It is not a general HTTP client: no TLS, no redirects, no compression, pipelining of one request at most, no time-outs
(a `next` may block for hours while the environment is frozen). It does read anything a server of that API may legally
send: bodies with a length, chunked, or ended by the close; header names in any case; interim 1xx answers; and it
refuses everything else with RuntimeApiProtocolError instead of guessing. Built on `_socket`, because the `socket`
module costs several milliseconds to import.

Reconnecting: a server or proxy may drop a kept-alive connection while the handler runs. A request that finds its
*reused* connection gone before any byte of the answer is sent once more on a new one, as libcurl does for the managed
runtime. Both sides of the API make that safe: `next` redelivers, a second response is refused by its request id.

Framing follows RFC 9112 section 6; the chunked coding section 7.1.
"""

from __future__ import annotations

import _socket

from lambdakit.exceptions import RuntimeApiProtocolError, RuntimeApiUnreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    # Status, headers, and whether the connection stays open after this answer.
    Head: TypeAlias = tuple[int, dict[str, str], bool]

__all__ = ("Connection", "Response", "parse_address")

# The Runtime API of AWS itself refuses header blocks beyond 1 MiB with 431; an answer beyond that is garbage.
MAX_HEAD = 1 << 20
# Far above every payload limit of the service; a declared length beyond it is garbage, not an event.
MAX_BODY = 1 << 30
# Small events come whole in one read of this size; the rest of large ones is read where it belongs.
_RECEIVE = 8_192
_MAX_LINE = 65_536
# A body this large is sent beside its head by `sendmsg` instead of being copied behind it.
_GATHER = 16_384

_HEAD_END = b"\r\n\r\n"
_ACCEPTED = 202
# How an answer's first line may begin, and whether the connection then stays open by default (RFC 9112 section 9.3).
_VERSIONS = {"HTTP/1.1 ": True, "HTTP/1.0 ": False}
# Answers that never have a body, whatever their headers say (RFC 9112 section 6.3).
_BODILESS = frozenset((204, 304))


class Response:
    """One answer: `status`, `headers` (lower-case names; the last of a repeated field wins) and `body`."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes | bytearray) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def parse_address(text: str) -> tuple[str, int]:
    """`host:port`, `[v6]:port` or `host` (port 80) as a pair. Raises ValueError naming the variable it comes from."""
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, "80"
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"AWS_LAMBDA_RUNTIME_API is {text!r}; expected host:port, for example 127.0.0.1:9001")
    return host.strip("[]"), int(port)


class Connection:
    """A kept-alive connection that is opened by the first request, and again when the server has closed it."""

    __slots__ = ("_accepted", "_accepted_head", "_address", "_buffer", "_socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket: _socket.socket | None = None
        self._buffer = b""
        self._accepted_head: bytes | None = None
        self._accepted: Head = (_ACCEPTED, {}, True)

    def request(self, head: bytes, body: bytes | bytearray = b"") -> Response:
        """Send one request and return its whole answer.

        `head` is everything up to and including the empty line. `body` may have a whole request without a body of its
        own behind it, whose answer `following()` returns. Raises RuntimeApiUnreachable or RuntimeApiProtocolError;
        after either the connection is closed.
        """
        if self._buffer:
            self.close()  # the server spoke without having been asked: that is not the answer to this request
        if self._socket is not None:
            try:
                return self._exchange(self._socket, head, body)
            except _StaleConnection:
                self.close()
        return self._exchange(self._connect(), head, body)

    def following(self) -> Response | None:
        """The answer to the request sent behind the last one; None if the connection is gone, so that it must be sent.

        Raises as `request()` does.
        """
        if self._socket is None:
            return None
        try:
            return self._answer(self._socket)
        except _StaleConnection:
            self.close()
            return None

    def stream(self, head: bytes, chunks: Iterable[bytes]) -> Response:
        """Send one request whose chunked body is made while it is sent, and return its answer.

        `chunks` yields whole wire chunks (see `lambdakit.runtime.streaming`). Nothing is sent before the first of them
        is there, so an iterator that fails at once leaves the connection as it was.
        """
        iterator = iter(chunks)
        first = next(iterator)
        # A stream cannot be sent twice, so a connection that has gone stale must be found out before.
        if self._socket is not None and _is_over(self._socket):
            self.close()
        sock = self._socket or self._connect()
        try:
            sock.sendall(head + first)
            for chunk in iterator:
                sock.sendall(chunk)
        except OSError as error:
            return self._answer_to_broken_stream(sock, error)
        except BaseException:
            self.close()  # the server must not take a half-sent body for a whole one
            raise
        return self._answer(sock)

    def send_only(self, head: bytes) -> None:
        """Send a request whose answer nobody will read. Raises RuntimeApiUnreachable."""
        try:
            (self._socket or self._connect()).sendall(head)
        except OSError as error:
            self.close()
            raise RuntimeApiUnreachable(f"the connection to the Runtime API broke: {error}") from error

    def close(self) -> None:
        """Close the connection, if there is one; the next request opens another."""
        sock, self._socket, self._buffer = self._socket, None, b""
        if sock is not None:
            sock.close()

    def interrupt(self) -> None:
        """Make a blocked read fail, from a signal handler or another thread; the descriptor stays open."""
        if self._socket is not None:
            try:
                self._socket.shutdown(_socket.SHUT_RDWR)
            except OSError:
                pass  # already gone: the read has failed by itself

    def _connect(self) -> _socket.socket:
        failure: OSError | None = None
        host, port = self._address
        try:
            # As bytes: for text the resolver imports the IDNA codec, five milliseconds of tables.
            found = _socket.getaddrinfo(host.encode(), port, 0, _socket.SOCK_STREAM)
        except OSError as error:
            raise RuntimeApiUnreachable(f"cannot resolve the Runtime API's host {host!r}: {error}") from error
        for family, kind, protocol, _, address in found:
            sock = _socket.socket(family, kind, protocol)
            try:
                sock.connect(address)
                sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            except OSError as error:
                failure = error
                sock.close()
                continue
            self._socket = sock
            return sock
        raise RuntimeApiUnreachable(f"cannot connect to the Runtime API at {host}:{port}: {failure}") from failure

    def _exchange(self, sock: _socket.socket, head: bytes, body: bytes | bytearray) -> Response:
        try:
            if len(body) < _GATHER:
                sock.sendall(head + body)
            else:
                _send_gathered(sock, head, body)
        except OSError as error:
            return self._answer_to_broken_stream(sock, error)
        return self._answer(sock)

    def _answer_to_broken_stream(self, sock: _socket.socket, error: OSError) -> Response:
        # A server that refuses a body (413) answers and closes while it is still being sent: the answer counts.
        try:
            response = self._answer(sock)
        except RuntimeApiUnreachable:
            raise _StaleConnection(f"the Runtime API closed the connection: {error}") from error
        self.close()
        return response

    def _answer(self, sock: _socket.socket) -> Response:
        try:
            status, headers, stays_open = self._read_head(sock)
            while status < 200:  # interim answers (1xx) announce nothing this client waits for
                status, headers, stays_open = self._read_head(sock)
            body = self._read_body(sock, status, headers)
        except OSError as error:
            self.close()
            if isinstance(error, RuntimeApiUnreachable):
                raise
            raise RuntimeApiUnreachable(f"the connection to the Runtime API broke: {error}") from error
        except RuntimeApiProtocolError:
            self.close()
            raise
        if not stays_open:
            self.close()
        return Response(status, headers, body)

    def _read_head(self, sock: _socket.socket) -> Head:
        data = self._buffer
        end = data.find(_HEAD_END) if data else -1
        while end < 0:
            if len(data) > MAX_HEAD:
                raise RuntimeApiProtocolError(f"the Runtime API sent more than {MAX_HEAD} bytes of headers")
            try:
                received = sock.recv(_RECEIVE)
            except ConnectionError as error:
                if data:
                    raise
                raise _StaleConnection(f"the connection to the Runtime API broke: {error}") from error
            if not received:
                raise _closed_within_head(data)
            searched = max(0, len(data) - 3)
            data += received
            end = data.find(_HEAD_END, searched)
        self._buffer = data[end + 4 :]
        head = data[:end]
        if head == self._accepted_head:
            return self._accepted
        parsed = parse_head(head)
        if parsed[0] == _ACCEPTED:
            # Answers to posts are the same bytes every time, as long as the server sends no date.
            self._accepted_head, self._accepted = head, parsed
        return parsed

    def _read_body(self, sock: _socket.socket, status: int, headers: dict[str, str]) -> bytes | bytearray:
        if status in _BODILESS:
            return b""
        try:
            return self._read_framed(sock, headers)
        except OSError:
            if status != _ACCEPTED:
                raise
            self.close()  # the status has said all there is to say; the next request finds out the rest
            return b""

    def _read_framed(self, sock: _socket.socket, headers: dict[str, str]) -> bytes | bytearray:
        coding = headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise RuntimeApiProtocolError(f"the Runtime API sent transfer coding {coding!r}; only chunked is known")
            return self._read_chunked(sock)
        length = headers.get("content-length")
        if length is None:
            return self._read_until_close(sock)
        return self._read_exactly(sock, parse_length(length))

    def _read_exactly(self, sock: _socket.socket, length: int) -> bytes | bytearray:
        have = self._buffer
        if len(have) >= length:
            self._buffer = have[length:]
            return have[:length] if len(have) > length else have
        self._buffer = b""
        body = bytearray(length)
        body[: len(have)] = have
        position = len(have)
        view = memoryview(body)
        while position < length:
            count = sock.recv_into(view[position:])
            if not count:
                raise RuntimeApiUnreachable(
                    f"the Runtime API closed the connection after {position} of {length} bytes of a body"
                )
            position += count
        return body

    def _read_until_close(self, sock: _socket.socket) -> bytearray:
        body = bytearray(self._buffer)
        while received := sock.recv(_RECEIVE):
            body += received
            if len(body) > MAX_BODY:
                raise RuntimeApiProtocolError(f"the Runtime API sent more than {MAX_BODY} bytes of body")
        self.close()
        return body

    def _read_chunked(self, sock: _socket.socket) -> bytearray:
        body = bytearray()
        while size := parse_chunk_size(self._read_line(sock)):
            if len(body) + size > MAX_BODY:
                raise RuntimeApiProtocolError(f"the Runtime API sent more than {MAX_BODY} bytes of body")
            body += self._read_exactly(sock, size)
            if self._read_exactly(sock, 2) != b"\r\n":
                raise RuntimeApiProtocolError("the Runtime API sent a chunk that is longer than its size")
        while self._read_line(sock):
            pass  # trailer fields of an answer have no meaning in this API
        return body

    def _read_line(self, sock: _socket.socket) -> bytes:
        data = self._buffer
        end = data.find(b"\r\n")
        while end < 0:
            if len(data) > _MAX_LINE:
                raise RuntimeApiProtocolError("the Runtime API sent a chunk header without an end")
            received = sock.recv(_RECEIVE)
            if not received:
                raise RuntimeApiUnreachable("the Runtime API closed the connection within a chunked body")
            data += received
            end = data.find(b"\r\n")
        self._buffer = data[end + 2 :]
        return data[:end]


class _StaleConnection(RuntimeApiUnreachable):
    """The connection was gone before any byte of the answer; on a reused one the request may be sent again."""


def _is_over(sock: _socket.socket) -> bool:
    """Whether the server has closed an idle connection, or speaks without having been asked."""
    try:
        sock.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _send_gathered(sock: _socket.socket, head: bytes, body: bytes | bytearray) -> None:
    sent = sock.sendmsg([head, body])
    if sent < len(head):
        sock.sendall(head[sent:])
        sent = len(head)
    if sent - len(head) < len(body):
        sock.sendall(memoryview(body)[sent - len(head) :])


def _closed_within_head(data: bytes) -> RuntimeApiUnreachable:
    if data:
        return RuntimeApiUnreachable("the Runtime API closed the connection within the headers of its answer")
    return _StaleConnection("the Runtime API closed the connection without an answer")


def parse_head(head: bytes) -> Head:
    """Status, headers and whether the connection stays open, of an answer's head without its empty line.

    Raises RuntimeApiProtocolError.
    """
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = head.decode("latin-1")  # field values are octets; RFC 9110 section 5.5 leaves their meaning open
    first, *lines = text.split("\r\n")
    persistent = _VERSIONS.get(first[:9])
    code = first[9:12]
    if persistent is None or not _is_status(code) or first[12:13] not in ("", " "):
        raise RuntimeApiProtocolError(
            f"the Runtime API's answer does not begin with an HTTP/1.1 status: {first[:80]!r}"
        )
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise _malformed(line)
        headers[name.lower()] = value.strip(" \t")
    names = "".join(headers)
    if " " in names or "\t" in names or "" in headers:
        raise _malformed(text)
    if len(headers) != len(lines):
        _refuse_two_framings(lines)
    connection = headers.get("connection")
    if connection is not None:
        persistent = "close" not in connection.lower() and (persistent or "keep-alive" in connection.lower())
    return int(code), headers, persistent


def _malformed(text: str) -> RuntimeApiProtocolError:
    return RuntimeApiProtocolError(f"the Runtime API sent a malformed header line: {text[:200]!r}")


def _is_status(code: str) -> bool:
    return code.isascii() and code.isdecimal() and code >= "100"


def _refuse_two_framings(lines: list[str]) -> None:
    fields = [(name.lower(), value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)]
    if len({value for name, value in fields if name == "content-length"}) > 1:
        raise RuntimeApiProtocolError("the Runtime API sent two different content lengths")
    if sum(name == "transfer-encoding" for name, _ in fields) > 1:
        raise RuntimeApiProtocolError("the Runtime API sent two transfer codings; only chunked is known")


def parse_length(text: str) -> int:
    """The value of a Content-Length field. Raises RuntimeApiProtocolError."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 18 or int(text) > MAX_BODY:
        raise RuntimeApiProtocolError(f"the Runtime API sent content length {text[:40]!r}")
    return int(text)


def parse_chunk_size(line: bytes) -> int:
    """The size in a chunk's first line, extensions ignored. Raises RuntimeApiProtocolError."""
    digits = line.partition(b";")[0].strip(b" \t")
    # int() alone would accept signs, underscores and a 0x.
    if not digits or len(digits) > 15 or digits.strip(b"0123456789abcdefABCDEF"):
        raise RuntimeApiProtocolError(f"the Runtime API sent chunk size {line[:40]!r}")
    return int(digits, 16)
