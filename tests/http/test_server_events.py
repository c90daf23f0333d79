"""Server-sent events: what is sent, and that a page reads what was yielded."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import ResponseError, UsageError
from lambdakit.http import HttpApp, Response, ServerEvent, sse  # noqa: TC001
from tests.http.requests_made import event_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def read(text: str) -> list[dict[str, Any]]:
    """The events of a stream, as the HTML standard has them parsed (section 9.2.6)."""
    found: list[dict[str, Any]] = []
    data: list[str] = []
    known: dict[str, Any] = {"event": "message", "id": ""}
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                found.append({"data": "\n".join(data), **known})
            data, known["event"] = [], "message"
        elif colon and not name:
            continue
        elif name == "data":
            data.append(value)
        elif name == "retry" and value.isdecimal():
            known["retry"] = int(value)
        elif name in ("event", "id"):
            known[name] = value
    return found


def texts(response: Response) -> list[str]:
    body: Any = response.body
    if not hasattr(body, "__aiter__"):
        return list(body)

    async def gather() -> list[str]:
        return [text async for text in body]

    return asyncio.run(gather())


async def later(*events: Any) -> AsyncIterator[Any]:
    for event in events:
        yield event


def test_every_field_has_its_line():
    event = ServerEvent({"n": 1}, event="price", id="42", retry=500, comment="from\nhere")
    assert event.text() == ': from\n: here\nevent: price\nid: 42\nretry: 500\ndata: {"n": 1}\n\n'
    assert ServerEvent(comment="").text() == ":\n\n"
    assert ServerEvent("").text() == "data: \n\n"
    assert repr(event) == "<ServerEvent price>"


@pytest.mark.parametrize("mark", ["a\nid: 1", "a\rb", "a\0b"])
@pytest.mark.parametrize("name", ["event", "id"])
def test_a_field_cannot_begin_another(name: str, mark: str):
    with pytest.raises(ResponseError, match=f"the {name} of a server-sent event"):
        ServerEvent("x", **{name: mark})


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_what_is_yielded_is_what_a_page_reads(kind: str):
    given = ["one", {"two": 2}, ServerEvent("three", event="e", id="3"), None, 5]
    response = sse(given if kind == "plain" else later(*given), retry=100)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (response.headers["cache-control"], response.headers["x-accel-buffering"]) == ("no-cache", "no")
    sent = texts(response)
    assert len(sent) == 1 + len(given)
    assert [(event["data"], event["event"], event["id"], event["retry"]) for event in read("".join(sent))] == [
        ("one", "message", "", 100),
        ('{"two": 2}', "message", "", 100),
        ("three", "e", "3", 100),
        ("5", "message", "3", 100),
    ]


def test_headers_can_be_given():
    response = sse([], headers={"Cache-Control": "no-store", "x-a": "b"})
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-a"] == "b"


@given(
    st.lists(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(), st.lists(st.text(max_size=5))))
)
def test_any_events_come_out_as_they_went_in(events: list[Any]):
    found = [event["data"] for event in read("".join(texts(sse(events))))]
    wanted = [event.replace("\r\n", "\n").replace("\r", "\n") if isinstance(event, str) else event for event in events]
    assert [
        text if isinstance(event, str) else json.loads(text) for event, text in zip(wanted, found, strict=True)
    ] == wanted


def test_a_heartbeat_fills_the_time_without_events():
    async def run() -> list[str]:
        ready = asyncio.Event()

        async def slow() -> AsyncIterator[str]:
            yield "first"
            await ready.wait()
            yield "second"

        seen: list[str] = []
        body: Any = sse(slow(), heartbeat=0.001).body
        async for text in body:
            seen.append(text)
            if seen.count(":\n\n") == 3:
                ready.set()
        return seen

    seen = asyncio.run(run())
    assert seen[0] == "data: first\n\n"
    assert seen[1:4] == [":\n\n"] * 3
    assert seen[-1] == "data: second\n\n"


@pytest.mark.parametrize("heartbeat", [None, 0.001])
def test_a_stream_that_is_left_ends_its_source(heartbeat: float | None):
    async def run() -> list[str]:
        ended: list[str] = []

        async def endless() -> AsyncIterator[str]:
            try:
                while True:
                    yield "x"
                    await asyncio.sleep(0)
                    if heartbeat is not None:
                        await asyncio.Event().wait()
            finally:
                ended.append("ended")

        body: Any = sse(endless(), heartbeat=heartbeat).body
        await body.__anext__()
        await body.__anext__()
        await body.aclose()
        return ended

    assert asyncio.run(run()) == ["ended"]


def test_a_plain_stream_that_is_left_ends_its_source():
    ended: list[str] = []

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            ended.append("ended")

    body: Any = sse(endless()).body
    next(body)
    body.close()
    assert ended == ["ended"]


@pytest.mark.parametrize("heartbeat", [None, 10])
def test_an_error_of_the_source_is_raised(heartbeat: float | None):
    async def fails() -> AsyncIterator[str]:
        yield "x"
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        texts(sse(fails(), heartbeat=heartbeat))


@pytest.mark.parametrize(
    ("events", "heartbeat", "why"),
    [([], 1, "cannot be waited for"), ("text", None, r"sse\(\[event\]\)"), ({"a": 1}, None, "not dict")],
)
def test_mistakes_are_met_at_once(events: Any, heartbeat: Any, why: str):
    with pytest.raises(UsageError, match=why):
        sse(events, heartbeat=heartbeat)
    with pytest.raises(UsageError):
        sse(later(), heartbeat=0)


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_where_nothing_streams_the_events_come_at_once(kind: str):
    app = HttpApp(stream="off")

    @app.get("/plain")
    def plain() -> Response:
        return sse(["a", "b"])

    @app.get("/async")
    async def awaited() -> Response:
        return sse(later("a", "b"), heartbeat=5)

    answer = app(event_of("GET", f"/{kind}"))
    answer = asyncio.run(answer) if kind == "async" else answer
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "text/event-stream; charset=utf-8"
    assert answer["body"] == "data: a\n\ndata: b\n\n"
    assert answer["isBase64Encoded"] is False


def test_where_it_can_the_answer_is_a_stream():
    app = HttpApp(stream="on")

    @app.get("/")
    def plain() -> Response:
        return sse(["a", "b"])

    answer = app(event_of())
    assert list(answer.body) == ["data: a\n\n", "data: b\n\n"]
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
