"""An HTTP API as a Lambda handler: routes, middleware and errors, behind every front door.

    app = HttpApp()

    @app.get("/users/{id:int}")
    def show(id: int) -> User: ...

    @app.post("/users")
    async def add(user: NewUser, request: Request) -> tuple[int, User]: ...

    @app.exception_handler(StockError)
    def sold_out(request: Request, error: StockError) -> Response: ...

    handler = app

The application itself is the handler, of API Gateway's REST and HTTP APIs, load balancers, function URLs, VPC
Lattice and CloudFront (Lambda@Edge): which one sent an event is seen from the event, and the answer is written as that
one wants it.

    request -> middleware of the application
                 -> route, or 404, or 405 -> middleware of the route -> function -> response
               errors -> exception handlers, HTTPError as a problem, all else logged and 500

Middleware of the application sees every request and every answer, errors' too (`Response.exception` says of which one);
that of a route sees what its function raises. HEAD is answered by the route for GET without its body, OPTIONS by the
methods there are. Sync and async functions may be mixed: the handler returns a coroutine where the route is async.
"""

from __future__ import annotations

from lambdakit.exceptions import HTTPError, MethodNotAllowedError, NotFoundError, UsageError, WrongSourceError
from lambdakit.handlers import early, initialise, is_async, onion, to_caller
from lambdakit.http.front_doors import front_door_of
from lambdakit.http.invoke_mode import can_stream
from lambdakit.http.request import Request
from lambdakit.http.response import Response, own_response_of, response_of
from lambdakit.http.router import Router, Routes
from lambdakit.http.stream_bodies import is_async_body, streaming_answer, whole_body, whole_body_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal, TypeVar

    from lambdakit.handlers import Call, Middleware
    from lambdakit.http.invoke_mode import StreamMode
    from lambdakit.http.path_patterns import Converter
    from lambdakit.http.router import Route
    from lambdakit.http.serve import ServedApp

    FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])
    HandlerT = TypeVar("HandlerT", bound=Callable[[Request, Any], Any])

__all__ = ("HttpApp",)

# `type`, but Any to type checkers.
_type: Any = type


