"""The command itself: help, version, a missing extra, and what is imported for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lambdakit


def python(code, *arguments):
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_version():
    done = python("from lambdakit.cli import main; main()", "--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"lambdakit, version {lambdakit.__version__}")


def test_help_lists_every_verb_without_importing_one():
    code = """
import sys
from lambdakit.cli import main
try:
    main()
finally:
    verbs = {"lambdakit.cli.invoke", "lambdakit.cli.event", "lambdakit.cli.event_check"}
    heavy = verbs | {"asyncio", "httptools", "uvloop", "rich", "httpx"}
    print("imported:", sorted(heavy & set(sys.modules)))
"""
    done = python(code, "--help")
    assert done.returncode == 0
    assert "invoke" in done.stdout
    assert "event" in done.stdout
    assert "imported: []" in done.stdout


@pytest.mark.parametrize("missing", ["click", "httptools"])
def test_without_the_extra_the_command_that_installs_it_is_named(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from lambdakit.cli import main; main()"
    done = python(code, "invoke", "json.dumps")
    assert done.returncode == 2
    assert f"needs {missing}" in done.stderr
    assert "pip install 'lambdakit[local]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_verb_is_a_usage_error():
    done = python("from lambdakit.cli import main; main()", "invok")
    assert done.returncode == 2
    assert "invok" in done.stderr
