"""The Runtime API's calls: the exact requests, and what each makes of the answers."""

from __future__ import annotations

import sys

import pytest

from lambdakit import __version__
from lambdakit.exceptions import RuntimeApiProtocolError, RuntimeApiStatusError
from lambdakit.runtime.client import MAX_CAUSE, Invocation, RuntimeApi
from tests.runtime.scripted import ScriptedConnection, ScriptedSocket, wire

VERSION = ".".join(map(str, sys.version_info[:3]))
COMMON = f"Host: 127.0.0.1:9001\r\nUser-Agent: aws-lambda-python/{VERSION}-lambdakit-{__version__}\r\n"
ID = "00000000-0000-4000-8000-000000000001"


def speak(*answers: bytes) -> tuple[RuntimeApi, ScriptedSocket]:
    """A client of the Runtime API whose server gives these answers, and the socket that saw its requests."""
    sock = ScriptedSocket(answers)
    api = RuntimeApi("127.0.0.1:9001")
    api.connection = ScriptedConnection(sock)
    return api, sock


def invocation(**headers: str) -> Invocation:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Invocation({"lambda-runtime-aws-request-id": ID, **named}, b"{}")


def request(line: str, *fields: str, body: str = "") -> str:
    return f"{line} HTTP/1.1\r\n{COMMON}{''.join(f'{field}{chr(13)}{chr(10)}' for field in fields)}\r\n{body}"


def test_next_asks_and_reads_every_header() -> None:
    api, sock = speak(
        wire(
            200,
            b'{"a": 1}',
            f"LAMBDA-RUNTIME-AWS-REQUEST-ID: {ID}",
            "Lambda-Runtime-Deadline-Ms: 1700000000000",
            "lambda-runtime-invoked-function-arn: arn:aws:lambda:x",
            "Lambda-Runtime-Trace-Id: Root=1-2-3",
            'Lambda-Runtime-Client-Context: {"custom": {"k": "é"}}',
            "Lambda-Runtime-Cognito-Identity: {}",
            "Lambda-Runtime-Aws-Tenant-Id: tenant",
            "Lambda-Runtime-Invocation-Id: attempt",
            "Content-Type: text/plain",
        )
    )
    got = api.next()
    assert sock.sent.decode() == request("GET /2018-06-01/runtime/invocation/next")
    assert {name: getattr(got, name) for name in Invocation.__slots__} == {
        "body": b'{"a": 1}',
        "request_id": ID,
        "deadline_ms": "1700000000000",
        "function_arn": "arn:aws:lambda:x",
        "trace_id": "Root=1-2-3",
        "client_context": '{"custom": {"k": "é"}}',
        "cognito_identity": "{}",
        "tenant_id": "tenant",
        "invocation_id": "attempt",
        "content_type": "text/plain",
    }


def test_an_event_without_optional_headers() -> None:
    got = invocation()
    absent = {*Invocation.__slots__} - {"body", "request_id", "function_arn"}
    assert all(getattr(got, name) is None for name in absent)


@pytest.mark.parametrize("status", [202, 204, 400, 403, 404, 500, 502])
def test_next_takes_nothing_but_200(status) -> None:
    api, _ = speak(wire(status, b"" if status == 204 else b"no reason"))
    with pytest.raises(RuntimeApiStatusError, match=f"'next' answered {status}"):
        api.next()


def test_next_needs_a_request_id() -> None:
    api, _ = speak(wire(200, b"{}"))
    with pytest.raises(RuntimeApiProtocolError, match="without Lambda-Runtime-Aws-Request-Id"):
        api.next()


def test_a_json_result() -> None:
    api, sock = speak(wire(202))
    api.respond(invocation(), b'"x"')
    line = f"POST /2018-06-01/runtime/invocation/{ID}/response"
    assert sock.sent.decode() == request(line, "Content-Type: application/json", "Content-Length: 3", body='"x"')


