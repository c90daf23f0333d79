"""Measure lambdakit's runtime against the official client, interleaved, and print one Markdown table.

    python -m tests.benchmarks                      every measure
    python -m tests.benchmarks small start          some of them
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
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.benchmarks.harness import CONTENDERS, Bench, use_one_cpu
from tests.benchmarks.measures import FLOOR, MEASURES, prepare

if TYPE_CHECKING:
    from tests.benchmarks.measures import Measure

HEAD = "| measure | lambdakit | awslambdaric | ratio | target | floor |\n|---|---:|---:|---:|---:|---:|"


def sample(bench: Bench, measure: Measure, rounds: int) -> dict[str, list[float]]:
    """The samples of every contender of a measure, in the order they were taken."""
    modules = dict(CONTENDERS) if measure.peer else {"lambdakit": CONTENDERS["lambdakit"]}
    if measure.floor:
        modules[FLOOR] = FLOOR
    for module in modules.values():
        measure.take(bench, module)  # compiles byte code, fills caches
    samples: dict[str, list[float]] = {name: [] for name in modules}
    for number in range(rounds):
        order = list(modules.items()) if number % 2 == 0 else list(modules.items())[::-1]
        for name, module in order:
            samples[name].append(measure.take(bench, module))
    return samples


def row(measure: Measure, samples: dict[str, list[float]]) -> str:
    """One line of the table."""
    middle = {name: median(values) for name, values in samples.items()}
    cells = [f"{middle[name]:.1f} {measure.unit}" if name in middle else "-" for name in (*CONTENDERS, FLOOR)]
    if measure.peer:
        ratio = middle["lambdakit"] / middle["awslambdaric"]
        shown, target, met = f"{ratio:.2f}", f"≤ {measure.target:.2f}", ratio <= measure.target
    else:
        shown, target, met = (
            "-",
            f"≤ {measure.target:g} {measure.unit}",
            middle["lambdakit"] <= measure.target,
        )
    verdict = target if met else f"**{target} (missed)**"
    return f"| {measure.title} | {cells[0]} | {cells[1]} | {shown} | {verdict} | {cells[2]} |"


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Take every chosen measure; print its row as soon as it is there (unless --json)."""
    chosen = [measure for measure in MEASURES if measure.name in (options.measures or {measure.name})]
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as name:
        bench = Bench(Path(name))
        prepare(bench)
        for measure in chosen:
            samples = sample(bench, measure, options.rounds or measure.rounds)
            results[measure.name] = {"unit": measure.unit, "target": measure.target, "samples": samples}
            if not options.json:
                print(row(measure, samples), flush=True)
    return results


def main() -> None:
    """Parse the options, print the table (or JSON)."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Runtime benchmarks.")
    names = [measure.name for measure in MEASURES]
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
        print(f"Python {platform.python_version()}, {platform.machine()}, medians\n\n{HEAD}", flush=True)
    results = run(options)
    if options.json:
        json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
