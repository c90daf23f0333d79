"""X-Ray filter expressions: which traces somebody wants to see.

    fault AND duration >= 1
    service("orders") { error OR throttle }
    annotation.customer = "c-17" AND NOT http.url BEGINSWITH "https://example.com/health"

The keywords of a trace and of a service in it are tables; what is not in them (edges, groups, root causes) is refused,
never ignored. Source: AWS X-Ray developer guide, "Use filter expressions".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.tracing.trees import entities, table, trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdakit.emulator.tracing.store import Trace

__all__ = ("FilterError", "Subject", "matcher")


class Subject(NamedTuple):
    """What a condition is about, a trace or a segment of it: the values of its keywords, its annotations, its parts."""

    values: Mapping[str, Any]
    annotations: Mapping[str, tuple[Any, ...]]
    services: tuple[tuple[str, Subject], ...] = ()


Test = Callable[[Subject], bool]

FLAGS = frozenset(["ok", "error", "throttle", "fault", "partial"])
NUMBERS = frozenset(["responsetime", "duration", "http.status"])
TEXTS = frozenset(["http.url", "http.method", "http.useragent", "http.clientip", "user"])

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "CONTAINS": lambda value, wanted: wanted in value,
    "BEGINSWITH": lambda value, wanted: value.startswith(wanted),
    "ENDSWITH": lambda value, wanted: value.endswith(wanted),
}
_TEXT_ONLY = frozenset(["CONTAINS", "BEGINSWITH", "ENDSWITH"])
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)"""
    r"""|(?P<mark>!=|<=|>=|[=<>!(){},\[\]]))"""
)


class FilterError(Exception):
    """An expression that cannot be evaluated: where, and why."""


def matcher(expression: str) -> Callable[[Mapping[str, Any], Trace], bool]:
    """A function of a trace's summary and the trace that tells whether it is wanted. Raises FilterError."""
    if not expression.strip():
        return lambda summary, trace: True
    test = _Parser(expression).whole()
    return lambda summary, trace: test(_subject(summary, trace))


class _Parser:
    def __init__(self, expression: str) -> None:
        self._tokens = _tokens(expression)
        self._at = 0

    def whole(self) -> Test:
        test = self._any_of()
        if self._next():
            raise FilterError(f"expected AND, OR or the end before {self._next()!r}")
        return test

    def _any_of(self) -> Test:
        tests = [self._all_of()]
        while self._takes("OR"):
            tests.append(self._all_of())
        return tests[0] if len(tests) == 1 else lambda subject: any(test(subject) for test in tests)

    def _all_of(self) -> Test:
        tests = [self._one()]
        while self._takes("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda subject: all(test(subject) for test in tests)

    def _one(self) -> Test:
        if self._takes("NOT", "!"):
            test = self._one()
            return lambda subject: not test(subject)
        if self._takes("("):
            test = self._any_of()
            self._expect(")")
            return test
        word = self._take()
        if word in FLAGS and self._next() not in ("=", "!="):
            return lambda subject: bool(subject.values.get(word))
        if word == "service":
            return self._service()
        if word == "annotation" or word.startswith("annotation."):
            return self._annotation(word)
        if word in FLAGS | NUMBERS | TEXTS:
            compare = self._comparison()
            return lambda subject: word in subject.values and compare(subject.values[word])
        raise FilterError(f"{word or 'the end'!r} is not a keyword that the local service evaluates")

    def _service(self) -> Test:
        names: list[Any] = []
        if self._takes("("):
            while not self._takes(")"):
                names.append(self._literal())
                self._takes(",")
        inner: Test = lambda subject: True  # noqa: E731
        if self._takes("{"):
            inner = self._any_of()
            self._expect("}")
        return lambda subject: any(inner(service) for name, service in subject.services if not names or name in names)

    def _annotation(self, word: str) -> Test:
        key = word.partition(".")[2]
        if not key:
            self._expect("[")
            key = self._take().strip('"')
            self._expect("]")
        if self._next() not in _COMPARE:
            return lambda subject: key in subject.annotations
        compare = self._comparison()
        return lambda subject: any(compare(value) for value in subject.annotations.get(key, ()))

    def _comparison(self) -> Callable[[Any], bool]:
        name = self._take()
        compare = _COMPARE.get(name)
        if compare is None:
            raise FilterError(f"expected one of {', '.join(_COMPARE)}, not {name or 'the end'!r}")
        wanted = self._literal()
        if name in _TEXT_ONLY and not isinstance(wanted, str):
            raise FilterError(f"{name} compares with a text in double quotes, not {wanted}")
        kind = str if isinstance(wanted, str) else bool if isinstance(wanted, bool) else (int, float)
        return lambda value: isinstance(value, kind) and compare(value, wanted)

    def _literal(self) -> Any:
        token = self._take()
        if token.startswith('"'):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.lower() in ("true", "false"):
            return token.lower() == "true"
        try:
            return float(token)
        except ValueError:
            raise FilterError(
                f"expected a number, true, false or a text in quotes, not {token or 'the end'!r}"
            ) from None

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        self._at += 1
        return token

    def _takes(self, *wanted: str) -> bool:
        if self._next().upper() in wanted:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._takes(mark):
            raise FilterError(f"expected {mark} before {self._next() or 'the end'!r}")


def _tokens(expression: str) -> list[str]:
    tokens: list[str] = []
    at, text = 0, expression.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise FilterError(f"{text[at:].strip()[:20]!r} at character {at + 1} cannot be read")
        word = found["word"]
        tokens.append(found.group().strip() if word is None or word.upper() not in _COMPARE else word.upper())
        at = found.end()
    return tokens


def _subject(summary: Mapping[str, Any], trace: Trace) -> Subject:
    """A trace, as conditions see it."""
    http = summary["Http"]
    flags = {"fault": summary["HasFault"], "error": summary["HasError"], "throttle": summary["HasThrottle"]}
    texts = {"http.url": "HttpURL", "http.method": "HttpMethod", "http.useragent": "UserAgent"}
    values: dict[str, Any] = {
        **flags,
        "ok": not any(flags.values()),
        "partial": summary["IsPartial"],
        "responsetime": summary["ResponseTime"],
        "duration": summary["Duration"],
        **{name: http[field] for name, field in {**texts, "http.clientip": "ClientIp"}.items() if field in http},
        **({"http.status": http["HttpStatus"]} if "HttpStatus" in http else {}),
        **({"user": summary["Users"][0]["UserName"]} if summary["Users"] else {}),
    }
    roots = trees(trace.documents.values())
    return Subject(values, _annotations(roots), tuple((root["name"], _service(root)) for root in roots))


def _service(root: dict[str, Any]) -> Subject:
    """A segment, as conditions on a service see it."""
    flags = {name: root.get(name) is True for name in ("fault", "error", "throttle")}
    taken = root.get("end_time", root["start_time"]) - root["start_time"]
    values = {**flags, "ok": not any(flags.values()), "partial": "end_time" not in root}
    return Subject({**values, "responsetime": taken, "duration": taken}, _annotations([root]))


def _annotations(roots: Iterable[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for root in roots:
        for entity in entities(root):
            for name, value in table(entity.get("annotations")).items():
                found[name] = (*found.get(name, ()), value)
    return found
