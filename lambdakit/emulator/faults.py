"""The errors the execution environment itself reports, and what it makes of the errors a runtime reports.

Texts follow one rule: `RequestId: <id> Error: ` and the cause, where a cause from the operating system is worded as
Go's `exec.ExitError` words it, since that is what AWS shows. Source: AWS Lambda developer guide ("Troubleshoot
invocation issues"), recorded service replies, and AWS's emulator.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from lambdakit.emulator import limits, xray

if TYPE_CHECKING:
    from lambdakit.emulator.process import ExitStatus

ErrorType = Literal[
    "Runtime.ExitError",
    "Runtime.OutOfMemory",
    "Runtime.InvalidEntrypoint",
    "Runtime.InvalidWorkingDir",
    "Runtime.TruncatedResponse",
    "Runtime.InvalidResponseModeHeader",
    "Runtime.Unknown",
    "Function.ResponseSizeTooLarge",
    "Function.Unknown",
    "Extension.Crash",
    "Extension.ExitError",
    "Extension.InitError",
    "Extension.LaunchError",
    "Sandbox.Failure",
    "Sandbox.Timedout",
]

StartErrorType = Literal["Runtime.InvalidEntrypoint", "Runtime.InvalidWorkingDir"]

_START_CAUSES: dict[StartErrorType, str] = {
    "Runtime.InvalidEntrypoint": "Couldn't find valid bootstrap(s): [{}]",
    "Runtime.InvalidWorkingDir": "Working directory does not exist: {}",
}

CAUSE_CONTENT_TYPE = b"application/vnd.aws.lambda.error.cause+json"
_CAUSE_FIELDS = ("errorMessage", "errorType", "stackTrace")
_INVALID_CAUSE_BODY = b'"Invalid error body"'

_KNOWN_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")

# What the caller is told, and the line beside the cause says, of a process that held too much memory: the operating
# system's view. That it was memory stands in REPORT.
_EXIT_ERROR: ErrorType = "Runtime.ExitError"
_OUT_OF_MEMORY: ErrorType = "Runtime.OutOfMemory"

TRUNCATED_CAUSE = "Runtime closed the connection before the whole response had come"


@dataclass(frozen=True)
class ErrorReport:
    """An error on its way to the caller.

    `body` is what the caller gets, `cause` the sentence for the log where the environment itself is the reporter, and
    `xray_cause` the valid X-Ray cause the runtime sent, if any.
    """

    error_type: str
    body: bytes
    xray_cause: bytes | None = None
    cause: str | None = None


def made_here(error_type: ErrorType, request_id: str, cause: str) -> ErrorReport:
    """A report in the environment's own words."""
    body = _compact({"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {cause}"})
    return ErrorReport(error_type, body, cause=cause)


def exited(request_id: str, status: ExitStatus) -> ErrorReport:
    """The report of a process that ended by itself, or was killed for the memory it held."""
    report = made_here(_EXIT_ERROR, request_id, status.cause)
    return replace(report, error_type=_OUT_OF_MEMORY) if status.out_of_memory else report


def type_beside_cause(report: ErrorReport) -> str:
    """The error type on the line that gives the cause; REPORT may know better."""
    return _EXIT_ERROR if report.error_type == _OUT_OF_MEMORY else report.error_type


def timed_out(request_id: str, timeout: float) -> ErrorReport:
    """The report of a passed deadline; the text names the configured seconds, not the elapsed ones."""
    return made_here("Sandbox.Timedout", request_id, f"Task timed out after {timeout:.2f} seconds")


def too_large(limit: int) -> ErrorReport:
    """The report of a response over `limit` bytes."""
    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    error_type = "Function.ResponseSizeTooLarge"
    return ErrorReport(error_type, _compact({"errorMessage": message, "errorType": error_type}))


def not_started(error_type: StartErrorType, request_id: str, what: str) -> ErrorReport:
    """The report of a runtime command that cannot be executed, or of a task root that is no directory."""
    return made_here(error_type, request_id, _START_CAUSES[error_type].format(what))


def normalise_type(given: str) -> str:
    """The error type as logs and telemetry show it: a known form is kept, anything else becomes `*.Unknown`."""
    found = _KNOWN_TYPE.search(given)
    if found:
        return found.group()
    return "Function.Unknown" if given.startswith("Function.") else "Runtime.Unknown"


def from_runtime(headers: dict[bytes, bytes], body: bytes) -> ErrorReport:
    """The report a runtime posted to `/error`, `/init/error` or `/restore/error`."""
    error_type = normalise_type(headers.get(b"lambda-runtime-function-error-type", b"").decode("latin-1"))
    cause = headers.get(b"lambda-runtime-function-xray-error-cause", b"")
    if not headers.get(b"content-type", b"").startswith(CAUSE_CONTENT_TYPE):
        return ErrorReport(error_type, body, xray.valid_cause(cause))
    try:
        parsed: Any = json.loads(body)
    except ValueError:
        return ErrorReport(error_type, _INVALID_CAUSE_BODY, xray.valid_cause(cause))
    if not isinstance(parsed, dict):
        return ErrorReport(error_type, _INVALID_CAUSE_BODY, xray.valid_cause(cause))
    fields = cast("dict[str, Any]", parsed)
    shown = {name: fields[name] for name in _CAUSE_FIELDS if name in fields}
    carried = json.dumps(fields["errorCause"]).encode() if "errorCause" in fields else cause
    return ErrorReport(error_type, _compact(shown), xray.valid_cause(carried))


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


RESPONSE_TOO_LARGE = too_large(limits.PAYLOAD_BYTES)
STREAM_TOO_LARGE = too_large(limits.STREAM_BYTES)
