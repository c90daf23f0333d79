"""The table of a settings class, as `env.describe` prints it: variable, field, type, default, source."""

from __future__ import annotations

from lambdakit.middleware.setting_fields import declared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambdakit.middleware.setting_fields import Group, Setting

__all__ = ("table_of",)

_HEADERS = ("variable", "field", "type", "default", "source")


def table_of(group: Group) -> str:
    """The table, a line for each setting; the default of a secret does not show."""
    rows = [_HEADERS, *(_row(setting) for setting in declared(group))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADERS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(setting: Setting) -> tuple[str, ...]:
    source = "environment" if setting.source is None else repr(setting.source)
    return setting.variable, setting.field, setting.reader.says, _default(setting), source


def _default(setting: Setting) -> str:
    if setting.default is None:
        return "None" if setting.may_be_none else "(required)"
    return "(set)" if setting.is_secret else repr(setting.default())
