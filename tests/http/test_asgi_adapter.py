"""ASGI applications as handlers: what they may do, whatever framework they are of."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import Any

import pytest

from lambdakit import StreamingResponse
from lambdakit.exceptions import LifespanError, ResponseTooLargeError, UsageError, WrongSourceError
from lambdakit.http import asgi
from lambdakit.http.front_doors import FRONT_DOORS, LAMBDA_LIMIT
from tests.http.door_events import DIALECTS, Sent, event_of, seen

URL = event_of("url", Sent())
OK = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


def run(app: Any, event: Any = URL, context: Any = None, **options: Any) -> Any:
    """One event, on a loop of its own; without a lifespan unless asked for."""
    return asyncio.run(asgi(app, **{"lifespan": "off", **options})(event, context))


def answering(*messages: dict[str, Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def body(piece: bytes = b"", more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": piece, "more_body": more}


async def echo(scope: Any, receive: Any, send: Any) -> None:
    request = await receive()
    assert request["more_body"] is False
    headers = [(b"content-type", b"application/octet-stream"), (b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2; Secure")]
    headers += [(b"vary", b"origin"), (b"vary", b"accept")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": request["body"]})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_body_headers_and_cookies_pass_both_ways(dialect: str) -> None:
    sent = bytes(range(256))
    got = seen(dialect, run(echo, event_of(dialect, Sent("POST", body=sent))))
    assert (got.status, got.body, got.cookies) == (201, sent, ["a=1", "b=2; Secure"])
    assert ", ".join(got.headers["vary"]) == "origin, accept"


def test_the_answer_of_a_head_request_has_no_body() -> None:
    app = answering({**OK, "headers": [(b"content-length", b"5")]}, body(b"hello"))
    answer = run(app, event_of("url", Sent("HEAD")))
    assert (answer["headers"], answer["body"]) == ({"content-length": "5"}, "")


def test_pieces_of_a_body_are_put_together() -> None:
    assert run(answering(OK, body(b"a", True), body(b"", True), body(b"b", True), body()))["body"] == "ab"
    assert run(answering(OK, body(memoryview(b"ab"))))["body"] == "ab"  # type: ignore[arg-type]
    assert run(answering(OK, {"type": "http.response.body"}))["body"] == ""


def test_a_failing_application_is_logged_and_answered_500(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("secret")

    answer = run(app)
    assert (answer["statusCode"], answer["body"]) == (500, "Internal Server Error")
    assert "secret" in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


def test_an_answer_that_was_not_completed_is_500(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(OK)
        await send(body(b"half", True))
        raise ValueError("late")

    assert run(app)["statusCode"] == 500
    assert "late" in caplog.text
    assert run(answering(OK, body(b"half", True)))["statusCode"] == 500
    assert run(answering())["statusCode"] == 500
    assert caplog.messages[-1] == "the application ended without a whole answer to GET /"


def test_what_fails_after_the_answer_is_logged_only(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(OK)
        await send(body(b"whole"))
        raise ValueError("background")

    assert run(app)["body"] == "whole"
    assert "background" in caplog.text


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([body(b"x")], "begins with 'http.response.start'"),
        ([OK, OK], "'http.response.body' comes next"),
        ([OK, body(b"x"), body(b"y")], "the answer is complete"),
        ([{"type": "websocket.accept"}], "unexpected ASGI message 'websocket.accept'"),
    ],
)
def test_messages_out_of_order_are_refused(messages: Any, expected: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = run(answering(*messages))
    assert answer["statusCode"] == (200 if "complete" in expected else 500)
    assert expected in caplog.text


def test_background_work_is_over_before_the_answer_is_given() -> None:
    done: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(OK)
        await send(body(b"x"))
        await asyncio.sleep(0)
        done.append("background")

    assert run(app)["body"] == "x"
    assert done == ["background"]


def test_the_end_of_the_connection_is_waited_for() -> None:
    kinds: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        watchers = [asyncio.create_task(receive()) for _ in range(3)]
        await asyncio.sleep(0)
        watchers[0].cancel()
        assert not any(watcher.done() for watcher in watchers)
        await send(OK)
        await send(body(b"x"))
        kinds.extend([(await watcher)["type"] for watcher in watchers[1:]])
        kinds.append((await receive())["type"])

    assert run(app)["body"] == "x"
    assert kinds == ["http.disconnect"] * 3


def test_context_variables_of_one_event_are_not_seen_by_the_next() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    found: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(variable.get())
        variable.set("set")
        await answering(OK, body())(scope, receive, send)

    async def events() -> None:
        handler = asgi(app, lifespan="off")
        for _ in range(2):
            await asyncio.create_task(handler(URL, None))

    asyncio.run(events())
    assert found == ["unset", "unset"]


def test_middleware_is_around_the_application() -> None:
    async def stamp(event: Any, context: Any, call_next: Any) -> Any:
        answer = await call_next(event, context)
        return {**answer, "headers": {**answer["headers"], "x-stamp": event["version"]}}

    assert run(answering(OK, body()), middleware=[stamp])["headers"]["x-stamp"] == "2.0"


def test_headers_can_be_excluded_and_types_added_to_text() -> None:
    start = {**OK, "headers": [(b"content-type", b"application/x-own"), (b"X-Powered-By", b"me")]}
    app = answering(start, body(b"text"))
    assert run(app)["isBase64Encoded"] is True
    answer = run(app, text_types=["application/x-own"], exclude_headers=["x-powered-BY"])
    assert (answer["body"], answer["headers"]) == ("text", {"content-type": "application/x-own"})


def test_a_front_door_can_be_ones_own() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answering(OK, body(scope["path"].encode()))(scope, receive, send)

    event = {"inner": event_of("alb", Sent(path="/own"))}
    door = FRONT_DOORS["alb"]

    class Unwrapping:
        name, limit, answer, raw_query = door.name, door.limit, door.answer, lambda self, event: ""
        line = staticmethod(lambda event: door.line(event["inner"]))
        headers = staticmethod(lambda event: door.headers(event["inner"]))
        mount, client, protocol, body = (staticmethod(lambda event: "") for _ in range(4))

    unwrapping: Any = Unwrapping()
    assert run(app, event, front_door=lambda event: unwrapping)["body"] == "/own"


def test_an_answer_too_large_says_so() -> None:
    with pytest.raises(ResponseTooLargeError, match="url takes 6291556"):
        run(answering(OK, body(bytes(LAMBDA_LIMIT))))


def test_another_event_is_named() -> None:
    with pytest.raises(WrongSourceError, match=r"^asgi\(\) takes a request of an HTTP service; .* comes from sqs"):
        run(echo, {"Records": [{"eventSource": "aws:sqs"}]})


@pytest.mark.parametrize(
    ("options", "message"),
    [({"lifespan": "maybe"}, "lifespan can be 'auto', 'on' or 'off'"), ({"stream": True}, "stream can be")],
)
def test_options_that_make_no_sense_are_refused(options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        asgi(echo, **options)
    with pytest.raises(UsageError, match="which is callable"):
        asgi(None)  # type: ignore[arg-type]


# Streams.


async def gather(answer: Any) -> list[bytes]:
    return [piece async for piece in answer.body]


def test_an_answer_of_unknown_length_streams() -> None:
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        start = {**OK, "headers": [*OK["headers"], (b"set-cookie", b"a=1"), (b"vary", b"x"), (b"vary", b"y")]}  # type: ignore[misc]
        await send(start)
        for number in range(3):
            order.append(f"made {number}")
            await send(body(b"%d" % number, True))
        await send(body(b"end"))
        order.append("background")

    async def read() -> Any:
        answer = await asgi(app, lifespan="off", stream="on")(URL, None)
        order.append("head")
        async for piece in answer.body:
            order.append(f"read {piece.decode()}")
        return answer

    answer = asyncio.run(read())
    assert isinstance(answer, StreamingResponse)
    assert (answer.status, answer.cookies) == (200, ["a=1"])
    assert answer.headers == {"content-type": "text/plain", "vary": "x, y"}
    assert order == ["made 0", "head", "read 0", "made 1", "read 1", "made 2", "read 2", "read end", "background"]


def test_an_answer_streams_that_is_too_long_to_go_whole() -> None:
    async def read() -> int:
        start = {**OK, "headers": [(b"content-length", b"10000000")]}
        app = answering(start, *[body(bytes(100_000), True)] * 100, body())
        return sum(map(len, await gather(await asgi(app, lifespan="off", stream="on")(URL, None))))

    assert asyncio.run(read()) == 10_000_000


@pytest.mark.parametrize(
    "app",
    [
        answering(OK, body(b"at once")),
        answering({**OK, "headers": [(b"content-length", b"7")]}, body(b"at", True), body(b" once")),
    ],
)
def test_an_answer_whose_length_is_known_goes_whole(app: Any) -> None:
    assert run(app, stream="on")["body"] == "at once"


@pytest.mark.parametrize("dialect", ["http", "alb", "lattice-v2", "edge"])
def test_nothing_streams_where_the_service_takes_no_stream(dialect: str) -> None:
    app = answering(OK, body(b"a", True), body(b"b"))
    assert seen(dialect, run(app, event_of(dialect, Sent()), stream="on")).body == b"ab"


def test_the_answer_to_head_does_not_stream() -> None:
    app = answering(OK, body(b"a", True), body(b"b"))
    assert run(app, event_of("url", Sent("HEAD")), stream="on")["body"] == ""


def test_nothing_streams_unasked_outside_the_runtime() -> None:
    app = answering(OK, body(b"a", True), body(b"b"))
    assert run(app)["body"] == run(app, stream="off")["body"] == "ab"


def test_a_failure_before_a_stream_is_500_and_within_it_is_raised(caplog: pytest.LogCaptureFixture) -> None:
    async def early(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("early")

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await send(OK)
        await send(body(b"a", True))
        raise ValueError("late")

    assert run(early, stream="on")["statusCode"] == 500

    async def read() -> None:
        await gather(await asgi(late, lifespan="off", stream="on")(URL, None))

    with pytest.raises(ValueError, match="late"):
        asyncio.run(read())


def test_an_application_is_told_when_its_stream_is_not_read_to_the_end() -> None:
    ends: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        watching = asyncio.create_task(receive())
        await send(OK)
        try:
            while True:
                await send(body(b"a", True))
        except asyncio.CancelledError:
            ends.append((await watching)["type"])
            with pytest.raises(OSError, match="stopped reading"):
                await send(body(b"a", True))
            ends.append("told")
            raise

    async def read() -> None:
        pieces = (await asgi(app, lifespan="off", stream="on")(URL, None)).body.__aiter__()
        await pieces.__anext__()
        await pieces.aclose()

    asyncio.run(read())
    assert ends == ["http.disconnect", "told"]


# Lifespans.


class App:
    """An application with a lifespan, which notes what happens to it."""

    def __init__(self, fail: str = "") -> None:
        self.notes: list[str] = []
        self.fail = fail

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            self.notes.append("start")
            await asyncio.sleep(0)
            if self.fail:
                await send({"type": "lifespan.startup.failed", "message": f"Traceback\n{self.fail}\n"})
                return
            scope["state"]["shared"] = [1]
            await send({"type": "lifespan.startup.complete"})
            assert (await receive())["type"] == "lifespan.shutdown"
            self.notes.append("stop")
            await send({"type": "lifespan.shutdown.complete"})
        else:
            scope["state"]["shared"].append(2)
            scope["state"]["own"] = 1
            await answering(OK, body(str(scope["state"]).encode()))(scope, receive, send)


def test_an_application_is_started_once_and_its_state_is_copied() -> None:
    app = App()

    async def events() -> list[str]:
        handler = asgi(app, lifespan="on")
        answers = [await handler(URL, None) for _ in range(2)]
        answers += await asyncio.gather(*(handler(URL, None) for _ in range(3)))
        await handler.stop()
        await handler.stop()
        return [answer["body"] for answer in answers]

    bodies = asyncio.run(events())
    assert app.notes == ["start", "stop"]
    assert bodies[1] == "{'shared': [1, 2, 2], 'own': 1}"


def test_events_at_once_wait_for_one_start() -> None:
    app = App()

    async def events() -> None:
        handler = asgi(app)
        await asyncio.gather(*(handler(URL, None) for _ in range(5)))
        assert await handler.start()
        await handler.stop()

    asyncio.run(events())
    assert app.notes == ["start", "stop"]


def test_a_failing_start_is_an_error_and_is_tried_again() -> None:
    app = App("ValueError: no database")

    async def events() -> None:
        handler = asgi(app)
        for _ in range(2):
            with pytest.raises(LifespanError, match="the application's startup failed: ValueError: no database"):
                await handler(URL, None)
        app.fail = ""
        assert (await handler(URL, None))["statusCode"] == 200
        await handler.stop()

    asyncio.run(events())
    assert app.notes == ["start", "start", "start", "stop"]


def test_an_application_that_raises_at_its_start_is_an_error() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise ValueError("no database")

    with pytest.raises(LifespanError, match="ValueError: no database") as caught:
        run(app, lifespan="auto")
    assert isinstance(caught.value.__cause__, ValueError)


async def refusing(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    assert "state" not in scope
    await answering(OK, body(b"fine"))(scope, receive, send)


async def ignoring(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await refusing(scope, receive, send)


async def confusing(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await answering(OK, body(b"fine"))(scope, receive, send)


@pytest.mark.parametrize("app", [refusing, ignoring, confusing])
def test_an_application_without_a_lifespan_works(app: Any) -> None:
    assert run(app, lifespan="auto")["body"] == "fine"
    assert run(app, lifespan="off")["body"] == "fine"


@pytest.mark.parametrize("app", [refusing, ignoring, confusing])
def test_a_lifespan_can_be_asked_for(app: Any) -> None:
    with pytest.raises(LifespanError):
        run(app, lifespan="on")


def test_a_failing_shutdown_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "cannot close"})
        raise ValueError("cannot close at all")

    async def life() -> None:
        handler = asgi(app)
        assert await handler.start()
        await handler.stop()

    asyncio.run(life())
    assert "the application's shutdown failed: cannot close" in caplog.text
    assert "cannot close at all" in caplog.text


def test_another_event_loop_has_its_own_start() -> None:
    app = App()
    handler = asgi(app)
    for _ in range(2):
        asyncio.run(handler(URL, None))
    assert app.notes == ["start", "start"]
