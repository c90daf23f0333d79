"""Which of a project's routes a request takes, by API Gateway's rules.

`{name}` stands for one segment, `{name+}` for all that is left, the path `$default` for every request that no other
route of the HTTP API takes. A path that is spelt out beats one with parameters, which beats a greedy one; of equals,
the method that is named beats ANY.

A REST API first finds the resource, by the path alone, and then the resource's method: a method that the resource lacks
is no route, though a greedy one would have it. An HTTP API looks for path and method together.

Sources: API Gateway developer guide, "Create routes for HTTP APIs" (the route with the most specific match is taken)
and "Set up a proxy integration with a proxy resource".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdakit.emulator.project.spec import Route

__all__ = ("DEFAULT_ROUTE", "RouteMatch", "RouteTable")

TargetT = TypeVar("TargetT")

# The path of an HTTP API's route for all that no other takes.
DEFAULT_ROUTE = "$default"


@dataclass(frozen=True)
class RouteMatch(Generic[TargetT]):
    """The route a request takes, what it leads to, and the parameters in the path as they were sent."""

    route: Route
    target: TargetT
    parameters: dict[str, str]

    def decoded(self) -> dict[str, str]:
        """The parameters without percent-encoding, as HTTP APIs give them."""
        return {name: unquote(value) for name, value in self.parameters.items()}


class RouteTable(Generic[TargetT]):
    """The routes of a project, each leading to a target."""

    def __init__(self, routes: Iterable[tuple[Route, TargetT]]) -> None:
        entries = [(_rank(route), _expression(route.path), route, target) for route, target in routes]
        self._entries = sorted(entries, key=lambda entry: entry[0])

    def match(self, method: str, path: str) -> RouteMatch[TargetT] | None:
        """The route of a request, or None. The path is percent-encoded, without its query."""
        resource: str | None = None
        for _, expression, route, target in self._entries:
            if route.kind == "rest" and resource not in (None, route.path):
                continue
            found = expression.match(path)
            if found is None:
                continue
            if route.method in (method, "ANY"):
                return RouteMatch(route, target, _parameters(route.path, found))
            if route.kind == "rest":
                resource = route.path
        return None

    def __bool__(self) -> bool:
        return bool(self._entries)


_PARAMETER = re.compile(r"\{([^}+]+)(\+?)\}")


def _rank(route: Route) -> tuple[tuple[int, ...], bool]:
    """What sorts the more specific first: segment by segment, then the named method."""
    if route.path == DEFAULT_ROUTE:
        return (4,), True
    segments = [segment for segment in route.path.split("/") if segment]
    kinds = [2 if segment.endswith("+}") else 1 if segment.startswith("{") else 0 for segment in segments]
    return (*kinds, 3), route.method == "ANY"


def _expression(path: str) -> re.Pattern[str]:
    """The pattern of a route's path; a trailing slash of the request makes no difference."""
    if path == DEFAULT_ROUTE:
        return re.compile("")
    parts, position = list[str](), 0
    for found in _PARAMETER.finditer(path):
        parts += [re.escape(path[position : found.start()]), "(.+?)" if found.group(2) else "([^/]+)"]
        position = found.end()
    return re.compile("".join([*parts, re.escape(path[position:].rstrip("/"))]) + r"/?\Z")


def _parameters(path: str, found: re.Match[str]) -> dict[str, str]:
    names = [match.group(1) for match in _PARAMETER.finditer(path)]
    return dict(zip(names, found.groups(), strict=True))
