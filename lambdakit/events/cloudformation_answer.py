"""How the answer to a CloudFormation custom resource is made to arrive.

Source: AWS CloudFormation user guide, "Custom resource response objects": one PUT of at most 4,096 bytes, with an
empty content type, to a URL signed for it. One `_Reply` belongs to one request; whoever comes first, the function's
end or the alarm before the timeout, sends, and the other stays silent.
"""

from __future__ import annotations

from lambdakit.codec import encode
from lambdakit.events.cloudformation import result_fields
from lambdakit.exceptions import LambdakitError, ResponseError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lambdakit.events.cloudformation import CustomResourceEvent
    from lambdakit.handlers import Middleware

__all__ = ("answer_body", "answering", "put_answer")

MAX_BODY = 4096
MAX_REASON = 1024
ATTEMPTS = 3
# Seconds for one attempt to connect, send or receive.
PUT_TIMEOUT = 10.0
_CO_COROUTINE = 0x80


def answer_body(event: CustomResourceEvent, fields: Mapping[str, Any], failure: str | None = None) -> bytes:
    """The answer's JSON: SUCCESS, or FAILED for the reason `failure`, which is cut to fit. Raises ResponseError."""
    answer: dict[str, Any] = {
        "Status": "SUCCESS" if failure is None else "FAILED",
        "PhysicalResourceId": fields["PhysicalResourceId"],
        "StackId": event.stack_id,
        "RequestId": event.request_id,
        "LogicalResourceId": event.logical_resource_id,
    }
    if failure is not None:
        answer["Reason"] = failure[:MAX_REASON].encode("ascii", "replace").decode() or "failed"
    answer.update((name, fields[name]) for name in ("NoEcho", "Data") if fields.get(name) is not None)
    body = _encoded(answer)
    if len(body) > MAX_BODY:
        raise ResponseError(
            f"the answer of a custom resource may have at most {MAX_BODY} bytes; this has {len(body)}: return less Data"
        )
    return body


def _encoded(answer: dict[str, Any]) -> bytes:
    body: Any = encode(answer)
    return body if type(body) is bytes else bytes(body, "utf-8")


def put_answer(url: str, body: bytes) -> None:
    """Send an answer, trying again after a failed attempt. Raises the last failure."""
    httpx = _httpx()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            httpx.put(url, content=body, headers={"content-type": ""}, timeout=PUT_TIMEOUT).raise_for_status()
            return
        except httpx.HTTPError:
            if attempt == ATTEMPTS:
                raise


def _httpx() -> Any:
    from importlib import import_module

    try:
        return import_module("httpx")
    except ImportError:
        raise UsageError(
            "@custom_resource answers over httpx, which is missing: pip install 'lambdakit[local]'"
        ) from None


class _Reply:
    """The one answer to a request."""

    def __init__(self, event: CustomResourceEvent, url: str) -> None:
        from threading import Lock

        self.event = event
        self.url = url
        self._lock = Lock()
        self._sent = False

    def succeed(self, result: Any) -> None:
        """Answer with what the function returned; FAILED if it cannot be answered with."""
        try:
            fields = result_fields(self.event, result)
            body = answer_body(self.event, fields)
        except LambdakitError as error:
            self.fail(f"{type(error).__name__}: {error}")
            raise
        self._send(body)

    def fail(self, reason: str) -> None:
        """Answer FAILED, under the id the resource has or would have had."""
        fields = {"PhysicalResourceId": self.event.physical_resource_id}
        self._send(answer_body(self.event, fields, reason))

    def _send(self, body: bytes) -> None:
        with self._lock:
            if self._sent:
                return
            put_answer(self.url, body)
            self._sent = True


def _alarm(reply: _Reply, context: Any, answer_before: float) -> Any:
    """A started timer that answers FAILED shortly before the timeout; None where the time left is not known."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if remaining is None:
        return None
    from threading import Timer

    left = remaining() / 1000
    # Of a short invocation at least half is the function's.
    timer = Timer(max(left - answer_before, left / 2), reply.fail, ("the function did not end before its timeout",))
    timer.daemon = True
    timer.start()
    return timer


def _log(error: BaseException) -> None:
    from logging import getLogger

    getLogger(__name__).error("custom resource answered FAILED: %s", error, exc_info=error)


def answering(function: Any, answer_before: float) -> Middleware:
    """The outermost layer around a custom resource's function: it sees to it that the answer is sent."""
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)

    def answer(event: Any, context: Any, call_next: Any) -> Any:
        reply = _reply(event)
        if reply is None:
            return result_fields(event, call_next(event, context))
        timer = _alarm(reply, context, answer_before)
        try:
            _end(reply, lambda: call_next(event, context))
        finally:
            if timer is not None:
                timer.cancel()
        return None

    async def answer_async(event: Any, context: Any, call_next: Any) -> Any:
        import asyncio

        reply = _reply(event)
        if reply is None:
            return result_fields(event, await call_next(event, context))
        timer = _alarm(reply, context, answer_before)
        try:
            outcome = await _outcome(call_next(event, context))
            await asyncio.to_thread(_end, reply, outcome)
        finally:
            if timer is not None:
                timer.cancel()
        return None

    return answer_async if flags & _CO_COROUTINE else answer


def _reply(event: CustomResourceEvent) -> _Reply | None:
    url = event.response_url
    return None if url is None else _Reply(event, url)


async def _outcome(awaitable: Any) -> Any:
    """A function that returns or raises what the awaitable came to."""
    try:
        result = await awaitable
    except Exception as error:
        return _raiser(error)
    return lambda: result


def _raiser(error: Exception) -> Any:
    def throw() -> Any:
        raise error

    return throw


def _end(reply: _Reply, outcome: Any) -> None:
    """Answer with the outcome of the function. What it raised is answered and logged; a failed PUT is raised."""
    try:
        result = outcome()
    except Exception as error:
        reply.fail(f"{type(error).__name__}: {error}")
        _log(error)
        return
    except BaseException as error:  # sys.exit, an interrupt: answered, and not kept from ending the process
        reply.fail(f"{type(error).__name__}: {error}")
        raise
    try:
        reply.succeed(result)
    except LambdakitError as error:
        if not reply._sent:  # pyright: ignore[reportPrivateUsage]
            raise
        _log(error)
