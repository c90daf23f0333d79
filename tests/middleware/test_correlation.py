"""Correlation ids: of every source that has one, raw and typed, and the same from both."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit import events
from lambdakit.middleware import correlation_id
from lambdakit.middleware.correlation import _RECORDS, PATHS
from tests.events.samples import every


def class_of(typed: Any) -> str | None:
    names = [base.__name__ for base in type(typed).__mro__]
    return next((name for name in names if name in PATHS or name in _RECORDS), None)


SAMPLES = [(name, raw) for name, raw in every() if events.detect(raw) is not None]


@pytest.mark.parametrize(("name", "raw"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_a_raw_event_has_the_id_of_the_typed_one(name, raw):
    typed = events.detect(raw)
    assert correlation_id(raw) == correlation_id(typed)
    if class_of(typed) is None:
        assert correlation_id(raw) is None


@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_one_that_the_model_knows(name):
    model = getattr(events, name)
    for path in PATHS[name]:
        assert path[0] in {field.path[0] for field in model.fields.values() if field.path}
        raw: Any = "the id"
        for step in reversed(path):
            raw = [raw] if step == 0 else {step: raw}
        assert correlation_id(model.of(raw)) == "the id"


def test_the_records_are_those_of_the_events():
    for event, record in _RECORDS.items():
        assert hasattr(events, event)
        assert record in PATHS


SQS = {"eventSource": "aws:sqs", "messageId": "m-1", "body": ""}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"httpMethod": "GET", "path": "/", "requestContext": {"requestId": "q-1"}}, "q-1"),
        ({"rawPath": "/", "requestContext": {"http": {}, "requestId": "q-2"}}, "q-2"),
        ({"requestContext": {"elb": {}}, "httpMethod": "GET", "headers": {"x-amzn-trace-id": "Root=1"}}, "Root=1"),
        ({"requestContext": {"elb": {}}, "multiValueHeaders": {"x-amzn-trace-id": ["Root=2"]}}, "Root=2"),
        ({"detail-type": "x", "source": "y", "id": "e-1"}, "e-1"),
        ({"info": {"fieldName": "x"}, "request": {"headers": {"x-amzn-trace-id": "Root=3"}}}, "Root=3"),
        ({"Records": [SQS]}, "m-1"),
        ({"Records": [SQS, SQS]}, None),
        ({"Records": []}, None),
        ({"anything": "else"}, None),
        ({"detail-type": "x", "source": "y", "id": 5}, None),
        ("text", None),
        (None, None),
    ],
)
def test_ids_by_source(event, expected):
    assert correlation_id(event) == expected


def test_each_record_has_its_own():
    event = events.SQSEvent({"Records": [SQS, {**SQS, "messageId": "m-2"}]})
    assert [correlation_id(record) for record in event.records] == ["m-1", "m-2"]
