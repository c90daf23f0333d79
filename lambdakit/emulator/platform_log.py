"""The lines Lambda itself writes around a function's output: START, END, REPORT, INIT_START, INIT_REPORT and the rest.

Text lines are the ones CloudWatch shows; with the JSON format the same facts are platform events, each with the level
that decides whether it is written. Figures come in as they were measured; this module only words them. Source: AWS
Lambda developer guide, "Lambda logs" and "Telemetry API event schema"; recorded service logs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from lambdakit.emulator.logs import timestamp
from lambdakit.emulator.tracing.trace_header import TraceHeader

if TYPE_CHECKING:
    from lambdakit.emulator.function import FunctionConfig, Status

Phase = Literal["init", "invoke"]
# One line without its newline, and the request it belongs to.
Write = Callable[[str, "str | None"], None]

LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "FATAL": 50, "CRITICAL": 50}


class Figures(NamedTuple):
    """What REPORT tells of a finished invocation; times are milliseconds."""

    request_id: str
    status: Status
    error_type: str | None
    duration_ms: float
    billed_ms: int
    max_memory_mb: int | None
    init_ms: float | None
    restore_ms: float | None
    produced_bytes: int
    trace_id: str
    tenant_id: str | None


class PlatformLog(Protocol):
    """One method per moment of an execution environment's life."""

    def init_start(self, phase: Phase) -> None:
        """INIT begins."""

    def init_end(self, phase: Phase, status: Status, error_type: str | None, duration_ms: float) -> None:
        """INIT is over."""

    def restore_start(self) -> None:
        """A snapshot is about to be resumed."""

    def restore_end(self, status: Status, error_type: str | None, duration_ms: float) -> None:
        """The after-restore hooks are done."""

    def start(self, request_id: str, trace_id: str, tenant_id: str | None) -> None:
        """An invocation begins."""

    def problem(self, request_id: str, error_type: str, cause: str) -> None:
        """The environment ended the invocation: the line that says why."""

    def report(self, figures: Figures) -> None:
        """An invocation is over."""


def platform_log(config: FunctionConfig, write: Write) -> PlatformLog:
    """The log in the configured format."""
    return JsonPlatformLog(config, write) if config.log_format == "json" else TextPlatformLog(config, write)


def runtime_version(config: FunctionConfig) -> tuple[str, str]:
    """Version and ARN of the runtime: the ARN's hash names the command that is run, which is the runtime here."""
    family = config.runtime.rstrip("0123456789.") or "provided"
    number = config.runtime[len(family) :] or "local"
    digest = hashlib.sha256("\0".join(config.runtime_command).encode()).hexdigest()
    return f"{family}:{number}.v0", f"arn:aws:lambda:{config.region}::runtime:{digest}"


class TextPlatformLog:
    """The text format."""

    def __init__(self, config: FunctionConfig, write: Write) -> None:
        self._config = config
        self._write = write
        self._start_end = f" Version: {config.version}"
        self._traced = config.tracing == "Active"
        self._memory = f"Memory Size: {config.memory_mb} MB"

    def init_start(self, phase: Phase) -> None:
        """INIT begins; repeated inside an invocation it has no line of its own."""
        if phase == "init":
            version, arn = runtime_version(self._config)
            self._write(f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}", None)

    def init_end(self, phase: Phase, status: Status, error_type: str | None, duration_ms: float) -> None:
        """INIT is over; only a failed one has a line."""
        if status != "success":
            ending = _ending(status, error_type)
            self._write(f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}{ending}", None)

    def restore_start(self) -> None:
        """A snapshot is about to be resumed."""
        version, arn = runtime_version(self._config)
        self._write(f"RESTORE_START Runtime Version: {version}\tRuntime Version ARN: {arn}", None)

    def restore_end(self, status: Status, error_type: str | None, duration_ms: float) -> None:
        """The after-restore hooks are done."""
        ending = "" if status == "success" else _ending(status, error_type)
        self._write(f"RESTORE_REPORT Restore Duration: {duration_ms:.2f} ms{ending}", None)

    def start(self, request_id: str, trace_id: str, tenant_id: str | None) -> None:
        """An invocation begins."""
        self._write(f"START RequestId: {request_id}{self._start_end}", request_id)

    def problem(self, request_id: str, error_type: str, cause: str) -> None:
        """The environment ended the invocation: the line that says why."""
        if error_type == "Sandbox.Timedout":
            self._write(f"{timestamp()} {request_id} {cause}\n", request_id)
        else:
            self._write(f"RequestId: {request_id} Error: {cause}\n{error_type}", request_id)

    def report(self, figures: Figures) -> None:
        """An invocation is over: END and REPORT."""
        self._write(f"END RequestId: {figures.request_id}", figures.request_id)
        memory = "" if figures.max_memory_mb is None else f"\tMax Memory Used: {figures.max_memory_mb} MB"
        line = (
            f"REPORT RequestId: {figures.request_id}\tDuration: {figures.duration_ms:.2f} ms"
            f"\tBilled Duration: {figures.billed_ms} ms\t{self._memory}{memory}\t"
        )
        self._write(line + self._rest_of_report(figures), figures.request_id)

    def _rest_of_report(self, figures: Figures) -> str:
        line = ""
        if figures.init_ms is not None:
            line += f"Init Duration: {figures.init_ms:.2f} ms\t"
        if figures.restore_ms is not None:
            billed = _ceil(figures.restore_ms)
            line += f"Restore Duration: {figures.restore_ms:.2f} ms\tBilled Restore Duration: {billed} ms\t"
        if figures.status != "success":
            line += _ending(figures.status, figures.error_type).lstrip("\t")
        if self._traced:
            line += _traced(figures.trace_id)
        return line


