"""What the Lambda service refuses, and in which words: a literal table of its errors.

A row is the HTTP status, the code that stands in `x-amzn-ErrorType`, the message, and how the error object is made of
them: which key holds the message and whether there is a `Type`. Source: AWS Lambda API reference ("Invoke", "Common
errors") and recorded replies of the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdakit.exceptions import ServiceError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Mapping

MessageKey = Literal["Message", "message"]

ThrottleReason = Literal[
    "ConcurrentInvocationLimitExceeded",
    "ReservedFunctionConcurrentInvocationLimitExceeded",
]


class Row(NamedTuple):
    """One error."""

    status: int
    code: str
    message: str
    key: MessageKey = "Message"
    type: Literal["User", "Service"] | None = "User"


_IPV = "InvalidParameterValueException"
_VE = "ValidationException"
_CONTENT = "InvalidRequestContentException"
_TOO_LARGE = "RequestEntityTooLargeException"

_NOT_SATISFIED = "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "

REFUSALS: dict[str, Row] = {
    "function not found": Row(404, "ResourceNotFoundException", "Function not found: {arn}"),
    "other region": Row(
        404, "ResourceNotFoundException", "Functions from '{region}' are not reachable in this region ('{here}')"
    ),
    "other account": Row(403, "AccessDeniedException", "", "message", None),
    "two qualifiers": Row(
        400, _IPV, "The derived qualifier from the function name does not match the specified qualifier."
    ),
    "pattern": Row(
        400, _VE, _NOT_SATISFIED + "Member must satisfy regular expression pattern: {pattern}", "message", None
    ),
    "length": Row(400, _VE, _NOT_SATISFIED + "Member must have length less than or equal to {most}", "message", None),
    "enum": Row(400, _VE, _NOT_SATISFIED + "Member must satisfy enum value set: [{values}]", "message", None),
    "payload too large": Row(
        413,
        _TOO_LARGE,
        "{size} byte payload is too large for the {invocation_type} invocation type (limit {limit} bytes)",
        "message",
        None,
    ),
    "request too large": Row(
        413,
        _TOO_LARGE,
        "Request must be smaller than {limit} bytes for the {operation} operation",
        "message",
        None,
    ),
    "not JSON": Row(
        400,
        _CONTENT,
        "Could not parse request body into json: Could not parse payload into json: {problem}\n"
        " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
        "line: {line}, column: {column}]",
    ),
    "client context": Row(400, _CONTENT, "Client context must be a valid Base64-encoded JSON object.", "Message", None),
    "no tenant": Row(
        400, _IPV, "Add a valid tenant ID in your request. Tenant ID is required for functions with tenant isolation."
    ),
    "tenant not allowed": Row(
        400, _IPV, "Remove the tenant ID from your request. The function does not have tenant isolation enabled."
    ),
    "throttled": Row(429, "TooManyRequestsException", "Rate Exceeded.", "message"),
    "unreserved minimum": Row(
        400,
        _IPV,
        "Specified {setting} for function decreases account's UnreservedConcurrentExecution below its minimum value "
        "of [{minimum}].",
        "Message",
        None,
    ),
    "reserved below provisioned": Row(
        400,
        _IPV,
        " ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned concurrency "
        "[{provisioned}].",
    ),
    "provisioned above reserved": Row(
        400,
        _IPV,
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
    ),
    "provisioned above unreserved": Row(
        400,
        _IPV,
        "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{left}].",
        "Message",
        None,
    ),
    "unknown operation": Row(404, "UnknownOperationException", "", "message", None),
    "method not allowed": Row(405, "MethodNotAllowedException", "", "message", None),
    "malformed request": Row(400, "BadRequestException", "The request is not valid HTTP/1.1.", "message", None),
    "other origin": Row(
        403,
        "AccessDeniedException",
        "The request comes from a web page or was sent to a host name that is not this service's: {what}. "
        "The local service runs code, so it answers no web pages of other origins.",
        "message",
        None,
    ),
    "no queue": Row(
        501,
        "ServiceException",
        "This service was started without a queue, so it takes no asynchronous invocations.",
        "Message",
        "Service",
    ),
    "service": Row(500, "ServiceException", "{problem}", "Message", "Service"),
}


def refusal(name: str, **values: object) -> ServiceError:
    """The error of a row, its message filled with `values`."""
    return refusal_of(REFUSALS[name], values)


def refusal_of(row: Row, values: Mapping[str, object]) -> ServiceError:
    """The error of a row of another table."""
    message = row.message.format(**values)
    members = () if row.type is None else (("Type", row.type),)
    return ServiceError(row.status, row.code, message, (*members, (row.key, message)))


def throttled(reason: ThrottleReason) -> ThrottledError:
    """The error of an invocation for which there is no concurrency left."""
    row = REFUSALS["throttled"]
    members = (("Reason", reason), ("Type", "User"), (row.key, row.message))
    return ThrottledError(row.status, row.code, row.message, members)
