"""Making two runs comparable: what necessarily differs between them is replaced by its name.

Request ids, times, the task directory, the places of the runtimes and of the standard library. Line numbers are
replaced in the runtimes' own frames only: those of the function and of the standard library are equal and compared.
"""

from __future__ import annotations

import json
import os
import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awslambdaric

import lambdakit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.ran import Answered, Job, Ran

_RUNTIME_FOLDERS = (Path(awslambdaric.__file__).parent, Path(lambdakit.__file__).parent)
_PATTERNS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z"), "<time>"),
    (re.compile("|".join(re.escape(str(folder)) for folder in _RUNTIME_FOLDERS)), "<runtime>"),
    (re.compile(re.escape(sysconfig.get_path("stdlib"))), "<stdlib>"),
    (re.compile(r'(<runtime>)/[\w/]+\.py(\\?"), line \d+, in \w+'), r"\1\2, line ?"),
    (re.compile(r"Previous line repeated \d+ more times"), "Previous line repeated"),
    (re.compile(r"\[\d{13}\]"), "[<ms>]"),
    (re.compile(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}"), "<log stream>"),
)


def observations(job: Job, ran: Ran) -> dict[str, Any]:
    """Everything a run shows, normalised, by the names of `OBSERVED`."""
    answers = ran.answers
    return {
        "result": [_body(job, answer) for answer in answers],
        "log": log(job, ran.log),
        "outcome": [answer.outcome for answer in answers],
        "content_type": [answer.content_type for answer in answers],
        "cause": [_cause(job, answer.cause) for answer in answers],
        "headers": [{name: text(job, value) for name, value in answer.headers.items()} for answer in answers],
        "exit": ran.exit_code,
        "calls": list(ran.calls),
        "frames": [(kind, text(job, message)) for kind, message in ran.frames],
    }


def text(job: Job, raw: str) -> str:
    """A text with names in place of what differs from run to run."""
    raw = raw.replace(os.path.realpath(job.directory), "<task>").replace(str(job.directory), "<task>")
    for number, (request_id, _) in enumerate(job.steps, 1):
        raw = raw.replace(request_id, f"<request {number}>")
    for pattern, name in _PATTERNS:
        raw = pattern.sub(name, raw)
    return raw


def log(job: Job, raw: str) -> list[str]:
    """The lines of a log; empty ones are left out, since places end unfinished lines in their own ways."""
    return [line for line in text(job, raw).split("\n") if line]


def _body(job: Job, answer: Answered) -> str | None:
    return None if answer.body is None else text(job, answer.body.decode("utf-8", "backslashreplace"))


def _cause(job: Job, cause: bytes | None) -> Any:
    if not cause:
        return None
    document: Mapping[str, Any] = json.loads(text(job, cause.decode()))
    # The service crops a large cause; which of the paths are left is chance.
    paths = sorted(document.get("paths", ())) if document.get("exceptions") else "cropped"
    return {**document, "paths": paths}
