"""Where in an event something stands: a dotted path, several of them, or a function.

    selector("detail.order_id")        selector(["tenant", "body.order_id"])        selector(lambda event: ...)

A step is an attribute of a model, a dataclass or a named tuple, else a key of an object, else a place in a list. Text
that has further steps is JSON (`body.order_id` of an HTTP request). Not here: a query language. What a path cannot say,
a function can.
"""

from __future__ import annotations

from lambdakit.exceptions import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    Selector: TypeAlias = str | Sequence[str] | Callable[[Any], Any]

__all__ = ("digest", "selector")

_type: Any = type
_is_a: Any = isinstance
_PLAIN = (str, int, float, bool, type(None))


def selector(spec: Selector, option: str = "key") -> Callable[[Any], Any]:
    """What gives the value at a path, the values at several (None where one is missing), or a function's answer.

    A path that leads nowhere gives None. Raises UsageError for what is no selector; `option` is named in it.
    """
    if callable(spec):
        return spec
    if isinstance(spec, str) and spec:
        steps = spec.split(".")
        return lambda event: _follow(event, steps)
    if _is_a(spec, (list, tuple)) and spec and all(_type(item) is str and item for item in spec):
        paths = [item.split(".") for item in spec]
        return lambda event: _all_of([_follow(event, steps) for steps in paths])
    raise UsageError(f"{option}={spec!r}: {option} is a dotted path ('body.order_id'), a list of paths or a function")


def _all_of(values: list[Any]) -> list[Any] | None:
    return None if any(value is None for value in values) else values


def _follow(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = _step(value, step)
        if value is None:
            return None
    return value


def _step(value: Any, step: str) -> Any:
    kind = _type(value)
    if kind is dict:
        return value.get(step)
    if kind is str or kind is bytes:
        return _step_into_text(value, step)
    if _is_a(value, (list, tuple)) and step.isdigit():
        return value[int(step)] if int(step) < len(value) else None
    found = getattr(value, step, None)
    if found is not None:
        return found
    get: Any = getattr(value, "get", None)
    return get(step) if callable(get) else None


def _step_into_text(text: Any, step: str) -> Any:
    from lambdakit.codec import decode
    from lambdakit.exceptions import UnmarshalFault

    try:
        value = decode(text.encode("utf-8", "surrogatepass") if _is_a(text, str) else text)
    except UnmarshalFault:
        return None
    return None if _is_a(value, str) else _step(value, step)


def digest(value: Any) -> str:
    """64 hexadecimal digits that stand for a value: equal for equal JSON, whatever the order of keys.

    Text and the same text as a number differ; 1, 1.0 and Decimal("1.00") do not. Raises UsageError for a value without
    a JSON form.
    """
    from hashlib import sha256

    if _type(value) is str:
        return sha256(b"s" + value.encode("utf-8", "surrogatepass")).hexdigest()
    from lambdakit.codec import encode
    from lambdakit.exceptions import MarshalFault

    try:
        return sha256(b"j" + encode(_canonical(value))).hexdigest()
    except MarshalFault as fault:
        raise UsageError(f"a key or payload cannot be told by its JSON form: {fault.message}") from None


def _canonical(value: Any) -> Any:
    """The value as plain JSON whose equal values are written equally."""
    kind = _type(value)
    if kind in _PLAIN and kind is not float:
        return value
    if _is_a(value, (bytes, bytearray)):
        from base64 import b64encode

        return {"bytes": b64encode(value).decode()}
    raw = getattr(value, "_raw", None)
    if raw is not None:
        return _canonical(raw)
    if _is_a(value, dict):
        return {str(key): _canonical(value[key]) for key in sorted(value, key=str)}
    if _is_a(value, (set, frozenset)):
        return sorted((_canonical(item) for item in value), key=repr)
    if hasattr(value, "_asdict") or hasattr(value, "__dataclass_fields__") or hasattr(value, "model_dump"):
        return _canonical(_fields(value))
    if _is_a(value, (list, tuple)):
        return [_canonical(item) for item in value]
    return _number(value)


def _fields(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "_asdict"):
        return value._asdict()
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _number(value: Any) -> Any:
    """Of equal numbers of different types the same: whole ones as int. Everything else as it is."""
    if _type(value) is float:
        return int(value) if value.is_integer() else value
    if _type(value).__name__ == "Decimal" and value.is_finite():
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value
