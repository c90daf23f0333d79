"""Events in: what the handler receives for each body and content type."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.conformance.case import Case, Step, does, function
from tests.fake_runtime_api import chunk

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOW = function("return [type(event).__name__, repr(event)]")
DIGEST = function(
    "text = event if isinstance(event, bytes) else json.dumps(event).encode()\n"
    "return [type(event).__name__, len(text), hashlib.sha256(text).hexdigest()]",
    "import hashlib, json",
)


def takes(id: str, contract: str, event: bytes, **options: Any) -> Case:
    """A case whose handler shows what it got."""
    step = Step(event, content_type=options.pop("content_type", "application/json"))
    return Case(f"event.{id}", contract, options.pop("files", SHOW), steps=(step,), **options)


def served(id: str, contract: str, event: bytes, answer: Mapping[str, Any], **options: Any) -> Case:
    """A case about how the server sends the event: on the scripted Runtime API, in a process of its own."""
    step = Step(event, answer=answer)
    looks_at = ("result", "exit")
    files = options.pop("files", SHOW)
    return Case(
        f"event.{id}", contract, files, steps=(step,), places=("fake",), looks_at=looks_at, alone=True, **options
    )


# The caller's content type reaches the function in lambdakit's engine (as on AWS), not in AWS's emulator.
typed = partial(takes, places=("engine",))
LARGE = json.dumps({"items": [{"id": n, "text": "é" * 20, "big": 10**25} for n in range(6000)]}).encode()
LARGE_PLAIN = json.dumps([{"id": str(n), "x": n / 7, "none": None} for n in range(30000)]).encode()

CASES: tuple[Case, ...] = (
    takes("object", "an object is a dict", b'{"a": {"b": [1, 2]}}'),
    takes("array", "an array is a list", b"[1, [2], {}]"),
    takes("string", "a string is a str", b'"text"'),
    takes("integer", "an integer is an int", b"7"),
    takes("float", "a float is a float", b"[0.1, 1e3, -0.0, 1E-7]"),
    takes("constants", "true, false, null", b"[true, false, null]"),
    takes("null", "null is None", b"null"),
    takes("big-integer", "integers are exact at any size", b"[123456789012345678901234567890, -18446744073709551617]"),
    takes("big-float", "a float out of range is infinite", b"[1e400, -1e400]"),
    takes("nan", "NaN is no JSON", b'{"a": NaN}'),
    takes("infinity", "Infinity is no JSON", b"[Infinity]"),
    takes("minus-infinity", "-Infinity is no JSON", b"-Infinity"),
    takes("duplicate-key", "of duplicate keys the last wins", b'{"a": 1, "b": 2, "a": 3}'),
    takes("whitespace", "whitespace around is skipped", b" \r\n\t{ \"a\" : 1 }\n "),
    takes("bom", "a byte-order mark is skipped", b'\xef\xbb\xbf{"a": 1}'),
    takes("utf-8", "text is UTF-8", '{"é": "李 😀"}'.encode()),
    takes("escapes", "escapes are decoded", b'"\\u00e9\\n\\"\\\\\\/\\ud83d\\ude00"'),
    takes("lone-surrogate", "an escaped lone surrogate is kept", b'"\\ud800"'),
    takes("empty-body", "an empty body is an UnmarshalError", b""),
    takes("blank-body", "a blank body too", b"  \n"),
    takes("not-json", "what is not JSON is an UnmarshalError", b"hello"),
    takes("trailing", "trailing data is an UnmarshalError that says where", b'{"a": 1}\n tail'),
    takes("trailing-comma", "a trailing comma in an object", b'{"a": 1,}'),
    takes("trailing-comma-array", "a trailing comma in an array", b"[1,]"),
    takes("single-quotes", "single quotes are no JSON", b"{'a': 1}"),
    takes("unclosed-object", "an object that does not end", b'{"a": 1'),
    takes("unclosed-array", "an array that does not end", b"[1, 2"),
    takes("unclosed-string", "a string that does not end", b'{"a": "text'),
    takes("missing-colon", "a key without a value", b'{"a" 1}'),
    takes("missing-value", "a colon without a value", b'{"a": }'),
    takes("missing-comma", "two values without a comma", b"[1 2]"),
    takes("control-character", "a raw control character in a string", b'"a\x01b"'),
    takes("newline-in-string", "a raw newline in a string", b'"a\nb"'),
    takes("bad-escape", "an escape that is none", b'"\\x"'),
    takes("bad-unicode-escape", "half a unicode escape", b'"\\u12"'),
    takes("leading-zero", "a leading zero", b"012"),
    takes("leading-plus", "a leading plus", b"+1"),
    takes("bare-point", "a bare point", b".5"),
    takes("half-number", "a minus alone", b"-"),
    takes("second-line", "errors give line and column", b'{\n "a": 1,\n "b": x\n}'),
    takes("invalid-utf-8", "bytes that are not UTF-8", b'"\xff\xfe"'),
    takes("broken-first", "a broken event may be the very first", b'{"a" 1}', alone=True),
    takes("utf-16", "UTF-16 is not accepted", '{"a": 1}'.encode("utf-16")),
    takes("nul", "a NUL byte after the document", b"{}\x00"),
    takes("deep", "deep nesting within the limit", b"[" * 400 + b"]" * 400),
    takes("large", "a large event with integers of any size", LARGE, files=DIGEST),
    takes("large-plain", "a large event without", LARGE_PLAIN, files=DIGEST),
    takes("large-broken", "a large event that is broken at its end", LARGE_PLAIN[:-1] + b"}", files=DIGEST),
    does(
        "event.mutable",
        "an event is the handler's own",
        "event.append(1)\nreturn event",
        steps=(Step(b"[]"), Step(b"[]")),
    ),
    typed("type-text", "another content type gives bytes", b"[1]", content_type="text/plain"),
    typed("type-charset", "even application/json with a charset", b"[1]",
        content_type="application/json; charset=utf-8"),
    typed("type-case", "and in capital letters", b"[1]", content_type="Application/JSON"),
    typed("type-binary", "bytes are as they came", b"\x00\xff\r\n", content_type="application/octet-stream"),
    served("chunked", "the server may send chunks", b'{"a": 1}', {"framing": "chunked"}),
    served("chunked-small", "very small ones", b"", {"raw": (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: id\r\n"
        b"Lambda-Runtime-Deadline-Ms: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b'{"abc": [1, 2]}', 1)
    )}, until=lambda api: api.holding),
    served("one-byte-at-a-time", "and one byte at a time", b'{"a": 1}', {"split": 1}),
    served("large-split", "a large event in many pieces", LARGE_PLAIN, {"split": 10_007}, files=DIGEST),
    served("lower-case-headers", "header names in any case", b"[1]", {"headers": {
        "Content-Type": None, "content-type": "application/json", "LAMBDA-RUNTIME-FOO": "x"}}),
    served("no-content-type", "an event without a content type kills the runtime", b"[1]", {"headers": {
        "Content-Type": None}}),
    served("empty-content-type", "an event with an empty content type", b"[1]", {"headers": {"Content-Type": ""}}),
)  # fmt: skip
