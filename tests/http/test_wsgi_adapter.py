"""WSGI applications as handlers: PEP 3333 from the environment to `close()`."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit import StreamingResponse
from lambdakit.exceptions import UsageError, WrongSourceError
from lambdakit.http import wsgi
from tests.http.door_events import CLIENT, DIALECTS, HOST, Sent, event_of, seen

dialects = pytest.mark.parametrize("dialect", DIALECTS)
URL = event_of("url", Sent())
TEXT = [("Content-Type", "text/plain")]


def environ_of(event: Any, **options: Any) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        found.append(environ)
        start_response("204 No Content", [])
        return []

    assert wsgi(app, **options)(event, "context")["body" if "Records" not in event else "status"] in ("", "204")
    return found[0]


@dialects
def test_a_request_is_told(dialect: str) -> None:
    sent = Sent("POST", "/caf%C3%A9/", [("q", "a b")], [("x-name", "é"), ("content-type", "text/x")], ["a=1", "b=2"])
    sent.body = b"body"
    event = event_of(dialect, sent)
    environ = environ_of(event)
    assert environ.pop("wsgi.input").read() == b"body"
    assert environ.pop("wsgi.errors") is sys.stderr
    assert environ == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/caf\xc3\xa9/",
        "QUERY_STRING": "q=a+b",
        "REQUEST_URI": "/caf%C3%A9/?q=a+b",
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "4",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": CLIENT,
        "HTTPS": "on",
        "HTTP_HOST": HOST,
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_NAME": "é",
        "HTTP_X_FORWARDED_FOR": f"203.0.113.9, {CLIENT}",
        "HTTP_X_FORWARDED_PORT": "443",
        "HTTP_X_FORWARDED_PROTO": "https",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input_terminated": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "aws.event": event,
        "aws.context": "context",
    }


def test_the_stage_and_the_base_path_are_the_script() -> None:
    environ = environ_of(event_of("http", Sent(path="/v1/a", stage="be ta")), base_path="v1")
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/be ta/v1", "/a")
    environ = environ_of(event_of("rest", Sent(path="/v1/a")), base_path="/v1/")
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/v1", "/a")


def test_headers_come_repeated_and_none_takes_the_place_of_another() -> None:
    headers = [("accept", "a"), ("accept", "b"), ("x_forwarded_proto", "http")]
    environ = environ_of(event_of("rest", Sent(headers=headers)))
    assert (environ["HTTP_ACCEPT"], environ["HTTP_X_FORWARDED_PROTO"]) == ("a,b", "https")
    assert "CONTENT_LENGTH" not in environ


@dialects
def test_a_valid_application_finds_a_valid_server(dialect: str) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("201 Created", [*TEXT, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return [body, b"\xff"]

    got = seen(dialect, wsgi(validator(app))(event_of(dialect, Sent("POST", "/x", body=b"\x00")), None))
    assert (got.status, got.body, got.cookies) == (201, b"\x00\xff", ["a=1", "b=2"])


class Body:
    """A body that notes whether it is closed."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = iter(pieces)
        self.closed = 0

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        piece = next(self.pieces)
        if isinstance(piece, Exception):
            raise piece
        result: bytes = piece
        return result

    def close(self) -> None:
        self.closed += 1


def returning(body: Any, headers: Any = TEXT) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", headers)
        return body

    return app


@pytest.mark.parametrize("stream", ["on", "off"])
def test_a_body_is_closed_once_also_when_it_fails(stream: Any, caplog: pytest.LogCaptureFixture) -> None:
    body = Body(b"a", b"b")
    answer = wsgi(returning(body, [*TEXT, ("Content-Length", "2")]), stream=stream)(URL)
    assert (answer["body"], body.closed) == ("ab", 1)
    body = Body(ValueError("secret"))
    answer = wsgi(returning(body), stream=stream)(URL)
    assert (answer["statusCode"], answer["body"], body.closed) == (500, "Internal Server Error", 1)
    assert "secret" in caplog.text


def test_write_comes_before_what_is_returned() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", TEXT)
        write(b"a")
        write(b"b")
        return [b"c"]

    assert wsgi(app)(URL)["body"] == "abc"


