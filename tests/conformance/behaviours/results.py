"""Results out: which JSON each Python value becomes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.conformance.case import PYTHON_312, does, returns

if TYPE_CHECKING:
    from tests.conformance.case import Case

# What every row looks at: the bytes the caller gets, whether they are a result or an error, their content type.
value = partial(returns, looks_at=("result", "outcome", "content_type"))
action = partial(does, looks_at=("result", "outcome", "content_type"))
raw = partial(value, setting=PYTHON_312)

CASES: tuple[Case, ...] = (
    value("result.none", "None is null", "None"),
    value("result.str", "a string is a JSON string", "'x'"),
    value("result.empty-str", "an empty string too", "''"),
    value("result.int", "an int is its digits", "1"),
    value("result.negative-zero", "-0.0 keeps its sign", "-0.0"),
    value("result.float", "a float is its shortest repr", "0.1"),
    value("result.float-exponent", "large floats have an exponent with sign",
        "[1e100, 1e16, 1.5e300, 1e-7, 123456789.125]"),
    value("result.bool", "booleans are true and false", "[True, False]"),
    value("result.big-int", "integers of any size are exact", "[10**30, -(2**63) - 1, 2**64]"),
    value("result.nan", "NaN and the infinities are written, not refused", "float('nan')"),
    value("result.infinity", "Infinity", "[float('inf'), float('-inf')]"),
    value("result.separators", "separators are ', ' and ': '", "{'a': [1, {'b': 2}], 'c': 'd'}"),
    value("result.key-order", "keys keep the order of insertion", "{'b': 1, 'a': 2, 'c': 3}"),
    value("result.empty-containers", "empty containers", "[{}, [], (), '']"),
    value("result.escapes", "what JSON must escape, and no more", "'\\\"\\\\\\n\\t\\r\\x00\\x1f\\x7f/<>&'"),
    value("result.line-separators", "U+2028 is not escaped by itself", "'\\u2028'", setting=PYTHON_312),
    value("result.decimal", "a Decimal is its digits", "Decimal('1.10')", "from decimal import Decimal"),
    value("result.decimal-exponent", "with exponent", "[Decimal('1E+30'), Decimal('-0')]",
        "from decimal import Decimal"),
    value("result.decimal-nan", "Decimal NaN, also signalling, is NaN", "[Decimal('NaN'), Decimal('sNaN')]",
        "from decimal import Decimal"),
    value("result.decimal-infinity", "Decimal infinity", "[Decimal('Infinity'), Decimal('-Infinity')]",
        "from decimal import Decimal"),
    value("result.bytes", "bytes are the body, application/unknown", "b'raw \\x00\\xff bytes'",
        places=("engine", "fake"), alone=True),
    value("result.bytes-empty", "empty bytes are an empty body", "b''"),
    value("result.bytes-nested", "nested bytes are text", "{'a': b'text', b'key': 1}"),
    value("result.bytes-undecodable", "nested bytes that are not UTF-8 are a MarshalError", "[b'\\xff']"),
    value("result.bytearray", "a bytearray has no JSON form", "bytearray(b'x')"),
    value("result.memoryview", "nor has a memoryview", "memoryview(b'x')"),
    value("result.tuple", "a tuple is an array", "(1, (2, 3))"),
    value("result.namedtuple", "a namedtuple is an object", "[P(1, 2)]", """
        from collections import namedtuple
        P = namedtuple('P', 'x y')
        """),
    value("result.asdict", "anything with _asdict() is an object", "{'a': A()}", """
        class A:
            def _asdict(self): return {'x': 1}
        """),
    value("result.int-enum", "an IntEnum is its number", "[E.A, {E.A: 1}]", """
        from enum import IntEnum
        class E(IntEnum):
            A = 1
        """),
    value("result.str-enum", "a str Enum is its value", "[E.A, {E.A: 1}]", """
        from enum import Enum
        class E(str, Enum):
            A = 'a'
        """),
    value("result.int-flag", "an IntFlag is its number", "F.A | F.B", """
        from enum import IntFlag
        class F(IntFlag):
            A = 1
            B = 2
        """),
    value("result.enum", "a plain Enum is a MarshalError", "E.A", """
        from enum import Enum
        class E(Enum):
            A = 'a'
        """),
    value("result.keys", "int, float, bool and None keys become strings", "{1: 1, 1.5: 2, True: 3, None: 4}"),
    value("result.key-true", "True as key", "{True: 1, False: 0}"),
    value("result.key-nan", "NaN as key", "{float('nan'): 1, float('inf'): 2, 1e100: 3}"),
    value("result.key-twice", "keys that become equal are both written", "{1: 'a', '1': 'b'}"),
    value("result.key-tuple", "a tuple as key is a MarshalError", "{(1, 2): 3}"),
    value("result.key-decimal", "a Decimal as key is a MarshalError", "{Decimal('1'): 3}",
        "from decimal import Decimal"),
    value("result.set", "a set is a MarshalError", "{1, 2}"),
    value("result.set-nested", "also when nested", "{'items': [1, {'tags': {1}}]}"),
    value("result.object", "an object is a MarshalError", "object()"),
    value("result.function", "a function is a MarshalError", "handler"),
    value("result.exception", "an exception that is returned is a MarshalError", "ValueError('x')"),
    value("result.complex", "a complex number is a MarshalError", "1j"),
    value("result.generator-expression", "a generator expression is a MarshalError", "(i for i in [1])"),
    value("result.map", "an iterator is a MarshalError", "map(str, [1])"),
    value("result.range", "a range is a MarshalError", "range(3)"),
    value("result.dict-view", "a view of a dict is a MarshalError", "{'a': 1}.keys()"),
    value("result.datetime", "a datetime is a MarshalError", "datetime(2026, 1, 2, 3, 4, 5)",
        "from datetime import datetime"),
    value("result.date", "a date is a MarshalError", "date(2026, 1, 2)", "from datetime import date"),
    value("result.uuid", "a UUID is a MarshalError", "UUID(int=1)", "from uuid import UUID"),
    value("result.dataclass", "a dataclass is a MarshalError", "D(1, 'b')", """
        from dataclasses import dataclass
        @dataclass
        class D:
            x: int
            y: str
        """),
    value("result.path", "a Path is a MarshalError", "Path('/tmp')", "from pathlib import Path"),
    action("result.circular-list", "a circular list is a MarshalError", "a = []\na.append(a)\nreturn a"),
    action("result.circular-dict", "a circular dict is a MarshalError", "a = {}\na['a'] = a\nreturn a"),
    action("result.too-deep", "too deep is a MarshalError", "a = []\nfor _ in range(100_000):\n    a = [a]\nreturn a"),
    action("result.shared", "one object twice is not circular", "a = [1]\nreturn {'a': a, 'b': a, 'c': [a, a]}"),
    value("result.subclass-str", "subclasses of str are strings", "S('x')", """
        class S(str):
            def __str__(self): return 'other'
        """),
    value("result.subclass-int", "subclasses of int are numbers", "I(7)", """
        class I(int):
            def __repr__(self): return 'other'
        """),
    value("result.subclass-float", "subclasses of float are numbers", "F(7)", """
        class F(float):
            def __repr__(self): return 'other'
        """),
    value("result.subclass-dict", "subclasses of dict are objects",
        "[OrderedDict(b=1, a=2), defaultdict(int, {'x': 1}), Counter('aab')]",
        "from collections import Counter, OrderedDict, defaultdict"),
    value("result.subclass-list", "subclasses of list are arrays", "L([1])", "class L(list): pass"),
    value("result.deque", "a deque is a MarshalError", "deque([1])", "from collections import deque"),
    value("result.mapping", "a Mapping that is no dict is a MarshalError", "MappingProxyType({'a': 1})",
        "from types import MappingProxyType"),
    value("result.non-ascii", "text beyond ASCII is escaped without AWS_EXECUTION_ENV", "'é 李'"),
    value("result.astral", "astral characters are surrogate pairs", "'\\U0001f600'"),
    raw("result.non-ascii-raw", "from Python 3.12 on text is raw UTF-8", "{'é': '李 \\U0001f600'}"),
    value("result.lone-surrogate", "a lone surrogate is escaped", "'\\ud800'"),
    raw("result.lone-surrogate-raw", "from Python 3.12 on a lone surrogate ends the process", "'\\ud800'", alone=True),
    value("result.large", "a large result has the same text",
        "{'items': [{'id': i, 'name': 'n%d' % i} for i in range(3000)]}"),
    value("result.large-text", "a large string has the same text", "'x' * 200_000"),
    value("result.large-nan", "a large result may hold NaN", "[float('nan')] * 5000"),
    value("result.large-big-int", "and integers of any size", "[10**30] * 5000"),
    value("result.large-decimal", "and Decimals", "[Decimal('1.10')] * 5000", "from decimal import Decimal"),
    value("result.large-set", "and what is wrong in it is a MarshalError", "[1] * 5000 + [{1}]"),
)  # fmt: skip
