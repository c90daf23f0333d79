"""Any WSGI application as a Lambda handler, unchanged: Flask, Django, Bottle, Pyramid, Falcon.

    from flask import Flask
    from lambdakit.http import wsgi

    app = Flask(__name__)
    handler = wsgi(app)

The handler serves every front door (`front_doors`) and CloudFront (`edge_door`), and runs on every runtime. Answers go
out whole; where the caller takes a stream (`invoke_mode`), one whose length is not known beforehand goes out while the
application makes it. An application that raises is logged and answered 500; the error's text stays in the log.

Source: PEP 3333.
"""

from __future__ import annotations

import logging
from functools import partial

from lambdakit import handlers
from lambdakit.exceptions import UsageError
from lambdakit.http.app_answers import AppAnswers, checked_base_path, checked_mode
from lambdakit.http.edge_door import any_front_door
from lambdakit.http.wsgi_environ import wsgi_environ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, TypeAlias

    from lambdakit.handlers import Middleware
    from lambdakit.http.front_doors import FrontDoor
    from lambdakit.http.invoke_mode import StreamMode

    WSGIApplication: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
    ErrorInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

__all__ = ("WSGIHandler", "wsgi")

_log = logging.getLogger("lambdakit.http")


def wsgi(
    app: WSGIApplication,
    *,
    stream: StreamMode = "auto",
    base_path: str = "",
    text_types: Sequence[str] = (),
    exclude_headers: Sequence[str] = (),
    front_door: Callable[[Any], FrontDoor] | None = None,
    middleware: Sequence[Middleware] = (),
) -> WSGIHandler:
    """The Lambda handler of a WSGI application.

    `stream`: "on" and "off" say whether the caller takes a stream, which an event does not tell. `base_path` is the
    part of the path, such as the base path mapping of a custom domain, that is not for the application's routes: it
    becomes part of SCRIPT_NAME. `text_types` are beginnings of further content types to be sent as text,
    `exclude_headers` names of headers never to be sent. `front_door` finds what reads an event and writes its
    answer, where the event's form does not tell; `middleware` gets the event as it came. Raises UsageError for an
    option that makes no sense.
    """
    if not callable(app):
        raise UsageError(f"wsgi() takes a WSGI application, which is callable; {app!r} is not")
    answers = AppAnswers(checked_mode("stream", stream), text_types, exclude_headers)
    door_of = front_door or partial(any_front_door, who="wsgi()")
    adapter = _Adapter(app, answers, checked_base_path(base_path), door_of)
    handler: Any = handlers.decorate(adapter.serve, prepare=None, middleware=middleware)
    handler.app = app
    return handler  # type: ignore[no-any-return]


class WSGIHandler(handlers.Handler["Mapping[str, Any]", "Any"]):
    """What an adapted application is to type checkers: a handler. At run time it is a function.

    `app` is the application.
    """

    app: WSGIApplication


class _Adapter:
    """What serves one application."""

    def __init__(
        self, app: WSGIApplication, answers: AppAnswers, base_path: str, front_door: Callable[[Any], FrontDoor]
    ) -> None:
        self._app = app
        self._answers = answers
        self._base_path = base_path
        self._front_door = front_door

    def serve(self, event: Mapping[str, Any], context: Any) -> Any:
        """Answer one event."""
        door = self._front_door(event)
        environ = wsgi_environ(door, event, context, self._base_path)
        method = environ["REQUEST_METHOD"]
        answers, run = self._answers, _Run()
        try:
            if (
                answers.can_stream(door, method)
                and run.begin(self._app, environ)
                and answers.must_stream(door, run.headers)
            ):
                return answers.streamed(run.status, run.headers, run.pieces())
            body = run.body(self._app, environ)
        except Exception:
            _log.exception("the application failed on %s %s", method, environ["REQUEST_URI"])
            return answers.failure(door, method)
        return answers.whole(door, method, run.status, run.headers, body)


class _Run:
    """One call of an application: what it has started to answer, and the pieces of its body."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self._sent = False
        self._written: list[bytes] = []
        self._iterable: Iterable[bytes] | None = None
        self._iterator: Iterator[bytes] | None = None

    def begin(self, app: WSGIApplication, environ: dict[str, Any]) -> bool:
        """Run the application up to its first piece. Returns whether there may be more of them."""
        self._iterable = iterable = app(environ, self.start_response)
        self._iterator = iter(iterable)
        if hasattr(iterable, "__len__") or not getattr(iterable, "streaming", True):
            return False  # all of it is there already; Django's responses have no length, but say this
        try:
            for piece in self._iterator:
                if piece:
                    self._written.append(piece)
                    return self._checked()
        except BaseException:
            self._close()
            raise
        return False

    def body(self, app: WSGIApplication, environ: dict[str, Any]) -> bytes:
        """The whole body. Raises what the application raises, and RuntimeError where it breaks PEP 3333."""
        if self._iterator is None:
            self._iterable = app(environ, self.start_response)
            self._iterator = iter(self._iterable)
        try:
            rest = b"".join(self._iterator)
        finally:
            self._close()
        self._checked()
        return b"".join(self._written) + rest

    def pieces(self) -> Iterator[bytes]:
        """What there is of the body and what comes, as it comes."""
        self._sent = True
        try:
            yield from self._taken()
            for piece in self._iterator or ():
                yield from self._taken()
                yield piece
            yield from self._taken()
        finally:
            self._close()

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ErrorInfo | None = None
    ) -> Callable[[bytes], None]:
        """Begin the answer, or with `exc_info` begin it anew; PEP 3333, "The start_response() Callable"."""
        if exc_info is not None:
            try:
                if self._sent and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no circle through the frame
        elif self.status:
            raise RuntimeError("start_response() was called a second time, without exc_info")
        self.status = int(status[:3])
        self.headers = [(name.lower(), value.strip()) for name, value in headers]  # Django's cookies: " a=1"
        return self._written.append

    def _taken(self) -> list[bytes]:
        written = self._written[:]
        self._written.clear()
        return written

    def _checked(self) -> bool:
        if not self.status:
            raise RuntimeError("the application gave a body without having called start_response()")
        return True

    def _close(self) -> None:
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()
