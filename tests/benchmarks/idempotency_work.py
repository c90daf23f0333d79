"""The work of the measures of idempotency: a repeated call, answered from a DynamoDB table.

`hit` is what the middleware itself costs: both sides have the same stub of a client, whose write is refused with the
standing record. `request` is the same through botocore, whose connection is replaced by canned bytes: building,
signing and parsing the request count, which is most of it, but no server's time. `remembered` is answered by the local
cache, which each side has filled by a call of its own.
"""

from __future__ import annotations

import json
import os
import timeit
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

__all__ = ("hit", "remembered", "request")

REPEATED = 20
EVENT = {"order_id": "o-1", "amount": 7, "items": [{"sku": str(number), "quantity": 1} for number in range(5)]}
RESULT = {"charged": 7, "receipt": "r-0001"}
ITEM = {
    "id": {"S": "k"},
    "status": {"S": "COMPLETED"},
    "expiration": {"N": "99999999999"},
    "data": {"S": json.dumps(RESULT)},
    "validation": {"S": ""},
}


class Context:
    """What both ask a context for."""

    function_name = "f"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Stub:
    """A client whose conditional write succeeds once, and is refused with the standing record from then on."""

    class meta:
        """What Powertools looks at to name itself in requests."""

        class events:
            register_first = staticmethod(lambda *_: None)

    def __init__(self, *, taken: bool) -> None:
        from botocore.exceptions import ClientError

        refused = type("ConditionalCheckFailedException", (ClientError,), {})
        self.exceptions = type("exceptions", (), {"ConditionalCheckFailedException": refused})
        self._refused = refused
        self._taken = taken

    def put_item(self, **request: Any) -> Any:
        """Refuse it, but for what a first call writes."""
        if not self._taken:
            self._taken = request["Item"]["status"]["S"] == "COMPLETED"
            return {}
        error = {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
        raise self._refused({"Error": error, "Item": ITEM}, "PutItem")

    def update_item(self, **_request: Any) -> Any:
        """With this Powertools completes a record."""
        self._taken = True
        return {}


class Canned:
    """Stands in for botocore's connection: the answer of DynamoDB to a conditional write that is refused."""

    def send(self, request: Any) -> Any:
        """The refusal, as bytes."""
        from botocore.awsrequest import AWSResponse

        kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
        body = json.dumps({"__type": kind, "message": "The conditional request failed", "Item": ITEM}).encode()
        response = AWSResponse(request.url, 400, {"content-type": "application/x-amz-json-1.0"}, None)
        response._content = body
        return response


ACCOUNT = {"region_name": "eu-west-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


def _over_canned_bytes(client: Any) -> Any:
    client._endpoint.http_session = Canned()
    return client


def _ours(store: Any, cache: int = 0) -> Callable[[Any, Any], Any]:
    from lambdakit import lambda_handler
    from lambdakit.middleware import idempotent

    @lambda_handler(middleware=[idempotent(store, key="order_id", cache=cache)])
    def handler(event: Any, context: Any) -> Any:
        return RESULT

    return handler


def _theirs(client: Any, cache: bool = False) -> Callable[[Any, Any], Any]:
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "bench")
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent

    store = DynamoDBPersistenceLayer("orders", boto3_client=client)

    @idempotent(persistence_store=store, config=IdempotencyConfig(event_key_jmespath="order_id", use_local_cache=cache))
    def handler(event: Any, context: Any) -> Any:
        return RESULT

    return handler


def hit(_bench: Bench) -> Contenders:
    """Every repetition asks the store, which is no more than a stub."""
    from lambdakit.middleware import DynamoDBStore

    ours = _ours(DynamoDBStore("orders", client=Stub(taken=True)))
    return _contenders({"lambdakit": ours, "Powertools": _theirs(Stub(taken=True))})


def request(_bench: Bench) -> Contenders:
    """Every repetition asks the store, through the client that each side makes."""
    import boto3

    from lambdakit.middleware import DynamoDBStore

    store = DynamoDBStore("orders", **ACCOUNT)
    _over_canned_bytes(store._connected())
    made: Any = boto3.client
    return _contenders(
        {
            "lambdakit": _ours(store),
            "Powertools": _theirs(_over_canned_bytes(made("dynamodb", **ACCOUNT))),
        }
    )


def remembered(_bench: Bench) -> Contenders:
    """Repetitions are answered from the local cache, which both sides have."""
    from lambdakit.middleware import DynamoDBStore

    ours = _ours(DynamoDBStore("orders", client=Stub(taken=False)), 100)
    return _contenders({"lambdakit": ours, "Powertools": _theirs(Stub(taken=False), True)})


def _contenders(handlers: dict[str, Callable[[Any, Any], Any]]) -> Contenders:
    context = Context()
    for name, handler in handlers.items():
        if handler(EVENT, context) != RESULT:
            raise SystemExit(f"{name} gives another result than was kept")
    return {name: partial(_microseconds, partial(handler, EVENT, context)) for name, handler in handlers.items()}


def _microseconds(work: Callable[[], object]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return timeit.timeit(work, number=REPEATED) / REPEATED * 1e6
