"""X-Ray segments as OpenTelemetry spans: the JSON of an OTLP trace export.

Each segment is a resource with its spans, each subsegment a span. Names of attributes are OpenTelemetry's where it has
one (semantic conventions for resources, HTTP, databases, FaaS and exceptions), else X-Ray's own after `aws.`. Source:
OpenTelemetry Protocol 1.x, "JSON Protobuf Encoding": ids in hexadecimal, 64-bit integers as texts, enums as numbers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from lambdakit.emulator.tracing.trees import children, exceptions, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ("export_request",)

SCOPE = "lambdakit"
INTERNAL, SERVER, CLIENT = 1, 2, 3
STATUS_ERROR = 2
# Subsegments in these namespaces are calls to somebody else.
_CALLS = ("aws", "remote")

_REQUEST = {
    "method": "http.request.method",
    "url": "url.full",
    "user_agent": "user_agent.original",
    "client_ip": "client.address",
}
_RESPONSE = {"status": "http.response.status_code", "content_length": "http.response.body.size"}
_SQL = {"sanitized_query": "db.query.text", "database_type": "db.system.name", "user": "db.user", "url": "db.url"}


def export_request(traces: Iterable[tuple[str, Iterable[dict[str, Any]]]]) -> dict[str, Any]:
    """The body of an export: each trace is its id and its segments, subsegments within them."""
    return {"resourceSpans": [_resource_spans(id, segment) for id, segments in traces for segment in segments]}


def _resource_spans(trace_id: str, segment: dict[str, Any]) -> dict[str, Any]:
    hexadecimal = trace_id[2:].replace("-", "")
    spans = list(_spans(hexadecimal, segment, segment.get("parent_id"), SERVER))
    return {
        "resource": {"attributes": _attributes(_resource(segment))},
        "scopeSpans": [{"scope": {"name": SCOPE}, "spans": spans}],
    }


def _resource(segment: dict[str, Any]) -> dict[str, Any]:
    origin, aws = str(segment.get("origin", "")), table(segment.get("aws"))
    arn = segment.get("resource_arn") or aws.get("function_arn")
    parts = str(arn or "").split(":")
    is_lambda = origin.startswith("AWS::Lambda")
    return {
        "service.name": segment["name"],
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda" if is_lambda else None,
        "cloud.account.id": aws.get("account_id"),
        "cloud.region": parts[3] if len(parts) > 4 else None,
        "cloud.resource_id": arn,
        "faas.name": segment["name"] if is_lambda else None,
        "aws.xray.origin": origin or None,
    }


def _spans(trace_id: str, entity: dict[str, Any], parent: str | None, kind: int) -> Iterator[dict[str, Any]]:
    start = entity["start_time"]
    span: dict[str, Any] = {
        "traceId": trace_id,
        "spanId": entity["id"],
        "name": entity["name"],
        "kind": CLIENT if entity.get("namespace") in _CALLS else kind,
        "startTimeUnixNano": _nanoseconds(start),
        "endTimeUnixNano": _nanoseconds(entity.get("end_time", start)),
        "attributes": _attributes(_described(entity)),
        "events": list(_exceptions(entity)),
    }
    if parent is not None:
        span["parentSpanId"] = parent
    if entity.get("fault") or entity.get("error"):
        span["status"] = {"code": STATUS_ERROR, "message": _message(entity)}
    yield span
    for inner in children(entity):
        yield from _spans(trace_id, inner, entity["id"], INTERNAL)


def _described(entity: dict[str, Any]) -> dict[str, Any]:
    """What is known of a segment or subsegment, as attributes."""
    http, aws = table(entity.get("http")), table(entity.get("aws"))
    request, response, sql = table(http.get("request")), table(http.get("response")), table(entity.get("sql"))
    cause = entity.get("cause")
    return {
        **{name: request.get(field) for field, name in _REQUEST.items()},
        **{name: response.get(field) for field, name in _RESPONSE.items()},
        **{name: sql.get(field) for field, name in _SQL.items()},
        **{f"aws.{name}": value for name, value in aws.items()},
        "faas.invocation_id": aws.get("request_id") if entity.get("origin") == "AWS::Lambda::Function" else None,
        "enduser.id": entity.get("user"),
        "aws.xray.namespace": entity.get("namespace"),
        "aws.xray.in_progress": True if entity.get("in_progress") else None,
        "aws.xray.throttle": True if entity.get("throttle") else None,
        # The exception that an inner subsegment has told.
        "aws.xray.cause": cause if isinstance(cause, str) else None,
        **{f"aws.xray.metadata.{name}": value for name, value in table(entity.get("metadata")).items()},
        **table(entity.get("annotations")),
    }


def _exceptions(entity: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in exceptions(entity):
        stack: list[Any] = one.get("stack") or []
        frames = [table(frame) for frame in stack]
        told = {
            "exception.type": one.get("type"),
            "exception.message": one.get("message"),
            "exception.stacktrace": "\n".join(
                f"  File {json.dumps(frame.get('path'))}, line {frame.get('line')}, in {frame.get('label')}"
                for frame in frames
            )
            or None,
        }
        moment = _nanoseconds(entity.get("end_time", entity["start_time"]))
        yield {"timeUnixNano": moment, "name": "exception", "attributes": _attributes(told)}


def _message(entity: dict[str, Any]) -> str:
    return next((str(one["message"]) for one in exceptions(entity) if one.get("message")), "")


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and abs(value) < 2**63:
        return {"intValue": str(value)}
    if isinstance(value, (int, float)):
        return {"doubleValue": float(value)}
    if isinstance(value, list) and all(isinstance(item, str) for item in cast("list[object]", value)):
        return {"arrayValue": {"values": [{"stringValue": item} for item in cast("list[str]", value)]}}
    return {"stringValue": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}


def _nanoseconds(moment: float) -> str:
    # A number of seconds has no more than microseconds to tell.
    return str(round(moment * 1_000_000) * 1_000)
