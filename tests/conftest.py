"""What every test shares: property tests without a clock, because the machines that run them are shared.

LAMBDAKIT_TESTS=brief has every test run with fewer rounds, for a second look on another interpreter. Where tests start
processes, which takes most of the time, each of the other interpreters runs its share of them, so that each test is run
on one more.
"""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parent.parent
# Where tests start processes.
STARTING = (
    "examples",
    *(
        f"tests/{room}/"
        for room in ("bootstrap", "cli", "conformance", "container", "emulator", "middleware", "runtime")
    ),
)
# The share of each minor version of Python; later ones take the first, too.
SHARES = {10: 0, 12: 1, 13: 2}
BRIEF = os.environ.get("LAMBDAKIT_TESTS") == "brief"

settings.register_profile("lambdakit", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("brief", settings.get_profile("lambdakit"), max_examples=15)
settings.register_profile("thorough", settings.get_profile("lambdakit"), max_examples=5_000)
settings.load_profile("brief" if BRIEF else "lambdakit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In brief, keep this interpreter's share of the tests that start processes."""
    if BRIEF:
        items[:] = [item for item in items if not _starts(item) or _is_ours(item)]


def _starts(item: pytest.Item) -> bool:
    return item.path.relative_to(ROOT).as_posix().startswith(STARTING)


def _is_ours(item: pytest.Item) -> bool:
    return zlib.crc32(item.nodeid.encode()) % len(SHARES) == SHARES.get(sys.version_info.minor, 0)
