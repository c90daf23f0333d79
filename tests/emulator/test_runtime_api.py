"""The Runtime API's replies, byte for byte where AWS's emulator gives them, with the test as the runtime."""

from __future__ import annotations

import asyncio
import json

import pytest

from lambdakit.emulator import Invocation, limits
from tests.engine_support import play, run, until

NOT_ALLOWED = "failed for runtime. Error: State transition is not allowed"
LIMIT = 6_291_556


def error_body(error_type: str, message: str) -> bytes:
    return f'{{"errorMessage":"{message}","errorType":"{error_type}"}}\n'.encode()


def test_ping(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            reply = await (await part.wire()).call("GET", "/2018-06-01/ping")
            assert (reply.status, reply.body) == (200, b"pong")

    run(go())


@pytest.mark.parametrize(
    "path",
    [
        "/invocation/next/",
        "/nothing",
        "/invocation//response",
        "/invocation/x/other",
        "/restore/next",
        "/restore/error",
        "/2021-04-23/credentials",
    ],
)
def test_unknown_path_is_404_in_plain_text(tmp_path, path):
    async def go():
        async with play(tmp_path) as part:
            reply = await (await part.wire()).call("GET", path)
            assert (reply.status, reply.body) == (404, b"404 page not found\n")
            assert reply.headers["content-type"] == "text/plain; charset=utf-8"

    run(go())


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/invocation/next", "GET"),
        ("GET", "/invocation/x/response", "POST"),
        ("PUT", "/invocation/x/error", "POST"),
        ("GET", "/init/error", "POST"),
        ("GET", "/2022-07-01/telemetry", "PUT"),
    ],
)
def test_wrong_method_is_405_with_allow(tmp_path, method, path, allowed):
    async def go():
        async with play(tmp_path) as part:
            reply = await (await part.wire()).call(method, path)
            assert (reply.status, reply.headers["allow"], reply.body) == (405, allowed, b"")

    run(go())


def test_next_delivers_the_payload_and_every_header(tmp_path):
    invocation = Invocation(
        b'{"a": [1]}',
        request_id="req-1",
        client_context='{"custom":\n {"k": "ü"}}',
        cognito_identity='{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
        trace_id="Root=1-abc;Sampled=1",
        tenant_id="blue",
        arn="arn:aws:lambda:us-east-1:123456789012:function:engine-test:live",
    )

    async def go():
        async with play(tmp_path, timeout=5.0) as part:
            wire = await part.wire()
            await wire.begin("GET", "/invocation/next")
            task = part.invoke(invocation)
            event = await wire.reply()
            headers = event.headers
            assert event.body == b'{"a": [1]}'
            assert headers["content-type"] == "application/json"
            assert headers["lambda-runtime-aws-request-id"] == "req-1"
            assert headers["lambda-runtime-invoked-function-arn"] == invocation.arn
            assert headers["lambda-runtime-trace-id"] == "Root=1-abc;Sampled=1"
            assert headers["lambda-runtime-aws-tenant-id"] == "blue"
            assert json.loads(headers["lambda-runtime-client-context"].encode("latin-1")) == {"custom": {"k": "ü"}}
            assert json.loads(headers["lambda-runtime-cognito-identity"])["cognitoIdentityPoolId"] == "p"
            assert len(headers["lambda-runtime-invocation-id"]) == 36
            assert headers["lambda-runtime-deadline-ms"].isdigit()
            await wire.call("POST", "/invocation/req-1/response", b"1")
            assert (await part.finish(wire, task)).trace_id == "Root=1-abc;Sampled=1"

    run(go())


