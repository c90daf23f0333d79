"""JSON to Python and back, with the managed Python runtime's semantics at a fraction of its cost.

Three roads lead to the same values:

* *small* payloads use the C scanner and encoder of the standard library's `_json` directly. Importing the `json`
  package would cost more (it compiles regular expressions) than decoding the first thousand events.
* *large* payloads use orjson, whose import costs as much as it saves on a few megabytes; so it is imported when that
  much has been seen, or used at once when the function has imported it already.
* everything orjson or `_json` would get wrong takes the exact road in `lambdakit.codec_exact`: integers beyond 64 bits,
  lone surrogates, `Decimal`, namedtuples, `NaN`, bytes, unusual keys, and every error message.

Which road a *result* takes depends on the value alone, never on history, so equal values give equal bytes: small ones
exactly the managed runtime's text (`", "` and `": "` between tokens), large ones orjson's compact text.

Not here: what is done with a failure. `encode` and `decode` raise MarshalFault and UnmarshalFault.
"""

from __future__ import annotations

import sys
from _json import encode_basestring, make_encoder, make_scanner

from lambdakit.exceptions import MarshalFault, UnmarshalFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

__all__ = ("MARSHAL_ERROR", "UNMARSHAL_ERROR", "decode", "encode")

MARSHAL_ERROR = "Runtime.MarshalError"
UNMARSHAL_ERROR = "Runtime.UnmarshalError"

# A result with more values, or more text, than this is "large". Walking 1,000 values takes about 0.1 ms.
LARGE_NODES = 1_000
LARGE_TEXT = 65_536

# Decoding bytes through the standard library costs about 10 ns a byte more than orjson, importing orjson about 15 ms:
# after this many bytes the import would have paid for itself, so it is made.
ORJSON_PAYS_AFTER = 1_500_000
# Below this the difference is lost in the noise, whoever has imported orjson.
SMALL_EVENT = 4_096

# Integers of up to 18 digits always fit in 64 bits; orjson silently turns longer ones into floats.
_SAFE_DIGITS = 18
# Digits as 0, the bytes that can stand before a number as 1 (the quote before digits in a string cannot), others blank.
_DIGIT_MAP = bytes(0x30 if byte in b"0123456789" else 0x31 if byte in b":[, \t\r\n-" else 0x20 for byte in range(256))
_BIG_INTEGER = b"1" + b"0" * (_SAFE_DIGITS + 1)

# `type`, but Any to type checkers, which otherwise follow every value of unknown type through every branch.
_type: Any = type
_SCALARS = frozenset((str, int, float, bool, type(None)))

_orjson: ModuleType | None = None
_seen = 0


class NotAConstant(ValueError):
    """The event holds `NaN`, `Infinity` or `-Infinity`, which are not JSON."""


