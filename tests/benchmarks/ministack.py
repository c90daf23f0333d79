"""MiniStack, an emulator of many AWS services that runs Python functions in processes it keeps: a peer of the service.

It pins one version of botocore, so it is not among the development packages but in an environment of its own:

    python -m venv ~/.venvs/ministack && ~/.venvs/ministack/bin/pip install ministack
    MINISTACK=~/.venvs/ministack/bin/ministack python -m tests.benchmarks ministack
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import subprocess
import time
import zipfile
from typing import TYPE_CHECKING

import boto3
import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.harness import Bench

__all__ = ("ministack",)

PATIENCE = 30.0
ROLE = "arn:aws:iam::000000000000:role/any"


@contextlib.contextmanager
def ministack(bench: Bench) -> Iterator[int]:
    """A server with the function `function`, `small.handler`, which has been called once; its port."""
    program = os.environ.get("MINISTACK") or shutil.which("ministack")
    if program is None:
        raise SystemExit(__doc__)
    port = _free_port()
    env = {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "SERVICES": "iam,lambda,logs,sts",
        "TMPDIR": str(bench.directory),
    }
    with (
        (bench.directory / "output").open("wb") as output,
        subprocess.Popen([program], cwd=bench.directory, env=env, stdout=output, stderr=output) as process,
    ):
        try:
            _create(bench, f"http://127.0.0.1:{port}")
            yield port
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _create(bench: Bench, url: str) -> None:
    _wait_for(url)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.write(bench.directory / "small.py", "small.py")
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    with contextlib.closing(session.client("lambda", endpoint_url=url)) as client:
        client.create_function(
            FunctionName="function",
            Runtime="python3.11",
            Role=ROLE,
            Handler="small.handler",
            Code={"ZipFile": archive.getvalue()},
        )
        client.get_waiter("function_active_v2").wait(FunctionName="function", WaiterConfig={"Delay": 1})
        client.invoke(FunctionName="function", Payload=b"{}")["Payload"].read()


def _wait_for(url: str) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            if time.monotonic() > until:
                raise SystemExit("ministack does not answer") from None
            time.sleep(0.05)
