"""Middleware of an application and of its routes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit import lambda_handler
from lambdakit.context import LambdaContext
from lambdakit.exceptions import (
    ConflictError,
    UnauthorizedError,
    UsageError,
)
from lambdakit.handlers import handler_name
from lambdakit.http.app import HttpApp
from lambdakit.http.cookies import SetCookie
from lambdakit.http.response import Response
from lambdakit.http.router import Router
from lambdakit.middleware import SQLiteStore, idempotent, warmup
from lambdakit.middleware.base import Middleware
from tests.http.asking import ask, problem, rest

if TYPE_CHECKING:
    from lambdakit.http.request import Request


@pytest.fixture
def app() -> HttpApp:
    made = HttpApp()

    @made.get("/users/{id:int}")
    def show(id: int) -> dict[str, int]:
        return {"id": id}

    @made.post("/users")
    def add(request: Request) -> tuple[int, Any]:
        return 201, request.json()

    @made.get("/wait")
    async def wait(request: Request) -> str:
        await asyncio.sleep(0)
        return "waited"

    return made


def noting(name: str, notes: list[str]) -> Any:
    def middleware(request: Request, context: Any, call_next: Any) -> Any:
        notes.append(f"{name} {request.route}")
        response = call_next(request, context)
        notes.append(f"{name} {response.status}")
        response.headers.add("x-by", name)
        return response

    return middleware


def test_middleware_is_around_everything_and_a_routes_around_it():
    notes: list[str] = []
    app = HttpApp(middleware=[noting("one", notes)])
    app.use(noting("two", notes))
    router = Router(middleware=[noting("router", notes)])
    router.get("/x", middleware=[noting("route", notes)])(lambda: {"a": 1})
    app.include(router, middleware=[noting("include", notes)])
    answer = app(rest("GET", "/x"))
    names = ["one", "two", "include", "router", "route"]
    assert notes == [f"{name} /x" for name in names] + [f"{name} 200" for name in names[::-1]]
    assert answer["multiValueHeaders"]["x-by"] == names[::-1]
    notes.clear()
    assert ask(app, "GET", "/nowhere")[0] == 404
    assert notes == ["one None", "two None", "two 404", "one 404"]


def test_middleware_may_answer_and_what_it_returns_is_converted():
    app = HttpApp(middleware=[lambda request, context, call_next: (401, {"who": "are you"})])
    assert ask(app) == (401, {"who": "are you"})


def test_middleware_sees_what_was_raised():
    seen: list[Any] = []

    def outer(request: Request, context: Any, call_next: Any) -> Any:
        response = call_next(request, context)
        seen.append(response.exception)
        return response

    def inner(request: Request, context: Any, call_next: Any) -> Any:
        try:
            return call_next(request, context)
        except ValueError as error:
            seen.append(error)
            raise ConflictError("no") from error

    app = HttpApp(middleware=[outer])

    @app.get("/", middleware=[inner])
    def fail() -> None:
        raise ValueError("x")

    assert ask(app) == problem(409, "Conflict", detail="no")
    assert [type(error).__name__ for error in seen] == ["ValueError", "ConflictError"]


def test_an_error_of_middleware_is_an_answer():
    def refuse(request: Request, context: Any, call_next: Any) -> Any:
        raise UnauthorizedError(headers={"www-authenticate": "Bearer"})

    answer = HttpApp(middleware=[refuse])(rest())
    assert (answer["statusCode"], answer["headers"]["www-authenticate"]) == (401, "Bearer")


class Counting(Middleware):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def on_init(self) -> None:
        self.notes.append("init")

    def before(self, event: Any, context: Any) -> None:
        self.notes.append("before")

    def after(self, event: Any, context: Any, result: Any) -> Any:
        self.notes.append(f"after {result.status}")
        return result


def test_middleware_of_hooks_serves_sync_and_async_routes_and_starts_once():
    counting = Counting()
    app = HttpApp(middleware=[counting])
    app.use(lambda request, context, call_next: call_next(request, context))
    app.get("/sync", middleware=[counting])(lambda: "x")

    @app.get("/async", middleware=[counting])
    async def later() -> str:
        return "x"

    assert counting.notes == ["init"]
    for path in ("/sync", "/async"):
        counting.notes.clear()
        assert ask(app, "GET", path) == (200, "x")
        assert counting.notes == ["before", "before", "after 200", "after 200"]


def test_async_middleware_is_around_sync_routes_too():
    async def stamp(request: Request, context: Any, call_next: Any) -> Any:
        response = await call_next(request, context)
        response.headers["x-stamp"] = "1"
        return response

    app = HttpApp(middleware=[stamp])
    app.get("/")(lambda: "x")
    answer = asyncio.run(app(rest()))
    assert (answer["headers"]["x-stamp"], answer["body"]) == ("1", "x")
    assert asyncio.run(app(rest("GET", "/nowhere")))["statusCode"] == 404
    with pytest.raises(UsageError, match="async middleware"):
        app.get("/y", middleware=[stamp])(lambda: "x")


def test_an_app_may_be_wrapped_as_any_handler(app):
    def note(event: Any, context: Any, call_next: Any) -> Any:
        return {**call_next(event, context), "noted": event["path"]}

    assert lambda_handler(middleware=[note])(app)(rest("GET", "/users/1"))["noted"] == "/users/1"


def test_warm_up_events_are_answered_before_they_are_looked_at(app):
    app.use(warmup(delay=0))
    assert app({"source": "serverless-plugin-warmup"}) == {"warmup": True}
    assert ask(app, "GET", "/wait") == (200, "waited")


@pytest.mark.parametrize("is_async", [False, True])
def test_a_route_may_be_idempotent(is_async):
    calls: list[str] = []
    app = HttpApp()
    once = idempotent(SQLiteStore(":memory:"), key=lambda request: request.headers.get("idempotency-key"))

    def add(request: Request) -> Response:
        calls.append(request.text)
        if request.text == "fail":
            raise ConflictError("not now")
        return Response(b"\xff", 201, [("x-a", "1"), ("x-a", "2")], cookies=[SetCookie("a", "b")])

    async def add_later(request: Request) -> Response:
        return add(request)

    app.post("/", middleware=[once])(add_later if is_async else add)

    def asked(key: str, body: str) -> Any:
        context = LambdaContext("id", deadline_ms=2**42)
        answer = app(rest("POST", "/", headers={"idempotency-key": key}, body=body), context)
        return asyncio.run(answer) if is_async else answer

    assert [asked("k", "fail")["statusCode"] for _ in range(2)] == [409, 409]
    first = asked("k", "done")
    assert (first["statusCode"], first["body"], first["isBase64Encoded"]) == (201, "/w==", True)
    assert asked("k", "done") == first
    assert calls == ["fail", "fail", "done"]


def test_a_stream_is_not_given_again(caplog):
    app = HttpApp()
    app.get("/", middleware=[idempotent(SQLiteStore(":memory:"), key="path")])(lambda: Response(iter(["a"])))
    assert app(rest(), LambdaContext("id", deadline_ms=2**42))["statusCode"] == 500
    assert "a stream cannot be given again" in str(caplog.records[0].exc_info)


def test_the_applications_middleware_calls_the_handler_by_its_class():
    names: list[str] = []

    def note(request: Request, context: Any, call_next: Any) -> Any:
        names.append(handler_name(call_next))
        return call_next(request, context)

    app = HttpApp(middleware=[note])

    @app.get("/", middleware=[note])
    def show() -> str:
        return "x"

    assert ask(app) == (200, "x")
    assert names == ["HttpApp", "show"]
