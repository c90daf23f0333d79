"""Registration and its refusals, internal extensions, and the SIGTERM that any extension earns the runtime."""

from __future__ import annotations

import asyncio
import json

import pytest

from lambdakit.emulator import ExecutionEnvironment, Invocation
from tests.engine_support import Recorder, play, run, scripted, until

REGISTER, NEXT = "/2020-01-01/extension/register", "/2020-01-01/extension/event/next"
NO_EVENTS = b'{"events": []}'


async def register(wire, name="internal", body=NO_EVENTS, *headers):
    return await wire.call("POST", REGISTER, body, f"Lambda-Extension-Name: {name}", *headers)


def test_register_tells_about_the_function(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            reply = await register(await part.wire())
            assert reply.status == 200
            assert len(reply.headers["lambda-extension-identifier"]) == 36
            expected = {"functionName": "engine-test", "functionVersion": "$LATEST", "handler": "app.handler"}
            assert json.loads(reply.body) == expected
            other = await register(await part.wire(), "other", NO_EVENTS, "Lambda-Extension-Accept-Feature: accountId")
            assert json.loads(other.body)["accountId"] == "123456789012"

    run(go())


def test_init_lasts_until_the_extension_asks_for_its_event(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            extension, wire = await part.wire(), await part.wire()
            identifier = (await register(extension)).headers["lambda-extension-identifier"]
            await wire.begin("GET", "/invocation/next")
            await until(lambda: part.waiting() == 1)
            assert not part.environment.ready
            await extension.begin("GET", NEXT, f"Lambda-Extension-Identifier: {identifier}")
            await until(lambda: part.environment.ready)
            task = part.invoke()
            request_id = (await wire.reply()).headers["lambda-runtime-aws-request-id"]
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            assert (await part.finish(wire, task)).payload == b"1"

    run(go())


@pytest.mark.parametrize(
    ("name", "body", "error_type", "message"),
    [
        ("", NO_EVENTS, "Extension.InvalidExtensionName", "Empty extension name"),
        ("x", b'{"events":["FOO"]}', "Extension.InvalidEventType", "FOO: ErrorInvalidEventType"),
        (
            "x",
            b'{"events":["SHUTDOWN"]}',
            "Extension.InvalidEventType",
            "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
        ),
        ("x", b"[]", "InvalidRequestFormat", "the body must be a JSON object"),
        ("x", b'{"events":1}', "InvalidRequestFormat", '"events" must be an array'),
        ("taken", NO_EVENTS, "Extension.InvalidExtensionState", "Extension with this name already registered"),
    ],
)
def test_registrations_are_refused_in_the_apis_words(tmp_path, name, body, error_type, message):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            await register(wire, "taken")
            reply = await register(wire, name, body)
            assert reply.status == 403
            assert json.loads(reply.body) == {"errorMessage": message, "errorType": error_type}

    run(go())


def test_with_several_invocations_at_once_there_is_no_invoke_event(tmp_path):
    async def go():
        async with play(tmp_path, max_concurrency=2) as part:
            reply = await register(await part.wire(), "x", b'{"events":["INVOKE"]}')
            assert json.loads(reply.body)["errorMessage"] == "INVOKE: ErrorInvalidEventType"

    run(go())


def test_an_event_for_a_connection_that_is_lost_waits_for_the_next(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            lost, again = await part.wire(), await part.wire()
            reply = await register(again, "x", b'{"events":["INVOKE"]}')
            header = f"Lambda-Extension-Identifier: {reply.headers['lambda-extension-identifier']}"
            await lost.begin("GET", NEXT, header)
            (extension,) = part.environment._sandbox.session.extensions._by_name.values()
            await until(lambda: extension.waiting is not None)
            refused = await again.call("GET", NEXT, b"", header)
            assert "from Ready to Ready failed" in json.loads(refused.body)["errorMessage"]
            lost.writer.close()
            await until(lambda: extension.waiting is None)
            wire, request_id, task = await part.begin()
            await wire.call("POST", f"/invocation/{request_id}/response", b"1")
            await wire.begin("GET", "/invocation/next")
            assert json.loads((await again.call("GET", NEXT, b"", header)).body)["requestId"] == request_id
            assert not task.done()
            await again.begin("GET", NEXT, header)
            await task

    run(go())


def test_ten_extensions_and_no_more(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            statuses = [(await register(wire, f"e{number}")).status for number in range(10)]
            assert statuses == [200] * 10
            assert json.loads((await register(wire, "e10")).body)["errorType"] == "Extension.TooManyExtensions"

    run(go())


def test_registration_closes_with_the_first_next(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            await (await part.wire()).begin("GET", "/invocation/next")
            await until(lambda: part.environment.ready)
            reply = await register(await part.wire())
            assert json.loads(reply.body)["errorType"] == "Extension.RegistrationClosed"

    run(go())


@pytest.mark.parametrize(
    ("header", "error_type"),
    [
        (None, "Extension.MissingExtensionIdentifier"),
        ("nonsense", "Extension.InvalidExtensionIdentifier"),
        ("12345678-1234-1234-1234-123456789012", "Extension.UnknownExtensionIdentifier"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", NEXT), ("POST", "/2020-01-01/extension/exit/error")])
def test_identifiers_are_checked(tmp_path, method, path, header, error_type):
    async def go():
        async with play(tmp_path) as part:
            headers = () if header is None else (f"Lambda-Extension-Identifier: {header}",)
            reply = await (await part.wire()).call(method, path, b"", *headers)
            assert (reply.status, json.loads(reply.body)["errorType"]) == (403, error_type)

    run(go())


def test_an_extensions_error_needs_its_type(tmp_path):
    async def go():
        async with play(tmp_path) as part:
            wire = await part.wire()
            identifier = (await register(wire)).headers["lambda-extension-identifier"]
            header = f"Lambda-Extension-Identifier: {identifier}"
            path = "/2020-01-01/extension/init/error"
            assert json.loads((await wire.call("POST", path, b"", header)).body)["errorType"] == (
                "Extension.MissingHeader"
            )
            typed = await wire.call("POST", path, b"", header, "Lambda-Extension-Function-Error-Type: Extension.X")
            assert (typed.status, typed.body) == (202, b'{"status":"OK"}\n')

    run(go())


_WITH_SIGTERM = """
    def on_sigterm(*_):
        print("got SIGTERM", flush=True)
        {ending}
    signal.signal(signal.SIGTERM, on_sigterm)
    {registration}
    while True:
        request_id, payload = event()
        if payload == b'"hang"':
            time.sleep(60)
        respond(request_id)
"""
_REGISTRATION = """
    answer = call("POST", "/2020-01-01/extension/register", '{"events": []}', {"Lambda-Extension-Name": "x"})
    identifier = {"Lambda-Extension-Identifier": answer.getheader("Lambda-Extension-Identifier")}
    threading.Thread(
        target=call, args=("GET", "/2020-01-01/extension/event/next", None, identifier), daemon=True
    ).start()
"""


def script(registration: str, ending: str = "os._exit(0)") -> str:
    return _WITH_SIGTERM.format(registration=registration.strip("\n").lstrip(), ending=ending)


async def _stopped_log(config) -> list[str]:
    log = Recorder()
    async with ExecutionEnvironment(config, log=log) as environment:
        await environment.invoke(Invocation())
    return log.texts("function")


def test_sigterm_comes_at_shutdown_when_an_extension_is_registered(tmp_path):
    async def go():
        assert await _stopped_log(scripted(tmp_path, script(_REGISTRATION))) == ["got SIGTERM"]

    run(go())


def test_without_an_extension_the_end_comes_without_warning(tmp_path):
    async def go():
        assert await _stopped_log(scripted(tmp_path, script("pass"))) == []

    run(go())


def test_who_ignores_sigterm_is_killed_after_half_a_second(tmp_path):
    async def go():
        log = Recorder()
        environment = ExecutionEnvironment(scripted(tmp_path, script(_REGISTRATION, "pass")), log=log)
        await environment.invoke(Invocation())
        loop = asyncio.get_running_loop()
        began = loop.time()
        await environment.stop()
        assert 0.4 < loop.time() - began < 3
        assert log.texts("function") == ["got SIGTERM"]
        assert log.texts("engine")[-1] == "process ended: Runtime exited with error: signal: killed"

    run(go())


def test_sigterm_comes_at_a_timeout_too(tmp_path):
    async def go():
        log = Recorder()
        config = scripted(tmp_path, script(_REGISTRATION), timeout=0.3)
        async with ExecutionEnvironment(config, log=log) as environment:
            result = await environment.invoke(Invocation(b'"hang"'))
            assert result.status == "timeout"
            assert log.texts("function") == ["got SIGTERM"]

    run(go())
