"""The application: one handler for every front door, its routes, middleware and errors."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit import StreamingResponse, lambda_handler
from lambdakit.context import LambdaContext
from lambdakit.exceptions import (
    ConflictError,
    HTTPError,
    UnauthorizedError,
    UsageError,
    WrongSourceError,
)
from lambdakit.http.app import HttpApp
from lambdakit.http.front_doors import ALB_LIMIT
from lambdakit.http.path_patterns import Converter
from lambdakit.http.problems import PROBLEM_JSON
from lambdakit.http.response import Response
from lambdakit.http.router import Router
from lambdakit.middleware import warmup
from lambdakit.middleware.base import Middleware

if TYPE_CHECKING:
    from lambdakit.exceptions import NotFoundError
    from lambdakit.http.request import Request

DIALECTS: dict[str, dict[str, Any]] = {
    "rest": {"requestContext": {"stage": "prod"}},
    "alb": {"requestContext": {"elb": {}}},
    "alb-multi": {"requestContext": {"elb": {}}, "multiValueHeaders": {}},
}


def rest(method: str = "GET", path: str = "/", **more: Any) -> dict[str, Any]:
    return {"httpMethod": method, "path": path, "headers": {}, "requestContext": {}, "body": None, **more}


def http(method: str = "GET", path: str = "/", query: str = "", stage: str = "$default") -> dict[str, Any]:
    mount = "" if stage == "$default" else f"/{stage}"
    return {
        "version": "2.0",
        "rawPath": mount + path,
        "rawQueryString": query,
        "headers": {"host": "api.example.com"},
        "requestContext": {"stage": stage, "domainName": "api.example.com", "http": {"method": method}},
    }


def ask(app: Any, method: str = "GET", path: str = "/", **more: Any) -> tuple[int, Any]:
    """Status and body of an answer, out of its JSON where it is JSON."""
    answer = app(rest(method, path, **more), LambdaContext("the-id"))
    if hasattr(answer, "__await__"):
        answer = asyncio.run(answer)
    headers = {**answer["headers"]}
    body = answer["body"]
    return answer["statusCode"], json.loads(body) if "json" in headers.get("content-type", "") and body else body


def problem(status: int, title: str, **members: Any) -> tuple[int, dict[str, Any]]:
    return status, {"title": title, "status": status, **members}


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


def test_every_front_door_is_answered_in_its_own_form(app):
    assert app(http(path="/users/7")) == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"id": 7}',
        "isBase64Encoded": False,
    }
    for more in DIALECTS.values():
        answer = app(rest("GET", "/users/7", **more))
        assert (answer["statusCode"], answer["body"]) == (200, '{"id": 7}')
        assert ("statusDescription" in answer) is ("elb" in more["requestContext"])
    for raw in ({"raw_path": "/users/7?x=1", "method": "GET"}, http("GET", "/users/7", stage="prod")):
        assert app(raw)["body"] == '{"id": 7}'


def test_another_event_is_refused(app):
    with pytest.raises(WrongSourceError, match="HttpApp takes a request"):
        app({"Records": [{"eventSource": "aws:sqs"}]})


def test_a_route_is_what_it_was_before():
    app = HttpApp()

    def hello(name: str) -> str:
        return f"hello {name}"

    assert app.get("/{name}")(hello) is hello
    assert hello("x") == "hello x"
    assert (len(app.routes), repr(app), repr(app.routes[0])) == (1, "<HttpApp of 1 routes>", "<Route GET /{name}>")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_each_method_has_its_decorator(method):
    app = HttpApp()
    seen: list[str] = []

    @getattr(app, method.lower())("/x")
    def answer(request: Request) -> str:
        seen.append(request.method)
        return "x"

    assert ask(app, method, "/x")[0] == 200
    assert seen == [method]


def test_one_function_for_several_methods():
    app = HttpApp()

    @app.route("/x", methods=["PUT", "PATCH"])
    def answer(request: Request) -> str:
        return request.method

    assert [ask(app, method, "/x") for method in ("PUT", "PATCH")] == [(200, "PUT"), (200, "PATCH")]
    for methods in ([], ["FETCH"], ["get"]):
        with pytest.raises(UsageError, match="the route /y is for"):
            app.route("/y", methods=methods)


def test_head_is_get_without_the_body_unless_it_has_a_route(app):
    answer = app(rest("HEAD", "/users/7"))
    assert (answer["statusCode"], answer["headers"], answer["body"]) == (200, {"content-type": "application/json"}, "")

    @app.head("/users/{id:int}")
    def head(id: int) -> Response:
        return Response("", 200, {"x-id": str(id)})

    assert app(rest("HEAD", "/users/7"))["headers"] == {"x-id": "7"}
    assert ask(app, "HEAD", "/users")[0] == 405


def test_options_and_a_wrong_method_name_the_right_ones(app):
    answer = app(rest("OPTIONS", "/users/7"))
    assert (answer["statusCode"], answer["headers"]) == (204, {"allow": "GET, HEAD, OPTIONS"})
    answer = app(rest("DELETE", "/users"))
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "OPTIONS, POST")
    assert ask(app, "OPTIONS", "/nowhere")[0] == 404


def test_nothing_is_a_problem(app):
    answer = app(rest("GET", "/nowhere"))
    assert answer["headers"]["content-type"] == PROBLEM_JSON
    assert ask(app, "GET", "/nowhere") == problem(404, "Not Found", detail="nothing is here")
    assert ask(app, "GET", "/users/x")[0] == 404


def test_async_routes_give_a_coroutine_and_others_do_not(app):
    pending = app(rest("GET", "/wait"))
    assert hasattr(pending, "__await__")
    assert asyncio.run(pending)["body"] == "waited"
    assert isinstance(app(rest("GET", "/users/1")), dict)


def test_an_async_route_runs_to_its_end_under_awss_client(app, monkeypatch):
    monkeypatch.setitem(sys.modules, "awslambdaric.bootstrap", sys)
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
    assert app(rest("GET", "/wait"))["body"] == "waited"


@pytest.mark.parametrize("has_slash", [False, True])
def test_the_slash_at_the_end(has_slash):
    path, other = ("/a/", "/a") if has_slash else ("/a", "/a/")
    apps = {rule: HttpApp(trailing_slash=rule) for rule in ("ignore", "redirect", "strict")}
    for app in apps.values():
        app.get(path)(lambda: "here")
    assert {rule: ask(app, "GET", path)[0] for rule, app in apps.items()} == dict.fromkeys(apps, 200)
    statuses = {rule: ask(app, "GET", other)[0] for rule, app in apps.items()}
    assert statuses == {"ignore": 200, "redirect": 308, "strict": 404}
    assert ask(apps["ignore"], "HEAD", other)[0] == 200
    assert ask(apps["ignore"], "PUT", other)[0] == 405
    answer = apps["redirect"](http("GET", other, "x=1", stage="prod"))
    assert answer["headers"]["location"] == f"/prod{path}?x=1"


def test_a_redirect_leads_to_no_other_host():
    app = HttpApp(trailing_slash="redirect")
    app.get("//evil.example")(lambda: "here")
    assert app(rest("GET", "//evil.example/"))["headers"]["location"] == "/evil.example"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"trailing_slash": "maybe"}, "trailing_slash is"),
        ({"base_path": "v1"}, "base path"),
        ({"base_path": "/"}, "base"),
    ],
)
def test_a_mistake_in_an_option_is_told(options, what):
    with pytest.raises(UsageError, match=what):
        HttpApp(**options)


def test_the_base_path_is_stripped_where_it_is():
    app = HttpApp(base_path="/v1")

    @app.get("/x")
    def show(request: Request) -> list[str]:
        return [request.path, request.mount]

    app.get("/v1x")(lambda: "other")
    assert ask(app, "GET", "/v1/x") == (200, ["/x", "/v1"])
    assert ask(app, "GET", "/x") == (200, ["/x", ""])
    assert ask(app, "GET", "/v1x") == (200, "other")
    assert ask(app, "GET", "/v1")[0] == 404


def test_routers_are_included_under_prefixes_and_may_grow():
    app, users, posts = HttpApp(), Router(converters={"slug": Converter("[a-z-]+")}), Router()

    @users.get("/")
    def everyone(org: str) -> str:
        return f"all of {org}"

    @posts.get("/{post:int}")
    def show(org: str, user: str, post: int) -> list[Any]:
        return [org, user, post]

    users.include(posts, "/{user:slug}/posts")
    app.include(users, "/orgs/{org}/users")

    @posts.get("/{post:int}/{part:path}")
    def part(part: str) -> str:
        return part

    assert ask(app, "GET", "/orgs/o/users") == (200, "all of o")
    assert ask(app, "GET", "/orgs/o/users/") == (200, "all of o")
    assert ask(app, "GET", "/orgs/o/users/jo-e/posts/3") == (200, ["o", "jo-e", 3])
    assert ask(app, "GET", "/orgs/o/users/J/posts/3")[0] == 404
    assert ask(app, "GET", "/orgs/o/users/jo-e/posts/3/a/b") == (200, "a/b")


@pytest.mark.parametrize(
    ("prefix", "what"), [("x", "start with a slash"), ("/x/", "not end"), ("/{a:path}", "path value")]
)
def test_a_mistake_in_a_prefix_is_told(prefix, what):
    with pytest.raises(UsageError, match=what):
        HttpApp().include(Router(), prefix)


def test_a_router_is_not_its_own():
    app = HttpApp()
    with pytest.raises(UsageError, match="itself"):
        app.include(app)


def test_hosts_have_routes_of_their_own():
    app, admin, tenants = HttpApp(), Router(), Router()
    app.get("/")(lambda: "anyone")
    app.get("/help")(lambda: "help")
    admin.get("/")(lambda: "admin")

    @tenants.get("/{id}")
    def show(request: Request, tenant: str, id: str) -> list[Any]:
        return [tenant, id, request.path_params]

    app.include(admin, host="Admin.example.com")
    app.include(tenants, host="{tenant}.example.com")
    app.include(admin, host="*.internal")

    def at(host: str, path: str = "/") -> tuple[int, Any]:
        return ask(app, "GET", path, headers={"Host": host})

    assert at("admin.EXAMPLE.com:8443") == (200, "admin")
    assert at("x.internal") == (200, "admin")
    assert at("acme.example.com", "/7") == (200, ["acme", "7", {"tenant": "acme", "id": "7"}])
    assert at("acme.example.com", "/help") == (200, ["acme", "help", {"tenant": "acme", "id": "help"}])
    assert at("a.b.example.com") == at("") == (200, "anyone")
    assert at("x/internal") == (200, "anyone")
    inner = Router()
    inner.include(admin, host="a.b")
    with pytest.raises(UsageError, match=r"is for the host .* already"):
        app.include(inner, host="c.d")


def test_a_second_route_for_the_same_is_told(app):
    with pytest.raises(UsageError, match="there is a route for GET"):
        app.get("/users/{number:int}")(lambda number: number)


def test_what_is_no_function_is_told(app):
    with pytest.raises(UsageError, match="decorates a function, not str"):
        app.get("/y")("no function")
    with pytest.raises(UsageError, match="cannot be a route"):
        app.get("/y")(print)


# Middleware.


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


# Errors.


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


# Streams.


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
