"""Filter patterns, one row a case: the pattern, what it finds, what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.emulator.cloudwatch.filter_pattern import filter_pattern
from lambdakit.exceptions import UsageError

JSON = '{"level": "ERROR", "ms": 120, "user": {"id": "u-1", "tags": ["a", "b"]}, "ok": true, "note": null, "1-x": "y"}'
ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'

# Pattern, messages it finds, messages it does not.
CASES: list[tuple[str, list[str], list[str]]] = [
    ("", ["anything", ""], []),
    ("ERROR", ["[ERROR] x", "xERRORx"], ["error", "warning"]),
    ("ERROR timeout", ["timeout ERROR"], ["ERROR", "timeout"]),
    ('"connection refused"', ["a connection refused b"], ["connection was refused"]),
    (r'"say \"hi\""', ['say "hi"'], ["say hi"]),
    ("ERROR -retry", ["ERROR"], ["ERROR retry"]),
    ('-"give up"', ["go on"], ["we give up"]),
    ("?ERROR ?WARN", ["ERROR", "WARN"], ["INFO"]),
    ("INFO ?WARN", ["INFO"], ["WARN"]),
    ("%timed? out%", ["it timed out", "time out"], ["tim out"]),
    ("%[45]\\d\\d% -%500%", ["status 404"], ["status 500", "status 200"]),
    ('{ $.level = "ERROR" }', [JSON], ['{"level": "INFO"}', "no JSON ERROR", "[]"]),
    ("{ $.level = ERROR }", [JSON], []),
    ('{ $.level = "ERR*" }', [JSON], ['{"level": "XERR"}']),
    ('{ $.level = "*RR*" }', [JSON], []),
    ('{ $.level != "INFO" }', [JSON], ['{"level": "INFO"}', "{}"]),
    ("{ $.level = %^ERR% }", [JSON], ['{"level": "XERR"}', '{"level": 5}']),
    ("{ $.ms > 100 }", [JSON], ['{"ms": 100}', '{"ms": "many"}', "{}"]),
    ("{ $.ms >= 120 && $.ms <= 120 }", [JSON], ['{"ms": 119}']),
    ("{ $.ms < 1.5e2 }", [JSON], ['{"ms": 150}']),
    ("{ $.ms = 120 }", [JSON, '{"ms": 120.0}'], ['{"ms": 12}']),
    ('{ $.user.id = "u-1" }', [JSON], ['{"user": "u-1"}', '{"user": {}}']),
    ('{ $.user.tags[1] = "b" }', [JSON], ['{"user": {"tags": ["b"]}}']),
    ('{ $["1-x"] = "y" }', [JSON], ["{}"]),
    ("{ $.ok IS TRUE }", [JSON], ['{"ok": false}', '{"ok": 1}']),
    ("{ $.ok IS FALSE }", ['{"ok": false}'], [JSON]),
    ("{ $.note IS NULL }", [JSON], ["{}"]),
    ("{ $.gone NOT EXISTS }", [JSON], ['{"gone": null}']),
    ("{ ($.ms > 500) || ($.level = ERROR && $.ok IS TRUE) }", [JSON], ['{"ms": 2, "level": "ERROR"}']),
    ("{ $.ms > 500 || $.level = ERROR && $.ok IS FALSE }", ['{"ms": 501}'], [JSON]),
    ("[ip, user, username, timestamp, request, status_code, bytes]", [ACCESS], ["a b c", ACCESS + " more"]),
    (
        "[ip, user, username, timestamp, request, status_code = 4*, bytes > 1000]",
        [ACCESS],
        [ACCESS.replace("404", "200")],
    ),
    ("[..., status_code = 4*, bytes]", [ACCESS], [ACCESS.replace("404", "200"), "404"]),
    ("[ip, ...]", [ACCESS, "x"], [""]),
    ("[first = a || first = b]", ["a", "b"], ["c"]),
    ('[w1 = "*.*.*.*", ...]', [ACCESS], ["localhost - -"]),
]


@pytest.mark.parametrize(("pattern", "finds", "not_"), CASES, ids=[case[0] or "empty" for case in CASES])
def test_a_pattern_finds_what_it_says(pattern: str, finds: list[str], not_: list[str]) -> None:
    test = filter_pattern(pattern)
    assert [test(message) for message in finds] == [True] * len(finds)
    assert [test(message) for message in not_] == [False] * len(not_)


MISTAKES = {
    '"open': "cannot be read from '\"open' on",
    "%[%": "not a regular expression",
    "{ $.a = 1": "no closing brace",
    "{ $.a }": "ends too early",
    "{ a = 1 }": "expected selector, found 'a'",
    "{ $.a = 1 2 }": "'2' is one too many",
    "{ $.a ( 1 }": "expected a comparison, found '('",
    "{ ($.a = 1 }": "expected ')', found 'the end'",
    "{ $.a > many }": "> compares numbers, not 'many'",
    "{ $.a IS MANY }": "'IS MANY' is no test",
    "[a": "no closing bracket",
    "[..., a, ...]": "has '...' twice",
    "[a b]": "expected ',', found 'b'",
}


@pytest.mark.parametrize("pattern", MISTAKES)
def test_a_mistake_is_met_with_its_place(pattern: str) -> None:
    with pytest.raises(UsageError) as caught:
        filter_pattern(pattern)
    assert MISTAKES[pattern] in str(caught.value)
    assert "filter pattern" in str(caught.value)


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_is_a_pattern_or_a_clear_mistake(pattern: str, message: str) -> None:
    try:
        test = filter_pattern(pattern)
    except UsageError:
        return
    assert test(message) in (True, False)
