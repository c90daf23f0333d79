"""Errors and streams of an application: each is an answer."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit import StreamingResponse
from lambdakit.exceptions import (
    ConflictError,
    HTTPError,
    UsageError,
)
from lambdakit.http.app import HttpApp
from lambdakit.http.front_doors import ALB_LIMIT
from lambdakit.http.response import Response
from tests.http.asking import ask, problem, rest

if TYPE_CHECKING:
    from lambdakit.exceptions import NotFoundError
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


def test_an_http_error_is_a_problem():
    app = HttpApp()

    @app.get("/{kind}")
    def fail(kind: str) -> None:
        if kind == "plain":
            raise HTTPError(418)
        if kind == "own":
            raise HTTPError(402, "pay", title="Money", type="https://x/money", headers={"x-a": "1"}, price=7)
        raise HTTPError(599, "odd")

    status = problem(402, "Money", type="https://x/money", detail="pay", price=7)
    assert ask(app, "GET", "/own") == status
    assert app(rest("GET", "/own"))["headers"]["x-a"] == "1"
    assert ask(app, "GET", "/plain")[1]["status"] == 418
    assert ask(app, "GET", "/odd") == (599, {"status": 599, "detail": "odd"})


@pytest.mark.parametrize("is_async", [False, True])
def test_what_nobody_expected_is_logged_and_not_shown(caplog, is_async):
    app = HttpApp()

    def fail() -> None:
        raise RuntimeError("the secret")

    async def fail_async() -> None:
        fail()

    app.get("/x\nfake")(fail_async if is_async else fail)
    with caplog.at_level(logging.ERROR):
        answer = ask(app, "GET", "/x%0Afake")
    assert answer == problem(500, "Internal Server Error", request_id="the-id")
    [record] = caplog.records
    assert record.getMessage() == "GET /x%0Afake failed (request the-id)"
    assert record.exc_info is not None
    assert "the secret" in str(record.exc_info[1])


def test_a_log_line_has_no_line_break_of_the_clients(caplog):
    app = HttpApp()
    app.get("/{x}")(lambda x: 1 / 0)
    ask(app, "GET", "/a\nERROR b")
    assert caplog.records[0].getMessage().startswith(r"GET /a\nERROR b failed")


def test_exception_handlers_take_the_nearest_class():
    app = HttpApp()
    errors = {"key": KeyError, "index": IndexError, "zero": ZeroDivisionError}

    @app.get("/{name}")
    def fail(name: str) -> None:
        raise errors[name]

    @app.exception_handler(LookupError)
    def lookup(request: Request, error: LookupError) -> tuple[int, str]:
        return 404, f"lookup {request.path_params['name']}"

    @app.exception_handler(KeyError)
    def key(request: Request, error: KeyError) -> tuple[int, str]:
        return 404, "key"

    @app.exception_handler(ZeroDivisionError)
    def zero(request: Request, error: ZeroDivisionError) -> None:
        raise ConflictError("zero") from error

    assert ask(app, "GET", "/key") == (404, "key")
    assert ask(app, "GET", "/index") == (404, "lookup index")
    assert ask(app, "GET", "/zero") == problem(409, "Conflict", detail="zero")
    with pytest.raises(UsageError, match="takes a class of exceptions"):
        app.exception_handler(KeyError("x"))  # type: ignore[arg-type]


def test_an_exception_handler_that_fails_is_a_problem(caplog):
    app = HttpApp()
    app.get("/")(lambda: 1 / 0)

    @app.exception_handler(ZeroDivisionError)
    def zero(request: Request, error: ZeroDivisionError) -> None:
        raise RuntimeError("again")

    assert ask(app)[0] == 500
    assert len(caplog.records) == 1


def test_async_exception_handlers(app, caplog):
    @app.exception_handler(RuntimeError)
    async def later(request: Request, error: RuntimeError) -> tuple[int, str]:
        if str(error) == "again":
            raise error
        return 400, str(error)

    @app.get("/fail/{text}")
    def fail(text: str) -> None:
        raise RuntimeError(text)

    assert ask(app, "GET", "/fail/x") == (400, "x")
    assert ask(app, "GET", "/fail/again")[0] == 500
    assert ask(app, "GET", "/users/1") == (200, {"id": 1})
    assert ask(app, "GET", "/nowhere")[0] == 404


def test_what_is_not_found_may_be_answered_otherwise(app):
    @app.not_found
    def missing(request: Request, error: NotFoundError) -> tuple[int, str]:
        return 404, f"no {request.path}"

    assert ask(app, "GET", "/nowhere") == (404, "no /nowhere")


def test_an_exit_is_no_answer():
    app = HttpApp()
    app.get("/")(lambda: sys.exit(3))
    with pytest.raises(SystemExit):
        app(rest())


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("result", [object(), Response("", headers={"a": "\n"}), Response("x" * ALB_LIMIT)])
def test_what_cannot_be_answered_is_a_server_error_that_says_why_in_the_log(result, is_async, caplog):
    app = HttpApp()

    async def later() -> Any:
        return result

    app.get("/")(later if is_async else lambda: result)
    event = rest(requestContext={"elb": {}})
    answer = asyncio.run(app(event)) if is_async else app(event)
    assert answer["statusCode"] == 500
    assert re.search("JSON serializable|line break|alb takes 1048576", str(caplog.records[0].exc_info))


def pieces(*texts: str) -> Any:
    yield from texts


async def pieces_async(*texts: str) -> Any:
    for text in texts:
        yield text


@pytest.mark.parametrize("made", [pieces, pieces_async])
def test_a_stream_is_put_together_where_it_cannot_be_sent(made):
    app = HttpApp(stream="off")
    app.get("/")(lambda: Response(made("a", "é"), content_type="text/plain"))
    app.get("/whole")(lambda: StreamingResponse(201, {"x-a": "1"}, ["c=1"], made("b")))
    answer = app(rest())
    answer = asyncio.run(answer) if made is pieces_async else answer
    assert (answer["statusCode"], answer["body"]) == (200, "aé")
    assert ask(app, "GET", "/whole")[0] == 201
    assert ask(app, "HEAD", "/") == (200, "")


@pytest.mark.parametrize("made", [pieces, pieces_async])
def test_a_stream_is_sent_where_it_can_be(made):
    app = HttpApp(stream="on")

    @app.get("/")
    def stream() -> Response:
        return Response(made("a"), 201, [("x-a", "1"), ("X-A", "2")], content_type="text/plain", cookies=["c=1"])

    answer = app(rest())
    answer = asyncio.run(answer) if made is pieces_async else answer
    assert isinstance(answer, StreamingResponse)
    assert (answer.status, answer.headers, answer.cookies) == (
        201,
        {"x-a": "1, 2", "content-type": "text/plain"},
        ["c=1"],
    )


def test_a_generator_function_streams():
    app = HttpApp(stream="off")

    @app.get("/{name}")
    def letters(name: str) -> Any:
        yield from name

    assert app(rest("GET", "/abc"))["body"] == "YWJj"


def failing() -> Any:
    yield "a"
    raise RuntimeError("midway")


async def failing_async() -> Any:
    yield "a"
    raise RuntimeError("midway")


@pytest.mark.parametrize("made", [failing, failing_async])
def test_a_stream_that_fails_before_it_is_sent_is_a_server_error(made, caplog):
    app = HttpApp(stream="off")
    app.get("/")(lambda: Response(made(), content_type="text/plain"))
    assert ask(app)[0] == 500
    assert "midway" in str(caplog.records[0].exc_info)
