"""The programs that build images: docker, podman and buildah, of which one that works is taken.

What each is called with is one table. Podman and buildah write the older of the two image formats here, which is the
one that has a health check; AWS Lambda takes both. Older ones of them do not know by themselves for which platform they
build what runs in the build. Docker is kept from adding attestations, which Lambda refuses.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdakit.exceptions import PackageError, UsageError
from lambdakit.packaging.image import CONTAINERFILE, build_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from lambdakit.packaging.image import ImageRequest
    from lambdakit.packaging.platforms import Architecture

__all__ = ("BUILDERS", "BuilderName", "Built", "build_image", "choose_builder", "image_of", "run_image")

BuilderName = Literal["docker", "podman", "buildah"]

# Lambda's name of an architecture -> the name in image platforms.
_PLATFORMS: dict[Architecture, str] = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
# platform.machine() -> Lambda's name.
_MACHINES: dict[str, Architecture] = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64", "AMD64": "x86_64"}
_FRONT_PORT = 8080
_ENTRY = ("python3", "-m", "lambdakit.container")


class Builder(NamedTuple):
    """How a program is called: whether it works, to build, to say what an image is."""

    works: tuple[str, ...]
    build: tuple[str, ...]
    describe: tuple[str, ...]
    variables: Mapping[str, str]


_BUILD = (
    *("build", "--format", "docker", "--timestamp", "{SOURCE_DATE_EPOCH}"),
    *("--build-arg", "BUILDPLATFORM={HERE}"),
)
BUILDERS: dict[BuilderName, Builder] = {
    "docker": Builder(
        works=("version",),
        build=("build",),
        describe=("image", "inspect", "--format", '{"digest": "{{.Id}}", "size": "{{.Size}}"}'),
        variables={"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"},
    ),
    "podman": Builder(
        works=("version",),
        build=_BUILD,
        describe=("image", "inspect", "--format", '{"digest": "{{.Digest}}", "size": "{{.Size}}"}'),
        variables={},
    ),
    "buildah": Builder(
        works=("version",),
        build=_BUILD,
        describe=("images", "--no-trunc", "--format", '{"digest": "{{.Digest}}", "size": "{{.Size}}"}'),
        variables={},
    ),
}


class Built(NamedTuple):
    """An image: its name, its digest, and its size as the builder says it (bytes, or with a unit)."""

    name: str
    digest: str
    size: str


def choose_builder(wanted: BuilderName | None) -> BuilderName:
    """The builder to use: the wanted one, else the first that is there and works. Raises UsageError."""
    for name in BUILDERS if wanted is None else (wanted,):
        if shutil.which(name) is not None and _call(name, BUILDERS[name].works).returncode == 0:
            return name
    what = "None of docker, podman and buildah" if wanted is None else f"No {wanted}"
    raise UsageError(f"{what} is on PATH and works: install one (for docker: is its daemon running?), or name it.")


def build_image(request: ImageRequest, folder: Path, name: str, builder: BuilderName) -> Built:
    """Build the context in `folder` as an image called `name`; what the builder writes goes to stderr.

    Raises PackageError when the builder fails.
    """
    arguments = build_arguments(request)
    here = _PLATFORMS[_MACHINES.get(platform.machine(), "x86_64")]
    command = [part.format(**arguments, HERE=here) for part in BUILDERS[builder].build]
    command += ["--platform", _PLATFORMS[request.platform.arch], "--target", request.target, "--tag", name]
    command += [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
    command += ["--file", str(folder / CONTAINERFILE), str(folder)]
    done = subprocess.run([builder, *command], stdout=2, env=_environment(builder), check=False)
    if done.returncode:
        raise PackageError(f"{builder} could not build the image (status {done.returncode}); its own words are above.")
    return image_of(name, builder)


def image_of(name: str, builder: BuilderName) -> Built:
    """What the builder says of an image. Raises PackageError."""
    done = _call(builder, (*BUILDERS[builder].describe, name))
    if done.returncode:
        raise PackageError(f"{builder} does not know the image {name}: {done.stderr.strip()}")
    said = json.loads(done.stdout.splitlines()[0])
    return Built(name, said["digest"], said["size"])


def run_image(built: Built, handler: str | None, port: int, variables: Sequence[str], builder: BuilderName) -> int:
    """Run the image as it runs on Lambda, read-only but for /tmp, until it ends; returns its exit status.

    The front is at that port of this machine's loopback. `variables` are `NAME=VALUE`. buildah has neither ports nor a
    read-only root: its container listens on the machine itself.
    """
    settings = [part for variable in variables for part in ("--env", variable)]
    if builder != "buildah":
        published = ("--publish", f"127.0.0.1:{port}:{_FRONT_PORT}")
        return _run(builder, "run", "--rm", "--read-only", "--tmpfs", "/tmp", *published, *settings, built.name)
    made = _call(builder, ("from", built.name))
    if made.returncode:
        raise PackageError(f"{builder} cannot make a container of {built.name}: {made.stderr.strip()}")
    container = made.stdout.strip()
    own = ("--env", f"LAMBDAKIT_FRONT_PORT={port}", "--env", "LAMBDAKIT_FRONT_HOST=127.0.0.1")
    try:
        return _run(builder, "run", *own, *settings, container, "--", *_ENTRY, *([handler] if handler else []))
    finally:
        _call(builder, ("rm", container))


def _run(builder: BuilderName, *arguments: str) -> int:
    """Run in the foreground. Ctrl-C reaches the builder from the terminal; SIGTERM is passed on to it."""
    with subprocess.Popen([builder, *arguments]) as process:

        def pass_on(number: int, frame: FrameType | None) -> None:
            process.terminate()

        before = signal.signal(signal.SIGTERM, pass_on)
        try:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    continue
        finally:
            signal.signal(signal.SIGTERM, before)


def _call(builder: BuilderName, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [builder, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=_environment(builder), check=False)


def _environment(builder: BuilderName) -> dict[str, str]:
    return {**os.environ, **BUILDERS[builder].variables}
