"""What a service endures, in small: the same procedures at length are measures of the benchmarks."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.endurance import RECORDING, answer_of, recorded, survive
from tests.service_process import serving

if TYPE_CHECKING:
    from pathlib import Path

INVOCATIONS, CALLERS = 256, 64
EVENTS, KILLS = 120, 1


def test_of_many_callers_none_is_lost_or_gets_anothers_answer(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(RECORDING)
    events = [{"key": number} for number in range(INVOCATIONS)]
    with (
        serving(tmp_path, "app.handler", "--no-reload", "--environments", "2") as service,
        ThreadPoolExecutor(CALLERS) as callers,
    ):
        assert list(callers.map(lambda event: answer_of(service, event), events)) == events
    assert Counter(recorded(tmp_path)) == Counter(range(INVOCATIONS))


def test_every_accepted_event_runs_however_often_the_service_is_killed(tmp_path: Path) -> None:
    survival = survive(tmp_path, EVENTS, KILLS, random.Random())
    assert survival.accepted == [*range(EVENTS)]
    assert survival.lost == set()
