"""The load on an invoke endpoint: compiles the client of service_load.c, runs it, reads what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from tests.benchmarks.harness import Bench

__all__ = ("FIRST_KEY", "Load", "load", "warming")

PATH = "/2015-03-31/functions/function/invocations"
COUNT = 3000
# The `key` of the first event; each further one has the next.
FIRST_KEY = 1_000_000
SOURCE = Path(__file__).with_name("service_load.c")


class Load(NamedTuple):
    """What a sample's invocations came to: seconds for each on average, and two latencies."""

    each: float
    median: float
    p99: float


def load(
    bench: Bench, port: int, callers: int, count: int = COUNT, *, answer: Literal["result", "event"] = "result"
) -> Load:
    """Invoke so many times. SystemExit when an answer is not what it must be: the result, or the caller's own event."""
    command = [str(_client(bench)), str(port), PATH, str(callers), str(count)]
    if answer == "event":
        command.append("echo")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, middle, p99 = map(float, done.stdout.split())
    return Load(seconds / count, middle, p99)


def warming(count: int) -> int:
    """How many invocations come before those that count."""
    return count // 15 + 1


def _client(bench: Bench) -> Path:
    """The compiled client; SystemExit where there is no C compiler."""
    program = bench.directory / "service_load"
    if not program.exists():
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None:
            raise SystemExit("the load is a compiled program: it needs a C compiler, as `cc` or as CC says")
        subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], check=True)
    return program
