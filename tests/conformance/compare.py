"""Comparing the runs of a case with its reference, and the differences found with those that are permitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.conformance.case import OBSERVED, PLACES
from tests.conformance.differences import DIFFERENCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.case import Case, Place, Runtime
    from tests.conformance.differences import Difference

REFERENCE: Runtime = "awslambdaric"
SHOWN = 4_000  # characters of a value in a message


@dataclass(frozen=True)
class Deviation:
    """One thing that one run shows otherwise than the reference."""

    runtime: Runtime
    place: Place
    name: str
    expected: Any
    shown: Any
    permitted: Difference | None

    def __str__(self) -> str:
        where = f"{self.runtime} in {self.place}, {self.name}:"
        return f"{where}\n  reference {_short(self.expected)}\n  shown     {_short(self.shown)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]} ... {text[-SHOWN // 2 :]}"


def deviations(case: Case, runs: Mapping[tuple[Runtime, Place], Mapping[str, Any]]) -> list[Deviation]:
    """Every deviation from the reference."""
    found = []
    for (runtime, place), shown in runs.items():
        for name, value in shown.items():
            reference = runs[REFERENCE, _reference_place(case, name, place)][name]
            if value != reference:
                permitted = next((d for d in DIFFERENCES if d.covers(case.id, runtime, place, name)), None)
                found.append(Deviation(runtime, place, name, reference, value, permitted))
    return found


def problems(case: Case, runs: Mapping[tuple[Runtime, Place], Mapping[str, Any]]) -> list[str]:
    """What is wrong: differences that are not listed, listed ones that do not occur or look otherwise."""
    found = deviations(case, runs)
    wrong = [f"not listed: {deviation}" for deviation in found if deviation.permitted is None]
    for deviation in found:
        if deviation.permitted and not deviation.permitted.describes(deviation.shown):
            wrong.append(f"listed as {deviation.permitted.shows!r}, but {deviation}")
    occurred = {(d.runtime, d.place, d.name) for d in found}
    for (runtime, place), shown in runs.items():
        for name in shown:
            listed = [d for d in DIFFERENCES if d.covers(case.id, runtime, place, name)]
            if listed and (runtime, place, name) not in occurred:
                wrong.append(f"listed but equal: {runtime} in {place}, {name} ({listed[0].what})")
    return wrong


def _reference_place(case: Case, name: str, place: Place) -> Place:
    if case.each_place:
        return place
    return next(p for p in PLACES if p in case.places and p in OBSERVED[name])
