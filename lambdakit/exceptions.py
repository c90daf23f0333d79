"""Every error lambdakit raises, in one tree.

    LambdakitError
    ├── RuntimeApiError               the Runtime API at AWS_LAMBDA_RUNTIME_API
    │   ├── RuntimeApiUnreachable       refused, reset, closed before the answer was complete (ConnectionError)
    │   ├── RuntimeApiProtocolError     the bytes that came are not the HTTP/1.1 this client speaks (ValueError)
    │   └── RuntimeApiStatusError       a whole answer, with a status that the call cannot go on from
    ├── Fault                         a failure the runtime reports to the service under a `Runtime.*` name
    │   ├── HandlerLoadFault            the handler could not be named, imported or called
    │   ├── MarshalFault                the handler's result has no JSON form (TypeError)
    │   ├── UnmarshalFault              the event is not JSON (ValueError)
    │   ├── ContextFault                the client context or identity header is not JSON (ValueError)
    │   └── ExitFault                   the handler asked the process to exit
    ├── EmulatorError                 the local Lambda service could not do what was asked
    │   ├── PayloadTooLargeError        the event is over the request limit; the function did not run (ValueError)
    │   ├── EnvironmentBusyError        more invocations at once than the execution environment takes
    │   ├── EnvironmentStoppedError     the execution environment was stopped before the invocation was answered
    │   ├── InitFailedError             an environment that must be initialised before it is used could not be
    │   ├── AddressInUseError           the port asked for is taken (OSError)
    │   ├── CodeError                   a function's code is not there, or cannot be fetched
    │   │   └── ArchiveError              it is no archive, or one that could do harm; nothing is unpacked (ValueError)
    │   │       └── ArchiveTooLargeError    it is, or would become, more than Lambda takes
    │   └── ServiceError                the service refuses a request, with the Lambda API's own code and message
    │       ├── ThrottledError            there is no concurrency left for it
    │       └── RestoreFailedError        its environment could not be restored from a SnapStart snapshot
    ├── EventError                    an event that is not what its model or decorator says
    │   ├── MissingFieldError           a required field is not there (LookupError)
    │   ├── WrongSourceError            a decorator was given another source's event (TypeError)
    │   ├── PayloadError                an inner payload is not of its declared type; lists every fault (ValueError)
    │   └── ResponseError               an answer the source would refuse; the message names the rule (ValueError)
    │       ├── EdgeRuleError             a Lambda@Edge answer that CloudFront would refuse with 502
    │       └── ResponseTooLargeError     an HTTP answer larger than its front door takes
    ├── BatchError                    a batch failed as a whole: its source takes no partial report, or none succeeded
    ├── MetricError                   a metric, dimension or property that CloudWatch would not take (ValueError)
    ├── IdempotencyError              a call that must happen once could not be let through
    │   ├── IdempotencyKeyError         the event has no key to tell a repeated call by (LookupError)
    │   ├── IdempotencyConflictError    the key was used before, with another payload (ValueError)
    │   ├── IdempotencyInProgressError  the same call is under way; retryable
    │   ├── IdempotencyStoreError       the store could not be asked; the function did not run; retryable
    │   └── IdempotencyResultError      the function ran, but its result cannot be kept to be given again (TypeError)
    ├── ConnectionsError              a WebSocket API's connection could not be sent to, closed or looked at
    │   └── ConnectionGoneError         the client has gone: forget the connection (LookupError)
    ├── HTTPError                     raised by user code: the answer to this request, as problem details (RFC 9457)
    │   ├── BadRequestError             400: the request cannot be read
    │   │   └── RequestFaultsError        400 or 422: what of the request is wrong; lists every fault
    │   ├── UnauthorizedError           401: who is asking?
    │   ├── ForbiddenError              403: not for the one who is asking
    │   ├── NotFoundError               404: there is nothing here
    │   ├── MethodNotAllowedError       405: not by this method; `Allow` names those that are
    │   ├── ConflictError               409: not in the state things are in
    │   └── TokenError                  401, 403 or 400: a bearer token is missing, unfit, or lacks a scope
    ├── LifespanError                 the ASGI application could not be started, or has no lifespan (RuntimeError)
    ├── DeadlineError                 the time set aside for the handler is over (TimeoutError)
    ├── RetryableError                raised by user code: it may work the next time
    │   └── TokenKeysError              the keys that tokens are signed with could not be fetched
    ├── PermanentError                raised by user code: it will never work, so trying again is no use
    ├── ResultError                   the handler's result is not what `validate(output=...)` says (ValueError)
    └── UsageError                    a caller's mistake on the command line or in configuration (ValueError)
        ├── ConfigError                 the environment does not hold what the settings ask for; lists every fault
        ├── MissingExtraError           a package of an optional extra is not installed; the message has the pip command
        ├── PackageError                a package cannot be built: no wheel for the target, or over the service's limits
        └── TargetError                 a TARGET that names no function

Not here: errors of user code. They travel through the runtime untouched and are reported under their own class name.

This module sits on the path to the first event, so it imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = (
    "BadRequestError",
    "AddressInUseError",
    "ArchiveError",
    "ArchiveTooLargeError",
    "BatchError",
    "CodeError",
    "ConfigError",
    "ConflictError",
    "ConnectionGoneError",
    "ConnectionsError",
    "ContextFault",
    "DeadlineError",
    "EdgeRuleError",
    "EmulatorError",
    "EnvironmentBusyError",
    "EnvironmentStoppedError",
    "EventError",
    "ExitFault",
    "Fault",
    "ForbiddenError",
    "HTTPError",
    "HandlerLoadFault",
    "IdempotencyConflictError",
    "IdempotencyError",
    "IdempotencyInProgressError",
    "IdempotencyKeyError",
    "IdempotencyResultError",
    "IdempotencyStoreError",
    "InitFailedError",
    "LambdakitError",
    "LifespanError",
    "MarshalFault",
    "MethodNotAllowedError",
    "MetricError",
    "MissingExtraError",
    "MissingFieldError",
    "NotFoundError",
    "PackageError",
    "PayloadError",
    "PayloadTooLargeError",
    "PermanentError",
    "RequestFaultsError",
    "ResponseError",
    "ResponseTooLargeError",
    "ResultError",
    "RestoreFailedError",
    "RetryableError",
    "RuntimeApiError",
    "RuntimeApiProtocolError",
    "RuntimeApiStatusError",
    "RuntimeApiUnreachable",
    "ServiceError",
    "TargetError",
    "ThrottledError",
    "TokenError",
    "TokenKeysError",
    "UnauthorizedError",
    "UnmarshalFault",
    "UsageError",
    "WrongSourceError",
)


class LambdakitError(Exception):
    """Base of every error that lambdakit itself raises."""


class RuntimeApiError(LambdakitError):
    """The Runtime API could not be used; the execution environment cannot go on."""


class RuntimeApiUnreachable(RuntimeApiError, ConnectionError):
    """The connection was refused, reset, or closed before a whole answer had come."""


class RuntimeApiProtocolError(RuntimeApiError, ValueError):
    """The server's bytes are not an HTTP/1.1 response within this client's limits."""


class RuntimeApiStatusError(RuntimeApiError):
    """The server answered, but with a status the call cannot go on from.

    `call` names the Runtime API call ("next", "response", ...), `status` is the HTTP status and `body` what came
    with it.
    """

    def __init__(self, call: str, status: int, body: bytes = b"") -> None:
        self.call = call
        self.status = status
        self.body = body
        text = body[:500].decode("utf-8", "replace").strip()
        super().__init__(f"Runtime API call '{call}' answered {status}" + (f": {text}" if text else ""))

    def __reduce__(self) -> tuple[type[RuntimeApiStatusError], tuple[str, int, bytes]]:
        return type(self), (self.call, self.status, self.body)


class Fault(LambdakitError):
    """A failure reported to the service as `{"errorMessage", "errorType", ...}` under a `Runtime.*` name.

    `error_type` is that name, `message` the text, `stack_trace` the lines to show (already formatted). `hint` is
    advice for the log: it never changes the message, which stays equal to the managed runtime's.
    """

    def __init__(
        self, error_type: str, message: str, *, stack_trace: tuple[str, ...] = (), hint: str | None = None
    ) -> None:
        self.error_type = error_type
        self.message = message
        self.stack_trace = stack_trace
        self.hint = hint
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_fault, (type(self), self.error_type, self.message, self.stack_trace, self.hint)


def _rebuild_fault(
    kind: type[Fault], error_type: str, message: str, stack_trace: tuple[str, ...], hint: str | None
) -> Fault:
    return kind(error_type, message, stack_trace=stack_trace, hint=hint)


class HandlerLoadFault(Fault):
    """The handler could not be named, imported or called; the environment cannot start."""


class MarshalFault(Fault, TypeError):
    """The handler's result has no JSON form; the message names the place (`$.items[3]`)."""


