"""What GetTraceSummaries tells of a trace, without its documents.

Source: AWS X-Ray API reference, "TraceSummary". What a trace failed of is told by its outermost segments, as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdakit.emulator.tracing.trees import entities, table, trees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdakit.emulator.tracing.store import Trace

__all__ = ("summary",)

# Field of a segment's http -> of the summary's: requests, then responses.
_REQUEST = {"url": "HttpURL", "method": "HttpMethod", "user_agent": "UserAgent", "client_ip": "ClientIp"}
_FLAGS = {"fault": "HasFault", "error": "HasError", "throttle": "HasThrottle"}


def summary(trace: Trace) -> dict[str, Any]:
    """The summary of a trace; its times are seconds since 1970."""
    roots = trees(trace.documents.values())
    ids = {entity["id"] for root in roots for entity in entities(root)}
    outermost = [root for root in roots if root.get("parent_id") not in ids]
    first = outermost[0] if outermost else roots[0]
    services = [service for root in roots if (service := _service(root))]
    told: dict[str, Any] = {
        "Id": trace.id,
        "StartTime": trace.start,
        "Duration": round(trace.end - trace.start, 6),
        "ResponseTime": round(first.get("end_time", first["start_time"]) - first["start_time"], 6),
        **{field: any(root.get(flag) is True for root in outermost) for flag, field in _FLAGS.items()},
        "IsPartial": trace.is_partial,
        "Http": _http(first),
        "Annotations": _annotations(roots),
        "Users": [{"UserName": user, "ServiceIds": []} for user in dict.fromkeys(_users(roots))],
        "ServiceIds": services,
        "ResourceARNs": [{"ARN": arn} for arn in dict.fromkeys(_arns(roots))],
        "EntryPoint": _service(first),
        "Revision": trace.revision,
        "MatchedEventTime": trace.start,
    }
    return {name: value for name, value in told.items() if value is not None}


def _service(root: dict[str, Any]) -> dict[str, Any] | None:
    """What made a segment; a subsegment that stands alone is nobody's."""
    if root.get("type") == "subsegment":
        return None
    account = table(root.get("aws")).get("account_id")
    known = {"Name": root["name"], "Names": [root["name"]], "AccountId": account, "Type": root.get("origin")}
    return {name: value for name, value in known.items() if value is not None}


def _http(root: dict[str, Any]) -> dict[str, Any]:
    http = table(root.get("http"))
    request, response = table(http.get("request")), table(http.get("response"))
    told = {field: str(request[name]) for name, field in _REQUEST.items() if name in request}
    status = response.get("status")
    return {**told, **({"HttpStatus": status} if isinstance(status, int) else {})}


def _annotations(roots: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for root in roots:
        service = _service(root)
        for entity in entities(root):
            for name, value in table(entity.get("annotations")).items():
                typed = _typed(value)
                if typed is None:
                    continue
                told = {"AnnotationValue": typed, "ServiceIds": [service] if service else []}
                if told not in found.setdefault(name, []):
                    found[name].append(told)
    return found


def _typed(value: object) -> dict[str, Any] | None:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    if isinstance(value, (int, float)):
        return {"NumberValue": value}
    return {"StringValue": value} if isinstance(value, str) else None


def _users(roots: Sequence[dict[str, Any]]) -> list[str]:
    return [user for root in roots if isinstance(user := root.get("user"), str)]


def _arns(roots: Sequence[dict[str, Any]]) -> list[str]:
    return [arn for root in roots if isinstance(arn := root.get("resource_arn"), str)]
