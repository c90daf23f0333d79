"""Idempotency records in a DynamoDB table.

The table has a partition key `id` (text); its time to live is the attribute `expiration`. The attributes are those that
Powertools for AWS Lambda uses, beside `token`. A conditional write decides who may call: of any number of contenders
the service lets one through, and gives the others the record that stands in their way with the refusal, so that no call
needs more than one request before it and one after it.
"""

from __future__ import annotations

from os import environ
from time import time

from lambdakit.middleware.idempotency_records import COMPLETED, IN_PROGRESS, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambdakit.middleware.idempotency_records import Claim

__all__ = ("DynamoDBStore",)

# Attribute names stand for themselves in no expression: `status`, `data` and `token` are reserved words.
_NAMES = {"#id": "id", "#expiry": "expiration", "#lock": "in_progress_expiration", "#status": "status"}
_FREE = "attribute_not_exists(#id) OR #expiry < :now OR (#status = :progress AND #lock < :now_ms)"
_MINE = {"#token": "token"}
_IS_MINE = "attribute_not_exists(#token) OR #token = :token"


class DynamoDBStore:
    """Records in the table `table`, through a boto3 client: a given one, or one made when the first is needed.

    `client_options` go to `boto3.client("dynamodb", ...)`. Needs `dynamodb:PutItem` and `dynamodb:DeleteItem`.
    """

    def __init__(self, table: str, *, client: Any = None, **client_options: Any) -> None:
        self.table = table
        self._client: Any = client
        self._options = client_options
        if client is None:
            from lambdakit.middleware.extras import require

            require("boto3", extra="aws", feature="DynamoDBStore")

    def on_init(self) -> None:
        """Make the client during INIT, when it costs nothing that counts; elsewhere it waits for the first call."""
        if "AWS_LAMBDA_RUNTIME_API" in environ:
            self._connected()

    def claim(self, claim: Claim, lock_seconds: float, expiry_seconds: float) -> Record | None:
        """Make the in-progress record and give None; or the record of another that stands there and is valid."""
        now = time()
        item = _item(claim, IN_PROGRESS, now + expiry_seconds)
        item["in_progress_expiration"] = {"N": str(int((now + lock_seconds) * 1000))}
        client = self._connected()
        try:
            client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression=_FREE,
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues={
                    ":now": {"N": str(int(now))},
                    ":now_ms": {"N": str(int(now * 1000))},
                    ":progress": {"S": IN_PROGRESS},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except client.exceptions.ConditionalCheckFailedException as error:
            return _record(error.response["Item"])
        return None

    def complete(self, claim: Claim, result: str, expiry_seconds: float) -> bool:
        """Put the result in the place of the claim's record; False where another's record is there now."""
        item = _item(claim, COMPLETED, time() + expiry_seconds)
        item["data"] = {"S": result}
        return self._if_mine("put_item", claim, Item=item)

    def release(self, claim: Claim) -> None:
        """Remove the claim's record, and no other's."""
        self._if_mine("delete_item", claim, Key={"id": {"S": claim.key}})

    def _if_mine(self, call: str, claim: Claim, **what: Any) -> bool:
        client = self._connected()
        try:
            getattr(client, call)(
                TableName=self.table,
                ConditionExpression=_IS_MINE,
                ExpressionAttributeNames=_MINE,
                ExpressionAttributeValues={":token": {"S": claim.token}},
                **what,
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _connected(self) -> Any:
        if self._client is None:
            self._client = _made(self._options)
        return self._client


def _made(options: dict[str, Any]) -> Any:
    """A client that does not check what is made here: that would be an eighth of a request's time."""
    from importlib import import_module  # boto3 has no types

    config = import_module("botocore.config").Config(parameter_validation=False)
    given = options.get("config")
    options = {**options, "config": config if given is None else given.merge(config)}
    return import_module("boto3").client("dynamodb", **options)


def _item(claim: Claim, status: str, expires: float) -> dict[str, Any]:
    return {
        "id": {"S": claim.key},
        "status": {"S": status},
        "token": {"S": claim.token},
        "expiration": {"N": str(int(expires) + 1)},
        "validation": {"S": claim.fingerprint},
    }


def _record(item: dict[str, Any]) -> Record:
    status = item["status"]["S"]
    until = float(item["expiration"]["N"])
    if status == IN_PROGRESS and "in_progress_expiration" in item:
        until = int(item["in_progress_expiration"]["N"]) / 1000
    result = item.get("data", {}).get("S")
    return Record(status, item.get("validation", {}).get("S", ""), until, result)