class UnmarshalFault(Fault, ValueError):
    """The event is not JSON."""


class ContextFault(Fault, ValueError):
    """The client context or Cognito identity header is not JSON."""


class ExitFault(Fault):
    """The handler asked the process to exit (`sys.exit`) while an invocation was running."""


class EmulatorError(LambdakitError):
    """The local Lambda service could not do what was asked of it."""


class PayloadTooLargeError(EmulatorError, ValueError):
    """The event is larger than Lambda accepts (`size` over `limit`, in bytes); the function did not run."""

    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(f"The event is {size} bytes; a synchronous invocation takes at most {limit} bytes.")

    def __reduce__(self) -> tuple[type[PayloadTooLargeError], tuple[int, int]]:
        return type(self), (self.size, self.limit)


class EnvironmentBusyError(EmulatorError):
    """More invocations were given at once than the execution environment takes."""


class EnvironmentStoppedError(EmulatorError):
    """The execution environment was stopped before the invocation was answered."""


class InitFailedError(EmulatorError):
    """An environment that must be initialised before it is used (provisioned, SnapStart, managed instances) was not.

    `error_type` is the environment's name for the failure, `body` the error JSON the runtime or the engine made.
    """

    def __init__(self, error_type: str, body: bytes) -> None:
        self.error_type = error_type
        self.body = body
        text = body[:2000].decode("utf-8", "replace")
        super().__init__(f"The execution environment could not be initialised ({error_type}): {text}")

    def __reduce__(self) -> tuple[type[InitFailedError], tuple[str, bytes]]:
        return type(self), (self.error_type, self.body)


