"""The parts of a local service, put together: known to each other, and ended with the site."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from lambdakit.emulator.project import FunctionSpec, FunctionUrl, load_project
from lambdakit.emulator.project.authorizer import Authorizer
from lambdakit.emulator.project.watch import ProjectSource
from lambdakit.emulator.reload import Reload
from lambdakit.emulator.service import InvokeRequest
from lambdakit.emulator.site import ENDPOINTS, Site, SiteOptions
from lambdakit.exceptions import AddressInUseError, UsageError
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from pathlib import Path

ANY_PORT = SiteOptions(port=0, http_port=0, xray_port=0)
ECHO = "def handler(event, context):\n    print('a line')\n    return 'hello'\n"


def test_a_function_is_served_on_both_ports_and_its_log_is_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    function = FunctionSpec(app_config(tmp_path, ECHO), url=FunctionUrl())

    async def main() -> None:
        site = Site((function,), ANY_PORT, show=lambda lines: shown.extend(line.text for _, line in lines))
        async with site, httpx.AsyncClient(timeout=30) as client:
            path = "/2015-03-31/functions/engine-test/invocations"
            assert (await client.post(f"{site.server.url}{path}", content=b"{}")).json() == "hello"
            assert (await client.get(site.faces.server.path_url_of("engine-test"))).text == "hello"
            await site.wind_down()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(site.server.host, site.server.port)

    run(main())
    assert shown.count("a line") == 2


def test_what_fails_in_the_middle_of_a_start_ends_what_was_started(tmp_path: Path) -> None:
    function = FunctionSpec(app_config(tmp_path, ECHO), url=FunctionUrl())

    async def main() -> None:
        async with Site((function,), ANY_PORT) as first:
            port = first.faces.server.port
            second = Site((function,), SiteOptions(port=0, http_port=port, xray_port=0))
            with pytest.raises(AddressInUseError):
                await second.__aenter__()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(second.server.host, second.server.port)

    run(main())


def test_clients_need_an_endpoint_for_each_service_and_what_they_lack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    async def main() -> None:
        async with Site((), ANY_PORT) as site:
            assert [name for name, _ in site.exports()] == [*ENDPOINTS, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
            assert site.home.region == "eu-west-1"
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
            assert [name for name, _ in site.exports()] == [*ENDPOINTS]

    run(main())


PROJECT = """
[tool.lambdakit.functions.one]
handler = "app.py:handler"
env-file = ".env"
{more}
[tool.lambdakit.functions.same]
handler = "app.py:handler"
"""


def test_a_change_of_the_projects_files_is_followed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\ndef handler(event, context):\n    return os.environ.get('WHO')\n")
    (tmp_path / ".env").write_text("WHO=first\n")
    described = tmp_path / "pyproject.toml"
    described.write_text(PROJECT.format(more=""))

    async def main() -> None:
        told: asyncio.Queue[str] = asyncio.Queue()

        async def heard(words: str) -> None:
            """That was said, perhaps after other things."""
            while words not in await asyncio.wait_for(told.get(), 20):
                pass

        project = ProjectSource(lambda: load_project(tmp_path).functions, tmp_path)
        async with Site(project.read(), ANY_PORT, project=project, tell=told.put_nowait) as site:

            async def who(name: str) -> bytes:
                return (await site.service.invoke(InvokeRequest(name))).payload

            assert await who("one") == b'"first"'
            (tmp_path / ".env").write_text("WHO=second\n")
            await heard("new configuration of one")
            assert await who("one") == b'"second"'
            described.write_text(PROJECT.format(more='timeout = "soon"'))
            await heard("timeout is a number of seconds, not 'soon'")
            assert await who("one") == b'"second"'
            other = '[tool.lambdakit.functions.other]\nhandler = "app.py:handler"\nschedules = ["rate(1 hour)"]\n'
            described.write_text(other)
            await heard("event sources and schedules stay as they were")
            await heard("new configuration of other, one, same")
            assert list(site.service.functions) == ["other"]
            assert await who("other") == b"null"

    run(main())


def test_what_was_created_is_not_replaced_by_the_projects(tmp_path: Path) -> None:
    one, other = (FunctionSpec(app_config(tmp_path, ECHO, name=name)) for name in ("one", "other"))

    async def main() -> None:
        async with Site((one,), ANY_PORT) as site:
            with pytest.raises(UsageError, match="Two functions"):
                await site.plane.follow((one, one))
            assert await site.plane.follow((one,)) == []
            assert await site.plane.follow((one, other)) == ["other"]
            assert await site.plane.follow((one,)) == ["other"]
            site.plane.registry.functions["other"] = site.plane.registry.functions["one"]
            with pytest.raises(UsageError, match="A function called other was created before"):
                await site.plane.follow((one, other))
            del site.plane.registry.functions["other"]

    run(main())


def test_new_code_voids_what_a_function_answered_as_an_authorizer() -> None:
    told: list[str] = []

    async def main() -> None:
        async with Site((), ANY_PORT, tell=told.append) as site:
            guard = Authorizer("guard", function="guard", ttl=300)
            cache = site.faces.server.authorizers._cache
            cache.put(guard, ("me",), {"isAuthorized": True})
            site.reloaded(Reload((), ("other",)))
            assert cache.get(guard, ("me",)) is not None
            site.reloaded(Reload((), ("guard",)))
            assert cache.get(guard, ("me",)) is None
            assert told == ["new code for other", "new code for guard"]

    run(main())
