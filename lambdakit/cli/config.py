"""`lambdakit config`: the functions of the project as they are understood, and where each value came from.

The same reading as every other verb's (`lambdakit.emulator.project`). Values of variables are not shown: they may be
secrets, and a terminal is a poor place for those.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lambdakit.emulator.project import load_project
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from lambdakit.emulator.project import FunctionSpec, Project, Route

_USAGE_ERROR = 2
# What is shown of a function: the line's name, the value of its configuration, the settings that may have given it.
_CONFIG_LINES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("timeout", "timeout", ("timeout",)),
    ("memory", "memory_mb", ("memory", "memorysize")),
    ("ephemeral storage", "ephemeral_storage_mb", ("ephemeral-storage", "ephemeralstorage")),
    ("runtime", "runtime", ("runtime",)),
    ("region", "region", ("region",)),
    ("log format", "log_format", ("log-format", "loggingconfig")),
    ("tracing", "tracing", ("tracing", "tracingconfig")),
    ("max concurrency", "max_concurrency", ("max-concurrency",)),
)
_AROUND_LINES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("reserved concurrency", "reserved_concurrency", ("reserved-concurrency", "reservedconcurrentexecutions")),
    ("provisioned concurrency", "provisioned_concurrency", ("provisioned-concurrency", "provisionedconcurrencyconfig")),
)


@click.command("config", short_help="Show the project's functions as they are understood.")
@click.option("--template", metavar="FILE", help="A SAM template, instead of what the directory has.")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to write."
)
def command(template: str | None, output: Literal["text", "json"]) -> None:
    """Show the functions that pyproject.toml or the SAM template names, and where each value came from.

    Exit status: 0, also where no function is named; 2 when a file cannot be read or has a mistake. Variables are shown
    by name only.
    """
    try:
        project = load_project(Path.cwd(), template=None if template is None else Path(template))
    except UsageError as error:
        click.echo(f"lambdakit config: {error}", err=True)
        sys.exit(_USAGE_ERROR)
    click.echo(json.dumps(_described(project), indent=2) if output == "json" else "\n".join(_told(project)))


def _told(project: Project) -> Iterator[str]:
    if project.file is None:
        yield "no functions: neither [tool.lambdakit.functions] in pyproject.toml nor a SAM template is here"
        return
    yield f"{project.file.name}: {len(project.functions)} function{'s' if len(project.functions) != 1 else ''}"
    for function in project.functions:
        yield ""
        yield from _told_of(function)
    if project.notes:
        yield ""
        yield from (f"note: {note}" for note in project.notes)


def _told_of(function: FunctionSpec) -> Iterator[str]:
    config = function.config
    yield f"{function.name}  {config.handler} in {function.code or config.task_root}"
    for name, attribute, settings in _CONFIG_LINES:
        yield _line(name, getattr(config, attribute), _origin(function, settings))
    for name, attribute, settings in _AROUND_LINES:
        value = getattr(function, attribute)
        if value is not None and value != 0:
            yield _line(name, value, _origin(function, settings))
    if config.environment:
        yield _line("variables", ", ".join(sorted(config.environment)), _origin(function, ("environment",)))
    for layer in function.layers:
        yield _line("layer", layer, _origin(function, ("layers",)))
    if function.url is not None:
        yield _line("url", f"{function.url.auth_type}, {function.url.invoke_mode}", _origin(function, _URL_SETTINGS))
    for route in function.routes:
        yield _line("route", _route(route), _origin(function, ("routes", "events")))
    for schedule in function.schedules:
        yield _line("schedule", schedule.expression, _origin(function, ("schedules", "events")))
    for source in function.sources:
        yield _line("source", source.arn, _origin(function, ("sources", "events")))


def _route(route: Route) -> str:
    authorizer = route.authorizer if isinstance(route.authorizer, (str, type(None))) else route.authorizer.name
    return f"{route.method} {route.path} ({route.kind})" + (f", authorizer {authorizer}" if authorizer else "")


_URL_SETTINGS = ("url", "functionurlconfig")


def _line(name: str, value: Any, origin: str) -> str:
    return f"    {name:<24}{value!s:<40}  {origin}".rstrip()


def _origin(function: FunctionSpec, settings: tuple[str, ...]) -> str:
    found = (function.origin(setting) for setting in settings if setting in function.origins)
    return next(found, "default")


def _described(project: Project) -> dict[str, Any]:
    return {
        "file": None if project.file is None else str(project.file),
        "notes": list(project.notes),
        "functions": [_described_function(function) for function in project.functions],
    }


def _described_function(function: FunctionSpec) -> dict[str, Any]:
    described = asdict(function)
    described["config"] |= {"environment": sorted(function.config.environment)}
    plain: dict[str, Any] = json.loads(json.dumps(described, default=str))
    return plain
