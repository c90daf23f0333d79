"""What is masked, by the name of a key and by JSON path."""

from __future__ import annotations

import doctest
import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.exceptions import UsageError
from lambdakit.middleware import redaction
from lambdakit.middleware.redaction import MASK, SENSITIVE, Redactor, path_of, redact_at


@pytest.mark.parametrize(
    "name", ["password", "userPassword", "API-Key", "x-api-key", "Authorization", "set-cookie", "access_token", "Token"]
)
def test_usual_names_are_masked(name):
    assert Redactor()({name: {"a": 1}, "n": 1}) == {name: MASK, "n": 1}


@pytest.mark.parametrize("name", ["author", "cooking", "tokens_used", "keys", "nextTokenCount", 1, None])
def test_others_are_not(name):
    assert Redactor()({name: 1}) == {name: 1}


@given(
    st.text("ab*", max_size=6).filter(lambda text: "**" not in text),
    st.text("ab", max_size=8),
)
def test_names_match_as_fnmatch_says(pattern, name):
    assert Redactor([pattern]).hides(name) == fnmatch.fnmatchcase(name, pattern)


def test_what_is_given_is_not_changed():
    value = {"list": [{"token": "x"}], "text": "token"}
    assert Redactor()(value) == {"list": [{"token": MASK}], "text": "token"}
    assert value == {"list": [{"token": "x"}], "text": "token"}


def test_no_names_mask_nothing():
    assert Redactor([])({name.strip("*"): 1 for name in SENSITIVE}) == {name.strip("*"): 1 for name in SENSITIVE}


def test_names_that_are_data_are_not_remembered_for_ever():
    redact = Redactor()
    redact({f"id-{number}": 1 for number in range(5_000)})
    assert len(redact._known) <= 2_001


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$.a.b", ("a", "b")),
        ("$.Records[*].body", ("Records", None, "body")),
        ("$[0].x-y", (0, "x-y")),
        ("$['a.b'].*", ("a.b", None)),
    ],
)
def test_paths_are_read(path, steps):
    assert path_of(path) == steps


@pytest.mark.parametrize("path", ["", "$", "a.b", "$..a", "$.a[?(@.b)]", "$.a[", "$a", "$.a."])
def test_other_paths_are_refused(path):
    with pytest.raises(UsageError, match=r"the JSON path .* paths are like"):
        path_of(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a.b", {"a": {"b": MASK, "c": 2}, "l": [{"x": 1}, {"x": 2}]}),
        ("$.l[*].x", {"a": {"b": 1, "c": 2}, "l": [{"x": MASK}, {"x": MASK}]}),
        ("$.l[1]", {"a": {"b": 1, "c": 2}, "l": [{"x": 1}, MASK]}),
        ("$.a.*", {"a": {"b": MASK, "c": MASK}, "l": [{"x": 1}, {"x": 2}]}),
        ("$.absent.b", {"a": {"b": 1, "c": 2}, "l": [{"x": 1}, {"x": 2}]}),
        ("$.l.x", {"a": {"b": 1, "c": 2}, "l": [{"x": 1}, {"x": 2}]}),
    ],
)
def test_what_is_at_a_path_is_masked(path, expected):
    value = {"a": {"b": 1, "c": 2}, "l": [{"x": 1}, {"x": 2}]}
    assert redact_at(value, path_of(path)) == expected
    assert value == {"a": {"b": 1, "c": 2}, "l": [{"x": 1}, {"x": 2}]}


def test_the_examples_of_the_module_hold():
    assert doctest.testmod(redaction).failed == 0
