"""A host that fails: full disks, no descriptors, a clock that jumps. Callers are answered, and later all is well."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sqlite3
import tempfile
import time

import pytest
from botocore.exceptions import ClientError

from lambdakit.emulator import InvokeRequest, LocalService, limits
from lambdakit.emulator.api import ApiServer
from lambdakit.emulator.asynchronous import queue
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.clock import SystemClock, VirtualClock
from lambdakit.emulator.function import Invocation
from lambdakit.exceptions import EmulatorError
from tests.emulator.api.support import Served
from tests.engine_support import app_config, run, until

APP = """
    import os, time
    def handler(event, context):
        if event == "log":
            for number in range(400):
                print(f"{number} " + "x" * 1000)
        while isinstance(event, dict) and "until" in event and not os.path.exists(event["until"]):
            time.sleep(0.005)
        return os.getpid()
"""
NAME = "engine-test"


class FullDisk:
    """A SQLite file that may not grow, until it may again."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def fill(self) -> None:
        """No page more, nor a log of changes that could take it."""
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = self._database.execute("PRAGMA page_count").fetchone()[0]
        self._database.execute(f"PRAGMA max_page_count = {pages}")

    def make_room(self) -> None:
        """As many pages as anybody needs."""
        self._database.execute("PRAGMA max_page_count = 1000000")


def large(length: int = 100_000) -> bytes:
    return json.dumps("x" * length).encode()


async def told(take):
    """The service's refusal."""
    with pytest.raises(ClientError) as refused:
        await take
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_a_full_disk_takes_no_event_and_says_so_until_there_is_room(tmp_path, caplog):
    async def go():
        backstage = Backstage(state=tmp_path / "state")
        service = LocalService(log=backstage.log, observer=backstage)
        async with (
            service,
            backstage.behind(service),
            ApiServer(service, port=0, take_event=backstage.take_event) as server,
        ):
            service.add(app_config(tmp_path, APP))
            served = Served(server, service)
            disk = FullDisk(backstage._events._database)
            disk.fill()
            refused = served.call("invoke", InvocationType="Event", Payload=large())
            assert await told(refused) == (500, "ServiceException")
            answer = await served.call("invoke", Payload=b"1")
            assert answer["StatusCode"] == 200
            assert answer["Payload"].read()
            disk.make_room()
            accepted = await served.call("invoke", InvocationType="Event", Payload=large())
            assert (accepted["StatusCode"], accepted["Payload"].read()) == (202, b"")
            await backstage.settled()
            assert backstage.pending_events() == 0
            for client in served.clients:
                await asyncio.to_thread(client.close)

    run(go())
    assert "database or disk is full" in caplog.text


def test_logs_that_cannot_be_kept_stop_nobody_and_are_kept_again_when_there_is_room(tmp_path, caplog):
    async def go():
        backstage = Backstage(state=tmp_path / "state")
        service = LocalService(log=backstage.log, observer=backstage)
        async with service, backstage.behind(service):
            service.add(app_config(tmp_path, APP))
            await service.invoke(InvokeRequest(NAME))
            backstage.logs.flush()
            disk = FullDisk(backstage._logs._database)
            disk.fill()
            for _ in range(2):
                result = await service.invoke(InvokeRequest(NAME, b'"log"'))
                assert result.function_error is None
                await until(lambda: "disk is full" in caplog.text)
                caplog.clear()
            disk.make_room()
            result = await service.invoke(InvokeRequest(NAME))
            kept = [event.message for event in backstage.logs.events("/aws/lambda/engine-test")]
            assert any(f"REPORT RequestId: {result.request_id}" in message for message in kept), kept[-5:]

    run(go())


def test_an_outcome_that_cannot_be_kept_is_not_asked_for_without_end(tmp_path, caplog, monkeypatch):
    async def go():
        clock = VirtualClock()
        backstage = Backstage(state=tmp_path / "state", clock=clock)
        service = LocalService(observer=backstage)
        async with service, backstage.behind(service):
            service.add(app_config(tmp_path, "def handler(event, context): raise ValueError"))
            calls = []
            monkeypatch.setattr(backstage._events, "wait", lambda *given: calls.append(given) or full())
            served = service.find(service.parse(NAME, None, None))
            backstage.take_event(served, service.parse(NAME, None, None), Invocation(b"{}"))
            await backstage.settled()
            assert len(calls) == 1
            monkeypatch.undo()
            await clock.advance(3600)
            assert backstage.pending_events() == 0

    run(go())
    assert "disk is full" in caplog.text


