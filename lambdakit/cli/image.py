"""`lambdakit image`: a function's container image, or the base that such images are built on.

All the work is `lambdakit.packaging`'s: this verb turns a TARGET and options into its request, and writes the image's
name, digest and size to stdout. What the builder says goes to stderr. The exit status is 0, or 2 when the image cannot
be built; with --run it is the container's.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lambdakit.cli.function_input import FunctionOptions, source_function_of
from lambdakit.cli.package_input import MANAGED_RUNTIME, architecture_of, python_of, requirements_of
from lambdakit.exceptions import UsageError
from lambdakit.packaging import Platform, Selection, Source
from lambdakit.packaging.image import ImageRequest, write_context
from lambdakit.packaging.image_builders import build_image, choose_builder, run_image

if TYPE_CHECKING:
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.packaging.image import Variant
    from lambdakit.packaging.image_builders import BuilderName, Built
    from lambdakit.packaging.install import Installer
    from lambdakit.packaging.platforms import Architecture, Library

_USAGE_ERROR = 2
# The images' bases bring their own C library, which is newer than what the managed runtimes have.
_GLIBC = 34
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Options:
    """The verb's options as click gives them."""

    target: str | None
    variant: Variant
    base: str | None
    tag: str | None
    python: str | None
    arch: Architecture | None
    platform: Library
    requirements: str | None
    extra: tuple[str, ...]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    with_tests: bool
    builder: BuilderName | None
    context: str | None
    run: bool
    port: int
    env: tuple[str, ...]
    installer: Installer
    find_links: tuple[str, ...]
    no_index: bool


@click.command(short_help="Build a function's container image.")
@click.argument("target", required=False)
@click.option("--variant", type=click.Choice(["minimal", "slim"]), default="minimal", show_default=True)
@click.option("--base", metavar="IMAGE", help="An image with Python; else the official python:3.X-slim (or -alpine).")
@click.option("-t", "--tag", metavar="NAME", help="The image's name; else the function's, or lambdakit:VARIANT.")
@click.option("--python", metavar="3.X", help="The Python of the base; else the function's, or this one.")
@click.option("--arch", type=click.Choice(["x86_64", "arm64"]), help="Else the function's, or x86_64.")
@click.option("--platform", type=click.Choice(["manylinux", "musllinux"]), default="manylinux", show_default=True)
@click.option(
    "--requirements", metavar="FILE", help="A requirements file, pyproject.toml or uv.lock; else the nearest."
)
@click.option("--extra", multiple=True, metavar="NAME", help="An extra of pyproject.toml; may be repeated.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Ship these files, too (as in .gitignore).")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave these files out (as in .gitignore).")
@click.option("--with-tests", is_flag=True, help="Ship the project's tests.")
@click.option("--builder", type=click.Choice(["docker", "podman", "buildah"]), help="Else the first that works.")
@click.option("--context", metavar="DIR", help="Only lay out the build's context there, to be built elsewhere.")
@click.option("--run", is_flag=True, help="Start the image, and serve its invoke front.")
@click.option("--port", type=click.IntRange(1, 65535), default=9000, show_default=True, help="The port for --run.")
@click.option("--env", multiple=True, metavar="KEY=VALUE", help="A variable for --run; may be repeated.")
@click.option("--installer", type=click.Choice(["auto", "pip", "uv"]), default="auto", help="uv where it is, else pip.")
@click.option("--find-links", multiple=True, metavar="DIR", help="A directory of wheels; may be repeated.")
@click.option("--no-index", is_flag=True, help="No package index: only --find-links.")
def command(**given: object) -> None:
    """Build an image of TARGET with its dependencies; print its digest and size.

    TARGET is module.function, path/to/app.py:function, or a function's name in the project's configuration. Without one
    the image is the base alone, to be named in a Containerfile's FROM. It is built with docker, podman or buildah.
    """
    options = Options(**given)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    try:
        sys.exit(_build(options, _request(options)))
    except UsageError as error:
        click.echo(f"lambdakit image: {error}", err=True)
        sys.exit(_USAGE_ERROR)


def _build(options: Options, request: ImageRequest) -> int:
    if options.context is not None:
        write_context(request, Path(options.context).resolve())
        click.echo(f"{options.context}: build it with --target {request.target}")
        return 0
    builder = choose_builder(options.builder)
    with tempfile.TemporaryDirectory(prefix="lambdakit-context-") as scratch:
        folder = Path(scratch).resolve()
        write_context(request, folder)
        built = build_image(request, folder, _name(options, request), builder)
    click.echo(f"{built.name}  {_size(built)}\n{built.digest}")
    if not options.run:
        return 0
    click.echo(f"http://127.0.0.1:{options.port}/2015-03-31/functions/function/invocations", err=True)
    return run_image(built, request.handler, options.port, options.env, builder)


def _request(options: Options) -> ImageRequest:
    if options.run and (options.target is None or options.context is not None):
        raise UsageError("--run starts a function's image: it needs a TARGET, and no --context.")
    function = None if options.target is None else source_function_of(options.target, FunctionOptions())
    config = None if function is None else function.config
    platform = Platform(
        python_of(options.python, _runtime(options, config)),
        architecture_of(options.arch, function),
        options.platform,
        newest_glibc=_GLIBC,
    )
    return ImageRequest(
        platform,
        handler=None if config is None else config.handler,
        name="lambdakit" if config is None else config.name,
        root=None if config is None else config.task_root.resolve(),
        base=options.base,
        variant=options.variant,
        requirements=requirements_of(options.requirements, options.extra, config),
        source=Source(options.installer, options.find_links, "none" if options.no_index else "configured"),
        selection=Selection(options.include, options.exclude, "with" if options.with_tests else "without"),
    )


def _runtime(options: Options, config: FunctionConfig | None) -> str:
    """The managed runtime whose Python the image is to have."""
    if options.python is None and config is not None:
        return config.runtime
    version = options.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"{MANAGED_RUNTIME}{version}"


def _name(options: Options, request: ImageRequest) -> str:
    return options.tag or (f"lambdakit:{request.variant}" if request.handler is None else request.name.lower())


def _size(built: Built) -> str:
    return f"{int(built.size) / _MIB:.1f} MB" if built.size.isdecimal() else built.size
