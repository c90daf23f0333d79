"""The public names of `lambdakit.middleware`, and what importing it imports."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from lambdakit import middleware

ROOT = Path(middleware.__file__).parent


def test_the_table_and_the_list_agree() -> None:
    assert sorted(middleware._PUBLIC) == sorted(middleware.__all__) == list(middleware.__all__)
    assert set(middleware.__all__) <= set(dir(middleware))


@pytest.mark.parametrize("name", middleware.__all__)
def test_every_name_resolves(name: str) -> None:
    assert getattr(middleware, name) is getattr(middleware, name)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'lambdakit\.middleware' has no attribute 'nothing'"):
        middleware.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_no_module_has_the_name_of_a_middleware() -> None:
    assert {info.name for info in pkgutil.iter_modules([str(ROOT)])}.isdisjoint(middleware.__all__)


def test_importing_the_package_imports_no_middleware() -> None:
    script = (
        "import sys; import lambdakit; before = set(sys.modules); import lambdakit.middleware\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=ROOT.parent.parent, capture_output=True, text=True
    )
    assert run.stdout.split() == ["lambdakit.middleware"], run.stderr
