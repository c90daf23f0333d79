"""What the runtime imports on the way to the first event, pinned: cold start is won here and lost here."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.fake_runtime_api import Event
from tests.runtime_process import ROOT, environment, run_runtime

HANDLER = """
def handler(event, context):
    import sys
    return sorted(sys.modules)
"""

OURS = {
    "lambdakit",
    "lambdakit.codec",
    "lambdakit.context",
    "lambdakit.exceptions",
    "lambdakit.runtime",
    "lambdakit.runtime.call",
    "lambdakit.runtime.client",
    "lambdakit.runtime.entry",
    "lambdakit.runtime.http1",
    "lambdakit.runtime.logs",
    "lambdakit.runtime.loop",
    "lambdakit.runtime.resolve",
}
# Built into the interpreter, or one small file.
THEIRS = {"__future__", "_json", "_socket", "app"}

HEAVY = [
    *("asyncio", "aws_xray_sdk", "contextvars", "dataclasses", "datetime", "email", "enum"),
    *("http.client", "httpx", "inspect", "json", "logging", "orjson", "re", "selectors", "signal", "socket", "ssl"),
    *("threading", "traceback", "typing", "typing_extensions", "urllib.parse", "uuid"),
]


@pytest.fixture(scope="module")
def modules() -> set[str]:
    """What is imported when the first event is handled, beyond what `python -m` of an empty package imports."""
    run = run_runtime(HANDLER, [Event({})])
    bare = subprocess.run(
        [sys.executable, "-c", "import runpy, sys, types; print(*sys.modules)"],
        cwd=ROOT,
        env=environment("127.0.0.1:1"),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(run.posts[0].body)) - set(bare.stdout.split())


def test_exactly_these_modules_are_imported(modules: set[str]) -> None:
    assert {name for name in modules if name.startswith("lambdakit")} == OURS
    assert modules - OURS <= THEIRS


@pytest.mark.parametrize("name", HEAVY)
def test_nothing_heavy_is_among_them(modules: set[str], name: str) -> None:
    assert name not in modules
