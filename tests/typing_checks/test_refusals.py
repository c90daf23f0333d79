"""What type checkers refuse of user code: the snippets in tests/typing_refused, each such line marked `# refused`."""

from __future__ import annotations

import json
import re

import pytest

from tests.runtime_process import ROOT
from tests.typing_checks.test_inference import decorators, run

SNIPPETS = ROOT / "tests" / "typing_refused"
_MYPY = re.compile(r"([^:]+):(\d+): error: ")


def marked() -> set[tuple[str, int]]:
    """(file, line) of what is to be refused."""
    return {
        (path.name, number)
        for path in SNIPPETS.glob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "  # refused" in line
    }


def test_every_decorator_is_among_them():
    text = (SNIPPETS / "decorators.py").read_text()
    for name in decorators():
        assert f"\n{name}(wrong)  # refused\n" in text
        assert f"\n{name}(middelware=[])  # refused\n" in text


@pytest.mark.slow
def test_mypy_strict_refuses_them():
    done = run("mypy", "--strict", str(SNIPPETS.relative_to(ROOT)))
    found = {(line[1].rpartition("/")[2], int(line[2])) for line in map(_MYPY.match, done.stdout.splitlines()) if line}
    assert found == marked(), done.stdout


@pytest.mark.slow
def test_pyright_strict_refuses_them():
    done = run("pyright", "--outputjson", str(SNIPPETS.relative_to(ROOT)))
    found = json.loads(done.stdout)["generalDiagnostics"]
    errors = [note for note in found if note["severity"] == "error"]
    lines = {(note["file"].rpartition("/")[2], note["range"]["start"]["line"] + 1) for note in errors}
    assert lines == marked(), errors
