"""Print the conformance matrix: `python -m tests.conformance [--details] [PART OF AN ID ...]`.

One row for each behaviour, one column for each pair of runtime and place:
`ref` the reference, `=` equal to it, `differs` a listed difference, `WRONG` anything else, `-` does not apply.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

from tests.conformance.behaviours import CASES
from tests.conformance.case import PLACES, RUNTIMES
from tests.conformance.compare import REFERENCE, deviations, problems
from tests.conformance.observe import applies, observe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tests.conformance.case import Case, Place, Runtime

COLUMNS: tuple[tuple[Runtime, Place], ...] = tuple((r, p) for p in PLACES for r in RUNTIMES)


def cells(case: Case, runs: Mapping[tuple[Runtime, Place], Mapping[str, Any]]) -> list[str]:
    """The row's cells, without the id."""
    found = deviations(case, runs)
    wrong = bool(problems(case, runs))
    return [
        _cell(case, column, runs, [d for d in found if (d.runtime, d.place) == column], wrong) for column in COLUMNS
    ]


def _cell(case: Case, column: tuple[Runtime, Place], runs: Any, found: list[Any], wrong: bool) -> str:
    runtime, place = column
    if not runs.get(column):
        return "-"
    if found:
        return "WRONG" if any(d.permitted is None for d in found) or wrong else "differs"
    first = place == next(p for p in PLACES if p in case.places)
    return "ref" if runtime == REFERENCE and (first or case.each_place) else "="


def main() -> int:
    """Print the matrix; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("parts", nargs="*", metavar="PART", help="only behaviours whose id contains one of these")
    parser.add_argument("--details", action="store_true", help="show every difference")
    options = parser.parse_args()
    chosen = [c for c in CASES if applies(c) and (not options.parts or any(p in c.id for p in options.parts))]
    print("| behaviour |" + "".join(f" {r}, {p} |" for r, p in COLUMNS) + "\n|---|" + ":-:|" * len(COLUMNS))
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for case in chosen:
        runs = observe(case, CASES)
        row = cells(case, runs)
        counts.update(row)
        print(f"| {case.id} | " + " | ".join(row) + " |", flush=True)
        wrong += [f"{case.id}: {problem}" for problem in problems(case, runs)]
        if options.details:
            print("".join(f"    {deviation}\n" for deviation in deviations(case, runs)), end="")
    print(f"\n{len(chosen)} behaviours: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    for problem in wrong:
        print(f"\n{problem}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
