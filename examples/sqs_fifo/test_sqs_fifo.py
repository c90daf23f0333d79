from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Accounts of this test's own."""
    return str(tmp_path / "accounts.db")


def accounts(database: str) -> dict[str, int]:
    connection = sqlite3.connect(database)
    rows = dict(connection.execute("SELECT name, cents FROM account").fetchall())
    connection.close()
    return rows


def reported(result: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in json.loads(result.payload)["batchItemFailures"]]


def test_an_overdrawn_account_waits_and_the_others_go_on(invoke: Any, event: Any, database: str) -> None:
    overdrawn, behind_it = (event["Records"][index]["messageId"] for index in (3, 4))
    assert reported(invoke(event, ACCOUNTS=database)) == [overdrawn, behind_it]
    assert accounts(database) == {"ada": 69_50, "ben": 20_00, "cleo": 7_25}


def test_what_is_delivered_again_is_booked_once(invoke: Any, event: Any, database: str) -> None:
    invoke(event, ACCOUNTS=database)
    event["Records"].insert(3, {**event["Records"][3], "messageId": "a-loan", "body": loan("ben", "30.00")})
    assert reported(invoke(event, ACCOUNTS=database)) == []
    assert accounts(database) == {"ada": 69_50, "ben": 40_00, "cleo": 7_25}


def loan(account: str, amount: str) -> str:
    return json.dumps({"account": account, "amount": amount})


def test_a_message_that_is_no_movement_fails_alone(invoke: Any, event: Any, database: str) -> None:
    event["Records"][5]["body"] = '{"account": "cleo"}'
    event["Records"] = event["Records"][5:] + event["Records"][:1]
    result = invoke(event, ACCOUNTS=database)
    assert reported(result) == [event["Records"][0]["messageId"]]
