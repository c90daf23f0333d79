"""The codec against AWS's own marshaller, and its three roads (small, large, exact) against each other."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import functools
import json
import math
import os
import subprocess
import sys
import uuid
from decimal import Decimal
from types import ModuleType
from typing import Any, ClassVar, NamedTuple
from unittest import mock

import orjson  # imported, so that every event above SMALL_EVENT takes the large road
import pytest
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lambdakit import codec
from lambdakit.exceptions import MarshalFault, UnmarshalFault
from tests.runtime_process import ROOT

assert orjson.__name__ in sys.modules

ESCAPES = LambdaMarshaller()
with mock.patch.dict(os.environ, AWS_EXECUTION_ENV="AWS_Lambda_python3.13"):
    RAW = LambdaMarshaller()


class Point(NamedTuple):
    x: Any
    y: Any


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Colour(str, enum.Enum):
    RED = "red"


class Text(str):
    __slots__ = ()


class Number(float):
    __slots__ = ()


# -- values ------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ANY_TEXTS = st.text(st.characters(), max_size=8)  # lone surrogates too
INTEGERS = (
    st.integers() | st.integers(-(2**70), 2**70) | st.sampled_from([2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**40])
)
FLOATS = st.floats() | st.sampled_from([-0.0, 1e16, 1e-7, 1e22, 5e-324, 123456789012345680.0])
FINITE = FLOATS.filter(math.isfinite)
PLAIN = st.none() | st.booleans() | INTEGERS | FINITE | TEXTS
DECIMALS = st.decimals() | st.sampled_from([Decimal("1.10"), Decimal("1E+30"), Decimal("-0.00"), Decimal("sNaN")])
UNUSUAL = (
    FLOATS
    | ANY_TEXTS
    | DECIMALS
    | TEXTS.map(str.encode)
    | st.sampled_from([Level.LOW, Colour.RED, Text("text"), Number(2.5)])
)
KEYS = (
    TEXTS | INTEGERS | FLOATS | st.booleans() | st.none() | TEXTS.map(str.encode) | st.sampled_from([*Level, *Colour])
)


def nested(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(keys, inner, max_size=4)
            | st.builds(Point, inner, inner)
        ),
        max_leaves=15,
    )


JSON_VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)
RESULTS = nested(PLAIN | UNUSUAL, KEYS)

PADDINGS = {
    "many values": [0] * (codec.LARGE_NODES + 1),
    "much text": "x" * (codec.LARGE_TEXT + 1),
}


def official(value: Any, marshaller: Any = RAW) -> bytes:
    text: str = marshaller.marshal_response(value)[0]
    return text.encode()


def has_surrogate(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def read(text: bytes) -> Any:
    """A JSON text as a value that shows everything but white space: order, repeated keys, digits, constants."""
    return json.loads(text, parse_float=Decimal, parse_constant=str, object_pairs_hook=lambda pairs: ("object", pairs))


def same(a: Any, b: Any) -> bool:
    """Equality that tells 1 from 1.0 and True, -0.0 from 0.0, and holds NaN equal to itself; dicts in order."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return repr(a) == repr(b)
    if isinstance(a, dict):
        return [*a] == [*b] and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


# -- encoding: against AWS's client ------------------------------------------------------------------------------


@given(JSON_VALUES)
def test_small_plain_results_are_the_official_bytes(value):
    assert codec.encode(value) == official(value)


