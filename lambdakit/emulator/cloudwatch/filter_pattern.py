"""Filter patterns of CloudWatch Logs: which log events a search finds.

    ERROR "connection refused" -retry       all terms, the phrase as it is, not the last
    ?ERROR ?WARN                            any of them
    %timed? out%                            a regular expression
    { $.level = "ERROR" && $.ms >= 100 }    the event is JSON, and its fields are so
    [ip, user, ..., status = 5*, bytes]     the event is fields between spaces, and they are so

A pattern is read once into a function of the message.

Source: CloudWatch Logs user guide, "Filter and pattern syntax for metric filters, subscription filters, filter log
events, and Live Tail".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    Test: TypeAlias = Callable[[str], bool]
    Holds: TypeAlias = Callable[[Any], bool]

__all__ = ("filter_pattern",)

_ABSENT = object()


def filter_pattern(text: str) -> Test:
    """The test a pattern is. Raises UsageError where it is none."""
    stripped = text.strip()
    if not stripped:
        return lambda message: True
    if stripped.startswith("{"):
        return _json_pattern(stripped)
    if stripped.startswith("["):
        return _fields_pattern(stripped)
    return _terms_pattern(stripped)


# Terms.

_TERM = re.compile(r"""\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)*)%|([^\s"]+))""")


def _terms_pattern(text: str) -> Test:
    wanted: dict[str, list[Test]] = {"": [], "?": [], "-": []}
    for sign, test in _terms(text):
        wanted[sign].append(test)
    required, optional, excluded = wanted[""], wanted["?"], wanted["-"]

    def matches(message: str) -> bool:
        if any(test(message) for test in excluded):
            return False
        # Optional terms count where there are no others: with one that is required they are left out of account.
        return all(test(message) for test in required) and (
            bool(required) or not optional or any(test(message) for test in optional)
        )

    return matches


def _terms(text: str) -> Iterator[tuple[str, Test]]:
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise UsageError(f"filter pattern {text!r}: cannot be read from {text[position:]!r} on")
        position = found.end()
        sign, phrase, expression, term = found.groups()
        if expression is not None:
            yield sign, _expression(expression)
        else:
            yield sign, _contains(term if phrase is None else phrase.replace('\\"', '"'))


def _contains(term: str) -> Test:
    return lambda message: term in message


def _expression(text: str) -> Test:
    try:
        compiled = re.compile(text)
    except re.error as error:
        raise UsageError(f"filter pattern: %{text}% is not a regular expression: {error}") from None
    return lambda message: compiled.search(message) is not None


# Conditions, of JSON and of fields.


class Token(NamedTuple):
    """A piece of a pattern: its kind and its text."""

    kind: str
    text: str


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<selector>\$(?:\.[\w*-]+|\[(?:\d+|\*)\]|\["[^"]*"\]|\.\.)*)
    | (?P<phrase>"(?:[^"\\]|\\.)*")
    | (?P<regex>%(?:[^%\\]|\\.)*%)
    | (?P<sign>&&|\|\||!=|<=|>=|=|<|>|\(|\)|,|\.\.\.)
    | (?P<word>[^\s"()=<>!&|,{}\[\]]+)
    )""",
    re.VERBOSE,
)
_COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")


class _Tokens:
    """The pieces of a pattern, taken one by one."""

    def __init__(self, pattern: str, inner: str) -> None:
        self._pattern = pattern
        self._tokens = [*self._cut(inner)]
        self._at = 0

    def _cut(self, text: str) -> Iterator[Token]:
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise self.error(f"cannot be read from {text[position:]!r} on")
            position = found.end()
            yield Token(found.lastgroup, found.group(found.lastgroup))

    def error(self, problem: str) -> UsageError:
        return UsageError(f"filter pattern {self._pattern!r}: {problem}")

    def next_is(self, *texts: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text in texts

    def take(self, *kinds: str) -> Token:
        if self._at >= len(self._tokens):
            raise self.error("ends too early")
        token = self._tokens[self._at]
        if kinds and token.kind not in kinds:
            raise self.error(f"expected {' or '.join(kinds)}, found {token.text!r}")
        self._at += 1
        return token

    def skip(self, text: str) -> None:
        if not self.next_is(text):
            found = self._tokens[self._at].text if self._at < len(self._tokens) else "the end"
            raise self.error(f"expected {text!r}, found {found!r}")
        self._at += 1

    @property
    def is_over(self) -> bool:
        return self._at >= len(self._tokens)


def _json_pattern(text: str) -> Test:
    if not text.endswith("}"):
        raise UsageError(f"filter pattern {text!r}: has no closing brace")
    tokens = _Tokens(text, text[1:-1])
    holds = _either(tokens, _json_condition)
    if not tokens.is_over:
        raise tokens.error(f"{tokens.take().text!r} is one too many")

    def matches(message: str) -> bool:
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return holds(document)

    return matches


def _either(tokens: _Tokens, condition: Callable[[_Tokens], Holds]) -> Holds:
    tests = [_both(tokens, condition)]
    while tokens.next_is("||"):
        tokens.skip("||")
        tests.append(_both(tokens, condition))
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _both(tokens: _Tokens, condition: Callable[[_Tokens], Holds]) -> Holds:
    tests = [_grouped(tokens, condition)]
    while tokens.next_is("&&"):
        tokens.skip("&&")
        tests.append(_grouped(tokens, condition))
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _grouped(tokens: _Tokens, condition: Callable[[_Tokens], Holds]) -> Holds:
    if not tokens.next_is("("):
        return condition(tokens)
    tokens.skip("(")
    inner = _either(tokens, condition)
    tokens.skip(")")
    return inner


def _json_condition(tokens: _Tokens) -> Holds:
    selector = tokens.take("selector").text
    test = _named_test(tokens) or _comparison(tokens)
    return lambda document: test(_selected(document, selector))


# What may stand in place of a comparison: the words, and the test of the value.
_NAMED: dict[tuple[str, str], Holds] = {
    ("IS", "NULL"): lambda value: value is None,
    ("IS", "TRUE"): lambda value: value is True,
    ("IS", "FALSE"): lambda value: value is False,
    ("NOT", "EXISTS"): lambda value: value is _ABSENT,
}


def _named_test(tokens: _Tokens) -> Holds | None:
    if not tokens.next_is("IS", "NOT"):
        return None
    words = (tokens.take().text, tokens.take("word").text)
    test = _NAMED.get(words)
    if test is None:
        raise tokens.error(f"{' '.join(words)!r} is no test")
    return test


def _comparison(tokens: _Tokens) -> Holds:
    sign = tokens.take("sign").text
    if sign not in _COMPARISONS:
        raise tokens.error(f"expected a comparison, found {sign!r}")
    wanted = tokens.take("word", "phrase", "regex")
    if sign in ("=", "!="):
        equal = _equality(wanted)
        return equal if sign == "=" else lambda value: value is not _ABSENT and not equal(value)
    return _order(tokens, sign, wanted)


def _equality(wanted: Token) -> Holds:
    if wanted.kind == "regex":
        search = _expression(wanted.text[1:-1])
        return lambda value: isinstance(value, str) and search(value)
    text = wanted.text[1:-1].replace('\\"', '"') if wanted.kind == "phrase" else wanted.text
    number = _number(text)
    if number is not None and wanted.kind == "word":
        return lambda value: _number(value) == number
    pattern = re.compile(".*".join(map(re.escape, text.split("*"))) + r"\Z", re.DOTALL)
    return lambda value: isinstance(value, str) and pattern.match(value) is not None


def _order(tokens: _Tokens, sign: str, wanted: Token) -> Holds:
    bound = _number(wanted.text)
    if bound is None:
        raise tokens.error(f"{sign} compares numbers, not {wanted.text!r}")
    limit: float = bound
    tests: dict[str, Callable[[float], bool]] = {
        "<": lambda number: number < limit,
        ">": lambda number: number > limit,
        "<=": lambda number: number <= limit,
        ">=": lambda number: number >= limit,
    }
    test = tests[sign]

    def holds(value: Any) -> bool:
        number = _number(value)
        return number is not None and test(number)

    return holds


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _selected(document: Any, selector: str) -> Any:
    """The value at a selector: `$.a.b[0]`, or `_ABSENT`."""
    value = document
    for name, index, quoted in re.findall(r'\.([\w*-]+)|\[(\d+)\]|\["([^"]*)"\]', selector):
        key: Any = int(index) if index else name or quoted
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


# Fields between spaces.

_FIELD = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')


def _fields_pattern(text: str) -> Test:
    if not text.endswith("]"):
        raise UsageError(f"filter pattern {text!r}: has no closing bracket")
    tokens = _Tokens(text, text[1:-1])
    before: list[Holds] = []
    after: list[Holds] | None = None
    while not tokens.is_over:
        if tokens.next_is("..."):
            tokens.skip("...")
            if after is not None:
                raise tokens.error("has '...' twice")
            after = []
        else:
            (before if after is None else after).append(_field(tokens))
        if not tokens.is_over:
            tokens.skip(",")

    def matches(message: str) -> bool:
        fields = [_bare(field) for field in _FIELD.findall(message)]
        if len(fields) < len(before) + len(after or ()) or (after is None and len(fields) > len(before)):
            return False
        ends = fields[len(fields) - len(after) :] if after else []
        pairs = [*zip(before, fields, strict=False), *zip(after or (), ends, strict=True)]
        return all(test(field) for test, field in pairs)

    return matches


def _bare(field: str) -> str:
    return field[1:-1] if field[:1] in '["' and len(field) > 1 else field


def _field(tokens: _Tokens) -> Holds:
    """One field: a name, and conditions on it."""

    def condition(inner: _Tokens) -> Holds:
        inner.take("word")
        return _comparison(inner) if inner.next_is(*_COMPARISONS) else lambda value: True

    return _either(tokens, condition)
