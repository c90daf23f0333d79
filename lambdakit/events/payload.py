# pyright: reportPrivateUsage=false
"""Events and records that carry a payload of the user's own: `SQSMessage[Order]`, `EventBridgeEvent[Detail]`.

    class SQSMessage(PayloadModel[PayloadT], at="$.Records[*]"):
        payload_at = ("body",)

`SQSMessage[Order]` is a subclass, made once, that knows its payload type; `.payload` decodes the inner JSON into it
when it is first asked for, and keeps it. What may be a payload type, and how it is checked, is `payload_plans`' matter,
which is imported when the first payload is decoded: a function without payload types pays nothing.

Envelopes are undone on the way: a gzip document is unpacked, and where a topic's notification stands in place of the
payload (SNS to SQS without raw delivery) the payload is its `Message`. With a model as the payload type
(`SQSMessage[S3Event]`) the inner event is recognised as events are.
"""

from __future__ import annotations

from lambdakit.codec import decode
from lambdakit.events.model import Field, Model, ModelType, json_path
from lambdakit.exceptions import MissingFieldError, PayloadError, UnmarshalFault, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, Generic, TypeVar, cast

    from typing_extensions import TypeVar as DefaultTypeVar

    from lambdakit.events.payload_plans import Plan

    PayloadT = DefaultTypeVar("PayloadT", default=Any)
    OtherT = TypeVar("OtherT")

    class _Subscriptable(Model, Generic[PayloadT]):
        pass

else:
    # What `PayloadModel[PayloadT]` in a class statement is at run time: the class itself.
    PayloadT = OtherT = "PayloadT"

    class _Subscriptable(Model):
        def __class_getitem__(cls, payload_type):
            return cls if payload_type is PayloadT else _specialised(cls, payload_type)


__all__ = ("PayloadEvent", "PayloadModel", "PayloadT")

_GZIP = b"\x1f\x8b"
_NOT_YET: Any = object()
_made: dict[Any, Any] = {}
_type: Any = type


class PayloadEvent(_Subscriptable[PayloadT]):
    """An event or part of one whose fields lead to payloads: `SQSEvent[Order].records` are `SQSMessage[Order]`."""

    # The type a payload is decoded into; None where none was named: the JSON value as it is.
    payload_type: ClassVar[Any] = None


class PayloadModel(PayloadEvent[PayloadT]):
    """A model with a `.payload`.

    A subclass says where the payload stands (`payload_at`) and, unless it is JSON text there, overrides
    `payload_bytes` (JSON in another coating) or `payload_value` (no text at all).
    """

    __slots__ = ("_payload",)

    _payload: Any
    payload_at: ClassVar[tuple[str, ...]]

    @property
    def payload(self) -> PayloadT:
        """The payload as its declared type; decoded once. Raises PayloadError, which lists every fault."""
        # Not try and except, which costs as much as half of what there is to decode.
        payload: Any = getattr(self, "_payload", _NOT_YET)
        if payload is _NOT_YET:
            payload = self._payload = _decoded(self, self.payload_type)
        kept: PayloadT = payload
        return kept

    if TYPE_CHECKING:

        def payload_as(self, payload_type: type[OtherT]) -> OtherT:
            """The payload as another type than the declared one. Raises PayloadError."""
            return cast("OtherT", payload_type)

    else:

        def payload_as(self, payload_type):
            """The payload as another type than the declared one. Raises PayloadError."""
            return _decoded(self, payload_type)

    def inner_event(self) -> Model | None:
        """The event of another source that the payload is, as its typed model; None where it is none.

        Whatever comes first is unwrapped: S3's event in a topic's notification in a queue's message is an S3Event.
        Where the function knows what it expects, `payload_as(S3Event)` refuses all else with an error.
        """
        from lambdakit.events.detection import detect

        try:
            value = self.payload_value()
            if _type(value) is dict and "TopicArn" in value:
                value = _notified(value)
        except PayloadError:
            return None
        return detect(value)

    def payload_bytes(self) -> bytes:
        """The payload's JSON text in UTF-8, out of its wire coating."""
        text: Any = self._raw
        try:
            for key in self.payload_at:
                text = text[key]
        except (KeyError, TypeError):
            raise MissingFieldError(type(self).__name__, "payload", self.at + json_path(self.payload_at)) from None
        if _type(text) is not str:
            raise PayloadError((("$", f"expected JSON text, got {type(text).__name__}"),))
        data: bytes = text.encode("utf-8", "surrogatepass")
        return data

    def payload_value(self) -> Any:
        """The payload's JSON value, before its type is looked at."""
        data = self.payload_bytes()
        return _json(_unzipped(data) if data[:2] == _GZIP else data)