def test_headers_without_a_value_are_left_out_but_a_trace_id_is_made_up(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            await wire.begin("GET", "/invocation/next")
            task = part.invoke()
            headers = (await wire.reply()).headers
            optional = ("client-context", "cognito-identity", "aws-tenant-id")
            assert not [name for name in optional if f"lambda-runtime-{name}" in headers]
            assert headers["lambda-runtime-trace-id"].startswith("Root=1-")
            assert headers["lambda-runtime-invoked-function-arn"].endswith(":function:engine-test")
            await wire.call("POST", f"/invocation/{headers['lambda-runtime-aws-request-id']}/response")
            await part.finish(wire, task)

    run(go())


def test_response_is_accepted_and_is_the_result(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            reply = await wire.call("POST", f"/invocation/{request_id}/response", b"\x00raw", "Content-Type: a/b")
            assert (reply.status, reply.body) == (202, b'{"status":"OK"}\n')
            assert reply.headers["content-type"] == "application/json"
            result = await part.finish(wire, task)
            assert (result.payload, result.content_type, result.function_error) == (b"\x00raw", "a/b", None)
            assert (result.status, result.response_mode, result.produced_bytes) == ("success", "buffered", 4)

    run(go())


def test_error_is_accepted_and_is_a_function_error(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            reply = await wire.call("POST", f"/invocation/{request_id}/error", b"not json")
            assert (reply.status, reply.body) == (202, b'{"status":"OK"}\n')
            result = await part.finish(wire, task)
            assert (result.payload, result.function_error, result.status) == (b"not json", "Unhandled", "error")
            assert result.error_type == "Runtime.Unknown"

    run(go())


@pytest.mark.parametrize(
    ("first", "second", "source", "target"),
    [
        ("response", "response", "RuntimeResponseSentState", "InvocationResponse"),
        ("response", "error", "RuntimeResponseSentState", "InvocationErrorResponse"),
        ("error", "response", "RuntimeResponseSentState", "InvocationResponse"),
    ],
)
def test_a_second_answer_is_403(tmp_path, first, second, source, target):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            assert (await wire.call("POST", f"/invocation/{request_id}/{first}", b"1")).status == 202
            reply = await wire.call("POST", f"/invocation/{request_id}/{second}", b"2")
            assert reply.status == 403
            message = f"State transition from {source} to {target} {NOT_ALLOWED}"
            assert reply.body == error_body("InvalidStateTransition", message)
            assert (await part.finish(wire, task)).payload == b"1"

    run(go())


@pytest.mark.parametrize("answered", [False, True])
def test_init_error_after_the_first_next_is_403(tmp_path, answered):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            if answered:
                await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            reply = await wire.call("POST", "/init/error", b"{}")
            source = "RuntimeResponseSentState" if answered else "Running"
            message = f"State transition from {source} to InitError {NOT_ALLOWED}"
            assert (reply.status, reply.body) == (403, error_body("InvalidStateTransition", message))
            if not answered:
                await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            await part.finish(wire, task)

    run(go())


@pytest.mark.parametrize(
    ("method", "path", "target"), [("POST", "/init/error", "InitError"), ("GET", "/invocation/next", "Ready")]
)
def test_nothing_is_allowed_after_init_error(tmp_path, method, path, target):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            # Both at once: the engine ends the process soon after an init error.
            await wire.begin("POST", "/init/error", "Content-Length: 2")
            await wire.send(b"{}")
            await wire.begin(method, path, *(["Content-Length: 0"] if method == "POST" else []))
            assert (await wire.reply()).status == 202
            reply = await wire.reply()
            message = f"State transition from InitError to {target} {NOT_ALLOWED}"
            assert (reply.status, reply.body) == (403, error_body("InvalidStateTransition", message))

    run(go())


def test_answers_to_nothing_are_400(tmp_path):
    invalid = (400, error_body("InvalidRequestID", "Invalid request ID"))

    async def go():
        async with play(tmp_path) as part:
            early = await (await part.wire()).call("POST", "/invocation/any/response", b"1")
            assert (early.status, early.body) == invalid
            wire, request_id, task = await part.begin()
            wrong = await wire.call("POST", "/invocation/other/response", b"1")
            assert (wrong.status, wrong.body) == invalid
            wrong = await wire.call("POST", "/invocation/other/error", b"1")
            assert (wrong.status, wrong.body) == invalid
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            await part.finish(wire, task)
            old = await (await part.wire()).call("POST", f"/invocation/{request_id}/response", b"1")
            assert (old.status, old.body) == invalid

    run(go())


@pytest.mark.parametrize("mode", ["Streaming", "buffered", "", "x"])
def test_a_bad_response_mode_is_400_and_ends_the_invocation(tmp_path, mode):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            header = f"Lambda-Runtime-Function-Response-Mode: {mode}"
            reply = await wire.call("POST", f"/invocation/{request_id}/response", b"1", header)
            assert reply.status == 400
            assert reply.body == error_body("InvalidFunctionResponseMode", "Invalid function response mode")
            result = await part.finish(wire, task)
            assert result.function_error == "Unhandled"
            assert json.loads(result.payload)["errorType"] == "Runtime.InvalidResponseModeHeader"

    run(go())


@pytest.mark.parametrize(
    ("framing", "sent"),
    [("Content-Length: 10", b"short"), ("Transfer-Encoding: chunked", b"5\r\nshort\r\n")],
)
def test_a_truncated_response_is_400_and_an_error_for_the_caller(tmp_path, framing, sent):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            await wire.begin("POST", f"/invocation/{request_id}/response", framing)
            await wire.send(sent)
            wire.writer.write_eof()
            reply = await wire.reply()
            assert reply.status == 400
            assert reply.body == error_body("TruncatedHTTPRequest", "HTTP request detected as truncated")
            assert await wire.closed()
            result = await part.finish(await part.wire(), task)
            body = json.loads(result.payload)
            assert (result.function_error, body["errorType"]) == ("Unhandled", "Runtime.TruncatedResponse")
            assert body["errorMessage"].startswith(f"RequestId: {request_id} Error: ")

    run(go())


def test_nonsense_in_a_chunked_response_counts_as_truncated(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            await wire.begin("POST", f"/invocation/{request_id}/response", "Transfer-Encoding: chunked")
            await wire.send(b"zz\r\n")
            assert (await wire.reply()).status == 400
            assert (await part.finish(await part.wire(), task)).error_type == "Runtime.TruncatedResponse"

    run(go())


def test_another_attempts_invocation_id_is_410_and_the_invocation_stays_open(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            path, header = f"/invocation/{request_id}/response", "Lambda-Runtime-Invocation-Id: garbage"
            reply = await wire.call("POST", path, b"1", header)
            assert (reply.status, reply.body) == (410, error_body("InvokeTimeout", "Invoke timeout"))
            assert any("Cross-wiring detected" in text for text in part.log.texts("engine"))
            assert (await wire.call("POST", path, b"2")).status == 202
            assert (await part.finish(wire, task)).payload == b"2"

    run(go())


def test_a_response_of_exactly_the_limit_is_fine(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            assert (await wire.call("POST", f"/invocation/{request_id}/response", b"x" * LIMIT)).status == 202
            assert len((await part.finish(wire, task)).payload) == LIMIT

    run(go())


@pytest.mark.parametrize("endpoint", ["response", "error"])
def test_one_byte_more_is_413_and_the_environment_goes_on(tmp_path, endpoint):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            reply = await wire.call("POST", f"/invocation/{request_id}/{endpoint}", b"x" * (LIMIT + 1))
            message = "Exceeded maximum allowed payload size (6291556 bytes)."
            assert (reply.status, reply.body) == (413, error_body("RequestEntityTooLarge", message))
            result = await part.finish(wire, task)
            assert result.function_error == "Unhandled"
            assert json.loads(result.payload) == {
                "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
                "errorType": "Function.ResponseSizeTooLarge",
            }
            pid = part.environment.pid
            again = part.invoke()
            request_id = (await wire.reply()).headers["lambda-runtime-aws-request-id"]
            await wire.call("POST", f"/invocation/{request_id}/response", b"fine")
            assert (await part.finish(wire, again)).payload == b"fine"
            assert part.environment.pid == pid

    run(go())


def test_headers_over_one_mebibyte_are_431(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            wire.writer.write(b"GET /2018-06-01/ping HTTP/1.1\r\nX: " + b"a" * (1024 * 1024))
            reply = await wire.reply()
            assert (reply.status, reply.body) == (431, b"431 Request Header Fields Too Large")

    run(go())


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01garbage\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_bytes_that_are_no_request_are_400_and_the_end(tmp_path, garbage):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            await wire.send(garbage)
            assert (await wire.reply()).status == 400
            assert await wire.closed()

    run(go())


def test_next_during_a_running_invocation_delivers_it_again(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin(Invocation(b'"again"'))
            second = await wire.call("GET", "/invocation/next")
            assert second.headers["lambda-runtime-aws-request-id"] == request_id
            assert second.body == b'"again"'
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            assert (await part.finish(wire, task)).payload == b"1"

    run(go())


def test_two_waiting_nexts_both_get_the_event(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wires = [await part.wire(), await part.wire()]
            for wire in wires:
                await wire.begin("GET", "/invocation/next")
            await until(lambda: part.waiting() == 2)
            task = part.invoke()
            ids = {(await wire.reply()).headers["lambda-runtime-aws-request-id"] for wire in wires}
            assert len(ids) == 1
            await wires[0].call("POST", f"/invocation/{ids.pop()}/response", b"1")
            await part.finish(wires[1], task)

    run(go())


def test_an_event_whose_next_has_gone_is_kept_for_the_one_after(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            lost = await part.wire()
            await lost.begin("GET", "/invocation/next")
            await until(lambda: part.environment.ready)
            lost.writer.close()
            await lost.writer.wait_closed()
            await until(lambda: part.waiting() == 0)
            task = part.invoke()
            wire = await part.wire()
            event = await wire.call("GET", "/invocation/next")
            await wire.call("POST", f"/invocation/{event.headers['lambda-runtime-aws-request-id']}/response", b"1")
            assert (await part.finish(wire, task)).payload == b"1"

    run(go())


def test_a_chunked_response_with_empty_trailers_is_an_ordinary_one(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            trailer = "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"
            await wire.begin("POST", f"/invocation/{request_id}/response", "Transfer-Encoding: chunked", trailer)
            names = b"Lambda-Runtime-Function-Error-Type: \r\nLambda-Runtime-Function-Error-Body: \r\n"
            await wire.send(b"3\r\nabc\r\n2\r\nde\r\n0\r\n" + names + b"\r\n")
            assert (await wire.reply()).status == 202
            result = await part.finish(wire, task)
            assert (result.payload, result.response_mode, result.function_error) == (b"abcde", "buffered", None)

    run(go())


def test_a_request_may_come_byte_by_byte(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            path = f"/2018-06-01/runtime/invocation/{request_id}/response"
            request = f"POST {path} HTTP/1.1\r\nHOST: x\r\ncontent-LENGTH: 3\r\n\r\nabc".encode()
            for byte in request:
                await wire.send(bytes([byte]))
            assert (await wire.reply()).status == 202
            assert (await part.finish(wire, task)).payload == b"abc"

    run(go())


def test_requests_behind_a_waiting_next_are_answered_after_it(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            await wire.begin("GET", "/invocation/next")
            await wire.begin("GET", "/2018-06-01/ping")
            await until(lambda: part.environment.ready)
            task = part.invoke()
            event = await wire.reply()
            assert (await wire.reply()).body == b"pong"
            await wire.call("POST", f"/invocation/{event.headers['lambda-runtime-aws-request-id']}/response", b"1")
            await part.finish(wire, task)

    run(go())


def test_expect_100_continue_is_answered_before_the_body(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            path = f"/invocation/{request_id}/response"
            await wire.begin("POST", path, "Expect: 100-continue", "Content-Length: 2")
            assert (await wire.reply()).status == 100
            await wire.send(b"ok")
            assert (await wire.reply()).status == 202
            await part.finish(wire, task)

    run(go())


def test_connection_close_is_honoured(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            assert (await wire.call("GET", "/2018-06-01/ping", b"", "Connection: close")).status == 200
            assert await wire.closed()

    run(go())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Runtime.Custom", "Runtime.Custom"),
        ("see Function.TooBig here", "Function.TooBig"),
        ("Function.bad", "Function.Unknown"),
        ("ValueError", "Runtime.Unknown"),
    ],
)
def test_error_types_are_normalised(tmp_path, given, shown):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            header = f"Lambda-Runtime-Function-Error-Type: {given}"
            await wire.call("POST", f"/invocation/{request_id}/error", b"{}", header)
            assert (await part.finish(wire, task)).error_type == shown

    run(go())


@pytest.mark.parametrize(
    ("body", "payload", "cause"),
    [
        (
            b'{"errorMessage":"m","errorType":"T","stackTrace":["s"],"extra":1,"errorCause":{"working_directory":"/w"}}',
            b'{"errorMessage":"m","errorType":"T","stackTrace":["s"]}',
            b'{"working_directory":"/w"}',
        ),
        (b"not json", b'"Invalid error body"', None),
    ],
)
def test_an_error_with_its_cause_inside_is_cut_to_three_fields(tmp_path, body, payload, cause):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            content_type = "Content-Type: application/vnd.aws.lambda.error.cause+json"
            assert (await wire.call("POST", f"/invocation/{request_id}/error", body, content_type)).status == 202
            result = await part.finish(wire, task)
            assert (result.payload, result.xray_cause) == (payload, cause)

    run(go())


def test_the_xray_cause_header_is_kept_when_valid(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire, request_id, task = await part.begin()
            header = 'Lambda-Runtime-Function-XRay-Error-Cause: {"paths":["/a.py"],"other":1}'
            await wire.call("POST", f"/invocation/{request_id}/error", b"{}", header)
            assert (await part.finish(wire, task)).xray_cause == b'{"paths":["/a.py"]}'

    run(go())


def test_the_answer_is_known_before_the_runtime_asks_for_its_next_event(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            await wire.begin("GET", "/invocation/next")
            await until(lambda: part.environment.ready)
            running = await part.environment.dispatch(Invocation())
            await wire.reply()
            waiting = asyncio.create_task(running.answer())
            await wire.call("POST", f"/invocation/{running.request_id}/response", b"early")
            assert (await waiting).payload == b"early"
            assert part.environment.running == 1
            await wire.begin("GET", "/invocation/next")
            assert (await running.result()).payload == b"early"
            assert part.environment.running == 0

    run(go())


def test_metadata_needs_its_token(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            path = "/2026-01-15/metadata/execution-environment"
            assert (await wire.call("GET", path)).status == 401
            token = part.environment.variables["AWS_LAMBDA_METADATA_TOKEN"]
            reply = await wire.call("GET", path, b"", f"Authorization: Bearer {token}")
            assert json.loads(reply.body) == {"AvailabilityZoneID": "use1-az1"}

    run(go())


def test_limit_constants_are_the_documented_ones():
    assert limits.PAYLOAD_BYTES == LIMIT
    assert limits.STREAM_BYTES == 200 * 1024 * 1024
