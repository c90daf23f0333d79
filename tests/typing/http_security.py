"""Tokens, authorizers, middleware and events of HTTP as users write them."""

# ruff: noqa: TC001, TC003 - imports as users write them

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import RequestAuthorizerEvent, RequestAuthorizerEventV2, TokenAuthorizerEvent
from lambdakit.http import (
    BearerTokens,
    Grant,
    HttpApp,
    Response,
    ServerEvent,
    authorizer,
    compression,
    cors,
    security_headers,
    sse,
)


@dataclass
class Claims:
    sub: str
    plan: str


plain = BearerTokens(issuer="https://issuer.example", audience="web")
typed = BearerTokens(issuer="https://issuer.example", audience=["web"], claims=Claims, realm="shop")

reveal_type(plain.verify("x").claims)  # Mapping[str, Any]
reveal_type(typed.verify("x").claims.plan)  # str
reveal_type(typed.token)  # Token[Claims]


async def later() -> str:
    token = await typed.verify_async("x", "read")
    return token.claims.plan


app = HttpApp(
    middleware=[
        cors("https://a.example", credentials="include"),
        compression(codings=["br", "gzip"], minimum=100),
        security_headers(csp={"default-src": ["'self'"]}, hsts=None),
        typed.required("read"),
    ]
)


@app.get("/events")
async def stream() -> Response:
    return sse(numbers(), heartbeat=10)


async def numbers() -> AsyncIterator[ServerEvent]:
    yield ServerEvent({"n": 1}, id="1")


@authorizer
def one(event: TokenAuthorizerEvent, context: Context) -> Grant | None:
    return Grant("ann") if event.authorization_token else None


@authorizer
def both(event: RequestAuthorizerEvent | RequestAuthorizerEventV2, context: Context) -> bool:
    return event.header("x-api-key") is not None


@authorizer(form="policy")
async def awaited(event: RequestAuthorizerEventV2, context: Context) -> Grant:
    return Grant("ann", {"plan": "pro"})


check = typed.authorizer("read", form="policy")
