"""Check what a handler gets and gives: by a type, or by a JSON Schema.

    >>> from dataclasses import dataclass
    >>> from lambdakit import Context, lambda_handler
    >>> from lambdakit.middleware import validate

    >>> @dataclass
    ... class Order:
    ...     order_id: str
    ...     amount: int

    >>> @lambda_handler(middleware=[validate(input=Order)])
    ... def handler(event: Order, context: Context) -> int:
    ...     return event.amount * 2

    >>> handler({"order_id": "o-1", "amount": 21})
    42
    >>> handler({"order_id": 1})
    Traceback (most recent call last):
    lambdakit.exceptions.PayloadError: $.order_id: expected str, got int; $.amount: missing, expected int

Types are those that payloads of events may have: dataclasses, TypedDicts, pydantic models and so on. JSON Schemas go
through fastjsonschema (drafts 4, 6 and 7), compiled while the function is loaded. What is wrong with the input is
PayloadError, which `errors` answers with 400; what is wrong with the result is ResultError, the function's own fault.
"""

from __future__ import annotations

from lambdakit.exceptions import PayloadError, ResultError, UsageError
from lambdakit.middleware.base import Middleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from lambdakit.handlers import Call
    from lambdakit.middleware.selecting import Selector

    # Gives the value made of a JSON value. Raises PayloadError.
    Check: TypeAlias = Callable[[Any], Any]

__all__ = ("Validate", "validate")

_type: Any = type
_is_a: Any = isinstance


class Validate(Middleware):
    """Check the event before the handler and its result after it, each by a type or a JSON Schema (a dict).

    `at` is where in the event the input stands: a dotted path ("detail", "body") or a function; text there is JSON.
    Without `at` the input is the whole event, and where it is checked by a type the handler of a raw event is called
    with the value of that type.
    """

    def __init__(self, *, input: Any = None, output: Any = None, at: Selector | None = None) -> None:
        from lambdakit.middleware.selecting import selector

        if input is None and output is None:
            raise UsageError("validate needs input=..., output=... or both: a type, or a JSON Schema as a dict")
        if at is not None and input is None:
            raise UsageError("validate(at=...) says where the input stands; there is no input=...")
        self._input = None if input is None else _checker(input, "input")
        self._output = None if output is None else _checker(output, "output")
        self._select = None if at is None else selector(at, "at")
        self._at = at

    def __call__(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around a sync handler."""
        return self._result(call_next(self._event(event), context))

    async def call_async(self, event: Any, context: Any, call_next: Call) -> Any:
        """Run around an async handler."""
        return self._result(await call_next(self._event(event), context))

    def _event(self, event: Any) -> Any:
        """The event to go on with. Raises PayloadError."""
        if self._input is None:
            return event
        if self._select is None:
            raw = getattr(event, "_raw", None)
            return self._input(event) if raw is None else (self._input(raw), event)[1]
        try:
            self._input(_json(self._select(event)))
        except PayloadError as error:
            if not _is_a(self._at, str):
                raise
            faults = tuple((f"$.{self._at}{path[1:]}", what) for path, what in error.faults)
        else:
            return event
        raise PayloadError(faults)

    def _result(self, result: Any) -> Any:
        """The result as it is. Raises ResultError."""
        if self._output is not None:
            try:
                self._output(_plain(result))
            except PayloadError as error:
                faults = error.faults
            else:
                return result
            raise ResultError(faults)
        return result


def _checker(spec: Any, option: str) -> Check:
    if _is_a(spec, dict):
        return _schema_checker(spec, option)
    from lambdakit.events.payload_plans import plan_of

    return plan_of(spec).of_value  # UsageError for what is no type


def _schema_checker(schema: dict[str, Any], option: str) -> Check:
    from importlib import import_module

    from lambdakit.middleware.extras import require

    require("fastjsonschema", extra="validation", feature=f"validate({option}=<JSON Schema>)")
    library = import_module("fastjsonschema")
    try:
        check = library.compile(schema)
    except library.JsonSchemaDefinitionException as error:
        raise UsageError(f"validate({option}=...): this is no JSON Schema: {error}") from None

    def checked(value: Any) -> Any:
        try:
            return check(value)
        except library.JsonSchemaValueException as error:
            fault = _schema_fault(error)
        raise PayloadError((fault,))

    return checked


def _schema_fault(error: Any) -> tuple[str, str]:
    """Where and what, in words that do not show the value."""
    path = "$" + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in error.path[1:])
    what = str(error.message).removeprefix(str(error.name)).strip()
    return path, what or "is not as the schema says"


def _json(value: Any) -> Any:
    """A selected value as JSON: text is decoded, a model's JSON taken out."""
    if _is_a(value, (str, bytes)):
        from lambdakit.codec import decode
        from lambdakit.exceptions import UnmarshalFault

        try:
            return decode(value.encode("utf-8", "surrogatepass") if _is_a(value, str) else value)
        except UnmarshalFault as fault:
            why = fault.message.partition(": ")[2]
        raise PayloadError((("$", f"not JSON: {why}"),))
    return getattr(value, "_raw", value)


def _plain(result: Any) -> Any:
    """A result as the JSON that the caller will see. What has none is left to the runtime's own error."""
    if _type(result) in (str, int, bool, float, type(None)):
        return result
    from lambdakit.codec import decode, encode

    return decode(encode(result))


validate = Validate
