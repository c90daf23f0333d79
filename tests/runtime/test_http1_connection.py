"""One connection, many requests: kept alive, found stale, cut, streamed over, refused in the middle of a body."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from lambdakit.exceptions import RuntimeApiProtocolError, RuntimeApiUnreachable
from lambdakit.runtime.http1 import Connection
from lambdakit.runtime.streaming import wire_chunks
from tests.runtime.scripted import GET, ScriptedConnection, ScriptedSocket, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# --- one connection, several requests ----------------------------------------------------------------------------


def test_answers_follow_each_other_on_one_connection() -> None:
    for step in (1, 7, 1000):
        # Nothing of an answer may come before its question, so the pieces end where the answers do.
        pieces = [
            part[i : i + step] for part in (wire(200, b"one"), wire(202, b"two")) for i in range(0, len(part), step)
        ]
        connection = ScriptedConnection(ScriptedSocket(pieces))
        assert [bytes(connection.request(GET).body) for _ in range(2)] == [b"one", b"two"]
        assert connection.opened == 1


def test_an_answer_that_was_never_asked_for_is_not_taken_for_the_next_one() -> None:
    forged = wire(200, b"first") + wire(200, b"unasked")
    connection = ScriptedConnection(ScriptedSocket(forged), ScriptedSocket(wire(200, b"second")))
    assert [bytes(connection.request(GET).body) for _ in range(2)] == [b"first", b"second"]
    assert connection.opened == 2


def test_a_remembered_head_is_used_for_equal_heads_only() -> None:
    heads = [wire(202, b"12", "A: 1"), wire(202, b"34", "A: 1"), wire(202, b"56", "A: 2"), wire(202, b"78", "A: 1")]
    connection = ScriptedConnection(ScriptedSocket(heads))
    responses = [connection.request(GET) for _ in heads]
    assert [(bytes(r.body), r.headers["a"]) for r in responses] == [
        (b"12", "1"),
        (b"34", "1"),
        (b"56", "2"),
        (b"78", "1"),
    ]


def test_a_closed_connection_is_replaced_at_the_next_request() -> None:
    connection = ScriptedConnection(
        ScriptedSocket(wire(200, b"1", "Connection: close")), ScriptedSocket(wire(200, b"2"))
    )
    assert [bytes(connection.request(GET).body) for _ in range(2)] == [b"1", b"2"]


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("body", [b"small", b"x" * 100_000], ids=["small", "large"])
def test_a_stale_connection_is_replaced_and_the_request_sent_again(end, body) -> None:
    stale, fresh = ScriptedSocket(wire(), end=end), ScriptedSocket(wire(202))
    connection = ScriptedConnection(stale, fresh)
    connection.request(GET)
    assert connection.request(b"POST / HTTP/1.1\r\n\r\n", body).status == 202
    assert fresh.sent == b"POST / HTTP/1.1\r\n\r\n" + body
    assert stale.closed


def test_a_stale_connection_that_breaks_while_it_is_written_to_is_replaced() -> None:
    stale, fresh = ScriptedSocket(wire(), end="reset", breaks_after=len(GET)), ScriptedSocket(wire(202))
    connection = ScriptedConnection(stale, fresh)
    connection.request(GET)
    assert connection.request(GET, b"body").status == 202
    assert fresh.sent == GET + b"body"


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_fresh_connection_is_never_tried_again(end) -> None:
    connection = ScriptedConnection(ScriptedSocket(b"", end=end), ScriptedSocket(wire()))
    with pytest.raises(RuntimeApiUnreachable, match="Runtime API"):
        connection.request(GET)
    assert connection.opened == 1


def test_a_request_is_sent_again_only_once() -> None:
    connection = ScriptedConnection(ScriptedSocket(wire()), ScriptedSocket(b""), ScriptedSocket(wire()))
    connection.request(GET)
    with pytest.raises(RuntimeApiUnreachable, match="without an answer"):
        connection.request(GET)
    assert connection.opened == 2


@pytest.mark.parametrize("cut", [1, 20, -1])
def test_a_request_whose_answer_has_begun_is_not_sent_again(cut) -> None:
    connection = ScriptedConnection(ScriptedSocket(wire() + wire(200, b"body")[:cut]), ScriptedSocket(wire()))
    # The first bytes of the second answer come with the second request.
    connection._socket = sock = ScriptedSocket([wire(200, b"body")[:cut]])  # type: ignore[assignment]
    with pytest.raises(RuntimeApiUnreachable, match=r"within the headers|of 4 bytes"):
        connection.request(GET)
    assert connection.opened == 0
    assert sock.closed


def test_after_an_error_the_next_request_starts_anew() -> None:
    connection = ScriptedConnection(
        ScriptedSocket(b"garbage\r\n\r\n" + wire(200, b"old")), ScriptedSocket(wire(200, b"new"))
    )
    with pytest.raises(RuntimeApiProtocolError):
        connection.request(GET)
    assert bytes(connection.request(GET).body) == b"new"


def test_an_answer_that_comes_while_the_body_is_sent_counts() -> None:
    sock = ScriptedSocket(wire(413, b"too large"), breaks_after=50_000)
    connection = ScriptedConnection(sock)
    response = connection.request(GET, b"x" * 100_000)
    assert (response.status, bytes(response.body)) == (413, b"too large")
    assert sock.closed


# --- streams -----------------------------------------------------------------------------------------------------


def test_a_stream_is_sent_chunk_by_chunk() -> None:
    sock = ScriptedSocket(wire(202))
    connection = ScriptedConnection(sock)
    sizes = []

    def chunks() -> Iterator[bytes]:
        for chunk in (b"1\r\na\r\n", b"1\r\nb\r\n", b"0\r\n\r\n"):
            yield chunk
            sizes.append(len(sock.sent))

    assert connection.stream(GET, chunks()).status == 202
    assert sock.sent == GET + b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
    assert sizes == [len(GET) + 6, len(GET) + 12, len(GET) + 17]


def test_a_stream_that_fails_at_once_sends_nothing() -> None:
    sock = ScriptedSocket(wire())
    connection = ScriptedConnection(sock)

    def chunks() -> Iterator[bytes]:
        raise LookupError
        yield b""

    with pytest.raises(LookupError):
        connection.stream(GET, chunks())
    assert connection.opened == 0
    assert connection.request(GET).status == 200


def test_a_stream_that_fails_later_closes_the_connection() -> None:
    sock = ScriptedSocket(wire())

    def chunks() -> Iterator[bytes]:
        yield b"1\r\na\r\n"
        raise LookupError

    with pytest.raises(LookupError):
        ScriptedConnection(sock).stream(GET, chunks())
    assert sock.closed
    assert not sock.sent.endswith(b"0\r\n\r\n")


def test_a_stream_finds_its_stale_connection_before_it_begins() -> None:
    chunks = [b"1\r\n%d\r\n" % n for n in range(9)] + [b"0\r\n\r\n"]
    rest = bytearray()

    def serve(peer: socket.socket) -> None:
        while not (received[1].data + rest).endswith(chunks[-1]):
            rest.extend(peer.recv(1 << 16))
        peer.sendall(wire(202))

    with _server(lambda peer: peer.sendall(wire()), serve) as (connection, received):
        connection.request(GET)
        received[0].wait_for_close()
        assert connection.stream(GET, iter(chunks)).status == 202
    assert received[1].data + rest == GET + b"".join(chunks)


def test_a_stream_that_cannot_be_sent_is_a_clear_error() -> None:
    connection = ScriptedConnection(ScriptedSocket(b"", breaks_after=0), ScriptedSocket(b"", breaks_after=0))
    with pytest.raises(RuntimeApiUnreachable, match="Runtime API"):
        connection.stream(GET, iter([b"1\r\na\r\n", b"0\r\n\r\n"]))
    assert connection._socket is None


def test_an_answer_that_comes_while_a_stream_is_sent_counts() -> None:
    sock = ScriptedSocket(wire(413, b"too large"), breaks_after=len(GET) + 10_000)
    chunks = wire_chunks([b"x" * 1000] * 50, b"", lambda error: ("E", b""))
    assert ScriptedConnection(sock).stream(GET, chunks).status == 413
    assert sock.closed


# --- real sockets ------------------------------------------------------------------------------------------------


class _Received:
    """What one connection of the server got."""

    def __init__(self) -> None:
        self.data = b""
        self._closed = threading.Event()

    def closed(self) -> None:
        self._closed.set()

    def wait_for_close(self) -> None:
        assert self._closed.wait(10)


@contextmanager
def _server(*serve: Callable[[socket.socket], object]) -> Iterator[tuple[Connection, list[_Received]]]:
    """A listener that treats its connections one after the other: reads a little, answers, closes."""
    received = [_Received() for _ in serve]
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            for answer, got in zip(serve, received, strict=True):
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(10)
                    got.data = peer.recv(1 << 20)
                    answer(peer)
                got.closed()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        connection = Connection(listener.getsockname())
        try:
            yield connection, received
        finally:
            connection.close()
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.parametrize("size", [0, 1, 8_191, 16_383, 16_384, 1_500_000, 6 * 1024 * 1024])
def test_bodies_of_any_size_pass_both_ways_byte_for_byte(size) -> None:
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size

    def serve(peer: socket.socket) -> None:
        # The first read may hold some of the body already.
        early = received[0].data[len(head) :]
        rest = _read_exactly(peer, size - len(early))
        peer.sendall(wire(200, early + rest))

    with _server(serve) as (connection, received):
        response = connection.request(head, bytearray(body))
        assert response.body == body


def _read_exactly(peer: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        data += peer.recv(1 << 16)
    return bytes(data)


def test_a_server_that_refuses_a_large_body_is_heard() -> None:
    # It answers and closes its sending side while most of the body is still on its way.
    def refuse(peer: socket.socket) -> None:
        peer.sendall(wire(413, b'{"errorType": "RequestEntityTooLarge"}'))
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(1 << 16):
            pass

    with _server(refuse) as (connection, _):
        body = b"x" * 8_000_000
        response = connection.request(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body), body)
        assert response.status == 413
        connection.close()


def test_a_reset_while_the_body_is_sent_is_a_clear_error() -> None:
    def reset(peer: socket.socket) -> None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with _server(reset) as (connection, _), pytest.raises(RuntimeApiUnreachable, match="Runtime API"):
        connection.request(b"POST / HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n", b"x" * 8_000_000)


def test_a_refused_connection_is_a_clear_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(
            RuntimeApiUnreachable, match=r"cannot connect to the Runtime API at 127\.0\.0\.1:\d+: .*refused"
        ):
            Connection(unused.getsockname()).request(GET)


def test_an_unknown_host_is_a_clear_error(monkeypatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("_socket.getaddrinfo", unknown)
    with pytest.raises(RuntimeApiUnreachable, match="cannot resolve the Runtime API's host 'nowhere'"):
        Connection(("nowhere", 80)).request(GET)


def test_a_second_address_is_tried_when_the_first_refuses(monkeypatch) -> None:
    with _server(lambda peer: peer.sendall(wire())) as (connection, _), socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", a) for a in (unused.getsockname(), connection._address)]
        monkeypatch.setattr("_socket.getaddrinfo", lambda *_: found)
        assert connection.request(GET).status == 200


def test_a_blocked_read_is_interrupted() -> None:
    with _server(lambda peer: peer.recv(1)) as (connection, received):
        done: list[BaseException] = []

        def ask() -> None:
            try:
                connection.request(GET)
            except RuntimeApiUnreachable as error:
                done.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while not received[0].data:
            thread.join(0.01)
        connection.interrupt()
        thread.join(10)
        assert done
    connection.interrupt()  # closed by now: nothing happens


def test_send_only_does_not_wait_for_an_answer() -> None:
    with _server(lambda peer: None) as (connection, received):
        connection.send_only(GET)
        received[0].wait_for_close()
        assert received[0].data == GET


def test_send_only_to_a_broken_connection_is_a_clear_error() -> None:
    connection = ScriptedConnection(ScriptedSocket(b"", breaks_after=0))
    with pytest.raises(RuntimeApiUnreachable, match="Runtime API"):
        connection.send_only(GET)
    assert connection._socket is None
