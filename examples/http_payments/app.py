"""Takes payments over HTTP, each of them once, however often a client or a network repeats the request.

The client names its payment in the header `Idempotency-Key`, which it keeps when it tries again. Results are kept in
the DynamoDB table PAYMENTS_TABLE, or on a laptop in a file:

    lambdakit invoke examples/http_payments/app.py:handler --event examples/http_payments/event.json
"""

import json
import os
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdakit import Context
from lambdakit.events import APIGatewayProxyEventV2, api_gateway
from lambdakit.middleware import DynamoDBStore, SQLiteStore, deadline, errors, idempotent, snapstart, validate, warmup

table = os.environ.get("PAYMENTS_TABLE")
local = Path(os.environ.get("PAYMENTS_FILE", Path(tempfile.gettempdir()) / "payments.db"))
store = DynamoDBStore(table) if table else SQLiteStore(local)


@dataclass
class Payment:
    """What a client sends."""

    card: str
    cents: int

    def __post_init__(self) -> None:
        if self.cents <= 0:
            raise ValueError("cents must be above 0")


class CardDeclinedError(Exception):
    """The card's issuer says no."""


def key_of(event: APIGatewayProxyEventV2[Payment]) -> Any:
    """What tells a repeated request: the client's own key."""
    return event.header("idempotency-key")


@api_gateway(
    middleware=[
        warmup(),
        snapstart(),  # receipts are numbered at random
        deadline(),
        errors({CardDeclinedError: (402, "Card declined")}),
        validate(input=Payment, at="body"),
        idempotent(store, key=key_of, check="body", expiry=24 * 3600),
    ]
)
def handler(event: APIGatewayProxyEventV2[Payment], context: Context) -> dict[str, Any]:
    """Charge the card; answer with the receipt's number."""
    return {"statusCode": 201, "body": json.dumps({"receipt": charge(event.payload)})}


def charge(payment: Payment) -> str:
    """Ask the issuer for the money."""
    if payment.card.endswith("0000"):
        raise CardDeclinedError("the issuer declined the card")
    print(f"charged {payment.cents} cents")
    return f"r-{random.getrandbits(64):016x}"