def test_a_result_of_another_type_with_its_attempt() -> None:
    api, sock = speak(wire(202))
    api.respond(invocation(lambda_runtime_invocation_id="attempt"), b"\x00\xff", "application/unknown")
    fields = ("Content-Type: application/unknown", "Lambda-Runtime-Invocation-Id: attempt", "Content-Length: 2")
    line = f"POST /2018-06-01/runtime/invocation/{ID}/response"
    assert sock.sent == request(line, *fields).encode() + b"\x00\xff"


def test_an_error() -> None:
    api, sock = speak(wire(202))
    api.fail(invocation(lambda_runtime_invocation_id="attempt"), b"{}", b'{"paths": []}')
    assert sock.sent.decode() == request(
        f"POST /2018-06-01/runtime/invocation/{ID}/error",
        "Lambda-Runtime-Invocation-Id: attempt",
        'Lambda-Runtime-Function-XRay-Error-Cause: {"paths": []}',
        "Content-Type: application/json",
        "Content-Length: 2",
        body="{}",
    )


@pytest.mark.parametrize(("size", "sent"), [(MAX_CAUSE - 1, MAX_CAUSE - 1), (MAX_CAUSE, 0)])
def test_a_cause_that_the_server_would_refuse_is_left_out(size, sent) -> None:
    api, sock = speak(wire(202))
    api.fail(invocation(), b"{}", b"c" * size)
    assert sock.sent.count(b"c" * 50) == sent // 50


def test_a_stream() -> None:
    api, sock = speak(wire(202))
    api.stream(invocation(lambda_runtime_invocation_id="attempt"), "text/plain", iter([b"1\r\na\r\n", b"0\r\n\r\n"]))
    assert sock.sent.decode() == request(
        f"POST /2018-06-01/runtime/invocation/{ID}/response",
        "Lambda-Runtime-Invocation-Id: attempt",
        "Lambda-Runtime-Function-Response-Mode: streaming",
        "Content-Type: text/plain",
        "Transfer-Encoding: chunked",
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        body="1\r\na\r\n0\r\n\r\n",
    )


POSTS = {
    "response": lambda api: api.respond(invocation(), b"{}"),
    "stream": lambda api: api.stream(invocation(), "text/plain", iter([b"0\r\n\r\n"])),
    "error": lambda api: api.fail(invocation(), b"{}", b""),
}


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS)
@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_2xx_accepts_a_post(post, status, capsys) -> None:
    post(speak(wire(status))[0])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS)
@pytest.mark.parametrize(
    ("status", "reason"), [(410, "timed out or belongs to another"), (413, "larger than the service")]
)
def test_a_lost_invocation_is_logged_and_survived(post, status, reason, capsys) -> None:
    post(speak(wire(status, b"why"))[0])
    said = capsys.readouterr().err
    assert reason in said
    assert f"answered {status}: why" in said


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS)
@pytest.mark.parametrize("status", [302, 400, 403, 404, 500, 503])
def test_other_answers_to_a_post_are_errors(post, status) -> None:
    with pytest.raises(RuntimeApiStatusError) as caught:
        post(speak(wire(status, b'{"errorType": "X"}'))[0])
    assert (caught.value.status, caught.value.body) == (status, b'{"errorType": "X"}')


@pytest.mark.parametrize(("call", "path"), [("fail_init", "init/error"), ("fail_restore", "restore/error")])
def test_failures_outside_invocations_return_the_answer(call, path) -> None:
    api, sock = speak(wire(403, b"another worker"))
    answer = getattr(api, call)(b"{}", "Runtime.Kind")
    assert (answer.status, answer.body) == (403, b"another worker")
    fields = ("Lambda-Runtime-Function-Error-Type: Runtime.Kind", "Content-Type: application/json", "Content-Length: 2")
    assert sock.sent.decode() == request(f"POST /2018-06-01/runtime/{path}", *fields, body="{}")


def test_restore_next() -> None:
    api, sock = speak(wire(200), wire(404))
    api.restore_next()
    assert sock.sent.decode() == request("GET /2018-06-01/runtime/restore/next")
    with pytest.raises(RuntimeApiStatusError, match="'restore/next' answered 404"):
        api.restore_next()


