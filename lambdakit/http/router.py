"""Routes: registered by decorators, put together from routers, found by host, method and path.

    users = Router(middleware=[signed_in])

    @users.get("/{id:int}")
    def show(id: int) -> User: ...

    app = HttpApp()
    app.include(users, prefix="/users")
    app.include(admin, host="admin.example.com")

A decorator gives the function back as it was. A mistake (a pattern, an argument that cannot be given, a second route
for the same) is a UsageError where the route is registered. A router may get routes after it was included.

Not here: what is done with a request (`app`), and which arguments a function gets (`arguments`).
"""

from __future__ import annotations

from lambdakit.exceptions import UsageError
from lambdakit.handlers import is_async
from lambdakit.http.arguments import plan_call, signature_of
from lambdakit.http.path_patterns import CONVERTERS, parse_host, parse_path
from lambdakit.http.route_table import RouteTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Protocol, TypeVar

    from lambdakit.handlers import Middleware
    from lambdakit.http.arguments import Parameter
    from lambdakit.http.path_patterns import Converter, Pattern
    from lambdakit.http.request import Request

    FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

    class Decorator(Protocol):
        """Gives back the function it is given."""

        def __call__(self, function: FunctionT, /) -> FunctionT: ...


__all__ = ("METHODS", "Route", "Router", "Routes")

# What a route may answer to; RFC 9110 section 9 and RFC 5789. CONNECT and TRACE never reach a function.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Route:
    """One route: `methods` and `pattern`, and the `function` that answers.

    `call(request)` calls it with its arguments; what an `async def` gives is awaited by who calls. `run` is it
    within its middleware, None where it has none.
    """

    __slots__ = ("call", "function", "host", "is_async", "methods", "middleware", "parameters", "pattern", "run")

    # There once the route is an application's: until then its path may still get a prefix with values.
    call: Callable[[Request], Any]

    def __init__(
        self,
        methods: tuple[str, ...],
        pattern: Pattern,
        function: Callable[..., Any],
        parameters: Sequence[Parameter],
        *,
        host: Pattern | None = None,
        middleware: tuple[Middleware, ...] = (),
    ) -> None:
        self.methods = methods
        self.pattern = pattern
        self.function = function
        self.parameters = parameters
        self.host = host
        self.middleware = middleware
        self.is_async = is_async(function)
        self.run: Callable[[Request, Any], Any] | None = None

    def plan(self) -> None:
        """Plan the arguments. Raises UsageError for one that the function cannot be given."""
        host_names = () if self.host is None else tuple(name for name in self.host.names if name[0] != "_")
        self.call = plan_call(self.function, self.parameters, (*self.pattern.names, *host_names), self.methods)

    def within(self, prefix: Pattern | None, host: Pattern | None, middleware: tuple[Middleware, ...]) -> Route:
        """The same route in another router. Raises UsageError."""
        if host is not None and self.host is not None:
            raise UsageError(f"{self} is for the host {self.host.text} already")
        pattern = self.pattern if prefix is None else prefix.joined(self.pattern)
        layers = (*middleware, *self.middleware)
        return Route(self.methods, pattern, self.function, self.parameters, host=host or self.host, middleware=layers)

    def __repr__(self) -> str:
        return f"<Route {','.join(self.methods)} {self.pattern.text}>"


