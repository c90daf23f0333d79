from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(invoke: Any, tmp_path: Path) -> Any:
    """`run(event)`: the failure report and the log, every time by a process of its own."""

    def once(event: Any) -> tuple[Any, str]:
        result = invoke(event, INVOICES_FILE=str(tmp_path / "invoices.db"))
        return json.loads(result.payload), result.log_tail.decode()

    return once


def test_an_order_that_comes_twice_is_invoiced_once(run: Any, event: Any) -> None:
    report, log = run(event)
    assert report == {"batchItemFailures": []}
    assert log.count("invoice over 12.50 to ann@example.com") == 1
    report, log = run(event)
    assert report == {"batchItemFailures": []}
    assert "invoice over" not in log


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"order_id": "o-2", "total": "-1", "email": "x@example.com"}, "o-2 is a credit note"),
        ({"order_id": "o-3"}, "$.Records[1].body.total: missing"),
    ],
)
def test_what_can_never_be_invoiced_is_rejected_and_not_delivered_again(
    run: Any, event: Any, body: Any, why: str
) -> None:
    event["Records"][1]["body"] = json.dumps(body)
    report, log = run(event)
    assert report == {"batchItemFailures": []}
    assert f"rejected {event['Records'][1]['messageId']}: {why}" in log
