"""Every behaviour of the catalogue, run wherever it applies and compared; see `tests.conformance.case`."""

from __future__ import annotations

import pytest

from tests.conformance.behaviours import CASES
from tests.conformance.case import PLACES, RUNTIMES
from tests.conformance.compare import problems
from tests.conformance.differences import DIFFERENCES
from tests.conformance.observe import applies, observe
from tests.runtime_process import ROOT

_, _, README = (ROOT / "README.md").read_text("utf-8").partition("## Differences from the managed runtime")


@pytest.mark.parametrize("case", [case for case in CASES if applies(case)], ids=lambda case: case.id)
def test_behaviour(case):
    wrong = problems(case, observe(case, CASES))

    assert not wrong, f"{case.contract}\n\n" + "\n\n".join(wrong)


def test_ids_are_unique():
    ids = [case.id for case in CASES]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.what[:60])
def test_difference_names_what_exists(difference):
    looked_at = {case.id: (case.places, case.looks_at) for case in CASES}
    assert {*difference.cases} <= {*looked_at}
    runtime_or_place, _, place = difference.where.partition("/")
    assert runtime_or_place in (*RUNTIMES, *PLACES)
    assert place in ("", *PLACES)
    assert difference.readme is None or f"\n| {difference.readme} |" in README
    for case_id in difference.cases:
        assert {*difference.names} & {*looked_at[case_id][1]}, f"{case_id} does not look at {difference.names}"
