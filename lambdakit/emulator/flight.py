"""One invocation on its way through an execution environment: what is known of it so far.

A flight is driven by the session (what the runtime does) and the environment (deadline, exit, REPORT); a
`RunningInvocation` is the caller's view of it. An answered flight is not yet over: it is finished when the runtime has
asked for its next event, has exited, or has run out of time.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import deque
from typing import TYPE_CHECKING, Literal

from lambdakit.emulator import limits
from lambdakit.emulator.function import Answer, InvocationResult
from lambdakit.emulator.ids import new_trace_id, new_uuid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lambdakit.emulator.faults import ErrorReport
    from lambdakit.emulator.function import Invocation, ResponseMode, Status
    from lambdakit.emulator.logs import LogLine
    from lambdakit.emulator.platform_log import Figures
    from lambdakit.emulator.stream import ResponseStream


class Flight:
    """The engine's record of one invocation; see the module's text."""

    __slots__ = (
        "_answer_waiter", "_collecting", "_tail", "_tail_size", "answered", "content_type", "deadline_ms",
        "error_type", "event", "finished", "function_error", "init_ms", "invocation", "invocation_id", "payload",
        "produced", "request_id", "response_mode", "restore_ms", "started", "status", "stream", "timer", "trace_id",
        "xray_cause",
    )  # fmt: skip

    def __init__(self, invocation: Invocation, loop: asyncio.AbstractEventLoop) -> None:
        self.invocation = invocation
        self.request_id = invocation.request_id
        self.invocation_id = new_uuid()
        self.trace_id = invocation.trace_id or new_trace_id()
        self.finished: asyncio.Future[InvocationResult] = loop.create_future()
        self.event: tuple[bytes, bytes] = (b"", b"")
        self.started = 0.0
        self.deadline_ms = 0
        self.timer: asyncio.TimerHandle | None = None
        self.answered = False
        self.payload = b""
        self.function_error: Literal["Unhandled"] | None = None
        self.error_type: str | None = None
        self.status: Status = "success"
        self.response_mode: ResponseMode = "buffered"
        self.content_type: str | None = None
        self.produced = 0
        self.stream: ResponseStream | None = None
        self.init_ms: float | None = None
        self.restore_ms: float | None = None
        self.xray_cause: bytes | None = None
        self._answer_waiter: asyncio.Future[None] | None = None
        self._collecting = False
        self._tail: deque[LogLine] = deque()
        self._tail_size = 0

    def begin(self, timeout: float) -> None:
        """Dispatch: the clock starts and the deadline is fixed."""
        self.started = time.perf_counter()
        self.deadline_ms = int((time.time() + timeout) * 1000)

    def elapsed(self) -> float:
        """Seconds since dispatch."""
        return time.perf_counter() - self.started

    def succeed(self, payload: bytes, content_type: str | None) -> None:
        """The runtime's buffered response is whole."""
        self.payload = payload
        self.produced = len(payload)
        self.content_type = content_type
        self._settle()

    def start_stream(self, stream: ResponseStream, content_type: str | None) -> None:
        """A streamed response begins."""
        self.stream = stream
        if self._collecting:
            stream.collect()
        self.response_mode = "streaming"
        self.content_type = content_type
        self._wake()

    def end_stream(self) -> None:
        """A streamed response is whole."""
        if self.stream is not None:
            self.produced = self.stream.total
        self._settle()

    def fail(self, report: ErrorReport, status: Status) -> None:
        """The caller gets an error; after an answer only the status of the REPORT line changes."""
        self.status = status
        self.error_type = report.error_type
        if self.answered:
            return
        self.payload = report.body
        self.function_error = "Unhandled"
        self.xray_cause = report.xray_cause
        if self.stream is not None:
            self.produced = self.stream.total
        self._settle()

    def keep(self, line: LogLine) -> None:
        """Remember a log line for the tail."""
        self._tail.append(line)
        self._tail_size += len(line.text) + 1
        while self._tail_size - len(self._tail[0].text) - 1 > limits.LOG_TAIL_BYTES:
            self._tail_size -= len(self._tail.popleft().text) + 1

    def tail(self) -> tuple[LogLine, ...]:
        """The last lines, at least 4 KB of them."""
        return tuple(self._tail)

    def answer(self) -> Answer:
        """The answer as it stands."""
        return Answer(self.payload, self.function_error, self.error_type, self.response_mode, self.content_type)

    def result(self, figures: Figures, executed_version: str) -> InvocationResult:
        """The caller's record of the finished flight."""
        return InvocationResult(
            request_id=self.request_id,
            payload=self.payload,
            function_error=self.function_error,
            status=self.status,
            error_type=self.error_type,
            response_mode=self.response_mode,
            content_type=self.content_type,
            duration_ms=figures.duration_ms,
            billed_ms=figures.billed_ms,
            init_ms=figures.init_ms,
            restore_ms=figures.restore_ms,
            max_memory_mb=figures.max_memory_mb,
            produced_bytes=self.produced,
            executed_version=executed_version,
            trace_id=self.trace_id,
            xray_cause=self.xray_cause,
            log_lines=self.tail(),
        )

    async def wait_for_answer(self) -> None:
        """Return once the response is whole, a stream has begun, or an error stands."""
        while not (self.answered or self.stream is not None):
            if self._answer_waiter is None:
                self._answer_waiter = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._answer_waiter)
            if self.finished.done():
                return

    def collect(self) -> None:
        """The caller waits for the whole; a stream, begun or to come, is kept."""
        self._collecting = True
        if self.stream is not None:
            self.stream.collect()

    def abort(self, error: Exception) -> None:
        """End without a result: whoever waits gets `error`."""
        if not self.finished.done():
            self.finished.set_exception(error)
            self.finished.exception()  # nobody may be waiting
        if self.stream is not None:
            self.stream.end()
        self._wake()

    def _settle(self) -> None:
        self.answered = True
        if self.stream is not None:
            self.stream.end()
        self._wake()

    def _wake(self) -> None:
        if self._answer_waiter is not None and not self._answer_waiter.done():
            self._answer_waiter.set_result(None)


