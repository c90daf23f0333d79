"""Any request through every front door: nothing of it is lost, and none is a server's error."""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.context import LambdaContext
from lambdakit.http.app import HttpApp
from lambdakit.http.response import Response
from lambdakit.http.router import METHODS
from tests.http.door_events import CLIENT, DIALECTS, Sent, event_of, seen
from tests.runtime_process import ROOT

if TYPE_CHECKING:
    from lambdakit.http.request import Request

doors = pytest.mark.parametrize("dialect", DIALECTS)

echo = HttpApp()


@echo.route("/{path:path}", methods=METHODS)
def answer(request: Request, path: str) -> Response:
    told = {
        "method": request.method,
        "path": path,
        "query": request.query.pairs,
        "headers": {name: request.headers[name] for name in request.headers if name.startswith("x-")},
        "cookies": request.cookies,
        "event": type(request.event).__name__,
        "client": request.client_ip,
    }
    response = Response(request.body, headers=[("x-told", json.dumps(told))], content_type="x/y")
    response.headers.add("x-same", request.headers.get("x-a", ""))
    for name, value in request.cookies.items():
        response.set_cookie(f"{name}={value}")
    return response


MODELS = {
    "rest": "APIGatewayProxyEvent",
    "http": "APIGatewayProxyEventV2",
    "url": "FunctionURLEvent",
    "alb": "ALBEvent",
    "alb-multi": "ALBEvent",
    "lattice": "VPCLatticeEvent",
    "lattice-v2": "VPCLatticeEventV2",
    "edge": "CloudFrontRequest",
}
SEGMENT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VISIBLE = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='",;='), min_size=1, max_size=8
)
NAMES = st.text("abcxyz", min_size=1, max_size=4)
REQUESTS = st.builds(
    Sent,
    method=st.sampled_from([method for method in METHODS if method != "HEAD"]),
    path=st.lists(SEGMENT, max_size=4).map(lambda parts: "/" + "/".join(quote(part, safe="") for part in parts)),
    query=st.lists(st.tuples(NAMES, SEGMENT), max_size=3, unique_by=lambda pair: pair[0]),
    headers=st.lists(st.tuples(NAMES.map("x-{}".format), VISIBLE), max_size=3, unique_by=lambda pair: pair[0]),
    cookies=st.lists(
        st.tuples(NAMES, VISIBLE).map("=".join), max_size=3, unique_by=lambda text: text.partition("=")[0]
    ),
    body=st.binary(max_size=60),
)


@doors
@given(sent=REQUESTS)
def test_nothing_is_lost_on_the_way_in_and_out(dialect: str, sent: Sent):
    got = seen(dialect, echo(event_of(dialect, sent), LambdaContext("id")))
    [text] = got.headers.pop("x-told")
    told = json.loads(text)
    forwarded = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"}
    assert told["method"] == sent.method
    assert (told["event"], told["client"]) == (MODELS[dialect], CLIENT)
    assert told["query"] == [list(pair) for pair in sent.query]
    assert {name: value for name, value in told["headers"].items() if name not in forwarded} == dict(sent.headers)
    assert told["cookies"] == dict(text.split("=", 1) for text in sent.cookies)
    assert "/" + quote(told["path"], safe="/") == sent.path.replace("%2F", "/")
    assert (got.status, got.body, sorted(got.cookies)) == (200, sent.body, sorted(sent.cookies))


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The example's application, with a database of its own."""
    spec = importlib.util.spec_from_file_location("http_api_example", ROOT / "examples" / "http_api" / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)  # dataclasses look their module up
        patch.setenv("DATABASE", str(tmp_path_factory.mktemp("notes") / "notes.db"))
        spec.loader.exec_module(module)
        yield module.handler


PATHS = st.one_of(
    st.sampled_from(
        ["/notes", "/notes/1", "/notes/1/files", "/notes/1/files/a", "/notes/" + "9" * 30, "//", "/notes/%"]
    ),
    st.text(max_size=8).map(lambda text: "/" + text),
)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.one_of(st.text(max_size=3), st.none()),
            "done": st.booleans(),
            "tags": st.lists(st.text(max_size=3), max_size=2),
        },
    ).map(lambda value: json.dumps(value).encode()),
)
KINDS = st.sampled_from(
    ["application/json", "multipart/form-data; boundary=X", "multipart/form-data", "text/plain", "é"]
)
FUZZED = st.builds(
    Sent,
    method=st.sampled_from([*METHODS, "TRACE", "get"]),
    path=PATHS,
    query=st.lists(st.tuples(st.sampled_from(["limit", "after", "tag", "x"]), st.text(max_size=4)), max_size=3),
    headers=st.tuples(st.tuples(st.just("content-type"), KINDS)).map(list),
    cookies=st.lists(st.text(max_size=5), max_size=2),
    body=BODIES,
)


@doors
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(sent=FUZZED)
def test_no_request_makes_the_example_fail(dialect: str, notes: Any, sent: Sent):
    try:
        event = event_of(dialect, sent)
    except UnicodeEncodeError:  # a lone surrogate, which no service can send
        return
    got = seen(dialect, notes(event, LambdaContext("id")))
    assert 200 <= got.status < 500
    assert got.headers["x-request-id"] == ["id"]


@doors
@pytest.mark.parametrize(
    ("given_as", "read_as"),
    [("/a b", "/a b"), ("/a%20b", "/a b"), ("/100%", "/100%"), ("/50%-ü", "/50%-ü"), ("/a%2520b", "/a%20b")],
)
def test_a_path_is_decoded_once_whether_or_not_the_service_has_decoded_it(
    dialect: str, given_as: str, read_as: str
) -> None:
    answered = seen(dialect, echo(event_of(dialect, Sent(path=given_as)), LambdaContext("1")))
    [text] = answered.headers["x-told"]
    assert json.loads(text)["path"] == read_as[1:]
