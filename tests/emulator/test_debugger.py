"""A debugger that speaks the Debug Adapter Protocol stops a function, and no deadline passes meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

import pytest

from lambdakit.emulator import InvokeRequest, LocalService, debugger
from lambdakit.emulator.deadlines import Deadlines, Hold, wait_within
from lambdakit.emulator.debugger import Debugger, attach_configuration
from lambdakit.emulator.flight import Flight
from lambdakit.emulator.function import Invocation
from lambdakit.exceptions import AddressInUseError, UsageError
from tests.engine_support import app_config, run, until

SOURCE = """
    import time
    def handler(event, context):
        left = context.get_remaining_time_in_millis()
        while event == "for ever":
            time.sleep(0.01)
        return left
"""
STOP_AT = 5
TIMEOUT = 0.3


class DebugClient:
    """As much of a debugger as is needed: requests, their responses, and events as they come."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._count = 0
        self._unread = []

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, port):
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        try:
            yield client
        finally:
            await client.close()

    async def ask(self, command, **arguments):
        """The body of the response."""
        number = self.send(command, **arguments)
        response = await self.find(lambda message: message.get("request_seq") == number)
        assert response["success"], response
        return response.get("body")

    def send(self, command, **arguments):
        self._count += 1
        request = {"seq": self._count, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(request).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return self._count

    async def event(self, name):
        return await self.find(lambda message: message.get("event") == name)

    async def find(self, wanted):
        for message in self._unread:
            if wanted(message):
                self._unread.remove(message)
                return message
        while not wanted(message := await self._read()):
            self._unread.append(message)
        return message

    async def _read(self):
        head = await self._reader.readuntil(b"\r\n\r\n")
        return json.loads(await self._reader.readexactly(int(head.split(b":")[1])))

    async def attach(self, file=None, line=STOP_AT):
        """Attach, with a breakpoint."""
        await self.ask("initialize", adapterID="test", pathFormat="path")
        attached = self.send("attach", justMyCode=False)
        await self.event("initialized")
        if file is not None:
            body = await self.ask("setBreakpoints", source={"path": str(file)}, breakpoints=[{"line": line}])
            assert [breakpoint["verified"] for breakpoint in body["breakpoints"]] == [True]
        await self.ask("configurationDone")
        await self.find(lambda message: message.get("request_seq") == attached)

    async def close(self):
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def debugged(tmp_path, **changes):
    """A service with one function, the debugger's door, and a client."""
    changes = {"timeout": TIMEOUT, "memory_mb": 1} | changes
    async with Debugger(0) as door, LocalService() as service:
        service.add(app_config(tmp_path, SOURCE, **changes), debugger=door)
        async with DebugClient.connect(door.port) as client:
            yield service, door, client


def invoke(service, payload=b"{}"):
    return asyncio.create_task(service.invoke(InvokeRequest("engine-test", payload)))


async def pass_time(seconds):
    began = time.perf_counter()
    await until(lambda: time.perf_counter() - began > seconds)


def test_a_breakpoint_may_last_longer_than_the_timeout(tmp_path):
    async def go():
        async with debugged(tmp_path, init_timeout=0.01) as (service, door, client):
            await client.attach(tmp_path / "app.py")
            task = invoke(service)
            stopped = await client.event("stopped")
            assert stopped["body"]["reason"] == "breakpoint"
            await pass_time(2 * TIMEOUT)
            other = invoke(service)
            trace = await client.ask("stackTrace", threadId=stopped["body"]["threadId"])
            assert (trace["stackFrames"][0]["name"], trace["stackFrames"][0]["line"]) == ("handler", STOP_AT)
            assert service.environments("engine-test") == 1
            await client.ask("setBreakpoints", source={"path": str(tmp_path / "app.py")}, breakpoints=[])
            await client.ask("continue", threadId=stopped["body"]["threadId"])
            result = await task
            assert (result.function_error, (await other).function_error) == (None, None)
            assert json.loads(result.payload) > 60_000
            assert result.init_ms > 10

            # Without a debugger time passes as ever.
            late = invoke(service, b'"for ever"')
            await client.ask("disconnect", terminateDebuggee=False)
            await client.close()
            assert json.loads((await late).payload)["errorType"] == "Sandbox.Timedout"
            assert not door.hold.on

    run(go())


def test_new_code_is_debugged_at_the_same_port(tmp_path, monkeypatch):
    monkeypatch.setattr(debugger, "_LINGER_SECONDS", 0.05)

    async def go():
        async with debugged(tmp_path) as (service, door, client):
            await client.attach()
            config = app_config(tmp_path, "def handler(event, context):\n    return 'new'\n", timeout=TIMEOUT)
            service.replace(config)
            with pytest.raises(asyncio.IncompleteReadError):
                await client.event("never")
            async with DebugClient.connect(door.port) as again:
                await again.attach(tmp_path / "app.py", line=2)
                task = invoke(service)
                stopped = await again.event("stopped")
                await again.ask("continue", threadId=stopped["body"]["threadId"])
                assert (await task).payload == b'"new"'

    run(go())


def test_the_end_of_an_earlier_process_means_nothing():
    async def go():
        door = Debugger(0)
        door.process_started(1)
        door.process_started(2)
        door.process_ended(1)
        assert door._started.is_set()
        door.process_ended(2)
        assert not door._started.is_set()

    run(go())


def test_a_debugger_that_leaves_before_there_is_a_process_holds_nothing():
    async def go():
        async with Debugger(0) as door:
            async with DebugClient.connect(door.port) as client:
                client.send("initialize", adapterID="test")
                await until(lambda: door.attached)
                assert door.hold.on
            await until(lambda: not door.hold.on)

    run(go())


def test_only_debuggers_are_let_in(tmp_path):
    async def go():
        async with Debugger(0) as door:
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
            assert await reader.read() == b""
            assert not door.hold.on
            writer.close()
            await writer.wait_closed()
            with pytest.raises(AddressInUseError):
                await Debugger(door.port).__aenter__()

    run(go())


def test_what_cannot_be_debugged_is_said_at_once(tmp_path, monkeypatch):
    async def go():
        async with LocalService() as service:
            with pytest.raises(UsageError, match=r"can be debugged, not '\./bootstrap'"):
                service.add(app_config(tmp_path, "", runtime_command=("./bootstrap",)), debugger=Debugger(0))

    run(go())
    monkeypatch.setattr(debugger.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'pip install "lambdakit\[debug\]"'):
        Debugger()


def test_the_command_keeps_the_interpreters_options_and_the_runtimes_arguments():
    async def go():
        async with Debugger(0) as door:
            command = door.command(("python3", "-S", "-m", "awslambdaric"))
            assert command[:4] == ("python3", "-S", "-Xfrozen_modules=off", "-m")
            assert command[-2:] == ("-m", "awslambdaric")

    run(go())


def test_the_configuration_for_an_editor():
    told = json.loads(attach_configuration("f", 5678))
    assert (told["type"], told["request"], told["connect"]) == (
        "debugpy",
        "attach",
        {"host": "127.0.0.1", "port": 5678},
    )


# Time that does not count.


def test_a_deadline_counts_only_time_that_is_not_held():
    async def go():
        told = []
        hold = Hold()
        deadlines = Deadlines(0.05, told.append, hold)
        flight = Flight(Invocation())
        hold.begin()
        flight.begin(0.05)
        before = flight.deadline_ms
        deadlines.began(flight)
        assert flight.deadline_ms > before + 60_000
        deadlines.watch(flight)
        await pass_time(0.1)
        assert told == []
        assert deadlines.left(flight) == pytest.approx(0.05, abs=0.01)
        hold.end()
        await until(lambda: told == [flight])
        assert flight.elapsed() >= 0.15
        deadlines.close()
        hold.begin()

    run(go())


def test_a_wait_counts_only_time_that_is_not_held():
    async def go():
        never = asyncio.get_running_loop().create_future()
        hold = Hold()
        hold.begin()
        waiting = asyncio.create_task(wait_within({never}, 0.05, hold))
        await pass_time(0.1)
        assert not waiting.done()
        hold.end()
        await waiting
        assert 0.1 <= hold.total() < 5
        await wait_within({never}, 0.01)
        never.set_result(None)
        hold.begin()
        await wait_within({never}, 0.01, hold)

    run(go())
