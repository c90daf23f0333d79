"""What the local service endures: many invocations, much asynchronous work with the service killed, many saves.

Each is taken once, by its name only: it is long, and a figure of it has a limit rather than a peer.

    python -m tests.benchmarks --all-cpus lost growth saved killed
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from tests.benchmarks.harness import memory
from tests.benchmarks.service_load import FIRST_KEY, load, warming
from tests.benchmarks.table import Measure, Table
from tests.endurance import RECORDING, recorded, save, seconds_to_new_answer, survive
from tests.service_process import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

OURS = "lambdakit"
INVOCATIONS, CALLERS = 100_000, 64
# Before the size of the service is taken for the first time: by then as many log lines are in memory as it keeps.
BEFORE = INVOCATIONS
EVENTS, KILLS = 10_000, 5
SAVES = 100


def _folder(bench: Bench, name: str) -> Path:
    """A directory of a sample's own."""
    return Path(tempfile.mkdtemp(prefix=name, dir=bench.directory))


@cache
def _under_load(bench: Bench) -> tuple[int, int]:
    """Take the load: how many invocations were lost or doubled, and the bytes by which the service grew."""
    folder = _folder(bench, "load")
    (folder / "app.py").write_text(RECORDING)
    options = ("--no-reload", "--environments", "2")
    with serving(folder, "function=app.handler", *options, env={"PYTHONPATH": str(bench.packages)}) as service:
        load(bench, service.port, CALLERS, BEFORE, answer="event")
        before = memory(service.pid, "VmRSS")
        (folder / "ran").write_bytes(b"")
        load(bench, service.port, CALLERS, INVOCATIONS, answer="event")
        grown = memory(service.pid, "VmRSS") - before
    ran = Counter(recorded(folder))
    sent = range(FIRST_KEY, FIRST_KEY + warming(INVOCATIONS) + INVOCATIONS)
    return sum(ran[number] != 1 for number in sent) + len({*ran} - {*sent}), grown


def _saved(bench: Bench) -> float:
    """The 95th percentile of the milliseconds from a save to the first answer of the new code."""
    folder = _folder(bench, "saved")
    save(folder, 0)
    with serving(folder, "app.handler", env={"PYTHONPATH": str(bench.packages)}) as service:
        times = [seconds_to_new_answer(service, folder, number) for number in range(1, SAVES + 1)]
    return quantiles(times, n=20)[-1] * 1e3


def _killed(bench: Bench) -> float:
    """How many events were lost."""
    return len(survive(_folder(bench, "killed"), EVENTS, KILLS, random.Random()).lost)


def _only(take: Callable[[Bench], float]) -> Callable[[Bench], Contenders]:
    return lambda bench: {OURS: lambda: take(bench)}


def _lost(bench: Bench) -> float:
    return _under_load(bench)[0]


def _grown(bench: Bench) -> float:
    return _under_load(bench)[1] / 2**20


# fmt: off
ENDURANCE = Table(OURS, "-", "", (
    Measure("lost", f"of {INVOCATIONS:,}, {CALLERS} callers: lost or doubled", "events", 0, _only(_lost), 1),
    Measure("growth", f"growth of the service during {INVOCATIONS:,} invocations", "MiB", 8, _only(_grown), 1),
    Measure("saved", f"save to first answer of new code, p95 of {SAVES}", "ms", 250, _only(_saved), 1),
    Measure("killed", f"of {EVENTS:,} asynchronous events, the service killed {KILLS} times, lost", "events", 0, _only(_killed), 1),  # noqa: E501
))
