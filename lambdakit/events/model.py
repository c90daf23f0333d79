# pyright: reportPrivateUsage=false
"""The engine of the event models: typed attributes over raw JSON, one line a field.

    class S3Bucket(Model, at="$.Records[*].s3.bucket"):
        name: str = field("name")
        arn: str = field("arn")

A field says where its value stands in the JSON and what is made of it. When the class is created each field becomes a
property with a getter made for it, so that reading an attribute costs one dictionary look-up and one call. An object
holds the raw JSON and nothing else: nothing is parsed before it is asked for, nothing is kept after.

`.raw` and item access give the JSON as it came, whatever a model knows of it. A required field that is missing raises
MissingFieldError, which names class, field and JSON path. This is not validation: a field of another type than declared
is handed out as it is.
"""

from __future__ import annotations

from lambdakit.events.getters import REQUIRED, optional_getter, required_getter, tuned
from lambdakit.events.getters import json_path as json_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from typing_extensions import Self

__all__ = ("Field", "Model", "ModelType", "field")


class Field:
    """What one line of a model says; see `field`."""

    __slots__ = ("convert", "default", "doc", "each", "groups", "name", "path", "values")

    def __init__(
        self,
        path: tuple[str, ...],
        convert: Callable[[Any], Any] | None,
        each: Callable[[Any], Any] | None,
        values: Callable[[Any], Any] | None,
        groups: Callable[[Any], Any] | None,
        default: Any,
        doc: str | None,
    ) -> None:
        self.name = ""
        self.path = path
        self.convert = convert
        self.each = each
        self.values = values
        self.groups = groups
        self.default = default
        self.doc = doc


def field(
    *path: str,
    convert: Callable[[Any], Any] | None = None,
    each: Callable[[Any], Any] | None = None,
    values: Callable[[Any], Any] | None = None,
    groups: Callable[[Any], Any] | None = None,
    default: Any = REQUIRED,
    doc: str | None = None,
) -> Any:
    """A field of a model: the value at `path` (one key, or one for each level).

    At most one of: `convert` makes the value, `each` makes every item of a list, `values` makes every value of an
    object, `groups` every item of the lists that are the values of an object; each is a model class or any function of
    one JSON value. With a `default` the field may be absent or null, and is then the default.
    """
    return Field(path, convert, each, values, groups, default, doc)


def _list_of(each: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda items: list(map(each, items))


def _map_of(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda items: {name: make(item) for name, item in items.items()}


def _lists_of(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda groups: {name: list(map(make, items)) for name, items in groups.items()}


def _plain_model(make: Any) -> Any:
    """The class, where it is one of a model that holds its JSON and needs nothing done when it is made."""
    cls: Any = make
    plain = isinstance(make, ModelType) and cls.__init__ is Model.__init__ and cls.__new__ is object.__new__
    return cls if plain else None


def _compile(declared: Field) -> property:
    """The property that reads a field."""
    model, models = _plain_model(declared.convert), _plain_model(declared.each)
    if declared.each is not None:
        declared.convert = _list_of(declared.each)
    elif declared.values is not None:
        declared.convert = _map_of(declared.values)
    elif declared.groups is not None:
        declared.convert = _lists_of(declared.groups)
    if declared.default is REQUIRED:
        getter = required_getter(declared, declared.convert, model, models)
    else:
        getter = optional_getter(declared, declared.convert)
    return property(tuned(getter), doc=declared.doc)


def _refuse_change(self: Model, value: object) -> None:
    raise AttributeError(f"{type(self).__name__} is immutable; make a new one from a changed copy of .raw")


def _refuse_delete(self: Model) -> None:
    raise AttributeError(f"{type(self).__name__} is immutable")


class ModelType(type):
    """Turns the fields in a class body into properties; every model has the one slot `_raw`."""

    fields: Mapping[str, Field]
    at: str

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], at: str = "") -> ModelType:
        own: dict[str, Field] = {}
        for attribute, value in list(namespace.items()):
            made = value
            if isinstance(value, Field):
                value.name = attribute
                own[attribute] = value
                made = _compile(value)
            if isinstance(made, property):
                # Not by __setattr__: every new object would have to get round it.
                namespace[attribute] = made.setter(_refuse_change).deleter(_refuse_delete)
        namespace.setdefault("__slots__", ())
        cls = super().__new__(mcs, name, bases, namespace)
        inherited: dict[str, Field] = {}
        for base in reversed(cls.__mro__[1:]):
            inherited.update(getattr(base, "fields", {}))
        # A property written by hand in a subclass replaces an inherited field.
        cls.fields = {**{n: f for n, f in inherited.items() if n not in namespace}, **own}
        if at or not hasattr(cls, "at"):
            cls.at = at or "$"
        return cls

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], at: str = "") -> None:
        super().__init__(name, bases, namespace)


class Model(metaclass=ModelType):
    """Typed attributes over one JSON object. Immutable; equal to another of its class with equal JSON.

    Item access, `in` and `get` look at the JSON, but a model is no mapping: it has no `keys()`, which is the name of a
    field (`record.keys`, the key of a changed item), and is always true. `dict(event.raw)` is a copy of the JSON.
    """

    __slots__ = ("_raw",)

    _raw: Any
    # Where in its event an object of this class stands, as a JSON path.
    at: str
    # The attributes that `repr` shows: enough to recognise the object, never a body.
    shown: tuple[str, ...] = ()

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    @property
    def raw(self) -> dict[str, Any]:
        """The JSON as it came."""
        raw: dict[str, Any] = self._raw
        return raw

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """An object over `raw`; `cls(raw)` for use where a function is expected."""
        return cls(raw)

    def __getitem__(self, key: str) -> Any:
        return self._raw[key]

    def __contains__(self, key: object) -> bool:
        return key in self._raw

    if not TYPE_CHECKING:
        # Type checkers find it missing, which is what a user is to be told.
        def __iter__(self):
            name = type(self).__name__
            raise TypeError(f"{name} is no mapping: iterate over .raw, copy with dict(event.raw)")

    def get(self, key: str, default: Any = None) -> Any:
        """The raw value of a key, or the default."""
        return self._raw.get(key, default)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(self._raw == other._raw)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).of, (self._raw,)

    def __repr__(self) -> str:
        parts: list[str] = []
        for name in self.shown:
            try:
                parts.append(f"{name}={getattr(self, name)!r}")
            except Exception:  # a broken event must still be printable
                parts.append(f"{name}=?")
        return f"{type(self).__name__}({', '.join(parts)})"
