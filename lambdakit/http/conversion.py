"""The seldom results of handlers: models, dataclasses, streams, subclasses of plain types.

`response` converts the plain ones itself; this module is imported for the first other.
"""

from __future__ import annotations

import sys

from lambdakit.http.response import CONVERSIONS, JSON, OCTETS, Response, json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("plain_value", "unusual_response")

_is_a: Any = isinstance
_type: Any = type


def unusual_response(value: Any) -> Response:
    """The response that a value of no plain type stands for. Raises MarshalFault for what has no JSON form."""
    # None too while another thread imports the module: there is no such object yet.
    streaming: Any = getattr(sys.modules.get("lambdakit.runtime.streaming"), "StreamingResponse", None)
    if streaming is not None and isinstance(value, streaming):
        return Response(value.body, value.status, value.headers, cookies=value.cookies)
    if hasattr(value, "__anext__") or (hasattr(value, "__next__") and hasattr(value, "send")):
        return Response(value, content_type=OCTETS)
    for kind in (str, bytes):
        if _is_a(value, kind):
            return CONVERSIONS[kind](value)
    text = model_json(value)
    return Response(json_text(value) if text is None else text, content_type=JSON)


def model_json(value: Any) -> str | None:
    """The JSON text of a pydantic model or a msgspec struct, which its own library writes; None for all else."""
    kind: Any = _type(value)
    if hasattr(kind, "__pydantic_serializer__") and hasattr(kind, "model_dump_json"):
        text: str = value.model_dump_json(by_alias=True)
        return text
    if hasattr(kind, "__struct_fields__"):
        import msgspec

        return msgspec.json.encode(value).decode()
    return None


def plain_value(value: Any) -> Any:
    """A value with the models in it replaced by what they dump; all else is left to the encoder."""
    kind: Any = _type(value)
    if hasattr(kind, "__pydantic_serializer__"):
        dump: Any = getattr(kind, "model_dump", None)
        if dump is not None:
            return dump(value, mode="json", by_alias=True)
        return plain_value(vars(value))
    if hasattr(kind, "__struct_fields__"):
        import msgspec

        return msgspec.to_builtins(value)
    if _is_a(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    if _is_a(value, (list, set, frozenset)) or kind is tuple:
        return [plain_value(item) for item in value]
    if hasattr(kind, "__dataclass_fields__"):
        return {name: plain_value(getattr(value, name)) for name in kind.__dataclass_fields__}
    if hasattr(kind, "_fields") and _is_a(value, tuple):
        return {name: plain_value(getattr(value, name)) for name in kind._fields}
    return value
