"""A service with its control plane, running beside the test, and boto3 clients that talk to it from here.

    with plane_server() as site:
        site.client.create_function(...)

The service has an event loop in a thread of its own, so that tests use clients as programs do.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdakit.emulator import LocalService
from lambdakit.emulator.api import ApiServer
from lambdakit.emulator.api.control_routes import CodeLinks, ControlOperations
from lambdakit.emulator.backstage import Backstage
from lambdakit.emulator.control.faces import LazyFaces
from lambdakit.emulator.control.plane import ControlPlane
from lambdakit.emulator.faces.server import FacesServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from pathlib import Path

    from lambdakit.emulator.project import FunctionSpec

ROLE = "arn:aws:iam::123456789012:role/r"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
APP = """
import os
def handler(event, context):
    return {"code": CODE, "version": context.function_version, "arn": context.invoked_function_arn,
            "memory": context.memory_limit_in_mb, "variable": os.environ.get("VAR"), "event": event}
"""


class Site:
    """The running service, as its tests see it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: ApiServer, plane: ControlPlane, service: Any) -> None:
        self.loop = loop
        self.server = server
        self.plane = plane
        self.service: LocalService = service
        self.notes: list[str] = []
        self.client: Any = client_of(server.url)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """A coroutine's result, on the service's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def call(self, function: Callable[[], Any]) -> Any:
        """A function's result, on the service's loop."""

        async def called() -> Any:
            return function()

        return self.run(called())

    def create(self, name: str, **changes: Any) -> Any:
        """CreateFunction with the least that it takes, and `changes`."""
        given: dict[str, Any] = {
            "FunctionName": name,
            "Role": ROLE,
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Code": {"ZipFile": code("1")},
            **changes,
        }
        return self.client.create_function(**{key: value for key, value in given.items() if value is not None})

    def invoke(self, name: str, **arguments: Any) -> Any:
        """The payload that a function answers with."""
        answer = self.client.invoke(FunctionName=name, **arguments)
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.loads(answer["Payload"].read())

    def ran(self, name: str, **arguments: Any) -> str | None:
        """The version that an invocation ran; None for one that is only accepted. Its answer is read to the end."""
        answer = self.client.invoke(FunctionName=name, **arguments)
        answer["Payload"].read()
        answer["Payload"].close()
        version: str | None = answer.get("ExecutedVersion")
        return version

    def refused(self, operation: str, **arguments: Any) -> tuple[str, str]:
        """The code and the message an operation is refused with."""
        with pytest.raises(ClientError) as caught:
            getattr(self.client, operation)(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


@functools.cache
def _session() -> Any:
    """One session for all clients: it reads the model of the API once."""
    return boto3.session.Session()


def client_of(url: str, **options: Any) -> Any:
    """A boto3 client that does not retry."""
    given: dict[str, Any] = {
        "region_name": "us-east-1",
        "aws_access_key_id": "AKIA",
        "aws_secret_access_key": "secret",
        **options,
    }
    config = Config(retries={"max_attempts": 0}, read_timeout=20)
    client: Any = _session().client("lambda", endpoint_url=url, config=config, **given)
    client.meta.events.register("after-call.lambda", check_shape)
    return client


def check_shape(http_response: Any, model: Any, **_: Any) -> None:
    """Have every answer to boto3 looked at: boto3 itself leaves out what it does not know."""
    shape = model.output_shape
    if http_response.status_code >= 300 or shape is None or model.name.startswith("Invoke"):
        return
    found = [*unknown(json.loads(http_response.content or b"{}"), shape)]
    assert not found, f"{model.name} answers with members that AWS has not, or with null: {found}"


def unknown(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """The members of a value that its shape has not, and nulls."""
    if value is None:
        yield path
    elif shape.type_name == "structure":
        members = {member.serialization.get("name", key): member for key, member in shape.members.items()}
        for name, item in value.items():
            if name in members:
                yield from unknown(item, members[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif shape.type_name == "list":
        for item in value:
            yield from unknown(item, shape.member, f"{path}[]")


def code(mark: str, source: str = APP, **more: str) -> bytes:
    """An archive with `app.py`, whose CODE is `mark`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", f"CODE = {mark!r}\n{source}")
        for name, text in more.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@contextlib.contextmanager
def plane_server(
    *, functions: Sequence[FunctionSpec] = (), state: Path | None = None, clock: Any = None, **options: Any
) -> Iterator[Site]:
    """A service, until the block ends."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    sites: list[Any] = []

    async def serve() -> None:
        end = asyncio.Event()
        backstage = Backstage(state=state, clock=clock)
        service = LocalService(log=backstage.log, observer=backstage)
        server = ApiServer(service, port=0, take_event=backstage.take_event)
        faces = LazyFaces(FacesServer(service, (), port=0))
        links = CodeLinks()
        notes: list[str] = []
        plane = ControlPlane(
            service, backstage, state=state, location=links.link, faces=faces, note=notes.append, **options
        )
        server.router.add(ControlOperations(plane, links).routes())
        server.on_reset = plane.reset
        async with service, backstage.behind(service), plane, server, faces:
            await plane.start(functions)
            site = Site(loop, server, plane, service)
            site.notes = notes
            sites.extend([site, end])
            ready.set()
            await end.wait()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            sites.append(error)
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(20)
    if not isinstance(sites[0], Site):
        thread.join(20)
        raise sites[0]
    site, end = sites[:2]
    try:
        yield site
    finally:
        site.client.close()
        loop.call_soon_threadsafe(end.set)
        thread.join(20)
        assert not thread.is_alive()
        assert not sites[2:], f"the service ended with {sites[2]!r}"
