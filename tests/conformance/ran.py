"""What one process did, before it is made comparable: the common language of the three places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.conformance.case import Case, Runtime, Setting, Step

RUNTIME_MODULES: Mapping[Runtime, str] = {"awslambdaric": "awslambdaric", "lambdakit": "lambdakit.runtime"}

FUNCTION_NAME = "conformance"
MEMORY = 128
REGION = "us-east-1"
ACCOUNT = "012345678912"  # the account of every ARN in AWS's emulator
LOG_GROUP = f"/aws/lambda/{FUNCTION_NAME}"
LOG_STREAM = f"2026/01/02/[$LATEST]{'0123456789abcdef' * 2}"


@dataclass
class Job:
    """One process to run: the sources in `directory`, the steps with their request ids."""

    directory: Path
    runtime: Runtime
    handler: str | None
    setting: Setting
    steps: Sequence[tuple[str, Step]]
    case: Case | None = None  # for a process of its own: the fake place's script


@dataclass
class Answered:
    """One answer. `body` None: the place has none (the process ended without a word)."""

    body: bytes | None
    outcome: str = ""
    content_type: str | None = None
    cause: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Ran:
    """One process: an answer for each step, and all the function's output."""

    answers: list[Answered]
    log: str
    exit_code: int | None = None
    calls: Sequence[str] = ()
    frames: Sequence[tuple[str, str]] = ()
