"""Authorizers that verify tokens by themselves: JWT authorizers of HTTP APIs, user pools of REST APIs.

The signature is checked with the issuer's own keys, which come from the `jwks_uri` of its OpenID configuration; those
of a user pool from `AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER` (or `AWS_ENDPOINT_URL`) where that is set, so that an
emulator's pool works. Times in tokens are compared with the local service's clock, or with the system's where that is
ahead: a virtual clock stands still, and issuers do not go by it.

                              HTTP API, jwt                       REST API, cognito
    no token, or an unfit one 401 `Unauthorized`                  401 `Unauthorized`
    expired                   401 `Unauthorized`                  401 `The incoming token has expired`
    no scope of the route     403 `Forbidden`                     401 `Unauthorized`
    no scopes asked for       any token of the audience           ID tokens only

Sources: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers" and "Control access to REST
APIs using Amazon Cognito user pools as an authorizer". Needs the extra `jwt`.
"""

from __future__ import annotations

import json
import math
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from lambdakit.emulator.faces.answers import fault
from lambdakit.emulator.faces.identity_sources import find_identity, read_source
from lambdakit.emulator.faces.message import FaceResponse
from lambdakit.emulator.project.authorizer import AUTHORIZATION
from lambdakit.exceptions import TokenError, TokenKeysError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lambdakit.emulator.faces.events import Place
    from lambdakit.emulator.faces.message import FaceRequest
    from lambdakit.emulator.project.authorizer import Authorizer
    from lambdakit.http.bearer import BearerTokens

__all__ = ("CognitoAuthorizer", "JwtAuthorizer", "TokenIssuers")

# The only algorithms that API Gateway takes.
ALGORITHMS = ("RS256", "RS384", "RS512")
CONFIGURATION = "/.well-known/openid-configuration"
KEY_SET = "/.well-known/jwks.json"
ENDPOINTS = ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "AWS_ENDPOINT_URL")
TIMEOUT_SECONDS = 5.0


class Verified(NamedTuple):
    """A token that its issuer signed and that is valid now."""

    claims: Mapping[str, Any]
    scopes: frozenset[str]


class Unfit(NamedTuple):
    """Why a token is none that counts; `kind` is `missing`, `invalid` or `expired`."""

    kind: str
    why: str = ""


class TokenIssuers:
    """The issuers whose tokens are verified, each with its keys; `now` is the clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._known: dict[Authorizer, list[BearerTokens[Any]]] = {}

    async def verified(self, authorizer: Authorizer, token: str) -> Verified | Unfit:
        """What a token says, if an issuer of the authorizer signed it.

        Raises TokenKeysError and UsageError where an issuer's keys cannot be had.
        """
        if authorizer not in self._known:
            self._known[authorizer] = [await _issuer(authorizer, issuer) for issuer in authorizer.issuers]
        unfit = Unfit("invalid", "no issuer is named")
        for issuer in self._known[authorizer]:
            try:
                found = await issuer.verify_async(token)
            except TokenError as error:
                unfit = Unfit("invalid", error.detail or "")
            else:
                return self._timely(found.raw) or Verified(found.raw, found.scopes)
        return unfit

    def _timely(self, claims: Mapping[str, Any]) -> Unfit | None:
        now = max(self._now(), time.time())
        if now >= claims["exp"]:
            return Unfit("expired", "the token has expired")
        if any(claims.get(name, 0) > now for name in ("nbf", "iat")):
            return Unfit("invalid", "the token is not valid yet")
        return None


async def _issuer(authorizer: Authorizer, issuer: str) -> BearerTokens[Any]:
    from lambdakit.http.bearer import BearerTokens

    return BearerTokens(
        issuer=issuer,
        audience=authorizer.audience or None,
        jwks_url=authorizer.keys_url or await _keys_url(issuer),
        algorithms=ALGORITHMS,
        leeway=math.inf,  # times are checked by the service's clock
    )


async def _keys_url(issuer: str) -> str:
    """Where an issuer's keys are. Raises TokenKeysError."""
    parts = urlsplit(issuer)
    if parts.netloc.startswith("cognito-idp."):
        endpoint = next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None)
        base = issuer if endpoint is None else endpoint.rstrip("/") + parts.path
        return base.rstrip("/") + KEY_SET
    return await _discovered(issuer.rstrip("/") + CONFIGURATION)


