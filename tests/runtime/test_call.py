"""One invocation: event in, handler, answer out; whatever the handler does is answered exactly once."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.exceptions import ContextFault, MarshalFault, RuntimeApiError, RuntimeApiStatusError
from lambdakit.runtime.call import answer, make_context, set_trace
from lambdakit.runtime.client import Invocation
from lambdakit.runtime.loop import LazyRunner
from lambdakit.runtime.streaming import HTTP_TYPE, OCTETS_TYPE, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Api:
    """Keeps what is answered: ("response", type, body), ("stream", type, wire) or ("error", JSON, cause)."""

    def __init__(self, refuse: Exception | None = None) -> None:
        self.answers: list[tuple[Any, ...]] = []
        self.refuse = refuse

    def respond(self, invocation: Invocation, body: bytes, content_type: str) -> None:
        self._note("response", content_type, bytes(body))

    def stream(self, invocation: Invocation, content_type: str, chunks: Iterable[bytes]) -> None:
        octets = b"".join(chunks)
        self._note("stream", content_type, octets)

    def fail(self, invocation: Invocation, error: bytes, cause: bytes) -> None:
        self._note("error", json.loads(error), json.loads(cause))

    def _note(self, *what: Any) -> None:
        self.answers.append(what)
        if self.refuse is not None:
            raise self.refuse


@pytest.fixture
def runner() -> Iterator[LazyRunner]:
    runner = LazyRunner()
    yield runner
    if runner._loop is not None:
        runner._loop.close()


def invocation(body: bytes = b'{"a": 1}', **headers: str) -> Invocation:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Invocation({"lambda-runtime-aws-request-id": "the-id", **named}, body)


@pytest.fixture
def ask(runner):
    """Answer one invocation with a handler; the one thing that was posted."""

    def ask(handler, asked: Invocation | None = None) -> tuple[Any, ...]:
        api = Api()
        answer(api, handler, asked or invocation(), runner)  # type: ignore[arg-type]
        assert len(api.answers) == 1
        return api.answers[0]

    return ask


# --- events ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"content_type": "application/json"}])
def test_a_json_event_is_decoded(ask, headers) -> None:
    assert ask(lambda e, c: [type(e).__name__, e], invocation(**headers))[2] == b'["dict", {"a": 1}]'


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=utf-8", "Application/JSON", ""])
def test_an_event_of_another_type_comes_as_bytes(ask, kind) -> None:
    posted = ask(lambda e, c: [type(e).__name__, e], invocation(b"\xc3\xa9", content_type=kind))
    assert posted[2] == '["bytes", "é"]'.encode()


def test_a_body_that_was_read_into_a_buffer_comes_as_bytes(ask) -> None:
    asked = invocation(content_type="text/plain")
    asked.body = bytearray(b"large")
    assert ask(lambda e, c: type(e).__name__, asked)[2] == b'"bytes"'


def test_an_event_that_is_not_json_never_reaches_the_handler(ask) -> None:
    called: list[object] = []
    kind, error, cause = ask(lambda e, c: called.append(e), invocation(b"{"))
    assert kind == "error"
    assert error["errorType"] == "Runtime.UnmarshalError"
    assert error["errorMessage"].startswith("Unable to unmarshal input: ")
    assert (error["requestId"], error["stackTrace"]) == ("the-id", [])
    assert cause["exceptions"][0] == {"message": error["errorMessage"], "type": "LambdaValidationError", "stack": []}
    assert called == []


# --- results -----------------------------------------------------------------------------------------------------


class Called:
    def __call__(self, event: Any, context: Any) -> str:
        return "instance"


@pytest.mark.parametrize(
    ("handler", "posted"),
    [
        (lambda e, c: None, ("response", "application/json", b"null")),
        (lambda e, c: {"é": (1, 2.5, True)}, ("response", "application/json", '{"é": [1, 2.5, true]}'.encode())),
        (lambda e, c: b"\x00\xff", ("response", "application/unknown", b"\x00\xff")),
        (lambda e, c: "text", ("response", "application/json", b'"text"')),
        (Called(), ("response", "application/json", b'"instance"')),
    ],
)
def test_results(ask, handler, posted) -> None:
    assert ask(handler) == posted


def test_async_results(ask) -> None:
    async def handler(event, context):
        return event

    async def raw(event, context):
        return b"raw"

    assert ask(handler)[2] == b'{"a": 1}'
    assert ask(raw) == ("response", "application/unknown", b"raw")
    assert ask(lambda e, c: [handler(e, c)][0])[2] == b'{"a": 1}'


def test_a_result_without_json_form_is_an_error_that_names_the_place(ask) -> None:
    kind, error, _ = ask(lambda e, c: {"items": [1, {2}]})
    assert kind == "error"
    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"].endswith("Object of type set is not JSON serializable at $.items[1]")
    assert error["stackTrace"] == []


def test_an_iterator_that_is_no_generator_is_no_stream(ask) -> None:
    assert ask(lambda e, c: iter([1]))[1]["errorType"] == "Runtime.MarshalError"


def test_a_result_is_looked_at_while_another_thread_imports_what_streams_need(ask, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "lambdakit.runtime.streaming", ModuleType("half_made"))
    assert ask(lambda e, c: b"x")[2] == b"x"
    assert ask(lambda e, c: iter([1]))[1]["errorType"] == "Runtime.MarshalError"


# --- streams -----------------------------------------------------------------------------------------------------


def test_generators_stream(ask) -> None:
    def handler(event, context):
        yield b"a"
        yield "b"

    async def asynchronous(event, context):
        yield b"a"
        yield "b"

    async def returning(event, context):
        return handler(event, context)

    for streamed in (handler, asynchronous, returning):
        assert ask(streamed) == ("stream", OCTETS_TYPE, b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")


def test_a_streaming_response_has_a_prelude(ask) -> None:
    async def body():
        yield b"a"

    for pieces in ([b"a"], body(), "a"):
        kind, content_type, octets = ask(lambda e, c, p=pieces: StreamingResponse(201, body=p))
        prelude = b'{"statusCode": 201, "headers": {}}' + bytes(8)
        assert (kind, content_type) == ("stream", HTTP_TYPE)
        assert octets == b"%x\r\n%b\r\n1\r\na\r\n0\r\n\r\n" % (len(prelude), prelude)


def test_a_stream_that_fails_at_once_is_an_ordinary_error(ask) -> None:
    def handler(event, context):
        raise LookupError("early")
        yield b""

    kind, error, _ = ask(handler)
    assert (kind, error["errorType"], error["errorMessage"]) == ("error", "LookupError", "early")


def test_a_stream_that_fails_later_is_logged_and_ends_with_trailers(ask, capsys) -> None:
    def handler(event, context):
        yield b"a"
        raise LookupError("late")

    kind, _, octets = ask(handler)
    assert kind == "stream"
    assert b"\r\nLambda-Runtime-Function-Error-Type: LookupError\r\n" in octets
    assert "[ERROR] LookupError: late" in capsys.readouterr().out


@pytest.mark.parametrize("when", ["early", "late"])
def test_an_exit_while_streaming_is_answered_once(runner, when) -> None:
    def handler(event, context):
        if when == "late":
            yield b"a"
        sys.exit(3)
        yield b""

    api = Api()
    with pytest.raises(SystemExit) as caught:
        answer(api, handler, invocation(), runner)  # type: ignore[arg-type]
    assert caught.value.code == 3
    assert [kind for kind, *_ in api.answers] == [{"early": "error", "late": "stream"}[when]]


# --- errors ------------------------------------------------------------------------------------------------------


def test_an_exception_is_reported_with_the_users_frames_only(ask, capsys) -> None:
    def handler(event, context):
        return event["missing"]

    kind, error, cause = ask(handler)
    assert kind == "error"
    assert (error["errorMessage"], error["errorType"], error["requestId"]) == ("'missing'", "KeyError", "the-id")
    assert list(error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert len(error["stackTrace"]) == 1
    assert error["stackTrace"][0].startswith(f'  File "{__file__}", line ')
    assert cause["paths"] == [__file__]
    assert capsys.readouterr().out.startswith("[ERROR] KeyError: 'missing'\rTraceback (most recent call last):\r")


@pytest.mark.parametrize("error", [RecursionError("deep"), MemoryError(), AssertionError("x"), OSError(2, "gone")])
def test_any_exception_is_answered(ask, error) -> None:
    def handler(event, context):
        raise error

    assert ask(handler)[1]["errorType"] == type(error).__name__


def test_an_exit_is_reported_and_goes_on(runner) -> None:
    api = Api()
    with pytest.raises(SystemExit):
        answer(api, lambda e, c: sys.exit("no more"), invocation(), runner)  # type: ignore[arg-type]
    assert api.answers[0][1]["errorType"] == "Runtime.ExitError"
    assert api.answers[0][1]["errorMessage"] == "sys.exit was called: exit status 1 (no more)"


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_an_interrupt_is_nobodys_answer(runner, error) -> None:
    def handler(event, context):
        raise error

    api = Api()
    with pytest.raises(error):
        answer(api, handler, invocation(), runner)  # type: ignore[arg-type]
    assert api.answers == []


def test_an_answer_that_cannot_be_posted_is_not_posted_again(runner) -> None:
    for handler in (lambda e, c: 1, lambda e, c: 1 / 0, lambda e, c: (piece for piece in [b"a"])):
        api = Api(refuse=RuntimeApiStatusError("response", 500))
        with pytest.raises(RuntimeApiError):
            answer(api, handler, invocation(), runner)  # type: ignore[arg-type]
        assert len(api.answers) == 1


# --- context -----------------------------------------------------------------------------------------------------


def test_the_context_of_an_invocation() -> None:
    context = make_context(
        invocation(
            lambda_runtime_deadline_ms="1700000000000",
            lambda_runtime_invoked_function_arn="arn",
            lambda_runtime_client_context='{"custom": {"é": 1}}',
            lambda_runtime_cognito_identity='{"cognitoIdentityId": "i"}',
            lambda_runtime_aws_tenant_id="t",
        )
    )
    assert (context.aws_request_id, context.invoked_function_arn, context.tenant_id) == ("the-id", "arn", "t")
    assert context.client_context is not None
    assert context.client_context.custom == {"é": 1}
    assert context.identity.cognito_identity_id == "i"
    assert context.deadline.timestamp() == 1_700_000_000


def test_without_headers_there_is_no_time_and_nobody() -> None:
    context = make_context(invocation())
    assert context.get_remaining_time_in_millis() == 0
    assert (context.client_context, context.tenant_id, context.identity.cognito_identity_id) == (None, None, None)


@pytest.mark.parametrize("value", ["", "null"])
def test_an_empty_client_context_is_none(value) -> None:
    assert make_context(invocation(lambda_runtime_client_context=value)).client_context is None


@pytest.mark.parametrize(
    ("header", "value", "message"),
    [
        ("client_context", "{", "Unable to parse Client Context JSON: "),
        ("cognito_identity", "x", "Unable to parse Cognito Identity JSON: Expecting value: line 1 column 1 (char 0)"),
        ("deadline_ms", "soon", "Unable to parse the deadline: 'soon' is not a whole number of milliseconds"),
    ],
)
def test_a_header_that_cannot_be_read_is_the_invocations_error(ask, header, value, message) -> None:
    asked = invocation(**{f"lambda_runtime_{header}": value})
    with pytest.raises(ContextFault):
        make_context(asked)
    kind, error, _ = ask(lambda e, c: None, asked)
    assert (kind, error["errorType"]) == ("error", "Runtime.LambdaContextUnmarshalError")
    assert error["errorMessage"].startswith(message)


def test_set_trace(monkeypatch) -> None:
    import os

    monkeypatch.setenv("_X_AMZN_TRACE_ID", "old")
    set_trace("new")
    assert os.environ["_X_AMZN_TRACE_ID"] == "new"
    set_trace(None)
    set_trace(None)
    assert "_X_AMZN_TRACE_ID" not in os.environ


def test_a_fault_of_the_handlers_own_raising_keeps_its_name(ask) -> None:
    def handler(event, context):
        raise MarshalFault("Runtime.Mine", "message", stack_trace=("  line\n",), hint="do this")

    _, error, _ = ask(handler)
    assert error == {
        "errorMessage": "message",
        "errorType": "Runtime.Mine",
        "requestId": "the-id",
        "stackTrace": ["  line\n"],
    }
