"""An index in a directory, and `lambdakit package` that knows no other.

Nearly each test starts pip. On a second interpreter (LAMBDAKIT_TESTS=brief) there are those in which most of the code
runs, and those that start nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.wheels import wheel

BRIEF = os.environ.get("LAMBDAKIT_TESTS") == "brief"
START_NOTHING = "test_inputs.py"
RUN_MOST = (
    "test_twice_gives_the_same_bytes",
    "test_the_context_has_each_layer_in_its_place",
    "test_the_project_says_for_which_platform",
)

ROOT = Path(__file__).resolve().parent.parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep, of this directory's tests, what the module's text says; pytest calls this for those of all directories."""
    if BRIEF:
        here = Path(__file__).parent
        items[:] = [
            item
            for item in items
            if here not in item.path.parents or item.path.name == START_NOTHING or item.name in RUN_MOST
        ]


@pytest.fixture
def links(tmp_path):
    """A directory of wheels with what lambdakit itself asks for.

    What runs under these tests imports orjson from the interpreter's own packages, in whose way a stand-in module would
    be: so these have none.
    """
    folder = tmp_path / "links"
    folder.mkdir()
    for name, version in (("orjson", "3.99"), ("typing_extensions", "4.99")):
        wheel(folder, name, {f"stand_in_for_{name}.txt": ""}, version=version)
    return folder


@pytest.fixture
def project(tmp_path):
    """A directory with a function and what surrounds one."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text("def handler(event, context):\n    import greeting\n    return greeting.of(event)\n")
    return folder


@pytest.fixture
def package(project, links):
    """Run `lambdakit package` with these arguments; the wheels are the fixture's and no others."""

    def run(*arguments, env=None, installer="pip"):
        command = [sys.executable, "-m", "lambdakit.cli", "package", *arguments]
        offline = ["--no-index", "--find-links", str(links), "--installer", installer]
        variables = {
            name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "SOURCE_"))
        }
        variables |= {"PYTHONPATH": str(ROOT), "PIP_CONFIG_FILE": os.devnull, **(env or {})}
        return subprocess.run(
            [*command, *offline], cwd=project, env=variables, capture_output=True, text=True, timeout=60, check=False
        )

    return run
