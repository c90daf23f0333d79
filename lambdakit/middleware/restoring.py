"""What must be made new when an environment is restored from a SnapStart snapshot.

    import boto3
    from lambdakit import Context, lambda_handler
    from lambdakit.middleware import snapstart

    tables = boto3.client("dynamodb", region_name="eu-west-1")

    @lambda_handler(middleware=[snapstart(tables)])
    def handler(event: dict, context: Context) -> int:
        return len(tables.list_tables()["TableNames"])

All environments of a version begin with the same memory: the same state of `random`, so the same "random" numbers, and
the same connections, whose other ends have long forgotten them. After a restore the generators of `random` (and of
numpy, where it is imported) are seeded anew and the connections closed, to be opened again when they are next needed.
`secrets`, `uuid` and `os.urandom` need none of that. Without SnapStart it costs nothing: no call goes through it.
"""

from __future__ import annotations

import sys

from lambdakit.exceptions import UsageError
from lambdakit.middleware.base import Middleware
from lambdakit.runtime.hooks import after_restore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ("Snapstart", "snapstart")


class Snapstart(Middleware):
    """Make randomness and connections new after a restore from a snapshot.

    `connections` are what holds any: boto3 clients and resources, `httpx.Client`, `requests.Session`, Redis clients,
    and functions without arguments, which are called.
    """

    def __init__(self, *connections: Any) -> None:
        self._renew = [_renewal(connection) for connection in connections]

    def on_init(self) -> None:
        """Register for after the restore."""
        after_restore(self.restored)

    def restored(self) -> None:
        """Make everything new; the runtime calls it after a restore."""
        reseed()
        for renew in self._renew:
            renew()


def reseed() -> None:
    """Seed the global generators of what is imported from the system's entropy."""
    random: Any = sys.modules.get("random")
    if random is not None:
        random.seed()
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()


def _renewal(connection: Any) -> Callable[[], Any]:
    """What closes a connection so that it is opened again when needed. Raises UsageError."""
    for test, renewal in _RENEWALS:
        if test(connection):
            return renewal(connection)
    raise UsageError(
        f"snapstart does not know how to renew {type(connection).__module__}.{type(connection).__qualname__}; "
        "give a function without arguments that does"
    )


def _of_library(*names: str) -> Callable[[Any], bool]:
    """Whether an object's class, or a base of it, is one of these."""
    return lambda value: any(
        f"{kind.__module__.partition('.')[0]}.{kind.__name__}" in names for kind in type(value).__mro__
    )


def _close(client: Any) -> Callable[[], Any]:
    closing: Callable[[], Any] = client.close
    return closing


def _close_resource(resource: Any) -> Callable[[], Any]:
    return _close(resource.meta.client)


def _close_httpx(client: Any) -> Callable[[], Any]:
    # A closed client is closed for ever; its transports open new connections.
    def close() -> None:
        for transport in {client._transport, *client._mounts.values()} - {None}:
            transport.close()

    return close


def _disconnect(client: Any) -> Callable[[], Any]:
    closing: Callable[[], Any] = client.connection_pool.disconnect
    return closing


# What it is, and what makes the function that renews it. A client that is callable stands before plain functions.
_RENEWALS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Callable[[], Any]]], ...] = (
    (_of_library("botocore.BaseClient", "requests.Session"), _close),
    (_of_library("boto3.ServiceResource"), _close_resource),
    (_of_library("httpx.Client"), _close_httpx),
    (_of_library("redis.Redis", "valkey.Valkey"), _disconnect),
    (callable, lambda function: function),
)


snapstart = Snapstart
