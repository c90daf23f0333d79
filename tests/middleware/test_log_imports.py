"""What logging, metrics and the log of events import before they are used: nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"asyncio", "dataclasses", "difflib", "inspect", "json", "logging", "random", "re", "typing", "datetime"}


@pytest.mark.parametrize("name", ["json_logging", "log_context", "log_events", "metrics", "correlation_id"])
def test_importing_one_imports_nothing_heavy(name):
    script = (
        "import sys; before = set(sys.modules)\n"
        f"from lambdakit.middleware import {name}\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    # -S: what `site` imports for editable installs is not ours.
    run = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True)
    found = set(run.stdout.split())
    assert found & HEAVY == set()
    assert "lambdakit.runtime" not in found
    assert "lambdakit.emulator" not in found


def test_metrics_never_import_logging():
    script = (
        "import sys\n"
        "from lambdakit import lambda_handler\n"
        "from lambdakit.middleware import metrics\n"
        "shop = metrics(namespace='Shop', capture=['cold_start'])\n"
        "lambda_handler(middleware=[shop])(lambda event, context: shop.add('n', 1, 'Count'))({}, None)\n"
        "print('logging' in sys.modules, 'json' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True)
    *documents, last = run.stdout.splitlines()
    assert len(documents) == 2
    assert last == "False False"
