"""`lambdakit config` from the outside: what it says of a project, as text and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = """
[tool.lambdakit]
timeout = 30

[tool.lambdakit.functions.orders]
handler = "app.py:handler"
memory = 512
environment = { TOKEN = "s3cret" }
reserved-concurrency = 2
layers = ["fonts"]
url = true
routes = [{ method = "GET", path = "/orders", authorizer = "guard" }]
schedules = ["rate(1 minute)"]
sources = ["arn:aws:sqs:us-east-1:123456789012:orders"]
"""


def config(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lambdakit.cli", "config", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return tmp_path


def test_every_value_is_shown_with_where_it_came_from(root: Path) -> None:
    run = config(root)
    assert (run.returncode, run.stderr) == (0, "")
    lines = {line.split("  ")[0]: line.split() for line in map(str.strip, run.stdout.splitlines()) if line}
    assert run.stdout.startswith("pyproject.toml: 1 function\n\norders  app.handler in ")
    own = ["pyproject.toml:", "tool.lambdakit.functions.orders"]
    assert lines["timeout"][1:] == ["30", "pyproject.toml:", "tool.lambdakit"]
    assert lines["memory"][1:] == ["512", *own]
    assert lines["ephemeral storage"][2:] == ["512", "default"]
    assert lines["region"][1:] == ["us-east-1", "default"]
    assert lines["reserved concurrency"][2:] == ["2", *own]
    assert lines["variables"][1:] == ["TOKEN", *own]
    assert lines["url"][1:] == ["NONE,", "BUFFERED", *own]
    assert lines["route"][1:] == ["GET", "/orders", "(http),", "authorizer", "guard", *own]
    assert lines["schedule"][1:] == ["rate(1", "minute)", *own]
    assert lines["source"][1:] == ["arn:aws:sqs:us-east-1:123456789012:orders", *own]
    assert lines["layer"][1:] == [str(root / "fonts"), *own]


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_secret_is_not_shown(root: Path, output: str) -> None:
    run = config(root, "--format", output)
    assert "TOKEN" in run.stdout
    assert "s3cret" not in run.stdout


def test_json_has_it_all(root: Path) -> None:
    described = json.loads(config(root, "--format", "json").stdout)
    (function,) = described["functions"]
    assert function["config"]["handler"] == "app.handler"
    assert function["config"]["environment"] == ["TOKEN"]
    assert function["routes"] == [
        {"method": "GET", "path": "/orders", "kind": "http", "authorizer": "guard", "scopes": []}
    ]


def test_a_templates_notes_are_shown(root: Path) -> None:
    properties = "{Handler: app.handler, MemorySize: 256, ImageConfig: {}}"
    (root / "sam.yml").write_text(f"Resources: {{F: {{Type: 'AWS::Serverless::Function', Properties: {properties}}}}}")
    run = config(root, "--template", "sam.yml")
    assert "256" in run.stdout
    assert "sam.yml: Resources.F" in run.stdout
    assert run.stdout.endswith("note: F: ImageConfig has no effect here\n")


def test_an_empty_directory_has_no_functions(tmp_path: Path) -> None:
    run = config(tmp_path)
    assert (run.returncode, run.stdout[:12]) == (0, "no functions")


def test_a_mistake_ends_with_status_two(root: Path) -> None:
    (root / "pyproject.toml").write_text(PYPROJECT.replace("memory", "memry"))
    run = config(root)
    assert (run.returncode, run.stdout) == (2, "")
    assert "did you mean 'memory'?" in run.stderr
