from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pay(invoke: Any, tmp_path: Path) -> Any:
    """`pay(event)`: status and body of the answer, every time by a process of its own."""

    def once(event: Any) -> tuple[int, Any]:
        answer = json.loads(invoke(event, PAYMENTS_FILE=str(tmp_path / "payments.db")).payload)
        return answer["statusCode"], json.loads(answer["body"])

    return once


def with_body(event: Any, **changes: Any) -> Any:
    return {**event, "body": json.dumps({**json.loads(event["body"]), **changes})}


def test_a_repeated_request_gets_the_receipt_of_the_first(pay: Any, event: Any) -> None:
    first = pay(event)
    assert first[0] == 201
    assert pay(event) == first


def test_the_same_key_does_not_pay_another_amount(pay: Any, event: Any) -> None:
    pay(event)
    status, problem = pay(with_body(event, cents=9_999))
    assert (status, problem["title"]) == (422, "Unprocessable Content")


def test_a_declined_card_may_be_tried_again_with_the_same_key(pay: Any, event: Any) -> None:
    declined = with_body(event, card="4000000000000000")
    for _ in range(2):
        status, problem = pay(declined)
        assert (status, problem["title"]) == (402, "Card declined")


def test_what_is_wrong_with_a_payment_is_said(pay: Any, event: Any) -> None:
    status, problem = pay(with_body(event, cents="12"))
    assert status == 400
    assert problem["errors"] == [{"pointer": "$.body.cents", "detail": "expected int, got str"}]


def test_a_request_without_a_key_is_refused(pay: Any, event: Any) -> None:
    del event["headers"]["idempotency-key"]
    assert pay(event)[0] == 400


def test_a_warm_up_event_pays_nothing(invoke: Any) -> None:
    result = invoke({"source": "serverless-plugin-warmup"})
    assert json.loads(result.payload) == {"warmup": True}
