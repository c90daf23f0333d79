"""Which runtimes a function may name, and what is started for them here.

    pythonX.Y     lambdakit's runtime on that interpreter: this one, else pyenv's, uv's, or one on PATH
    provided.*    the `bootstrap` of the function's code
    others        exist, but their runtimes are AWS's: a function brings its own as `bootstrap`

Source: AWS Lambda developer guide, "Lambda runtimes" and "Runtime deprecation policy".
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import lambdakit
from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.function import default_runtime_command, this_python

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("CREATABLE", "DEPRECATED", "check_runtime", "command_of")

CREATABLE = (
    *("nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"),
    *("python3.8", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"),
    *("java8.al2", "java11", "java17", "java21", "java25", "ruby3.2", "ruby3.3", "ruby3.4"),
    *("dotnet6", "dotnet8", "dotnet10", "provided.al2", "provided.al2023"),
)
DEPRECATED = frozenset(
    [
        *("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x"),
        *("nodejs14.x", "python2.7", "python3.6", "python3.7", "java8", "ruby2.5", "ruby2.7", "go1.x", "provided"),
        *("dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1"),
    ]
)
BOOTSTRAP = "bootstrap"
_PYTHON = re.compile(r"python(3)\.(\d+)\Z")
_OLDEST_MINOR = 10
# Another interpreter has this package from here, and nothing else of this one's packages.
_START = (
    "import sys; sys.path.append({folder!r}); from lambdakit.runtime.entry import main; sys.exit(main(sys.argv[1:]))"
)


def check_runtime(runtime: str) -> None:
    """Raise ServiceError for a runtime that does not exist, or no longer."""
    if runtime in DEPRECATED:
        raise refuse("old runtime", runtime=runtime)
    if runtime not in CREATABLE:
        raise refuse("unknown runtime", runtime=runtime, values=", ".join(CREATABLE))


def command_of(runtime: str, folder: Path, scratch: Path) -> tuple[str, ...]:
    """What starts a function of that runtime, whose code is in `folder`. Raises ServiceError where nothing can.

    `scratch` is a directory of the service's own.
    """
    if runtime.startswith("provided"):
        return (str(folder / BOOTSTRAP),)
    if runtime == this_python():
        return default_runtime_command()
    python = _PYTHON.match(runtime)
    if python is None:
        why = "only Python's runtime is here. Give the code an executable `bootstrap`, and the runtime provided.al2023."
        raise refuse("runtime not here", runtime=runtime, why=why)
    if int(python[2]) < _OLDEST_MINOR:
        raise refuse("runtime not here", runtime=runtime, why=f"Python 3.{_OLDEST_MINOR} is the oldest it takes.")
    found = next(_interpreters(f"3.{python[2]}"), None)
    if found is None:
        why = f"no {runtime} was found with pyenv, with uv, or on PATH. This one is {this_python()}."
        raise refuse("runtime not here", runtime=runtime, why=why)
    return (found, "-c", _START.format(folder=str(_own_package(scratch))))


def _interpreters(version: str) -> Iterator[str]:
    """The interpreters of a version, the best first."""
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python")
    folders = [*_newest_first(pyenv / "versions", f"{version}.*"), *_newest_first(uv, f"cpython-{version}.*")]
    candidates = [folder / "bin" / name for folder in folders]
    # pyenv's shims are on PATH, too, and start whatever pyenv is set to.
    path = (Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry)
    candidates += [folder / name for folder in path if folder != pyenv / "shims"]
    yield from (str(file) for file in candidates if file.is_file() and os.access(file, os.X_OK))


def _newest_first(where: Path, pattern: str) -> list[Path]:
    return sorted(where.glob(pattern), key=lambda folder: [*map(int, re.findall(r"\d+", folder.name))], reverse=True)


def _own_package(scratch: Path) -> Path:
    """A directory in which `lambdakit` is this package, and which has nothing else."""
    folder = scratch / "lambdakit-only"
    link = folder / "lambdakit"
    if not link.exists():
        folder.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(Path(str(lambdakit.__file__)).resolve().parent)
    return folder.absolute()
