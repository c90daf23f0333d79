"""`lambdakit event check`: which source an event is of, its typed model, and the values no typed attribute covers.

The same engine as `lambdakit.events.detect` and `unmapped`; this verb reads files and writes what they say. All files
are read before anything is written, so that a file that is not JSON leaves stdout empty.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from lambdakit.cli.event_input import STDIN, read_event
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect, source_of
from lambdakit.events.model import json_path
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

_INCOMPLETE = 1
_USAGE_ERROR = 2
# Python type of a decoded JSON value -> its name in JSON.
_JSON_TYPES = {
    dict: "object",
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


@dataclass(frozen=True)
class Value:
    """A value no typed attribute covers: where it stands and its type in JSON."""

    path: str
    type: str


@dataclass(frozen=True)
class Finding:
    """What one file holds; `source` and `model` are None where the event is not recognised."""

    file: str
    source: str | None
    model: str | None
    unmapped: tuple[Value, ...]

    @property
    def is_complete(self) -> bool:
        """Whether typed attributes cover the whole event."""
        return self.model is not None and not self.unmapped


@click.command("check", short_help="Show what events are, and what no typed attribute covers.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to write."
)
def command(files: tuple[str, ...], output: Literal["text", "json"]) -> None:
    """Show the source and typed model of the event in each FILE, and the values no typed attribute covers.

    FILE is a JSON file, or - for standard input. Exit status: 0 when typed attributes cover every value of every
    event; 1 when a value is not covered, or an event is not recognised; 2 when a file cannot be read or is not JSON.
    With --format json stdout is an array with an object for each file: file, source and model (null where the event is
    not recognised) and unmapped, an array of objects with path and type.
    """
    try:
        events = [(file, json.loads(read_event(file, None))) for file in files]
    except UsageError as error:
        click.echo(f"lambdakit event check: {error}", err=True)
        sys.exit(_USAGE_ERROR)
    findings = [_examined(file, event) for file, event in events]
    if output == "json":
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(_told(finding))
    sys.exit(0 if all(finding.is_complete for finding in findings) else _INCOMPLETE)


def _examined(file: str, raw: Any) -> Finding:
    event = detect(raw)
    if event is None:
        return Finding(file, source_of(raw), None, ())
    types = dict(_types(raw, "$"))
    missed = tuple(Value(path, types[path]) for path in unmapped(event))
    return Finding(file, source_of(raw), type(event).__name__, missed)


def _types(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """The path of every value, and its type."""
    kind = _JSON_TYPES[type(value)]
    yield at, kind
    if kind == "object":
        for key, item in value.items():
            yield from _types(item, at + json_path((key,)))
    elif kind == "array":
        for index, item in enumerate(value):
            yield from _types(item, f"{at}[{index}]")


def _told(finding: Finding) -> str:
    name = "standard input" if finding.file == STDIN else finding.file
    if finding.source is None:
        return f"{name}: not recognised as an event of any source"
    if finding.is_complete:
        return f"{name}: {finding.source}, {finding.model}; typed attributes cover every value"
    values = "".join(f"\n    {value.path}  {value.type}" for value in finding.unmapped)
    return f"{name}: {finding.source}, {finding.model}; no typed attribute covers:{values}"
