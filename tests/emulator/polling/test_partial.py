"""What a function says of the records of its batch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.polling.partial import failed_identifiers

BATCH = ["a", "b", "c"]


def failures(*identifiers: Any) -> Any:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize("answer", [None, "", {}, [], failures(), {"batchItemFailures": None}, {"other": 1}])
def test_success(answer: Any) -> None:
    assert failed_identifiers(json.dumps(answer).encode(), BATCH) == set()


@pytest.mark.parametrize(
    "answer",
    [
        *(failures(""), failures(None), failures(5), failures("x"), failures("a", "x"), failures({"a": 1})),
        *({"batchItemFailures": [{"foo": "a"}]}, {"batchItemFailures": ["a"]}, {"batchItemFailures": "a"}),
        *("text", 5, 0, False, True, ["a"]),
    ],
)
def test_what_is_not_understood_fails_the_batch(answer: Any) -> None:
    assert failed_identifiers(json.dumps(answer).encode(), BATCH) == {*BATCH}


def test_no_json_fails_the_batch() -> None:
    assert failed_identifiers(b"{", BATCH) == {*BATCH}


@given(st.lists(st.sampled_from(BATCH)))
def test_those_listed_fail(listed: list[str]) -> None:
    assert failed_identifiers(json.dumps(failures(*listed)).encode(), BATCH) == {*listed}
