"""Running cases: one process for a case that needs it, one for all cases of a setting that do not.

In a shared process every case is a module of its own; a small `app.py` finds it by the request id. Before and after
each case an invocation of the dispatcher itself writes a mark to the log, so that the log can be cut into cases
afterwards, whatever the case's own code did to `sys.stdout`. Runs are kept for the session.
"""

from __future__ import annotations

import os
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conformance import place_engine, place_fake, place_rie
from tests.conformance.case import OBSERVED, RUNTIMES, Step
from tests.conformance.normal import observations
from tests.conformance.ran import Job, Ran

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.conformance.case import Case, Place, Runtime

RUN_IN = {"rie": place_rie.run, "engine": place_engine.run, "fake": place_fake.run}

BRIEF = os.environ.get("LAMBDAKIT_TESTS") == "brief"
MARK = "\x1e"
DISPATCHER = """
import importlib, os

CASES = {cases!r}

def handler(event, context):
    name = CASES.get(context.aws_request_id)
    if name is None:
        os.write(1, b"{mark}")
        return None
    return importlib.import_module(name).handler(event, context)
"""


def observe(case: Case, catalogue: Sequence[Case]) -> dict[tuple[Runtime, Place], dict[str, Any]]:
    """What each run of a case shows, of what the case looks at. `catalogue` has the cases to share processes with."""
    columns = [(runtime, place) for place in case.places for runtime in case.runtimes]
    if not case.alone:
        return {column: _seen(case, _shared(case, *column, tuple(catalogue)), column[1]) for column in columns}
    with ThreadPoolExecutor(len(columns)) as executor:  # these runs mostly wait: for timeouts, for processes
        shown = executor.map(lambda column: _alone(case, *column), columns)
        return {column: _seen(case, run, column[1]) for column, run in zip(columns, shown, strict=True)}


def _seen(case: Case, run: Mapping[str, Any], place: Place) -> dict[str, Any]:
    return {name: run[name] for name in case.looks_at if place in OBSERVED[name]}


def applies(case: Case) -> bool:
    """Whether this interpreter can show the behaviour; one of servers alone is not shown again on a second one."""
    return sys.version_info[:2] >= case.python and not (BRIEF and case.runtimes != RUNTIMES)


def _alone(case: Case, runtime: Runtime, place: Place) -> dict[str, Any]:
    steps = [(case.request_id(number), step) for number, step in enumerate(case.steps)]
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        job = Job(_filled(Path(name), case.files), runtime, case.handler, case.setting, steps, case)
        return observations(job, RUN_IN[place](job))


def _shared(case: Case, runtime: Runtime, place: Place, catalogue: tuple[Case, ...]) -> dict[str, Any]:
    return _pool(case.setting.name, runtime, place, catalogue)[case.id]


@cache
def _pool(setting: str, runtime: Runtime, place: Place, catalogue: tuple[Case, ...]) -> dict[str, dict[str, Any]]:
    """One process for all cases of a setting; what each of them shows."""
    members = [c for c in catalogue if not c.alone and c.setting.name == setting and place in c.places and applies(c)]
    steps: list[tuple[str, Step]] = [(_mark_id(0), Step())]
    for number, member in enumerate(members, 1):
        steps += [(member.request_id(n), step) for n, step in enumerate(member.steps)]
        steps.append((_mark_id(number), Step()))
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        directory = _filled(Path(name), _sources(members))
        job = Job(directory, runtime, "app.handler", members[0].setting, steps)
        ran = RUN_IN[place](job)
        return _cut(job, ran, members)


def _cut(job: Job, ran: Ran, members: Sequence[Case]) -> dict[str, dict[str, Any]]:
    """The observations of each case of a shared process."""
    answers = dict(zip((request_id for request_id, _ in job.steps), ran.answers, strict=True))
    logs = ran.log.split(MARK)[1:]
    if len(logs) != len(members) + 1:
        raise RuntimeError(f"a shared process ended early; its log: {ran.log[-3000:]}")
    cut = {}
    for member, text in zip(members, logs, strict=False):
        steps = [(member.request_id(n), step) for n, step in enumerate(member.steps)]
        part = Job(job.directory, job.runtime, job.handler, job.setting, steps)
        cut[member.id] = observations(part, Ran([answers[request_id] for request_id, _ in steps], text))
    return cut


def _sources(members: Sequence[Case]) -> dict[str, str]:
    cases = {m.request_id(n): _module_name(m) for m in members for n in range(len(m.steps))}
    files = {"app.py": DISPATCHER.format(cases=cases, mark="\\x1e")}
    for member in members:
        (source,) = member.files.values()
        files[f"{_module_name(member)}.py"] = source
    return files


def _module_name(case: Case) -> str:
    return "case_" + "".join(char if char.isalnum() else "_" for char in case.id)


def _mark_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _filled(directory: Path, files: Mapping[str, str]) -> Path:
    for name, content in files.items():
        path = directory / name
        os.makedirs(path.parent, exist_ok=True)
        path.write_text(textwrap.dedent(content).lstrip("\n"), encoding="utf-8")
    return directory
