"""Functions behind the HTTP port, and clients that ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from lambdakit.emulator import LocalService
from lambdakit.emulator.clock import VirtualClock
from lambdakit.emulator.faces.server import FacesServer
from lambdakit.emulator.project.spec import FunctionSpec
from tests.engine_support import app_config, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from lambdakit.emulator.project.spec import Route

# Answers with the event, so that a test sees what the function gets.
ECHO = """
    import json
    def handler(event, context):
        return {"statusCode": 200, "body": json.dumps(event)}
"""


class Guarded:
    """A served project, its clock, and a client."""

    def __init__(self, server: FacesServer, clock: VirtualClock, client: httpx.AsyncClient) -> None:
        self.server = server
        self.clock = clock
        self._client = client

    async def ask(self, path: str = "/a", method: str = "GET", **headers: str) -> httpx.Response:
        """A request's answer; header names with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.request(method, path, headers=named)

    async def added(self, path: str = "/a", **headers: str) -> Any:
        """What the function is told of who asks."""
        answer = await self.ask(path, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["requestContext"]["authorizer"]


def guarded(
    tmp_path: Path, routes: list[Route], test: Callable[[Guarded], Awaitable[None]], guard: str | None = None
) -> None:
    """Run a test with these routes of one function and a function `guard` beside it."""

    async def go() -> None:
        specs = [FunctionSpec(app_config(tmp_path, ECHO), routes=tuple(routes))]
        if guard is not None:
            (tmp_path / "guard").mkdir()
            specs.append(FunctionSpec(app_config(tmp_path / "guard", guard, name="guard")))
        clock = VirtualClock()
        async with LocalService() as service:
            for spec in specs:
                service.add(spec.config)
            async with (
                FacesServer(service, specs, port=0, clock=clock, credentials={}) as server,
                httpx.AsyncClient(base_url=server.url, timeout=15) as client,
            ):
                await test(Guarded(server, clock, client))

    run(go())