async def _discovered(url: str) -> str:
    import httpx

    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            answer = (await client.get(url)).raise_for_status()
        keys: str = answer.json()["jwks_uri"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise TokenKeysError(f"the OpenID configuration at {url} could not be read: {error!r}") from None
    return keys


class _TokenAuthorizer:
    """What both have in common: finding the token, and having it verified."""

    def __init__(self, issuers: TokenIssuers, authorizer: Authorizer, scopes: Sequence[str]) -> None:
        self._issuers = issuers
        self._authorizer = authorizer
        self._scopes = tuple(scopes)
        self._sources = tuple(read_source(text) for text in authorizer.identity or (AUTHORIZATION,))

    async def __call__(self, request: FaceRequest, place: Place) -> Place | FaceResponse:
        """The place with the token's claims, or 401 or 403; 500 where keys cannot be had."""
        found = find_identity(self._sources, request, {})
        if found is None:
            return self._refused(Unfit("missing"))
        scheme, _, token = found[0].strip().partition(" ")
        try:
            verified = await self._issuers.verified(
                self._authorizer, token.strip() if scheme.lower() == "bearer" else found[0].strip()
            )
        except (TokenKeysError, UsageError) as error:
            text = f"The authorizer {self._authorizer.name!r} of this route cannot verify tokens: {error}"
            return FaceResponse(500, (("content-type", "application/json"),), json.dumps({"message": text}).encode())
        return self._refused(verified) if isinstance(verified, Unfit) else self._admitted(verified, place)

    def _refused(self, unfit: Unfit) -> FaceResponse:
        raise NotImplementedError

    def _admitted(self, verified: Verified, place: Place) -> Place | FaceResponse:
        raise NotImplementedError


class JwtAuthorizer(_TokenAuthorizer):
    """Lets in whoever has a token with a scope of the route."""

    def _refused(self, unfit: Unfit) -> FaceResponse:
        challenge = "Bearer"
        if unfit.kind != "missing":
            challenge = f'Bearer scope="{" ".join(self._scopes)}" error="invalid_token" error_description="{unfit.why}"'
        return _challenging(fault("http", "unauthorized"), challenge)

    def _admitted(self, verified: Verified, place: Place) -> Place | FaceResponse:
        if self._scopes and verified.scopes.isdisjoint(self._scopes):
            challenge = f'Bearer scope="{" ".join(self._scopes)}" error="insufficient_scope"'
            return _challenging(fault("http", "forbidden"), challenge)
        claims = {name: _text(value) for name, value in verified.claims.items()}
        scopes = sorted(verified.scopes) if self._scopes else None
        return place._replace(authorizer={"jwt": {"claims": claims, "scopes": scopes}})


class CognitoAuthorizer(_TokenAuthorizer):
    """Lets in whom a user pool knows: by an ID token or, where scopes are asked for, by an access token."""

    def _refused(self, unfit: Unfit) -> FaceResponse:
        return fault("rest", "token-expired" if unfit.kind == "expired" else "unauthorized")

    def _admitted(self, verified: Verified, place: Place) -> Place | FaceResponse:
        wanted = "access" if self._scopes else "id"
        if verified.claims.get("token_use") != wanted or (self._scopes and verified.scopes.isdisjoint(self._scopes)):
            return fault("rest", "unauthorized")
        claims = {name: _rest_text(name, value) for name, value in verified.claims.items()}
        return place._replace(authorizer={"claims": claims})


def _challenging(response: FaceResponse, challenge: str) -> FaceResponse:
    return response._replace(headers=(*response.headers, ("www-authenticate", challenge)))


def _text(value: Any) -> str:
    """A claim as an HTTP API passes it on: lists in brackets, without commas."""
    if isinstance(value, list):
        return f"[{' '.join(_text(item) for item in value)}]"  # pyright: ignore[reportUnknownVariableType]
    return value if isinstance(value, str) else json.dumps(value)


def _rest_text(name: str, value: Any) -> str:
    """A claim as a REST API passes it on: lists by commas, the moments of issue and end in words."""
    if name in ("exp", "iat"):
        return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(value))
    if isinstance(value, list):
        return ",".join(_rest_text("", item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return value if isinstance(value, str) else json.dumps(value)
