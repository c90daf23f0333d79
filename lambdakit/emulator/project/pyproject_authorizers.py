"""`[tool.lambdakit.authorizers]` in pyproject.toml: authorizers that routes name.

    [tool.lambdakit.authorizers.users]
    kind = "jwt"                              # request, token, jwt or cognito
    issuer = "https://login.example"
    audience = ["web"]
    scopes = ["orders"]                       # one of them is enough; a route's own `scopes` take their place

    [tool.lambdakit.authorizers.guard]
    kind = "token"
    function = "guard"
    ttl = 60                                  # seconds for which an answer holds; 0: the function is asked each time

    [tool.lambdakit.functions.api]
    routes = [{ path = "/orders", authorizer = "users" }, { path = "/old", kind = "rest", authorizer = "guard" }]

Each setting is one row of SETTINGS: the kinds of authorizer that have it, what it must be, what it becomes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from lambdakit.emulator.faces.identity_sources import read_source
from lambdakit.emulator.project.authorizer import (
    APIS,
    AUTHORIZATION,
    MAX_TTL_SECONDS,
    Authorizer,
    issuer_of_pool,
    with_authorizer,
)
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdakit.emulator.project.spec import FunctionSpec, Route

__all__ = ("authorized", "read_authorizers")

# `type`, but Any to type checkers.
_type: Any = type


class Setting(NamedTuple):
    """The kinds that have a setting, the value of the authorizer it becomes, and how."""

    kinds: tuple[str, ...]
    becomes: str
    convert: Callable[[Any], Any]


def _texts(value: Any) -> tuple[str, ...]:
    items: list[Any] = value if _type(value) is list else [value]
    if not items or not all(isinstance(item, str) and item for item in items):
        raise UsageError(f"expected text or a list of texts, not {value!r}")
    return tuple(items)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"expected text, not {value!r}")
    return value


def _identity(value: Any) -> tuple[str, ...]:
    sources = _texts(value)
    for source in sources:
        read_source(source)
    return sources


def _pattern(value: Any) -> str:
    try:
        re.compile(_text(value))
    except re.error as error:
        raise UsageError(f"{value!r} is no regular expression: {error}") from None
    return _text(value)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_TTL_SECONDS:
        raise UsageError(f"expected 0 to {MAX_TTL_SECONDS} seconds, not {value!r}")
    return value


def _one_of(*words: str) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in words:
            raise UsageError(f"expected {' or '.join(words)}, not {value!r}")
        return cast("str", value)

    return convert


def _pools(value: Any) -> tuple[str, ...]:
    return tuple(issuer_of_pool(arn) for arn in _texts(value))


_ASKED = ("request", "token")
_TOKENS = ("jwt", "cognito")
SETTINGS: dict[str, Setting] = {
    "function": Setting(_ASKED, "function", _text),
    "identity": Setting((*_ASKED, *_TOKENS), "identity", _identity),
    "validation": Setting(("token",), "validation", _pattern),
    "ttl": Setting(_ASKED, "ttl", _seconds),
    "answers": Setting(("request",), "answers", _one_of("simple", "policy", "either")),
    "payload": Setting(("request",), "payload", _one_of("1.0", "2.0")),
    "issuer": Setting(("jwt",), "issuers", _texts),
    "user-pool": Setting(("cognito",), "issuers", _pools),
    "audience": Setting(("jwt",), "audience", _texts),
    "jwks-url": Setting(_TOKENS, "keys_url", _text),
    "scopes": Setting(_TOKENS, "scopes", _texts),
}
# What an authorizer of a kind cannot do without.
_NEEDED = {"request": "function", "token": "function", "jwt": "issuer", "cognito": "user-pool"}


def read_authorizers(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Authorizer]:
    """The authorizers by name. Raises UsageError."""
    return {name: _authorizer(name, table) for name, table in tables.items()}


def _authorizer(name: str, table: Mapping[str, Any]) -> Authorizer:
    place = f"tool.lambdakit.authorizers.{name}"
    kind: Any = table.get("kind", "request")
    if kind not in APIS:
        raise UsageError(f"{place}.kind is {', '.join(APIS)}, not {kind!r}.")
    values: dict[str, Any] = {}
    for setting, value in table.items():
        if setting == "kind":
            continue
        rule = SETTINGS.get(setting)
        if rule is None or kind not in rule.kinds:
            known = ", ".join(other for other, row in SETTINGS.items() if kind in row.kinds)
            raise UsageError(f"{place} has no setting {setting!r}; one of kind {kind} has {known}")
        try:
            values[rule.becomes] = rule.convert(value)
        except UsageError as error:
            raise UsageError(f"{place}.{setting}: {error}") from None
    if _NEEDED[kind] not in table:
        raise UsageError(f"{place} has no {_NEEDED[kind]!r}, which one of kind {kind} needs")
    if kind == "token":
        values.setdefault("identity", (AUTHORIZATION,))
    return Authorizer(name, kind, **values)


def authorized(spec: FunctionSpec, authorizers: Mapping[str, Authorizer]) -> FunctionSpec:
    """The function, its routes with the authorizers they name. Raises UsageError for one of another kind of API."""
    return replace(spec, routes=tuple(_with_its(route, authorizers) for route in spec.routes))


def _with_its(route: Route, authorizers: Mapping[str, Authorizer]) -> Route:
    name = route.authorizer
    return with_authorizer(route, authorizers[name]) if isinstance(name, str) and name in authorizers else route
