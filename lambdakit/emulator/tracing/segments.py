"""The segments that Lambda itself makes of an invocation: the service's, and within it the function's.

    AWS::Lambda                 from arrival to the end; an asynchronous event's has Dwell Time and Attempt #1, #2 ...
    AWS::Lambda::Function       from INIT or dispatch to the end
        Initialization          INIT; ahead of everything else where the environment was initialised ahead
        Restore                 a snapshot resumed
        Invocation              from dispatch to the answer; what the function sends hangs below it
        Overhead                from the answer until the runtime asked for its next event

Source: AWS Lambda developer guide, "Visualize Lambda function invocations using AWS X-Ray"; the fields are those of AWS
X-Ray developer guide, "Segment documents". A function that failed is a fault of both segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson

from lambdakit.emulator.tracing.documents import DOCUMENT_BYTES
from lambdakit.emulator.tracing.trace_header import new_segment_id

if TYPE_CHECKING:
    from lambdakit.emulator.environment import InitSpan
    from lambdakit.emulator.function import FunctionConfig

__all__ = ("Course", "Ids", "Outcome", "cause_of", "encoded", "function_segment", "service_segment", "subsegment")

Outcome = Literal["success", "fault", "throttle"]

# What a segment says of how it ended.
FLAGS: dict[Outcome, dict[str, bool]] = {
    "success": {},
    "fault": {"fault": True},
    "throttle": {"error": True, "throttle": True},
}
# Of a message, where a cause is too large for a document.
_MESSAGE_LENGTH = 1_000


class Ids(NamedTuple):
    """The ids of an invocation's segments; `caller` is the segment it was called from, `attempt` only an event's."""

    trace: str
    caller: str | None
    service: str
    attempt: str | None
    function: str
    invocation: str

    @classmethod
    def new(cls, trace: str, caller: str | None) -> Ids:
        """Ids for a new invocation."""
        return cls(trace, caller, new_segment_id(), None, new_segment_id(), new_segment_id())


@dataclass(frozen=True)
class Course:
    """How an invocation went; times are seconds since 1970, `dispatched` is None where it never came so far."""

    config: FunctionConfig
    request_id: str
    arn: str
    arrived: float
    dispatched: float | None
    answered: float
    over: float
    inits: tuple[InitSpan, ...] = ()
    restore_seconds: float | None = None
    outcome: Outcome = "success"
    cause: dict[str, Any] | None = None


def service_segment(
    ids: Ids,
    config: FunctionConfig,
    request_id: str,
    *,
    start: float,
    end: float | None,
    status: int = 200,
    outcome: Outcome = "success",
    subsegments: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The service's segment; without an `end` it is in progress."""
    segment: dict[str, Any] = {
        "id": ids.service,
        "trace_id": ids.trace,
        "name": config.name,
        "origin": "AWS::Lambda",
        "resource_arn": config.arn,
        "start_time": start,
        **_ended(end),
        "http": {"response": {"status": status}},
        "aws": {"account_id": config.account_id, "request_id": request_id},
        **FLAGS[outcome],
    }
    if ids.caller is not None:
        segment["parent_id"] = ids.caller
    if subsegments:
        segment["subsegments"] = subsegments
    return segment


def function_segment(ids: Ids, course: Course) -> dict[str, Any]:
    """The function's segment."""
    config = course.config
    parts = _parts(ids, course)
    started = course.answered if course.dispatched is None else course.dispatched
    # An INIT ahead of the invocation is shown, but the function was not at work between the two.
    began = [part["start_time"] for part in parts if part["start_time"] >= course.arrived]
    segment: dict[str, Any] = {
        "id": ids.function,
        "trace_id": ids.trace,
        "parent_id": ids.attempt or ids.service,
        "name": config.name,
        "origin": "AWS::Lambda::Function",
        "start_time": min([started, *began]),
        "end_time": course.over,
        "aws": {
            "account_id": config.account_id,
            "function_arn": course.arn,
            "request_id": course.request_id,
            "resource_names": [config.name],
            "cloudwatch_logs": [{"log_group": config.log_group_name}],
        },
        **FLAGS[course.outcome],
        "subsegments": parts,
    }
    if course.cause is not None:
        segment["cause"] = course.cause
    return segment


def _parts(ids: Ids, course: Course) -> list[dict[str, Any]]:
    """The subsegments of the function's segment."""
    about = {"aws": {"function_arn": course.arn}}
    parts = [
        subsegment("Initialization", init.began, init.ended, "fault" if init.failed else "success") | about
        for init in course.inits
    ]
    dispatched = course.dispatched
    if dispatched is None or (course.inits and course.inits[-1].failed):
        return parts
    if course.restore_seconds is not None:
        parts.append(subsegment("Restore", dispatched - course.restore_seconds, dispatched) | about)
    # A process that had to be started again was so within the invocation's own time.
    begun = max([dispatched, *(init.ended for init in course.inits)])
    answered = max(begun, course.answered)
    invocation = subsegment("Invocation", begun, answered, course.outcome) | about
    overhead = subsegment("Overhead", answered, max(answered, course.over)) | about
    return [*parts, invocation | {"id": ids.invocation}, overhead]


def subsegment(name: str, start: float, end: float | None, outcome: Outcome = "success") -> dict[str, Any]:
    """A subsegment; without an `end` it is in progress."""
    return {"id": new_segment_id(), "name": name, "start_time": start, **_ended(end), **FLAGS[outcome]}


def _ended(end: float | None) -> dict[str, Any]:
    return {"in_progress": True} if end is None else {"end_time": end}


def cause_of(xray_cause: bytes | None, payload: bytes, error_type: str | None) -> dict[str, Any]:
    """Why a function failed: what its runtime told X-Ray, or what it told the caller."""
    if xray_cause is not None:
        cause: dict[str, Any] = orjson.loads(xray_cause)
        told: list[Any] = cause.get("exceptions", [])
        cause["exceptions"] = [{"id": new_segment_id(), **one} for one in told if isinstance(one, dict)]
        return cause
    message, name = "", error_type
    try:
        error: Any = orjson.loads(payload)
        message, name = str(error.get("errorMessage", "")), str(error.get("errorType") or error_type)
    except (ValueError, AttributeError):
        pass  # a runtime may answer with whatever it likes
    return {"exceptions": [{"id": new_segment_id(), "type": name, "message": message}]}


def encoded(segment: dict[str, Any]) -> bytes:
    """The document; a cause that makes it too large is cut down to types and messages."""
    raw = orjson.dumps(segment)
    cause: dict[str, Any] | None = segment.get("cause")
    if len(raw) <= DOCUMENT_BYTES or cause is None:
        return raw
    short = [
        {"id": one["id"], "type": str(one.get("type"))[:200], "message": str(one.get("message"))[:_MESSAGE_LENGTH]}
        for one in cause["exceptions"][:10]
    ]
    return orjson.dumps({**segment, "cause": {"exceptions": short}})
