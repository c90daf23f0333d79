"""Checks of what goes in and comes out: by type and by JSON Schema."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import types
from typing import Any, TypedDict

import pytest

from lambdakit import lambda_handler
from lambdakit.events import api_gateway, eventbridge_event
from lambdakit.exceptions import MissingExtraError, PayloadError, ResultError, UsageError
from lambdakit.middleware import errors, validate
from tests.fake_runtime_api import Event
from tests.middleware.idempotency_support import Time
from tests.runtime_process import OFFICIAL, OURS, run_runtime


@dataclasses.dataclass
class Order:
    order_id: str
    amount: int


class Receipt(TypedDict):
    charged: int


SCHEMA = {
    "type": "object",
    "properties": {"order_id": {"type": "string"}, "amount": {"type": "integer"}, "tags": {"items": {"minLength": 2}}},
    "required": ["order_id"],
}


def echo(**options: Any) -> Any:
    return lambda_handler(middleware=[validate(**options)])(lambda event, context: event)


def test_a_raw_event_reaches_the_handler_as_its_type() -> None:
    assert echo(input=Order)({"order_id": "a", "amount": 1}) == Order("a", 1)


def test_every_fault_of_the_input_is_named() -> None:
    with pytest.raises(PayloadError, match=r"\$\.order_id: expected str, got int; \$\.amount: missing, expected int"):
        echo(input=Order)({"order_id": 1})


def test_a_schema_checks_and_changes_nothing() -> None:
    event = {"order_id": "a", "amount": 1}
    assert echo(input=SCHEMA)(event) is event


@pytest.mark.parametrize(
    ("event", "path", "what"),
    [
        ({}, "$", "must contain ['order_id'] properties"),
        ({"order_id": 1}, "$.order_id", "must be string"),
        ({"order_id": "a", "tags": ["ok", "x"]}, "$.tags[1]", "must be longer than or equal to 2 characters"),
    ],
)
def test_a_schema_names_the_place(event: Any, path: str, what: str) -> None:
    with pytest.raises(PayloadError) as caught:
        echo(input=SCHEMA)(event)
    assert caught.value.faults == ((path, what),)


@pytest.mark.parametrize("kind", [Order, SCHEMA])
def test_a_part_of_the_event_is_checked_where_it_stands(kind: Any) -> None:
    @api_gateway(middleware=[errors(), validate(input=kind, at="body")])
    def handler(event: Any, context: Any) -> Any:
        return {"statusCode": 200, "body": event.body}

    request = {"httpMethod": "POST", "path": "/", "requestContext": {}}
    good: Any = handler({**request, "body": '{"order_id": "a", "amount": 1}'}, Time())
    assert good["statusCode"] == 200
    bad: Any = handler({**request, "body": '{"order_id": 7, "amount": 1}'}, Time())
    assert (bad["statusCode"], '"pointer": "$.body.order_id"' in bad["body"]) == (400, True)
    broken: Any = handler({**request, "body": "{"}, Time())
    assert (broken["statusCode"], "not JSON" in broken["body"]) == (400, True)


def test_a_part_may_be_selected_by_a_function() -> None:
    @eventbridge_event(middleware=[validate(input=Order, at=lambda event: event.detail)])
    def handler(event: Any, context: Any) -> Any:
        return event.detail["amount"]

    event = {"source": "shop", "detail-type": "order", "detail": {"order_id": "a", "amount": 3}}
    assert handler(event) == 3
    with pytest.raises(PayloadError, match=r"\$\.order_id: missing"):
        handler({**event, "detail": {"amount": 3}})


@pytest.mark.parametrize("kind", [Receipt, {"type": "object", "required": ["charged"]}])
def test_a_wrong_result_is_the_functions_own_fault(kind: Any) -> None:
    handler = echo(output=kind)
    assert handler({"charged": 1}) == {"charged": 1}
    with pytest.raises(ResultError, match="charged"):
        handler({"paid": 1})


def test_a_result_is_checked_as_the_json_it_becomes() -> None:
    handler = lambda_handler(middleware=[validate(output=Order)])(lambda event, context: Order("a", event["amount"]))
    assert handler({"amount": 1}) == Order("a", 1)
    with pytest.raises(ResultError, match=r"\$\.amount: expected int, got str"):
        handler({"amount": "1"})


def test_async_handlers_are_checked_alike_and_do_not_cross() -> None:
    @lambda_handler(middleware=[validate(input=Order, output=int)])
    async def handler(event: Order, context: Any) -> Any:
        await asyncio.sleep(0)
        return event.amount if event.amount != 13 else "unlucky"

    async def run() -> list[Any]:
        events = ({"order_id": "a", "amount": number} for number in range(100))
        return await asyncio.gather(*map(handler, events), return_exceptions=True)

    found = asyncio.run(run())
    assert isinstance(found.pop(13), ResultError)
    assert found == [*range(13), *range(14, 100)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "validate needs input"),
        ({"output": int, "at": "body"}, "there is no input"),
        ({"input": lambda: 1}, "is no payload type"),
        ({"input": {"type": "nonsense"}}, "this is no JSON Schema"),
        ({"inputs": int}, "did you mean 'input'"),
    ],
)
def test_misuse_is_named_when_the_handler_is_made(options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        validate(**options)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "fastjsonschema"]:
        monkeypatch.delitem(sys.modules, name)
    nothing = types.SimpleNamespace(find_spec=lambda *_: None)
    monkeypatch.setattr(sys, "meta_path", [nothing])
    with pytest.raises(MissingExtraError, match=r'pip install "lambdakit\[validation\]"'):
        validate(input=SCHEMA)


APP = """
from dataclasses import dataclass
from lambdakit import lambda_handler
from lambdakit.middleware import validate

@dataclass
class Order:
    amount: int

@lambda_handler(middleware=[validate(input=Order, output={"type": "integer", "maximum": 9})])
def handler(event, context):
    return event.amount
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
def test_it_holds_under_both_runtimes(command: Any) -> None:
    run = run_runtime(APP, [Event({"amount": 1}), Event({"amount": "1"}), Event({"amount": 10})], command=command)
    good, bad, wrong = (post.json() for post in run.posts)
    assert (good, bad["errorType"], wrong["errorType"]) == (1, "PayloadError", "ResultError")