class AddressInUseError(EmulatorError, OSError):
    """The local service cannot listen at `host` and `port`, because something else does."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        super().__init__(f"Port {port} on {host} is taken; choose another, or 0 for any that is free.")

    def __reduce__(self) -> tuple[type[AddressInUseError], tuple[str, int]]:
        return type(self), (self.host, self.port)


class CodeError(EmulatorError):
    """A function's code is not where it was said to be, or cannot be fetched from there."""


class ArchiveError(CodeError, ValueError):
    """A file is no archive, or one that could do harm; `entry` names the place in it, where it is one."""

    def __init__(self, message: str, entry: str | None = None) -> None:
        self.entry = entry
        super().__init__(message)

    def __reduce__(self) -> tuple[type[ArchiveError], tuple[str, str | None]]:
        return type(self), (str(self), self.entry)


class ArchiveTooLargeError(ArchiveError):
    """An archive is, or would become, more than Lambda takes."""


class ServiceError(EmulatorError):
    """The Lambda service refuses a request, as it would on AWS.

    `status` is the HTTP status, `code` the API's name for the error (`ResourceNotFoundException`), and `members` the
    members of the error object, the message among them.
    """

    def __init__(self, status: int, code: str, message: str, members: tuple[tuple[str, str], ...] = ()) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.members = members
        super().__init__(f"{code}: {message}")

    def __reduce__(self) -> tuple[type[ServiceError], tuple[Any, ...]]:
        return type(self), (self.status, self.code, self.message, self.members)


