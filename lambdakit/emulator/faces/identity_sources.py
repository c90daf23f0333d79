"""Where in a request an authorizer finds whom it is about.

    REST API                           HTTP API
    method.request.header.NAME         $request.header.NAME
    method.request.querystring.NAME    $request.querystring.NAME
    context.NAME                       $context.NAME
    stageVariables.NAME                $stageVariables.NAME

Stage variables are none here, so an identity of one is always missing. Source: API Gateway developer guide,
"Identity sources" of Lambda authorizers for HTTP APIs, and `identitySource` of the REST API's authorizers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdakit.emulator.faces.message import FaceRequest

__all__ = ("IdentitySource", "find_identity", "read_source")

_FORM = re.compile(r"(?:\$|method\.)?(request\.header|request\.querystring|context|stageVariables)\.(.+)")


class IdentitySource(NamedTuple):
    """A place in a request."""

    place: str
    name: str


def read_source(text: str) -> IdentitySource:
    """The place that an identity source names. Raises UsageError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{text!r} is no identity source; expected $request.header.NAME, $request.querystring.NAME, "
            "$context.NAME or $stageVariables.NAME"
        )
    return IdentitySource(found[1], found[2])


def find_identity(
    sources: tuple[IdentitySource, ...], request: FaceRequest, context: Mapping[str, Any]
) -> tuple[str, ...] | None:
    """What a request has at these places; None where it lacks one. `context` is its event's `requestContext`."""
    found = tuple(_FINDERS[source.place](source.name, request, context) for source in sources)
    return found if all(found) else None


def _header(name: str, request: FaceRequest, context: Mapping[str, Any]) -> str:
    return request.header(name)


def _query(name: str, request: FaceRequest, context: Mapping[str, Any]) -> str:
    return next((value for key, value in request.query_pairs() if key == name), "")


def _context(name: str, request: FaceRequest, context: Mapping[str, Any]) -> str:
    found: Any = context
    for part in name.split("."):
        found = found.get(part) if hasattr(found, "get") else None
    return found if isinstance(found, str) else ""


def _nothing(name: str, request: FaceRequest, context: Mapping[str, Any]) -> str:
    return ""


_FINDERS: dict[str, Callable[[str, FaceRequest, Mapping[str, Any]], str]] = {
    "request.header": _header,
    "request.querystring": _query,
    "context": _context,
    "stageVariables": _nothing,
}