class _ScannerOptions:
    """What `_json.make_scanner` reads: the defaults of `json.JSONDecoder`, but with `NaN` and `Infinity` refused."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int

    @staticmethod
    def parse_constant(name: str) -> float:
        raise NotAConstant(name)


def _unencodable(value: object) -> object:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_options: Any = _ScannerOptions
_scan = make_scanner(_options)
# markers=None: no table of containers in progress; a circular value ends in RecursionError and takes the exact road.
_encode = make_encoder(None, _unencodable, encode_basestring, None, ": ", ", ", False, False, True)


def decode(body: bytes | bytearray) -> Any:
    """The Python value of a JSON document in UTF-8 (a byte-order mark is skipped).

    Integers are exact at any size, duplicate keys keep the last value, escaped lone surrogates survive. Raises
    UnmarshalFault, whose message says where, for anything that is not JSON; `NaN` and `Infinity` are not.
    """
    if len(body) > SMALL_EVENT:
        orjson = _orjson_for(len(body))
        if orjson is not None and not _may_hold_big_integer(body):
            try:
                return orjson.loads(body)
            except orjson.JSONDecodeError:
                pass  # lone surrogates, deep nesting, 1e400: the exact scanner decides
    try:
        text = str(body, "utf-8")
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except (StopIteration, ValueError, RecursionError, SystemError):
        pass  # white space or a byte-order mark in front, or an error to be worded
    from lambdakit import codec_exact

    try:
        return codec_exact.decode(body, _scan)
    except (ValueError, RecursionError) as error:
        raise UnmarshalFault(UNMARSHAL_ERROR, f"Unable to unmarshal input: {error}") from None


def encode(value: object) -> bytes:
    """The JSON text of a handler's result, in UTF-8.

    Beside what JSON knows: tuples and namedtuples (objects), `Decimal` (its digits), `NaN`, bytes (as UTF-8 text),
    numbers, booleans and None as keys, and datetimes, UUIDs, dataclasses and enums. Raises MarshalFault, whose message
    names the place (`$.items[3]`), for everything else.
    """
    size = _survey(value)
    if size == "small":
        try:
            return "".join(_encode(value, 0)).encode()
        except (ValueError, RecursionError):
            pass  # a lone surrogate, which the exact road escapes; or too deep, or too many digits, which it words
    elif size == "large":
        text = _encode_large(value)
        if text is not None:
            return text
    from lambdakit import codec_exact  # the seldom road

    try:
        return codec_exact.encode(value)
    except MarshalFault:
        raise
    except Exception as error:  # a key's or a namedtuple's own code may raise anything
        raise MarshalFault(MARSHAL_ERROR, f"Unable to marshal response: {error}") from error


def _survey(value: object) -> str:
    """ "small", "large", or "unusual" when `_json` alone would get a small value wrong."""
    if type(value) in _SCALARS and type(value) is not str:
        return "small"
    nodes = text = 0
    unusual = False
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        kind = _type(item)
        if kind is str:
            text += len(item)
        elif kind is dict:
            nodes += len(item)
            for key in item:
                if type(key) is not str:
                    unusual = True
                else:
                    text += len(key)
            pending.extend(item.values())
        elif kind is list or kind is tuple:
            nodes += len(item)
            pending.extend(item)
        elif kind not in _SCALARS:
            unusual = True
        if nodes > LARGE_NODES or text > LARGE_TEXT:
            return "large"
    return "unusual" if unusual else "small"


def _encode_large(value: object) -> bytes | None:
    """orjson's text, or None where it would differ in value from the exact road."""
    orjson = _import_orjson()
    from lambdakit.codec_exact import holds_nan, large_default, may_hold_float_key

    plain = orjson.OPT_PASSTHROUGH_DATACLASS  # orjson would also write what cached properties keep beside the fields
    try:
        text: bytes = orjson.dumps(value, default=large_default, option=plain)
    except TypeError:
        try:
            text = orjson.dumps(value, default=large_default, option=plain | orjson.OPT_NON_STR_KEYS)
        except TypeError:
            return None
        if may_hold_float_key(text):
            return None
    # orjson writes NaN and the infinities as null; without a null there was none.
    if b"null" in text and holds_nan(value):
        return None
    return text


def _may_hold_big_integer(body: bytes | bytearray) -> bool:
    """Whether an integer of more than 18 digits may stand in `body`; False is certain.

    Sequence numbers of streams and queues are longer than that, but they are strings, and cleared by the quote.
    """
    return _BIG_INTEGER in body.translate(_DIGIT_MAP) or body[:1].isdigit()


def _orjson_for(size: int) -> ModuleType | None:
    """orjson if the function has imported it, or once enough bytes have passed to pay for importing it here."""
    global _seen
    if _orjson is None:
        _seen += size
        if _seen < ORJSON_PAYS_AFTER and "orjson" not in sys.modules:
            return None
        _import_orjson()
    return _orjson


def _import_orjson() -> ModuleType:
    global _orjson
    if _orjson is None:
        import orjson

        _orjson = orjson
    return _orjson
