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
from functools import partial

from lambdakit import handlers
from lambdakit.exceptions import UsageError
from lambdakit.http.app_answers import AppAnswers, checked_base_path, checked_mode
from lambdakit.http.asgi_exchange import AnswerStream, Exchange
from lambdakit.http.asgi_scope import http_scope
from lambdakit.http.asgi_websocket import is_websocket, serve_websocket, websocket_scope
from lambdakit.http.edge_door import any_front_door

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


def asgi(
    app: ASGIApplication,
    *,
    lifespan: LifespanMode = "auto",
    stream: StreamMode = "auto",
    base_path: str = "",
    websocket_path: str = "/",
    text_types: Sequence[str] = (),
    exclude_headers: Sequence[str] = (),
    front_door: Callable[[Any], FrontDoor] | None = None,
    middleware: Sequence[Middleware] = (),
) -> ASGIHandler:
    """The Lambda handler of an ASGI application.

    `lifespan`: "on" makes an application without one an error, "off" sends it none. `stream`: "on" and "off" say
    whether the caller takes a stream, which an event does not tell. `base_path` is the part of the path, such as the
    base path mapping of a custom domain, that is not for the application's routes: it becomes part of `root_path`.
    `websocket_path` is the path of the route that takes a WebSocket API's events.
    `text_types` are beginnings of further content types to be sent as text, `exclude_headers` names of headers never
    to be sent. `front_door` finds what reads an event and writes its answer, where the event's form does not tell;
    `middleware` gets the event as it came.
    Raises UsageError for an option that makes no sense.
    """
    if not callable(app):
        raise UsageError(f"asgi() takes an ASGI application, which is callable; {app!r} is not")
    answers = AppAnswers(checked_mode("stream", stream), text_types, exclude_headers)
    door_of = front_door or partial(any_front_door, who="asgi()")
    adapter = _Adapter(
        app, checked_mode("lifespan", lifespan), answers, checked_base_path(base_path), websocket_path, door_of
    )
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
        answers: AppAnswers,
        base_path: str,
        websocket_path: str,
        front_door: Callable[[Any], FrontDoor],
    ) -> None:
        self.app = app
        self._mode: LifespanMode = mode
        self._answers = answers
        self._base_path = base_path
        self._websocket_path = websocket_path
        self._front_door = front_door
        self._names: dict[bytes, str] = {}
        self._lifespan: Lifespan | None = None
        self._starting: asyncio.Task[Lifespan] | None = None

    async def serve(self, event: Mapping[str, Any], context: Any) -> Any:
        """Answer one event."""
        lifespan = self._lifespan
        if self._mode != "off" and (lifespan is None or lifespan.loop is not asyncio.get_running_loop()):
            lifespan = await self._started()
        if is_websocket(event):
            socket = websocket_scope(event, context, self._websocket_path)
            if lifespan is not None and lifespan.supported:
                socket["state"] = lifespan.state.copy()
            return await serve_websocket(self.app, socket)
        door = self._front_door(event)
        scope = http_scope(door, event, context, self._base_path)
        if lifespan is not None and lifespan.supported:
            scope["state"] = lifespan.state.copy()
        exchange = Exchange(door.body(event))
        running = self.app(scope, exchange.receive, exchange.send)
        answers = self._answers
        try:
            if answers.can_stream(door, scope["method"]):
                stream = AnswerStream(exchange, running, lambda: answers.must_stream(door, self._text(exchange)))
                if await stream.streams():
                    return answers.streamed(exchange.status, self._text(exchange), stream)
            else:
                await running
        except Exception:
            _log.exception("the application failed on %s %s", scope["method"], scope["path"])
        else:
            if not exchange.complete:
                _log.error("the application ended without a whole answer to %s %s", scope["method"], scope["path"])
        if not exchange.complete:
            return answers.failure(door, scope["method"])
        return answers.whole(door, scope["method"], exchange.status, self._text(exchange), exchange.body())

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
            _take_over(loop)
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

    def _text(self, exchange: Exchange) -> list[tuple[str, str]]:
        """The headers of the answer as text, names in lower case."""
        names = self._names
        if len(names) > _NAMES_KEPT:
            names.clear()
        pairs: list[tuple[str, str]] = []
        for name, value in exchange.headers:
            text = names.get(name)
            if text is None:
                text = names[bytes(name)] = name.decode("latin-1").lower()
            pairs.append((text, value.decode("latin-1")))
        return pairs


def _take_over(loop: Any) -> None:
    """Free a loop that the signal has interrupted in this thread, so that it can run to another end.

    What it was running is never gone back to: the process ends after the hooks. asyncio has no public way.
    """
    interrupted = asyncio.current_task(loop)
    if interrupted is not None:
        leave: Any = vars(asyncio.tasks)["_leave_task"]
        leave(loop, interrupted)
    asyncio._set_running_loop(None)
    loop._thread_id = None