class JsonPlatformLog:
    """The JSON format: one platform event per line, if its level reaches the configured system log level."""

    def __init__(self, config: FunctionConfig, write: Write) -> None:
        self._config = config
        self._sink = write
        self._threshold = LEVELS.get(config.system_log_level.upper(), LEVELS["INFO"])

    def init_start(self, phase: Phase) -> None:
        """INIT begins."""
        version, arn = runtime_version(self._config)
        record = self._of_init(phase)
        record |= {"runtimeVersion": version, "runtimeVersionArn": arn}
        record |= {"functionName": self._config.name, "functionVersion": self._config.version}
        self._write("INFO", "platform.initStart", record)

    def init_end(self, phase: Phase, status: Status, error_type: str | None, duration_ms: float) -> None:
        """INIT is over."""
        record = self._of_init(phase) | _outcome(status, error_type)
        self._write("DEBUG" if status == "success" else "WARN", "platform.initRuntimeDone", record)
        quiet = status == "success" and self._config.initialization_type == "on-demand"
        level = "DEBUG" if quiet else "INFO" if status == "success" else "WARN"
        self._write(level, "platform.initReport", record | {"metrics": {"durationMs": round(duration_ms, 3)}})

    def restore_start(self) -> None:
        """A snapshot is about to be resumed."""
        version, arn = runtime_version(self._config)
        self._write("INFO", "platform.restoreStart", {"runtimeVersion": version, "runtimeVersionArn": arn})

    def restore_end(self, status: Status, error_type: str | None, duration_ms: float) -> None:
        """The after-restore hooks are done."""
        record = _outcome(status, error_type)
        self._write("DEBUG" if status == "success" else "WARN", "platform.restoreRuntimeDone", record)
        level = "INFO" if status == "success" else "WARN"
        self._write(level, "platform.restoreReport", record | {"metrics": {"durationMs": round(duration_ms, 3)}})

    def start(self, request_id: str, trace_id: str, tenant_id: str | None) -> None:
        """An invocation begins."""
        record: dict[str, Any] = {"requestId": request_id, "version": self._config.version}
        self._write("INFO", "platform.start", record | _tracing(trace_id, tenant_id))

    def problem(self, request_id: str, error_type: str, cause: str) -> None:
        """The environment ended the invocation; the report's status and errorType say why."""

    def report(self, figures: Figures) -> None:
        """An invocation is over: platform.runtimeDone and platform.report."""
        record = {"requestId": figures.request_id, **_outcome(figures.status, figures.error_type)}
        record |= _tracing(figures.trace_id, figures.tenant_id)
        level = "INFO" if figures.status == "success" else "WARN"
        duration = round(figures.duration_ms, 3)
        done = {"metrics": {"durationMs": duration, "producedBytes": figures.produced_bytes}}
        self._write("DEBUG" if figures.status == "success" else "WARN", "platform.runtimeDone", record | done)
        metrics: dict[str, Any] = {
            "durationMs": duration,
            "billedDurationMs": figures.billed_ms,
            "memorySizeMB": self._config.memory_mb,
        }
        if figures.max_memory_mb is not None:
            metrics["maxMemoryUsedMB"] = figures.max_memory_mb
        if figures.init_ms is not None:
            metrics["initDurationMs"] = round(figures.init_ms, 3)
        if figures.restore_ms is not None:
            metrics["restoreDurationMs"] = round(figures.restore_ms, 3)
            metrics["billedRestoreDurationMs"] = _ceil(figures.restore_ms)
        self._write(level, "platform.report", record | {"metrics": metrics})

    def _of_init(self, phase: Phase) -> dict[str, Any]:
        return {"initializationType": self._config.initialization_type, "phase": phase}

    def _write(self, level: str, event_type: str, record: dict[str, Any]) -> None:
        if LEVELS[level] >= self._threshold:
            event = {"time": timestamp(), "type": event_type, "record": record}
            self._sink(json.dumps(event, separators=(",", ":")), record.get("requestId"))


def application_line_passes(line: str, threshold: str | None) -> bool:
    """Whether a function's own line reaches the log in JSON format: its `level`, INFO if it has none, decides."""
    least = LEVELS.get((threshold or "INFO").upper(), LEVELS["INFO"])
    return LEVELS.get(_level_of(line), LEVELS["INFO"]) >= least


def _level_of(line: str) -> str:
    if not line.startswith("{") or '"level"' not in line:
        return "INFO"
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return "INFO"
    return str(record.get("level", "INFO")).upper()


def _ending(status: Status, error_type: str | None) -> str:
    if status == "timeout":
        return "\tStatus: timeout"
    return f"\tStatus: error\tError Type: {error_type}"


def _traced(trace_id: str) -> str:
    """The line below REPORT that leads from a log to its trace; none where that was not sampled."""
    header = TraceHeader.parse(trace_id)
    if not header.sampled:
        return ""
    return f"\nXRAY TraceId: {header.root}\tSegmentId: {header.parent}\tSampled: true\t"


def _outcome(status: Status, error_type: str | None) -> dict[str, Any]:
    return {"status": status} if error_type is None else {"status": status, "errorType": error_type}


def _tracing(trace_id: str, tenant_id: str | None) -> dict[str, Any]:
    tracing: dict[str, Any] = {"tracing": {"type": "X-Amzn-Trace-Id", "value": trace_id}}
    return tracing | {"tenantId": tenant_id} if tenant_id else tracing


def _ceil(milliseconds: float) -> int:
    return -int(-milliseconds // 1)
