"""How the answer to a CloudFormation custom resource is made to arrive.

Source: AWS CloudFormation user guide, "Custom resource response objects": one PUT of at most 4,096 bytes, with an
empty content type, to a URL signed for it. One `_Reply` belongs to one request; whoever comes first, the function's
end or the alarm before the timeout, sends, and the other stays silent.
"""

from __future__ import annotations

from lambdakit.codec import encode
from lambdakit.events.cloudformation import result_fields
from lambdakit.events.rules import at_most
from lambdakit.exceptions import ResponseError, UsageError
from lambdakit.handlers import is_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from lambdakit.events.cloudformation import CustomResourceEvent
    from lambdakit.handlers import Middleware

__all__ = ("answer_body", "answering", "put_answer")

# Bytes, of "Custom resource response objects".
MAX_BODY = 4096
MAX_PHYSICAL_ID = 1024
# What stands where a reason was cut.
CUT = " ... (cut)"
ATTEMPTS = 3
# Seconds for one attempt to connect, send or receive.
PUT_TIMEOUT = 10.0


def answer_body(event: CustomResourceEvent, fields: Mapping[str, Any], failure: str | None = None) -> bytes:
    """The answer's JSON: SUCCESS, or FAILED for the reason `failure`, which is cut to fit.

    Raises ResponseError for a SUCCESS over the limits, never for a FAILED.
    """
    answer: dict[str, Any] = {
        "Status": "SUCCESS" if failure is None else "FAILED",
        "PhysicalResourceId": fields["PhysicalResourceId"],
        "StackId": event.stack_id,
        "RequestId": event.request_id,
        "LogicalResourceId": event.logical_resource_id,
    }
    if failure is not None:
        return _failed_body(answer, failure)
    at_most("PhysicalResourceId", len(answer["PhysicalResourceId"].encode()), MAX_PHYSICAL_ID, "bytes")
    answer.update((name, fields[name]) for name in ("NoEcho", "Data") if fields.get(name) is not None)
    body = encode(answer)
    if len(body) > MAX_BODY:
        raise ResponseError(
            f"the answer of a custom resource may have at most {MAX_BODY} bytes; this has {len(body)}: return less Data"
        )
    return body


def _failed_body(answer: dict[str, Any], reason: str) -> bytes:
    """The answer with as much of the reason's start as fits, and the mark of the cut."""
    text = reason.encode("utf-8", "replace").decode() or "failed"
    body = encode({**answer, "Reason": text})
    if len(body) <= MAX_BODY:
        return body
    low, high = 0, min(len(text), MAX_BODY)
    while low < high:  # the longest start that fits: what JSON makes of a character has one to twelve bytes
        middle = (low + high + 1) // 2
        fits = len(encode({**answer, "Reason": text[:middle] + CUT})) <= MAX_BODY
        low, high = (middle, high) if fits else (low, middle - 1)
    return encode({**answer, "Reason": text[:low] + CUT})


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

    def settle(self, outcome: Callable[[], Any]) -> None:
        """Answer with what `outcome` returns, or FAILED for what it raises; that is then logged.

        Raised all the same: what ends a process or a task (an exit, an interrupt, a cancellation), and a failure to
        send.
        """
        try:
            fields = result_fields(self.event, outcome())
            body = answer_body(self.event, fields)
        except BaseException as error:
            self.fail(f"{type(error).__name__}: {error}")
            if not isinstance(error, Exception):
                raise
            _log(error)
            return
        self._send(body)

    def fail(self, reason: str) -> None:
        """Answer FAILED, under the id the resource has or would have had."""
        fields = {"PhysicalResourceId": self.event.physical_resource_id}
        self._send(answer_body(self.event, fields, reason))

    def time_is_up(self) -> None:
        """Answer FAILED for a function that still runs; its own end tries again if this cannot be sent."""
        try:
            self.fail("the function did not end before its timeout")
        except Exception as error:
            _log(error)

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
    timer = Timer(max(left - answer_before, left / 2), reply.time_is_up)
    timer.daemon = True
    timer.start()
    return timer


def _log(error: BaseException) -> None:
    from logging import getLogger

    getLogger(__name__).error("custom resource failed: %s", error, exc_info=error)


def answering(function: Any, answer_before: float) -> Middleware:
    """The outermost layer around a custom resource's function: it sees to it that the answer is sent."""

    def answer(event: Any, context: Any, call_next: Any) -> Any:
        reply = _reply(event)
        if reply is None:
            return result_fields(event, call_next(event, context))
        timer = _alarm(reply, context, answer_before)
        try:
            reply.settle(lambda: call_next(event, context))
        finally:
            if timer is not None:
                timer.cancel()
        return None

    async def answer_async(event: Any, context: Any, call_next: Any) -> Any:
        from asyncio import to_thread

        reply = _reply(event)
        if reply is None:
            return result_fields(event, await call_next(event, context))
        timer = _alarm(reply, context, answer_before)
        try:
            outcome = await _outcome(reply, call_next(event, context))
            await to_thread(reply.settle, outcome)
        finally:
            if timer is not None:
                timer.cancel()
        return None

    return answer_async if is_async(function) else answer


def _reply(event: CustomResourceEvent) -> _Reply | None:
    url = event.response_url
    if url is None:
        return None
    _httpx()  # what is missing is said before the function has made anything
    return _Reply(event, url)


async def _outcome(reply: _Reply, awaitable: Any) -> Callable[[], Any]:
    """A function that returns or raises what the awaitable came to; what ends the task is answered here and raised."""
    try:
        result = await awaitable
    except Exception as error:
        return _raiser(error)
    except BaseException as error:
        # Not in a thread: a loop that is being stopped may never come back for it.
        reply.settle(_raiser(error))
        raise
    return lambda: result


def _raiser(error: BaseException) -> Callable[[], Any]:
    def throw() -> Any:
        raise error

    return throw
