"""How a row of the benchmarks' tables reads; nothing is timed here."""

from __future__ import annotations

import pytest

from tests.benchmarks.__main__ import BY_NAME, TABLES
from tests.benchmarks.table import Measure, Table

TABLE = Table("ours", "peer", "other", ())


def measure(target: float | None) -> Measure:
    return Measure("name", "what", "us", target, lambda bench: {}, 1)


@pytest.mark.parametrize(
    ("target", "samples", "row"),
    [
        (0.5, {"ours": [1, 9, 2], "peer": [4], "other": [3]}, "| what | 2.0 us | 4.0 us | 0.50 | ≤ 0.50 | 3.0 us |"),
        (0.5, {"ours": [3], "peer": [4]}, "| what | 3.0 us | 4.0 us | 0.75 | **≤ 0.50 (missed)** | - |"),
        (8, {"ours": [3]}, "| what | 3.0 us | - | - | ≤ 8 us | - |"),
        (8, {"ours": [8.5]}, "| what | 8.5 us | - | - | **≤ 8 us (missed)** | - |"),
        (None, {"ours": [3], "peer": [2]}, "| what | 3.0 us | 2.0 us | 1.50 | - | - |"),
    ],
)
def test_row(target, samples, row):
    assert TABLE.row(measure(target), samples) == row


def test_head_names_the_contenders():
    assert TABLE.head.splitlines()[0] == "| measure | ours | peer | ratio | target | other |"


def test_names_of_measures_are_unique():
    names = [measure.name for table in (*TABLES, *BY_NAME) for measure in table.measures]
    assert len(names) == len(set(names))
