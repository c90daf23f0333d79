"""The stores by themselves: what is not there, cannot be reached or is not installed, and what they leave behind."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import types
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from lambdakit import lambda_handler
from lambdakit.exceptions import IdempotencyStoreError, MissingExtraError, UsageError
from lambdakit.middleware import DynamoDBStore, RedisStore, SQLiteStore, idempotent
from lambdakit.middleware.idempotency_records import COMPLETED, IN_PROGRESS, Claim
from tests.middleware.idempotency_support import Time, make_table
from tests.moto_server import aws as aws
from tests.moto_server import aws_server as aws_server

if TYPE_CHECKING:
    from pathlib import Path


def refusal(store: Any) -> str:
    """How a call is refused whose store does not answer; the function does not run."""

    @lambda_handler(middleware=[idempotent(store, key="id")])
    def handler(event: Any, context: Any) -> Any:
        raise AssertionError("the function ran")

    with pytest.raises(IdempotencyStoreError) as caught:
        handler({"id": 1}, Time())
    return str(caught.value)


@pytest.fixture
def closed() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_dynamodb_that_cannot_be_reached_is_named(aws: str, closed: int) -> None:
    config = Config(retries={"max_attempts": 0}, connect_timeout=5)
    store = DynamoDBStore("t", endpoint_url=f"http://127.0.0.1:{closed}", config=config)
    assert "DynamoDBStore could not be asked: EndpointConnectionError" in refusal(store)


def test_a_table_that_is_not_there_is_named(aws: str) -> None:
    assert "ResourceNotFoundException" in refusal(DynamoDBStore("no-such-table"))


def test_redis_that_cannot_be_reached_is_named(closed: int) -> None:
    assert "RedisStore could not be asked: ConnectionError" in refusal(RedisStore(f"redis://127.0.0.1:{closed}"))


@pytest.mark.parametrize(("make", "extra"), [(lambda: DynamoDBStore("t"), "aws"), (lambda: RedisStore("x"), "redis")])
def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, make: Any, extra: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("boto3", "redis")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [types.SimpleNamespace(find_spec=lambda *_: None)])
    with pytest.raises(MissingExtraError, match=rf'pip install "lambdakit\[{extra}\]"'):
        make()


def test_redis_takes_a_url_or_a_client() -> None:
    with pytest.raises(UsageError, match="either a url or a client"):
        RedisStore()


def test_threads_that_come_first_at_once_share_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    made, both = [], threading.Barrier(2)

    def from_url(url: str) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # two of them meet here, unless only one is let in
        made.append(url)
        return types.SimpleNamespace(register_script=lambda text: text)

    store = RedisStore("redis://host")
    monkeypatch.setitem(sys.modules, "redis", types.SimpleNamespace(Redis=types.SimpleNamespace(from_url=from_url)))
    threads = [threading.Thread(target=store.on_init) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert made == ["redis://host"]


def test_a_record_in_dynamodb_expires_by_the_tables_time_to_live(aws: str) -> None:
    table = make_table()
    store, claim = DynamoDBStore(table), Claim("k", "t", "hash")
    client: Any = boto3.client("dynamodb")
    assert store.claim(claim, 10, 60) is None
    (item,) = client.scan(TableName=table)["Items"]
    assert (item["status"]["S"], item["validation"]["S"]) == (IN_PROGRESS, "hash")
    assert store.complete(claim, '"done"', 60)
    (item,) = client.scan(TableName=table)["Items"]
    assert (item["status"]["S"], item["data"]["S"]) == (COMPLETED, '"done"')
    assert -1 <= int(item["expiration"]["N"]) - time.time() - 60 <= 2
    description = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert description["AttributeName"] == "expiration"


def test_the_client_is_made_during_init_only_in_an_execution_environment(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DynamoDBStore("t")
    store.on_init()
    assert store._client is None
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
    store.on_init()
    assert store._client is not None


def test_expired_records_leave_the_file_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    store = SQLiteStore(path)
    for number in range(3):
        store.claim(Claim(f"k{number}", "t", ""), -1, -1)
    store.close()
    store.claim(Claim("new", "t", ""), 60, 60)
    rows = store._connected().execute("SELECT id FROM idempotency").fetchall()
    assert rows == [("new",)]


def test_a_file_survives_a_fork(tmp_path: Path) -> None:
    """A child opens the file anew, and leaves the parent's connection alone."""
    script = """
import os, sys
from lambdakit.middleware import SQLiteStore
from lambdakit.middleware.idempotency_records import Claim
store = SQLiteStore(sys.argv[1])
assert store.claim(Claim("a", "t", ""), 60, 60) is None
child = os.fork()
if child == 0:
    standing = store.claim(Claim("a", "u", ""), 60, 60)
    taken = store.claim(Claim("b", "u", ""), 60, 60)
    sys.exit(0 if standing is not None and taken is None else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert store.claim(Claim("b", "t", ""), 60, 60) is not None
assert store.complete(Claim("a", "t", ""), "1", 60)
"""
    command = [sys.executable, "-c", script, os.fspath(tmp_path / "calls.db")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
