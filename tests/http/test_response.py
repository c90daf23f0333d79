"""Responses: what handlers may return, and that each front door gets it whole."""

from __future__ import annotations

import base64
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from types import ModuleType
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit import StreamingResponse
from lambdakit.exceptions import MarshalFault, ResponseError
from lambdakit.http.cookies import SetCookie
from lambdakit.http.file_response import FileResponse
from lambdakit.http.front_doors import FRONT_DOORS, front_door_of
from lambdakit.http.multi_maps import MutableHeaders
from lambdakit.http.request import Request
from lambdakit.http.response import HTMLResponse, JSONResponse, RedirectResponse, Response, TextResponse, response_of


@dataclass
class Point:
    x: int
    y: int


class Pair(NamedTuple):
    left: int
    right: str


class Model(pydantic.BaseModel):
    id: UUID = pydantic.Field(serialization_alias="Id")


class Struct(msgspec.Struct, rename="camel"):
    full_name: str


class Text(str):
    pass


KEY = UUID(int=1)
JSON, TEXT, OCTETS = "application/json", "text/plain; charset=utf-8", "application/octet-stream"
MODEL, MODEL_TEXT = Model(id=KEY), f'{{"Id":"{KEY}"}}'
RETURNED: list[tuple[Any, tuple[int, str | None, Any]]] = [
    ({"a": [1, None]}, (200, JSON, '{"a": [1, null]}')),
    ([1, 2], (200, JSON, "[1, 2]")),
    (Point(1, 2), (200, JSON, '{"x": 1, "y": 2}')),
    (Pair(1, "r"), (200, JSON, '{"left": 1, "right": "r"}')),
    (MODEL, (200, JSON, MODEL_TEXT)),
    (Struct("Jo"), (200, JSON, '{"fullName":"Jo"}')),
    ({"m": [MODEL, Struct("Jo")]}, (200, JSON, f'{{"m": [{{"Id": "{KEY}"}}, {{"fullName": "Jo"}}]}}')),
    ({"p": {Point(1, 2).x: Point(1, 2)}}, (200, JSON, '{"p": {"1": {"x": 1, "y": 2}}}')),
    ("hé", (200, TEXT, "hé")),
    (Text("t"), (200, TEXT, "t")),
    (b"\xff", (200, OCTETS, b"\xff")),
    (bytearray(b"\xff"), (200, OCTETS, b"\xff")),
    (None, (204, None, "")),
    (True, (200, JSON, "true")),
    (7, (200, JSON, "7")),
    (1.5, (200, JSON, "1.5")),
    ((201, {"a": 1}), (201, JSON, '{"a": 1}')),
    ((404, None), (404, None, "")),
    ((202, "ok", {"content-type": "text/html"}), (202, "text/html", "ok")),
    ((1, 2), (200, JSON, "[1, 2]")),
    (TextResponse("t", 201), (201, TEXT, "t")),
    (HTMLResponse("<p>"), (200, "text/html; charset=utf-8", "<p>")),
    (
        JSONResponse([MODEL], 201, {"Content-Type": "application/x+json"}),
        (201, "application/x+json", f'[{{"Id": "{KEY}"}}]'),
    ),
]


@pytest.mark.parametrize(("returned", "wanted"), RETURNED, ids=repr)
def test_what_handlers_return(returned, wanted):
    made = response_of(returned)
    assert (made.status, made.headers.get("content-type"), made.body) == wanted
    assert not made.is_streamed


def test_a_response_in_a_tuple_is_not_changed_for_the_next():
    shared = TextResponse("x")
    assert response_of((404, shared, {"x-a": "1"})).status == 404
    assert (shared.status, shared.headers.pairs) == (200, [("content-type", TEXT)])


def test_streams_stay_streams():
    streamed = response_of(StreamingResponse(201, {"x": "1"}, ["a=1"], iter(["a"])))
    assert (streamed.status, streamed.headers["x"], streamed.cookies) == (201, "1", ["a=1"])
    assert streamed.is_streamed
    generator = response_of(piece for piece in ("a", "b"))
    assert (generator.is_streamed, generator.headers["content-type"]) == (True, OCTETS)


