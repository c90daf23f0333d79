"""The authorizers of a SAM template: `Auth` of its APIs, of the Globals, and of a function's event.

A route's authorizer is its event's, else its API's default; the API is the one the event names, else the implicit one,
which the Globals alone describe. What of it only the cloud knows (the id of a user pool that the stack makes) leaves
the authorizer's name on the route, and a note. Source: AWS SAM developer guide, "ApiAuth" and "HttpApiAuth".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from lambdakit.emulator.project.authorizer import (
    AUTHORIZATION,
    TTL_SECONDS,
    Authorizer,
    issuer_of_pool,
    with_authorizer,
)
from lambdakit.emulator.project.intrinsics import Unresolved
from lambdakit.emulator.project.template_file import table
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.project.spec import Route
    from lambdakit.emulator.project.template import Reading

__all__ = ("with_auth",)

# Kind of route -> the API's type, its section in Globals, and the property by which an event names it.
_APIS = {
    "rest": ("AWS::Serverless::Api", "Api", "RestApiId"),
    "http": ("AWS::Serverless::HttpApi", "HttpApi", "ApiId"),
}
_BY_NAME = ("NONE", "AWS_IAM")

# `type`, but Any to type checkers.
_type: Any = type


def with_auth(reading: Reading, logical_id: str, route: Route, properties: Mapping[str, Any]) -> Route:
    """A route that an event describes, with its authorizer and scopes."""
    auth, own = _auth_of(reading, route.kind, properties), table(properties.get("Auth"))
    name = own.get("Authorizer") or auth.get("DefaultAuthorizer")
    if not isinstance(name, str):
        return route
    route = replace(route, authorizer=name, scopes=tuple(own.get("AuthorizationScopes") or ()))
    described = table(auth.get("Authorizers")).get(name)
    if name in _BY_NAME or described is None:
        return route
    try:
        read = _rest_authorizer if route.kind == "rest" else _http_authorizer
        return with_authorizer(route, read(name, described))
    except UsageError as error:
        reading.notes.append(f"{logical_id}: the authorizer {name}: {error}; nobody passes it here")
        return route


def _auth_of(reading: Reading, kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The `Auth` of the API that an event belongs to."""
    api_type, section, key = _APIS[kind]
    shared = table(table(table(reading.template.get("Globals")).get(section)).get("Auth"))
    wanted = properties.get(key)
    for name, resource in reading.template["Resources"].items():
        if resource.get("Type") == api_type and wanted in (name, reading.resolver.ref(name)):
            own = table(table(resource.get("Properties")).get("Auth"))
            merged = {**table(shared.get("Authorizers")), **table(own.get("Authorizers"))}
            return table(reading.resolver.value({**shared, **own, "Authorizers": merged}))
    return table(reading.resolver.value(shared))


def _rest_authorizer(name: str, described: Mapping[str, Any]) -> Authorizer:
    identity = table(described.get("Identity"))
    scopes = tuple(described.get("AuthorizationScopes") or ())
    if "UserPoolArn" in described:
        issuers = tuple(issuer_of_pool(arn) for arn in _listed(described["UserPoolArn"]))
        return Authorizer(name, "cognito", identity=(_header(identity),), issuers=issuers, scopes=scopes)
    function, ttl = _function(described), identity.get("ReauthorizeEvery", TTL_SECONDS)
    if described.get("FunctionPayloadType", "TOKEN") == "TOKEN":
        validation = identity.get("ValidationExpression", "")
        return Authorizer(name, "token", function, (_header(identity),), validation, ttl)
    return Authorizer(name, "request", function, _sources(identity), ttl=ttl)


def _http_authorizer(name: str, described: Mapping[str, Any]) -> Authorizer:
    scopes = tuple(described.get("AuthorizationScopes") or ())
    if "JwtConfiguration" in described:
        jwt = {key.lower(): value for key, value in table(described["JwtConfiguration"]).items()}
        return Authorizer(
            name,
            "jwt",
            identity=(described.get("IdentitySource", AUTHORIZATION),),
            issuers=(_known(jwt.get("issuer")),),
            audience=_listed(jwt.get("audience") or []),
            scopes=scopes,
        )
    identity = table(described.get("Identity"))
    payload: Literal["1.0", "2.0"] = "1.0" if str(described.get("AuthorizerPayloadFormatVersion")) == "1.0" else "2.0"
    return Authorizer(
        name,
        "request",
        _function(described),
        _sources(identity),
        ttl=identity.get("ReauthorizeEvery", TTL_SECONDS),
        answers="simple" if described.get("EnableSimpleResponses") else "policy",
        payload=payload,
    )


def _header(identity: Mapping[str, Any]) -> str:
    return f"$request.header.{identity.get('Header', 'Authorization')}"


def _sources(identity: Mapping[str, Any]) -> tuple[str, ...]:
    prefixes = {"Headers": "request.header", "QueryStrings": "request.querystring", "Context": "context"}
    prefixes["StageVariables"] = "stageVariables"
    return tuple(f"${prefix}.{name}" for key, prefix in prefixes.items() for name in identity.get(key) or ())


def _function(described: Mapping[str, Any]) -> str:
    """The name of the function that an ARN is of, with or without a qualifier."""
    parts = _known(described.get("FunctionArn")).split(":")
    return parts[6] if len(parts) > 6 else parts[-1]


def _listed(value: Any) -> tuple[str, ...]:
    """One text or several. Raises UsageError."""
    items: list[Any] = value if _type(value) is list else [value]
    return tuple(_known(item) for item in items)


def _known(value: Any) -> str:
    """A text. Raises UsageError for what only the cloud knows, or is not there."""
    if isinstance(value, Unresolved):
        raise UsageError(value.why)
    if not isinstance(value, str):
        raise UsageError("it names no user pool, issuer or function")
    return value
