"""Runtimes that die, talk nonsense or hang at each point of their cycle: every caller is answered, the next served."""

from __future__ import annotations

import asyncio
import json

import pytest

from lambdakit.emulator import InvokeRequest, LocalService
from tests.engine_support import run, scripted

# What the first process does wrong, at the marked place; every later one does well. `die()` is the kernel's hand.
CYCLE = """
fault = sys.argv[1] if not os.path.exists("once") else ""
open("once", "w").close()
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def raw(text, then=lambda: None):
    host, _, port = API.partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(text.encode())
    then()
    return connection
def upload(request_id, rest, then=lambda: None):
    path = f"/2018-06-01/runtime/invocation/{request_id}/response"
    return raw(f"POST {path} HTTP/1.1\\r\\nHost: x\\r\\n" + rest, then)
if fault == "init.error":
    call("POST", "/init/error", "{}")
    die()
if fault == "init":
    die()
if fault == "init.extension":
    call("POST", "/2020-01-01/extension/register", "{}", {"Lambda-Extension-Name": "idle"})
while True:
    if fault == "next.half":
        raw("GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost:", die)
    request_id, body = event()
    if fault == "event":
        die()
    if fault == "response.headers":
        upload(request_id, "Content-Length: 10", die)
    if fault == "response.body":
        upload(request_id, "Content-Length: 10\\r\\n\\r\\n12345", die)
    if fault == "response.chunk":
        upload(request_id, "Transfer-Encoding: chunked\\r\\n\\r\\n5\\r\\n12345\\r\\n", die)
    if fault == "response.hang":
        upload(request_id, "Content-Length: 10\\r\\n\\r\\n12345", signal.pause)
    if fault == "garbage.binary":
        raw("\\0\\x01\\x02 not HTTP at all\\r\\n\\r\\n", lambda: time.sleep(0)).recv(1000)
    if fault == "garbage.length":
        upload(request_id, "Content-Length: many\\r\\n\\r\\n12345").recv(1000)
    if fault == "garbage.id":
        respond("no-such-request")
    if fault == "garbage.twice":
        respond(request_id, b'"first"')
    if fault == "garbage.json":
        respond(request_id, b"{]")
        fault = ""
        continue
    if fault == "garbage.route":
        call("PUT", "/invocation/next", b"x")
    respond(request_id, json.dumps(os.getpid()).encode())
    if fault == "answered":
        die()
    fault = ""
"""
KILLED = ("Runtime.ExitError", "Runtime exited with error: signal: killed")
CUT = ("Runtime.TruncatedResponse", "Runtime closed the connection before the whole response had come")
LATE = ("Sandbox.Timedout", "Task timed out after 1.00 seconds")

# What the caller of the first invocation is told; a payload where that is no error, None for the runtime's pid.
FAULTS = {
    "init": None,
    "init.error": None,
    "init.extension": None,
    "next.half": None,
    "event": KILLED,
    "response.headers": KILLED,
    "response.body": CUT,
    "response.chunk": CUT,
    "response.hang": LATE,
    "answered": None,
    "garbage.binary": None,
    "garbage.length": None,
    "garbage.id": None,
    "garbage.twice": b'"first"',
    "garbage.json": b"{]",
    "garbage.route": None,
}


def config(tmp_path, fault):
    changes = {"timeout": 1.0} if fault == "response.hang" else {}
    if fault == "init.extension":
        changes["init_timeout"] = 0.2
    made = scripted(tmp_path, CYCLE, **changes)
    return scripted(tmp_path, CYCLE, runtime_command=(*made.runtime_command, fault), **changes)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_caller_is_answered_and_the_next_invocation_works(tmp_path, fault):
    expected = FAULTS[fault]

    async def go():
        async with LocalService() as service:
            service.add(config(tmp_path, fault))
            first = await service.invoke(InvokeRequest("engine-test"))
            if isinstance(expected, tuple):
                error_type, cause = expected
                message = f"RequestId: {first.request_id} Error: {cause}"
                assert json.loads(first.payload) == {"errorType": error_type, "errorMessage": message}
                assert first.function_error == "Unhandled"
            else:
                assert first.function_error is None
                assert expected in (None, first.payload)
            second = await service.invoke(InvokeRequest("engine-test"))
            assert second.function_error is None
            assert json.loads(second.payload) > 0
            assert service.environments("engine-test") == 1

    run(go())


def test_many_callers_of_a_dying_runtime_are_each_told(tmp_path):
    source = """
        while True:
            request_id, body = event()
            if body == b'"die"':
                os.kill(os.getpid(), signal.SIGKILL)
            respond(request_id, body)
    """

    async def go():
        async with LocalService(environments=2) as service:
            service.add(scripted(tmp_path, source))
            payloads = [b'"die"', b'"live"'] * 6
            results = await asyncio.gather(
                *(service.invoke(InvokeRequest("engine-test", payload)) for payload in payloads)
            )
            for payload, result in zip(payloads, results, strict=True):
                assert result.error_type == ("Runtime.ExitError" if payload == b'"die"' else None)
                assert result.payload == payload or result.error_type

    run(go())
