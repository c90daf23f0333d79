"""Bearer tokens as middleware of an HttpApp: who passes, what the others are told, and where the token is found."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.exceptions import UsageError
from lambdakit.http import BearerTokens, HttpApp, Request, Response, cors, sse  # noqa: TC001
from tests.http.requests_made import event_of
from tests.http.token_issuer import ISSUER, Issuer, jwk_of, token_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer(jwk_of("k1")) as server:
        yield server


@pytest.fixture
def bearer(issuer: Issuer) -> BearerTokens[Any]:
    return BearerTokens(issuer=ISSUER, audience="web", jwks_url=issuer.url, algorithms=["ES256"], realm="shop")


@pytest.fixture
def app(bearer: BearerTokens[Any]) -> HttpApp:
    app = HttpApp(middleware=[cors("https://a.example"), bearer.required("read")])

    @app.get("/sync")
    def who() -> dict[str, str]:
        return {"you": bearer.token.subject}

    @app.get("/async")
    async def who_later(request: Request) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"you": bearer.token.subject, "state": request.state["token"].subject}

    return app


def call(app: HttpApp, path: str, **headers: str) -> dict[str, Any]:
    answer = app(event_of("GET", path, **headers))
    return asyncio.run(answer) if hasattr(answer, "__await__") else answer


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_request_with_its_token_passes(app: HttpApp, bearer: BearerTokens[Any], path: str):
    answer = call(app, path, authorization=f"Bearer {token_for('ann', scope='read')}")
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["you"] == "ann"
    with pytest.raises(UsageError):
        bearer.token  # noqa: B018  (gone with its request)


@pytest.mark.parametrize("path", ["/sync", "/async", "/nothing"])
@pytest.mark.parametrize(
    ("authorization", "status", "challenge"),
    [
        ("", 401, 'Bearer realm="shop"'),
        ("Basic eA==", 401, 'Bearer realm="shop"'),
        (
            "Bearer x y",
            400,
            'Bearer realm="shop", error="invalid_request", error_description="the Authorization header is malformed"',
        ),
        (
            "Bearer x.y.z",
            401,
            'Bearer realm="shop", error="invalid_token", '
            'error_description="the token is refused: it is no JSON Web Token"',
        ),
    ],
)
def test_others_are_told_why(app: HttpApp, path: str, authorization: str, status: int, challenge: str):
    answer = call(app, path, authorization=authorization, origin="https://a.example")
    assert answer["statusCode"] == status
    assert answer["headers"]["www-authenticate"] == challenge
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert answer["headers"]["access-control-allow-origin"] == "https://a.example"
    assert answer["headers"]["cache-control"] == "no-store"


def test_a_missing_scope_is_403(app: HttpApp):
    answer = call(app, "/sync", authorization=f"Bearer {token_for(scope='write')}")
    assert answer["statusCode"] == 403
    assert 'error="insufficient_scope"' in answer["headers"]["www-authenticate"]
    assert answer["headers"]["www-authenticate"].endswith('scope="read"')


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_keys_that_cannot_be_fetched_are_503(app: HttpApp, issuer: Issuer, path: str, caplog: pytest.LogCaptureFixture):
    issuer.status = 500
    answer = call(app, path, authorization=f"Bearer {token_for(scope='read')}")
    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"] == "1"
    assert issuer.url not in answer["body"]
    assert issuer.url in caplog.text


def test_a_route_may_ask_for_more(bearer: BearerTokens[Any]):
    app = HttpApp(middleware=[bearer.required()])

    @app.get("/orders")
    def orders() -> str:
        return "read"

    @app.post("/orders", middleware=[bearer.required("write")])
    def order() -> str:
        return f"written by {bearer.token.subject}"

    header = f"Bearer {token_for('ann')}"
    assert app(event_of("GET", "/orders", authorization=header))["statusCode"] == 200
    assert app(event_of("POST", "/orders", authorization=header))["statusCode"] == 403
    header = f"Bearer {token_for('ann', scope='write')}"
    assert app(event_of("POST", "/orders", authorization=header))["body"] == "written by ann"


@pytest.mark.parametrize("kind", ["plain", "async", "events"])
def test_a_stream_knows_its_token_to_the_end(bearer: BearerTokens[Any], kind: str):
    app = HttpApp(middleware=[bearer.required()], stream="off")
    closed: list[str] = []

    @app.get("/plain")
    def plain() -> Iterator[str]:
        try:
            yield bearer.token.subject
            yield bearer.token.subject
        finally:
            closed.append("closed")

    @app.get("/async")
    async def awaited() -> AsyncIterator[str]:
        try:
            yield bearer.token.subject
            await asyncio.sleep(0)
            yield bearer.token.subject
        finally:
            closed.append("closed")

    @app.get("/events")
    async def events() -> Response:
        return sse(awaited(), heartbeat=10)

    answer = call(app, f"/{kind}", authorization=f"Bearer {token_for('ann')}")
    body = answer["body"]
    text = base64.b64decode(body).decode() if answer["isBase64Encoded"] else body
    assert text == ("data: ann\n\ndata: ann\n\n" if kind == "events" else "annann")
    assert closed == ["closed"]
    with pytest.raises(UsageError):
        bearer.token  # noqa: B018


def test_a_route_may_verify_by_itself(bearer: BearerTokens[Any]):
    app = HttpApp()

    @app.get("/")
    def who(request: Request) -> str:
        return bearer.verify_header(request.headers.get("authorization"), "read").subject

    assert app(event_of(authorization=f"Bearer {token_for('ann', scope='read')}"))["body"] == "ann"
    answer = app(event_of(authorization=f"Bearer {token_for('ann')}"))
    assert answer["statusCode"] == 403
    assert answer["headers"]["www-authenticate"].startswith('Bearer error="insufficient_scope"')
    assert json.loads(answer["body"])["detail"] == "the token does not allow read"
    assert app(event_of())["headers"]["www-authenticate"] == "Bearer"
