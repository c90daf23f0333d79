"""Arguments by annotation: planned once when a route is registered, read for each request.

    a parameter                                         is given
    named as a value of the path                        that value, converted to its type
    Annotated[..., Query() / Header() / Cookie() / ...] what the marker says (`markers`)
    Request, Context, a model of an HTTP event          the request, the context, the typed event
    UploadedFile, FormData                              a file of the form, the whole form
    bytes                                               the body as it is
    dataclass, TypedDict, NamedTuple, pydantic model,   the body's JSON as this type
    msgspec struct, dict, and lists of these
    str, int, date, UUID, enum, ... and lists of these  a parameter of the query

A default stands in for what is absent. All faults of a request are found at once and answered as one problem: 400 where
the request cannot be read, 422 where it is read and wrong. What can never be given (two bodies, a type without a form
as text) is a UsageError when the route is registered.

Not here: the types beyond str and int; they are `argument_values`', which is imported where a route asks for them.
"""

from __future__ import annotations

import sys

from lambdakit.context import LambdaContext
from lambdakit.events.annotations import Unresolved
from lambdakit.exceptions import RequestFaultsError, UsageError
from lambdakit.http.markers import Header, Marker, Path, Query
from lambdakit.http.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    Faults: TypeAlias = list[tuple[int, str, str, str]]
    Get: TypeAlias = Callable[[Request, Faults], Any]
    Parse: TypeAlias = Callable[[Any], Any]

__all__ = ("REQUIRED", "Parameter", "add_faults", "plan_call", "signature_of")


class _Required:
    """The default of a parameter that has none."""


REQUIRED = _Required()

# `isinstance` and `type`, but Any to type checkers.
_is_a: Any = isinstance
_type: Any = type

# Annotations known by name, as they are often imported for type checkers only: the module and the class there.
_NAMES = {
    "Request": ("lambdakit.http.request", "Request"),
    "Context": ("lambdakit.context", "LambdaContext"),
    "LambdaContext": ("lambdakit.context", "LambdaContext"),
    "UploadedFile": ("lambdakit.http.forms", "UploadedFile"),
    "FormData": ("lambdakit.http.forms", "FormData"),
}
# What an unannotated parameter of such a name is.
_UNANNOTATED = {"request": Request, "context": LambdaContext}
_NO_BODY = frozenset(("GET", "HEAD"))
# What unions are instances of: `A | B` up to Python 3.13, `Union[A, B]`, and both from 3.14 on.
_UNIONS = ("UnionType", "_UnionGenericAlias", "Union")


class Parameter:
    """A parameter of a route's function: `kind` is its annotation without the marker."""

    __slots__ = ("default", "is_keyword", "kind", "marker", "name")

    def __init__(self, name: str, annotation: Any, default: Any, is_keyword: bool) -> None:
        self.name = name
        self.kind = _known(annotation) if _is_a(annotation, Unresolved) else annotation
        self.default = default
        self.is_keyword = is_keyword
        self.marker: Marker | None = None
        metadata: Any = getattr(annotation, "__metadata__", None)
        if metadata is None:
            return
        self.kind = annotation.__origin__
        for given in metadata:
            marker = given() if _is_a(given, type) and issubclass(given, Marker) else given
            if _is_a(marker, Marker):
                self.marker = marker

    @property
    def key(self) -> str:
        """The name it has in the request."""
        named = self.marker.name if self.marker is not None else None
        return named or (self.name.replace("_", "-") if _is_a(self.marker, Header) else self.name)

    def absent(self, place: str, faults: Faults) -> Any:
        """The default, or a fault where there is none."""
        if self.default is REQUIRED:
            faults.append((422, place, f"$.{self.key}", "missing"))
        return self.default


def _known(annotation: Unresolved) -> Any:
    """The class that an annotation's text surely means; else the text."""
    place = _NAMES.get(str(annotation).partition("[")[0].rpartition(".")[2])
    if place is None:
        return annotation
    from importlib import import_module

    return getattr(import_module(place[0]), place[1])


