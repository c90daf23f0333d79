"""Powertools' own idempotency keeps working on decorated handlers, and on the same table beside ours."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency import idempotent as powertools_idempotent

from lambdakit import lambda_handler
from lambdakit.events import s3_event, sqs_batch
from lambdakit.middleware import DynamoDBStore, idempotent
from tests.middleware.idempotency_support import Time, make_table
from tests.moto_server import aws as aws
from tests.moto_server import aws_server as aws_server

S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "a+b"}}}]}
SQS = {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": "hello"}]}


@pytest.fixture
def table(aws: str) -> str:
    return make_table()


def test_its_decorator_stacks_on_ours(table: str) -> None:
    calls: list[str] = []

    @powertools_idempotent(
        persistence_store=DynamoDBPersistenceLayer(table), config=IdempotencyConfig(event_key_jmespath="Records[0].s3")
    )
    @s3_event
    def handler(event: Any, context: Any) -> Any:
        calls.append(event.records[0].object.key)
        return {"keys": calls}

    assert [handler(S3, Time()) for _ in range(2)] == [{"keys": ["a b"]}] * 2
    assert calls == ["a b"]


def test_its_function_decorator_serves_a_batch(table: str) -> None:
    calls: list[str] = []
    config = IdempotencyConfig()
    config.register_lambda_context(Time())  # type: ignore[arg-type]

    @idempotent_function(data_keyword_argument="body", persistence_store=DynamoDBPersistenceLayer(table), config=config)
    def once(body: str) -> None:
        calls.append(body)

    @sqs_batch
    def handler(message: Any) -> None:
        once(body=message.body)

    assert [handler(SQS, Time()) for _ in range(2)] == [{"batchItemFailures": []}] * 2
    assert calls == ["hello"]


def test_both_write_the_same_attributes(table: str) -> None:
    @powertools_idempotent(
        persistence_store=DynamoDBPersistenceLayer(table),
        config=IdempotencyConfig(event_key_jmespath="id", payload_validation_jmespath="amount"),
    )
    def theirs(event: Any, context: Any) -> Any:
        return {"charged": 1}

    @lambda_handler(middleware=[idempotent(DynamoDBStore(table), key="id", check="amount")])
    def ours(event: Any, context: Any) -> Any:
        return {"charged": 1}

    for handler in (theirs, ours):
        handler({"id": "a", "amount": 1}, Time())
    client: Any = boto3.client("dynamodb")
    items = client.scan(TableName=table)["Items"]
    assert len(items) == 2
    peers, own = sorted(items, key=lambda item: "token" in item)
    assert own.keys() - peers.keys() == {"token"}
    assert own["status"] == peers["status"]
    assert own["data"]["S"] == peers["data"]["S"]
    assert abs(int(own["expiration"]["N"]) - int(peers["expiration"]["N"])) <= 2
