"""Measure lambdakit against its peers, interleaved, and print Markdown tables.

The runtime's peer is the official client; those of typed events are aws-lambda-powertools and chalice.

    python -m tests.benchmarks                      every measure but those of endurance
    python -m tests.benchmarks small start s3       some of them
    python -m tests.benchmarks lost growth killed   some of endurance, which are long
    python -m tests.benchmarks --rounds 3 --json    fewer rounds; every sample, as JSON

A round takes one sample from each contender, so that a slow moment of the machine meets all of them; the
table has the medians. Nothing here is a test: figures depend on the machine, ratios much less.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.endurance_measures import ENDURANCE
from tests.benchmarks.event_measures import EVENTS
from tests.benchmarks.harness import Bench, use_one_cpu
from tests.benchmarks.http_measures import ADAPTERS, HTTP, HTTP_OWN
from tests.benchmarks.measures import RUNTIME, prepare
from tests.benchmarks.middleware_measures import MIDDLEWARE
from tests.benchmarks.service_measures import COLD, IMAGE, MINISTACKS, SERVICE

if TYPE_CHECKING:
    from tests.benchmarks.table import Measure, Table

TABLES = (RUNTIME, EVENTS, MIDDLEWARE, HTTP, HTTP_OWN, ADAPTERS, SERVICE, MINISTACKS, COLD, IMAGE)
# Taken where it is named only.
BY_NAME = (ENDURANCE,)


def sample(bench: Bench, measure: Measure, rounds: int) -> dict[str, list[float]]:
    """The samples of every contender of a measure, in the order they were taken."""
    contenders = measure.contenders(bench)
    if measure.rounds > 1:
        for take in contenders.values():
            take()  # compiles byte code, fills caches
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        order = list(contenders.items()) if number % 2 == 0 else list(contenders.items())[::-1]
        for name, take in order:
            samples[name].append(take())
    return samples


def _is_chosen(table: Table, measure: Measure, names: list[str]) -> bool:
    return measure.name in names if names else table not in BY_NAME


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Take every chosen measure; print its row as soon as it is there (unless --json)."""
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as name:
        bench = Bench(Path(name))
        prepare(bench)
        for table in (*TABLES, *BY_NAME):
            chosen = [measure for measure in table.measures if _is_chosen(table, measure, options.measures)]
            if chosen and not options.json:
                print(f"\n{table.head}", flush=True)
            for measure in chosen:
                samples = sample(bench, measure, options.rounds or measure.rounds)
                results[measure.name] = {"unit": measure.unit, "target": measure.target, "samples": samples}
                if not options.json:
                    print(table.row(measure, samples), flush=True)
    return results


def main() -> None:
    """Parse the options, print the table (or JSON)."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Benchmarks.")
    names = [measure.name for table in (*TABLES, *BY_NAME) for measure in table.measures]
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"of: {', '.join(names)}")
    parser.add_argument("--rounds", type=int, help="of every measure (default: the measure's own number)")
    parser.add_argument("--json", action="store_true", help="print every sample as JSON instead of the table")
    parser.add_argument("--all-cpus", action="store_true", help="do not keep every process on one CPU")
    options = parser.parse_args()
    unknown = set(options.measures) - set(names)
    if unknown:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    if not options.all_cpus:
        use_one_cpu()
    if not options.json:
        print(f"Python {platform.python_version()}, {platform.machine()}, medians", flush=True)
    results = run(options)
    if options.json:
        json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