def test_registering_an_extension() -> None:
    api, sock = speak(wire(200, b"{}", "Lambda-Extension-Identifier: identifier"))
    assert api.register_extension("name") == "identifier"
    fields = ("Lambda-Extension-Name: name", "Content-Type: application/json", "Content-Length: 14")
    assert sock.sent.decode() == request("POST /2020-01-01/extension/register", *fields, body='{"events": []}')
    assert api.extension_ready_head("identifier").decode() == request(
        "GET /2020-01-01/extension/event/next", "Lambda-Extension-Identifier: identifier"
    )


@pytest.mark.parametrize("answer", [wire(403), wire(200)], ids=["refused", "no identifier"])
def test_an_extension_that_cannot_be_registered(answer) -> None:
    with pytest.raises(RuntimeApiStatusError, match="extension/register"):
        speak(answer)[0].register_extension("name")


EVENT = ("Lambdakit-Next-Ahead: yes", f"Lambda-Runtime-Aws-Request-Id: {ID}")


def ahead(*answers: bytes) -> tuple[RuntimeApi, ScriptedSocket, list[str]]:
    """A client that may send `next` ahead, whose first event has come, and what was done before each."""
    api, sock = speak(wire(200, b"1", *EVENT), *answers)
    done: list[str] = []
    api.before_next = lambda: done.append(f"{len(sock.sent)} bytes sent")
    api.next()
    return api, sock, done


def test_next_goes_with_the_response_where_the_server_says_it_may() -> None:
    api, sock, done = ahead(wire(202, b"{}") + wire(200, b"2", *EVENT), wire(202, b"{}"), wire(200, b"3", *EVENT))
    asked = request("GET /2018-06-01/runtime/invocation/next")
    answered = f"POST /2018-06-01/runtime/invocation/{ID}/response"
    told = ("Content-Type: application/json", "Content-Length: 4")
    for event in (b"2", b"3"):
        api.respond(invocation(), b"null")
        assert api.next().body == event
    assert sock.sent.decode() == asked + 2 * (request(answered, *told, body="null") + asked)
    assert done == [
        f"{len(asked)} bytes sent",
        f"{len(asked + request(answered, *told, body='null') + asked)} bytes sent",
    ]


def test_next_waits_for_an_error_and_for_a_large_result() -> None:
    api, sock, done = ahead(*[wire(202, b"{}"), wire(200, b"2", *EVENT)] * 2)
    for answer in (lambda: api.fail(invocation(), b"{}", b""), lambda: api.respond(invocation(), b" " * 8_192)):
        answer()
        assert not sock.sent.endswith(b"invocation/next HTTP/1.1\r\n" + COMMON.encode() + b"\r\n")
        assert api.next().body == b"2"
    assert done == []


def test_next_is_not_sent_ahead_to_a_server_that_does_not_say_so() -> None:
    api, sock = speak(wire(200, b"1", EVENT[1]), wire(202, b"{}"), wire(200, b"2", EVENT[1]))
    api.before_next = lambda: None
    api.next()
    api.respond(invocation(), b"null")
    assert sock.sent.endswith(b"null")
    assert api.next().body == b"2"


def test_next_is_sent_again_when_the_connection_ends_after_the_first_answer() -> None:
    first = ScriptedSocket([wire(200, b"1", *EVENT), wire(202, b"{}")])
    second = ScriptedSocket(wire(200, b"2", *EVENT))
    api = RuntimeApi("127.0.0.1:9001")
    api.connection = ScriptedConnection(first, second)
    api.before_next = lambda: None
    api.next()
    api.respond(invocation(), b"null")
    assert api.next().body == b"2"
    assert (first.sent.count(b"/invocation/next"), first.sent.count(b"/response")) == (2, 1)
    assert second.sent.decode() == request("GET /2018-06-01/runtime/invocation/next")