@pytest.mark.parametrize("value", [object(), {"a": object()}, (200, object())])
def test_what_has_no_json_form_is_refused(value):
    with pytest.raises(MarshalFault):
        response_of(value)


@pytest.mark.parametrize("status", [0, 99, 600])
def test_a_status_is_one(status):
    with pytest.raises(ValueError, match="status must be a whole number from 100 to 599"):
        Response("", status)


@pytest.mark.parametrize(
    ("location", "written"),
    [("/a?b=c#d", "/a?b=c#d"), ("/é \r\nset-cookie: x=1", "/%C3%A9%20%0D%0Aset-cookie:%20x=1"), ("/a%20b", "/a%20b")],
)
def test_a_redirect(location, written):
    made = RedirectResponse(location, 303)
    assert (made.status, made.headers["location"], made.body) == (303, written, "")


@pytest.mark.parametrize(
    ("content_type", "body", "is_coded"),
    [
        ("text/css", b"a{}", False),
        ("application/problem+json; charset=utf-8", b"{}", False),
        ("text/plain", b"\xff", True),
        ("image/png", b"abc", True),
        ("application/yaml", b"a: 1", False),
        (None, b"abc", False),
        (None, b"\xff", True),
    ],
)
def test_octets_that_are_text_are_not_coded(content_type, body, is_coded):
    answer = Response(body, content_type=content_type).answer(FRONT_DOORS["rest"])
    assert answer["isBase64Encoded"] is is_coded
    assert (base64.b64decode(answer["body"]) if is_coded else answer["body"].encode()) == body


def test_compressed_text_is_coded():
    answer = Response(b"abc", headers={"content-encoding": "x"}, content_type="text/css").answer(FRONT_DOORS["url"])
    assert answer["isBase64Encoded"] is True


@pytest.mark.parametrize("pair", [("a", "b\r\nc: d"), ("a\n", "b")])
def test_a_header_with_a_line_break_is_refused(pair):
    with pytest.raises(ResponseError, match="line break"):
        Response("", headers=[pair]).answer(FRONT_DOORS["rest"])
    with pytest.raises(ResponseError, match="line break"):
        Response("", cookies=["a=1\n"]).answer(FRONT_DOORS["rest"])


def test_a_header_that_is_no_text_is_written_as_text():
    headers: Any = {"x-count": 7}
    assert Response("", headers=headers).answer(FRONT_DOORS["rest"])["headers"] == {"x-count": "7"}


def received(answer: dict[str, Any]) -> tuple[int, dict[str, list[str]], list[str], bytes]:
    """What a client gets of an answer, whatever its dialect."""
    pairs = list((answer.get("headers") or {}).items())
    pairs += [(name, value) for name, values in answer.get("multiValueHeaders", {}).items() for value in values]
    headers: dict[str, list[str]] = {}
    for name, value in pairs:
        headers.setdefault(name.lower(), []).append(value)
    got = headers.pop("set-cookie", []) + answer.get("cookies", [])
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return answer["statusCode"], headers, got, body


NAMES = st.text("abcX-", min_size=1, max_size=6).map(lambda name: f"h{name}")
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), max_size=8)


@given(
    st.integers(100, 599),
    st.lists(st.tuples(NAMES, VALUES), max_size=6),
    st.lists(st.builds(SetCookie, st.text("abc", min_size=1), st.text("xyz09"))),
    st.one_of(st.text(), st.binary()),
)
def test_nothing_of_a_response_is_lost_in_any_front_door(status, pairs, set_cookies, body):
    try:
        expected = body if isinstance(body, bytes) else body.encode()
    except UnicodeEncodeError:
        return
    wanted: dict[str, list[str]] = {}
    for name, value in pairs:
        wanted.setdefault(name.lower(), []).append(value)
    for door in FRONT_DOORS.values():
        got = received(Response(body, status, pairs, cookies=set_cookies).answer(door))
        joined = {name: ", ".join(values) for name, values in got[1].items()}
        assert joined == {name: ", ".join(values) for name, values in wanted.items()}
        assert (got[0], got[2], got[3]) == (status, [cookie.header() for cookie in set_cookies], expected)