@given(RESULTS)
@example({1e-07: Decimal("1.10"), 1e16: b"bytes", True: Point(1, None)})
@example([float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_small_results_are_the_official_bytes(value):
    assume(type(value) is not bytes)  # those are not JSON, and are posted as they are
    text = RAW.marshal_response(value)[0]
    if has_surrogate(text):  # AWS's client would die of it; one that escapes everything would write this
        assert read(codec.encode(value)) == read(official(value, ESCAPES))
    else:
        assert codec.encode(value) == text.encode()


@pytest.mark.parametrize("padding", PADDINGS.values(), ids=PADDINGS)
@given(RESULTS)
@example({1e-07: 1, 1e16: 2, 1e-05: 3, 0.5: 4})
@example({float("nan"): 1})
@example([float("-inf"), None])
@example(Decimal("1.10"))
def test_large_results_have_the_official_values(padding, value):
    assert read(codec.encode([value, padding])) == read(official([value, padding], ESCAPES))


@given(st.lists(FLOATS, min_size=1, max_size=5), st.lists(INTEGERS | FLOATS | st.none(), max_size=30))
def test_a_non_finite_number_in_a_large_result_is_never_written_as_null(numbers, others):
    value = [others, [None] * (codec.LARGE_NODES + 1), numbers, {"in a key's value": numbers[0]}]
    assert read(codec.encode(value)) == read(official(value))


@given(st.dictionaries(KEYS, FLOATS, min_size=1, max_size=3))
def test_non_finite_numbers_as_keys_of_a_large_result(value):
    value = {"pad": PADDINGS["many values"], "value": value}
    assert read(codec.encode(value)) == read(official(value, ESCAPES))


@pytest.mark.parametrize("padding", PADDINGS.values(), ids=PADDINGS)
def test_large_results_are_compact_and_not_escaped(padding):
    assert codec.encode({"a": ["ä", 1], "b": padding}).startswith('{"a":["ä",1],"b":'.encode())


def test_the_road_depends_on_the_value_alone():
    """The same value gives the same bytes, whatever came before it and whether orjson is imported or not."""
    script = (
        "import sys; from lambdakit import codec\n"
        "values = [{'a': [1, 'ä']}, [[0] * 999], [[0] * 1000], ['x' * 65536], ['x' * 65537]]\n"
        "first = [codec.encode(value) for value in values]\n"
        "import orjson\n"
        "assert [codec.encode(value) for value in values] == first\n"
        "print([b', ' in text or len(text) < 70000 and text[1:2] == b'\"' for text in first])"
    )
    assert run_python(script) == "[True, True, False, True, True]\n"


REFUSED = {
    "set": {1},
    "object": object(),
    "bytearray": bytearray(b"x"),
    "range": range(3),
    "class": int,
    "timedelta": datetime.timedelta(1),
    "generator": (n for n in ()),
    "tuple as key": {(1,): 1},
    "Decimal as key": {Decimal(1): 1},
    "bytes that are not text": [b"\xff"],
    "too many digits": 10**5000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_json_is_refused_in_the_official_words(name):
    value = REFUSED[name]
    with pytest.raises(FaultException) as theirs:
        official(value)
    with pytest.raises(MarshalFault) as ours:
        codec.encode(value)
    place = " at $[0]" if name == "bytes that are not text" else ""
    assert str(ours.value) == theirs.value.msg + place
    assert ours.value.error_type == theirs.value.exception_type == "Runtime.MarshalError"


@pytest.mark.parametrize("size", [1, 2000])
def test_a_circular_result_is_refused_in_the_official_words(size):
    for value in ([0] * size, {str(n): n for n in range(size)}):
        loop: Any = value
        loop[0 if isinstance(loop, list) else "loop"] = {"back": loop}
        with pytest.raises(MarshalFault, match=r"^Unable to marshal response: Circular reference detected$"):
            codec.encode(loop)


@pytest.mark.parametrize("depth", [990, 5_000, 100_000])
def test_too_deep_a_result_is_refused_in_the_official_words(depth):
    value: Any = 1
    for _ in range(depth):
        value = [value]
    try:
        text = codec.encode(value)
    except MarshalFault as fault:
        said = "Unable to marshal response: maximum recursion depth exceeded while encoding a JSON object"
        assert (fault.message, fault.error_type) == (said, "Runtime.MarshalError")  # noqa: PT017
    else:
        assert text == b"[" * depth + b"1" + b"]" * depth
    finally:
        while isinstance(value, list):  # freed level by level: the interpreter's own way is recursive
            value = value[0]


@pytest.mark.parametrize("depth", [300, 800])
@pytest.mark.parametrize(
    "leaf", [Decimal("1.10"), [0] * 2000, "\ud800", {"k": 1}], ids=["Decimal", "large", "text", "dict"]
)
def test_a_result_nested_as_deep_as_officially_possible(depth, leaf):
    value: Any = leaf
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    assert read_deep(codec.encode(value)) == read_deep(official(value, ESCAPES))


def read_deep(text: bytes) -> str:
    """The text without white space, lone surrogates escaped: a deep value is too deep for `==`."""
    return text.decode().replace(" ", "")


class Broken(dict[str, Any]):
    def items(self) -> Any:
        raise KeyError("items of its own")


def test_what_the_values_own_code_raises_is_a_marshal_fault():
    with pytest.raises(MarshalFault, match="Unable to marshal response: 'items of its own'") as caught:
        codec.encode(Broken(a=1))
    assert isinstance(caught.value.__cause__, KeyError)


PLACES = [
    ({"items": [1, 2, 3, {4}]}, "$.items[3]"),
    ({"a b": {1}}, '$["a b"]'),
    ([[[object()]]], "$[0][0][0]"),
    ({"a": {"b": [{"c": {1}}]}}, "$.a.b[0].c"),
    ({1: {2}}, '$["1"]'),
    ((0, Point(1, {2})), "$[1].y"),
    ({"ok": [Decimal(1), "\ud800", (1,)], "bad": b"\xff"}, "$.bad"),
]


@pytest.mark.parametrize("padding", [None, *PADDINGS.values()], ids=["small", *PADDINGS])
@pytest.mark.parametrize(("value", "place"), PLACES, ids=[place for _, place in PLACES])
def test_the_message_names_the_place(value, place, padding):
    if padding is not None:
        value, place = {"pad": padding, "value": value}, "$.value" + place[1:]
    with pytest.raises(MarshalFault) as caught:
        codec.encode(value)
    assert str(caught.value).endswith(f" at {place}")


# -- encoding: beyond AWS's client -------------------------------------------------------------------------------


@dataclasses.dataclass
class Order:
    number: int
    lines: list[Any] = dataclasses.field(default_factory=list)
    _cache: int = 0


@dataclasses.dataclass
class Slotted:
    __slots__ = ("name",)
    name: str


@dataclasses.dataclass
class Cached:
    KIND: ClassVar[str] = "class variable"
    number: int

    @functools.cached_property
    def double(self) -> int:
        return self.number * 2


CACHED = Cached(2)
assert CACHED.double == 4  # kept in the instance's __dict__ from now on


class Plain(enum.Enum):
    A = "a"
    B = (1, 2)
    C = None


UTC = datetime.timezone.utc
INDIA = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
EXTRAS = [
    (datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),
    (datetime.datetime(2026, 1, 2, 3, 4, 5, 600, UTC), "2026-01-02T03:04:05.000600+00:00"),
    (datetime.datetime(1, 1, 1, tzinfo=INDIA), "0001-01-01T00:00:00+05:30"),
    (datetime.date(2026, 1, 2), "2026-01-02"),
    (datetime.time(3, 4, 5), "03:04:05"),
    (datetime.time(3, 4, 5, tzinfo=INDIA), "03:04:05+05:30"),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (Order(1, [Order(2)]), {"number": 1, "lines": [{"number": 2, "lines": []}]}),
    (Slotted("s"), {"name": "s"}),
    (CACHED, {"number": 2}),
    (Plain.A, "a"),
    (Plain.B, [1, 2]),
    (Plain.C, None),
    (
        {uuid.UUID(int=1): 1, datetime.date(2026, 1, 2): 2, Plain.A: 3},
        {f"{uuid.UUID(int=1)}": 1, "2026-01-02": 2, "a": 3},
    ),
]


@pytest.mark.parametrize(("value", "means"), EXTRAS, ids=[repr(value)[:40] for value, _ in EXTRAS])
def test_datetimes_uuids_dataclasses_and_enums_on_all_roads(value, means):
    assert codec.encode(value) == json.dumps(means).encode()
    for padding in PADDINGS.values():
        assert read(codec.encode([value, padding])) == read(json.dumps([means, padding]).encode())
        exact = codec.encode([value, float("nan"), padding])  # NaN: orjson would lose it
        assert read(exact) == read(json.dumps([means, float("nan"), padding]).encode())


@given(RESULTS)
def test_what_was_encoded_decodes_to_what_json_makes_of_it(value):
    text = codec.encode(value)
    assume(not any(constant in text for constant in (b"NaN", b"Infinity")))
    assert same(codec.decode(text), json.loads(text))


# -- decoding ----------------------------------------------------------------------------------------------------


def their_decoding(body: bytes) -> tuple[str, Any]:
    try:
        return "value", ESCAPES.unmarshal_request(body)
    except FaultException as fault:
        return fault.exception_type, fault.msg


def our_decoding(body: bytes | bytearray) -> tuple[str, Any]:
    try:
        return "value", codec.decode(body)
    except UnmarshalFault as fault:
        return fault.error_type, fault.message


def check_decoding(body: bytes) -> None:
    theirs = their_decoding(body)
    for form in (body, bytearray(body)):
        ours = our_decoding(form)
        assert ours[0] == theirs[0], (ours, theirs)
        assert same(ours[1], theirs[1]), (ours, theirs)


def padded(body: bytes, where: str) -> bytes:
    pad = b'"%b"' % (b"x" * codec.SMALL_EVENT)
    return {"front": b"[%b, %b]" % (pad, body), "back": b"[%b,%b]" % (body, pad)}[where]


DOCUMENTS = [
    b"{}",
    b'""',
    b" \r\n\t[1 , 2]\n ",
    b"\xef\xbb\xbf{}",
    b"\xef\xbb\xbf [1]",
    b"12345678901234567890123",
    b"-12345678901234567890123",
    b" -12345678901234567890123",
    b"[12345678901234567890123]",
    b"[ -12345678901234567890123 ]",
    b"[1,-12345678901234567890123]",
    b'{"a":12345678901234567890123,"b":\n18446744073709551616}',
    b"[9223372036854775807,9223372036854775808,-9223372036854775809,18446744073709551615]",
    b"[999999999999999999,1000000000000000000,99999999999999999999]",
    b'["12345678901234567890123","-12345678901234567890123 "]',
    b"[12345678901234567890123.5, 1.2345678901234567890123, 12345678901234567890123e5]",
    b'{"a":1,"b":2,"a":3}',
    b'{"a":{"a":1,"a":2},"a":12345678901234567890123}',
    b'"\\ud800"',
    b'["\\udc00\\ud800", "\\ud83d\\ude00"]',
    b"-0",
    b"-0.0",
    b"0.1",
    b"[1e400,-1e400,1E+2,1e-400]",
    b'"\\u0000\\/\\b"',
    '["ä€😀"]'.encode(),
]


@pytest.mark.parametrize("body", DOCUMENTS)
def test_these_documents_decode_as_officially(body):
    assert their_decoding(body)[0] == "value"
    check_decoding(body)
    if not body.startswith(b"\xef\xbb\xbf"):
        check_decoding(padded(body, "front"))
        check_decoding(padded(body, "back"))


@pytest.mark.parametrize("space", [b"", b" ", b"\n" * 5000, b"\xef\xbb\xbf", b"\xef\xbb\xbf" + b" " * 5000])
@pytest.mark.parametrize("number", [b"12345678901234567890123", b"-12345678901234567890123", b"1" * 4200])
def test_a_long_integer_alone_is_exact(space, number):
    assert codec.decode(space + number + b" ") == int(number)
    assert codec.decode(bytearray(space + number)) == int(number)


NOT_JSON = [
    b"",
    b" ",
    b"\xef\xbb\xbf",
    b"nul",
    b"NaN",
    b"[NaN]",
    b'{"NaN": NaN}',
    b'["NaN", Infinity]',
    b"-Infinity",
    b"[1,]",
    b'{"a":1,}',
    b"{'a':1}",
    b'{"a" 1}',
    b'{"a":}',
    b"{a:1}",
    b"[1 2]",
    b"[",
    b"{",
    b'"abc',
    b'"\\x"',
    b'"\\u12"',
    b'"a\nb"',
    b"01",
    b"+1",
    b".5",
    b"1.",
    b"1 2",
    b'{"a": 1} x',
    b'{"a": 1}\n\n}',
    b"\xff",
    b'"\xed\xa0\x80"',
    b"\xef\xbb\xbf\xef\xbb\xbf1",
]


@pytest.mark.parametrize("body", NOT_JSON)
def test_what_is_not_json_is_refused(body):
    theirs, ours = their_decoding(body), our_decoding(body)
    assert ours[0] == theirs[0] == "Runtime.UnmarshalError"
    assert ours[1].startswith("Unable to unmarshal input: ")
    assert our_decoding(bytearray(padded(body, "front") if body.strip() else body))[0] == "Runtime.UnmarshalError"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b"[NaN]", "Expecting value: line 1 column 2 (char 1)"),
        (b'{"NaN":\n NaN}', "Expecting value: line 2 column 2 (char 9)"),
        (b'{"a": 1} x', "Extra data: line 1 column 10 - line 1 column 11 (char 9 - 10)"),
        (b'{"a": 1}\n\n}', "Extra data: line 3 column 1 - line 3 column 2 (char 10 - 11)"),
        (b"nul", "Expecting value: line 1 column 1 (char 0)"),
        (b'{"a":}', "Expecting value: line 1 column 6 (char 5)"),
    ],
)
def test_the_message_says_where(body, says):
    assert our_decoding(body)[1] == f"Unable to unmarshal input: {says}"
    assert their_decoding(body)[1] == f"Unable to unmarshal input: {says}"


