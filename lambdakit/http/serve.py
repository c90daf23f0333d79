"""An HttpApp as an ASGI application: the same function in an ordinary container, under uvicorn or any ASGI server.

    app = HttpApp()
    handler = app          # for Lambda
    site = served(app)     # for a server: uvicorn module:site, or without this line: uvicorn module:app.asgi

A request becomes an event as a function URL would send it, with nothing lost: headers that came repeatedly are told
apart, and the body is read as it came. Routes that are no `async def` run in a thread, so that they hold up no other
request. Streams are sent as they are made; when the client goes, they are closed. There is a context with a request id
and a deadline; the hooks of `lambdakit.on_shutdown` run when the server shuts down.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

from lambdakit.context import LambdaContext
from lambdakit.http.request import Request
from lambdakit.http.served_event import DOOR, ServedEvent, octet_pairs
from lambdakit.http.stream_bodies import is_async_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
    from typing import Any, TypeAlias

    from lambdakit.http.app import HttpApp
    from lambdakit.http.response import Response

    Receive: TypeAlias = Callable[[], Awaitable[Any]]
    Send: TypeAlias = Callable[[Any], Awaitable[None]]

__all__ = ("ServedApp", "served")

_log = logging.getLogger("lambdakit.http")
_END = object()
# Statuses whose answers have no body, and no length of one.
_BODILESS = (204, 304)
_HOOKS = "lambdakit.runtime.hooks"


def served(app: HttpApp, *, timeout: float = 900.0) -> ServedApp:
    """The ASGI application of an HttpApp.

    `timeout`, in seconds, is when the context's deadline is; a request that takes longer is not ended.
    """
    return ServedApp(app, timeout)


class ServedApp:
    """An HttpApp under an ASGI server; made by `served`."""

    def __init__(self, app: HttpApp, timeout: float) -> None:
        self._app = app
        self._timeout = timeout

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection scope: `http`, `lifespan`; a `websocket` is refused."""
        kind = scope["type"]
        if kind == "http":
            await self._serve(scope, receive, send)
        elif kind == "lifespan":
            await _live(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            raise ValueError(f"an HttpApp serves http, not {kind!r}")

    async def _serve(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            return
        event = ServedEvent(scope, body)
        context: LambdaContext[Any] = LambdaContext(
            event.request_id, deadline_ms=int((time.time() + self._timeout) * 1000), invoked_function_arn=""
        )
        request = Request(event, DOOR, context)
        response = await asyncio.to_thread(self._app.respond, request)
        if hasattr(response, "__await__"):
            response = await response
        await _Answer(request, receive, send).write(response)

    def __repr__(self) -> str:
        return f"<{self._app!r} as ASGI application>"


class _Answer:
    """The writing of one response to a server."""

    def __init__(self, request: Request, receive: Receive, send: Send) -> None:
        self._request = request
        self._receive = receive
        self._send = send

    async def write(self, response: Response) -> None:
        """Send the response, whole or piece by piece. Raises what a stream raises in its middle."""
        if response.is_streamed and self._request.method != "HEAD":
            await self._stream(response)
            return
        if response.is_streamed:
            response.body = ""
        try:
            answer = response.answer(DOOR)
        except Exception as error:
            from lambdakit.http.problems import server_error

            answer = server_error(self._request, error).answer(DOOR)
        body: bytes = answer["body"]
        headers: list[tuple[bytes, bytes]] = answer["headers"]
        if answer["status"] not in _BODILESS and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(body)).encode()))
        await self._start(answer["status"], headers)
        await self._send({"type": "http.response.body", "body": b"" if self._request.method == "HEAD" else body})

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _stream(self, response: Response) -> None:
        await self._start(response.status, octet_pairs(response.headers.pairs, response.cookie_values()))
        leaving = asyncio.ensure_future(self._receive())
        pieces = _pieces(response.body)
        try:
            async for piece in pieces:
                if leaving.done():
                    return
                octets = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else bytes(piece)
                if octets:
                    await self._send({"type": "http.response.body", "body": octets, "more_body": True})
            await self._send({"type": "http.response.body", "body": b""})
        finally:
            leaving.cancel()
            await pieces.aclose()


async def _pieces(body: Any) -> AsyncGenerator[Any, None]:
    """The pieces of a body; those of a plain iterable are made in a thread."""
    iterator = body.__aiter__() if is_async_body(body) else iter(body)
    try:
        if is_async_body(body):
            async for piece in iterator:
                yield piece
            return
        while (piece := await asyncio.to_thread(next, iterator, _END)) is not _END:
            yield piece
    finally:
        if hasattr(iterator, "aclose"):
            await iterator.aclose()
        elif hasattr(iterator, "close"):
            iterator.close()


async def _body(receive: Receive) -> bytes | None:
    """The whole body of a request, or None when the client has gone."""
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _live(receive: Receive, send: Send) -> None:
    """The lifespan: nothing to start; at the end the shutdown hooks that the function has registered."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    registry: Any = sys.modules.get(_HOOKS)  # nobody has registered one unless it is imported
    hooks: list[Callable[[], object]] = [] if registry is None else registry.shutdown_hooks()
    for hook in hooks:
        try:
            await asyncio.to_thread(hook)
        except Exception:
            _log.exception("shutdown hook %s failed", getattr(hook, "__qualname__", hook))
    await send({"type": "lifespan.shutdown.complete"})
