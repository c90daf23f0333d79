"""What type checkers infer for user code: the snippets in tests/typing, each `reveal_type` with its type behind it.

Both checkers run in strict mode with the project's configuration. Their spellings are brought to one: names without
modules, callables as `(name: type =) -> type`, what an async function gives as Coroutine.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lambdakit import events
from tests.runtime_process import ROOT

SNIPPETS = ROOT / "tests" / "typing"
_EXPECTED = re.compile(r"\s*reveal_type\(.*\)  # (.+)")
_MYPY = re.compile(r'([^:]+):(\d+): note: Revealed type is "(.*)"')


def expected() -> dict[tuple[str, int], str]:
    """(file, line) -> the type that the snippet says."""
    return {
        (path.name, number): found[1]
        for path in sorted(SNIPPETS.glob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := _EXPECTED.fullmatch(line))
    }


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).with_name(tool)
    found = str(beside) if beside.exists() else shutil.which(tool)
    assert found, f"{tool} is not installed: pip install 'lambdakit[dev]' (or: pip install {tool})"
    return subprocess.run([found, *arguments], check=False, cwd=ROOT, capture_output=True, text=True, timeout=110)


def normal(text: str) -> str:
    text = re.sub(r"\b(?:[a-z_]\w*\.)+(\w+)", r"\1", text)
    text = re.sub(r"TypedDict\((\w+), \{.*\}\)", r"\1", text)
    text = re.sub(r"= \w+", "=", text.replace("def (", "(")).replace("CoroutineType[", "Coroutine[")
    return f"{text} -> None" if text.startswith("(") and text.endswith(")") else text


def decorators() -> set[str]:
    """The names of all decorators of `lambdakit.events`."""
    public = {name: getattr(events, name) for name in events.__all__}
    return {name for name, value in public.items() if hasattr(value, "accepts") and not isinstance(value, type)}


def decorated() -> set[tuple[str, type[ast.expr], type[ast.AST]]]:
    """(decorator, how it is written, what function it is over) for all functions in the snippets."""
    return {
        (used.id if isinstance(used, ast.Name) else used.func.id, type(used), type(node))
        for path in SNIPPETS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for used in node.decorator_list
        if isinstance(used.func if isinstance(used, ast.Call) else used, ast.Name)
    }


def test_no_decorator_is_missing():
    used = decorated()
    assert len(decorators()) > 60
    assert not {name for name in decorators() if (name, ast.Name, ast.FunctionDef) not in used}
    assert not {name for name in decorators() if (name, ast.Call, ast.AsyncFunctionDef) not in used}


def test_every_reveal_has_its_expectation():
    revealed = sum(path.read_text().count("reveal_type(") for path in SNIPPETS.glob("*.py"))
    assert len(expected()) == revealed > 20


@pytest.mark.slow
def test_mypy_strict_infers_them():
    done = run("mypy", "--strict", str(SNIPPETS.relative_to(ROOT)))
    assert done.returncode == 0, done.stdout + done.stderr
    notes = [found for line in done.stdout.splitlines() if (found := _MYPY.fullmatch(line))]
    assert {(Path(note[1]).name, int(note[2])): normal(note[3]) for note in notes} == expected()


@pytest.mark.slow
def test_pyright_strict_infers_them():
    done = run("pyright", "--outputjson", str(SNIPPETS.relative_to(ROOT)))
    found = json.loads(done.stdout)["generalDiagnostics"]
    assert not [note["message"] for note in found if note["severity"] != "information"]
    shown = {}
    for note in found:
        where = (Path(note["file"]).name, note["range"]["start"]["line"] + 1)
        shown[where] = normal(re.sub(r'^Type of ".*" is "(.*)"$', r"\1", note["message"], flags=re.DOTALL))
    assert shown == expected()