@given(JSON_VALUES, st.sampled_from([None, "front", "back"]), st.booleans(), st.sampled_from([None, 1]))
def test_any_document_decodes_as_officially(value, where, escaped, indent):
    body = json.dumps(value, ensure_ascii=escaped, indent=indent).encode()
    check_decoding(body if where is None else padded(body, where))


@given(ANY_TEXTS, st.sampled_from([None, "front", "back"]))
def test_escaped_lone_surrogates_survive(text, where):
    body = json.dumps([text, {text: text}]).encode()
    check_decoding(body if where is None else padded(body, where))


@given(
    st.lists(st.integers(-(10**40), 10**40), max_size=5),
    st.sampled_from([b",", b" ,", b", ", b",\n", b",\t "]),
    st.sampled_from([None, "front", "back"]),
)
def test_integers_of_any_size_are_exact_wherever_they_stand(numbers, comma, where):
    body = b"[" + comma.join(b"%d" % number for number in numbers) + b"]"
    body = b'{"a":%b,"b":{"c":%b}}' % (body, body)
    decoded = codec.decode(body if where is None else padded(body, where))
    inner = decoded if where is None else decoded[0 if where == "back" else 1]
    assert inner == {"a": numbers, "b": {"c": numbers}}
    assert all(type(number) is int for number in inner["a"])


