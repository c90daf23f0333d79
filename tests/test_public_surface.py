"""The public surface, frozen: a name appears or disappears here first."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lambdakit
from lambdakit import exceptions

PUBLIC = (
    "Client",
    "ClientContext",
    "CognitoIdentity",
    "Context",
    "Fault",
    "LambdakitError",
    "StreamingResponse",
    "UsageError",
    "after_restore",
    "before_snapshot",
    "lambda_handler",
    "on_shutdown",
    "__version__",
)
ROOT = Path(lambdakit.__file__).parent
MODULES = [
    info.name
    for info in pkgutil.walk_packages([str(ROOT)], "lambdakit.")
    if not info.name.endswith("__main__") and not {"_bootstrap", "_container"} & {*info.name.split(".")}
]


def test_the_packages_names_are_these() -> None:
    assert lambdakit.__all__ == PUBLIC
    assert set(lambdakit._PUBLIC) | {"__version__"} == set(PUBLIC)
    assert set(PUBLIC) <= set(dir(lambdakit))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_resolves(name: str) -> None:
    assert getattr(lambdakit, name) is getattr(lambdakit, name)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'lambdakit' has no attribute 'nothing'"):
        lambdakit.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys; before = set(sys.modules); import lambdakit; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT.parent, capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) <= {"__future__", "lambdakit"}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_exports_and_why_it_is_there(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    for exported in getattr(module, "__all__", ()):
        assert hasattr(module, exported), f"{name}.__all__ names {exported}, which is not there"


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_run(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    drawn = []
    stack = ["LambdakitError"]
    for line in (exceptions.__doc__ or "").splitlines():
        found = re.match(r"    ([│ ]*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4 + 1
            stack[depth:] = [found[2]]
            drawn.append((found[2], stack[depth - 1]))
    real = [
        (name, base.__name__)
        for name in exceptions.__all__
        if name != "LambdakitError"
        for base in [getattr(exceptions, name).__mro__[1]]
    ]
    assert sorted(drawn) == sorted(real)
