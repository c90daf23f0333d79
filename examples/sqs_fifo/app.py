"""Keeps accounts in step with a FIFO queue of movements, four accounts at a time.

The message group is the account: within one, order matters, and after a failure the rest of it must wait; other
accounts go on. `@sqs_batch` answers with what did not succeed, so only that is delivered again:

    lambdakit invoke examples/sqs_fifo/app.py:handler --event examples/sqs_fifo/event.json

The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

from lambdakit.events import SQSMessage, sqs_batch

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, cents INTEGER NOT NULL CHECK (cents >= 0));
CREATE TABLE IF NOT EXISTS movement (id TEXT PRIMARY KEY);
"""
DATABASE = os.environ.get("ACCOUNTS", "/tmp/accounts.db")


@dataclass
class Movement:
    """Money that comes in (above 0) or goes out of an account."""

    account: str
    amount: Decimal


@sqs_batch(concurrency=4)
def handler(message: SQSMessage[Movement]) -> None:
    """Book one movement, once. Raises sqlite3.IntegrityError for an account that would be overdrawn."""
    movement = message.payload
    cents = int(movement.amount * 100)
    with closing(open_database()) as database, database:  # the inner one is the transaction
        booked = database.execute("INSERT OR IGNORE INTO movement VALUES (?)", (message.message_id,))
        if booked.rowcount:  # else delivered before, and booked then
            database.execute("INSERT OR IGNORE INTO account VALUES (?, 0)", (movement.account,))
            database.execute("UPDATE account SET cents = cents + ? WHERE name = ?", (cents, movement.account))


def open_database() -> sqlite3.Connection:
    """The accounts; whoever begins to write waits until no other does."""
    return sqlite3.connect(DATABASE, timeout=20, isolation_level="IMMEDIATE")


with closing(open_database()) as new:
    new.executescript(SCHEMA)
