"""Reading a CloudFormation template: YAML with its short tags (`!Ref`, `!Sub` ...), or JSON.

A short tag is the long form it stands for, so that the rest of the code knows one spelling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("read_template_file", "table")

# The tags that are not `Fn::` and their name.
_BARE = ("Ref", "Condition")


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it."""


def _tagged(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in _BARE else f"Fn::{suffix}": value}


def _as_text(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _tagged)  # pyright: ignore[reportUnknownMemberType]
# A date in a template is text, such as the version of a policy.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_text)


def table(value: Any) -> dict[str, Any]:
    """The mapping, or an empty one where there is none."""
    return value or {}


def read_template_file(file: Path) -> dict[str, Any]:
    """The template as plain values. Raises UsageError with file, line and column."""
    try:
        read: Any = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file}: {error}") from None
    template: dict[str, Any] = read if isinstance(read, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    if type(template.get("Resources")) is not dict:
        raise UsageError(f"{file}: a template is a mapping with Resources.")
    return template
