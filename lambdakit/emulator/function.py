"""What a function is, what an invocation of it carries, and what comes back: plain frozen values.

Nothing here starts a process or knows HTTP. `FunctionConfig` is checked when it is made, so that the engine never
meets a value AWS Lambda would have refused at configuration time. Source: AWS Lambda developer guide, "Configuring
functions" and "Invoke" (API reference).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from lambdakit.emulator import limits
from lambdakit.emulator.ids import new_uuid
from lambdakit.emulator.variables import reserved_among
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lambdakit.emulator.logs import LogLine

InitializationType = Literal["on-demand", "provisioned-concurrency", "snap-start", "lambda-managed-instances"]
LogFormat = Literal["text", "json"]
ResponseMode = Literal["buffered", "streaming"]
TracingMode = Literal["Active", "PassThrough"]
Status = Literal["success", "error", "failure", "timeout"]

ACTIVE: TracingMode = "Active"
TRACING_MODES: tuple[TracingMode, ...] = (ACTIVE, "PassThrough")

LATEST = "$LATEST"
DEFAULT_ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"


def this_python() -> str:
    """The AWS name of the running interpreter's runtime, such as `python3.13`."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def default_runtime_command() -> tuple[str, ...]:
    """lambdakit's runtime on the running interpreter; the handler is appended when the process is started."""
    return (sys.executable, "-m", "lambdakit.runtime")


@dataclass(frozen=True)
class FunctionConfig:
    """One version of a function, as its execution environments see it.

    `handler` is the handler string (`app.handler`), `task_root` the directory the process starts in, `timeout` is in
    seconds (fractions allowed), `memory_mb` and `ephemeral_storage_mb` (/tmp) are enforced by the service (see
    `confinement`). `environment` holds the customer's own variables; a reserved name raises UsageError. `runtime` is
    the AWS runtime name; with a `provided` one `AWS_EXECUTION_ENV` is absent. With `tenant_isolation` the service
    shares no environment between tenants and wants to know whose each invocation is. `init_timeout` replaces the limit
    that follows from the initialization type.
    `tracing` is X-Ray's: "Active" has the service make segments of sampled invocations.
    `layers` are directories that become the function's /opt, the later ones over the earlier (see `layers`).
    """

    name: str
    handler: str
    task_root: Path
    runtime_command: tuple[str, ...] = field(default_factory=default_runtime_command)
    timeout: float = 3.0
    memory_mb: int = 128
    ephemeral_storage_mb: int = 512
    environment: Mapping[str, str] = field(default_factory=lambda: cast("dict[str, str]", {}))
    version: str = LATEST
    region: str = DEFAULT_REGION
    account_id: str = DEFAULT_ACCOUNT_ID
    runtime: str = field(default_factory=this_python)
    initialization_type: InitializationType = "on-demand"
    init_timeout: float | None = None
    max_concurrency: int = 1
    log_format: LogFormat = "text"
    log_level: str | None = None
    system_log_level: str = "INFO"
    log_group: str | None = None
    tenant_isolation: bool = False
    layers: tuple[Path, ...] = ()
    tracing: TracingMode = "PassThrough"

    def __post_init__(self) -> None:
        _require(bool(self.runtime_command), "runtime_command", "must name an executable")
        _require(self.timeout > 0, "timeout", f"must be more than 0 seconds, not {self.timeout}")
        _require(self.memory_mb >= 1, "memory_mb", f"must be at least 1, not {self.memory_mb}")
        storage = self.ephemeral_storage_mb
        _require(storage >= 1, "ephemeral_storage_mb", f"must be at least 1, not {storage}")
        _require(self.max_concurrency >= 1, "max_concurrency", f"must be at least 1, not {self.max_concurrency}")
        json_level = self.log_level is None or self.log_format == "json"
        _require(json_level, "log_level", "is only available with the json log format")
        _require(self.tracing in TRACING_MODES, "tracing", f"must be Active or PassThrough, not {self.tracing!r}")
        reserved = reserved_among(self.environment)
        _require(not reserved, "environment", f"contains reserved keys: {', '.join(reserved)}")

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def init_limit(self) -> float:
        """Seconds INIT may take before the first invocation."""
        if self.init_timeout is not None:
            return self.init_timeout
        if self.initialization_type == "on-demand":
            return limits.ON_DEMAND_INIT_SECONDS
        return max(limits.LONG_INIT_SECONDS, min(self.timeout, limits.LONGEST_INIT_SECONDS))

    @property
    def log_group_name(self) -> str:
        """The configured log group, else `/aws/lambda/NAME`."""
        return self.log_group or f"/aws/lambda/{self.name}"


def _require(condition: bool, name: str, problem: str) -> None:
    if not condition:
        raise UsageError(f"Function configuration: {name} {problem}.")


@dataclass(frozen=True)
class Invocation:
    """One event for the function, with what the caller sent beside it.

    `client_context` and `cognito_identity` are JSON text. `arn` is the function's ARN as the caller named it (with
    its qualifier); None means unqualified. A missing `trace_id` is made up, as the service does.
    """

    payload: bytes = b"{}"
    request_id: str = field(default_factory=new_uuid)
    client_context: str | None = None
    cognito_identity: str | None = None
    trace_id: str | None = None
    tenant_id: str | None = None
    content_type: str = "application/json"
    arn: str | None = None


class Answer(NamedTuple):
    """What the caller gets, known before the invocation is over (the runtime may still be at work).

    For a streamed response `payload` is empty: the bytes come from `RunningInvocation.chunks()`.
    """

    payload: bytes
    function_error: Literal["Unhandled"] | None
    error_type: str | None
    response_mode: ResponseMode
    content_type: str | None


class InvocationResult(NamedTuple):
    """One invocation, over: the answer and the figures of its REPORT line.

    `payload` is the whole response, or the error's JSON when `function_error` is set; bytes that were read through
    `RunningInvocation.chunks()` are not in it. Times are milliseconds; `init_ms` is None unless this invocation was
    the first of its environment, `max_memory_mb` is None where the operating system gives no figure. `xray_cause` is
    the validated X-Ray cause document the runtime sent. `log_lines` are the last lines, at least 4 KB of them.
    `extensions_ms` is what extensions took after the runtime was done, None where none look on.
    """

    request_id: str
    payload: bytes
    function_error: Literal["Unhandled"] | None
    status: Status
    error_type: str | None
    response_mode: ResponseMode
    content_type: str | None
    duration_ms: float
    billed_ms: int
    init_ms: float | None
    restore_ms: float | None
    max_memory_mb: int | None
    produced_bytes: int
    executed_version: str
    trace_id: str
    xray_cause: bytes | None
    log_lines: tuple[LogLine, ...]
    extensions_ms: float | None = None

    @property
    def log_tail(self) -> bytes:
        """The last 4096 bytes of the invocation's log, each line ended by a newline."""
        text = b"".join(line.text.encode("utf-8", "replace") + b"\n" for line in self.log_lines)
        return text[-limits.LOG_TAIL_BYTES :]
