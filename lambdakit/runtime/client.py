"""The Runtime API's calls: what each sends, and which answers it can live with.

Requests are assembled from byte strings prepared once; headers are looked up by their lower-case names in the table
below. Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes" (version 2018-06-01).

A status the call cannot go on from raises RuntimeApiStatusError and ends the environment. The two exceptions are ones
on which AWS's own client dies needlessly: 410 (this invocation has timed out, or belongs to another worker) and 413
(the result is too large; the caller has been told) concern one invocation only, so they are logged and the loop goes
on.
"""

from __future__ import annotations

import sys

from lambdakit import __version__
from lambdakit.exceptions import RuntimeApiProtocolError, RuntimeApiStatusError
from lambdakit.runtime.http1 import Connection, parse_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lambdakit.runtime.http1 import Response

__all__ = ("Invocation", "RuntimeApi")

# What `next` says about an invocation (lower case, as http1 keeps header names).
REQUEST_ID = "lambda-runtime-aws-request-id"
DEADLINE_MS = "lambda-runtime-deadline-ms"
FUNCTION_ARN = "lambda-runtime-invoked-function-arn"
TRACE_ID = "lambda-runtime-trace-id"
CLIENT_CONTEXT = "lambda-runtime-client-context"
COGNITO_IDENTITY = "lambda-runtime-cognito-identity"
TENANT_ID = "lambda-runtime-aws-tenant-id"
ATTEMPT_ID = "lambda-runtime-invocation-id"
CONTENT_TYPE = "content-type"
# lambdakit's own local service: `next` may be sent in one piece with the response.
NEXT_AHEAD = "lambdakit-next-ahead"

# What the runtime says in return.
INVOCATION_ID = b"Lambda-Runtime-Invocation-Id"
ERROR_TYPE = b"Lambda-Runtime-Function-Error-Type"
ERROR_BODY = b"Lambda-Runtime-Function-Error-Body"
XRAY_CAUSE = b"Lambda-Runtime-Function-XRay-Error-Cause"
RESPONSE_MODE = b"Lambda-Runtime-Function-Response-Mode"

JSON_TYPE = "application/json"

# Larger results are sent without being copied behind their head, and without a `next` behind them.
_MOST_AHEAD = 8_192
# The service accepts header blocks up to 1 MiB; a cause beyond that is left out, as AWS's client does.
MAX_CAUSE = 1 << 20

_RUNTIME = b"/2018-06-01/runtime/"
_EXTENSION = b"/2020-01-01/extension/"
# Answers to a response or error that concern this invocation alone.
_LOST_INVOCATION = {410: "timed out or belongs to another worker", 413: "was larger than the service accepts"}


class Invocation:
    """One event and what came with it. Attributes are None where the service sent no header.

    `deadline_ms` is the header's text: whether it is a number is the invocation's problem, not the loop's.
    """

    __slots__ = (
        "body",
        "client_context",
        "cognito_identity",
        "content_type",
        "deadline_ms",
        "function_arn",
        "invocation_id",
        "request_id",
        "tenant_id",
        "trace_id",
    )

    def __init__(self, headers: Mapping[str, str], body: bytes | bytearray) -> None:
        get = headers.get
        self.body = body
        self.request_id = headers.get(REQUEST_ID, "")
        self.deadline_ms = get(DEADLINE_MS)
        self.function_arn = headers.get(FUNCTION_ARN, "")
        self.trace_id = get(TRACE_ID)
        self.client_context = get(CLIENT_CONTEXT)
        self.cognito_identity = get(COGNITO_IDENTITY)
        self.tenant_id = get(TENANT_ID)
        self.invocation_id = get(ATTEMPT_ID)
        self.content_type = get(CONTENT_TYPE)


