"""The records of events that have ended, key for key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdakit.emulator.asynchronous.event import AsyncEvent, Attempt
from lambdakit.emulator.asynchronous.records import dead_letter_attributes, destination_record

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"
EVENT = AsyncEvent(
    1,
    "r-1",
    "f",
    "$LATEST",
    b'{"a": 1}',
    received=0,
    due=0,
    attempts=3,
    condition="RetriesExhausted",
    last=Attempt("error", b'{"errorMessage": "no", "errorType": "E"}', "$LATEST", "Unhandled"),
)


def test_a_failure_tells_what_was_sent_and_what_came_back() -> None:
    record = destination_record(EVENT, ARN, 1_764_025_872.345)
    assert list(record) == [
        *("version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"),
    ]
    assert record == {
        "version": "1.0",
        "timestamp": "2025-11-24T23:11:12.345Z",
        "requestContext": {
            "requestId": "r-1",
            "functionArn": ARN,
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"a": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "no", "errorType": "E"},
    }


def test_a_success_has_no_function_error() -> None:
    event = replace(EVENT, attempts=1, condition="Success", last=Attempt("success", b"[1]", "$LATEST"))
    record = destination_record(event, ARN, 0)
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == [1]


@pytest.mark.parametrize("condition", ["EventAgeExceeded", "ZeroReservedConcurrency"])
def test_what_never_ran_has_no_response(condition: str) -> None:
    event = replace(EVENT, attempts=0, condition=condition, last=None)  # type: ignore[arg-type]
    record = destination_record(event, ARN, 0)
    assert "responseContext" not in record
    assert "responsePayload" not in record


def test_a_payload_that_is_no_json_is_text() -> None:
    assert destination_record(replace(EVENT, payload=b"oh"), ARN, 0)["requestPayload"] == "oh"


def test_a_dead_letter_says_why_in_its_attributes() -> None:
    assert dead_letter_attributes(EVENT) == {
        "RequestID": {"DataType": "String", "StringValue": "r-1"},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": "no"},
    }


@pytest.mark.parametrize("length", [1_024, 1_025])
def test_a_dead_letters_message_is_cut_at_one_kilobyte(length: int) -> None:
    last = Attempt("error", b'{"errorMessage": "%b"}' % (b"x" * length), "$LATEST", "Unhandled")
    assert len(dead_letter_attributes(replace(EVENT, last=last))["ErrorMessage"]["StringValue"]) == 1_024


@pytest.mark.parametrize("payload", [b"[]", b"7", b"oh", b"{}"])
def test_a_dead_letter_without_a_message_has_none(payload: bytes) -> None:
    last = Attempt("error", payload, "$LATEST", "Unhandled")
    assert "ErrorMessage" not in dead_letter_attributes(replace(EVENT, last=last))
