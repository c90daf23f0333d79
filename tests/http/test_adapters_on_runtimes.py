"""Adapted applications under lambdakit's runtime and AWS's own client: answers, lifespan, streams, signals."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from tests.fake_runtime_api import Event, FakeRuntimeApi
from tests.http.door_events import DIALECTS, Sent, event_of
from tests.runtime_process import OFFICIAL, OURS, run_runtime, runtime_process

APP = """
import asyncio, json, os, urllib.request
from lambdakit.http import asgi, wsgi

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        print("start", flush=True)
        if "FAIL" in os.environ:
            raise ValueError("no database")
        scope["state"]["loop"] = asyncio.get_running_loop()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.sleep(0)
        print("stop", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = (await receive())["body"]
    await asyncio.sleep(0)
    seen = [scope["method"], scope["path"], body.decode(), scope["aws.context"].aws_request_id[:8]]
    same = scope["state"]["loop"] is asyncio.get_running_loop()
    headers = [(b"content-type", b"application/json"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps([*seen, same]).encode()})

handler = asgi(app)

def flask_like(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [environ["wsgi.input"].read(), environ["PATH_INFO"].encode("latin-1")]

wsgi_handler = wsgi(flask_like)

async def slow(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for number in range(3):
        await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
    if scope["path"] == "/fail":
        raise ValueError("in the middle")
    await send({"type": "http.response.body", "body": b"end"})
    print("background", flush=True)

streaming = asgi(slow)

def slow_wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"0"
    yield b"1"

streaming_wsgi = wsgi(slow_wsgi)

here = 0
everybody = asyncio.Event()

async def meeting(scope, receive, send):
    global here
    if scope["type"] == "lifespan":
        return await app(scope, receive, send)
    here += 1
    if here == 5:
        everybody.set()
    await everybody.wait()
    await app(scope, receive, send)

meet = asgi(meeting)

async def sticking(scope, receive, send):
    if scope["type"] == "lifespan":
        return await app(scope, receive, send)
    print("stuck", flush=True)
    url = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-01-01/extension/exit/error"
    urllib.request.urlopen(url, b"").close()  # tells the test
    while True:
        pass

stuck = asgi(sticking)
"""


@pytest.mark.parametrize("handler", ["handler", "wsgi_handler"])
def test_the_same_answers_under_both_runtimes(handler: str) -> None:
    events = [event_of(dialect, Sent("POST", "/a%20b", body=b"hi")) for dialect in DIALECTS]
    ours, official = (
        run_runtime(APP, map(Event, events), handler=f"app.{handler}", command=command) for command in (OURS, OFFICIAL)
    )
    answers = [post.json() for post in _answers(ours.api)]
    assert answers == [post.json() for post in _answers(official.api)]
    assert len(answers) == len(DIALECTS)
    if handler == "handler":
        assert json.loads(answers[2]["body"]) == ["POST", "/a b", "hi", "00000000", True]
        assert ours.stdout.decode().splitlines().count("start") == official.stdout.decode().count("start") == 1


def test_the_application_starts_before_the_first_event() -> None:
    with FakeRuntimeApi() as api, runtime_process(APP, api) as process:
        process.wait_until(lambda: api.holding)
        assert process.stdout() == b"start\n"


def test_a_failing_start_fails_the_environment() -> None:
    run = run_runtime(APP, env={"FAIL": "1"})
    (post,) = run.posts
    assert (post.call, run.exit_code) == ("init/error", 1)
    assert post.json()["errorType"] == "LifespanError"
    assert post.json()["errorMessage"] == "the application's startup failed: ValueError: no database"


def test_the_application_is_shut_down_with_the_environment() -> None:
    with FakeRuntimeApi([Event(event_of("url", Sent()))]) as api, runtime_process(APP, api) as process:
        process.wait_until(lambda: api.drained() and "extension/event/next" in [post.call for post in api.posts])
        os.kill(process.popen.pid, signal.SIGTERM)
        process.wait_until(lambda: process.ended)
        assert process.popen.returncode == 0
        assert process.stdout() == b"start\nstop\n"


def test_the_application_is_shut_down_while_its_loop_is_at_work() -> None:
    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "2", "LAMBDAKIT_CONCURRENCY": "async"}
    with FakeRuntimeApi([Event(event_of("url", Sent()))]) as api, runtime_process(APP, api, env=env) as process:
        process.wait_until(lambda: _answers(api) and "extension/event/next" in [post.call for post in api.posts])
        os.kill(process.popen.pid, signal.SIGTERM)
        process.wait_until(lambda: process.ended)
        assert (process.popen.returncode, process.stdout(), process.stderr()) == (0, b"start\nstop\n", b"")


def test_the_application_is_shut_down_in_the_middle_of_an_event() -> None:
    with (
        FakeRuntimeApi([Event(event_of("url", Sent()))]) as api,
        runtime_process(APP, api, handler="app.stuck") as process,
    ):
        process.wait_until(lambda: "extension/exit/error" in [post.call for post in api.posts])
        os.kill(process.popen.pid, signal.SIGTERM)
        process.wait_until(lambda: process.ended)
        assert (process.popen.returncode, process.stdout(), process.stderr()) == (0, b"start\nstuck\nstop\n", b"")


def test_without_a_lifespan_there_is_nothing_to_shut_down() -> None:
    run = run_runtime(APP, [Event(event_of("http", Sent()))], handler="app.streaming")
    assert [post.call for post in run.posts] == ["response"]


def test_events_at_once_share_one_loop_and_one_start() -> None:
    events = [Event(event_of("url", Sent(path=f"/{number}"))) for number in range(5)]
    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "5", "LAMBDAKIT_CONCURRENCY": "async"}
    run = run_runtime(APP, events, handler="app.meet", env=env, until=lambda api: len(_answers(api)) == 5, timeout=30)
    bodies = [json.loads(post.json()["body"]) for post in _answers(run.api)]
    assert sorted(body[1] for body in bodies) == [f"/{number}" for number in range(5)]
    assert all(body[-1] for body in bodies)
    assert run.stdout.count(b"start") == 1


def _answers(api: FakeRuntimeApi) -> list[Any]:
    return [post for post in api.posts if post.call == "response"]


@pytest.mark.parametrize(
    ("handler", "pieces"), [("streaming", [b"0", b"1", b"2", b"end"]), ("streaming_wsgi", [b"0", b"1"])]
)
def test_a_function_url_gets_a_stream(handler: str, pieces: list[bytes]) -> None:
    run = run_runtime(APP, [Event(event_of("url", Sent()))], handler=f"app.{handler}")
    (post,) = run.posts
    assert post.headers["lambda-runtime-function-response-mode"] == "streaming"
    head, *body = post.chunks
    assert json.loads(head[:-8]) == {"statusCode": 200, "headers": {"content-type": "text/plain"}}
    assert body == pieces


def test_a_stream_that_breaks_says_so_at_its_end() -> None:
    run = run_runtime(APP, [Event(event_of("url", Sent(path="/fail")))], handler="app.streaming")
    (post,) = run.posts
    assert post.chunks[1:] == [b"0", b"1", b"2"]
    assert post.trailers["lambda-runtime-function-error-type"] == "ValueError"


@pytest.mark.parametrize(
    ("dialect", "mode", "mode_of_answer"),
    [
        ("url", "BUFFERED", "buffered"),
        ("rest", None, "buffered"),
        ("rest", "RESPONSE_STREAM", "streaming"),
        ("http", "RESPONSE_STREAM", "buffered"),
    ],
)
def test_the_invoke_mode_can_be_told(dialect: str, mode: str | None, mode_of_answer: str) -> None:
    env = {"LAMBDAKIT_INVOKE_MODE": mode}
    run = run_runtime(APP, [Event(event_of(dialect, Sent()))], handler="app.streaming", env=env)
    (post,) = run.posts
    assert post.headers.get("lambda-runtime-function-response-mode", "buffered") == mode_of_answer


def test_awss_client_gets_the_whole_of_what_would_stream() -> None:
    for handler, body in (("streaming", "012end"), ("streaming_wsgi", "01")):
        run = run_runtime(APP, [Event(event_of("url", Sent()))], handler=f"app.{handler}", command=OFFICIAL)
        assert run.posts[0].json()["body"] == body
