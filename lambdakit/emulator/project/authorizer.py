"""A route's authorizer: who or what is asked whether a request may pass, as plain values.

    kind      asks                                          API
    request   a function, with the request                  REST, HTTP
    token     a function, with one header                   REST
    jwt       an issuer's keys, about a JSON Web Token      HTTP
    cognito   user pools' keys, about one of their tokens   REST

Not here: where it was read from (`pyproject`, `template_authorizers`), and how it decides (`lambdakit.emulator.faces`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lambdakit.exceptions import UsageError

__all__ = ("APIS", "AUTHORIZATION", "Authorizer", "AuthorizerKind", "check_fits")

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


def check_fits(authorizer: Authorizer, api: str, route: str) -> None:
    """Raise UsageError for a route whose API knows no such authorizer."""
    if api not in APIS[authorizer.kind]:
        raise UsageError(
            f"the authorizer {authorizer.name!r} of {route} is of kind {authorizer.kind}, which is for "
            f"{' and '.join(APIS[authorizer.kind])} routes, and the route is of kind {api}"
        )
