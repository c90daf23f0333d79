"""The architecture of a function: read from both kinds of project, for what is packaged of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lambdakit.emulator.project.pyproject import read_pyproject
from lambdakit.emulator.project.template import read_template
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """
Globals: {{Function: {{Handler: app.handler, CodeUri: .}}}}
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties: {{Architectures: {}}}
"""
PYPROJECT = '[tool.lambdakit]\narchitecture = "{}"\n[tool.lambdakit.functions.f]\nhandler = "app.handler"\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("def handler(event, context): ...\n")
    return tmp_path


@pytest.mark.parametrize(
    ("said", "read", "notes"),
    [
        ("[arm64]", "arm64", ()),
        ("[x86_64]", "x86_64", ()),
        ("[mips]", None, ("Worker: Architectures is ['mips']; expected [x86_64] or [arm64]",)),
        (
            "!ImportValue it",
            None,
            ("Worker: Architectures: Fn::ImportValue 'it' is another stack's; it is left out",),
        ),
    ],
)
def test_of_a_template(root: Path, said: str, read: str | None, notes: tuple[str, ...]) -> None:
    (root / "template.yaml").write_text(TEMPLATE.format(said))
    project = read_template(root / "template.yaml")
    assert [function.architecture for function in project.functions] == [read]
    assert project.notes == notes


def test_of_a_pyproject(root: Path) -> None:
    (root / "pyproject.toml").write_text(PYPROJECT.format("arm64"))
    assert [function.architecture for function in read_pyproject(root / "pyproject.toml").functions] == ["arm64"]
    (root / "pyproject.toml").write_text(PYPROJECT.format("arm"))
    with pytest.raises(UsageError, match="architecture: expected x86_64 or arm64, not 'arm'"):
        read_pyproject(root / "pyproject.toml")
