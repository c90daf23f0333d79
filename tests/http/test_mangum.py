"""The ASGI adapter beside Mangum: one application under both, every event that Mangum takes, and its options.

What the application is told and what the client gets must be the same but for the rows of the two tables below, each
with its reason; a row that makes no difference any more fails its test.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
from typing import Any

import pytest
from mangum import Mangum

from lambdakit.http import asgi
from tests.http.door_events import CLIENT, Seen, Sent, event_of, seen

PATHS = {"plain": "/items/1", "coded": "/caf%C3%A9/a%20b/", "root": "/"}
STATED = [("accept", "text/html"), ("accept", "*/*"), ("x-name", "value")]
REQUESTS = {
    **{name: Sent("GET", path) for name, path in PATHS.items()},
    "query": Sent("GET", "/search", [("q", "a b&c=d"), ("tag", "1"), ("tag", "2"), ("empty", "")]),
    "headers": Sent("DELETE", "/", headers=STATED, cookies=["a=1", "b=2"]),
    "text": Sent("POST", "/", headers=[("content-type", "application/json")], body=b'{"a": "\xc3\xa9"}'),
    "binary": Sent("PUT", "/", headers=[("content-type", "image/png")], body=bytes(range(256))),
    "stage": Sent("GET", "/items/1", stage="beta"),
}
DIALECTS = ("rest", "rest-1.0", "http", "url", "alb", "alb-multi", "edge")
CASES = list(itertools.product(DIALECTS, REQUESTS))


def made(dialect: str, sent: Sent) -> Any:
    if dialect == "rest-1.0":
        return {"version": "1.0", **event_of("rest", sent)}
    return event_of(dialect, sent)


def both(app: Any, event: Any, ours: Any = None, theirs: Any = None) -> tuple[Any, Any]:
    """Our answer and Mangum's."""
    answer = asyncio.run(asgi(app, lifespan="off", **(ours or {}))(event, "context"))
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    try:
        return answer, Mangum(app, lifespan="off", **(theirs or {}))(event, "context")  # type: ignore[arg-type]
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def joined(headers: Any, by: bytes = b", ") -> dict[bytes, bytes]:
    result: dict[bytes, bytes] = {}
    for name, value in headers:
        result[name] = result[name] + by + value if name in result else value
    return result


def mangum_path(ours: dict[str, Any], dialect: str) -> str:
    if dialect == "edge":
        return ours["raw_path"].decode()
    path: str = ours["path"]
    return path.removeprefix(ours["root_path"]) if dialect.startswith("rest") else path


def mangum_client(ours: dict[str, Any], dialect: str) -> Any:
    return (f"203.0.113.9, {CLIENT}", 0) if dialect.startswith("alb") else ours["client"]


# Key of the scope -> why it differs, and what Mangum's is, of ours.
SCOPE: dict[str, tuple[str, Any]] = {
    "asgi": (
        "a newer edition of the specification, which spares applications watching for the end of the connection",
        lambda ours, dialect: {"version": "3.0", "spec_version": "2.0"},
    ),
    "client": (
        "a load balancer's own entry is the last of X-Forwarded-For; Mangum takes the client's own words too",
        mangum_client,
    ),
    "extensions": ("there, and empty, as the specification has it", lambda ours, dialect: None),
    "headers": ("Mangum joins what is repeated", lambda ours, dialect: joined(ours["headers"])),
    "path": (
        "the root is part of the path since ASGI 3, but Mangum's REST path has no stage; and CloudFront's stays coded",
        mangum_path,
    ),
    "raw_path": ("Mangum tells none", lambda ours, dialect: None),
    "root_path": ("Mangum tells no stage, so that the URLs an application makes lack it", lambda ours, dialect: ""),
}
_theirs_read = {
    "headers": lambda value: joined(map(tuple, value)),
}


@pytest.mark.parametrize(("dialect", "request_name"), CASES)
def test_the_application_is_told_the_same(dialect: str, request_name: str) -> None:
    told: list[tuple[dict[str, Any], bytes]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append((scope, (await receive())["body"]))
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    both(app, made(dialect, REQUESTS[request_name]))
    (ours, our_body), (theirs, their_body) = told
    assert our_body == their_body == REQUESTS[request_name].body
    for key in ours:
        if key not in SCOPE:
            assert theirs[key] == ours[key], key
            continue
        assert _theirs_read.get(key, lambda value: value)(theirs.get(key)) == SCOPE[key][1](ours, dialect), key
    assert set(theirs) <= set(ours)


@pytest.mark.parametrize("key", SCOPE)
def test_every_permitted_difference_of_the_scope_is_one(key: str) -> None:
    found: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope)
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    for dialect, name in CASES:
        both(app, made(dialect, REQUESTS[name]))
    assert any(
        _plain(ours[key]) != _plain(theirs.get(key)) for ours, theirs in zip(found[::2], found[1::2], strict=True)
    )


def _plain(value: Any) -> Any:
    return [tuple(pair) for pair in value] if isinstance(value, list) else value


