"""The exact road of `lambdakit.codec`: slower, right for every value, and the only place that words an encoding error.

It writes JSON in the managed runtime's form (`", "`, `": "`, `NaN`, the digits of a `Decimal`), adds the types the
package promises beside JSON's own, and knows at every moment where in the value it stands, so that an error can say so.
It is imported when a value needs it, never on the way to the first event.
"""

from __future__ import annotations

import marshal
import math
import re
import sys
from _json import encode_basestring
from importlib import import_module

from lambdakit.codec import NotAConstant
from lambdakit.exceptions import MarshalFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ("decode", "encode", "holds_nan", "large_default", "may_hold_float_key")

_WHITESPACE = " \t\n\r"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

_SURROGATE = re.compile("[\ud800-\udfff]")
# A key that may be a float: what Python writes as 1e-05, orjson writes as 0.00001.
_FLOAT_KEY = re.compile(rb'"-?[0-9]+[.e][0-9.e+-]*":')

_END = object()
_PREFIX = "Unable to marshal response: "

# An IEEE 754 double with all exponent bits set (NaN or an infinity), little-endian, behind marshal's float type byte
# `g`, whose high bit marks an object that is referred to again. Looked for from its last byte: such bytes are rare in
# text, so they are found at the speed of memchr.
_LAST_BYTES = (b"\x7f", b"\xff")
_FEW = 1_000


def decode(body: bytes | bytearray, scan: Callable[[str, int], tuple[Any, int]]) -> Any:
    """The value of a document that `scan` alone did not take: white space or a byte-order mark around it, or an error.

    Raises ValueError (or RecursionError) worded as the managed runtime words it, with line, column and position.
    """
    import_module("json.decoder")  # the scanner looks for its error class there, and fails without

    text = str(body, "utf-8")
    start = _skip_whitespace(text, 1 if text.startswith("\ufeff") else 0)
    try:
        value, end = scan(text, start)
    except StopIteration as stop:
        raise ValueError(f"Expecting value: {_place(text, stop.value)}") from None
    except NotAConstant as found:
        raise ValueError(f"Expecting value: {_place(text, _outside_strings(text, str(found)))}") from None
    end = _skip_whitespace(text, end)
    if end != len(text):
        raise ValueError(_extra_data(text, end))
    return value


def _skip_whitespace(text: str, start: int) -> int:
    while start < len(text) and text[start] in _WHITESPACE:
        start += 1
    return start


def _outside_strings(text: str, wanted: str) -> int:
    return _STRING.sub(lambda found: " " * len(found[0]), text).find(wanted)


def _place(text: str, position: int) -> str:
    return f"{_line_and_column(text, position)} (char {position})"


def _extra_data(text: str, start: int) -> str:
    end = len(text)
    places = f"{_line_and_column(text, start)} - {_line_and_column(text, end)}"
    return f"Extra data: {places} (char {start} - {end})"