@given(JSON_VALUES, st.data())
def test_damaged_documents_are_refused_or_read_as_officially(value, data):
    body = bytearray(json.dumps(value, ensure_ascii=False).encode())
    place = data.draw(st.integers(0, len(body)))
    body[place : place + data.draw(st.integers(0, 2))] = data.draw(
        st.sampled_from(
            [b"", b"x", b'"', b",", b"]", b"}", b"{", b"0", b"-", b"\\", b"\xff", b" ", b"1e9", b"\n", b":"]
        )
    )
    theirs, ours = their_decoding(bytes(body)), our_decoding(bytes(body))
    assert ours[0] == theirs[0]
    if ours[0] == "value":
        assert same(ours[1], theirs[1])


@given(st.binary(max_size=40))
def test_garbage_is_refused_or_read_as_officially(body):
    assert our_decoding(body)[0] == their_decoding(body)[0]


@pytest.mark.parametrize("depth", [100, 900])
@pytest.mark.parametrize("where", [None, "front", "back"])
def test_deep_nesting_decodes(depth, where):
    body = b"[" * depth + b"]" * depth
    decoded: Any = codec.decode(body if where is None else padded(body, where))
    inner = decoded if where is None else decoded[0 if where == "back" else 1]
    levels = 0
    while inner:
        inner, levels = inner[0], levels + 1
    assert levels == depth - 1