class Router:
    """A set of routes, to be included under a prefix in another router or in an application.

    `middleware` runs around each of them: `m(request, context, call_next)`, where `call_next` gives a Response.
    `converters` are for its own patterns, beside int, float, uuid and path.
    """

    def __init__(
        self, *, middleware: Sequence[Middleware] = (), converters: Mapping[str, Converter] | None = None
    ) -> None:
        self._converters = {**CONVERTERS, **(converters or {})}
        self._middleware = tuple(middleware)
        self.routes: list[Route] = []
        self._included_in: list[Callable[[Route], None]] = []

    def route(self, path: str, *, methods: Iterable[str], middleware: Sequence[Middleware] = ()) -> Decorator:
        """Register a function for these methods of a path. Raises UsageError."""
        wanted = _checked_methods(path, methods)

        def register(function: FunctionT) -> FunctionT:
            if not callable(function):
                raise UsageError(f"the route {path} decorates a function, not {type(function).__name__}")
            pattern = parse_path(path, self._converters)
            around = (*self._middleware, *middleware)
            self.add(Route(wanted, pattern, function, signature_of(function), middleware=around))
            return function

        return register

    def get(self, path: str, *, middleware: Sequence[Middleware] = ()) -> Decorator:
        """Register a function for GET, and for HEAD unless another route has it."""
        return self.route(path, methods=("GET",), middleware=middleware)

    def post(self, path: str, *, middleware: Sequence[Middleware] = ()) -> Decorator:
        """Register a function for POST."""
        return self.route(path, methods=("POST",), middleware=middleware)

    def put(self, path: str, *, middleware: Sequence[Middleware] = ()) -> Decorator:
        """Register a function for PUT."""
        return self.route(path, methods=("PUT",), middleware=middleware)

    def patch(self, path: str, *, middleware: Sequence[Middleware] = ()) -> Decorator:
        """Register a function for PATCH."""
        return self.route(path, methods=("PATCH",), middleware=middleware)

    def delete(self, path: str, *, middleware: Sequence[Middleware] = ()) -> Decorator:
        """Register a function for DELETE."""
        return self.route(path, methods=("DELETE",), middleware=middleware)

    def head(self, path: str, *, middleware: Sequence[Middleware] = ()) -> Decorator:
        """Register a function for HEAD, where the one for GET would do too much."""
        return self.route(path, methods=("HEAD",), middleware=middleware)

    def options(self, path: str, *, middleware: Sequence[Middleware] = ()) -> Decorator:
        """Register a function for OPTIONS, which is else answered with the methods there are."""
        return self.route(path, methods=("OPTIONS",), middleware=middleware)

    def include(
        self, router: Router, prefix: str = "", *, host: str | None = None, middleware: Sequence[Middleware] = ()
    ) -> None:
        """Take in a router's routes, those to come too, under a prefix and, if given, for a host alone.

        Raises UsageError.
        """
        if router is self:
            raise UsageError("a router cannot be included in itself")
        if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
            raise UsageError(f"the prefix {prefix!r} must start with a slash and not end with one, such as '/users'")
        before = parse_path(prefix, self._converters) if prefix else None
        if before is not None and before.rest is not None:
            raise UsageError(f"the prefix {prefix!r} has a path value, after which nothing can follow")
        within = None if host is None else parse_host(host, self._converters)

        def take(route: Route) -> None:
            self.add(route.within(before, within, (*self._middleware, *middleware)))

        for route in router.routes:
            take(route)
        router._included_in.append(take)

    def add(self, route: Route) -> None:
        """Register a route that is made already."""
        self.routes.append(route)
        for take in self._included_in:
            take(route)


def _checked_methods(path: str, methods: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(methods.split() if isinstance(methods, str) else methods)
    for method in wanted:
        if method not in METHODS:
            raise UsageError(f"the route {path} is for {method!r}; a method is one of {', '.join(METHODS)}")
    if not wanted:
        raise UsageError(f"the route {path} is for no method; name some: methods=['GET', 'POST']")
    return wanted


class Routes:
    """Where the routes of an application are found: those of its hosts first, then those for any host."""

    def __init__(self) -> None:
        self._any_host = RouteTable()
        self._hosts: dict[str, tuple[Pattern, RouteTable, RouteTable]] = {}

    def add(self, route: Route) -> None:
        """Add a route. Raises UsageError where there is one for the same."""
        if route.host is None:
            self._any_host.add(route.methods, route.pattern, route)
            return
        if route.host.text not in self._hosts:
            names = RouteTable()
            names.add(("",), route.host, None)
            self._hosts[route.host.text] = route.host, names, RouteTable()
        self._hosts[route.host.text][2].add(route.methods, route.pattern, route)

    def find(self, request: Request, method: str, path: str) -> tuple[Route, dict[str, Any]] | None:
        """The route for a method and a path, and the values of its pattern; or None."""
        if self._hosts:
            for table, values in self._tables(request):
                found = table.find(method, path)
                if found is not None:
                    return found[0], {**values, **found[1]}
            return None
        return self._any_host.find(method, path)

    def methods(self, request: Request, path: str) -> set[str]:
        """The methods that have a route for this path; HEAD and OPTIONS too, where they are answered by themselves."""
        found: set[str] = set()
        for table, _ in self._tables(request):
            found |= table.methods(path)
        if "GET" in found:
            found.add("HEAD")
        return found | {"OPTIONS"} if found else found

    def _tables(self, request: Request) -> Iterable[tuple[RouteTable, dict[str, Any]]]:
        host = request.host.partition(":")[0].replace("/", "")
        for _, names, table in self._hosts.values():
            found = names.find("", "/" + host.replace(".", "/"))
            if found is not None:
                yield table, {name: value for name, value in found[1].items() if not name.startswith("_")}
        yield self._any_host, {}
