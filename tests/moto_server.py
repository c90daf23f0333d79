"""A moto server: AWS services over HTTP, in a process of its own, for tests that use boto3 as users do.

    from tests.moto_server import aws, aws_server  # fixtures; `aws` gives the server's address and sets the environment

One server serves all tests of a session (of a worker, with xdist); it is not emptied between tests, so each takes names
of its own (`unique("table")`).
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from itertools import count
from os import getpid
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("aws", "aws_environment", "aws_server", "moto_server", "unique")

_SERVE = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""
_numbers = count(1)


@contextlib.contextmanager
def moto_server() -> Iterator[str]:
    """Start a server; its address, `http://127.0.0.1:PORT`, once it answers."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            assert port.isdigit(), f"the moto server did not start (exit status {process.poll()})"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def aws_environment(address: str) -> Mapping[str, str]:
    """The variables with which boto3 and the AWS CLI reach the server, in this process or another."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def unique(name: str) -> str:
    """A name that no other test of the session uses."""
    return f"{name}-{getpid()}-{next(_numbers)}"


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """The session's server; its address."""
    with moto_server() as address:
        yield address


@pytest.fixture
def aws(aws_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The session's server, with this process's environment leading to it; its address."""
    for name, value in aws_environment(aws_server).items():
        monkeypatch.setenv(name, value)
    return aws_server
