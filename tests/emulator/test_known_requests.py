"""Requests that skip the parser: only those that differ from a parsed one in nothing but ids, length and body."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator import Invocation, limits, routes
from lambdakit.emulator.known_requests import KnownRequests
from lambdakit.emulator.protocol import Connection, Request
from tests.engine_support import play, run

ID, OTHER_ID = "8476a536-e9f4-41e8-9739-2dfe598c3fcd", "00000000-e9f4-41e8-9739-2dfe598c3fcd"
ATTEMPT, OTHER_ATTEMPT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def response(request_id=ID, attempt=ATTEMPT, body=b"{}", *, length=None, extra="", agent="test"):
    lines = [
        f"POST /2018-06-01/runtime/invocation/{request_id}/response HTTP/1.1",
        "Host: x",
        f"User-Agent: {agent}",
        f"Lambda-Runtime-Invocation-Id: {attempt}",
        f"content-length:  {len(body) if length is None else length}",
    ]
    return "\r\n".join([*lines, *([extra] if extra else []), "", ""]).encode() + body


def learned(**changes):
    """What knows one response, as the parser would have found it."""
    known = KnownRequests()
    headers = {b"host": b"x", b"lambda-runtime-invocation-id": ATTEMPT.encode(), b"content-length": b"2"}
    request = Request(None, headers)
    request.route = routes.INVOCATION[b"response"]
    request.request_id = ID
    for name, value in changes.items():
        setattr(request, name, value)
    known.learn(response(), [request])
    return known


def test_ids_length_and_body_are_free():
    known = learned().response(response(OTHER_ID, OTHER_ATTEMPT, b'{"more": 1}'))
    assert known is not None
    assert (known.request_id, known.body) == (OTHER_ID, b'{"more": 1}')
    assert known.headers[b"lambda-runtime-invocation-id"] == OTHER_ATTEMPT.encode()
    assert known.headers[b"host"] == b"x"


@pytest.mark.parametrize(
    "data",
    [
        response(agent="other"),
        response(extra="X-More: 1"),
        response(length=3),
        response(length=1),
        response(length="02"),
        response(length="+2"),
        response("../../../../../../../../../../../ping"),
        response(attempt=""),
        response() + b"GET ",
        response()[:-1],
        response()[:20],
        response(body=b"x" * (limits.PAYLOAD_BYTES + 1)),
        response().replace(b"/response", b"/error"),
        response().replace(b"\r\n", b"\n"),
        b"",
    ],
)
def test_anything_else_is_the_parsers(data):
    assert learned().response(data) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"rejection": b"no"},
        {"keep_alive": False},
        {"trailers": {b"a": b"b"}},
        {"on_chunk": print},
        {"headers": {b"transfer-encoding": b"chunked"}},
        {"headers": {b"expect": b"100-continue"}},
        {"route": routes.INVOCATION[b"error"]},
        {"route": None},
        {"request_id": "not-a-uuid"},
    ],
)
def test_what_is_more_than_a_head_and_a_body_is_not_learnt(changes):
    assert learned(**changes).response(response()) is None


def test_a_runtime_that_changes_its_requests_is_understood(tmp_path):
    """Over a real connection: known requests, then others, then known ones again."""

    async def go():
        async with play(tmp_path) as played:
            wire = await played.wire()
            await wire.begin("GET", "/invocation/next")
            for number in range(8):
                task = played.invoke(Invocation(json.dumps(number).encode()))
                event = await wire.reply()
                request_id = event.headers["lambda-runtime-aws-request-id"]
                more = ("X-Odd: yes",) if number % 3 == 2 else ()
                body = b'"' + event.body * number + b'"'
                reply = await wire.call("POST", f"/invocation/{request_id}/response", body, *more)
                assert reply.status == 202
                late = await wire.call("POST", f"/invocation/{request_id}/response", body, *more)
                assert late.status == 403
                await wire.begin("GET", "/invocation/next", *more)
                assert (await task).payload == body

    run(go())


def test_a_known_head_in_pieces_is_parsed(tmp_path):
    async def go():
        async with play(tmp_path) as played:
            wire = await played.wire()
            await wire.begin("GET", "/invocation/next")
            for _ in range(3):
                task = played.invoke()
                request_id = (await wire.reply()).headers["lambda-runtime-aws-request-id"]
                for piece in (b'{"a": ', b"1}"):
                    if piece.startswith(b"{"):
                        await wire.begin("POST", f"/invocation/{request_id}/response", "Content-Length: 8")
                    await wire.send(piece)
                assert (await wire.reply()).status == 202
                await wire.begin("GET", "/invocation/next")
                assert (await task).payload == b'{"a": 1}'

    run(go())


def test_a_response_may_have_a_known_next_behind_it():
    known = learned()
    assert known.response(response() + NEXT) is None
    asked = Request(None, {})
    asked.route = routes.NEXT
    known.learn(NEXT, [asked])
    both, alone = known.response(response(body=b"[1]") + NEXT), known.response(response())
    assert (both.body, both.next_follows) == (b"[1]", True)
    assert (alone.body, alone.next_follows) == (b"{}", False)
    assert known.response(response() + NEXT + NEXT) is None


def test_both_answers_to_a_response_and_the_next_behind_it_come_with_the_next_event(tmp_path):
    async def go():
        async with play(tmp_path) as played:
            wire = await played.wire()
            await wire.begin("GET", "/invocation/next")
            for number in range(5):
                task = played.invoke(Invocation(b"%d" % number))
                if number:
                    assert (await wire.reply()).status == 202
                event = await wire.reply()
                assert (event.body, event.headers["lambdakit-next-ahead"]) == (b"%d" % number, "yes")
                head = f"POST /2018-06-01/runtime/invocation/{event.headers['lambda-runtime-aws-request-id']}/response"
                attempt = event.headers["lambda-runtime-invocation-id"]
                answer = f"{head} HTTP/1.1\r\nLambda-Runtime-Invocation-Id: {attempt}\r\nContent-Length: 1\r\n\r\n7"
                await wire.send(answer.encode() + NEXT)
                assert (await task).payload == b"7"
            task = played.invoke()
            assert (await wire.reply()).status == 202
            event = await wire.reply()
            await wire.send(answer.encode() + NEXT)
            late = await wire.reply()
            assert (late.status, json.loads(late.body)["errorType"]) == (400, "InvalidRequestID")
            assert (await wire.reply()).body == event.body
            await wire.call("POST", f"/invocation/{event.headers['lambda-runtime-aws-request-id']}/response", b"8")
            await wire.begin("GET", "/invocation/next")
            assert (await task).payload == b"8"

    run(go())


class Transcript:
    """A session and a transport that only write down what happens; every `next` is answered later."""

    def __init__(self):
        self.routes = routes.FIXED
        self.endpoints = {"next": self.next, "respond": self.respond, "report_error": self.respond}
        self.seen = []
        self.connection = Connection(self)
        self.connection.connection_made(self)

    def next(self, request):
        self.seen.append(("next", request.connection is self.connection))

    def accept_upload(self, request):
        self.seen.append(("accept", request.request_id, request.headers[b"lambda-runtime-invocation-id"]))

    def respond(self, request):
        self.seen.append((request.route.endpoint, request.request_id, request.body))
        return b"accepted"

    def connected(self, connection):
        pass

    def write(self, data):
        self.seen.append(("written", data))

    def feed(self, requests, cuts=()):
        """Requests one after the other, each cut at the given places; a `next` is answered when it is whole."""
        for number, data in enumerate(requests):
            start = 0
            for cut in [*sorted(cuts), len(data)]:
                if start < cut <= len(data):
                    self.connection.data_received(data[start:cut])
                    start = cut
            if data.startswith(b"GET"):
                self.connection.reply(b"event %d" % number)


NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
CONVERSATION = [
    NEXT, response(), NEXT, response(OTHER_ID, OTHER_ATTEMPT, b"[1, 2]"), NEXT, response(extra="X-More: 1"),
    NEXT.replace(b"Host: x", b"Host: y"), response(), NEXT, response().replace(b"/response", b"/error"), NEXT,
    response(body=b""),
]  # fmt: skip


@given(st.sets(st.integers(1, 300), max_size=8))
def test_pieces_change_nothing(cuts):
    whole, pieces = Transcript(), Transcript()
    whole.feed(CONVERSATION)
    pieces.feed(CONVERSATION, cuts)
    assert pieces.seen == whole.seen
    assert [entry[0] for entry in whole.seen].count("next") == 6
    assert [entry[2] for entry in whole.seen if entry[0] == "respond"] == [b"{}", b"[1, 2]", b"{}", b"{}", b""]
