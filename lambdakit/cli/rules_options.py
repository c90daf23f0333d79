"""The options that say what of Lambda's confinement functions are held to: `Rules`, as the command line gives them."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from lambdakit.emulator.confinement import Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.confinement import Limits, Processor

_limits = click.option(
    "--limits",
    type=click.Choice(["all", "memory", "off"]),
    default="all",
    show_default=True,
    help="Lambda's limits to hold functions to: memory; all: descriptors, threads and /tmp, too. On Linux.",
)
_processor = click.option(
    "--processor",
    type=click.Choice(["machine", "share"]),
    default="machine",
    show_default=True,
    help="Processor time: all the machine has, or a share in proportion to memory. Linux only.",
)
_freeze = click.option(
    "--freeze/--no-freeze",
    default=False,
    show_default=True,
    help="Stop every thread of a function between invocations.",
)


def service_rules(command: Callable[..., None]) -> Callable[..., Any]:
    """Add the options to a command that serves many invocations and is given `rules`."""
    return _limits(_processor(_freeze(_with_rules(command))))


def invocation_rules(command: Callable[..., None]) -> Callable[..., Any]:
    """The same for a command that runs one: nothing comes between invocations."""
    return _limits(_processor(_with_rules(command)))


def _with_rules(command: Callable[..., None]) -> Callable[..., Any]:
    @wraps(command)
    def with_rules(*args: Any, limits: Limits, processor: Processor, freeze: bool = False, **values: Any) -> None:
        command(*args, rules=Rules(limits, "between-invocations" if freeze else "never", processor), **values)

    return with_rules
