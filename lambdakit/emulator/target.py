"""TARGET on the command line and in configuration: which function, called what, started where.

`module.function` is taken from the current directory, `path/to/app.py:function` from the file's own directory, or from
above it when that directory is a package, and `path/to/code.zip:module.function` from within the archive. `NAME=TARGET`
names the function; without it the attribute does. Names are looked up by reading source files, never by importing them:
importing is the bootstrap process's business.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lambdakit.exceptions import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# "names" looks the function up; "shape" does not, for runtimes whose handlers are not Python's.
Check = Literal["names", "shape"]

ARCHIVE = ".zip"
_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NEAREST = 3


@dataclass(frozen=True)
class Target:
    """A function to run: its name, its handler string, and the directory its process starts in (absolute).

    Instead of the directory it may be an archive, which is to be unpacked first.
    """

    name: str
    handler: str
    task_root: Path


def resolve_target(text: str, *, cwd: Path, check: Check = "names") -> Target:
    """The function TARGET names. Raises TargetError, which lists the nearest names."""
    name, target = _split_name(text)
    if not target:
        raise TargetError("TARGET is empty; expected module.function or path/to/app.py:function.")
    path, colon, attribute = target.rpartition(":")
    if colon:
        handler, task_root = _from_path(path, attribute, cwd, check)
    else:
        attribute = target.rpartition(".")[2]
        handler, task_root = _from_module(target, cwd, check)
    return Target(name or _function_name(attribute), handler, task_root)


def _split_name(text: str) -> tuple[str | None, str]:
    name, equals, target = text.partition("=")
    if not equals:
        return None, text.strip()
    if not _FUNCTION_NAME.match(name):
        raise TargetError(f"{name!r} is not a function name: letters, digits, '-' and '_', at most 64 of them.")
    return name, target.strip()


def _function_name(attribute: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", attribute.rpartition(".")[2])[:64]


def _from_path(path: str, attribute: str, cwd: Path, check: Check) -> tuple[str, Path]:
    file = (cwd / path).expanduser().resolve()
    if not attribute:
        raise TargetError(f"{path}: name the function after the colon. {_offer(_defined_names(file))}".rstrip())
    if file.suffix == ARCHIVE:
        if not file.is_file():
            raise TargetError(f"{path}: no such file.")
        return attribute, file
    if check == "shape":
        return f"{file.stem}.{attribute}", file.parent
    if not file.is_file():
        raise TargetError(f"{path}: no such file. {_offer(_nearest(file.name, _python_files(file.parent)))}".rstrip())
    if "." in file.stem:
        raise TargetError(f"{path}: a file name with a dot before its ending cannot be imported.")
    _check_defined(file, attribute, path)
    module, root = _module_of(file)
    return f"{module}.{attribute}", root


def _from_module(target: str, cwd: Path, check: Check) -> tuple[str, Path]:
    module, dot, attribute = target.rpartition(".")
    if not (dot and module and attribute):
        raise TargetError(f"{target!r} names no function: expected module.function or path/to/app.py:function.")
    if check == "shape":
        return target, cwd
    parts = module.replace("/", ".").split(".")
    file = _module_file(cwd, parts)
    if file is not None:
        _check_defined(file, attribute, module)
    elif not _importable_elsewhere(cwd, parts):
        nearest = _nearest(module, _modules(cwd))
        raise TargetError(f"No module {module!r} in {cwd}. {_offer(nearest)}".rstrip())
    return target, cwd


def _module_of(file: Path) -> tuple[str, Path]:
    parts = [] if file.stem == "__init__" else [file.stem]
    root = file.parent
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    return ".".join(parts), root


def _module_file(root: Path, parts: list[str]) -> Path | None:
    base = root.joinpath(*parts)
    for file in (base.with_name(base.name + ".py"), base / "__init__.py"):
        if file.is_file():
            return file
    return None


def _importable_elsewhere(cwd: Path, parts: list[str]) -> bool:
    if (cwd / parts[0]).is_dir() or (cwd / f"{parts[0]}.py").is_file():
        return False
    try:
        return importlib.util.find_spec(parts[0]) is not None
    except (ImportError, ValueError):
        return False


def _check_defined(file: Path, attribute: str, shown: str) -> None:
    names = _defined_names(file)
    first = attribute.partition(".")[0]
    if names is None or first in names:
        return
    raise TargetError(f"{shown} defines no {first!r}. {_offer(_nearest(first, names) or sorted(names))}".rstrip())


def _defined_names(file: Path) -> set[str] | None:
    """The module's top-level names; None when reading alone cannot tell, which is left to the runtime to report."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    names = set(_bound(tree.body))
    return None if names & {"*", "__getattr__"} else names


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
            continue
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
        for nested in _blocks(statement):
            yield from _bound(nested)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for field in ("body", "orelse", "finalbody"):
        yield getattr(statement, field, [])
    for handler in getattr(statement, "handlers", []):
        yield handler.body
    for case in getattr(statement, "cases", []):
        yield case.body


def _python_files(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.glob("*.py")) if directory.is_dir() else []


def _modules(root: Path) -> list[str]:
    top = [file.stem for file in root.glob("*.py")]
    packages = [f"{file.parent.name}.{file.stem}" for file in root.glob("*/*.py") if file.stem != "__init__"]
    return sorted({*top, *packages})


def _nearest(name: str, names: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(name, list(names), n=_NEAREST, cutoff=0.5)


def _offer(names: Iterable[str] | None) -> str:
    listed = [] if names is None else [name for name in names if not name.startswith("_")][:10]
    return f"Nearest: {', '.join(listed)}." if listed else ""
