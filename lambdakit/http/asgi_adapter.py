"""Any ASGI application as a Lambda handler, unchanged: FastAPI, Starlette, Django, Litestar, Quart.

    from fastapi import FastAPI
    from lambdakit.http import asgi

    app = FastAPI()
    handler = asgi(app)

The handler serves every front door (`front_doors`), CloudFront (`edge_door`) and WebSocket APIs (`asgi_websocket`), and
tells them apart by the event. It is an async handler: lambdakit's runtime awaits it, one event or many at once, and
AWS's client gets the finished answer. In a test it is awaited: `asyncio.run(handler(event))`.

What an application sends goes out whole once it has ended, background tasks included. Where the caller takes a stream
(`invoke_mode`), an answer goes out while it is made if its length is not known beforehand, or is more than a whole
answer may have. An application that raises is logged and answered 500; the error's text stays in the log.
"""

from __future__ import annotations

import asyncio
import logging

from lambdakit import handlers
from lambdakit.exceptions import UsageError
from lambdakit.http.asgi_exchange import AnswerStream, Exchange
from lambdakit.http.asgi_scope import http_scope
from lambdakit.http.edge_door import any_front_door
from lambdakit.http.invoke_mode import can_stream, must_stream
from lambdakit.http.payload_text import payload_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from typing import Any

    from lambdakit.handlers import Middleware
    from lambdakit.http.asgi_exchange import ASGIApplication
    from lambdakit.http.front_doors import FrontDoor
    from lambdakit.http.invoke_mode import StreamMode
    from lambdakit.http.lifespan import Lifespan, LifespanMode

__all__ = ("ASGIHandler", "asgi")

_log = logging.getLogger("lambdakit.http")
# Names of headers, as text, that are kept: an application sends the same few all the time.
_NAMES_KEPT = 256
_MODES = ("auto", "on", "off")
_FAILURE = (500, [(b"content-type", b"text/plain; charset=utf-8")], b"Internal Server Error")


def asgi(
    app: ASGIApplication,
    *,
    lifespan: LifespanMode = "auto",
    stream: StreamMode = "auto",
    base_path: str = "",
    text_types: Sequence[str] = (),
    exclude_headers: Sequence[str] = (),
    front_door: Callable[[Any], FrontDoor] = any_front_door,
    middleware: Sequence[Middleware] = (),
) -> ASGIHandler:
    """The Lambda handler of an ASGI application.

    `lifespan`: "on" makes an application without one an error, "off" sends it none. `stream`: "on" and "off" say
    whether the caller takes a stream, which an event does not tell. `base_path` is the part of the path, such as the
    base path mapping of a custom domain, that is not for the application's routes: it becomes part of `root_path`.
    `text_types` are beginnings of further content types to be sent as text, `exclude_headers` names of headers never
    to be sent. `front_door` finds what reads an event and writes its answer; `middleware` gets the event as it came.
    Raises UsageError for an option that makes no sense.
    """
    if not callable(app):
        raise UsageError(f"asgi() takes an ASGI application, which is callable; {app!r} is not")
    for name, value in (("lifespan", lifespan), ("stream", stream)):
        if value not in _MODES:
            raise UsageError(f"{name} can be 'auto', 'on' or 'off', not {value!r}")
    root = "/" + base_path.strip("/") if base_path.strip("/") else ""
    excluded = frozenset(name.lower() for name in exclude_headers)
    adapter = _Adapter(app, lifespan, stream, root, tuple(text_types), excluded, front_door)
    handler: Any = handlers.decorate(adapter.serve, prepare=None, middleware=middleware)
    handler.app, handler.start, handler.stop = app, adapter.start, adapter.stop
    handler.__lambda_init__ = adapter.start_at_init
    return handler  # type: ignore[no-any-return]


class ASGIHandler(handlers.Handler["Mapping[str, Any]", "Coroutine[Any, Any, Any]"]):
    """What an adapted application is to type checkers: an async handler. At run time it is a function.

    `app` is the application. `await start()` and `await stop()` run its lifespan by hand, in a test, say; the runtime
    does it by itself. Both may be called again.
    """

    app: ASGIApplication
    start: Callable[[], Coroutine[Any, Any, bool]]
    stop: Callable[[], Coroutine[Any, Any, None]]


