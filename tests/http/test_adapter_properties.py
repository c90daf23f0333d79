"""Anything goes through: answers of any headers, cookies and body, and any request to a real application."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.fastapi_app.app import app as guest_book
from lambdakit.http import asgi, wsgi
from tests.http.door_events import DIALECTS, Sent, event_of, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

dialects = pytest.mark.parametrize("dialect", DIALECTS)
names = st.from_regex(r"x-[a-z]{1,6}", fullmatch=True)
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters=",\x7f"), min_size=1).filter(
    lambda value: value == value.strip() and value.isprintable()
)
bodies = st.binary(max_size=60)
answers = st.tuples(st.lists(st.tuples(names, values), max_size=5), st.lists(values, max_size=3), bodies)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@dialects
@given(answer=answers)
def test_no_header_cookie_or_body_of_an_answer_is_changed(
    loop: asyncio.AbstractEventLoop, dialect: str, answer: Any
) -> None:
    headers, cookies, body = answer

    async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
        pairs = [*headers, *(("set-cookie", cookie) for cookie in cookies)]
        coded = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
        await send({"type": "http.response.start", "status": 200, "headers": coded})
        await send({"type": "http.response.body", "body": body})

    def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [*headers, *(("Set-Cookie", cookie) for cookie in cookies)])
        return [body]

    event = event_of(dialect, Sent())
    got = seen(dialect, loop.run_until_complete(asgi(asgi_app, lifespan="off")(event, None)))
    listed: dict[str, list[str]] = {}
    for name, value in headers:
        listed.setdefault(name, []).append(value)
    assert {name: ", ".join(found) for name, found in got.headers.items()} == {
        name: ", ".join(found) for name, found in listed.items()
    }
    assert (got.cookies, got.body) == (cookies, body)
    assert seen(dialect, wsgi(wsgi_app)(event, None)) == got


methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"]) | st.from_regex(
    r"[A-Z]{1,8}", fullmatch=True
)
paths = st.sampled_from(["/entries", "/entries/1", "/entries/0", "/entries/99999", "/docs", "/openapi.json"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
).map(lambda text: "/" + quote(text))
sent = st.builds(
    Sent,
    methods,
    paths,
    st.lists(st.tuples(values, values), max_size=3),
    st.lists(st.tuples(names | st.sampled_from(["accept", "content-type", "origin"]), values), max_size=3),
    st.lists(values, max_size=2),
    bodies | st.sampled_from([b'{"name": "x"}', b'{"name": 1}', b"{", b"null", b"\x80"]),
)


@dialects
@given(request_sent=sent)
def test_no_request_is_a_server_error(loop: asyncio.AbstractEventLoop, dialect: str, request_sent: Sent) -> None:
    async def once() -> Any:
        handler = asgi(guest_book)
        answer = await handler(event_of(dialect, request_sent), None)
        await handler.stop()
        return answer

    assert seen(dialect, loop.run_until_complete(once())).status < 500
