"""Server-sent events: a stream of events that a page reads with `EventSource`.

    @app.get("/prices")
    async def prices(request: Request) -> Response:
        return sse(changes(since=request.headers.get("last-event-id")), heartbeat=15)

    async def changes(since: str | None) -> AsyncIterator[ServerEvent]:
        ...
        yield ServerEvent({"price": 7}, event="price", id="42")

An event is a ServerEvent, text, or any other value, which is sent as JSON. Where the front door takes a stream each
goes out when it is yielded; elsewhere all of them when the iterable has ended, so an endless one needs a function URL.

Source: HTML standard, "Server-sent events".
"""

from __future__ import annotations

from lambdakit.exceptions import ResponseError, UsageError
from lambdakit.http.response import Response, json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
    from typing import Any

    from lambdakit.http.multi_maps import HeadersLike

__all__ = ("ServerEvent", "sse")

EVENT_STREAM = "text/event-stream; charset=utf-8"
# What keeps caches and buffering proxies from holding events back.
UNBUFFERED = {"cache-control": "no-cache", "x-accel-buffering": "no"}
HEARTBEAT = ":\n\n"

# isinstance, without narrowing values of unknown type to containers of unknown types.
_is_a: Any = isinstance


class ServerEvent:
    """One event: `data` as text, or anything else as JSON; None sends no data.

    `event` is its type (`message` to a page if there is none), `id` what the page sends as `Last-Event-ID` when it
    connects again, `retry` the milliseconds it waits until then, `comment` text that the page does not see. Raises
    ResponseError for an `event` or `id` with a line break, which would end it.
    """

    __slots__ = ("comment", "data", "event", "id", "retry")

    def __init__(
        self,
        data: Any = None,
        *,
        event: str | None = None,
        id: str | None = None,
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        for name, value in (("event", event), ("id", id)):
            if value is not None and any(mark in value for mark in "\r\n\0"):
                raise ResponseError(f"the {name} of a server-sent event has a line break or a NUL; it is one line")
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
        self.comment = comment

    def text(self) -> str:
        """The event as it is sent.

        >>> ServerEvent("a\\nb", event="note", id="7").text()
        'event: note\\nid: 7\\ndata: a\\ndata: b\\n\\n'
        """
        lines = [f": {line}".rstrip() for line in _lines(self.comment)]
        if self.event is not None:
            lines.append(f"event: {self.event}")
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.retry is not None:
            lines.append(f"retry: {int(self.retry)}")
        lines.extend(f"data: {line}" for line in _lines(_data(self.data)))
        return "\n".join(lines) + "\n\n"

    def __repr__(self) -> str:
        return f"<ServerEvent {self.event or 'message'}>"


def sse(
    events: Iterable[Any] | AsyncIterable[Any],
    *,
    heartbeat: float | None = None,
    retry: int | None = None,
    headers: HeadersLike = (),
) -> Response:
    """The response that sends events, of an iterable or an async one.

    `heartbeat` sends a comment whenever there was no event for so many seconds, which keeps connections from being cut;
    it needs an async iterable. `retry` is sent first: the milliseconds after which a page connects again. Raises
    UsageError.
    """
    is_async = hasattr(events, "__aiter__")
    if _is_a(events, (str, bytes, dict)):
        raise UsageError(f"sse() takes an iterable of events, not {type(events).__name__}; one event is sse([event])")
    if heartbeat is not None and not (is_async and heartbeat > 0):
        raise UsageError("sse(heartbeat=...) takes seconds, and an async iterable: a plain one cannot be waited for")
    body: Any = _async_texts(events, heartbeat, retry) if is_async else _texts(events, retry)
    response = Response(body, 200, headers, content_type=EVENT_STREAM)
    for name, value in UNBUFFERED.items():
        response.headers.setdefault(name, value)
    return response


def _text(event: Any) -> str:
    return event.text() if isinstance(event, ServerEvent) else ServerEvent(event).text()


def _data(data: Any) -> str | None:
    return data if data is None or isinstance(data, str) else json_text(data)


def _lines(text: str | None) -> list[str]:
    """The lines of a text, by the breaks that an event stream knows; other breaks of Unicode are none."""
    return [] if text is None else text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _texts(events: Any, retry: int | None) -> Iterator[str]:
    try:
        if retry is not None:
            yield ServerEvent(retry=retry).text()
        for event in events:
            yield _text(event)
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


async def _async_texts(events: Any, heartbeat: float | None, retry: int | None) -> AsyncIterator[str]:
    if retry is not None:
        yield ServerEvent(retry=retry).text()
    source: Any = events.__aiter__()
    texts: Any = _each(source) if heartbeat is None else _beating(source, heartbeat)
    try:
        async for text in texts:
            yield text
    finally:
        await texts.aclose()  # which lets go of the source, so that it can be closed
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()


async def _each(source: Any) -> AsyncIterator[str]:
    async for event in source:
        yield _text(event)


async def _beating(source: Any, seconds: float) -> AsyncIterator[str]:
    """The events, and a comment whenever the next is not there in time. Waiting for it is never broken off."""
    import asyncio

    waiting: Any = None
    try:
        while True:
            if waiting is None:
                waiting = asyncio.ensure_future(source.__anext__())
            done, _ = await asyncio.wait((waiting,), timeout=seconds)
            if not done:
                yield HEARTBEAT
                continue
            finished, waiting = waiting, None
            try:
                event = finished.result()
            except StopAsyncIteration:
                return
            yield _text(event)
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait((waiting,))