class RunningInvocation:
    """A dispatched invocation, as its caller sees it.

    `answer()` comes as early as it is known; `chunks()` gives a streamed response as it arrives; `result()` comes when
    the invocation is over, with the figures. What `chunks()` does not take, `result()` collects. A caller who wants
    none of it any more calls `abandon()`; the function runs on.
    """

    def __init__(self, flight: Flight) -> None:
        self._flight = flight

    @property
    def request_id(self) -> str:
        """The request id."""
        return self._flight.request_id

    async def answer(self) -> Answer:
        """The answer, before the invocation is over; for a stream, as soon as it begins.

        Raises EnvironmentStoppedError when the environment was stopped first.
        """
        await self._flight.wait_for_answer()
        if not self._flight.answered and self._flight.stream is None:
            await self._flight.finished
        return self._flight.answer()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces of a streamed response as they arrive; for a buffered one, its payload in one piece.

        Ends without an error when the function fails midway: `result()` tells.
        """
        answer = await self.answer()
        if self._flight.stream is None:
            yield answer.payload
            return
        while chunk := await self._flight.stream.read():
            yield chunk

    async def result(self) -> InvocationResult:
        """The finished invocation.

        Cancelling it abandons the invocation. Raises EnvironmentStoppedError when the environment was stopped first.
        """
        flight = self._flight
        flight.collect()
        try:
            result = await flight.finished
        except asyncio.CancelledError:
            self.abandon()
            raise
        if flight.stream is None or result.function_error:
            return result
        return dataclasses.replace(result, payload=flight.stream.take())

    def abandon(self) -> None:
        """Nobody waits any more: a stream is thrown away as it comes."""
        if self._flight.stream is not None:
            self._flight.stream.discard()
