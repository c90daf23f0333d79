"""FastAPI, Starlette, Flask and Django behind the adapters, unchanged, by every front door."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.http import asgi, asgi_adapter, wsgi, wsgi_adapter
from tests.http import framework_apps as apps
from tests.http.door_events import CLIENT, DIALECTS, HOST, Sent, event_of, seen

if TYPE_CHECKING:
    from tests.http.door_events import Seen

APPS: dict[str, Any] = {
    "fastapi": asgi(apps.fastapi_app),
    "starlette": asgi(apps.starlette_app),
    "django-asgi": asgi(apps.django_asgi),
    "django-wsgi": wsgi(apps.django_wsgi),
    "flask": wsgi(apps.flask_app),
}
frameworks = pytest.mark.parametrize("framework", APPS)
dialects = pytest.mark.parametrize("dialect", DIALECTS)


def answer(framework: str, event: Any) -> Any:
    handler = APPS[framework]
    if framework in ("flask", "django-wsgi"):
        return handler(event, None)

    async def once() -> Any:
        try:
            return await handler(event, None)
        finally:
            await handler.stop()

    return asyncio.run(once())


def ask(framework: str, dialect: str, sent: Sent) -> Seen:
    return seen(dialect, answer(framework, event_of(dialect, sent)))


@frameworks
@dialects
def test_a_request_and_its_json(framework: str, dialect: str) -> None:
    sent = Sent("GET", "/hello/Zo%C3%AB", [("n", "7")], [("x-name", "value")], ["a=1", "b=2"])
    got = ask(framework, dialect, sent)
    assert got.status == 200
    assert got.headers["content-type"][0].startswith("application/json")
    found = json.loads(got.body)
    assert found.pop("url") in (f"https://{HOST}/hello/Zoë", f"https://{HOST}/hello/Zo%C3%AB")
    assert found == {"name": "Zoë", "n": 7, "client": CLIENT, "header": "value", "cookie": "2"}


@frameworks
@pytest.mark.parametrize("dialect", ["rest", "http"])
def test_urls_are_made_with_the_stage(framework: str, dialect: str) -> None:
    sent = Sent("GET", "/hello/x", [("n", "7")], [("x-name", "value")], ["b=2"], stage="beta")
    assert json.loads(ask(framework, dialect, sent).body)["url"] == f"https://{HOST}/beta/hello/x"


@frameworks
@dialects
def test_an_upload(framework: str, dialect: str) -> None:
    lines = [b"--frontier", b'Content-Disposition: form-data; name="file"; filename="a.bin"']
    body = b"\r\n".join([*lines, b"Content-Type: application/octet-stream", b"", apps.BINARY, b"--frontier--", b""])
    headers = [("content-type", "multipart/form-data; boundary=frontier")]
    got = ask(framework, dialect, Sent("POST", "/upload", headers=headers, body=body))
    assert json.loads(got.body) == {"name": "a.bin", "size": 256, "first": [0, 1, 2, 3]}


@frameworks
@dialects
def test_binary_cookies_redirect_and_stream(framework: str, dialect: str) -> None:
    assert ask(framework, dialect, Sent(path="/binary")).body == apps.BINARY
    cookies = ask(framework, dialect, Sent(path="/cookies")).cookies
    assert [cookie.partition(";")[0] for cookie in cookies] == ["a=1", "b=2"]
    got = ask(framework, dialect, Sent(path="/redirect"))
    assert (got.status, got.headers["location"]) == (303, ["/hello/you"])
    assert ask(framework, dialect, Sent(path="/stream")).body == b"one two three"


@frameworks
def test_what_fails_is_500_and_tells_nothing(framework: str) -> None:
    got = ask(framework, "url", Sent(path="/fail"))
    assert got.status == 500
    assert b"secret" not in got.body
    assert ask(framework, "url", Sent(path="/nowhere")).status == 404
    assert ask(framework, "url", Sent("PUT", path="/binary", headers=[("content-length", "0")])).status in (200, 405)


@frameworks
def test_a_head_request(framework: str) -> None:
    got = ask(framework, "rest", Sent("HEAD", "/binary"))
    assert got.body == b""
    assert got.status in (200, 405)


@frameworks
def test_work_after_the_answer_is_done(framework: str) -> None:
    apps.done.clear()
    assert ask(framework, "url", Sent(path="/background")).status == 200
    assert apps.done == [framework.partition("-")[0]]


STREAMING: dict[str, Any] = {
    "fastapi": asgi(apps.fastapi_app, stream="on"),
    "starlette": asgi(apps.starlette_app, stream="on"),
    "django-asgi": asgi(apps.django_asgi, stream="on"),
    "django-wsgi": wsgi(apps.django_wsgi, stream="on"),
    "flask": wsgi(apps.flask_app, stream="on"),
}


@frameworks
def test_a_stream_goes_piece_by_piece_and_all_else_whole(framework: str) -> None:
    handler = STREAMING[framework]

    async def pieces() -> list[bytes]:
        answer = handler(event_of("url", Sent(path="/stream")), None)
        if hasattr(answer, "__await__"):
            answer = await answer
        body = answer.body
        got = [piece async for piece in body] if hasattr(body, "__aiter__") else list(body)
        whole = handler(event_of("url", Sent(path="/binary")), None)
        if hasattr(whole, "__await__"):
            whole = await whole
            await handler.stop()
        assert whole["isBase64Encoded"] is True
        return got

    assert asyncio.run(pieces()) == apps.PIECES


@pytest.mark.parametrize("module", [asgi_adapter, wsgi_adapter])
def test_the_example_of_the_documentation_runs(module: Any) -> None:
    names: dict[str, Any] = {"__name__": "site"}
    lines = (module.__doc__ or "").splitlines()
    exec("\n".join(line[4:] for line in lines if line.startswith("    ")), names)
    answer = names["handler"](event_of("url", Sent(path="/nowhere")), None)
    if hasattr(answer, "__await__"):
        answer = asyncio.run(answer)
    assert answer["statusCode"] == 404