class _Adapter:
    """What serves one application: its options, and the lifespan that was started."""

    def __init__(
        self,
        app: ASGIApplication,
        mode: LifespanMode,
        stream: StreamMode,
        base_path: str,
        text_types: tuple[str, ...],
        excluded: frozenset[str],
        front_door: Callable[[Any], FrontDoor],
    ) -> None:
        self.app = app
        self._mode: LifespanMode = mode
        self._stream: StreamMode = stream
        self._base_path = base_path
        self._text_types = text_types
        self._excluded = excluded
        self._front_door = front_door
        self._names: dict[bytes, str] = {}
        self._lifespan: Lifespan | None = None
        self._starting: asyncio.Task[Lifespan] | None = None

    async def serve(self, event: Mapping[str, Any], context: Any) -> Any:
        """Answer one event."""
        lifespan = self._lifespan
        if self._mode != "off" and (lifespan is None or lifespan.loop is not asyncio.get_running_loop()):
            lifespan = await self._started()
        door = self._front_door(event)
        scope = http_scope(door, event, context, self._base_path)
        if lifespan is not None and lifespan.supported:
            scope["state"] = lifespan.state.copy()
        exchange = Exchange(door.body(event))
        running = self.app(scope, exchange.receive, exchange.send)
        stream = None
        try:
            if can_stream(door, self._stream):
                stream = AnswerStream(exchange, running, lambda begun: must_stream(dict(begun.headers), door.limit))
                if await stream.streams():
                    return self._streamed(exchange, stream)
            else:
                await running
            if not exchange.complete:
                _log.error("the application ended without a whole answer to %s %s", scope["method"], scope["path"])
        except Exception:
            _log.exception("the application failed on %s %s", scope["method"], scope["path"])
        return self._answer(door, exchange, scope["method"])

    async def start(self) -> bool:
        """Start the application, if it was not. Returns whether it has a lifespan. Raises LifespanError."""
        return self._mode != "off" and (await self._started()).supported

    async def stop(self) -> None:
        """Shut the application down, if it was started."""
        lifespan, self._lifespan = self._lifespan, None
        if lifespan is not None and not lifespan.loop.is_closed():
            await lifespan.stop()

    def start_at_init(self) -> None:
        """Start the application on the environment's event loop, and see to its end. Raises LifespanError."""
        if handlers.environment_loop().run_until_complete(self.start()):
            from lambdakit import on_shutdown

            on_shutdown(self._shut_down)

    def _shut_down(self) -> None:
        loop = handlers.environment_loop()
        if loop.is_running():
            _log.warning("the environment ends while its event loop is at work: the application is not shut down")
            return
        loop.run_until_complete(self.stop())

    async def _started(self) -> Lifespan:
        """The lifespan on this event loop, of which an environment has one. Invocations at once start it once."""
        loop = asyncio.get_running_loop()
        if self._lifespan is not None and self._lifespan.loop is loop:
            return self._lifespan
        starting = self._starting
        if starting is None or starting.get_loop() is not loop:
            starting = self._starting = loop.create_task(self._make())
        try:
            return await asyncio.shield(starting)
        finally:
            if starting.done() and self._starting is starting:
                self._starting = None  # what failed is tried again with the next event

    async def _make(self) -> Lifespan:
        from lambdakit.http.lifespan import Lifespan

        lifespan = Lifespan(self.app, self._mode)
        await lifespan.start()
        self._lifespan = lifespan
        return lifespan

    def _answer(self, door: FrontDoor, exchange: Exchange, method: str) -> dict[str, Any]:
        status, headers, body = exchange.status, exchange.headers, b""
        if exchange.complete:
            body = exchange.body()
        else:
            status, headers, body = _FAILURE
        pairs, cookies, known = self._text(headers)
        if method == "HEAD":
            return door.answer(status, pairs, cookies, "")
        text = payload_of(body, known.get("content-type"), known.get("content-encoding"), self._text_types)
        return door.answer(status, pairs, cookies, text)

    def _streamed(self, exchange: Exchange, stream: AnswerStream) -> Any:
        from lambdakit import StreamingResponse

        pairs, cookies, _known = self._text(exchange.headers)
        headers: dict[str, str] = {}
        for name, value in pairs:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return StreamingResponse(exchange.status, headers, cookies, stream)

    def _text(self, headers: Sequence[tuple[bytes, bytes]]) -> tuple[list[tuple[str, str]], list[str], dict[str, str]]:
        """Headers as text, in lower case; cookies apart; and each header's last value by name."""
        names = self._names
        if len(names) > _NAMES_KEPT:
            names.clear()
        pairs: list[tuple[str, str]] = []
        for name, value in headers:
            text = names.get(name)
            if text is None:
                text = names[bytes(name)] = name.decode("latin-1").lower()
            pairs.append((text, value.decode("latin-1")))
        if self._excluded:
            pairs = [pair for pair in pairs if pair[0] not in self._excluded]
        known = dict(pairs)
        if "set-cookie" not in known:
            return pairs, [], known
        cookies = [value for name, value in pairs if name == "set-cookie"]
        return [pair for pair in pairs if pair[0] != "set-cookie"], cookies, known
