# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Settings that are a pydantic model: its fields, and the model made of what was read.

Text of the types that settings know is read as everywhere (lists between commas, `30s`); any other type gets its text
as it is, and the model's own rules decide. pydantic is not imported: a model cannot exist before it is.
"""

from __future__ import annotations

from lambdakit.middleware.setting_text import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from lambdakit.middleware.setting_fields import Declared

__all__ = ("FieldRefused", "fields_of", "maker_of")

_AS_IT_IS = Reader("text", lambda text: text)


class FieldRefused(Exception):
    """What a model said of its fields: `faults` are (field, message)."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = faults
        super().__init__()


def fields_of(kind: Any) -> list[Declared]:
    """Each field of a model."""
    return list(_fields(kind))


def _fields(kind: Any) -> Iterator[Declared]:
    for name, info in kind.model_fields.items():
        alias = info.validation_alias or info.alias
        default = None if info.is_required() else _default_of(info)
        yield name, alias if isinstance(alias, str) else name, info.annotation, tuple(info.metadata), default, _AS_IT_IS


def _default_of(info: Any) -> Callable[[], Any]:
    return lambda: info.get_default(call_default_factory=True)


def maker_of(kind: Any) -> Callable[[dict[str, Any]], Any]:
    """What makes the model of values by key. Raises FieldRefused."""

    def make(values: dict[str, Any]) -> Any:
        try:
            return kind.model_validate(values)
        except ValueError as error:
            found: Any = getattr(error, "errors", None)
            if found is None:
                raise
            shown = found(include_url=False, include_context=False, include_input=False)
        raise FieldRefused([(".".join(map(str, fault["loc"])), str(fault["msg"])) for fault in shown])

    return make
