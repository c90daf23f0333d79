"""`lambdakit package`: a function's zip, or a layer, for the platform it will run on.

All the work is `lambdakit.packaging`'s: this verb turns a TARGET and options into its request, and writes the size tree
to stdout. The exit status is 0, or 2 when the package cannot be built; then no file is left behind.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from lambdakit.cli.function_input import FunctionOptions, source_function_of
from lambdakit.cli.package_input import CUSTOM_RUNTIME, MANAGED_RUNTIME, architecture_of, python_of, requirements_of
from lambdakit.exceptions import UsageError
from lambdakit.packaging import (
    PackageRequest,
    Platform,
    Requirements,
    Selection,
    Source,
    build_package,
    size_tree,
)

if TYPE_CHECKING:
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.packaging.install import Installer
    from lambdakit.packaging.platforms import Architecture, Library

_USAGE_ERROR = 2
_NO_PYTHON = (
    "note: {} has no Python of its own: add a layer with one in /opt/python/bin/python3, or set LAMBDAKIT_PYTHON."
)
_WRAPPER = "note: add the layer to the function and set AWS_LAMBDA_EXEC_WRAPPER=/opt/bootstrap."


@dataclass(frozen=True)
class Options:
    """The verb's options as click gives them."""

    target: str | None
    layer: bool
    exec_wrapper: bool
    code_only: bool
    runtime: str | None
    python: str | None
    arch: Architecture | None
    platform: Library
    requirements: str | None
    extra: tuple[str, ...]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    with_tests: bool
    output: str | None
    installer: Installer
    find_links: tuple[str, ...]
    no_index: bool


@click.command(short_help="Build a function's zip or a layer.")
@click.argument("target", required=False)
@click.option("--layer", is_flag=True, help="A layer: the dependencies and lambdakit, without the project's code.")
@click.option("--exec-wrapper", is_flag=True, help="A layer that gives a managed Python runtime lambdakit's runtime.")
@click.option("--code-only", is_flag=True, help="The project's code alone; its dependencies are in a layer.")
@click.option("--runtime", metavar="NAME", help="python3.X, or provided.al2023 (with bootstrap); else the project's.")
@click.option("--python", metavar="3.X", help="The Python it will run on; else the runtime's, or this one.")
@click.option("--arch", type=click.Choice(["x86_64", "arm64"]), help="Else the project's, or x86_64.")
@click.option("--platform", type=click.Choice(["manylinux", "musllinux"]), default="manylinux", show_default=True)
@click.option(
    "--requirements", metavar="FILE", help="A requirements file, pyproject.toml or uv.lock; else the nearest."
)
@click.option("--extra", multiple=True, metavar="NAME", help="An extra of pyproject.toml; may be repeated.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Ship these files, too (as in .gitignore).")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave these files out (as in .gitignore).")
@click.option("--with-tests", is_flag=True, help="Ship the project's tests.")
@click.option("-o", "--output", metavar="FILE", help="Where to write; else dist/NAME.zip or dist/NAME-layer.zip.")
@click.option("--installer", type=click.Choice(["auto", "pip", "uv"]), default="auto", help="uv where it is, else pip.")
@click.option("--find-links", multiple=True, metavar="DIR", help="A directory of wheels; may be repeated.")
@click.option("--no-index", is_flag=True, help="No package index: only --find-links.")
def command(**given: object) -> None:
    """Build a zip of TARGET with its dependencies, and print what is in it.

    TARGET is module.function, path/to/app.py:function, or a function's name in the project's configuration; without one
    --exec-wrapper has lambdakit alone. Only wheels for the target are taken. The same files give the same bytes.
    """
    options = Options(**given)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    try:
        request = _request(options)
        written = build_package(request)
    except UsageError as error:
        click.echo(f"lambdakit package: {error}", err=True)
        sys.exit(_USAGE_ERROR)
    click.echo("\n".join(size_tree(written)))
    if options.exec_wrapper:
        click.echo(_WRAPPER, err=True)
    elif request.bootstrap == "included":
        click.echo(_NO_PYTHON.format(options.runtime or "the runtime"), err=True)


def _request(options: Options) -> PackageRequest:
    _check(options)
    function = None if options.target is None else source_function_of(options.target, FunctionOptions())
    config = None if function is None else function.config
    runtime = options.runtime or (f"{MANAGED_RUNTIME}{options.python}" if options.python else _runtime_of(config))
    layer = options.layer or options.exec_wrapper
    custom = options.exec_wrapper or runtime.startswith(CUSTOM_RUNTIME)
    return PackageRequest(
        _output(options, config),
        Platform(python_of(options.python, runtime), architecture_of(options.arch, function), options.platform),
        root=None if config is None else config.task_root.resolve(),
        kind="layer" if layer else "function",
        contents="code" if options.code_only else "all",
        bootstrap="included" if custom and not options.code_only else "absent",
        requirements=_requirements(options, config),
        source=Source(options.installer, options.find_links, "none" if options.no_index else "configured"),
        selection=Selection(options.include, options.exclude, "with" if options.with_tests else "without"),
    )


def _check(options: Options) -> None:
    if options.target is None and not options.exec_wrapper:
        raise UsageError("No TARGET was given; only --exec-wrapper goes without one.")
    if options.code_only and (options.layer or options.exec_wrapper):
        raise UsageError("--code-only is for a function's zip: a layer has none of the project's code.")


def _runtime_of(config: FunctionConfig | None) -> str:
    here = f"{MANAGED_RUNTIME}{sys.version_info[0]}.{sys.version_info[1]}"
    return here if config is None else config.runtime


def _requirements(options: Options, config: FunctionConfig | None) -> Requirements:
    return Requirements() if options.code_only else requirements_of(options.requirements, options.extra, config)


def _output(options: Options, config: FunctionConfig | None) -> Path:
    if options.output is not None:
        return Path(options.output).resolve()
    name = "lambdakit" if config is None else config.name
    kind: Literal["-layer", ""] = "-layer" if options.layer or options.exec_wrapper else ""
    return Path("dist", f"{name}{kind}.zip").resolve()