def test_an_answer_can_be_begun_anew_after_a_failure() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("x-first", "1")])
        try:
            raise ValueError("late")
        except ValueError:
            start_response("503 Sorry", TEXT, sys.exc_info())
        return [b"sorry"]

    answer = wsgi(app)(URL)
    assert (answer["statusCode"], answer["headers"], answer["body"]) == (503, {"content-type": "text/plain"}, "sorry")


def test_not_when_it_has_been_sent() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", TEXT)
        yield b"a"
        try:
            raise ValueError("late")
        except ValueError:
            start_response("503 Sorry", TEXT, sys.exc_info())

    pieces = iter(wsgi(app, stream="on")(URL).body)
    assert next(pieces) == b"a"
    with pytest.raises(ValueError, match="late"):
        next(pieces)


def test_what_breaks_the_rules_is_logged_and_500(caplog: pytest.LogCaptureFixture) -> None:
    def twice(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", TEXT)
        start_response("200 OK", TEXT)
        return []

    assert wsgi(twice)(URL)["statusCode"] == 500
    assert "a second time, without exc_info" in caplog.text
    assert wsgi(lambda environ, start_response: [b"x"])(URL)["statusCode"] == 500
    assert wsgi(lambda environ, start_response: iter([b"x"]), stream="on")(URL)["statusCode"] == 500
    assert sum("without having called start_response" in str(r.exc_info[1]) for r in caplog.records if r.exc_info) == 2


def test_a_head_request_gets_no_body() -> None:
    answer = wsgi(returning([b"hello"], [("Content-Length", "5")]))(event_of("url", Sent("HEAD")))
    assert (answer["headers"], answer["body"]) == ({"content-length": "5"}, "")


def test_a_body_of_unknown_length_streams_as_it_is_made() -> None:
    order: list[str] = []

    def app(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [*TEXT, ("Set-Cookie", "a=1")])
        write(b"written")
        for piece in (b"", b"a", b"b"):
            order.append(f"made {piece.decode()}")
            yield piece

    answer = wsgi(app, stream="on")(URL)
    assert isinstance(answer, StreamingResponse)
    assert (answer.status, answer.headers, answer.cookies) == (200, {"content-type": "text/plain"}, ["a=1"])
    for piece in answer.body:  # type: ignore[union-attr]
        order.append(f"read {piece.decode()}")  # type: ignore[union-attr]
    assert order == ["made ", "made a", "read written", "read a", "made b", "read b"]


def test_the_answer_to_head_does_not_stream() -> None:
    answer = wsgi(returning(iter([b"a", b"b"])), stream="on")(event_of("url", Sent("HEAD")))
    assert answer["body"] == ""


def test_a_stream_that_is_not_read_is_closed() -> None:
    body = Body(b"a", b"b")
    pieces: Any = wsgi(returning(body), stream="on")(URL).body
    assert next(pieces) == b"a"
    pieces.close()
    assert body.closed == 1


@pytest.mark.parametrize("pieces", [[b"a"], [b"a", b"b"], Body(), Body(b"")])
def test_what_is_there_at_once_does_not_stream(pieces: Any) -> None:
    assert isinstance(wsgi(returning(pieces), stream="on")(URL), dict)


def test_middleware_and_options() -> None:
    app = returning([b"text"], [("Content-Type", "application/x-own"), ("X-Powered-By", "me")])
    handler = wsgi(app, text_types=["application/x-own"], exclude_headers=["X-powered-by"],
                   middleware=[lambda event, context, call_next: {**call_next(event, context), "seen": 1}])  # fmt: skip
    answer = handler(URL)
    assert (answer["body"], answer["headers"], answer["seen"]) == ("text", {"content-type": "application/x-own"}, 1)
    assert handler.app is app
    with pytest.raises(UsageError, match="which is callable"):
        wsgi(None)  # type: ignore[arg-type]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@dialects
@given(path=texts, body=st.binary(max_size=40))
def test_no_path_or_body_is_changed(dialect: str, path: str, body: bytes) -> None:
    environ = environ_of(event_of(dialect, Sent("PUT", "/" + quote(path), body=body)))
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/" + path
    assert environ["wsgi.input"].read() == body


def test_another_event_is_refused_in_the_adapters_name() -> None:
    with pytest.raises(WrongSourceError, match=r"^wsgi\(\) takes a request of an HTTP service; .* comes from sqs"):
        wsgi(lambda environ, start_response: [])({"Records": [{"eventSource": "aws:sqs"}]}, None)