TEXT, JSON, PNG = (
    (b"content-type", b"text/plain"),
    (b"content-type", b"application/json"),
    (b"content-type", b"image/png"),
)
ANSWERS: dict[str, tuple[int, list[tuple[bytes, bytes]], bytes]] = {
    "text": (200, [TEXT], "é".encode()),
    "json": (201, [JSON, (b"X-Upper", b"1")], b"{}"),
    "binary": (200, [PNG], bytes(range(256))),
    "not utf-8": (200, [TEXT], b"\xff"),
    "cookies": (200, [TEXT, (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2; Path=/")], b"x"),
    "repeats": (200, [TEXT, (b"vary", b"a"), (b"vary", b"b")], b"x"),
    "no type": (200, [], b"x"),
    "compressed": (200, [TEXT, (b"content-encoding", b"gzip")], b"\x1f\x8b\x08\x00"),
    "compressed, by chance utf-8": (200, [TEXT, (b"content-encoding", b"br")], b"abc"),
    "form": (200, [(b"content-type", b"application/x-www-form-urlencoded")], b"a=1"),
    "empty": (204, [], b""),
}


def client(dialect: str, answer: Any) -> Seen:
    """What a client gets of an answer of Mangum's, in the form of `seen`."""
    if dialect != "edge":
        return seen("rest" if dialect == "rest-1.0" else dialect, answer)
    headers = {name: [entry["value"] for entry in entries] for name, entries in answer["headers"].items()}
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
    return Seen(int(answer["status"]), headers, headers.pop("set-cookie", []), body)


def values(headers: dict[str, list[str]]) -> dict[str, list[str]]:
    """All values of each header, apart."""
    return {name: [value.strip() for text in texts for value in text.split(",")] for name, texts in headers.items()}


@pytest.mark.parametrize(("dialect", "name"), list(itertools.product(DIALECTS, ANSWERS)))
def test_the_client_gets_the_same(dialect: str, name: str) -> None:
    status, headers, body = ANSWERS[name]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    ours, theirs = both(app, made(dialect, Sent()))
    got, peer = seen("rest" if dialect == "rest-1.0" else dialect, ours), client(dialect, theirs)
    assert (got.status, got.body) == (peer.status, peer.body) == (status, body)
    lost = KNOWN_LOSSES.get(dialect, {}).get(name)
    if lost is None:
        assert (values(got.headers), got.cookies) == (values(peer.headers), peer.cookies)
    else:
        assert (values(got.headers), got.cookies) != (values(peer.headers), peer.cookies), f"no more: {lost}"
    assert got.cookies == [value.decode() for key, value in headers if key == b"set-cookie"]


# Dialect -> answer -> why the headers that the client gets under Mangum are others, and ours are right.
_TYPE = "Mangum says JSON of what has no content type"
_LAST = "Mangum keeps one value a header for CloudFront, which takes all"
KNOWN_LOSSES = {
    "http": {"no type": _TYPE, "empty": _TYPE},
    "url": {"no type": _TYPE, "empty": _TYPE},
    "edge": {"cookies": _LAST, "repeats": _LAST},
}


# The options.


async def told(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    headers = [(b"content-type", b"application/vnd.own"), (b"x-secret", b"1"), (b"x-open", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": scope["path"].removeprefix(scope["root_path"]).encode()})


def test_text_mime_types_are_text_types() -> None:
    types = ["application/vnd.own"]
    ours, theirs = both(told, made("http", Sent()), {"text_types": types}, {"text_mime_types": types})
    assert (ours["body"], ours["isBase64Encoded"]) == (theirs["body"], theirs["isBase64Encoded"]) == ("/", False)


def test_exclude_headers_are_the_same_and_hold_for_every_front_door() -> None:
    option = {"exclude_headers": ["X-Secret"]}
    ours, theirs = both(told, made("rest", Sent()), option, option)
    assert ours["headers"] == theirs["headers"] == {"content-type": "application/vnd.own", "x-open": "1"}
    ours, theirs = both(told, made("http", Sent()), option, option)
    assert ("x-secret" in ours["headers"], "x-secret" in theirs["headers"]) == (False, True)


@pytest.mark.parametrize("dialect", ["rest", "http"])
def test_api_gateway_base_path_is_base_path(dialect: str) -> None:
    event = made(dialect, Sent(path="/v1/items"))
    ours, theirs = both(told, event, {"base_path": "/v1"}, {"api_gateway_base_path": "/v1"})
    assert base64.b64decode(ours["body"]) == base64.b64decode(theirs["body"]) == b"/items"


def test_a_base_path_ends_with_a_segment() -> None:
    ours, theirs = both(told, made("rest", Sent(path="/v10")), {"base_path": "/v1"}, {"api_gateway_base_path": "/v1"})
    assert base64.b64decode(ours["body"]) == b"/v10"
    assert base64.b64decode(theirs["body"]) == b"0"


@pytest.mark.parametrize("mode", ["auto", "on", "off"])
def test_a_lifespan_runs_once_where_mangum_runs_it_for_each_event(mode: Any) -> None:
    notes: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            assert ("state" in scope) is (mode != "off")
            return await told(scope, receive, send)
        for kind in ("startup", "shutdown"):
            notes.append((await receive())["type"].partition(".")[2])
            await send({"type": f"lifespan.{kind}.complete"})
        return None

    async def life() -> None:
        handler = asgi(app, lifespan=mode)
        for _ in range(3):
            assert (await handler(made("http", Sent()), None))["statusCode"] == 200
        await handler.stop()

    asyncio.run(life())
    assert notes == ([] if mode == "off" else ["startup", "shutdown"])
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    try:
        for _ in range(3):
            Mangum(app, lifespan=mode)(made("http", Sent()), None)  # type: ignore[arg-type]
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    assert notes == ([] if mode == "off" else ["startup", "shutdown"] * 4)