class ThrottledError(ServiceError):
    """There is no concurrency left for the invocation; the member `Reason`, also `reason` here, says which kind."""

    @property
    def reason(self) -> str:
        """`ReservedFunctionConcurrentInvocationLimitExceeded`, `ConcurrentInvocationLimitExceeded`, ..."""
        return dict(self.members)["Reason"]


class RestoreFailedError(ServiceError):
    """A SnapStart snapshot could not be restored for an invocation: a hook failed, or the time for hooks was over.

    `report` is the error JSON that the runtime or the engine made of it, empty where the time was over.
    """

    def __init__(
        self, status: int, code: str, message: str, members: tuple[tuple[str, str], ...] = (), report: bytes = b""
    ) -> None:
        self.report = report
        super().__init__(status, code, message, members)

    def __reduce__(self) -> tuple[type[RestoreFailedError], tuple[Any, ...]]:
        return type(self), (self.status, self.code, self.message, self.members, self.report)


class EventError(LambdakitError):
    """An event is not what its model or decorator says it is."""


class MissingFieldError(EventError, LookupError):
    """A required field is not in the event: `model` and `field` name the attribute, `path` the place in the JSON."""

    def __init__(self, model: str, field: str, path: str) -> None:
        self.model = model
        self.field = field
        self.path = path
        super().__init__(f"{model}.{field}: the event has no {path}")

    def relocate(self, pattern: str, place: str) -> None:
        """Say where exactly it was: the record at `place`, one of those at `pattern`."""
        if self.path.startswith(pattern):
            MissingFieldError.__init__(self, self.model, self.field, place + self.path[len(pattern) :])

    def __reduce__(self) -> tuple[type[MissingFieldError], tuple[str, str, str]]:
        return type(self), (self.model, self.field, self.path)


class WrongSourceError(EventError, TypeError):
    """A decorator was given another source's event; the message names both."""


class PayloadError(EventError, ValueError):
    """An inner payload is not of its declared type. `faults` lists every fault as `(path, what is wrong)`."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{path}: {what}" for path, what in faults))

    def relocate(self, pattern: str, place: str) -> None:
        """Say where exactly it was: the record at `place`, one of those at `pattern`."""
        cut = len(pattern)
        faults = ((place + path[cut:] if path.startswith(pattern) else path, what) for path, what in self.faults)
        PayloadError.__init__(self, tuple(faults))

    def __reduce__(self) -> tuple[type[PayloadError], tuple[tuple[tuple[str, str], ...]]]:
        return type(self), (self.faults,)


class ResponseError(EventError, ValueError):
    """An answer that the event's source would refuse; the message names the rule and what to do."""


class EdgeRuleError(ResponseError):
    """A Lambda@Edge answer that CloudFront would refuse with 502.

    `rule` names the rule, `stage` the event type, `what` says what was found and `advice` what to do.
    """

    def __init__(self, rule: str, stage: str, what: str, advice: str) -> None:
        self.rule = rule
        self.stage = stage
        self.what = what
        self.advice = advice
        super().__init__(f"{stage} ({rule}): {what}; {advice}")

    def __reduce__(self) -> tuple[type[EdgeRuleError], tuple[str, str, str, str]]:
        return type(self), (self.rule, self.stage, self.what, self.advice)


class ResponseTooLargeError(ResponseError):
    """An HTTP answer of `size` bytes, where `front_door` takes `limit`; a streamed one may be larger."""

    def __init__(self, front_door: str, size: int, limit: int) -> None:
        self.front_door = front_door
        self.size = size
        self.limit = limit
        super().__init__(
            f"the answer is {size} bytes of JSON; {front_door} takes {limit}: send less, compress it, or answer with a "
            "link to an S3 object"
        )

    def __reduce__(self) -> tuple[type[ResponseTooLargeError], tuple[str, int, int]]:
        return type(self), (self.front_door, self.size, self.limit)


class BatchError(LambdakitError):
    """A batch failed as a whole.

    `result` is the BatchResult with every exception, where the records had their turn; else None.
    """

    def __init__(self, message: str, result: Any = None) -> None:
        self.result = result
        super().__init__(message)


