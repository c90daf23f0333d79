"""A served function and the clients that call it: boto3 in a thread, and bare sockets for what boto3 would not send."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from lambdakit.emulator import LocalService
from lambdakit.emulator.api import ApiServer
from tests.engine_support import Reply, app_config, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

APP = """
    import os, sys
    def handler(event, context):
        if event == "raise":
            raise ValueError("no")
        if event == "exit":
            os._exit(3)
        if event == "large":
            return "x" * 6_291_556
        if event == "log":
            print("a line of the log")
        client = context.client_context
        return {
            "event": event, "request_id": context.aws_request_id, "arn": context.invoked_function_arn,
            "custom": client.custom if client else None, "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        }
"""
PATH = "/2015-03-31/functions/engine-test/invocations"
STREAM_PATH = "/2021-11-15/functions/engine-test/response-streaming-invocations"


class Served:
    """A running server, its service, and ways to call it."""

    def __init__(self, server: ApiServer, service: LocalService) -> None:
        self.server = server
        self.service = service
        self.clients: list[Any] = []

    def client(self, **options: Any) -> Any:
        """A boto3 client that does not retry."""
        settings: dict[str, Any] = {"region_name": "us-east-1", **options}
        client: Any = boto3.client(
            "lambda",
            endpoint_url=self.server.url,
            aws_access_key_id="AKIA",
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, read_timeout=15),
            **settings,
        )
        self.clients.append(client)
        return client

    async def call(self, operation: str, *, client: Any = None, **arguments: Any) -> Any:
        """An operation of boto3's client on `engine-test`, in a thread."""
        arguments.setdefault("FunctionName", "engine-test")
        method = getattr(client or self.client(), operation)
        return await asyncio.to_thread(lambda: method(**arguments))

    async def raw(self, data: bytes) -> Reply:
        """The answer to bytes, on a connection of their own."""
        reader, writer = await asyncio.open_connection(self.server.host, self.server.port)
        try:
            writer.write(data)
            return await read_reply(reader)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def post(self, body: bytes = b"{}", *headers: str, path: str = PATH, host: str = "localhost") -> Reply:
        """The answer to a POST."""
        return await self.raw(request("POST", path, body, *headers, host=host))


def request(method: str, path: str, body: bytes = b"", *headers: str, host: str = "localhost") -> bytes:
    """A request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    """One reply with a content length or none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Reply(int(head[0].split(" ")[1]), headers, body)


def serve(
    tmp_path: Path, test: Callable[[Served], Awaitable[None]], *, app: str = APP, server: Any = None, **changes: Any
) -> None:
    """Run `test` with a server of one function, `engine-test`."""

    async def go() -> None:
        async with LocalService() as service, ApiServer(service, port=0, **(server or {})) as api:
            service.add(app_config(tmp_path, app, **changes))
            served = Served(api, service)
            try:
                await test(served)
            finally:
                for client in served.clients:
                    client.close()

    run(go())


def read(response: Any) -> Any:
    """The payload of boto3's answer."""
    return json.loads(response["Payload"].read())
