"""The options that say what of the Lambda API a service answers, and to whom: `ControlOptions`."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("ControlOptions", "control_options")

_empty = click.option(
    "--empty", is_flag=True, help="Serve none of the project's functions: they are created over the Lambda API."
)
_auth = click.option(
    "--require-auth",
    is_flag=True,
    help="Refuse requests that are not signed (SigV4) with this shell's credentials.",
)


class ControlOptions(NamedTuple):
    """The options' values."""

    empty: bool
    require_auth: bool


def control_options(command: Callable[..., None]) -> Callable[..., Any]:
    """Add the options to a command that serves functions and is given `control`."""

    @wraps(command)
    def with_control(*args: Any, empty: bool, require_auth: bool, **values: Any) -> None:
        command(*args, control=ControlOptions(empty, require_auth), **values)

    return _empty(_auth(with_control))