class MetricError(LambdakitError, ValueError):
    """A metric, a dimension or a property that CloudWatch would not take; the message names the limit."""


class RetryableError(LambdakitError):
    """Raised by user code: it may work the next time. `errors` answers HTTP with 503, everything else is retried."""


class PermanentError(LambdakitError):
    """Raised by user code: it will never work. `errors` and `permanent_done` see to it that it is not retried."""


class IdempotencyError(LambdakitError):
    """A call that must happen once could not be let through, or not be answered again."""


class IdempotencyKeyError(IdempotencyError, LookupError):
    """The event has no key to tell a repeated call by; the function did not run."""


class IdempotencyConflictError(IdempotencyError, ValueError):
    """The key was used before, with another payload; the function did not run."""


class IdempotencyInProgressError(IdempotencyError, RetryableError):
    """The same call is under way elsewhere; the function did not run. `seconds` is when its lock ends at the latest."""

    def __init__(self, key: str, seconds: int) -> None:
        self.key = key
        self.seconds = seconds
        super().__init__(f"the call {key} is under way already; try again (its lock ends in {seconds} s at the latest)")

    def __reduce__(self) -> tuple[type[IdempotencyInProgressError], tuple[str, int]]:
        return type(self), (self.key, self.seconds)


class IdempotencyStoreError(IdempotencyError, RetryableError):
    """The store could not be asked whether the call has happened; the function did not run."""


class IdempotencyResultError(IdempotencyError, TypeError):
    """The function ran, but its result cannot be kept to be given again."""


class ConnectionsError(LambdakitError):
    """The management API of a WebSocket API did not do what was asked.

    `status` is the HTTP status of its answer, 0 where there was none; `connection_id` the connection it was about.
    """

    def __init__(self, message: str, connection_id: str, status: int) -> None:
        self.connection_id = connection_id
        self.status = status
        super().__init__(message, connection_id, status)

    def __str__(self) -> str:
        return str(self.args[0])


class ConnectionGoneError(ConnectionsError, LookupError):
    """The client has gone: forget the connection; nothing will reach it any more."""


class TokenKeysError(RetryableError):
    """The keys that tokens are signed with could not be fetched; it says nothing about the token."""


