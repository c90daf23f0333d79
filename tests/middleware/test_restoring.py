"""After a restore from a snapshot randomness differs and connections are new."""

from __future__ import annotations

import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest

from lambdakit import lambda_handler
from lambdakit.exceptions import UsageError
from lambdakit.middleware import restoring, snapstart
from lambdakit.runtime import hooks
from tests.fake_runtime_api import Event
from tests.moto_server import aws as aws
from tests.moto_server import aws_server as aws_server
from tests.runtime_process import run_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _hooks_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_after_restore", [])


class Counting(BaseHTTPRequestHandler):
    """Answers every request on a connection that stays, with the client's port."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


def restored(*connections: Any) -> None:
    """A handler is made with the connections, and its environment restored."""
    lambda_handler(middleware=[snapstart(*connections)])(lambda event, context: None)
    hooks.run_after_restore()


def test_two_environments_of_one_snapshot_do_not_draw_the_same_numbers() -> None:
    state = random.getstate()
    drawn = []
    for _ in range(2):
        random.setstate(state)
        restored()
        drawn.append(random.random())
    assert drawn[0] != drawn[1]


def test_an_http_client_connects_anew_and_goes_on(server: str) -> None:
    with httpx.Client() as client:
        before = [client.get(server).text for _ in range(2)]
        restored(client)
        after = client.get(server).text
    assert before[0] == before[1] != after


def test_a_boto3_client_and_a_resource_go_on(aws: str) -> None:
    client: Any = boto3.client("dynamodb")
    resource: Any = boto3.resource("dynamodb")
    client.list_tables()
    list(resource.tables.limit(1))
    pools = client._endpoint.http_session._manager.pools
    assert len(pools) == 1
    restored(client, resource)
    assert len(pools) == 0
    client.list_tables()
    list(resource.tables.limit(1))


def test_a_redis_client_is_disconnected() -> None:
    import redis

    client = redis.Redis(host="127.0.0.1", port=1)
    closed: list[bool] = []
    client.connection_pool.disconnect = lambda: closed.append(True)  # type: ignore[method-assign]
    restored(client)
    assert closed == [True]


def test_a_function_is_called_at_every_restore() -> None:
    calls: list[int] = []
    restored(lambda: calls.append(1))
    hooks.run_after_restore()
    assert calls == [1, 1]


@pytest.mark.parametrize("connection", [object(), httpx.AsyncClient(), 3])
def test_what_is_not_known_is_named(connection: Any) -> None:
    with pytest.raises(UsageError, match=f"does not know how to renew .*{type(connection).__qualname__}"):
        snapstart(connection)


APP = """
import random
from lambdakit import lambda_handler
from lambdakit.middleware import restoring, snapstart

random.seed(1)
first = random.Random(1).random()
renewed = []

@lambda_handler(middleware=[snapstart(lambda: renewed.append("renewed"))])
def handler(event, context):
    return [renewed, random.random() == first]
"""


def test_the_runtime_makes_it_new_after_the_restore_and_only_then() -> None:
    for kind, expected in (("snap-start", [["renewed"], False]), ("on-demand", [[], True])):
        run = run_runtime(APP, [Event()], env={"AWS_LAMBDA_INITIALIZATION_TYPE": kind})
        assert run.posts[-1].json() == expected


def test_the_example_of_the_documentation_runs(aws: str) -> None:
    lines = [line[4:] for line in (restoring.__doc__ or "").splitlines() if line.startswith("    ")]
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    assert names["handler"]({}) >= 0
    assert len(hooks._after_restore) == 1
