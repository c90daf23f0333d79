"""Events and variables as the command line gives them."""

from __future__ import annotations

import io
import sys

import pytest

from lambdakit.cli.event_input import checked_json, read_event
from lambdakit.emulator.dotenv import read_environment
from lambdakit.exceptions import UsageError


def test_without_an_event_there_is_an_empty_object():
    assert read_event(None, None) == b"{}"


def test_the_bytes_are_passed_on_as_they_are(tmp_path):
    file = tmp_path / "event.json"
    file.write_bytes('{"k" :\r\n "ü", "k": 1e400}\n'.encode())
    assert read_event(str(file), None) == file.read_bytes()
    assert read_event(None, " [1 ,2] ") == b" [1 ,2] "


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'"piped"')))
    assert read_event("-", None) == b'"piped"'


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b'{"a": 1,\n "b": }', r"x, line 2, column 7: not JSON \(Expecting value\)"),
        (b"", r"x, line 1, column 1: not JSON"),
        (b"[1] 2", r"x, line 1, column 5: not JSON \(Extra data\)"),
        (b'{"a": "NaN",\n  "b": NaN}', r"x, line 2, column 8: not JSON \(NaN is not a JSON value\)"),
        (b"[-Infinity]", r"x, line 1, column 2: not JSON \(-Infinity is not"),
        (b'"ok"\n\xff', r"x, line 2, column 1: not UTF-8 \(byte 0xff\)"),
        (b"[" * 200_000, "x: the JSON is nested too deeply"),
    ],
)
def test_what_is_not_json_is_named_with_its_place(payload, message):
    with pytest.raises(UsageError, match=message):
        checked_json(payload, "x")


def test_event_and_data_exclude_each_other():
    with pytest.raises(UsageError, match="not with both"):
        read_event("f", "{}")


def test_a_missing_event_file():
    with pytest.raises(UsageError, match=r"Cannot read the event file gone\.json: No such file or directory\."):
        read_event("gone.json", None)


def test_variables_from_pairs_and_files(tmp_path):
    first, second = tmp_path / "a.env", tmp_path / "b.env"
    first.write_text(
        "# comment\n\nPLAIN=one # a comment\nexport EXPORTED = spaced \nSINGLE='a # b' # c\n"
        'DOUBLE="x\\ty\\"z\\\\ # q"\nEMPTY=\nHASH=a#b\nEQUALS=a=b\n'
    )
    second.write_text("PLAIN=two\n")
    assert read_environment(["MORE=x=y", "EMPTY=full"], [str(first), str(second)]) == {
        "PLAIN": "two",
        "EXPORTED": "spaced",
        "SINGLE": "a # b",
        "DOUBLE": 'x\ty"z\\ # q',
        "EMPTY": "full",
        "HASH": "a#b",
        "EQUALS": "a=b",
        "MORE": "x=y",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ok=1\nnothing\n", r"line 2: expected KEY=VALUE, got 'nothing'"),
        ("1x=2", r"line 1: '1x' is not a name"),
        ("A='open", r"line 1: the quoted value does not end"),
        ('A="open', r"line 1: the quoted value does not end"),
    ],
)
def test_mistakes_in_a_file_are_named_with_their_line(tmp_path, text, message):
    file = tmp_path / "bad.env"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_environment([], [str(file)])


def test_mistakes_in_a_pair_and_missing_files():
    with pytest.raises(UsageError, match="--env: expected KEY=VALUE, got 'x'"):
        read_environment(["x"], [])
    with pytest.raises(UsageError, match="Cannot read the environment file gone: No such file"):
        read_environment([], ["gone"])