def test_a_cookie_is_written_with_all_it_has():
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    cookie = SetCookie(
        "a", '"b"', max_age=9, expires=moment, domain="x.org", same_site="None", partitioned=True, path="/p"
    )
    assert cookie.header() == (
        'a="b"; Max-Age=9; Domain=x.org; Path=/p; Expires=Wed, 02 Jan 2030 03:04:05 GMT; '
        "Secure; HttpOnly; Partitioned; SameSite=None"
    )
    bare = SetCookie("a", path=None, secure=False, http_only=False, same_site=None)
    assert bare.header() == "a="
    assert (bare == SetCookie("a"), bare == bare, len({bare, bare}), repr(bare)) == (False, True, 1, "<SetCookie a>")
    assert SetCookie.deleted("a").header() == "a=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    "options",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "a", "value": "b;c"},
        {"name": "a", "value": "é"},
        {"name": "a", "value": "b\r\n"},
        {"name": "a", "path": "/;x"},
        {"name": "a", "domain": "x\n"},
        {"name": "a", "secure": False, "same_site": "None"},
    ],
)
def test_a_cookie_that_browsers_would_drop_is_refused(options):
    with pytest.raises(ValueError, match="cookie"):
        SetCookie(**options)


def asked(method: str = "GET", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    event = {"httpMethod": method, "path": "/", "headers": named, "requestContext": {}}
    return Request(event, front_door_of(event))


@pytest.fixture
def page(tmp_path):
    file = tmp_path / "page.txt"
    file.write_bytes(b"0123456789")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    return file


def test_a_file(page):
    made = FileResponse(page)
    assert (made.status, made.body, made.headers["content-type"]) == (200, b"0123456789", "text/plain; charset=utf-8")
    assert made.headers["last-modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"
    tag = made.headers["etag"]
    assert tag.startswith('"')
    for known in (asked(if_none_match=f'"x", W/{tag}'), asked(if_modified_since=made.headers["last-modified"])):
        again = FileResponse(page, request=known)
        assert (again.status, again.body) == (304, b"")
    assert FileResponse(page, request=asked(if_none_match='"x"')).status == 200


@pytest.mark.parametrize(
    ("wanted", "status", "body", "said"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("pages=1-2", 200, b"0123456789", None),
        ("bytes=٣-", 200, b"0123456789", None),
    ],
)
def test_a_part_of_a_file(page, wanted, status, body, said):
    made = FileResponse(page, request=asked(range=wanted))
    assert (made.status, made.body, made.headers.get("content-range")) == (status, body, said)


def test_a_part_only_of_the_file_the_client_has(page):
    tag = FileResponse(page).headers["etag"]
    assert FileResponse(page, request=asked(range="bytes=0-1", if_range=tag)).status == 206
    assert FileResponse(page, request=asked(range="bytes=0-1", if_range='"x"')).status == 200
    assert FileResponse(page, request=asked("HEAD", range="bytes=0-1")).status == 200


def test_a_file_to_save(page):
    assert FileResponse(page, download_as="a b.txt").headers["content-disposition"] == 'attachment; filename="a b.txt"'
    made = FileResponse(page, download_as='é".bin', content_type="x/y")
    assert made.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A9%22.bin"
    assert made.headers["content-type"] == "x/y"


def test_a_file_of_no_known_type(tmp_path):
    for name in ("a.unheardof", "a.txt.gz"):
        (tmp_path / name).write_bytes(b"")
        assert FileResponse(tmp_path / name).headers["content-type"] == OCTETS


def test_headers_may_be_given_as_such():
    headers = MutableHeaders([("a", "1"), ("A", "2")])
    for given_as in (headers, headers.pairs, iter(headers.pairs)):
        assert Response("", headers=given_as).headers.pairs == [("a", "1"), ("A", "2")]
    assert Response("", headers={"a": "1"}).headers.pairs == [("a", "1")]
    made = Response("")
    made.set_cookie("a=1")
    assert (made.cookies, repr(made)) == (["a=1"], "<Response 200>")


def test_a_result_is_looked_at_while_another_thread_imports_what_streams_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "lambdakit.runtime.streaming", ModuleType("half_made"))
    pieces = (piece for piece in (b"one",))
    assert response_of(pieces).body is pieces
