"""One invocation: event in, handler, result out; whatever happens on the way becomes an answer.

This is the hot path, so the common case (a JSON event, a handler that returns plain data) runs straight through, and
the rest is imported when it first occurs. What is posted for a failure is decided in `lambdakit.runtime.faults`.
"""

from __future__ import annotations

import os
import sys

from lambdakit import codec
from lambdakit.context import LambdaContext
from lambdakit.exceptions import ContextFault, UnmarshalFault
from lambdakit.runtime.client import JSON_TYPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
    from typing import Any, Protocol

    from lambdakit.runtime.client import Invocation, RuntimeApi

    class AsyncRunner(Protocol):
        """Waits, on an event loop, for what async handlers return."""

        def run(self, awaitable: Awaitable[Any]) -> Any:
            """The result of `awaitable`."""
            ...

        def iterate(self, items: AsyncIterable[Any]) -> Iterable[Any]:
            """The items of an async iterable, one by one."""
            ...


__all__ = ("answer", "make_context")

TRACE_VARIABLE = "_X_AMZN_TRACE_ID"
BYTES_TYPE = "application/unknown"  # what AWS's client declares for a handler that returns bytes
CONTEXT_ERROR = "Runtime.LambdaContextUnmarshalError"

# `type`, but Any to type checkers.
_type: Any = type
# Results of these types are data: no look for coroutines, generators and streams is needed.
_DATA = frozenset((dict, str, list, type(None), int, float, bool, tuple))


def answer(api: RuntimeApi, handler: Callable[[Any, Any], Any], invocation: Invocation, runner: AsyncRunner) -> None:
    """Run `handler` on one invocation and post its result or error.

    Raises RuntimeApiError when posting fails, and SystemExit (after it has been reported) when the handler asked the
    process to exit.
    """
    try:
        context = make_context(invocation)
        body: Any = invocation.body
        event = codec.decode(body) if _is_json(invocation.content_type) else bytes(body)
        result = handler(event, context)
        kind = _type(result)
        if kind not in _DATA:
            if hasattr(kind, "__await__"):
                result = runner.run(result)
            if _is_stream(result):
                _stream(api, invocation, result, runner)
                return
        content_type = JSON_TYPE
        if isinstance(result, bytes):
            encoded, content_type = result, BYTES_TYPE
        else:
            encoded = codec.encode(result)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except _AnsweredExit as answered:
        raise answered.error from None
    except BaseException as error:
        _fail(api, invocation, error)
        if isinstance(error, SystemExit):
            raise
        return
    api.respond(invocation, encoded, content_type)


class _AnsweredExit(BaseException):
    """The handler asked the process to exit in mid-stream: the stream's trailers have said so already."""

    def __init__(self, error: SystemExit) -> None:
        self.error = error


def make_context(invocation: Invocation) -> LambdaContext:
    """The context of an invocation. Raises ContextFault where a header does not hold what it should."""
    deadline = invocation.deadline_ms
    try:
        deadline_ms = int(deadline) if deadline else 0
    except ValueError:
        message = f"Unable to parse the deadline: {deadline!r} is not a whole number of milliseconds"
        raise ContextFault(CONTEXT_ERROR, message) from None
    client_context = invocation.client_context or None
    cognito_identity = invocation.cognito_identity or None
    return LambdaContext(
        invocation.request_id,
        deadline_ms=deadline_ms,
        invoked_function_arn=invocation.function_arn,
        client_context=client_context and _json_header(client_context, "Client Context"),
        cognito_identity=cognito_identity and _json_header(cognito_identity, "Cognito Identity"),
        tenant_id=invocation.tenant_id,
        trace_header=invocation.trace_id,
    )


def set_trace(trace_id: str | None) -> None:
    """Put the trace header of this invocation where X-Ray's clients look for it, or take the last one away."""
    if trace_id is not None:
        os.environ[TRACE_VARIABLE] = trace_id
    elif TRACE_VARIABLE in os.environ:
        del os.environ[TRACE_VARIABLE]


def _is_json(content_type: str | None) -> bool:
    # Exactly this text, as in AWS's client: anything else, parameters included, reaches the handler as bytes.
    return content_type is None or content_type == JSON_TYPE


def _json_header(text: str, name: str) -> Any:
    try:
        return codec.decode(text.encode("utf-8", "surrogateescape"))
    except UnmarshalFault as error:
        reason = error.message.removeprefix("Unable to unmarshal input: ")
        raise ContextFault(CONTEXT_ERROR, f"Unable to parse {name} JSON: {reason}") from None


def _is_stream(result: Any) -> bool:
    kind = _type(result)
    if kind in _DATA:
        return False
    if hasattr(kind, "__anext__") or (hasattr(kind, "__next__") and hasattr(kind, "send")):
        return True  # async iterators, and generators; other iterators stay errors, as in AWS's client
    # None too while another thread imports the module: there is no such object yet.
    streaming = getattr(sys.modules.get("lambdakit.runtime.streaming"), "StreamingResponse", None)
    return streaming is not None and isinstance(result, streaming)


def _stream(api: RuntimeApi, invocation: Invocation, result: Any, runner: AsyncRunner) -> None:
    from lambdakit.runtime import faults, streaming

    prelude, content_type = b"", streaming.OCTETS_TYPE
    pieces: Any = result
    if isinstance(result, streaming.StreamingResponse):
        prelude, content_type, pieces = result.prelude(), streaming.HTTP_TYPE, result.pieces()
    if hasattr(pieces, "__aiter__"):
        pieces = runner.iterate(pieces)

    exits: list[SystemExit] = []

    def describe(error: BaseException) -> tuple[str, bytes]:
        if isinstance(error, SystemExit):
            exits.append(error)
        report = faults.report(error, invocation.request_id)
        report.log()
        return report.error_type, report.body()

    chunks = streaming.wire_chunks(pieces, prelude, describe)
    api.stream(invocation, content_type, chunks)
    if exits:
        raise _AnsweredExit(exits[0])


def _fail(api: RuntimeApi, invocation: Invocation, error: BaseException) -> None:
    from lambdakit.exceptions import RuntimeApiError
    from lambdakit.runtime import faults

    if isinstance(error, RuntimeApiError):
        raise error  # posting a streamed response failed: there is nobody to tell
    report = faults.report(error, invocation.request_id)
    report.log()
    api.fail(invocation, report.body(), report.cause())
