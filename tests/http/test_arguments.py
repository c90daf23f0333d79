"""Arguments by annotation: where each comes from, what is a fault of the request, and what is refused at once."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NewType, TypedDict
from urllib.parse import urlencode
from uuid import UUID

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.context import LambdaContext
from lambdakit.events import APIGatewayProxyEvent, APIGatewayProxyEventV2, FunctionURLEvent  # noqa: TC001
from lambdakit.exceptions import UsageError
from lambdakit.http.app import HttpApp
from lambdakit.http.forms import FormData, UploadedFile  # noqa: TC001
from lambdakit.http.markers import Body, Cookie, Form, Header, Path, Query
from lambdakit.http.request import Request  # noqa: TC001

if TYPE_CHECKING:
    from lambdakit import Context

    Unknown = Any

KEY = "6b29fc40-ca47-1067-b31d-00dd010662da"


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    S = 1
    L = 2


@dataclass
class Line:
    sku: str
    count: int = 1


@dataclass
class Order:
    id: int
    lines: list[Line] = field(default_factory=list)
    note: str | None = field(default=None, metadata={"alias": "Note"})


@dataclass
class Sent:
    x_key: str
    count: int = 0


class Typed(TypedDict):
    id: int


class Named(NamedTuple):
    id: int


class Model(pydantic.BaseModel):
    id: int
    tags: list[str] = pydantic.Field(default=[], alias="tag")


class Struct(msgspec.Struct, rename="camel"):
    id: int
    two_words: list[int] = []


Id = NewType("Id", int)


def ask(
    app: HttpApp,
    method: str = "GET",
    path: str = "/",
    *,
    query: Any = (),
    headers: dict[str, str] | None = None,
    cookies: list[str] | None = None,
    body: str | None = None,
) -> tuple[int, Any]:
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": urlencode(query),
        "headers": headers or {},
        "cookies": cookies or [],
        "requestContext": {"http": {"method": method}},
        "body": body,
    }
    answer = app(event, LambdaContext("the-id"))
    is_json = "json" in answer["headers"].get("content-type", "")
    return answer["statusCode"], json.loads(answer["body"]) if is_json else answer["body"]


def faults(answer: tuple[int, Any]) -> tuple[int, list[tuple[str, str, str]]]:
    return answer[0], [(fault["in"], fault["path"], fault["detail"]) for fault in answer[1]["errors"]]


def app_of(function: Any, method: str = "GET", path: str = "/") -> HttpApp:
    app = HttpApp()
    app.route(path, methods=[method])(function)
    return app


def given_as(annotation: Any, texts: list[str], default: Any = ...) -> tuple[int, Any]:
    """What a parameter `x` of this annotation is given for these values in the query."""
    seen: list[Any] = []

    def function(x: Any) -> str:
        seen.append(x)
        return "ok"

    function.__annotations__["x"] = annotation
    if default is not ...:
        function.__defaults__ = (default,)
    answer = ask(app_of(function), query=[("x", text) for text in texts])
    return (200, seen[0]) if seen else faults(answer)


@pytest.mark.parametrize(
    ("annotation", "texts", "value"),
    [
        (str, ["a", "b"], "b"),
        (int, ["-7"], -7),
        (float, ["1.5"], 1.5),
        (float, ["2"], 2.0),
        (bool, ["TRUE"], True),
        (bool, ["0"], False),
        (Decimal, ["1.10"], Decimal("1.10")),
        (date, ["2024-05-06"], date(2024, 5, 6)),
        (datetime, ["2024-05-06T07:08:09Z"], datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)),
        (UUID, [KEY], UUID(KEY)),
        (Color, ["red"], Color.RED),
        (Size, ["2"], Size.L),
        (Literal["a", 1, True], ["1"], 1),
        (Literal["a", True], ["true"], True),
        (Id, ["3"], 3),
        (int | None, ["3"], 3),
        (int | str, ["x"], "x"),
        (int | str, ["3"], 3),
        (list[str], ["a", "b"], ["a", "b"]),
        (list[int], ["1", "2"], [1, 2]),
        (list, ["1"], ["1"]),
        (set[int], ["1", "1"], {1}),
        (tuple[int, ...], ["1", "2"], (1, 2)),
        (list[Color] | None, ["blue"], [Color.BLUE]),
        (Annotated[int, "a note"], ["4"], 4),
    ],
)
def test_values_of_the_query(annotation, texts, value):
    status, found = given_as(annotation, texts)
    assert (status, found, type(found)) == (200, value, type(value))


@pytest.mark.parametrize(
    ("annotation", "texts", "path", "what"),
    [
        (int, ["x"], "$.x", "expected int, got another text"),
        (int, ["1_0"], "$.x", "expected int, got another text"),
        (int, ["٣"], "$.x", "expected int, got another text"),
        (int, ["9" * 5000], "$.x", "expected int, got another text"),
        (float, ["1_0"], "$.x", "expected float, got another text"),
        (float, ["nan"], "$.x", "expected float, got another text"),
        (bool, ["maybe"], "$.x", "expected bool, got another text"),
        (date, ["tomorrow"], "$.x", "expected date (ISO 8601 text), got another text"),
        (Color, ["green"], "$.x", "expected Color (one of 'red', 'blue'), got another text"),
        (list[int], ["1", "x", "2", "y"], "$.x[1]", "expected int, got another text"),
        (str, [], "$.x", "missing"),
        (list[str], [], "$.x", "missing"),
    ],
)
def test_faults_of_the_query(annotation, texts, path, what):
    status, found = given_as(annotation, texts)
    assert (status, found[0]) == (422, ("query", path, what))
    assert "9999" not in str(found)


def test_a_default_stands_in_for_what_is_absent():
    assert given_as(int, [], 7) == (200, 7)
    assert given_as(list[str], [], None) == (200, None)
    assert given_as(date | None, [], None) == (200, None)


def test_every_fault_is_told_at_once():
    def search(
        id: int,
        size: int,
        words: list[int],
        order: Order,
        key: Annotated[int, Header("x-key")],
        session: Annotated[str, Cookie()],
    ) -> None: ...

    answer = ask(
        app_of(search, "POST", "/{id}"),
        "POST",
        "/x",
        query=[("size", "big"), ("words", "1"), ("words", "two")],
        headers={"x-key": "k"},
        body='{"id": "1", "lines": [{"count": "2"}]}',
    )
    assert faults(answer) == (
        422,
        [
            ("path", "$.id", "expected int, got another text"),
            ("query", "$.size", "expected int, got another text"),
            ("query", "$.words[1]", "expected int, got another text"),
            ("body", "$.id", "expected int, got str"),
            ("body", "$.lines[0].sku", "missing, expected str"),
            ("body", "$.lines[0].count", "expected int, got str"),
            ("header", "$.x-key", "expected int, got another text"),
            ("cookie", "$.session", "missing"),
        ],
    )
    assert answer[1]["title"]
    assert answer[1]["detail"] == "the request has 8 faults"


def test_where_each_argument_comes_from():
    def show(
        request: Request,
        context: Context,
        event: APIGatewayProxyEventV2,
        id: int,
        page: int,
        accept_language: Annotated[str, Header()],
        tags: Annotated[list[str], Query("tag")],
        session: Annotated[str | None, Cookie("sid")] = None,
        *,
        other: Annotated[str, Path("name")],
        flag: bool = False,
    ) -> list[Any]:
        seen = [request.path, context.aws_request_id, event.raw_path, id, page, accept_language, tags, session]
        return [*seen, other, flag]

    app = app_of(show, path="/{name}/{id:int}")
    answer = ask(
        app,
        path="/a%20b/5",
        query=[("page", "2"), ("tag", "x"), ("tag", "y"), ("flag", "on")],
        headers={"Accept-Language": "de"},
        cookies=["sid=s", "sid=t"],
    )
    assert answer == (200, ["/a b/5", "the-id", "/a%20b/5", 5, 2, "de", ["x", "y"], "s", "a b", True])


def test_a_marker_may_be_its_class():
    def show(key: Annotated[str, Header], sid: Annotated[str, Cookie]) -> str:
        return key + sid

    assert ask(app_of(show), headers={"key": "k"}, cookies=["sid=s"]) == (200, "ks")
    assert (repr(Query()), repr(Header("x-a"))) == ("Query()", "Header('x-a')")


def test_parameters_known_by_name_need_no_annotation():
    def show(request, context, id):  # type: ignore[no-untyped-def]
        return [request.method, context.aws_request_id, id]

    assert ask(app_of(show, path="/{id}"), path="/7") == (200, ["GET", "the-id", "7"])


def test_a_path_value_is_what_its_converter_made_of_it():
    def show(day: date, id: Id, kind: Literal["a", "b"], rest: UUID) -> list[Any]:
        return [day.year, id, kind, str(rest)]

    app = app_of(show, path="/{day}/{id}/{kind}/{rest:uuid}")
    assert ask(app, path=f"/2024-05-06/7/a/{KEY}") == (200, [2024, 7, "a", KEY])
    assert faults(ask(app, path=f"/x/y/c/{KEY}")) == (
        422,
        [
            ("path", "$.day", "expected date (ISO 8601 text), got another text"),
            ("path", "$.id", "expected int, got another text"),
            ("path", "$.kind", "expected 'a' or 'b', got another text"),
        ],
    )


@pytest.mark.parametrize("kind", [Order, Typed, Named, Model, Struct])
@pytest.mark.parametrize("is_optional", [False, True])
def test_a_body_is_made_what_it_is_declared_as(kind, is_optional):
    seen: list[Any] = []

    def add(order: Any) -> str:
        seen.append(order)
        return "ok"

    add.__annotations__["order"] = kind | None if is_optional else kind
    if is_optional:
        add.__defaults__ = (None,)
    app = app_of(add, "POST")
    assert ask(app, "POST", body='{"id": 7}')[0] == 200
    expected = {"id": 7} if kind is Typed else kind(id=7)
    assert seen == [expected]
    for body, status, what in (("{", 400, "not JSON: "), ('{"id": "x"}', 422, ""), ('{"id": [', 400, "not JSON: ")):
        code, found = faults(ask(app, "POST", body=body))
        assert (code, found[0][0]) == (status, "body")
        assert found[0][2].startswith(what)
    if is_optional:
        assert ask(app, "POST")[0] == 200
        assert seen[1:] == [None]
    else:
        assert faults(ask(app, "POST")) == (400, [("body", "$", "empty, expected JSON")])


def test_bodies_of_other_forms():
    def as_bytes(body: bytes) -> bytes:
        return body

    def as_text(body: Annotated[str, Body()]) -> str:
        return body

    def as_number(body: Annotated[int, Body()]) -> int:
        return body

    def as_list(body: list[Line]) -> list[Line]:
        return body

    def as_dict(body: dict[str, Any]) -> dict[str, Any]:
        return body

    def as_anything(body: Any) -> Any:
        return body

    assert ask(app_of(as_text, "POST"), "POST", body="{é")[1] == "{é"
    assert ask(app_of(as_number, "POST"), "POST", body="7") == (200, 7)
    assert faults(ask(app_of(as_number, "POST"), "POST", body='"7"'))[0] == 422
    assert ask(app_of(as_list, "POST"), "POST", body='[{"sku": "a"}]') == (200, [{"sku": "a", "count": 1}])
    assert ask(app_of(as_dict, "DELETE"), "DELETE", body='{"a": [1]}') == (200, {"a": [1]})
    assert ask(app_of(as_anything, "PUT"), "PUT", body="[null]") == (200, [None])
    event = {"httpMethod": "POST", "path": "/", "requestContext": {}, "body": "/w==", "isBase64Encoded": True}
    assert app_of(as_bytes, "POST")(event)["body"] == "/w=="


def test_malformed_counts_more_than_wrong():
    def add(id: int, order: Order) -> None: ...

    status, found = faults(ask(app_of(add, "POST"), "POST", query={"id": "x"}, body="{"))
    assert (status, [place for place, _, _ in found]) == (400, ["query", "body"])


FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=XX"}


def multipart(*parts: tuple[str, str]) -> str:
    lines = [f"--XX\r\nContent-Disposition: form-data; {name}\r\n\r\n{content}\r\n" for name, content in parts]
    return "".join(lines) + "--XX--\r\n"


def test_fields_and_files_of_forms():
    def add(
        title: Annotated[str, Form()],
        counts: Annotated[list[int], Form("count")],
        form: FormData,
        photo: UploadedFile,
        pages: list[UploadedFile],
        extra: UploadedFile | None = None,
    ) -> list[Any]:
        return [title, counts, sorted(form), photo.filename, [page.text for page in pages], extra]

    app = app_of(add, "POST")
    parts = [
        ('name="title"', "t"),
        ('name="count"', "1"),
        ('name="count"', "2"),
        ('name="photo"; filename="p.png"', "x"),
    ]
    pages = [('name="pages"; filename="1"', "a"), ('name="pages"; filename="2"', "b")]
    answer = ask(app, "POST", headers=MULTIPART, body=multipart(*parts, *pages))
    assert answer == (200, ["t", [1, 2], ["count", "title"], "p.png", ["a", "b"], None])
    assert faults(ask(app, "POST", headers=FORM, body="count=x")) == (
        422,
        [
            ("form", "$.title", "missing"),
            ("form", "$.count[0]", "expected int, got another text"),
            ("form", "$.photo", "missing"),
            ("form", "$.pages", "missing"),
        ],
    )
    assert ask(app, "POST", headers=MULTIPART, body="nonsense")[0] == 400
    assert ask(app, "POST", headers={"content-type": "application/json"}, body="{}")[0] == 415


@pytest.mark.parametrize("kind", [Order, Typed, Named, Model, Struct])
def test_all_fields_of_a_form_or_a_query_as_one(kind):
    def login(form: Any, filters: Any) -> list[int]:
        ids = [value["id"] if isinstance(value, dict) else value.id for value in (form, filters)]
        assert not isinstance(form, dict) or kind is Typed
        return ids

    login.__annotations__.update(form=Annotated[kind, Form()], filters=Annotated[kind, Query()])
    app = app_of(login, "POST")
    assert ask(app, "POST", query={"id": "2"}, headers=FORM, body="id=1") == (200, [1, 2])
    status, found = faults(ask(app, "POST", query={"id": "x"}, headers=FORM, body=""))
    assert (status, [(place, path) for place, path, _ in found][-1]) == (422, ("query", "$.id"))
    assert found[0][0] == "form"


def test_fields_with_other_keys_and_several_values():
    def search(
        order: Annotated[Order, Query()], model: Annotated[Model, Query()], struct: Annotated[Struct, Query()]
    ) -> list[Any]:
        return [order.note, model.tags, struct.two_words]

    query = [("id", "1"), ("Note", "n"), ("tag", "a"), ("tag", "b"), ("twoWords", "1"), ("twoWords", "2")]
    assert ask(app_of(search), query=query) == (200, ["n", ["a", "b"], [1, 2]])


def test_headers_and_cookies_as_one():
    def show(
        sent: Annotated[Sent, Header()],
        kept: Annotated[Sent, Cookie()] = Sent("none"),  # noqa: B008
    ) -> list[Any]:
        return [sent.x_key, sent.count, kept.x_key]

    app = app_of(show)
    assert ask(app, headers={"X-Key": "k", "Count": "3"}) == (200, ["k", 3, "none"])
    assert ask(app, headers={"X-Key": "k"}, cookies=["x_key=c"]) == (200, ["k", 0, "c"])
    assert faults(ask(app, cookies=["count=c"]))[1] == [
        ("header", "$.x_key", "missing, expected str"),
        ("cookie", "$.x_key", "missing, expected str"),
        ("cookie", "$.count", "expected int, got another text"),
    ]


def test_a_typed_event_of_another_service_is_a_server_error(caplog):
    def show(event: APIGatewayProxyEvent) -> str:
        return "never"

    assert ask(app_of(show))[0] == 500
    assert "APIGatewayProxyEvent" in str(caplog.records[0].exc_info)


def test_a_typed_event_of_several_services():
    def show(event: APIGatewayProxyEvent | APIGatewayProxyEventV2 | FunctionURLEvent) -> str:
        return type(event).__name__

    def typed(event: APIGatewayProxyEventV2[Order]) -> int:
        return event.payload.id

    assert ask(app_of(show)) == (200, "APIGatewayProxyEventV2")
    assert ask(app_of(typed, "POST"), "POST", body='{"id": 7}') == (200, 7)


def two_bodies(a: Order, b: Line) -> None: ...


def no_annotation(x) -> None: ...  # type: ignore[no-untyped-def]


def unresolved(x: Unknown) -> None: ...


def body_of_a_get(order: Order) -> None: ...


def no_such_path_value(x: Annotated[str, Path()]) -> None: ...


def no_type(x: Annotated[LambdaContext, Body()]) -> None: ...


def no_fields(x: Annotated[dict[str, int], Query()]) -> None: ...


def no_one_value(id: list[int]) -> None: ...


def marker_as_default(x: str = Query("q")) -> None: ...  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("function", "method", "what"),
    [
        (marker_as_default, "GET", r"Query\('q'\) is no default; write x: Annotated\[str, Query\('q'\)\]"),
        (two_bodies, "POST", "a and b both ask for the body; put them into one dataclass"),
        (no_annotation, "GET", "x is no value of the path and has no annotation; annotate it"),
        (unresolved, "GET", "the annotation 'Unknown' of x cannot be resolved; import"),
        (body_of_a_get, "GET", r"order asks for a body, which GET has none of; .*Annotated\[Order, Query\(\)\]"),
        (no_such_path_value, "GET", "x is to be a value of the path, which has id"),
        (no_type, "POST", "x: .*LambdaContext.* is no payload type"),
        (no_fields, "GET", r"x: dict\[str, int\] is neither text nor has it fields"),
        (no_one_value, "GET", r"id is one value of the path, which cannot be list\[int\]"),
    ],
)
def test_what_can_never_be_given_is_refused_when_the_route_is_registered(function, method, what):
    with pytest.raises(UsageError, match=f"the route {function.__name__}: {what}"):
        app_of(function, method, "/{id}")


def test_decorated_functions_and_instances_are_asked_for_their_own_parameters():
    from functools import wraps

    def inner(id: int, *, q: str = "none") -> list[Any]:
        return [id, q]

    @wraps(inner)
    def outer(*args: Any, **kwargs: Any) -> Any:
        return inner(*args, **kwargs)

    class Show:
        def __call__(self, id: int) -> int:
            return id

        def method(self, id: int, q: int = 3) -> list[int]:
            return [id, q]

    assert ask(app_of(outer, path="/{id}"), path="/7", query={"q": "x"}) == (200, [7, "x"])
    assert ask(app_of(Show(), path="/{id}"), path="/7") == (200, 7)
    assert ask(app_of(Show().method, path="/{id}"), path="/7") == (200, [7, 3])


def everything(
    id: int,
    n: float | None,
    words: list[int],
    order: Order,
    key: Annotated[bool, Header("x-key")],
    sid: Annotated[UUID, Cookie()],
) -> None: ...


EVERYTHING = app_of(everything, "POST", "/{id}")
TEXT = st.text(max_size=8)


@given(
    TEXT,
    st.lists(st.tuples(st.sampled_from(["n", "words", "x"]), TEXT), max_size=4),
    TEXT,
    TEXT,
    st.one_of(TEXT, st.recursive(st.none() | st.integers() | TEXT, st.lists, max_leaves=4).map(json.dumps)),
)
def test_no_request_makes_it_fail(path, query, key, sid, body):
    event = {
        "httpMethod": "POST",
        "path": "/" + path,
        "headers": {"x-key": key, "cookie": f"sid={sid}"},
        "multiValueQueryStringParameters": {name: [text] for name, text in query},
        "requestContext": {},
        "body": body,
    }
    assert EVERYTHING(event)["statusCode"] in (204, 400, 404, 422)
