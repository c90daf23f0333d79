"""Layers at run time: what AWS unpacks into /opt, as a directory of the execution environment's own.

AWS unpacks the layers of a function into /opt, one over the other. Here nothing can be mounted there without root, so
the layers are merged elsewhere (symbolic links, later layers win; a single layer is used as it is) and the variables
that lead programs to /opt lead there instead: PATHS below. `LAMBDAKIT_LAYER_ROOT` says where it is.

What this cannot do: a path under /opt that is written in code, in a script, or in a variable of the function's own
(`FONTCONFIG_PATH=/opt/etc`) still means the machine's /opt. Only `AWS_LAMBDA_EXEC_WRAPPER=/opt/...` is looked up in
the layers. Links are followed, so a program that asks for its real path finds itself in its own layer's directory.

Source: AWS Lambda developer guide, "Managing Lambda dependencies with layers", "Layer paths for each Lambda runtime",
"Using a wrapper script".
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lambdakit.emulator.function import FunctionConfig

__all__ = ("ROOT_VARIABLE", "LayerRoot", "check_layers", "layer_variables", "start_command")

OPT = "/opt/"
ROOT_VARIABLE = "LAMBDAKIT_LAYER_ROOT"
WRAPPER_VARIABLE = "AWS_LAMBDA_EXEC_WRAPPER"


class SearchPath(NamedTuple):
    """A variable that is a list of directories: which of the layers' it has, and on which side of the others."""

    variable: str
    side: Literal["first", "last"]
    folders: tuple[str, ...]


# `{python}` is the runtime's name (python3.13), `{node}` its major version (node22).
PATHS: tuple[SearchPath, ...] = (
    SearchPath("PYTHONPATH", "first", ("python/lib/{python}/site-packages", "python")),
    SearchPath("NODE_PATH", "first", ("nodejs/{node}/node_modules", "nodejs/node_modules")),
    SearchPath("RUBYLIB", "first", ("ruby/lib",)),
    SearchPath("PATH", "last", ("bin",)),
    SearchPath("LD_LIBRARY_PATH", "last", ("lib",)),
)


def check_layers(config: FunctionConfig) -> None:
    """Raise UsageError for a layer that is no directory."""
    for layer in config.layers:
        if not layer.is_dir():
            raise UsageError(f"Function {config.name}: its layer {layer} is no directory.")


class LayerRoot:
    """The /opt of one execution environment; `path` is None where the function has no layers. Raises OSError."""

    def __init__(self, layers: Sequence[Path]) -> None:
        self._own = Path(tempfile.mkdtemp(prefix="lambdakit-opt-")) if len(layers) > 1 else None
        self.path = self._own or next(iter(layers), None)
        if self._own is not None:
            try:
                _fill(self._own, layers)
            except OSError:
                self.remove()
                raise

    def remove(self) -> None:
        """Remove what was merged; the layers themselves stay. Twice is allowed."""
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)


def layer_variables(root: Path, runtime: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that make layers at `root` found, on top of a process's `variables`."""
    found = {ROOT_VARIABLE: str(root)}
    for row in PATHS:
        folders = [folder for name in row.folders if (folder := root / _named(name, runtime)).is_dir()]
        if folders:
            found[row.variable] = _joined(row, folders, variables.get(row.variable))
    return found


def start_command(config: FunctionConfig, root: Path | None) -> tuple[str, ...]:
    """The command that starts the runtime: through the wrapper script, where the function names one.

    As in AWS's managed runtimes a wrapper that is not there ends the process with status 127, one that is not
    executable with 126; custom runtimes (`provided`) have none.
    """
    command = (*config.runtime_command, config.handler)
    wrapper = config.environment.get(WRAPPER_VARIABLE)
    if not wrapper or config.runtime.startswith("provided"):
        return command
    if root is not None and wrapper.startswith(OPT):
        wrapper = str(root / wrapper[len(OPT) :])
    return ("/bin/sh", "-c", 'exec "$0" "$@"', wrapper, *command)


def _named(folder: str, runtime: str) -> str:
    number = re.search(r"\d+(\.\d+)?", runtime)
    version = number.group() if number else ""
    return folder.format(python=f"python{version}", node=f"node{version.partition('.')[0]}")


def _joined(row: SearchPath, folders: Iterable[Path], value: str | None) -> str:
    own = os.pathsep.join(map(str, folders))
    value = value or (os.defpath if row.variable == "PATH" else "")
    if not value:
        return own
    return f"{own}{os.pathsep}{value}" if row.side == "first" else f"{value}{os.pathsep}{own}"


def _fill(target: Path, layers: Iterable[Path]) -> None:
    """Link into a directory what layers have; what several have as a directory is one of its own, filled likewise."""
    entries: dict[str, list[Path]] = {}
    for layer in layers:
        for entry in layer.iterdir():
            entries.setdefault(entry.name, []).append(entry)
    for name, found in entries.items():
        folders = _last_folders(found)
        if len(folders) < 2:
            (target / name).symlink_to(found[-1].absolute())
        else:
            (target / name).mkdir()
            _fill(target / name, folders)


def _last_folders(entries: Sequence[Path]) -> list[Path]:
    """The directories behind the last entry that is none: a file replaces what was there before it."""
    folders: list[Path] = []
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            folders.append(entry)
        else:
            folders.clear()
    return folders
