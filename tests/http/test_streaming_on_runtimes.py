"""Streams of an HttpApp under lambdakit's runtime and AWS's own client: as they are made, or whole."""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation
from tests.fake_runtime_api import Event
from tests.http.door_events import DIALECTS, Sent, event_of, seen
from tests.runtime_process import OFFICIAL, run_runtime

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake_runtime_api import FakeRuntimeApi

APP = """
import os
from lambdakit.http import HttpApp, Response, compression, sse

app = HttpApp(middleware=[compression(codings=["gzip"])])

@app.get("/plain")
def plain():
    yield "one "
    yield b"two"

@app.get("/async")
async def awaited():
    yield "one "
    yield b"two"

@app.get("/events")
def events():
    return sse(["one", {"two": 2}], retry=100)

@app.get("/async-events")
async def async_events():
    return sse(numbers(), heartbeat=15)

@app.get("/text")
def text():
    return Response(plain(), content_type="text/plain")

@app.get("/gate")
def gate(fifo: str):
    yield "before "
    with open(fifo) as opened:      # waits for the caller, who waits for what was yielded
        yield opened.read()

@app.get("/broken")
def broken():
    yield "one"
    raise ValueError("in the middle")

@app.get("/late")
def late():
    return Response(never(), 201, content_type="text/plain")

def never():
    raise ValueError("before the first piece")
    yield

async def numbers():
    yield 1
    yield 2

handler = app
"""
BODIES = {
    "/plain": [b"one ", b"two"],
    "/async": [b"one ", b"two"],
    "/events": [b"retry: 100\n\n", b"data: one\n\n", b'data: {"two": 2}\n\n'],
    "/async-events": [b"data: 1\n\n", b"data: 2\n\n"],
}


@pytest.mark.parametrize("path", BODIES)
def test_a_function_url_gets_every_piece_for_itself(path: str) -> None:
    run = run_runtime(APP, [Event(event_of("url", Sent(path=path)))])
    (post,) = run.posts
    assert post.headers["lambda-runtime-function-response-mode"] == "streaming"
    head, *body = post.chunks
    prelude = json.loads(head[:-8])
    assert prelude["statusCode"] == 200
    assert prelude["headers"]["content-type"] == (
        "text/event-stream; charset=utf-8" if "events" in path else "application/octet-stream"
    )
    assert body == BODIES[path]


@pytest.mark.parametrize("path", BODIES)
def test_everybody_else_gets_the_whole(path: str) -> None:
    dialects = [dialect for dialect in DIALECTS if dialect not in ("url", "edge")]
    events = [Event(event_of(dialect, Sent(path=path))) for dialect in dialects]
    run = run_runtime(APP, events)
    posts = [post for post in run.posts if post.call == "response"]
    assert len(posts) == len(dialects)
    for dialect, post in zip(dialects, posts, strict=True):
        answer = seen(dialect, post.json())
        assert (answer.status, answer.body) == (200, b"".join(BODIES[path])), dialect


@pytest.mark.parametrize("path", BODIES)
def test_under_awss_client_a_function_url_gets_the_whole_too(path: str) -> None:
    run = run_runtime(APP, [Event(event_of("url", Sent(path=path)))], command=OFFICIAL)
    (post,) = run.posts
    answer = seen("url", post.json())
    assert (answer.status, answer.body) == (200, b"".join(BODIES[path]))


def test_several_streams_at_once_do_not_mix() -> None:
    paths = [*BODIES] * 2
    events = [Event(event_of("url", Sent(path=path))) for path in paths]
    env = {"AWS_LAMBDA_MAX_CONCURRENCY": "4", "LAMBDAKIT_CONCURRENCY": "async"}

    def done(api: FakeRuntimeApi) -> bool:
        return len([post for post in api.posts if post.call == "response"]) == len(events)

    run = run_runtime(APP, events, env=env, until=done, timeout=30)
    posts = [post for post in run.posts if post.call == "response"]
    assert sorted(post.chunks[1:] for post in posts) == sorted(BODIES[path] for path in paths)


def test_a_compressed_stream_can_be_read_piece_by_piece() -> None:
    sent = Sent(path="/text", headers=[("accept-encoding", "gzip")])
    run = run_runtime(APP, [Event(event_of("url", sent))])
    head, *body = run.posts[0].chunks
    assert json.loads(head[:-8])["headers"]["content-encoding"] == "gzip"
    unpack = zlib.decompressobj(31)
    assert [unpack.decompress(piece) for piece in body][:2] == [b"one ", b"two"]


def test_a_stream_that_breaks_says_so_at_its_end() -> None:
    run = run_runtime(APP, [Event(event_of("url", Sent(path="/broken")))])
    (post,) = run.posts
    assert post.chunks[1:] == [b"one"]
    assert post.trailers["lambda-runtime-function-error-type"] == "ValueError"


@pytest.mark.parametrize("path", ["/broken", "/late"])
def test_a_whole_answer_that_breaks_is_a_server_error(path: str) -> None:
    run = run_runtime(APP, [Event(event_of("http", Sent(path=path)))])
    assert run.posts[0].json()["statusCode"] == 500


def test_the_first_piece_is_with_the_caller_while_the_route_still_runs(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    event = json.dumps(event_of("url", Sent(path="/gate", query=[("fifo", str(fifo))]))).encode()

    async def talk() -> bytes:
        config = FunctionConfig("stream", "app.handler", tmp_path, timeout=20)
        async with ExecutionEnvironment(config) as environment:
            running: Any = await environment.dispatch(Invocation(event))
            received, is_open = b"", False
            async for chunk in running.chunks():
                received += chunk
                if b"before " in received and not is_open:
                    is_open = True
                    await asyncio.to_thread(fifo.write_text, "after")
            return received.partition(bytes(8))[2]

    assert asyncio.run(talk()) == b"before after"
