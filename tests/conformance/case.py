"""What a behaviour is: a small declarative case, run wherever it applies, and what is looked at.

A case runs in one or more *places*: `rie` (AWS's emulator binary), `engine` (lambdakit's), `fake` (the scripted
Runtime API, for what no emulator can produce), once with each *runtime*: `awslambdaric` and `lambdakit`. Each run gives
observations by name (`OBSERVED`); those of all runs are compared with the reference, which is awslambdaric in the first
place of that list that observes such a thing. Permitted differences: `tests.conformance.differences`.

Cases that neither need a process of their own nor end it share one per `Setting` (see `tests.conformance.observe`).
"""

from __future__ import annotations

import textwrap
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.fake_runtime_api import Answer, FakeRuntimeApi

Place = Literal["rie", "engine", "fake"]
Runtime = Literal["awslambdaric", "lambdakit"]

PLACES: tuple[Place, ...] = ("rie", "engine", "fake")
RUNTIMES: tuple[Runtime, ...] = ("awslambdaric", "lambdakit")
SERVERS: tuple[Runtime, ...] = RUNTIMES[:1]

# What a run can show, and the places that can show it.
OBSERVED: Mapping[str, tuple[Place, ...]] = {
    "result": ("rie", "engine", "fake"),  # the body of each answer, as text
    "log": ("rie", "engine", "fake"),  # what the function wrote to stdout and stderr
    "outcome": ("engine", "fake"),  # "response", "error", "init/error", or "" for none, of each answer
    "content_type": ("engine", "fake"),  # of each answer
    "cause": ("engine", "fake"),  # the X-Ray cause of each answer
    "headers": ("fake",),  # the posted headers that carry meaning
    "exit": ("fake",),  # the exit status; None while it runs
    "calls": ("fake",),  # every call but `next`, in order
    "frames": ("fake",),  # what came through _LAMBDA_TELEMETRY_LOG_FD: (type, text)
}


@dataclass(frozen=True, eq=False)
class Setting:
    """How the environment of a function is configured; cases of one setting may share a process."""

    name: str
    execution_env: str | None = None
    log_format: str | None = None
    log_level: str | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    initialization_type: str = "on-demand"
    max_concurrency: int = 1
    timeout: int = 20
    limits: Literal["all", "off"] = "off"  # of memory and the like, which only the engine can impose


PLAIN = Setting("plain")
PYTHON_312 = Setting("python3.12", execution_env="python3.12")
JSON_LOGS = Setting("json-logs", log_format="JSON", log_level="DEBUG")


@dataclass(frozen=True, eq=False)
class Step:
    """One invocation. `answer` (arguments of Event) and `reply` are for the fake place only."""

    event: bytes = b"{}"
    client_context: str | None = None
    cognito_identity: str | None = None
    tenant_id: str | None = None
    content_type: str = "application/json"
    trace_id: str | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    reply: Answer | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One behaviour. `contract` says what the managed runtime does; `files` are the function's sources."""

    id: str
    contract: str
    files: Mapping[str, str]
    handler: str | None = "app.handler"
    steps: tuple[Step, ...] = (Step(),)
    setting: Setting = PLAIN
    places: tuple[Place, ...] = ("rie", "engine")
    looks_at: tuple[str, ...] = ("result",)
    alone: bool = False
    each_place: bool = False  # the reference is awslambdaric in the same place, not the first one
    runtimes: tuple[Runtime, ...] = RUNTIMES  # SERVERS: where the runtime makes no difference, one is enough
    python: tuple[int, int] = (3, 10)
    # For the fake place: how the server and the end of the process are scripted.
    script: Mapping[str, Any] = field(default_factory=dict)
    until: Callable[[FakeRuntimeApi], Any] | None = None
    signal: int | None = None
    framed: bool = False

    def request_id(self, step: int) -> str:
        """The request id of a step: the same in every run."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.id}/{step}"))


def function(body: str, before: str = "") -> dict[str, str]:
    """Sources of a function whose handler has this body; `before` stands at module level."""
    inner = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return {"app.py": f"{textwrap.dedent(before).strip()}\n\ndef handler(event, context):\n{inner}\n"}


def returns(id: str, contract: str, expression: str, before: str = "", **options: Any) -> Case:
    """A case whose handler returns an expression."""
    return Case(id, contract, function(f"return {expression}", before), **options)


def does(id: str, contract: str, body: str, before: str = "", **options: Any) -> Case:
    """A case whose handler has a body."""
    return Case(id, contract, function(body, before), **options)


def module(id: str, contract: str, source: str, **options: Any) -> Case:
    """A case about a whole module, in a process of its own."""
    return Case(id, contract, {"app.py": source}, alone=True, **options)