def _line_and_column(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f"line {line} column {position - text.rfind(chr(10), 0, position)}"


def encode(value: object) -> bytes:
    """The JSON text of `value` in UTF-8; lone surrogates are escaped. Raises MarshalFault naming the place."""
    writer = _Writer()
    try:
        writer.write(value)
    except RecursionError:
        text = "maximum recursion depth exceeded while encoding a JSON object"
        raise MarshalFault("Runtime.MarshalError", _PREFIX + text) from None
    except (TypeError, ValueError) as error:
        raise MarshalFault("Runtime.MarshalError", f"{_PREFIX}{error}{writer.place()}") from None
    text = "".join(writer.parts)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def holds_nan(value: object) -> bool:
    """Whether a NaN or an infinity may stand in `value`; False is certain.

    marshal is the quickest walk over plain data that shows every float's bits. What it cannot walk, or what looks like
    such a float by chance, only costs the time of the exact road.
    """
    plain: Any = value
    try:
        data = marshal.dumps(plain)
    except ValueError:
        return True
    return any(_ends_non_finite(data, last) for last in _LAST_BYTES)


def _ends_non_finite(data: bytes, last: bytes) -> bool:
    at = -1
    for _ in range(_FEW):
        at = data.find(last, at + 1)
        if at < 0:
            return False
        if at >= 8 and data[at - 1] >= 0xF0 and data[at - 8] in b"g\xe7":
            return True
    # Not so rare after all (many negative integers, say): a regular expression is quicker from here.
    return re.search(b"[g\xe7].{6}[\xf0-\xff]" + last, data, re.DOTALL) is not None


def may_hold_float_key(text: bytes) -> bool:
    """Whether a key of orjson's `text` may be a float that Python writes differently; False is certain."""
    return _FLOAT_KEY.search(text) is not None


def large_default(value: Any) -> Any:
    """orjson's `default`: what the exact road writes for a value orjson does not know by itself."""
    import orjson

    if isinstance(value, bytes):
        return value.decode()
    if callable(getattr(value, "_asdict", None)):
        return value._asdict()
    if isinstance(value, tuple):
        return [*iter(value)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if _is_a(value, "decimal", "Decimal"):
        return orjson.Fragment(_decimal(value))
    if _is_dataclass(value):
        return dict(_fields(value))
    raise TypeError


def _is_a(value: object, module: str, name: str) -> bool:
    # A value of a class from a module that nobody imported cannot exist, so nothing is imported to ask. The module may
    # be there without the class: while another thread imports it.
    kind: Any = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(value, kind)


def _decimal(value: Any) -> str:
    return "NaN" if value.is_nan() else str(value)


def _float(value: float) -> str:
    if math.isfinite(value):
        return float.__repr__(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _moment(value: Any) -> str:
    return f'"{value.isoformat()}"'


def _text(value: object) -> str:
    return f'"{value}"'


# (module, class, how its JSON text is written): scalars beside JSON's own, in the order they are tried.
_SCALAR_EXTRAS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("decimal", "Decimal", _decimal),
    ("datetime", "datetime", _moment),
    ("datetime", "date", _moment),
    ("datetime", "time", _moment),
    ("uuid", "UUID", _text),
)

_CONSTANTS = {None: "null", True: "true", False: "false"}


def _scalar(value: Any) -> str | None:
    """The text of a value that is not a container, or None."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, bytes):
        return encode_basestring(value.decode())
    if value is None or value is True or value is False:
        return _CONSTANTS[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _float(value)
    for module, name, write in _SCALAR_EXTRAS:
        if _is_a(value, module, name):
            return write(value)
    return None


def _key(key: Any) -> str:
    """A dict key as the string that stands for it."""
    if isinstance(key, (bytes, str)):
        return key.decode() if isinstance(key, bytes) else str.__str__(key)
    if _is_a(key, "enum", "Enum") and not isinstance(key, (int, float)):
        return _key(key.value)
    if key is None or isinstance(key, (int, float)):
        return _scalar(key) or ""
    text = None if _is_a(key, "decimal", "Decimal") else _scalar(key)
    if text is None:
        raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")
    return text[1:-1]


def _is_dataclass(value: Any) -> bool:
    return hasattr(value, "__dataclass_fields__") and not isinstance(value, type)


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """A dataclass's public fields: no class variables, nothing that was cached beside them."""
    names = [field.name for field in sys.modules["dataclasses"].fields(value)]
    return ((name, getattr(value, name)) for name in names if not name.startswith("_") and hasattr(value, name))


class _Writer:
    """Writes one value into `parts`, keeping the path to where it stands.

    Containers are generators on a list instead of calls on the stack: results may be nested as deep as the managed
    runtime's encoder takes them, which is written in C and needs one level of recursion for each.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._path: list[str] = []
        self._open: dict[int, tuple[Any, Iterator[Any]]] = {}

    def place(self) -> str:
        return f" at ${''.join(self._path)}" if self._path else ""

    def write(self, value: Any) -> None:
        self._begin(value)
        while self._open:
            _, items = self._open[next(reversed(self._open))]
            item = next(items, _END)
            if item is _END:
                self._open.popitem()
            else:
                self._begin(item)

    def _begin(self, value: Any) -> None:
        text = _scalar(value)
        if text is not None:
            self.parts.append(text)
            return
        if id(value) in self._open:
            self._path.clear()
            raise ValueError("Circular reference detected")
        if len(self._open) >= sys.getrecursionlimit():
            raise RecursionError
        self._open[id(value)] = value, self._container(value)

    def _container(self, value: Any) -> Iterator[Any]:
        """Writes a container's own text, and gives each value within where that is to be written."""
        if callable(getattr(value, "_asdict", None)):
            return self._object(value._asdict().items())
        if isinstance(value, (list, tuple)):
            return self._array(value)
        if isinstance(value, dict):
            return self._object(value.items())
        if _is_a(value, "enum", "Enum"):
            return iter((value.value,))
        if _is_dataclass(value):
            return self._object(_fields(value))
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    def _array(self, items: Any) -> Iterator[Any]:
        self.parts.append("[")
        self._path.append("")
        for index, item in enumerate(items):
            self._path[-1] = f"[{index}]"
            if index:
                self.parts.append(", ")
            yield item
        self._path.pop()
        self.parts.append("]")

    def _object(self, items: Any) -> Iterator[Any]:
        self.parts.append("{")
        separator = ""
        for key, item in items:
            name = _key(key)
            self._path.append(f".{name}" if name.isidentifier() else f"[{encode_basestring(name)}]")
            self.parts.append(f"{separator}{encode_basestring(name)}: ")
            separator = ", "
            yield item
            self._path.pop()
        self.parts.append("}")
