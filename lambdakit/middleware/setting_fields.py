# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""What a settings class declares: its fields as a tree, each with its variable, source, type and default.

A field is named after its variable in upper case, with the prefix of the groups around it: `database.host` is
DATABASE_HOST. A field whose type is a dataclass or a pydantic model is such a group. Its own variable (DATABASE) or its
source may hold a JSON object for all of it; what then has a variable or source of its own is taken from there.
"""

from __future__ import annotations

import dataclasses
import re
import typing

from lambdakit.exceptions import UsageError
from lambdakit.middleware.secret_values import Secret
from lambdakit.middleware.setting_sources import Named, Prefixed, Source
from lambdakit.middleware.setting_text import reader_of, without_none

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from lambdakit.middleware.setting_text import Reader

    # (name, key, type, metadata, what makes the default or None, reader of unknown types or None)
    Declared: TypeAlias = tuple[str, str, Any, tuple[Any, ...], Callable[[], Any] | None, Reader | None]

__all__ = ("RESERVED_NAMES", "Group", "Setting", "declared", "group_of")

# AWS Lambda developer guide, "Using Lambda environment variables": what a function's configuration may not set.
RESERVED_NAMES = frozenset(
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
    }
)  # fmt: skip
# Lambda's API takes names of at least two characters.
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")


class Setting:
    """One value: `field` (dotted) from `variable` or `source`.

    Where neither gives it: the class's own default, which `default()` gives too; else None where `may_be_none`.
    """

    __slots__ = ("default", "field", "is_secret", "key", "kind", "may_be_none", "reader", "source", "variable")

    def __init__(self, field: str, key: str, kind: Any, notes: _Notes, reader: Reader, default: Any) -> None:
        self.field = field
        self.key = key
        self.kind = kind
        self.variable = notes.variable
        self.source = notes.source
        self.reader = reader
        self.default: Callable[[], Any] | None = default
        self.may_be_none = default is None and type(None) in typing.get_args(kind)
        self.is_secret = _holds_secret(kind)

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is None and not self.may_be_none


class Group:
    """A class of settings: its members in order, and `make(values by key)`.

    `whole` is the setting that holds all of it as JSON; None for the outermost.
    """

    __slots__ = ("key", "kind", "make", "members", "whole")

    def __init__(self, kind: Any, members: list[Setting | Group], make: Callable[[dict[str, Any]], Any]) -> None:
        self.kind = kind
        self.members = members
        self.make = make
        self.key = ""
        self.whole: Setting | None = None


class _Notes:
    """What a field's annotation says besides its type."""

    def __init__(self, metadata: tuple[Any, ...], name: str, before: str) -> None:
        self.source = next((note for note in metadata if isinstance(note, Source)), None)
        named = next((note.name for note in metadata if isinstance(note, Named)), None)
        prefixed = next((note.text for note in metadata if isinstance(note, Prefixed)), None)
        self.variable = named or f"{before}{name}".upper()
        self.prefix = f"{before}{name}_" if prefixed is None else prefixed
        self.is_named = named is not None


def declared(group: Group) -> Iterator[Setting]:
    """Every setting of a group and of the groups within it."""
    for member in group.members:
        if isinstance(member, Group):
            if member.whole is not None:
                yield member.whole
            yield from declared(member)
        else:
            yield member


def group_of(kind: Any, before: str = "", path: str = "", within: tuple[Any, ...] = ()) -> Group:
    """The tree of a settings class; `before` is the prefix of its variables, `within` are the classes around it.

    Raises UsageError for a class that is neither a dataclass nor a pydantic model, for a type that text cannot hold,
    and for a variable that Lambda does not let a function set.
    """
    if _is_pydantic(kind):
        from lambdakit.middleware.setting_pydantic import fields_of, maker_of

        fields: list[Declared] = fields_of(kind)
        make = maker_of(kind)
    elif dataclasses.is_dataclass(kind) and isinstance(kind, type):
        fields, make = list(_dataclass_fields(kind)), _maker(kind)
    else:
        raise UsageError(f"settings are a dataclass or a pydantic model; {kind!r} is neither")
    around = (*within, kind)
    return Group(kind, [_member(before, path, around, field) for field in fields], make)


def _is_pydantic(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "__pydantic_validator__") and hasattr(kind, "model_fields")


def _member(before: str, path: str, around: tuple[Any, ...], declaration: Declared) -> Setting | Group:
    name, key, kind, metadata, default, foreign = declaration
    notes = _Notes(metadata, name, before)
    field = f"{path}{name}"
    inner = without_none(kind)
    try:
        setting = Setting(field, key, kind, notes, reader_of(kind, foreign), default)
    except UsageError as error:
        raise UsageError(f"{field}: {error}") from None
    _check_name(setting, notes)
    # A class within itself has no end as a tree: there it is JSON.
    if inner in around or not (_is_pydantic(inner) or dataclasses.is_dataclass(inner)):
        return setting
    group = group_of(inner, notes.prefix, f"{field}.", around)
    group.key, group.whole = key, setting
    setting.is_secret = any(one.is_secret for one in declared(group))
    return group


def _check_name(setting: Setting, notes: _Notes) -> None:
    if notes.is_named:
        return
    if setting.variable in RESERVED_NAMES:
        raise UsageError(
            f"{setting.field}: {setting.variable} is reserved by Lambda and cannot be set for a function; "
            f'to read what Lambda sets, say so: Annotated[..., variable("{setting.variable}")]'
        )
    needed = setting.source is None or setting.source.service == "kms"
    if needed and not _NAME.fullmatch(setting.variable):
        raise UsageError(
            f"{setting.field}: Lambda takes no variable named {setting.variable!r} (letters, digits and underscores, "
            'a letter first, two at least); give another: Annotated[..., variable("NAME")]'
        )


def _holds_secret(kind: Any) -> bool:
    if kind is Secret or typing.get_origin(kind) is Secret or getattr(kind, "__name__", "").startswith("Secret"):
        return True
    return any(_holds_secret(argument) for argument in typing.get_args(kind))


def _dataclass_fields(kind: Any) -> Iterator[Declared]:
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except NameError as error:
        raise UsageError(
            f"{kind.__qualname__} cannot be read: {error}; its annotations must name types that its module has "
            "at run time (not only under TYPE_CHECKING)"
        ) from None
    for field in dataclasses.fields(kind):
        if field.init:
            hint = hints[field.name]
            annotated = typing.get_origin(hint) is typing.Annotated
            bare, metadata = (typing.get_args(hint)[0], hint.__metadata__) if annotated else (hint, ())
            yield field.name, field.name, bare, metadata, _dataclass_default(field), None


def _dataclass_default(field: dataclasses.Field[Any]) -> Callable[[], Any] | None:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory
    if field.default is dataclasses.MISSING:
        return None
    return lambda: field.default


def _maker(kind: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda values: kind(**values)
