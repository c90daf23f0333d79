"""A route's authorizer: who or what is asked whether a request may pass, as plain values.

    kind      asks                                          API
    request   a function, with the request                  REST, HTTP
    token     a function, with one header                   REST
    jwt       an issuer's keys, about a JSON Web Token      HTTP
    cognito   user pools' keys, about one of their tokens   REST

Not here: where it was read from (`pyproject`, `template_authorizers`), and how it decides (`lambdakit.emulator.faces`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from lambdakit.emulator.project.spec import Route

__all__ = ("APIS", "AUTHORIZATION", "Authorizer", "AuthorizerKind", "issuer_of_pool", "with_authorizer")

AuthorizerKind = Literal["request", "token", "jwt", "cognito"]

# Which APIs know an authorizer of a kind.
APIS: dict[AuthorizerKind, tuple[str, ...]] = {
    "request": ("rest", "http"),
    "token": ("rest",),
    "jwt": ("http",),
    "cognito": ("rest",),
}
AUTHORIZATION = "$request.header.Authorization"
# API Gateway's default, and its maximum.
TTL_SECONDS = 300
MAX_TTL_SECONDS = 3600


@dataclass(frozen=True)
class Authorizer:
    """An authorizer, by the name that routes give it.

    `function` is who decides, for request and token. `identity` says where in a request its caller is told
    (`$request.header.NAME`, `$request.querystring.NAME`, `$context.NAME`, `$stageVariables.NAME`; REST APIs' spelling
    `method.request.header.NAME` is the same), and `validation` is a regular expression that the token must match
    before anybody is asked. `ttl` is for how many seconds an answer holds for the same identity; 0: it is asked each
    time. `answers` is the form the function must answer an HTTP API in, `payload` the version of the event it is
    asked with. `issuers`, `audience` and `keys_url` are those of tokens, `scopes` what every route of it asks for.
    """

    name: str
    kind: AuthorizerKind = "request"
    function: str = ""
    identity: tuple[str, ...] = ()
    validation: str = ""
    ttl: float = TTL_SECONDS
    answers: Literal["simple", "policy", "either"] = "either"
    payload: Literal["1.0", "2.0"] = "2.0"
    issuers: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    keys_url: str = ""
    scopes: tuple[str, ...] = ()


def with_authorizer(route: Route, authorizer: Authorizer) -> Route:
    """The route with this authorizer. Raises UsageError where the route's API knows no such one."""
    apis = APIS[authorizer.kind]
    if route.kind not in apis:
        raise UsageError(
            f"the route {route.method} {route.path} is of kind {route.kind}, and its authorizer {authorizer.name!r} "
            f"is of kind {authorizer.kind}, which is for {' and '.join(apis)} routes"
        )
    return replace(route, authorizer=authorizer)


def issuer_of_pool(arn: str) -> str:
    """The issuer of a user pool's tokens. Raises UsageError for what is no user pool's ARN."""
    parts = arn.split(":")
    kind, _, pool = parts[-1].partition("/")
    if len(parts) != 6 or parts[2] != "cognito-idp" or kind != "userpool" or not pool:
        raise UsageError(f"{arn!r} is no user pool; expected arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID")
    return f"https://cognito-idp.{parts[3]}.amazonaws.com/{pool}"
