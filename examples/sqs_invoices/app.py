"""Sends an invoice for each order of a queue, once, although queues deliver a message more than once.

An order that can never be invoiced is left to people and not delivered again; every other failure is. What was sent is
kept in the Redis or Valkey server at INVOICES_REDIS, or in a file:

    lambdakit invoke examples/sqs_invoices/app.py:handler --event examples/sqs_invoices/event.json
"""

import os
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from lambdakit import Context
from lambdakit.events import SQSMessage, sqs_batch
from lambdakit.exceptions import PayloadError, PermanentError
from lambdakit.middleware import RedisStore, SQLiteStore, deadline, idempotent_function, permanent_done

server = os.environ.get("INVOICES_REDIS")
local = Path(os.environ.get("INVOICES_FILE", Path(tempfile.gettempdir()) / "invoices.db"))
store = RedisStore(server) if server else SQLiteStore(local)


@dataclass
class Order:
    """One message."""

    order_id: str
    total: Decimal
    email: str


@dataclass
class Invoice:
    """What is kept of an invoice that was sent."""

    number: str
    total: Decimal


def reject(message: SQSMessage, error: Exception, context: Context) -> None:
    """Keep a message that no other try would help where people look: a dead-letter queue, or here the log."""
    print(f"rejected {message.message_id}: {error}")


@sqs_batch(middleware=[deadline()], on_error=permanent_done(reject, PayloadError))
@idempotent_function(store, key="payload.order_id", result=Invoice, expiry=7 * 24 * 3600)
def handler(message: SQSMessage[Order], context: Context) -> Invoice:
    """Invoice one order."""
    order = message.payload
    if order.total < 0:
        raise PermanentError(f"{order.order_id} is a credit note")
    print(f"invoice over {order.total} to {order.email}")
    return Invoice(f"inv-{order.order_id}", order.total)
