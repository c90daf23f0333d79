"""Middleware around a call: the decorated function keeps its type, and every option has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import reveal_type

from lambdakit import lambda_handler
from lambdakit.events import sqs_batch
from lambdakit.middleware import (
    DynamoDBStore,
    RedisStore,
    SQLiteStore,
    deadline,
    errors,
    idempotent,
    idempotent_function,
    permanent_done,
    snapstart,
    validate,
    warmup,
)

if TYPE_CHECKING:
    from lambdakit import Context
    from lambdakit.events import SQSMessage


@dataclass
class Order:
    order_id: str
    amount: int


store = SQLiteStore(":memory:")


@idempotent_function(store, key="order_id", check=["amount"], expiry=60, cache=10, result=int)
def charge(order: Order, *, currency: str) -> int:
    return order.amount


@lambda_handler(
    middleware=[
        warmup(matches=lambda event: event is None, delay=0),
        snapstart(print),
        deadline(reserve=1, answer=lambda event, context: None),
        errors({LookupError: 404, ValueError: (400, "Bad"), OSError: lambda error, event, context: None}),
        validate(input=Order, output={"type": "integer"}, at="detail"),
        idempotent(DynamoDBStore("t", region_name="eu-west-1"), key=lambda event: event, missing="run", name="n"),
        idempotent(RedisStore("redis://host"), key=["a", "b"]),
    ]
)
def handler(event: Order, context: Context) -> int:
    return event.amount


@sqs_batch(on_error=permanent_done(lambda record, error, context: None, ValueError))
@idempotent_function(store, key="payload.order_id")
def batch(message: SQSMessage[Order], context: Context) -> None: ...


reveal_type(charge)  # (order: Order, *, currency: str) -> int
reveal_type(charge(Order("a", 1), currency="EUR"))  # int
reveal_type(handler({}))  # int
reveal_type(batch({}))  # BatchResponse
