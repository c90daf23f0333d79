"""One invocation on its way through an execution environment: what is known of it so far.

A flight is driven by the session (what the runtime does) and the environment (deadline, exit, REPORT); a
`RunningInvocation` is the caller's view of it. An answered flight is not yet over: it is finished when the runtime has
asked for its next event, has exited, or has run out of time.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Literal

from lambdakit.emulator import limits
from lambdakit.emulator.function import Answer, InvocationResult
from lambdakit.emulator.ids import new_attempt_id, new_trace_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from lambdakit.emulator.companions import Attendance
    from lambdakit.emulator.faults import ErrorReport
    from lambdakit.emulator.function import Invocation, ResponseMode, Status
    from lambdakit.emulator.logs import LogLine
    from lambdakit.emulator.platform_log import Figures
    from lambdakit.emulator.sandbox import Sandbox
    from lambdakit.emulator.stream import ResponseStream


# Lines that may be added to a flight's log before it is worth looking whether it needs them all.
LINES_BETWEEN_TRIMS = 200


class Flight:
    """The engine's record of one invocation; see the module's text.

    Two hooks spare whoever drives many flights a task for each: `on_answer` is called once, as soon as there is
    something to tell the caller (an answer, the beginning of a stream, or `error`), `on_over` once it is over.
    """

    # What most flights never change is not written for each of them.
    event: tuple[bytes, bytes] = (b"", b"")
    started = 0.0
    deadline_ms = 0
    answered = False
    over = False
    error: Exception | None = None
    payload = b""
    function_error: Literal["Unhandled"] | None = None
    error_type: str | None = None
    status: Status = "success"
    response_mode: ResponseMode = "buffered"
    content_type: str | None = None
    produced = 0
    stream: ResponseStream | None = None
    restore_ms: float | None = None
    xray_cause: bytes | None = None
    sandbox: Sandbox | None = None
    # Its moments, where extensions or telemetry look on.
    attended: Attendance | None = None
    extensions_ms: float | None = None
    on_over: Callable[[Flight], None] | None = None
    _figures: Figures | None = None
    _executed_version = ""
    _collecting = False
    _waiters: tuple[asyncio.Future[None], ...] = ()

    def __init__(self, invocation: Invocation, on_answer: Callable[[Flight], None] | None = None) -> None:
        self.invocation = invocation
        self.request_id = invocation.request_id
        self.invocation_id = new_attempt_id()
        self.trace_id = invocation.trace_id or new_trace_id()
        self.on_answer = on_answer
        # The last lines of its log; whoever adds many trims them now and then.
        self.log_lines: list[LogLine] = []

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
        self._tell_answer()

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

    def trim_log(self) -> None:
        """Drop the lines before the last 4 KB."""
        lines, size = self.log_lines, 0
        for index in range(len(lines) - 1, 0, -1):
            size += len(lines[index].text) + 1
            if size > limits.LOG_TAIL_BYTES:
                del lines[:index]
                return

    def answer(self) -> Answer:
        """The answer as it stands."""
        return Answer(self.payload, self.function_error, self.error_type, self.response_mode, self.content_type)

    def finish(self, figures: Figures, executed_version: str) -> None:
        """The invocation is over."""
        if self.over:
            return
        self._figures = figures
        self._executed_version = executed_version
        if self.attended is not None:
            self.extensions_ms = self.attended.extensions_ms
        self._end()

    @property
    def figures(self) -> Figures:
        """The figures of the finished flight's REPORT line."""
        assert self._figures is not None
        return self._figures

    def result(self) -> InvocationResult:
        """The caller's record of the finished flight."""
        figures = self.figures
        self.trim_log()
        return InvocationResult(
            self.request_id,
            self.payload,
            self.function_error,
            self.status,
            self.error_type,
            self.response_mode,
            self.content_type,
            figures.duration_ms,
            figures.billed_ms,
            figures.init_ms,
            figures.restore_ms,
            figures.max_memory_mb,
            self.produced,
            self._executed_version,
            self.trace_id,
            self.xray_cause,
            tuple(self.log_lines),
            self.extensions_ms,
        )

    async def wait_for_answer(self) -> None:
        """Return once the response is whole, a stream has begun, or the flight is over."""
        while not (self.answered or self.stream is not None or self.over):
            await self._news()

    async def wait_until_over(self) -> None:
        """Return once the flight is over; raises what it was aborted with."""
        while not self.over:
            await self._news()
        if self.error is not None:
            raise self.error

    async def _news(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters += (waiter,)
        await waiter

    def collect(self) -> None:
        """The caller waits for the whole; a stream, begun or to come, is kept."""
        self._collecting = True
        if self.stream is not None:
            self.stream.collect()

    def abort(self, error: Exception) -> None:
        """End without a result: whoever waits gets `error`."""
        if self.over:
            return
        self.error = error
        if self.stream is not None:
            self.stream.end()
        self._tell_answer()
        self._end()

    def _settle(self) -> None:
        self.answered = True
        if self.stream is not None:
            self.stream.end()
        self._tell_answer()

    def _tell_answer(self) -> None:
        on_answer, self.on_answer = self.on_answer, None
        if on_answer is not None:
            on_answer(self)
        self._wake()

    def _end(self) -> None:
        self.over = True
        if self.on_over is not None:
            self.on_over(self)
        self._wake()

    def _wake(self) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, ()
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)


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
        flight = self._flight
        await flight.wait_for_answer()
        if flight.error is not None and not flight.answered and flight.stream is None:
            raise flight.error
        return flight.answer()

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
            await flight.wait_until_over()
        except asyncio.CancelledError:
            self.abandon()
            raise
        result = flight.result()
        if flight.stream is None or result.function_error:
            return result
        return result._replace(payload=flight.stream.take())

    def abandon(self) -> None:
        """Nobody waits any more: a stream is thrown away as it comes."""
        if self._flight.stream is not None:
            self._flight.stream.discard()
