"""`--debug FUNCTION[:PORT]`: which functions a debugger may be attached to, where, and what an editor needs for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lambdakit.emulator.debugger import PORT, Debugger, attach_configuration
from lambdakit.emulator.listener import LOOPBACK
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lambdakit.emulator.project import FunctionSpec

_HIGHEST_PORT = 65535

debug_option = click.option(
    "--debug",
    multiple=True,
    metavar="FUNCTION[:PORT]",
    help=f"Let a debugger attach to the function (port {PORT}); while one is, no deadline passes. Needs debugpy.",
)


def debuggers_of(debug: Sequence[str], functions: Sequence[FunctionSpec]) -> dict[str, Debugger]:
    """The debuggers of functions by their names. Raises UsageError."""
    served = {function.name: function for function in functions}
    found: dict[str, Debugger] = {}
    for text in debug:
        name, _, port = text.partition(":")
        if name not in served:
            raise UsageError(f"--debug {text}: there is no function {name!r} here, but {', '.join(served)}.")
        debugger = Debugger(_port(text, port) if port else PORT)
        debugger.check(served[name].config.runtime_command)
        found[name] = debugger
    return found


def debug_lines(debuggers: Mapping[str, Debugger]) -> Iterator[str]:
    """Where debuggers attach, and the entry of Visual Studio Code's launch.json that does it."""
    for name, debugger in debuggers.items():
        yield f"  debugger of {name} at {LOOPBACK}:{debugger.port}; in VS Code's launch.json:"
        yield f"    {attach_configuration(name, debugger.port)}"


def _port(text: str, port: str) -> int:
    if not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise UsageError(f"--debug {text}: {port!r} is no port; expected FUNCTION or FUNCTION:PORT.")
    return int(port)
