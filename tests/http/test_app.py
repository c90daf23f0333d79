"""The application: one handler for every front door, and its routes."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.exceptions import (
    UsageError,
    WrongSourceError,
)
from lambdakit.http.app import HttpApp
from lambdakit.http.path_patterns import Converter
from lambdakit.http.problems import PROBLEM_JSON
from lambdakit.http.response import Response
from lambdakit.http.router import Router
from tests.http.asking import ask, http, problem, rest

if TYPE_CHECKING:
    from lambdakit.http.request import Request

DIALECTS: dict[str, dict[str, Any]] = {
    "rest": {"requestContext": {"stage": "prod"}},
    "alb": {"requestContext": {"elb": {}}},
    "alb-multi": {"requestContext": {"elb": {}}, "multiValueHeaders": {}},
}


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