def _decoded(record: PayloadModel[Any], payload_type: Any) -> Any:
    try:
        if payload_type is None:
            return record.payload_value()
        plan = _plan_of(payload_type)
        if plan.of_text is not None and type(record).payload_value is PayloadModel.payload_value:
            return plan.of_text(_message(record.payload_bytes(), plan))
        value = record.payload_value()
        if _type(value) is dict and "TopicArn" in value:
            value = _inner(value, plan)
        return plan.of_value(value)
    except PayloadError as error:
        prefix = record.at + json_path(record.payload_at)
        faults = tuple((prefix + path[1:], what) for path, what in error.faults)
    raise PayloadError(faults) from None


def _import_plans(payload_type: Any) -> Plan:
    global _plan_of
    from lambdakit.events.payload_plans import plan_of

    _plan_of = plan_of
    return plan_of(payload_type)


# The import waits for the first payload.
_plan_of: Callable[[Any], Plan] = _import_plans


def _json(text: bytes) -> Any:
    try:
        return decode(text)
    except UnmarshalFault as fault:
        why = fault.message.partition(": ")[2]
    raise PayloadError((("$", f"not JSON: {why}"),))


def _unzipped(data: bytes) -> bytes:
    from gzip import decompress
    from zlib import error as zlib_error

    try:
        return decompress(data)
    except (OSError, EOFError, zlib_error) as error:
        why = str(error)
    raise PayloadError((("$", f"begins like gzip but cannot be unpacked: {why}"),))


def _inner(value: dict[str, Any], plan: Plan) -> Any:
    """The message within a topic's notification, or the value itself where the plan is one of notifications."""
    return _notified(value) if plan.may_be_wrapped else value


def _notified(value: dict[str, Any]) -> Any:
    """The message within a topic's notification, or the value itself."""
    message: Any = value.get("Message")
    if value.get("Type") != "Notification" or _type(message) is not str:
        return value
    return _json(message.encode("utf-8", "surrogatepass"))


def _message(text: bytes, plan: Plan) -> bytes:
    """The same for text that another library will decode."""
    if text[:2] == _GZIP:
        text = _unzipped(text)
    if b'"TopicArn"' not in text or not plan.may_be_wrapped:
        return text
    value = _json(text)
    if _type(value) is not dict or _inner(value, plan) is value:
        return text
    message: str = value["Message"]
    return message.encode("utf-8", "surrogatepass")


def _specialised(cls: Any, payload_type: Any) -> Any:
    """The subclass of `cls` with this payload type: always the same one."""
    if _type(payload_type) is str:
        raise UsageError(
            f"{cls.__name__}[{payload_type!r}]: the payload type is a text; name the type itself, defined above "
            "(or let `from __future__ import annotations` stand at the top of the module)"
        )
    if cls.payload_type is not None:
        raise UsageError(f"{cls.__name__} has its payload type; {payload_type!r} cannot be a second")
    key = (cls, payload_type, repr(payload_type))  # `date | str` equals `str | date`, but is tried in another order
    try:
        made = _made.get(key)
    except TypeError:  # unhashable annotations: a class of its own each time
        return _make(cls, payload_type)
    if made is None:
        made = _made[key] = _make(cls, payload_type)
    return made


def _make(cls: Any, payload_type: Any) -> Any:
    if ModelType not in _reducers():
        _reducers()[ModelType] = _reduced
    namespace: dict[str, Any] = {"__module__": cls.__module__, "__doc__": cls.__doc__, "payload_type": payload_type}
    for name, declared in cls.fields.items():
        handed_on = _handed_on(declared, payload_type)
        if handed_on is not None:
            namespace[name] = handed_on
    is_class = isinstance(payload_type, type) and not hasattr(payload_type, "__origin__")
    shown = payload_type.__name__ if is_class else str(payload_type).replace("typing.", "")
    return ModelType(f"{cls.__name__}[{shown}]", (cls,), namespace)


def _handed_on(declared: Field, payload_type: Any) -> Field | None:
    """The field with the payload type given on to the models it leads to, or None if it leads to none."""
    targets = (declared.convert, declared.each, declared.values, declared.groups)
    given = [_given(target, payload_type) for target in targets]
    if not any(given):
        return None
    convert, each, values, groups = given
    return Field(declared.path, convert, each, values, groups, declared.default, declared.doc)


def _given(target: Any, payload_type: Any) -> Any:
    leads_on = isinstance(target, ModelType) and issubclass(target, PayloadEvent)
    return _specialised(target, payload_type) if leads_on else None


def _reducers() -> dict[Any, Any]:
    import copyreg

    return copyreg.dispatch_table


def _reduced(cls: Any) -> Any:
    """How a model class is pickled: by name, and one made here as what it was made of."""
    own = cls.__dict__.get("payload_type")
    if own is None or not issubclass(cls, PayloadEvent) or "[" not in cls.__name__:
        return cls.__qualname__
    return _specialised, (cls.__bases__[0], own)
