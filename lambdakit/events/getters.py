# pyright: reportPrivateUsage=false
"""The getters of the event models' fields: one closure a field, chosen by what the field says.

Reading attributes is most of what a handler does with an event, so there is a getter for each form that is common, with
nothing in it that the form does not need: one key or two, a plain value, a converted one, a model or a list of models.
All others share the general ones.
"""

from __future__ import annotations

from lambdakit.exceptions import MissingFieldError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from lambdakit.events.model import Field

    Getter: TypeAlias = Callable[[Any], Any]

__all__ = ("REQUIRED", "json_path", "optional_getter", "required_getter", "tuned")


class _Required:
    """The default of a field that must be there."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()
_function_type: Any = type(lambda: None)
# A model is made without the way through `type.__call__` and its `__init__`, which costs more than all the rest.
_new: Any = object.__new__


def json_path(keys: tuple[str, ...]) -> str:
    """The keys as the end of a JSON path: `.a.b`, `["detail-type"]`."""
    return "".join(f".{key}" if key.isidentifier() else f'["{key}"]' for key in keys)


def tuned(function: Any) -> Any:
    """The function with byte code of its own.

    The interpreter tunes byte code to the types it meets in it. Getters that share theirs meet every model there is,
    and each spoils what was tuned for the others.
    """
    code = function.__code__.replace()
    return _function_type(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def _missing(model: Any, declared: Field) -> MissingFieldError:
    return MissingFieldError(type(model).__name__, declared.name, f"{model.at}{json_path(declared.path)}")


def required_getter(declared: Field, make: Any, model: Any, models: Any) -> Getter:
    """The getter of a field that must be there; `model` is its class where it is one, `models` where it is a list."""
    single = len(declared.path) == 1
    if models is not None and single:
        return _models(declared, models)
    if len(declared.path) > 2:
        return _deep(declared, make)
    if model is not None:
        return _model(declared, model) if single else _model_of_two(declared, model)
    if make is None:
        return _plain(declared) if single else _plain_of_two(declared)
    return _converted(declared, make) if single else _converted_of_two(declared, make)


def _plain(declared: Field) -> Getter:
    (key,) = declared.path

    def get(self: Any) -> Any:
        try:
            return self._raw[key]
        except (KeyError, TypeError):
            raise _missing(self, declared) from None

    return get


def _plain_of_two(declared: Field) -> Getter:
    outer, inner = declared.path

    def get(self: Any) -> Any:
        try:
            return self._raw[outer][inner]
        except (KeyError, TypeError):
            raise _missing(self, declared) from None

    return get


def _converted(declared: Field, make: Any) -> Getter:
    (key,) = declared.path

    def get(self: Any) -> Any:
        try:
            value = self._raw[key]
        except (KeyError, TypeError):
            raise _missing(self, declared) from None
        return make(value)

    return get


def _converted_of_two(declared: Field, make: Any) -> Getter:
    outer, inner = declared.path

    def get(self: Any) -> Any:
        try:
            value = self._raw[outer][inner]
        except (KeyError, TypeError):
            raise _missing(self, declared) from None
        return make(value)

    return get


def _deep(declared: Field, make: Any) -> Getter:
    path = declared.path

    def get(self: Any) -> Any:
        value = self._raw
        try:
            for key in path:
                value = value[key]
        except (KeyError, TypeError):
            raise _missing(self, declared) from None
        return value if make is None else make(value)

    return get


def _model(declared: Field, cls: Any) -> Getter:
    new = _new
    (key,) = declared.path

    def get(self: Any) -> Any:
        try:
            value = self._raw[key]
        except (KeyError, TypeError):
            raise _missing(self, declared) from None
        made = new(cls)
        made._raw = value
        return made

    return get


def _model_of_two(declared: Field, cls: Any) -> Getter:
    new = _new
    outer, inner = declared.path

    def get(self: Any) -> Any:
        try:
            value = self._raw[outer][inner]
        except (KeyError, TypeError):
            raise _missing(self, declared) from None
        made = new(cls)
        made._raw = value
        return made

    return get


def _models(declared: Field, cls: Any) -> Getter:
    new = _new
    (key,) = declared.path

    def get(self: Any) -> Any:
        try:
            values = self._raw[key]
        except (KeyError, TypeError):
            raise _missing(self, declared) from None
        made: list[Any] = []
        for value in values:
            model = new(cls)
            model._raw = value
            made.append(model)
        return made

    return get


def optional_getter(declared: Field, make: Any) -> Getter:
    """The getter of a field that may be absent or null."""
    if len(declared.path) == 2:
        return _optional_of_two(declared, make)
    return _optional(declared) if make is None and len(declared.path) == 1 else _optional_deep(declared, make)


def _optional(declared: Field) -> Getter:
    (key,), default = declared.path, declared.default

    def get_or_none(self: Any) -> Any:
        return self._raw.get(key)

    def get(self: Any) -> Any:
        value = self._raw.get(key)
        return default if value is None else value

    return get_or_none if default is None else get


def _optional_of_two(declared: Field, make: Any) -> Getter:
    (outer, inner), default = declared.path, declared.default

    def get(self: Any) -> Any:
        try:
            value = self._raw[outer][inner]
        except (KeyError, TypeError):
            return default
        if value is None:
            return default
        return value if make is None else make(value)

    return get


def _optional_deep(declared: Field, make: Any) -> Getter:
    path, default = declared.path, declared.default

    def get(self: Any) -> Any:
        value = self._raw
        try:
            for key in path:
                value = value[key]
        except (KeyError, TypeError):
            return default
        if value is None:
            return default
        return value if make is None else make(value)

    return get