def test_a_store_that_could_not_be_read_once_is_read_again(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(queue, "_UNREADABLE_SECONDS", 0.01)

    async def go():
        backstage = Backstage(state=tmp_path / "state")
        service = LocalService(observer=backstage)
        monkeypatch.setattr(
            backstage._events, "due", once(sqlite3.OperationalError("disk I/O error"), backstage._events.due)
        )
        async with service, backstage.behind(service):
            await until(lambda: "cannot be read" in caplog.text)
            service.add(app_config(tmp_path, APP))
            served = service.find(service.parse(NAME, None, None))
            backstage.take_event(served, service.parse(NAME, None, None), Invocation(b"1"))
            await backstage.settled()
            assert backstage.pending_events() == 0

    run(go())


def full():
    raise sqlite3.OperationalError("database or disk is full")


# What the operating system does not give.


def once(error, original):
    """The original function, but the first call fails."""
    errors = [error]

    def call(*args, **kwargs):
        if errors:
            raise errors.pop()
        return original(*args, **kwargs)

    return call


NO_SPACE = OSError(errno.ENOSPC, "No space left on device")
NO_DESCRIPTORS = OSError(errno.EMFILE, "Too many open files")


@pytest.mark.parametrize("place", ["directory", "output", "port"])
def test_what_an_environment_needs_and_does_not_get_is_the_callers_error(tmp_path, monkeypatch, place):
    async def go():
        async with LocalService(concurrency=1) as service:
            service.add(app_config(tmp_path, APP))
            if place == "directory":
                monkeypatch.setattr(tempfile, "mkdtemp", once(NO_SPACE, tempfile.mkdtemp))
            if place == "output":
                monkeypatch.setattr(os, "pipe", once(NO_DESCRIPTORS, os.pipe))
            if place == "port":
                loop = asyncio.get_running_loop()
                monkeypatch.setattr(loop, "create_server", once(NO_DESCRIPTORS, loop.create_server))
            with pytest.raises(EmulatorError, match=r"could not be started: .*(No space left|Too many open files)"):
                await service.invoke(InvokeRequest(NAME))
            assert (await service.invoke(InvokeRequest(NAME))).function_error is None

    run(go())


def test_a_caller_who_waits_for_an_environment_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "FINISHING_SECONDS", 0.01)

    async def go():
        async with LocalService() as service:
            service.add(app_config(tmp_path, APP))
            lane = service._lane(service.find(service.parse(NAME, None, None)), None, "unreserved")
            lane._finishing = 1  # somebody has an answer, and its runtime is about to ask for another event
            monkeypatch.setattr(tempfile, "mkdtemp", once(NO_SPACE, tempfile.mkdtemp))
            with pytest.raises(EmulatorError, match="No space left"):
                await service.invoke(InvokeRequest(NAME))
            lane._finishing = 0
            assert (await service.invoke(InvokeRequest(NAME))).function_error is None

    run(go())


def test_a_process_that_cannot_be_started_is_an_answer(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    async def go():
        async with LocalService() as service:
            service.add(app_config(tmp_path, APP))
            with monkeypatch.context() as patched:
                patched.setattr("subprocess.Popen", refuse)
                result = await service.invoke(InvokeRequest(NAME))
            assert json.loads(result.payload)["errorType"] == "Runtime.InvalidEntrypoint"
            assert (await service.invoke(InvokeRequest(NAME))).function_error is None

    run(go())


# The clock.


@pytest.mark.parametrize("seconds", [86_400, -86_400])
def test_a_clock_that_jumps_ends_no_invocation(tmp_path, monkeypatch, seconds):
    async def go():
        backstage = Backstage(clock=SystemClock())
        service = LocalService(log=backstage.log, observer=backstage)
        async with service, backstage.behind(service):
            service.add(app_config(tmp_path, APP, timeout=5.0))
            gate = tmp_path / "gate"
            running = asyncio.create_task(
                service.invoke(InvokeRequest(NAME, json.dumps({"until": str(gate)}).encode()))
            )
            await until(lambda: any(place.environment.ready for place in service._places))
            now = time.time
            monkeypatch.setattr(time, "time", lambda: now() + seconds)
            gate.touch()
            result = await running
            assert (result.function_error, result.status) == (None, "success")
            assert 0 < result.duration_ms < 5000
            after = await service.invoke(InvokeRequest(NAME))
            assert after.payload == result.payload
            served = service.find(service.parse(NAME, None, None))
            backstage.take_event(served, service.parse(NAME, None, None), Invocation(b"1"))
            await backstage.settled()
            assert backstage.pending_events() == 0

    run(go())
