"""Which records of a batch failed, as a function says that reports them one by one.

Source: AWS Lambda developer guide, "Returning partial batch responses": `{"batchItemFailures": [{"itemIdentifier":
...}]}`. Nothing, or an empty list, is success; whatever cannot be understood is a failure of the whole batch.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdakit.emulator.polling.json_values import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ("failed_identifiers",)


def failed_identifiers(answer: bytes, identifiers: Collection[str]) -> set[str]:
    """Those of a batch's identifiers that failed: all of them where the answer is not understood."""
    everything = {*identifiers}
    try:
        value: Any = json.loads(answer or b"null")
    except ValueError:
        return everything
    if value in (None, "", [], {}):
        return set()
    if not is_object(value):
        return everything
    listed: Any = value.get("batchItemFailures")
    if listed is None:
        return set()
    if not is_array(listed):
        return everything
    named = {*map(_identifier, listed)}
    known = everything.intersection(named)
    return known if len(known) == len(named) else everything


def _identifier(entry: Any) -> str | None:
    identifier = entry.get("itemIdentifier") if is_object(entry) else None
    return identifier if isinstance(identifier, str) else None
