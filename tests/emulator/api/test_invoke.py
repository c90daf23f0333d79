"""Invoke as boto3 sees it, and as bytes where boto3 sees too little."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from botocore.exceptions import ClientError

from tests.emulator.api.support import PATH, STREAM_PATH, read, read_reply, request, serve

ARN = "arn:aws:lambda:us-east-1:123456789012:function:engine-test"


def test_an_invocation(tmp_path):
    async def test(served):
        response = await served.call("invoke", Payload=b'{"a": 1}')
        payload = read(response)
        assert payload["event"] == {"a": 1}
        assert response["StatusCode"] == 200
        assert response["ExecutedVersion"] == "$LATEST"
        assert "FunctionError" not in response
        assert "LogResult" not in response
        headers = response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amzn-requestid"] == payload["request_id"]
        assert headers["content-type"] == "application/json"
        assert headers["x-amzn-remapped-content-length"] == "0"
        assert headers["x-amzn-trace-id"] == payload["trace"]

    serve(tmp_path, test)


def test_without_a_payload_the_event_is_an_empty_object(tmp_path):
    async def test(served):
        assert read(await served.call("invoke"))["event"] == {}

    serve(tmp_path, test)


def test_a_functions_error_is_an_answer(tmp_path):
    async def test(served):
        for event, error_type in ((b'"raise"', "ValueError"), (b'"exit"', "Runtime.ExitError")):
            response = await served.call("invoke", Payload=event)
            assert (response["StatusCode"], response["FunctionError"]) == (200, "Unhandled")
            assert read(response)["errorType"] == error_type
        assert read(await served.call("invoke"))["event"] == {}

    serve(tmp_path, test)


def test_a_result_over_the_limit_is_a_functions_error(tmp_path):
    async def test(served):
        response = await served.call("invoke", Payload=b'"large"')
        assert response["FunctionError"] == "Unhandled"
        assert read(response)["errorType"] == "Function.ResponseSizeTooLarge"

    serve(tmp_path, test)


def test_the_end_of_the_log_comes_with_the_answer_where_it_is_asked_for(tmp_path):
    async def test(served):
        response = await served.call("invoke", Payload=b'"log"', LogType="Tail")
        lines = base64.b64decode(response["LogResult"]).decode().splitlines()
        request_id = read(response)["request_id"]
        assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
        assert lines[1] == "a line of the log"
        assert lines[-1].startswith(f"REPORT RequestId: {request_id}\tDuration: ")

    serve(tmp_path, test)


def test_client_context_trace_and_arn_reach_the_function(tmp_path):
    async def test(served):
        context = base64.b64encode(b'{"custom": {"k": "v"}}').decode()
        assert read(await served.call("invoke", ClientContext=context))["custom"] == {"k": "v"}
        named = await served.call("invoke", FunctionName=ARN, Qualifier="$LATEST")
        assert read(named)["arn"] == f"{ARN}:$LATEST"
        trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
        reply = await served.post(b"1", f"X-Amzn-Trace-Id: {trace}")
        assert json.loads(reply.body)["trace"] == trace

    serve(tmp_path, test)


def test_a_dry_run_runs_nothing(tmp_path):
    async def test(served):
        for operation in ("invoke", "invoke_with_response_stream"):
            response = await served.call(operation, InvocationType="DryRun")
            assert response["StatusCode"] == 204
        assert served.service.environments("engine-test") == 0
        with pytest.raises(ClientError, match="Function not found"):
            await served.call("invoke", FunctionName="nobody", InvocationType="DryRun")

    serve(tmp_path, test)


def test_a_streamed_response_is_given_whole(tmp_path):
    async def test(served):
        response = await served.call("invoke")
        assert response["Payload"].read() == b"one,two"

    app = """
        def handler(event, context):
            yield b"one,"
            yield b"two"
    """
    serve(tmp_path, test, app=app)


def test_events_go_to_the_queue_and_without_one_are_refused(tmp_path):
    taken = []

    def take(function, name, invocation):
        taken.append((function.config.name, name.qualifier, invocation.payload, invocation.request_id))

    async def test(served):
        response = await served.call("invoke", InvocationType="Event", Payload=b'{"a": 1}', Qualifier="$LATEST")
        assert response["StatusCode"] == 202
        assert response["Payload"].read() == b""
        assert "ExecutedVersion" not in response
        request_id = response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
        assert taken == [("engine-test", "$LATEST", b'{"a": 1}', request_id)]
        old = await served.post(b"[1]", path="/2014-11-13/functions/engine-test/invoke-async/")
        assert (old.status, old.body) == (202, b"")
        assert taken[1][:3] == ("engine-test", None, b"[1]")
        assert (await served.post(b"[", path="/2014-11-13/functions/engine-test/invoke-async/")).status == 400
        with pytest.raises(ClientError, match=r"1048577 byte payload is too large for the Event invocation type"):
            await served.call("invoke", InvocationType="Event", Payload=b" " * 1_048_575 + b"{}")

    serve(tmp_path, test, server={"take_event": take})

    async def without(served):
        with pytest.raises(ClientError, match="started without a queue"):
            await served.call("invoke", InvocationType="Event")

    serve(tmp_path, without)


# what is refused


@pytest.mark.parametrize(
    ("headers", "body", "path", "status", "code", "members"),
    [
        ((), b"{}", PATH.replace("engine-test", "nobody"), 404, "ResourceNotFoundException",
         {"Type": "User", "Message": "Function not found: " + ARN.replace("engine-test", "nobody") + ":$LATEST"}),
        ((), b"{}", PATH + "?Qualifier=2", 404, "ResourceNotFoundException",
         {"Type": "User", "Message": f"Function not found: {ARN}:2"}),
        ((), b"{}", PATH.replace("engine-test", "engine-test%3A1") + "?Qualifier=2", 400,
         "InvalidParameterValueException",
         {"Type": "User",
          "Message": "The derived qualifier from the function name does not match the specified qualifier."}),
        ((), b"{}", PATH.replace("engine-test", "a%20b"), 400, "ValidationException", None),
        ((), b"{'a'}", PATH, 400, "InvalidRequestContentException", None),
        (("X-Amz-Invocation-Type: Other",), b"{}", PATH, 400, "ValidationException",
         {"message": "1 validation error detected: Value 'Other' at 'invocationType' failed to satisfy constraint: "
                     "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"}),
        (("X-Amz-Invocation-Type: Event",), b"{}", STREAM_PATH, 400, "ValidationException", None),
        (("X-Amz-Log-Type: All",), b"{}", PATH, 400, "ValidationException", None),
        (("X-Amz-Client-Context: %%",), b"{}", PATH, 400, "InvalidRequestContentException",
         {"Message": "Client context must be a valid Base64-encoded JSON object."}),
        (("X-Amz-Client-Context: W10=",), b"{}", PATH, 400, "InvalidRequestContentException", None),
        (("X-Amz-Client-Context: " + "A" * 3584,), b"{}", PATH, 400, "InvalidRequestContentException", None),
        (("X-Amz-Tenant-Id: a*b",), b"{}", PATH, 400, "ValidationException", None),
        (("X-Amz-Tenant-Id: " + "a" * 257,), b"{}", PATH, 400, "ValidationException", None),
        (("X-Amz-Tenant-Id: blue",), b"{}", PATH, 400, "InvalidParameterValueException", None),
        ((), b"{}", "/2015-03-31/elsewhere", 404, "UnknownOperationException", None),
        ((), b"{}", "/", 404, "UnknownOperationException", None),
        ((), b"{}", "/_lambdakit/health", 405, "MethodNotAllowedException", None),
        ((), b" " * 6_291_457, PATH, 413, "RequestEntityTooLargeException",
         {"message": "6291457 byte payload is too large for the RequestResponse invocation type "
                     "(limit 6291456 bytes)"}),
    ],
)  # fmt: skip
def test_refusals(tmp_path, headers, body, path, status, code, members):
    async def test(served):
        reply = await served.post(body, *headers, path=path)
        assert (reply.status, reply.headers["x-amzn-errortype"]) == (status, code)
        assert reply.headers["content-type"] == "application/json"
        assert len(reply.headers["x-amzn-requestid"]) == 36
        if members is not None:
            assert json.loads(reply.body) == members
        assert served.service.environments("engine-test") == 0

    serve(tmp_path, test)


def test_a_region_is_the_one_the_request_is_signed_for(tmp_path):
    async def test(served):
        abroad = served.client(region_name="eu-west-1")
        with pytest.raises(ClientError, match=r"Functions from 'us-east-1' are not reachable .* \('eu-west-1'\)"):
            await served.call("invoke", client=abroad, FunctionName=ARN)
        assert read(await served.call("invoke", client=abroad))["event"] == {}

    serve(tmp_path, test)


def test_throttles_have_a_reason(tmp_path):
    async def test(served):
        served.service.reserve("engine-test", 0)
        with pytest.raises(ClientError) as caught:
            await served.call("invoke")
        response = caught.value.response
        assert response["Error"]["Code"] == "TooManyRequestsException"
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert response["Error"]["Message"] == "Rate Exceeded."

    serve(tmp_path, test)


def test_an_operation_that_fails_is_an_internal_error(tmp_path, caplog):
    def take(function, name, invocation):
        raise OSError("disk full")

    async def test(served):
        reply = await served.post(b"{}", "X-Amz-Invocation-Type: Event")
        assert (reply.status, reply.headers["x-amzn-errortype"]) == (500, "ServiceException")
        assert json.loads(reply.body) == {"Type": "Service", "Message": "OSError: disk full"}
        assert (await served.post()).status == 200

    serve(tmp_path, test, server={"take_event": take})
    assert [record.getMessage() for record in caplog.records] == [f"The operation at {PATH} failed"]


# HTTP


def test_one_connection_serves_different_requests_in_order(tmp_path):
    async def test(served):
        reader, writer = await asyncio.open_connection(served.server.host, served.server.port)
        for event in (b"1", b"1", b"2", b'"long"', b'"raise"', b"1"):
            writer.write(request("POST", PATH, event))
            reply = await read_reply(reader)
            if event != b'"raise"':
                assert json.loads(reply.body)["event"] == json.loads(event)
            assert ("x-amz-function-error" in reply.headers) is (event == b'"raise"')
        writer.write(b"".join(request("POST", PATH, b"%d" % number) for number in range(5)))
        assert [json.loads((await read_reply(reader)).body)["event"] for _ in range(5)] == list(range(5))
        writer.write(
            request("POST", PATH, b"7", "Transfer-Encoding: chunked").replace(b"Content-Length: 1\r\n", b"")[:-1]
        )
        writer.write(b"1\r\n7\r\n0\r\n\r\n")
        assert json.loads((await read_reply(reader)).body)["event"] == 7
        writer.write(request("POST", PATH, b"8", "Expect: 100-continue")[:-1])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"8")
        assert json.loads((await read_reply(reader)).body)["event"] == 8
        writer.write(request("GET", "/_lambdakit/health", b"", "Connection: close"))
        assert (await read_reply(reader)).status == 200
        assert await reader.read() == b""
        writer.close()
        assert served.service.environments("engine-test") == 1

    serve(tmp_path, test)


@pytest.mark.parametrize(
    "data", [b"nonsense\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 1_100_000]
)
def test_what_is_no_request_is_refused_and_the_connection_ended(tmp_path, data):
    async def test(served):
        assert (await served.raw(data)).status == 400

    serve(tmp_path, test)


def test_a_client_that_goes_away_stops_nothing(tmp_path):
    app = """
        import time
        from pathlib import Path
        def handler(event, context):
            while not Path("gate").exists():
                time.sleep(0.005)
            Path("done").touch()
    """

    async def test(served):
        _, writer = await asyncio.open_connection(served.server.host, served.server.port)
        writer.write(request("POST", PATH, b"{}"))
        while not served.service.ledger.running:
            await asyncio.sleep(0.001)
        writer.close()
        await writer.wait_closed()
        (tmp_path / "gate").touch()
        while served.service.ledger.running:
            await asyncio.sleep(0.001)
        assert (tmp_path / "done").exists()
        assert (await served.post()).status == 200

    serve(tmp_path, test, app=app)


# the service's own paths, and who may ask


def test_health_and_reset(tmp_path):
    async def test(served):
        health = await served.raw(request("GET", "/_lambdakit/health"))
        assert json.loads(health.body) == {"status": "ok", "functions": ["engine-test"]}
        await served.post()
        assert served.service.environments("engine-test") == 1
        assert (await served.post(path="/_lambdakit/reset")).status == 204
        assert served.service.environments("engine-test") == 0
        assert (await served.post()).status == 200

    serve(tmp_path, test)


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("localhost:9000", (), 200),
        ("127.0.0.1:9000", (), 200),
        ("[::1]:9000", (), 200),
        ("host.docker.internal", (), 200),
        ("evil.example", (), 403),
        ("localhost.evil.example", (), 403),
        ("", (), 403),
        ("localhost:9000", ("Origin: http://localhost:9000",), 200),
        ("localhost:9000", ("Origin: http://localhost:3000",), 403),
        ("localhost:9000", ("Origin: https://evil.example",), 403),
        ("localhost:9000", ("Origin: null",), 403),
        ("localhost:9000", ("Sec-Fetch-Site: cross-site",), 403),
        ("localhost:9000", ("Sec-Fetch-Site: same-site",), 403),
        ("localhost:9000", ("Sec-Fetch-Site: same-origin",), 200),
        ("localhost:9000", ("Sec-Fetch-Site: none",), 200),
    ],
)
def test_pages_of_other_origins_are_refused(tmp_path, host, headers, status):
    async def test(served):
        reply = await served.post(b"{}", *headers, path="/_lambdakit/reset", host=host)
        assert reply.status == (204 if status == 200 else status)

    serve(tmp_path, test)