class HTTPError(LambdakitError):
    """Raised by user code: the answer to a request, which `HttpApp` writes as problem details (RFC 9457).

    `status` is the HTTP status and `detail` says, to the caller, what happened this time. `title` and `type` name the
    kind of problem, `headers` go with the answer, and any other keyword is a member of the problem.

    >>> HTTPError(409, "the order is shipped", order=7).members
    {'order': 7}
    """

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        title: str | None = None,
        type: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        self.status = status
        self.detail = detail
        self.title = title
        self.type = type
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(f"{status} {detail or title or 'answered by an HTTP error'}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.__class__, self.args, self.__dict__)


def _restored(kind: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    """An exception as it was: for those whose constructor takes more, or other, than their `args`."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class BadRequestError(HTTPError):
    """400: the request cannot be read. Arguments as of HTTPError, without the status."""

    def __init__(self, detail: str | None = None, **problem: Any) -> None:
        super().__init__(problem.pop("status", 400), detail, **problem)


class RequestFaultsError(BadRequestError):
    """400 or 422: what of the request is wrong. `faults` lists every fault as `(place, path, what is wrong)`.

    The place is `path`, `query`, `header`, `cookie`, `form` or `body`; the path starts with `$`.
    """

    def __init__(self, status: int, faults: tuple[tuple[str, str, str], ...]) -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        errors = [{"in": place, "path": path, "detail": what} for place, path, what in faults]
        super().__init__(f"the request has {count}", status=status, errors=errors)


class UnauthorizedError(HTTPError):
    """401: who is asking? RFC 9110 wants a `WWW-Authenticate` header. Arguments as of HTTPError, without the status."""

    def __init__(self, detail: str | None = None, **problem: Any) -> None:
        super().__init__(401, detail, **problem)


class ForbiddenError(HTTPError):
    """403: not for the one who is asking. Arguments as of HTTPError, without the status."""

    def __init__(self, detail: str | None = None, **problem: Any) -> None:
        super().__init__(403, detail, **problem)


class NotFoundError(HTTPError):
    """404: there is nothing here. Arguments as of HTTPError, without the status."""

    def __init__(self, detail: str | None = None, **problem: Any) -> None:
        super().__init__(404, detail, **problem)


class MethodNotAllowedError(HTTPError):
    """405: not by this method. `allow` is the answer's header, with the methods that are."""

    def __init__(self, allow: str, detail: str | None = None, **problem: Any) -> None:
        self.allow = allow
        given: dict[str, str] = problem.pop("headers", None) or {}
        super().__init__(405, detail, headers={**given, "allow": allow}, **problem)


class ConflictError(HTTPError):
    """409: not in the state things are in. Arguments as of HTTPError, without the status."""

    def __init__(self, detail: str | None = None, **problem: Any) -> None:
        super().__init__(409, detail, **problem)


class TokenError(HTTPError):
    """A bearer token is missing, unreadable, unfit, or lacks a scope; nothing of the token is in it.

    `status` is 401, or 403 where a scope is missing, or 400 for a malformed header; `error` is the code of RFC 6750
    section 3.1, empty where there was no token at all; `scope` what is asked for.
    """

    def __init__(self, detail: str, status: int, error: str, scope: str = "") -> None:
        self.error = error
        self.scope = scope
        super().__init__(status, detail)
        self.headers["www-authenticate"] = self.challenge()

    def challenge(self, realm: str = "") -> str:
        """The value of WWW-Authenticate (RFC 6750 section 3)."""
        given = {"realm": realm}
        if self.error:  # else nothing was tried: the client is only told how to
            given |= {"error": self.error, "error_description": self.detail or "", "scope": self.scope}
        members = ", ".join(f'{name}="{_quotable(value)}"' for name, value in given.items() if value)
        return f"Bearer {members}".rstrip()


def _quotable(text: str) -> str:
    return "".join("'" if mark in '"\\' else mark for mark in text if " " <= mark <= "~")


class LifespanError(LambdakitError, RuntimeError):
    """The ASGI application's startup failed, or it has no lifespan where `lifespan="on"` asks for one."""


class DeadlineError(LambdakitError, TimeoutError):
    """The time that `deadline` leaves the handler is over; a moment before the environment would be ended."""


class ResultError(LambdakitError, ValueError):
    """The handler's result is not what `validate(output=...)` says. `faults` lists every fault as `(path, what)`."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{path}: {what}" for path, what in faults))

    def __reduce__(self) -> tuple[type[ResultError], tuple[tuple[tuple[str, str], ...]]]:
        return type(self), (self.faults,)


class UsageError(LambdakitError, ValueError):
    """A mistake on the command line or in configuration; shown without a traceback, exit status 2."""


class ConfigError(UsageError):
    """The environment does not hold what the settings ask for.

    `faults` lists every fault as `(variable or source, field, what was found, what to do)`; never a secret value.
    """

    def __init__(self, settings: str, faults: tuple[tuple[str, str, str, str], ...]) -> None:
        self.settings = settings
        self.faults = faults
        lines = [f"\n  {source} (for {field}): {found}; {advice}" for source, field, found, advice in faults]
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"{settings} cannot be made of the environment, {count}:{''.join(lines)}")

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, tuple[tuple[str, str, str, str], ...]]]:
        return type(self), (self.settings, self.faults)


class MissingExtraError(UsageError):
    """A feature needs a package that is not installed; the message has the pip command."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        self.feature = feature
        self.package = package
        self.extra = extra
        super().__init__(f'{feature} needs {package}, which is not installed: pip install "lambdakit[{extra}]"')

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        return type(self), (self.feature, self.package, self.extra)


class PackageError(UsageError):
    """A package cannot be built: a dependency has no wheel for the target, or it is over the service's limits."""


class TargetError(UsageError):
    """A TARGET that names no function; the message lists what was looked for and the nearest names."""
