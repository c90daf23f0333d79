"""Which parts of an event no typed attribute covers: the check against drift between the models and the services.

A leaf of the JSON is covered when a field's path ends at it or above it without leading into another model; a field
that hands out JSON as it is covers everything below it, as free-form maps must.
"""

from __future__ import annotations

from lambdakit.events.model import ModelType, json_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from lambdakit.events.model import Field, Model

__all__ = ("leaves", "unmapped")

# isinstance, without narrowing JSON of unknown type to containers of unknown types.
_is_a: Callable[[Any, Any], bool] = isinstance


def unmapped(event: Model) -> list[str]:
    """The JSON paths of the leaves of `event.raw` that no typed attribute covers, in the order of the event."""
    each = getattr(type(event), "each", None)
    if each is None:
        return list(_unmapped(type(event), event.raw, "$"))
    items: Any = event.raw
    return [path for index, item in enumerate(items) for path in _unmapped(each, item, f"$[{index}]")]


def leaves(value: Any, at: str = "$") -> Iterator[str]:
    """The paths of all leaves: scalars, and empty lists and objects."""
    if _is_a(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, at + json_path((key,)))
    elif _is_a(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{at}[{index}]")
    else:
        yield at


def _unmapped(model: ModelType, raw: Any, at: str) -> Iterator[str]:
    yield from _below(list(model.fields.values()), raw, at, depth=0)


def _below(fields: list[Field], raw: Any, at: str, depth: int) -> Iterator[str]:
    if not _is_a(raw, dict) or not raw:
        yield at
        return
    for key, value in raw.items():
        place = at + json_path((key,))
        inside = [field for field in fields if len(field.path) > depth and field.path[depth] == key]
        if not inside:
            yield from leaves(value, place)
            continue
        ending = [field for field in inside if len(field.path) == depth + 1]
        if not ending:
            yield from _below(inside, value, place, depth + 1)
        elif not any(_takes_all(field) for field in ending):
            missed = [list(_through(field, value, place)) for field in ending]
            yield from (path for path in missed[0] if all(path in other for other in missed[1:]))


def _takes_all(field: Field) -> bool:
    target = field.each or field.values or field.groups or field.convert
    return not isinstance(target, ModelType)


def _through(field: Field, value: Any, at: str) -> Iterator[str]:
    if field.each is not None and _is_a(value, list):
        yield from _unmapped_items(field.each, value, at)
    elif field.values is not None and _is_a(value, dict):
        for name, item in value.items():
            yield from _unmapped(field.values, item, at + json_path((name,)))  # type: ignore[arg-type]
    elif field.groups is not None and _is_a(value, dict):
        for name, items in value.items():
            yield from _unmapped_items(field.groups, items, at + json_path((name,)))
    elif value is not None:
        yield from _unmapped(field.convert, value, at)  # type: ignore[arg-type]


def _unmapped_items(model: Any, items: Any, at: str) -> Iterator[str]:
    for index, item in enumerate(items):
        yield from _unmapped(model, item, f"{at}[{index}]")
