"""What happened, in the words of the Telemetry and Logs APIs: one function for each type of event.

Where the two APIs, or schema versions of one, have different records, a function gives several events, each with the
schemas it is meant for. Source: AWS Lambda developer guide, "Lambda Telemetry API Event schema reference" and "Lambda
Logs API".
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import orjson

from lambdakit.emulator.logs import timestamp
from lambdakit.emulator.platform_log import runtime_version
from lambdakit.emulator.telemetry.subscription import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit.emulator.companions import Attendance
    from lambdakit.emulator.extensions import Notice
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig, Status
    from lambdakit.emulator.platform_log import Figures, Phase
    from lambdakit.emulator.telemetry.subscription import Api

Category = Literal["platform", "function", "extension"]

TELEMETRY = frozenset(SCHEMAS["telemetry"])
LOGS = frozenset(SCHEMAS["logs"])
EVERY = TELEMETRY | LOGS
# Schemas whose function records are objects where the function logs JSON.
STRUCTURED = frozenset({"2022-12-13", "2025-01-29"})
# Of the Logs API's schemas only the second has platform.runtimeDone.
LOGS_WITH_RUNTIME_DONE = frozenset({"2021-03-18"})

DROPPED_REASON = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."

Record = dict[str, Any]


class Event(NamedTuple):
    """One event: what kind it is, and for which schemas its record is right."""

    category: Category
    type: str
    record: Record | str
    schemas: frozenset[str] = EVERY

    def encoded(self, moment: float | None = None) -> bytes:
        """The event as JSON, happening now unless another moment (Unix seconds) is given."""
        return orjson.dumps({"time": timestamp(moment), "type": self.type, "record": self.record})


def line(category: Literal["function", "extension"], text: str, *, structured: bool) -> Iterator[Event]:
    """A line of log; with `structured` one that is a JSON object is one where the schema has that."""
    parsed = _object(text) if structured else None
    if parsed is None:
        yield Event(category, category, text + "\n")
        return
    yield Event(category, category, parsed, STRUCTURED)
    yield Event(category, category, text + "\n", EVERY - STRUCTURED)


def init_start(config: FunctionConfig, instance_id: str, phase: Phase) -> Event:
    """INIT begins."""
    return _platform("initStart", {**_of_init(config, phase), **_of_runtime(config, instance_id)}, TELEMETRY)


def init_runtime_done(config: FunctionConfig, phase: Phase, status: Status, error_type: str | None) -> Event:
    """The runtime is done with INIT."""
    return _platform("initRuntimeDone", {**_of_init(config, phase), **_outcome(status, error_type)}, TELEMETRY)


def init_report(config: FunctionConfig, phase: Phase, status: Status, error_type: str | None, ms: float) -> Event:
    """INIT is over."""
    record = {**_of_init(config, phase), **_outcome(status, error_type), "metrics": {"durationMs": round(ms, 3)}}
    return _platform("initReport", record, TELEMETRY)


def restore_start(config: FunctionConfig, instance_id: str) -> Event:
    """A snapshot is about to be resumed."""
    return _platform("restoreStart", _of_runtime(config, instance_id), TELEMETRY)


def restore_end(status: Status, error_type: str | None, ms: float) -> Iterator[Event]:
    """The after-restore hooks are done."""
    outcome = _outcome(status, error_type)
    yield _platform("restoreRuntimeDone", outcome, TELEMETRY)
    yield _platform("restoreReport", {**outcome, "metrics": {"durationMs": round(ms, 3)}}, TELEMETRY)


def start(config: FunctionConfig, request_id: str, trace_id: str, tenant_id: str | None) -> Iterator[Event]:
    """An invocation begins."""
    record = {"requestId": request_id, "version": config.version}
    yield _platform("start", record, LOGS)
    own = {"functionArn": config.arn, **_tracing(trace_id, tenant_id)}
    yield _platform("start", {**record, **own}, TELEMETRY)


def runtime_done(flight: Flight, attendance: Attendance | None) -> Iterator[Event]:
    """The runtime is done with an invocation, or can do nothing for it any more."""
    ended = (attendance.runtime_ended if attendance is not None else 0.0) or time.perf_counter()
    timed_out = flight.status == "timeout"
    outcome = _outcome(flight.status, None if timed_out else flight.error_type)
    record = {"requestId": flight.request_id, **outcome}
    yield _platform("runtimeDone", record, LOGS_WITH_RUNTIME_DONE)
    metrics = {"durationMs": round((ended - flight.started) * 1000, 3), "producedBytes": flight.produced}
    own: Record = {"metrics": metrics, **_tracing(flight.trace_id, flight.invocation.tenant_id)}
    spans = _runtime_spans(flight, attendance, ended)
    yield _platform("runtimeDone", {**record, **own, **({"spans": spans} if spans else {})}, TELEMETRY)


def report(config: FunctionConfig, figures: Figures, attendance: Attendance | None) -> Iterator[Event]:
    """An invocation is over."""
    metrics = _metrics(config, figures)
    yield _platform("end", {"requestId": figures.request_id}, LOGS)
    yield _platform("report", {"requestId": figures.request_id, "metrics": metrics}, LOGS)
    if config.max_concurrency > 1:
        metrics = {"durationMs": metrics["durationMs"]}
    record = {"requestId": figures.request_id, **_outcome(figures.status, figures.error_type), "metrics": metrics}
    if attendance is not None and attendance.runtime_ended:
        record["spans"] = [_span("extensionOverhead", attendance.runtime_ended, time.perf_counter())]
    yield _platform("report", {**record, **_tracing(figures.trace_id, figures.tenant_id)}, TELEMETRY)


def fault(request_id: str, error_type: str, cause: str) -> Event:
    """The environment ended an invocation."""
    text = f"RequestId: {request_id} Error: {cause}\n{error_type}\n"
    return Event("platform", "platform.fault", text, LOGS)


def extension(notice: Notice) -> Event:
    """How an extension came through INIT."""
    record: Record = {"name": notice.name, "state": notice.state, "events": list(notice.events)}
    if notice.error_type is not None:
        record["errorType"] = notice.error_type
    return _platform("extension", record, EVERY)


def subscribed(api: Api, name: str, state: str, types: tuple[str, ...]) -> Event:
    """An extension subscribed."""
    kind, schemas = ("telemetrySubscription", TELEMETRY) if api == "telemetry" else ("logsSubscription", LOGS)
    return _platform(kind, {"name": name, "state": state, "types": list(types)}, schemas)


def dropped(records: int, size: int) -> Event:
    """Events were lost."""
    record = {"reason": DROPPED_REASON, "droppedRecords": records, "droppedBytes": size}
    return _platform("logsDropped", record, EVERY)


def _platform(name: str, record: Record, schemas: frozenset[str]) -> Event:
    return Event("platform", f"platform.{name}", record, schemas)


def _of_init(config: FunctionConfig, phase: Phase) -> Record:
    return {"initializationType": config.initialization_type, "phase": phase}


def _of_runtime(config: FunctionConfig, instance_id: str) -> Record:
    version, arn = runtime_version(config)
    return {
        "functionName": config.name,
        "functionVersion": config.version,
        "instanceId": instance_id,
        "instanceMaxMemory": config.memory_mb,
        "runtimeVersion": version,
        "runtimeVersionArn": arn,
    }


def _outcome(status: Status, error_type: str | None) -> Record:
    return {"status": status} if error_type is None else {"status": status, "errorType": error_type}


def _tracing(trace_id: str, tenant_id: str | None) -> Record:
    tracing: Record = {"tracing": {"type": "X-Amzn-Trace-Id", "value": trace_id}}
    return {**tracing, "tenantId": tenant_id} if tenant_id else tracing


def _metrics(config: FunctionConfig, figures: Figures) -> Record:
    found: Record = {
        "durationMs": round(figures.duration_ms, 3),
        "billedDurationMs": figures.billed_ms,
        "memorySizeMB": config.memory_mb,
        "maxMemoryUsedMB": figures.max_memory_mb,
        "initDurationMs": _rounded(figures.init_ms),
        "restoreDurationMs": _rounded(figures.restore_ms),
        "billedRestoreDurationMs": None if figures.restore_ms is None else -int(-figures.restore_ms // 1),
    }
    return {name: value for name, value in found.items() if value is not None}


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 3)


def _runtime_spans(flight: Flight, attendance: Attendance | None, ended: float) -> list[Record]:
    if attendance is None or not attendance.answer_ended:
        return []
    return [
        _span("responseLatency", flight.started, attendance.answer_began),
        _span("responseDuration", attendance.answer_began, attendance.answer_ended),
        _span("runtimeOverhead", attendance.answer_ended, ended),
    ]


def _span(name: str, began: float, ended: float) -> Record:
    """A span between two moments of `time.perf_counter`."""
    began_at = time.time() - (time.perf_counter() - began)
    return {"name": name, "start": timestamp(began_at), "durationMs": round((ended - began) * 1000, 3)}


def _object(text: str) -> Record | None:
    if not text.startswith("{"):
        return None
    try:
        parsed: Any = orjson.loads(text)
    except ValueError:
        return None
    return cast("Record", parsed) if isinstance(parsed, dict) else None
