"""HTTP towards clients, without sockets: whatever pieces bytes come in, the same requests are answered in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.api.connection import ClientConnection


class Transport:
    """Keeps what is written."""

    def __init__(self):
        self.written = b""
        self.closed = False
        self.reading = True

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True


class Talk:
    """A connection whose requests are answered with what they were: at once, or when `answer_one` is called."""

    def __init__(self, *, at_once=True):
        self.at_once = at_once
        self.waiting = []
        self.seen = []
        self.transport = Transport()
        self.connection = ClientConnection(self.handle, lambda head: None, set())
        self.connection.connection_made(self.transport)

    def handle(self, exchange):
        head = exchange.head
        self.seen.append((head.method, head.path, dict(exchange.query), exchange.body, dict(head.headers)))
        self.waiting.append(exchange)
        if self.at_once:
            self.answer_one()

    def answer_one(self):
        exchange = self.waiting.pop(0)
        exchange.reply(200, exchange.head.path)

    def feed(self, data, cuts=()):
        start = 0
        for cut in [*sorted(cuts), len(data)]:
            if cut > start:
                self.connection.data_received(data[start:cut])
                start = cut


def post(path, body, *headers):
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


CHUNKED = b"POST /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
REQUESTS = [
    post("/a?x=1&y=%24L", b"one"),
    post("/a?x=1&y=%24L", b"two"),
    post("/a?x=1&y=%24L", b""),
    CHUNKED,
    post("/b", b"one", "X-More: 1"),
    b"GET /g HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /g HTTP/1.1\r\nHost: localhost\r\n\r\n",
    post("/a?x=1&y=%24L", b"one"),
]
WIRE = b"".join(REQUESTS)


def whole():
    talk = Talk()
    for request in REQUESTS:
        talk.feed(request)
    return talk


def test_requests_are_what_they_say():
    seen = whole().seen
    assert [(method, path, body) for method, path, _, body, _ in seen] == [
        (b"POST", b"/a", b"one"), (b"POST", b"/a", b"two"), (b"POST", b"/a", b""), (b"POST", b"/c", b"abcde"),
        (b"POST", b"/b", b"one"), (b"GET", b"/g", b""), (b"GET", b"/g", b""), (b"POST", b"/a", b"one"),
    ]  # fmt: skip
    assert seen[0][2] == {"x": "1", "y": "$L"}
    assert seen[4][4][b"x-more"] == b"1"


@given(st.sets(st.integers(1, len(WIRE) - 1), max_size=12))
def test_pieces_change_nothing(cuts):
    talk = Talk()
    talk.feed(WIRE, cuts)
    assert talk.seen == whole().seen
    assert talk.transport.written.count(b"HTTP/1.1 200 OK") == len(REQUESTS)


@given(st.sets(st.integers(1, len(WIRE) - 1), max_size=12), st.lists(st.booleans(), max_size=20))
def test_late_answers_change_nothing(cuts, answers):
    """Between pieces some of what waits is answered; the order stays."""
    talk = Talk(at_once=False)
    start = 0
    for cut in [*sorted(cuts), len(WIRE)]:
        talk.feed(WIRE[start:cut])
        start = cut
        if answers and answers.pop() and talk.waiting:
            talk.answer_one()
        assert len(talk.waiting) <= 1
    while talk.waiting:
        talk.answer_one()
    assert talk.seen == whole().seen
    assert talk.transport.reading


def test_very_many_requests_sent_ahead_are_answered():
    talk = Talk(at_once=False)
    talk.feed(b"GET /g HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3000)
    assert not talk.transport.reading
    talk.at_once = True
    talk.answer_one()
    assert len(talk.seen) == 3000
    assert talk.transport.written.count(b"HTTP/1.1 200 OK") == 3000
    assert talk.transport.reading


def test_a_connection_that_is_to_be_closed_is_closed_after_its_answer():
    talk = Talk()
    talk.feed(post("/a", b"", "Connection: close"))
    assert talk.transport.closed
    assert talk.transport.written.endswith(b"\r\n\r\n/a")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (b"/2015-03-31/functions/f/invocations", b"smaller than 6291456 bytes for the InvokeFunction operation"),
        (b"/2015-03-31/functions/", b"smaller than 70167211 bytes for the CreateFunction operation"),
        (b"/2015-03-31/functions/f/code", b"smaller than 70167211 bytes for the UpdateFunctionCode operation"),
    ],
)
def test_a_body_over_the_limit_is_refused_before_it_comes(path, told):
    talk = Talk()
    talk.feed(b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70167212\r\n\r\n" % path)
    assert talk.transport.written.startswith(b"HTTP/1.1 413 ")
    assert told in talk.transport.written
    assert talk.transport.closed
    assert talk.seen == []


def test_a_client_that_is_gone_is_told_nothing():
    talk = Talk(at_once=False)
    told = []
    talk.feed(post("/a", b""))
    talk.waiting[0].on_gone = lambda: told.append("gone")
    talk.connection.connection_lost(None)
    assert told == ["gone"]
    talk.answer_one()
    assert talk.transport.written == b""