def signature_of(function: Any) -> list[Parameter]:
    """The parameters of a function, with their annotations resolved. Raises UsageError."""
    from lambdakit.events.annotations import parameters_of

    plain = function
    while hasattr(plain, "__wrapped__"):
        plain = plain.__wrapped__
    if not hasattr(plain, "__code__"):
        plain = getattr(plain, "__call__", plain)  # noqa: B004
    if not hasattr(plain, "__code__"):
        raise UsageError(f"{function!r} cannot be a route: write it as a function (`def`)")
    is_bound = hasattr(plain, "__self__")
    positional = plain.__code__.co_argcount - is_bound
    defaults = plain.__defaults__ or ()
    by_name: dict[str, Any] = dict(plain.__kwdefaults__ or {})
    names = plain.__code__.co_varnames[is_bound : plain.__code__.co_argcount]
    by_name.update(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    return [
        Parameter(name, annotation, by_name.get(name, REQUIRED), index >= positional)
        for index, (name, annotation) in enumerate(parameters_of(function).items())
    ]


def plan_call(
    function: Any, parameters: Sequence[Parameter], path_names: Sequence[str], methods: Sequence[str]
) -> Callable[[Request], Any]:
    """What calls a function with its arguments out of a request. Raises UsageError for one it cannot be given.

    What it gives raises RequestFaultsError with every fault of the request.
    """
    told = f"the route {getattr(function, '__qualname__', repr(function))}"
    gets = [(parameter, _getter(parameter, path_names, methods, told)) for parameter in parameters]
    bodies = [parameter.name for parameter, _ in gets if _takes_body(parameter, path_names)]
    if len(bodies) > 1:
        raise UsageError(f"{told}: {' and '.join(bodies)} both ask for the body; put them into one dataclass")
    positional = [get for parameter, get in gets if not parameter.is_keyword]
    by_name = [(parameter.name, get) for parameter, get in gets if parameter.is_keyword]
    if not gets:
        return lambda request: function()
    if by_name:
        return _call_by_name(function, positional, by_name)
    return _call_one(function, positional[0]) if len(positional) == 1 else _call(function, positional)


def _call_one(function: Any, get: Get) -> Callable[[Request], Any]:
    def call(request: Request) -> Any:
        faults: Faults = []
        value = get(request, faults)
        if faults:
            raise _faulty(faults)
        return function(value)

    return call


def _call(function: Any, gets: list[Get]) -> Callable[[Request], Any]:
    def call(request: Request) -> Any:
        faults: Faults = []
        values = [get(request, faults) for get in gets]
        if faults:
            raise _faulty(faults)
        return function(*values)

    return call


def _call_by_name(function: Any, gets: list[Get], by_name: list[tuple[str, Get]]) -> Callable[[Request], Any]:
    def call(request: Request) -> Any:
        faults: Faults = []
        values = [get(request, faults) for get in gets]
        named = {name: get(request, faults) for name, get in by_name}
        if faults:
            raise _faulty(faults)
        return function(*values, **named)

    return call


def _faulty(faults: Faults) -> RequestFaultsError:
    status = min(fault[0] for fault in faults)
    return RequestFaultsError(status, tuple(fault[1:] for fault in faults))


def add_faults(faults: Faults, status: int, place: str, key: str | None, error: ValueError) -> None:
    """Add what a value's parser found; `key` is where in the place the value was, None for the place itself."""
    start = "$" if key is None else f"$.{key}"
    found: tuple[tuple[str, str], ...] = getattr(error, "faults", (("$", str(error)),))
    for path, what in found:
        # What stands outside of bodies is text, always.
        told = what if place == "body" else what.replace(", got str", ", got another text")
        faults.append((status, place, start + path[1:], told))


def _takes_body(parameter: Parameter, path_names: Sequence[str]) -> bool:
    if parameter.marker is not None:
        return parameter.marker.place == "body"
    if parameter.name in path_names or _special(parameter) is not None or parameter.kind in _LIGHT:
        return False
    from lambdakit.http.argument_values import is_textual, wants_file

    return not wants_file(parameter.kind) and not is_textual(parameter.kind)


def _getter(parameter: Parameter, path_names: Sequence[str], methods: Sequence[str], told: str) -> Get:
    marker = parameter.marker
    if _is_a(parameter.default, Marker):
        written = f"Annotated[{'...' if parameter.kind is None else _name(parameter.kind)}, {parameter.default!r}]"
        raise UsageError(f"{told}: {parameter.default!r} is no default; write {parameter.name}: {written}")
    if marker is None and parameter.name not in path_names:
        special = _special(parameter)
        if special is not None:
            return special
    if _is_a(parameter.kind, Unresolved):
        raise UsageError(
            f"{told}: the annotation {str(parameter.kind)!r} of {parameter.name} cannot be resolved; import what it "
            "names at run time too, not only under TYPE_CHECKING"
        )
    if parameter.kind is None:
        if parameter.name not in path_names:
            raise UsageError(
                f"{told}: {parameter.name} is no value of the path and has no annotation; annotate it "
                f"({parameter.name}: str is a parameter of the query), or take `request: Request`"
            )
        parameter.kind = object
    if marker is None and parameter.name in path_names:
        marker = parameter.marker = Path()
    if _is_a(marker, Path):
        return _path_value(parameter, path_names, told)
    if parameter.kind in _LIGHT and (marker is None or marker.place in _SOURCES):
        return _one_text(parameter, marker or Query(), _LIGHT[parameter.kind])
    from lambdakit.http import argument_values

    get = argument_values.getter(parameter, told)
    if marker is None and _takes_body(parameter, path_names) and _NO_BODY.issuperset(methods):
        raise UsageError(
            f"{told}: {parameter.name} asks for a body, which {methods[0]} has none of; "
            f"for the query write {parameter.name}: Annotated[{_name(parameter.kind)}, Query()]"
        )
    return get


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", None) or str(kind)


# What is given whatever the request is.


def _special(parameter: Parameter) -> Get | None:
    kind: Any = parameter.kind
    if kind is None:
        kind = _UNANNOTATED.get(parameter.name)
    if kind is Request:
        return lambda request, faults: request
    if getattr(kind, "__origin__", kind) is LambdaContext:
        return lambda request, faults: request.context
    message = sys.modules.get("lambdakit.events.http_message")
    return None if message is None else _event(kind, message.HTTPEvent)


def _event(kind: Any, base: Any) -> Get | None:
    """The typed event, in the model asked for; or one of several."""
    kinds: Any = getattr(kind, "__args__", ()) if _type(kind).__name__ in _UNIONS else ()
    wanted: tuple[Any, ...] = tuple(getattr(one, "__origin__", one) for one in kinds or (kind,))
    if not all(_is_a(one, type) and issubclass(one, base) for one in wanted):
        return None

    def get(request: Request, faults: Faults) -> Any:
        event: Any = request.event
        for model in wanted:
            if _is_a(event, model):
                return event
            if issubclass(model, _type(event)):
                return model(request.raw)
        from lambdakit.events.decorator import not_taken

        models = " or ".join(model.__name__ for model in wanted)
        raise not_taken("the route", models, request.raw, advice="use @{taker} or App")

    return get


# Values that are text.


def _text(text: str) -> str:
    return text


def _int(text: str) -> int:
    if not text.removeprefix("-").isdecimal() or not text.isascii() or len(text) > 4000:
        raise ValueError("expected int, got another text")
    return int(text)


_LIGHT: dict[Any, Parse] = {str: _text, int: _int}
# Where texts are: what gives the values of a name there, the last of them for one.
_SOURCES: dict[str, Callable[[Request], Any]] = {
    "query": lambda request: request.query,
    "header": lambda request: request.headers,
    "cookie": lambda request: request.cookies,
    "form": lambda request: request.form,
}


def _one_text(parameter: Parameter, marker: Marker, parse: Parse) -> Get:
    place, key, source = marker.place, parameter.key, _SOURCES[marker.place]

    def get(request: Request, faults: Faults) -> Any:
        text = source(request).get(key)
        if text is None:
            return parameter.absent(place, faults)
        try:
            return parse(text)
        except ValueError as error:
            add_faults(faults, 422, place, key, error)
            return None

    return get


def _path_value(parameter: Parameter, path_names: Sequence[str], told: str) -> Get:
    key = parameter.key
    if key not in path_names:
        known = ", ".join(path_names) or "none"
        raise UsageError(f"{told}: {parameter.name} is to be a value of the path, which has {known}")
    kind: Any = parameter.kind
    if kind in (object, str):
        return lambda request, faults: request.path_params[key]
    parse = _LIGHT.get(kind)
    if parse is None:
        from lambdakit.http.argument_values import text_parser

        parse = text_parser(kind, told, parameter.name)
    return _parsed_path_value(key, parse)


def _parsed_path_value(key: str, parse: Parse) -> Get:
    def get(request: Request, faults: Faults) -> Any:
        value = request.path_params[key]
        if _type(value) is not str:  # the pattern's converter has made it what it is
            return value
        try:
            return parse(value)
        except ValueError as error:
            add_faults(faults, 422, "path", key, error)
            return None

    return get
