"""The command group: a literal table of verbs, each imported only when it is run. A verb may be a group itself.

`--help` and `--version` show the table and the version without importing a single verb.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import lambdakit

if TYPE_CHECKING:
    from collections.abc import Mapping


class Verb(NamedTuple):
    """One verb: the module that holds its click command, under the name `command`, and its line in `--help`."""

    module: str
    summary: str


VERBS: dict[str, Verb] = {
    "invoke": Verb("lambdakit.cli.invoke", "Run one invocation of a function in a real bootstrap process."),
    "start": Verb("lambdakit.cli.start", "Serve functions as the local Lambda service."),
    "config": Verb("lambdakit.cli.config", "Show the project's functions as they are understood."),
    "logs": Verb("lambdakit.cli.logs", "Show the logs of a function the local service runs."),
    "traces": Verb("lambdakit.cli.traces", "Show the traces of functions the local service runs."),
    "package": Verb("lambdakit.cli.package", "Build a function's zip or a layer."),
    "image": Verb("lambdakit.cli.image", "Build a function's container image."),
    "event": Verb("lambdakit.cli.event", "Look at events."),
}


class LazyGroup(click.Group):
    """A group that knows its verbs from a table."""

    def __init__(self, *args: Any, verbs: Mapping[str, Verb], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of the table."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module."""
        verb = self._verbs.get(cmd_name)
        if verb is None:
            return None
        command = import_module(verb.module).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, without importing what it names."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in self._verbs.items()])


@click.group(cls=LazyGroup, verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lambdakit.__version__, prog_name="lambdakit")
def cli() -> None:
    """Write, run and test Python on AWS Lambda."""
