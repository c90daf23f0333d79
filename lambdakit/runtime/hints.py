"""Advice for the log when a handler cannot be loaded: the nearest name, the missing package, the wrong architecture.

A hint is one or two sentences that stand beside the error, never in it. Imported when loading has failed.
"""

from __future__ import annotations

import os
import re
import sys
from difflib import get_close_matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ("hint_for_import_error", "hint_for_missing_attribute")

# What the dynamic loader says -> what it means in a Lambda function. Checked in this order.
_LOADER_MESSAGES = (
    (re.compile(r"invalid ELF header|wrong ELF class|mach-o", re.IGNORECASE), "was built for another operating system"),
    (re.compile(r"cannot open shared object file"), "needs a shared library that is not here"),
    (re.compile(r"GLIBC_[\d.]+' not found|version `\w+' not found"), "was built against a newer system library"),
    (re.compile(r"undefined symbol"), "was built for another version of Python or of a library"),
)
_EXTENSION_TAG = re.compile(r"\.(cpython-\d+[a-z]*-[\w-]+|cp\d+-\w+)\.(so|pyd)$")


def hint_for_missing_attribute(owner: object, attribute: str) -> str | None:
    """Which name of the module (or object) was probably meant."""
    names = [name for name in dir(owner) if not name.startswith("_")]
    callables = [name for name in names if callable(getattr(owner, name, None))]
    near = get_close_matches(attribute, callables, n=1) or get_close_matches(attribute, names, n=1)
    if near:
        return f"Did you mean '{near[0]}'?"
    where = getattr(owner, "__file__", None) or type(owner).__name__
    functions = [name for name in callables if getattr(getattr(owner, name), "__module__", None) == _name_of(owner)]
    listed = ", ".join(functions[:8]) or "no functions"
    return f"{where} defines {listed}."


def hint_for_import_error(module_name: str, error: ImportError) -> str | None:
    """Why an import may have failed, and what to do."""
    loader = _loader_hint(error)
    if loader:
        return loader
    missing = error.name or ""
    wanted = module_name.replace("/", ".")
    if not isinstance(error, ModuleNotFoundError):
        return None
    if missing and wanted != missing and not wanted.startswith(f"{missing}."):
        return _dependency_hint(missing)
    near = get_close_matches(wanted, list(_modules_on_path()), n=1, cutoff=0.6)
    where = sys.path[0] or os.getcwd()
    if near:
        return f"Did you mean '{near[0]}'? The module was looked for in {where}."
    return f"No module of that name was found in {where}, nor elsewhere on the import path."


def _dependency_hint(missing: str) -> str:
    tags = _foreign_builds(missing)
    if tags:
        return (
            f"'{missing}' is installed, but built for {', '.join(tags)}; this is {_this_platform()}. "
            "Install it for this platform: pip install --platform ... --only-binary=:all: --target ..."
        )
    top = missing.partition(".")[0]
    return (
        f"The package that provides '{top}' is not in the deployment: add it to the function's dependencies or a layer."
    )


def _loader_hint(error: ImportError) -> str | None:
    text = str(error)
    for pattern, meaning in _LOADER_MESSAGES:
        if pattern.search(text):
            name = error.path or error.name or "A compiled module"
            return f"{name} {meaning}; this is {_this_platform()}. Install the package for this platform."
    return None


def _this_platform() -> str:
    machine = os.uname().machine if hasattr(os, "uname") else sys.platform
    return f"Python {sys.version_info[0]}.{sys.version_info[1]} on {sys.platform} {machine}"


def _foreign_builds(missing: str) -> list[str]:
    """The platform tags of compiled modules that carry the missing name but do not fit this interpreter."""
    *parents, last = missing.split(".")
    tags: set[str] = set()
    for folder in sys.path:
        for entry in _list(os.path.join(folder or os.curdir, *parents)):
            found = _EXTENSION_TAG.search(entry)
            if found and entry.startswith(f"{last}."):
                tags.add(found[1])
    return sorted(tags)


def _modules_on_path() -> Iterator[str]:
    """The modules a function is likely to consist of: those in the first folder of the import path."""
    root = sys.path[0] or os.getcwd()
    for entry in _list(root):
        if entry.endswith(".py"):
            yield entry[:-3]
        elif os.path.isdir(os.path.join(root, entry)) and entry.isidentifier():
            yield entry
            for inner in _list(os.path.join(root, entry)):
                if inner.endswith(".py") and inner != "__init__.py":
                    yield f"{entry}.{inner[:-3]}"


def _list(folder: str) -> Iterable[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return ()


def _name_of(owner: object) -> str | None:
    return getattr(owner, "__name__", None)