class RuntimeApi:
    """The Runtime API at `address` (`host:port`), over one connection. Not safe for use by several threads."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.connection = Connection(parse_address(address))
        version = ".".join(map(str, sys.version_info[:3]))
        self._common = b" HTTP/1.1\r\nHost: %b\r\nUser-Agent: aws-lambda-python/%b-lambdakit-%b\r\n" % (
            address.encode(),
            version.encode(),
            __version__.encode(),
        )
        self._next = self._head(b"GET", _RUNTIME + b"invocation/next")
        # What must be done before `next` is sent; without it `next` is never sent ahead.
        self.before_next: Callable[[], None] | None = None
        self._may_go_ahead = False
        self._asked = False
        self._invocation = b"POST " + _RUNTIME + b"invocation/"
        self._json_response = b"/response" + self._common + b"Content-Type: application/json\r\n"

    def next(self) -> Invocation:
        """Wait, for hours if need be, for the next invocation. Raises RuntimeApiError; the environment is then over."""
        response = None
        if self._asked:
            self._asked = False
            response = self.connection.following()
        if response is None:
            response = self.connection.request(self._next)
        if response.status != 200:
            raise _status_error("next", response)
        self._may_go_ahead = NEXT_AHEAD in response.headers and self.before_next is not None
        invocation = Invocation(response.headers, response.body)
        if not invocation.request_id:
            raise RuntimeApiProtocolError("the Runtime API sent an invocation without Lambda-Runtime-Aws-Request-Id")
        return invocation

    def respond(self, invocation: Invocation, body: bytes | bytearray, content_type: str = JSON_TYPE) -> None:
        """Post the result of an invocation. Raises RuntimeApiError."""
        if content_type == JSON_TYPE:
            start = self._json_response
        else:
            start = b"/response%bContent-Type: %b\r\n" % (self._common, content_type.encode())
        head = b"%b%b%b%bContent-Length: %d\r\n\r\n" % (
            self._invocation,
            invocation.request_id.encode(),
            start,
            _echo(invocation),
            len(body),
        )
        if self._may_go_ahead and len(body) < _MOST_AHEAD and self.before_next is not None:
            self.before_next()
            self._asked = True
            body = body + self._next
        self._accepted("response", self.connection.request(head, body))

    def stream(self, invocation: Invocation, content_type: str, chunks: Iterable[bytes]) -> None:
        """Post a response that is made while it is sent; `chunks` are wire chunks, the last with its trailers."""
        fields = b"%b: streaming\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\nTrailer: %b, %b\r\n" % (
            RESPONSE_MODE,
            content_type.encode(),
            ERROR_TYPE,
            ERROR_BODY,
        )
        path = b"%binvocation/%b/response" % (_RUNTIME, invocation.request_id.encode())
        head = self._head(b"POST", path, _echo(invocation) + fields)
        self._accepted("response", self.connection.stream(head, chunks))

    def fail(self, invocation: Invocation, error: bytes, cause: bytes) -> None:
        """Post the error of an invocation: its JSON and the X-Ray cause. Raises RuntimeApiError."""
        path = b"%binvocation/%b/error" % (_RUNTIME, invocation.request_id.encode())
        fields = _echo(invocation) + b"%b: %b\r\n" % (XRAY_CAUSE, cause if len(cause) < MAX_CAUSE else b"")
        self._accepted("error", self._post(path, error, fields))

    def fail_init(self, error: bytes, error_type: str) -> Response:
        """Post why the environment cannot start; the process must exit afterwards. Returns the answer."""
        return self._post(_RUNTIME + b"init/error", error, b"%b: %b\r\n" % (ERROR_TYPE, error_type.encode()))

    def restore_next(self) -> None:
        """SnapStart: wait until the environment has been restored from its snapshot. Raises RuntimeApiError."""
        response = self.connection.request(self._head(b"GET", _RUNTIME + b"restore/next"))
        if response.status != 200:
            raise _status_error("restore/next", response)

    def fail_restore(self, error: bytes, error_type: str) -> Response:
        """Post why an after-restore hook failed; the process must exit afterwards. Returns the answer."""
        return self._post(_RUNTIME + b"restore/error", error, b"%b: %b\r\n" % (ERROR_TYPE, error_type.encode()))

    def register_extension(self, name: str) -> str:
        """Register an internal extension that wants no events, and return its identifier. Raises RuntimeApiError."""
        response = self._post(
            _EXTENSION + b"register", b'{"events": []}', b"Lambda-Extension-Name: %b\r\n" % name.encode()
        )
        identifier = response.headers.get("lambda-extension-identifier")
        if response.status != 200 or not identifier:
            raise _status_error("extension/register", response)
        return identifier

    def extension_ready_head(self, identifier: str) -> bytes:
        """The request by which the extension says it is ready; its answer comes, if ever, at shutdown."""
        return self._head(
            b"GET", _EXTENSION + b"event/next", b"Lambda-Extension-Identifier: %b\r\n" % identifier.encode()
        )

    def _head(self, method: bytes, path: bytes, fields: bytes = b"") -> bytes:
        return b"%b %b%b%b\r\n" % (method, path, self._common, fields)

    def _post(self, path: bytes, body: bytes, fields: bytes) -> Response:
        length = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        return self.connection.request(self._head(b"POST", path, fields + length), body)

    @staticmethod
    def _accepted(call: str, response: Response) -> None:
        if 200 <= response.status < 300:
            return
        reason = _LOST_INVOCATION.get(response.status)
        error = _status_error(call, response)
        if reason is None:
            raise error
        sys.stderr.write(f"lambdakit: the invocation's {call} {reason}; going on with the next event. ({error})\n")


def _status_error(call: str, response: Response) -> RuntimeApiStatusError:
    return RuntimeApiStatusError(call, response.status, bytes(response.body))


def _echo(invocation: Invocation) -> bytes:
    if invocation.invocation_id is None:
        return b""
    return b"%b: %b\r\n" % (INVOCATION_ID, invocation.invocation_id.encode())
