"""Plans of the types that check themselves: event models, pydantic's models and msgspec's structs.

The libraries are recognised by what their classes carry and never imported: a class of theirs cannot exist before they
are. Each gets JSON text, so that its own rules for JSON hold, also where it stands within a dataclass.
"""

from __future__ import annotations

import sys

from lambdakit.codec import decode, encode
from lambdakit.events.model import Model
from lambdakit.events.payload_plans import Plan, expected, word_of
from lambdakit.exceptions import PayloadError, UnmarshalFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lambdakit.events.payload_plans import Faults, Place

__all__ = ("plan_of_foreign",)

_type: Any = type
_is_a: Any = isinstance


def plan_of_foreign(kind: Any) -> Plan | None:
    """The plan of a type that checks itself, or None for any other."""
    origin: Any = getattr(kind, "__origin__", kind)
    if _is_a(kind, type) and issubclass(kind, Model):
        return _model(kind)
    if "pydantic" in sys.modules and hasattr(kind, "__pydantic_validator__"):
        return _pydantic(kind)
    if "msgspec" in sys.modules and hasattr(origin, "__struct_fields__"):
        return _msgspec(kind, origin)
    return None


def _model(kind: Any) -> Plan:
    """An event within the payload; where the recognition table knows its source, it must be of that source."""
    from lambdakit.events.detection import RULES, source_of

    names = {f"{base.__module__.rpartition('.')[2]}:{base.__name__}" for base in kind.__mro__ if base is not Model}
    tests = [test for _, test, model in RULES if model in names]

    def load(value: Any, place: Place, faults: Faults) -> Any:
        if _type(value) is not dict:
            return expected(kind.__name__, value, place, faults)
        if tests and not any(test(value) for test in tests):
            source = source_of(value)
            found = f"an event of {source}" if source else "an object of no known source"
            faults.append((place, f"expected {kind.__name__}, got {found}"))
            return None
        return kind(value)

    plan = Plan(kind.__name__, load)
    plan.may_be_wrapped = "TopicArn" not in {key for field in kind.fields.values() for key in field.path}
    return plan


def _pydantic(kind: Any) -> Plan:
    validate = kind.__pydantic_validator__.validate_json

    def made(text: bytes, place: Place, faults: Faults) -> Any:
        try:
            return validate(text)
        except ValueError as error:
            for fault in _pydantic_faults(error):
                steps = tuple(fault["loc"])
                message = str(fault["msg"])
                what = f"{message}, got {word_of(fault['input'])}" if fault["type"] != "missing" else "missing"
                faults.append(((place, steps) if steps else place, what))
            return None

    plan = _through_text(kind.__name__, made)
    known = getattr(kind, "model_fields", None) or getattr(kind, "__pydantic_fields__", {})
    keys = {str(getattr(field, "alias", None) or name) for name, field in known.items()}
    plan.may_be_wrapped = "TopicArn" not in keys
    return plan


def _pydantic_faults(error: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = error.errors(include_url=False, include_context=False)
    return found


def _msgspec(kind: Any, origin: Any) -> Plan:
    msgspec: Any = sys.modules["msgspec"]
    decoder = msgspec.json.Decoder(kind)

    def made(text: bytes, place: Place, faults: Faults) -> Any:
        try:
            return decoder.decode(text)
        except msgspec.DecodeError as error:
            what, _, path = str(error).partition(" - at `$")
            steps = _steps(path.rstrip("`"))
            faults.append(((place, steps) if steps else place, what.replace("`", "").replace("Object", "object")))
            return None

    plan = _through_text(origin.__name__, made)
    plan.may_be_wrapped = "TopicArn" not in origin.__struct_encode_fields__
    return plan


def _steps(path: str) -> tuple[Any, ...]:
    """The keys of a path such as `.lines[0].sku`."""
    steps: list[Any] = []
    for part in path.replace("[", ".[").split("."):
        if part.startswith("["):
            inner = part[1:-1]
            steps.append(int(inner) if inner.isdigit() else inner)
        elif part:
            steps.append(part)
    return tuple(steps)


def _through_text(name: str, made: Any) -> Plan:
    """The plan of a type that is made of JSON text."""

    def load(value: Any, place: Place, faults: Faults) -> Any:
        return made(encode(value), place, faults)

    plan = Plan(name, load)

    def of_text(text: bytes) -> Any:
        faults: Faults = []
        value = made(text, None, faults)
        if not faults:
            return value
        try:
            decode(text)
        except UnmarshalFault as fault:
            raise PayloadError((("$", f"not JSON: {fault.message.partition(': ')[2]}"),)) from None
        raise plan.error(faults) from None

    plan.of_text = of_text
    return plan
