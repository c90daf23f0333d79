"""CORS, compression, security headers and tokens together, through every front door."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.http import BearerTokens, HttpApp, Response, compression, cors, security_headers
from tests.http.door_events import DIALECTS, Sent, event_of, seen
from tests.http.token_issuer import ISSUER, Issuer, jwk_of, token_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.http.door_events import Seen

ORIGIN = ("origin", "https://a.example")
TEXT = "grüße " * 500


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer(jwk_of("k1")) as server:
        yield server


@pytest.fixture
def app(issuer: Issuer) -> HttpApp:
    bearer = BearerTokens(issuer=ISSUER, audience="web", jwks_url=issuer.url, algorithms=["ES256"])
    app = HttpApp(
        middleware=[cors(ORIGIN[1], credentials="include"), security_headers(), compression(codings=["gzip"])]
    )

    @app.get("/sync")
    def plain() -> dict[str, str]:
        return {"text": TEXT}

    @app.get("/async")
    async def awaited() -> dict[str, str]:
        return {"text": TEXT}

    @app.get("/stream")
    def stream() -> Any:
        return Response(iter([TEXT, TEXT]), content_type="text/plain; charset=utf-8")

    @app.get("/fails")
    def fails() -> None:
        raise ValueError(TEXT)

    @app.get("/mine", middleware=[bearer.required()])
    async def mine() -> dict[str, str]:
        return {"you": bearer.token.subject}

    return app


def ask(app: HttpApp, dialect: str, sent: Sent) -> Seen:
    answer = app(event_of(dialect, sent))
    return seen(dialect, asyncio.run(answer) if hasattr(answer, "__await__") else answer)


def one(answer: Seen, name: str) -> str:
    return ", ".join(answer.headers[name])


def check(answer: Seen) -> None:
    """What every answer has."""
    assert one(answer, "access-control-allow-origin") == ORIGIN[1]
    assert one(answer, "access-control-allow-credentials") == "true"
    assert one(answer, "x-content-type-options") == "nosniff"
    assert "Origin" in one(answer, "vary")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("path", ["/sync", "/async", "/stream"])
def test_a_large_answer_is_compressed_and_marked(app: HttpApp, dialect: str, path: str):
    answer = ask(app, dialect, Sent(path=path, headers=[ORIGIN, ("accept-encoding", "gzip, br")]))
    check(answer)
    assert answer.status == 200
    assert one(answer, "content-encoding") == "gzip"
    assert "Accept-Encoding" in one(answer, "vary")
    body = gzip.decompress(answer.body).decode()
    assert (body if path == "/stream" else json.loads(body)) == (TEXT * 2 if path == "/stream" else {"text": TEXT})


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("POST", "/sync", 405), ("GET", "/fails", 500), ("GET", "/mine", 401)],
)
def test_errors_are_marked_too(app: HttpApp, dialect: str, method: str, path: str, status: int):
    answer = ask(app, dialect, Sent(method, path, headers=[ORIGIN]))
    check(answer)
    assert answer.status == status
    assert "www-authenticate" in answer.headers or status != 401


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_preflight_asks_for_no_token(app: HttpApp, dialect: str):
    headers = [ORIGIN, ("access-control-request-method", "GET"), ("access-control-request-headers", "authorization")]
    answer = ask(app, dialect, Sent("OPTIONS", "/mine", headers=headers))
    assert answer.status == 204
    assert one(answer, "access-control-allow-origin") == ORIGIN[1]
    assert one(answer, "access-control-allow-headers") == "authorization"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_who_has_a_token_passes(app: HttpApp, dialect: str):
    answer = ask(app, dialect, Sent(path="/mine", headers=[ORIGIN, ("authorization", f"Bearer {token_for('ann')}")]))
    check(answer)
    assert (answer.status, json.loads(answer.body)) == (200, {"you": "ann"})


@pytest.mark.parametrize("kind", ["sync", "async", "around", "handler"])
def test_a_response_that_a_module_keeps_stays_what_it_is(kind: str):
    kept = Response(TEXT, content_type="text/plain; charset=utf-8", cookies=["a=1"])
    pairs = list(kept.headers.pairs)
    app = HttpApp(middleware=[cors("https://*.example"), security_headers(), compression(codings=["gzip"])])

    def plain() -> Response:
        if kind == "handler":
            raise ValueError
        return kept

    async def awaited() -> Response:
        return kept

    around = [security_headers()] if kind == "around" else []
    app.get("/", middleware=around)(awaited if kind == "async" else plain)
    app.exception_handler(ValueError)(lambda request, error: kept)
    for origin in ("https://a.example", "https://b.example"):
        answer = ask(app, "url", Sent(headers=[("origin", origin), ("accept-encoding", "gzip")]))
        assert one(answer, "access-control-allow-origin") == origin
        assert gzip.decompress(answer.body).decode() == TEXT
        assert ask(app, "url", Sent("HEAD", headers=[("origin", origin)])).body == b""
        assert ask(app, "url", Sent()).body.decode() == TEXT
    assert (kept.headers.pairs, kept.body, kept.cookies, kept.exception) == (pairs, TEXT, ["a=1"], None)


def test_a_copy_of_a_response_of_ones_own_class_is_of_that_class():
    class Cow(Response):
        sound = "moo"

    cow = Cow("x", 418)
    cow.sound = "MOO"
    twin = cow.copy()
    assert (type(twin), twin.status, twin.body) == (Cow, 418, "x")
    assert isinstance(twin, Cow)
    assert twin.sound == "MOO"
