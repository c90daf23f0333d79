"""Arguments of any type: out of text (queries, headers, cookies, forms, paths), and out of bodies.

Text becomes what JSON would have in its place (`"5"` a number where the type wants one), and JSON becomes the type by
its payload plan; so queries and bodies take the same types and word faults alike.
"""

from __future__ import annotations

import enum
import types
import typing
from collections import abc
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from lambdakit.events.payload_objects import is_record
from lambdakit.events.payload_plans import plan_of
from lambdakit.exceptions import PayloadError, RequestFaultsError, UsageError
from lambdakit.http.arguments import REQUIRED, add_faults
from lambdakit.http.forms import FormData, UploadedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from lambdakit.events.payload_plans import Plan
    from lambdakit.http.arguments import Faults, Get, Parameter, Parse
    from lambdakit.http.request import Request

    Shape: TypeAlias = Callable[[str], Any]

__all__ = ("getter", "is_textual", "text_parser", "wants_file")

_is_a: Any = isinstance
_TEXTUAL = (str, int, float, bool, Decimal, datetime, date, time, UUID, type(None), None)
_SEVERAL = (list, set, frozenset, tuple, abc.Sequence, abc.Collection, abc.Iterable, abc.Set)
_BOOLEANS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


def is_textual(kind: Any) -> bool:
    """Whether a value of the type can be a text, or several: what is looked for in the query."""
    kind = _plain(kind)
    origin = typing.get_origin(kind)
    if _is_union(origin):
        return all(is_textual(one) for one in typing.get_args(kind))
    if origin in _SEVERAL:
        return all(one is Ellipsis or is_textual(one) for one in typing.get_args(kind))
    is_enum = _is_a(kind, type) and issubclass(kind, enum.Enum)
    return is_enum or kind in _SEVERAL or _is_literal(kind) or (_is_a(kind, abc.Hashable) and kind in _TEXTUAL)


def wants_file(kind: Any) -> bool:
    """Whether the type is of a form's files, or the form itself."""
    inner = [one for one in typing.get_args(kind) if one is not type(None)] or [kind]
    return all(one in (UploadedFile, FormData) for one in inner)


def getter(parameter: Parameter, told: str) -> Get:
    """What reads a parameter of the query, of headers, cookies, a form or the body. Raises UsageError."""
    marker = parameter.marker
    if wants_file(parameter.kind):
        return _file(parameter)
    place = marker.place if marker is not None else ("query" if is_textual(parameter.kind) else "body")
    try:
        if place == "body":
            return _body(parameter)
        if not is_textual(parameter.kind):
            return _model(parameter, place)
        return _texts(parameter, place)
    except UsageError as error:
        raise UsageError(f"{told}: {parameter.name}: {error}") from None


def text_parser(kind: Any, told: str, name: str) -> Parse:
    """What makes a value of one text. Raises UsageError for a type that is no text."""
    if not is_textual(kind) or _wants_several(kind):
        raise UsageError(f"{told}: {name} is one value of the path, which cannot be {kind!r}")
    plan, shape = plan_of(kind), _shape(kind)
    return lambda text: plan.of_value(shape(text))


def _texts(parameter: Parameter, place: str) -> Get:
    key, plan, several = parameter.key, plan_of(parameter.kind), _wants_several(parameter.kind)
    shape = _shape(parameter.kind)

    def get(request: Request, faults: Faults) -> Any:
        found = _values_at(request, place, key)
        if not found:
            return parameter.absent(place, faults)
        try:
            return plan.of_value([shape(text) for text in found] if several else shape(found[-1]))
        except PayloadError as error:
            add_faults(faults, 422, place, key, error)
            return None

    return get


def _values_at(request: Request, place: str, key: str) -> list[str]:
    if place == "cookie":
        value = request.cookies.get(key)
        return [] if value is None else [value]
    values: Any = request.query if place == "query" else request.headers if place == "header" else request.form
    found: list[str] = values.all(key)
    return found


def _model(parameter: Parameter, place: str) -> Get:
    """All fields of a dataclass or model out of the query, the headers, the cookies or a form."""
    plan = plan_of(parameter.kind)
    shapes = [
        (key, _header_name(key) if place == "header" else key, _wants_several(kind), _shape(kind))
        for key, kind in _fields_of(parameter.kind)
    ]

    def get(request: Request, faults: Faults) -> Any:
        values: dict[str, Any] = {}
        for key, name, several, shape in shapes:
            found = _values_at(request, place, name)
            if found:
                values[key] = [shape(text) for text in found] if several else shape(found[-1])
        if not values and parameter.default is not REQUIRED:
            return parameter.default
        try:
            return plan.of_value(values)
        except PayloadError as error:
            add_faults(faults, 422, place, None, error)
            return None

    return get


def _header_name(key: str) -> str:
    return key.replace("_", "-")