@pytest.mark.parametrize("body", [b"[" * 200_000, b"[" * 200_000 + b"]" * 200_000, b'{"a":' * 200_000])
def test_bottomless_nesting_is_refused(body):
    with pytest.raises(UnmarshalFault, match="Unable to unmarshal input: "):
        codec.decode(body)


# -- what it costs -----------------------------------------------------------------------------------------------


def run_python(script: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout


HEAVY = "print([name for name in ('orjson', 'json', 're', 'lambdakit.codec_exact', 'decimal') if name in sys.modules])"


def test_small_payloads_import_nothing():
    script = (
        "import sys; from lambdakit import codec\n"
        "for n in range(2000): assert codec.decode(codec.encode({'a': [n, 'ä', None, 1.5]}))['a'][0] == n\n"
        "codec.decode(b'[' + b'1,' * 50_000 + b'1]')\n" + HEAVY
    )
    assert run_python(script) == "[]\n"


def test_orjson_is_imported_once_enough_bytes_have_passed():
    script = (
        "import sys; from lambdakit import codec\n"
        "event = b'[' + b'1,' * 10_000 + b'1]'\n"
        "count = 0\n"
        "while 'orjson' not in sys.modules and count < 1000: codec.decode(event); count += 1\n"
        "print(count * len(event) - codec.ORJSON_PAYS_AFTER < len(event), 1 < count < 1000)\n"
    )
    assert run_python(script) == "True True\n"


def test_orjson_is_used_at_once_where_the_function_has_it():
    script = (
        "import sys, orjson; from lambdakit import codec\n"
        "codec.decode(b'[' + b'1,' * 5_000 + b'1]'); print(codec._orjson is orjson)"
    )
    assert run_python(script) == "True\n"


def test_a_value_is_written_while_another_thread_imports_the_module_of_a_class(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "decimal", ModuleType("half_made"))
    with pytest.raises(MarshalFault, match="set"):
        codec.encode({"at": {1}})
