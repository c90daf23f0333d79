"""An HttpApp under a real server, uvicorn, asked by a real client, httpx."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from uvicorn.importer import import_from_string

from lambdakit import StreamingResponse
from lambdakit.http import HttpApp, Request, Response, served  # noqa: TC001 - the annotations are read
from lambdakit.runtime import hooks
from tests.http.door_events import Sent, event_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

app = HttpApp()
closed = threading.Event()


@app.get("/hello/{name}")
def hello(request: Request, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "query": request.query.pairs,
        "accept": request.headers.all("accept"),
        "cookies": request.cookies,
        "client": request.client_ip,
        "scheme": request.scheme,
        "host": request.host,
        "mount": request.mount,
        "raw_path": request.raw_path,
        "domain": request.event.request_context.domain_name,  # type: ignore[union-attr]
        "id": request.request_id == request.raw["requestContext"]["requestId"],
        "seconds": round(request.context.get_remaining_time_in_millis() / 1000),
    }


@app.post("/echo")
async def echo(request: Request) -> Response:
    response = Response(request.body, 201, {"x-length": str(len(request.body))}, content_type="application/own")
    response.headers.add("vary", "a")
    response.headers.add("vary", "b")
    response.set_cookie("a=1")
    response.set_cookie("b=2; Secure")
    return response


@app.get("/nothing")
def nothing() -> None:
    return None


@app.get("/fail")
def fail() -> None:
    raise ValueError("secret")


@app.get("/bad-header")
def bad_header() -> Response:
    return Response("x", headers={"x-bad": "a\nb"})


@app.get("/rows")
def rows() -> Iterator[str]:
    yield "one "
    yield "two"


@app.get("/rows-async")
async def rows_async() -> StreamingResponse:
    async def made() -> AsyncIterator[bytes]:
        for piece in (b"one ", b"", b"two"):
            await asyncio.sleep(0)
            yield piece

    return StreamingResponse(202, {"content-type": "text/x"}, ["a=1"], made())


@app.get("/endless")
def endless() -> Iterator[bytes]:
    try:
        while True:
            yield bytes(65536)
    finally:
        closed.set()


def ask(*requests: Any, root_path: str = "") -> list[httpx.Response]:
    """The answers to requests, of one server."""

    async def all_of_them() -> list[httpx.Response]:
        async with serving(root_path) as client:
            return [await client.request(*request[:2], **dict(request[2:])) for request in requests]

    return asyncio.run(all_of_them())


@asynccontextmanager
async def serving(root_path: str = "") -> AsyncIterator[httpx.AsyncClient]:
    started = asyncio.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    config = uvicorn.Config(
        served(app, timeout=60), port=0, log_level="critical", ws="none", lifespan="on", root_path=root_path
    )
    server = Server(config)
    running = asyncio.create_task(server._serve())
    await asyncio.wait_for(started.wait(), 10)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 10)


def test_nothing_of_a_request_is_lost() -> None:
    headers = [("accept", "a"), ("accept", "b"), ("cookie", "x=1; y=2"), ("host", "shop.example.com")]
    (answer,) = ask(("GET", "/hello/caf%C3%A9%2Fbar?q=a%20b&q=2&e=", ("headers", headers)))
    assert answer.json() == {
        "name": "café/bar",
        "query": [["q", "a b"], ["q", "2"], ["e", ""]],
        "accept": ["a", "b"],
        "cookies": {"x": "1", "y": "2"},
        "client": "127.0.0.1",
        "scheme": "http",
        "host": "shop.example.com",
        "mount": "",
        "raw_path": "/hello/caf%C3%A9%2Fbar",
        "domain": "shop.example.com",
        "id": True,
        "seconds": 60,
    }


def test_what_a_proxy_says_is_believed_before_the_connection() -> None:
    headers = {"x-forwarded-proto": "https", "x-forwarded-port": "443"}
    (answer,) = ask(("GET", "/hello/x", ("headers", headers)))
    assert answer.json()["scheme"] == "https"


def test_the_mount_is_told_and_not_routed() -> None:
    (answer,) = ask(("GET", "/hello/x"), root_path="/api")
    assert (answer.json()["mount"], answer.json()["raw_path"]) == ("/api", "/hello/x")


def test_bodies_headers_and_cookies_pass() -> None:
    body = bytes(range(256)) * 1000
    binary, text = ask(("POST", "/echo", ("content", body)), ("POST", "/echo", ("content", b"text")))
    assert (binary.status_code, binary.content, text.content) == (201, body, b"text")
    assert binary.headers["content-length"] == binary.headers["x-length"] == "256000"
    assert binary.headers.get_list("vary") == ["a", "b"]
    assert binary.headers.get_list("set-cookie") == ["a=1", "b=2; Secure"]


def test_errors_heads_and_empty_answers() -> None:
    fail, missing, wrong, head, nothing, bad = ask(
        ("GET", "/fail"), ("GET", "/none"), ("GET", "/echo"), ("HEAD", "/hello/x"), ("GET", "/nothing"),
        ("GET", "/bad-header"),
    )  # fmt: skip
    assert (fail.status_code, missing.status_code, wrong.status_code) == (500, 404, 405)
    assert "secret" not in fail.text
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert (nothing.status_code, nothing.content, "content-length" in nothing.headers) == (204, b"", False)
    assert bad.status_code == 500


def test_streams_are_sent_as_they_are_made() -> None:
    plain, awaited, head = ask(("GET", "/rows"), ("GET", "/rows-async"), ("HEAD", "/rows"))
    assert (plain.text, plain.headers["transfer-encoding"]) == ("one two", "chunked")
    assert (awaited.status_code, awaited.content, awaited.headers["set-cookie"]) == (202, b"one two", "a=1")
    assert (head.status_code, head.content) == (200, b"")


def test_a_stream_ends_when_the_client_goes() -> None:
    closed.clear()

    async def leave() -> None:
        async with serving() as client, client.stream("GET", "/endless") as answer:
            async for _ in answer.aiter_raw():
                break
            await answer.aclose()
            assert await asyncio.to_thread(closed.wait, 10)

    asyncio.run(leave())


def test_the_shutdown_hooks_run(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    notes: list[str] = []

    def failing() -> None:
        raise ValueError("no")

    monkeypatch.setattr(hooks, "_on_shutdown", [lambda: notes.append("first"), failing, lambda: notes.append("last")])
    ask()
    assert notes == ["last", "first"]
    assert "failing failed" in caplog.text


def test_other_scopes_are_refused() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(served(app)({"type": "websocket"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1000}]
    with pytest.raises(ValueError, match="serves http, not 'smtp'"):
        asyncio.run(served(app)({"type": "smtp"}, receive, send))


def test_a_client_that_goes_before_its_request_is_whole_is_forgotten() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(served(app)(scope, receive, send))


def test_the_same_application_answers_events() -> None:
    answer = app(event_of("rest", Sent("GET", "/nothing")))
    assert answer["statusCode"] == 204
    body = json.loads(app(event_of("url", Sent("GET", "/none")))["body"])
    assert body["status"] == 404


def test_a_server_finds_the_application_by_its_name() -> None:
    found = import_from_string(f"{__name__}:app.asgi")

    async def ask_it() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(found), base_url="http://test") as client:
            return await client.get("/nothing")

    assert asyncio.run(ask_it()).status_code == 204