def _fields_of(kind: Any) -> list[tuple[str, Any]]:
    """Keys and types of the fields. Raises UsageError for what has none."""
    origin: Any = typing.get_origin(kind) or kind
    if hasattr(origin, "__pydantic_fields__"):
        return [(field.alias or name, field.annotation) for name, field in origin.__pydantic_fields__.items()]
    struct_fields = getattr(origin, "__struct_fields__", None)
    if not (struct_fields is not None or is_dataclass(origin) or is_record(origin)):
        raise UsageError(f"{kind!r} is neither text nor has it fields")
    hints = typing.get_type_hints(origin)
    if struct_fields is not None:
        keys = getattr(origin, "__struct_encode_fields__", struct_fields)
        return [(key, hints[name]) for name, key in zip(struct_fields, keys, strict=True)]
    if is_dataclass(origin):
        return [(field.metadata.get("alias", field.name), hints[field.name]) for field in fields(origin) if field.init]
    return list(hints.items())


def _file(parameter: Parameter) -> Get:
    kind, key = parameter.kind, parameter.key
    if kind is FormData:
        return lambda request, faults: request.form
    several = _wants_several(kind)

    def get(request: Request, faults: Faults) -> Any:
        found = [file for file in request.form.all_files if file.name == key]
        if not found:
            return parameter.absent("form", faults)
        return found if several else found[-1]

    return get


# The body.


def _body(parameter: Parameter) -> Get:
    kind: Any = parameter.kind
    if kind is bytes:
        return lambda request, faults: request.body
    if kind is str:
        return lambda request, faults: request.text
    plan = plan_of(kind)
    read: Callable[[Request], Any] = _json_of(plan) if plan.of_text is None else _text_of(plan)
    has_default = parameter.default is not REQUIRED

    def get(request: Request, faults: Faults) -> Any:
        if has_default and not request.body:
            return parameter.default
        try:
            return read(request)
        except RequestFaultsError as error:  # no JSON
            faults.extend((error.status, *fault) for fault in error.faults)
            return None
        except PayloadError as error:
            malformed = error.faults[0][1].startswith("not JSON:")
            add_faults(faults, 400 if malformed else 422, "body", None, error)
            return None

    return get


def _json_of(plan: Plan) -> Callable[[Request], Any]:
    of_value = plan.of_value

    def read(request: Request) -> Any:
        return of_value(request.json())

    return read


def _text_of(plan: Plan) -> Callable[[Request], Any]:
    def read(request: Request) -> Any:
        assert plan.of_text is not None
        return plan.of_text(request.body) if request.body else request.json()

    return read


# What JSON would have in the place of a text.


def _plain(kind: Any) -> Any:
    """The type behind Annotated, NewType and `type X = ...`."""
    while True:
        if typing.get_origin(kind) is typing.Annotated:
            kind = typing.get_args(kind)[0]
        elif hasattr(kind, "__supertype__"):
            kind = kind.__supertype__
        elif hasattr(kind, "__value__"):
            kind = kind.__value__
        else:
            return kind


def _is_union(origin: Any) -> bool:
    return origin is typing.Union or origin is types.UnionType


def _is_literal(kind: Any) -> bool:
    return getattr(typing.get_origin(kind), "_name", None) == "Literal"


def _wants_several(kind: Any) -> bool:
    kind = _plain(kind)
    if _is_union(typing.get_origin(kind)):
        return any(_wants_several(one) for one in typing.get_args(kind))
    return kind in _SEVERAL or typing.get_origin(kind) in _SEVERAL


def _shape(kind: Any) -> Shape:
    """What makes of a text the JSON value that the type's plan wants; text that fits nothing stays text: a fault."""
    shapes = _shapes(kind)

    def shape(text: str) -> Any:
        for one in shapes:
            value = one(text)
            if value is not None:
                return value
        return text

    return shapes[0] if len(shapes) == 1 and shapes[0] is _as_text else shape


def _shapes(kind: Any) -> list[Shape]:
    kind = _plain(kind)
    origin = typing.get_origin(kind)
    if _is_union(origin) or origin in _SEVERAL:
        inner = [one for one in typing.get_args(kind) if one not in (Ellipsis, type(None))]
        return [shape for one in inner for shape in _shapes(one)]
    if _is_literal(kind):
        return [_one_of([value.value if _is_a(value, enum.Enum) else value for value in typing.get_args(kind)])]
    if _is_a(kind, type) and issubclass(kind, enum.Enum):
        return [_one_of([member.value for member in kind])]
    return [_SHAPES.get(kind, _as_text) if _is_a(kind, abc.Hashable) else _as_text]


def _as_text(text: str) -> Any:
    return text


def _as_int(text: str) -> Any:
    is_number = text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 4000
    return int(text) if is_number else None


def _as_float(text: str) -> Any:
    if not text.isascii() or "_" in text or not any(character.isdigit() for character in text):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _one_of(values: list[Any]) -> Shape:
    table = {str(value).lower() if _is_a(value, bool) else str(value): value for value in values}
    return table.get


_SHAPES: dict[Any, Shape] = {int: _as_int, float: _as_float, bool: lambda text: _BOOLEANS.get(text.lower())}
