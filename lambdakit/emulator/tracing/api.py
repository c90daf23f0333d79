"""The X-Ray operations that SDKs, the daemon and people who look at traces use, as functions of request and store.

    POST /TraceSegments       PutTraceSegments        POST /GetSamplingRules   GetSamplingRules
    POST /TraceSummaries      GetTraceSummaries       POST /SamplingTargets    GetSamplingTargets
    POST /Traces              BatchGetTraces          POST /TelemetryRecords   PutTelemetryRecords

Source: AWS X-Ray API reference. All sampling is by the default rule. Traces are not indexed, so everything is found
at once, and summaries cover all of a trace.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from lambdakit.emulator.tracing.documents import DocumentError, read_document
from lambdakit.emulator.tracing.filter_expression import FilterError, matcher
from lambdakit.emulator.tracing.sampling import RESERVOIR
from lambdakit.emulator.tracing.summaries import summary
from lambdakit.emulator.tracing.trees import trees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from lambdakit.emulator.tracing.sampling import Sampler
    from lambdakit.emulator.tracing.store import Trace, TraceStore

    Operation: TypeAlias = Callable[["XRay", Mapping[str, Any]], dict[str, Any]]

__all__ = ("PATHS", "XRay", "XRayError", "call")

PAGE = 100
MOST_TRACE_IDS = 5
MOST_DOCUMENTS = 50
DEFAULT_RULE = "Default"
# How often clients ask for new targets, and how long the ones they have hold, in seconds.
INTERVAL_SECONDS = 10
_TIME_RANGES = ("TraceId", "Event", "Service")


class XRayError(Exception):
    """An InvalidRequestException: what is wrong with a request."""


class XRay(NamedTuple):
    """What the operations work on."""

    store: TraceStore
    sampler: Sampler
    region: str
    account_id: str


def call(path: str, xray: XRay, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the operation of a path. Raises XRayError."""
    try:
        return _OPERATIONS[path](xray, request)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise XRayError(f"The request is not what {path[1:]} expects: {error!r}.") from None


def _put_trace_segments(xray: XRay, request: Mapping[str, Any]) -> dict[str, Any]:
    given: list[str] = request["TraceSegmentDocuments"]
    if len(given) > MOST_DOCUMENTS:
        raise XRayError(f"At most {MOST_DOCUMENTS} documents are taken at once, not {len(given)}.")
    unprocessed: list[dict[str, str]] = []
    for text in given:
        try:
            xray.store.add(read_document(text.encode()))
        except DocumentError as error:
            code = "".join(word.title() for word in f"invalid {error.reason}".split())
            unprocessed.append({"Id": error.id, "ErrorCode": code, "Message": error.message})
    return {"UnprocessedTraceSegments": unprocessed}


def _get_trace_summaries(xray: XRay, request: Mapping[str, Any]) -> dict[str, Any]:
    start, end = seconds(request["StartTime"]), seconds(request["EndTime"])
    if start > end:
        raise XRayError("StartTime must not be after EndTime.")
    by = request.get("TimeRangeType") or "TraceId"
    if by not in _TIME_RANGES:
        raise XRayError(f"TimeRangeType must be one of {', '.join(_TIME_RANGES)}, not {by}.")
    try:
        matches = matcher(request.get("FilterExpression") or "")
    except FilterError as error:
        raise XRayError(f"FilterExpression: {error}") from None
    found = [trace for trace in xray.store.newest() if _is_within(trace, start, end)]
    told: list[dict[str, Any]] = []
    processed = int(request.get("NextToken") or 0)
    for trace in found[processed:]:
        if len(told) == PAGE:
            break
        processed += 1
        one = summary(trace)
        if matches(one, trace):
            told.append(one)
    page = {"TraceSummaries": told, "ApproximateTime": time.time(), "TracesProcessedCount": processed}
    return page | ({"NextToken": str(processed)} if processed < len(found) else {})


def _is_within(trace: Trace, start: float, end: float) -> bool:
    return start <= trace.start <= end


def _batch_get_traces(xray: XRay, request: Mapping[str, Any]) -> dict[str, Any]:
    ids: list[str] = request["TraceIds"]
    if len(ids) > MOST_TRACE_IDS:
        raise XRayError(f"At most {MOST_TRACE_IDS} trace ids are taken at once, not {len(ids)}.")
    found = [trace for id in dict.fromkeys(ids) if (trace := xray.store.get(id)) is not None]
    return {"Traces": [_told(trace) for trace in found], "UnprocessedTraceIds": []}


def _told(trace: Trace) -> dict[str, Any]:
    return {
        "Id": trace.id,
        "Duration": round(trace.end - trace.start, 6),
        "LimitExceeded": trace.limit_exceeded,
        "Segments": [{"Id": root["id"], "Document": _text(root)} for root in trees(trace.documents.values())],
    }


def _text(root: dict[str, Any]) -> str:
    try:
        return orjson.dumps(root).decode()
    except TypeError:  # nested deeper than it goes
        return json.dumps(root, ensure_ascii=False, separators=(",", ":"))


def _get_sampling_rules(xray: XRay, request: Mapping[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "RuleName": DEFAULT_RULE,
        "RuleARN": f"arn:aws:xray:{xray.region}:{xray.account_id}:sampling-rule/{DEFAULT_RULE}",
        "Priority": 10_000,
        "FixedRate": xray.sampler.rate,
        "ReservoirSize": RESERVOIR,
        "Version": 1,
        "Attributes": {},
        **dict.fromkeys(("ResourceARN", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath"), "*"),
    }
    return {"SamplingRuleRecords": [{"SamplingRule": rule, "CreatedAt": 0.0, "ModifiedAt": 0.0}]}


def _get_sampling_targets(xray: XRay, request: Mapping[str, Any]) -> dict[str, Any]:
    names: list[str] = [given["RuleName"] for given in request["SamplingStatisticsDocuments"]]
    targets = [
        {
            "RuleName": name,
            "FixedRate": xray.sampler.rate,
            "ReservoirQuota": RESERVOIR,
            "ReservoirQuotaTTL": time.time() + INTERVAL_SECONDS,
            "Interval": INTERVAL_SECONDS,
        }
        for name in names
        if name == DEFAULT_RULE
    ]
    unknown = [
        {"RuleName": name, "ErrorCode": "404", "Message": "There is no rule of that name."}
        for name in names
        if name != DEFAULT_RULE
    ]
    return {"SamplingTargetDocuments": targets, "LastRuleModification": 0.0, "UnprocessedStatistics": unknown}


def _put_telemetry_records(xray: XRay, request: Mapping[str, Any]) -> dict[str, Any]:
    """What a daemon tells of itself has nobody here who would look at it."""
    return {}


_OPERATIONS: dict[str, Operation] = {
    "/TraceSegments": _put_trace_segments,
    "/TraceSummaries": _get_trace_summaries,
    "/Traces": _batch_get_traces,
    "/GetSamplingRules": _get_sampling_rules,
    "/SamplingRules": _get_sampling_rules,
    "/SamplingTargets": _get_sampling_targets,
    "/TelemetryRecords": _put_telemetry_records,
}
PATHS = tuple(_OPERATIONS)


def seconds(moment: float | str) -> float:
    """Seconds since 1970, which clients send as a number or as a text."""
    if isinstance(moment, str):
        read = datetime.fromisoformat(moment.replace("Z", "+00:00"))
        return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp()
    return float(moment)
