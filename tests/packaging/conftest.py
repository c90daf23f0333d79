"""An index in a directory, and `lambdakit package` that knows no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.wheels import wheel

ROOT = Path(__file__).resolve().parent.parent.parent


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
