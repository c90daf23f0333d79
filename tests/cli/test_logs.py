"""`lambdakit logs` from the outside, against a running service."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from lambdakit.emulator import LocalService
from lambdakit.emulator.api import ApiServer
from lambdakit.emulator.api.backstage_routes import BackstageOperations
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.service import InvokeRequest
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

APP = "def handler(event, context):\n    print('hello', event)\n"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


async def logs(*arguments: str) -> asyncio.subprocess.Process:
    """The verb, started."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lambdakit.cli", "logs", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def output(*arguments: str) -> tuple[int, list[str], str]:
    """Exit status, lines and complaints of the verb, run to its end."""
    process = await logs(*arguments)
    out, complaints = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode().splitlines(), complaints.decode()


def serve(tmp_path: Path, test: Callable[[LocalService, ApiServer], Awaitable[None]]) -> None:
    async def go() -> None:
        backstage = Backstage()
        service = LocalService(log=backstage.log, observer=backstage)
        server = ApiServer(service, port=0, take_event=backstage.take_event)
        server.router.add(BackstageOperations(backstage).routes())
        async with service, backstage.behind(service), server:
            service.add(app_config(tmp_path, APP))
            await test(service, server)

    run(go())


def test_the_events_of_a_function_are_shown_with_their_times(tmp_path: Path) -> None:
    async def check(service: LocalService, server: ApiServer) -> None:
        for n in range(3):
            await service.invoke(InvokeRequest("engine-test", str(n).encode()))
        status, lines, complaints = await output("engine-test", "--endpoint", server.url)
        assert (status, complaints) == (0, "")
        assert all(LINE.match(line) for line in lines)
        assert [LINE.sub("", line) for line in lines if "hello" in line] == ["hello 0", "hello 1", "hello 2"]
        found = await output("engine-test", "--endpoint", server.url, "--filter", "hello 1")
        assert [LINE.sub("", line) for line in found[1]] == ["hello 1"]

    serve(tmp_path, check)


def test_what_comes_is_followed_also_before_the_function_has_run(tmp_path: Path) -> None:
    async def check(service: LocalService, server: ApiServer) -> None:
        process = await logs("engine-test", "--follow", "--filter", "hello", "--endpoint", server.url)
        assert process.stdout is not None
        for n in range(2):
            await service.invoke(InvokeRequest("engine-test", str(n).encode()))
            assert LINE.sub("", (await process.stdout.readline()).decode()) == f"hello {n}\n"
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0

    serve(tmp_path, check)


def test_a_function_that_has_not_run_has_no_log_group(tmp_path: Path) -> None:
    async def check(service: LocalService, server: ApiServer) -> None:
        status, lines, complaints = await output("engine-test", "--endpoint", server.url)
        assert (status, lines) == (1, [])
        assert "there is no log group /aws/lambda/engine-test: the function has not run" in complaints

    serve(tmp_path, check)


def test_a_pattern_that_is_none_is_told_by_the_service(tmp_path: Path) -> None:
    async def check(service: LocalService, server: ApiServer) -> None:
        await service.invoke(InvokeRequest("engine-test"))
        status, _, complaints = await output("engine-test", "--filter", "{ $", "--endpoint", server.url)
        assert (status, "filter pattern" in complaints) == (1, True)

    serve(tmp_path, check)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("f", "--endpoint", "http://127.0.0.1:9"), 1, "no local service at http://127.0.0.1:9"),
        (("f", "--since", "soon"), 2, "--since 'soon': expected a number"),
    ],
)
def test_mistakes_are_met_with_help(arguments: tuple[str, ...], status: int, words: str) -> None:
    async def check() -> None:
        found = await output(*arguments)
        assert found[0] == status
        assert words in found[2]

    run(check())