class HttpApp(Router):
    """An HTTP API; see the module's text.

    `trailing_slash` says what a path is that has a route only with, or without, a slash at its end: "ignore" answers by
    that route, "redirect" sends the client there (308), "strict" is 404. `base_path` is stripped from paths that have
    it, as behind a custom domain's mapping. `stream` says whether the caller takes a stream: "on", "off", or "auto" for
    what can be seen (`invoke_mode`).
    """

    # Tells the runtime that a call may return a coroutine: which it is depends on the event.
    __lambda_async__ = True

    def __init__(
        self,
        *,
        middleware: Sequence[Middleware] = (),
        converters: Mapping[str, Converter] | None = None,
        trailing_slash: Literal["ignore", "redirect", "strict"] = "ignore",
        base_path: str = "",
        stream: StreamMode = "auto",
    ) -> None:
        super().__init__(converters=converters)
        if trailing_slash not in ("ignore", "redirect", "strict"):
            raise UsageError(f"trailing_slash is 'ignore', 'redirect' or 'strict', not {trailing_slash!r}")
        if base_path and (not base_path.startswith("/") or base_path.endswith("/")):
            raise UsageError(f"the base path {base_path!r} must start with a slash and not end with one")
        self._slash = trailing_slash
        self._base = base_path
        self._routes = Routes()
        self._handlers: dict[type[BaseException], Callable[[Request, Any], Any]] = {}
        self._ready: list[Middleware] = []
        self._stream: StreamMode = stream
        self._around = tuple(middleware)
        self._seal()

    def add(self, route: Route) -> None:
        """Register a route. Raises UsageError for one that cannot be called, and for a second one for the same."""
        route.plan()
        if route.middleware:
            route.run = onion(_responding(route), route.middleware)
            self._initialise(route.middleware)
        self._routes.add(route)
        super().add(route)

    def use(self, middleware: Middleware) -> None:
        """Add middleware within what there is: `m(request, context, call_next)`, where `call_next` gives a Response."""
        self._around = (*self._around, middleware)
        self._seal()

    def exception_handler(self, kind: type[BaseException]) -> Callable[[HandlerT], HandlerT]:
        """Register what answers exceptions of this class and those below it: `f(request, error)`.

        What it returns is made a response as a route's result is.
        """
        if not (_type(kind) is type and issubclass(kind, Exception)):
            raise UsageError(f"exception_handler takes a class of exceptions, not {kind!r}")

        def register(handler: HandlerT) -> HandlerT:
            self._handlers[kind] = handler
            self._seal()
            return handler

        return register

    def not_found(self, handler: HandlerT) -> HandlerT:
        """Register what answers where no route fits: `f(request, error)`."""
        return self.exception_handler(NotFoundError)(handler)

    def __call__(self, event: Any, context: Any = None) -> Any:
        """Answer an event of any HTTP service; a coroutine where the route is async. Raises WrongSourceError."""
        return self._entry(event, context)

    def _serve(self, event: Any, context: Any) -> Any:
        try:
            door = front_door_of(event)
        except WrongSourceError:
            from lambdakit.http.edge_door import any_front_door

            door = any_front_door(event)
        request = Request(event, door, context)
        response = self.respond(request)
        if hasattr(response, "__await__") or is_async_body(response.body):
            return to_caller(self._write_later(request, response))
        return self._write(request, response)

    @property
    def asgi(self) -> ServedApp:
        """This API as an ASGI application, for a server: `uvicorn module:app.asgi`; `served` has options."""
        from lambdakit.http.serve import served

        return served(self)

    def respond(self, request: Request) -> Any:
        """The Response to a request, or an awaitable of it where the route is async; nothing is raised."""
        self._find(request)
        target = request.target
        if self._is_async or (target is not None and target.is_async):
            return self._respond_async(request)
        try:
            return response_of(self._sync(request, request.context))
        except Exception as error:
            return self._failed(request, error)

    async def _respond_async(self, request: Request) -> Response:
        try:
            return response_of(await self._async(request, request.context))
        except Exception as error:
            return await self._failed_async(request, error)

    # From a request to its route.

    def _find(self, request: Request) -> None:
        """Find the request's route, and note it and the values of its path."""
        if self._base:
            self._strip(request)
        method, path, routes = request.method, request.raw_path, self._routes
        found = routes.find(request, method, path)
        if found is None and self._slash == "ignore":
            found = routes.find(request, method, _other_slash(path))
        if found is None:
            if method != "HEAD":
                return
            found = routes.find(request, "GET", path)
            if found is None and self._slash == "ignore":
                found = routes.find(request, "GET", _other_slash(path))
            if found is None:
                return
        route, values = found
        request.target = route
        request.route = route.pattern.text
        if values:
            request.path_params = values

    def _strip(self, request: Request) -> None:
        base, path = self._base, request.raw_path
        if path.startswith(base) and path[len(base) : len(base) + 1] in ("", "/"):
            request.base_path, request.raw_path = base, path[len(base) :] or "/"

    def _unrouted(self, request: Request) -> Response:
        """The answer where no route fits. Raises NotFoundError and MethodNotAllowedError."""
        path = request.raw_path
        methods = self._routes.methods(request, path)
        if not methods:
            other = self._routes.methods(request, _other_slash(path))
            if other and self._slash == "redirect":
                return _redirect(request)
            methods = other if self._slash == "ignore" else methods
        if not methods:
            raise NotFoundError("nothing is here")
        allow = ", ".join(sorted(methods))
        if request.method == "OPTIONS":
            return Response("", 204, {"allow": allow})
        raise MethodNotAllowedError(allow)

    # From a route to a response.

    def _seal(self) -> None:
        """Put the middleware around what answers; done again when there is more of it."""
        self._is_async = any(is_async(member) for member in (*self._around, *self._handlers.values()))
        self._async: Call = onion(self._answer_async, self._around)
        self._sync: Call = onion(self._answer, () if self._is_async else self._around)
        self._entry: Call = early(self._around, self._serve, False)
        self._initialise(self._around)

    def _initialise(self, middleware: Sequence[Middleware]) -> None:
        """Run each middleware's `on_init` once, however many routes it is around."""
        for member in middleware:
            if not any(member is known for known in self._ready):
                self._ready.append(member)
                initialise((member,))

    def _answer(self, request: Request, context: Any) -> Response:
        try:
            route: Route | None = request.target
            if route is None:
                return self._unrouted(request)
            return own_response_of(route.call(request) if route.run is None else route.run(request, context))
        except Exception as error:
            return self._failed(request, error)

    async def _answer_async(self, request: Request, context: Any) -> Response:
        try:
            route: Route | None = request.target
            if route is None:
                return self._unrouted(request)
            result = route.call(request) if route.run is None else route.run(request, context)
            return own_response_of(await result if route.is_async else result)
        except Exception as error:
            return await self._failed_async(request, error)

    # What middleware calls the handler.
    _answer.__name__ = _answer_async.__name__ = "HttpApp"

    # From an exception to a response.

    def _failed(self, request: Request, error: Exception) -> Response:
        try:
            response = own_response_of(self._handled(request, error))
        except Exception as another:
            response = _problem(request, another)
        response.exception = error
        return response

    async def _failed_async(self, request: Request, error: Exception) -> Response:
        try:
            result = self._handled(request, error)
            response = own_response_of(await result if hasattr(result, "__await__") else result)
        except Exception as another:
            response = _problem(request, another)
        response.exception = error
        return response

    def _handled(self, request: Request, error: Exception) -> Any:
        """What the nearest exception handler makes of an exception; without one, a problem."""
        if self._handlers:
            for kind in _type(error).__mro__:
                if kind in self._handlers:
                    return self._handlers[kind](request, error)
        return _problem(request, error)

    # From a response to the answer of the front door.

    def _write(self, request: Request, response: Response) -> Any:
        try:
            if request.method == "HEAD":
                response.body = ""
            elif response.is_streamed:
                if can_stream(request.door, self._stream):
                    return streaming_answer(response)
                response.body = whole_body(response.body)
            return response.answer(request.door)
        except Exception as error:  # too large, a header that is none, a body that failed
            return _problem(request, error).answer(request.door)

    async def _write_later(self, request: Request, response: Any) -> Any:
        if hasattr(response, "__await__"):
            response = await response
        try:
            if is_async_body(response.body) and not can_stream(request.door, self._stream):
                response.body = await whole_body_async(response.body)
        except Exception as error:
            response = await self._failed_async(request, error)
        return self._write(request, response)

    def __repr__(self) -> str:
        return f"<HttpApp of {len(self.routes)} routes>"


def _responding(route: Route) -> Call:
    """The heart of a route's onion: its function, and its result as a response."""
    if route.is_async:

        async def respond_async(request: Request, _context: Any) -> Response:
            return own_response_of(await route.call(request))

        return _named(respond_async, route)

    def respond(request: Request, _context: Any) -> Response:
        return own_response_of(route.call(request))

    return _named(respond, route)


def _named(call: Any, route: Route) -> Call:
    # Middleware that names the handler follows this attribute.
    call.__wrapped__ = route.function
    return call  # type: ignore[no-any-return]


def _problem(request: Request, error: Exception) -> Response:
    from lambdakit.http.problems import problem_of, server_error

    return problem_of(error) if isinstance(error, HTTPError) else server_error(request, error)


def _other_slash(path: str) -> str:
    """The path without its slash at the end, or with one."""
    return path[:-1] if path.endswith("/") else path + "/"


def _redirect(request: Request) -> Response:
    from lambdakit.http.response import RedirectResponse

    query = request.door.raw_query(request.raw)
    # One slash in front: two would name another host.
    path = f"{request.mount}/{_other_slash(request.raw_path).lstrip('/')}"
    return RedirectResponse(f"{path}?{query}" if query else path, 308)
