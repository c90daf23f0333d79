"""Which records pass, by source: the patterns' own rules are tested in test_pattern."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lambdakit.emulator.polling.filters import read_filters
from lambdakit.exceptions import UsageError


def filters(service: Any, *patterns: Any) -> Any:
    return read_filters(service, {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]})


def message(body: str) -> dict[str, Any]:
    return {"messageId": "m", "body": body, "eventSourceARN": "arn:q"}


def test_without_patterns_everything_passes() -> None:
    assert read_filters("sqs", {}).split([message("x")]) == ([message("x")], [])


def test_the_body_of_a_message_is_read_as_json_or_as_text() -> None:
    of_json = filters("sqs", {"body": {"kind": ["order"]}})
    assert of_json.passes(message('{"kind": "order"}'))
    assert not of_json.passes(message('{"kind": "other"}'))
    assert not of_json.passes(message("order"))
    of_text = filters("sqs", {"body": [{"prefix": "or"}]})
    assert of_text.passes(message("order"))
    assert not of_text.passes(message('{"kind": "order"}'))


def test_metadata_can_be_asked_for_too_and_one_pattern_is_enough() -> None:
    either = filters("sqs", {"eventSourceARN": ["arn:other"]}, {"messageId": ["m"], "body": {"a": [1]}})
    records = [message('{"a": 1}'), message('{"a": 2}')]
    assert either.split(records) == (records[:1], records[1:])


def test_the_data_of_kinesis_is_decoded() -> None:
    def record(data: bytes) -> dict[str, Any]:
        return {"kinesis": {"partitionKey": "p", "data": base64.b64encode(data).decode()}, "eventSource": "aws:kinesis"}

    of_json = filters("kinesis", {"data": {"price": [{"numeric": [">", 5]}]}, "partitionKey": ["p"]})
    assert of_json.passes(record(b'{"price": 6}'))
    assert not of_json.passes(record(b'{"price": 5}'))
    assert not of_json.passes(record(b"\xff"))
    assert filters("kinesis", {"data": ["text"]}).passes(record(b"text"))


def test_records_of_dynamodb_are_matched_whole() -> None:
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": {"n": {"N": "5"}}}}
    assert filters("dynamodb", {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"n": {"N": ["5"]}}}}).passes(record)
    assert not filters("dynamodb", {"dynamodb": {"NewImage": {"n": {"N": [{"numeric": ["=", 5]}]}}}}).passes(record)


@pytest.mark.parametrize(
    ("criteria", "what"),
    [
        ("text", "FilterCriteria is"),
        ({"Filters": [{}]}, "FilterCriteria is"),
        ({"Filters": [{"Pattern": "{}"}] * 11}, "at most 10"),
        ({"Filters": [{"Pattern": "no"}]}, "Invalid filter pattern definition."),
    ],
)
def test_what_is_refused(criteria: Any, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        read_filters("sqs", criteria)


def test_a_pattern_may_be_the_json_itself() -> None:
    assert read_filters("sqs", {"Filters": [{"Pattern": {"body": ["x"]}}]}).passes(message("x"))
