"""The execution environment: one function, one bootstrap process at a time, and every rule Lambda applies to them.

This is the engine. It is one object without HTTP towards its callers: the command line, the test fixtures and the
local service's HTTP faces all drive it. It starts the process, lets it initialise, dispatches events, watches deadline
and exit, words the outcome for the caller and writes the platform's log lines. What the Runtime API's calls mean is in
`session`; pools, queues and retries are above.

A process that fails or times out is ended with its group; the next invocation starts another one ("suppressed
INIT", inside that invocation's own time), with the same variables. Source: AWS Lambda developer guide, "Understanding
the Lambda execution environment lifecycle".
"""

from __future__ import annotations

import asyncio
import os
import shlex
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator import faults, limits, variables
from lambdakit.emulator.companions import Onlookers
from lambdakit.emulator.deadlines import Deadlines, wait_within
from lambdakit.emulator.event import NEXT_AHEAD, event_reply
from lambdakit.emulator.extension_programs import LaunchError, programs_in
from lambdakit.emulator.flight import Flight, RunningInvocation
from lambdakit.emulator.journal import Journal
from lambdakit.emulator.kinds import session_for
from lambdakit.emulator.last_words import take_in
from lambdakit.emulator.layers import LayerRoot, check_layers
from lambdakit.emulator.listener import close_listening
from lambdakit.emulator.logs import discard
from lambdakit.emulator.process import StartError
from lambdakit.emulator.protocol import Connection, Refusal
from lambdakit.emulator.sandbox import Sandbox
from lambdakit.emulator.snapstart import SNAP_START, credentials_of, restore_error
from lambdakit.exceptions import (
    EmulatorError,
    EnvironmentBusyError,
    EnvironmentStoppedError,
    InitFailedError,
    PayloadTooLargeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from types import TracebackType

    from lambdakit.emulator.confinement import Warden
    from lambdakit.emulator.debugger import Debugger
    from lambdakit.emulator.extension_events import ShutdownReason
    from lambdakit.emulator.extension_programs import ExtensionPrograms
    from lambdakit.emulator.faults import ErrorReport
    from lambdakit.emulator.function import FunctionConfig, Invocation, InvocationResult, Status
    from lambdakit.emulator.logs import LogSink
    from lambdakit.emulator.platform_log import Phase
    from lambdakit.emulator.process import BootstrapProcess, ExitStatus
    from lambdakit.emulator.telemetry.hub import Telemetry

_LOOPBACK = "127.0.0.1"

# The initialization type whose failed INIT is repeated inside an invocation.
_ON_DEMAND = "on-demand"


class InitSpan(NamedTuple):
    """An INIT that is over: when it began and ended, in seconds since 1970, and whether it failed."""

    began: float
    ended: float
    failed: bool


class ExecutionEnvironment:
    """One execution environment of a function; an async context manager that starts and stops it.

    `log` receives every log line; the stream's name is made up unless given. `host` is the environment the process's
    variables are built upon, `os.environ` unless given. `warden` confines the processes as Lambda does; the directory
    `host` names as TMPDIR is then theirs alone. With a `debugger` the runtime is started for it, in no confinement, and
    no deadline passes while one is attached. All methods belong to one event loop. Raises UsageError for a layer that
    is no directory, and for a runtime that the debugger is not for.
    """

    def __init__(
        self,
        config: FunctionConfig,
        *,
        log: LogSink = discard,
        log_stream: str | None = None,
        host: Mapping[str, str] | None = None,
        warden: Warden | None = None,
        debugger: Debugger | None = None,
    ) -> None:
        check_layers(config)
        self.config = config
        self.log_stream = log_stream or variables.log_stream_name(config.version)
        self._host = os.environ if host is None else host
        self._metadata_token = str(uuid.uuid4())
        self._variables: dict[str, str] = {}
        self._layers: LayerRoot | None = None
        self._server: asyncio.Server | None = None
        self._sandbox: Sandbox | None = None
        # The last process there was: its peak memory is still asked for after its end.
        self._process: BootstrapProcess | None = None
        self._flights: dict[str, Flight] = {}
        self._journal = Journal(config, log, self._flights)
        self._platform = self._journal.platform
        self._onlookers = Onlookers(config, self._journal, self._finish)
        self._telemetry: Telemetry | None = None
        # One INIT, restore or reset at a time.
        self._lifecycle = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._debugger = debugger
        self._hold = None if debugger is None else debugger.hold
        self._deadlines = Deadlines(config.timeout, self._on_deadline, self._hold)
        self._confinement = None
        # What a debugger needs is not the function's to answer for, and one that is stopped would not answer it.
        if warden is not None and debugger is None:
            tmp = self._host.get("TMPDIR")
            self._confinement = warden.confine(config, tmp=tmp, busy=self._is_busy, note=self.engine_note)
        self._initialised_before = False
        self._event_more = NEXT_AHEAD if config.max_concurrency == 1 else ""
        self._init_ms: float | None = None
        # The last two: the one that failed, and the one in the invocation that came next.
        self.inits: tuple[InitSpan, ...] = ()
        self._stopped = False

    # for callers

    async def __aenter__(self) -> ExecutionEnvironment:
        try:
            await self.start()
        except BaseException:
            await self.stop()  # the block, and with it __aexit__, is never entered
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def ready(self) -> bool:
        """Whether an event given now would go to an initialised process at once."""
        return self._sandbox is not None and self._sandbox.usable

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables every process is started with; empty before the first INIT."""
        return self._variables

    @property
    def runtime_api(self) -> str | None:
        """`host:port` of the Runtime API, the same for every process; None before the first INIT."""
        return self._variables.get("AWS_LAMBDA_RUNTIME_API")

    @property
    def pid(self) -> int | None:
        """The process id of the bootstrap, None while none runs."""
        return self._process.pid if self._process is not None and self._process.alive else None

    @property
    def running(self) -> int:
        """How many invocations are not over."""
        return len(self._flights)

    async def start(self) -> None:
        """Run INIT ahead of the first invocation; twice is allowed.

        A failed INIT of an on-demand environment raises nothing: it is logged, and repeated inside the first
        invocation. With any other initialization type InitFailedError is raised. EnvironmentStoppedError once
        `stop()` was called.
        """
        self._check_not_stopped()
        async with self._lifecycle:
            if not self._initialised_before:
                await self._first_init()
                self._rest()
        self._check_not_stopped()

    async def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run one event and return when the invocation is over.

        Function errors are results (`function_error`), never exceptions. Raises PayloadTooLargeError for an event over
        6 291 556 bytes, EnvironmentBusyError when `max_concurrency` invocations are running or the request id is,
        InitFailedError as `start()` does, and EnvironmentStoppedError. Cancelling it leaves the function running.
        """
        return await (await self.dispatch(invocation)).result()

    async def dispatch(self, invocation: Invocation) -> RunningInvocation:
        """Give one event to the function, initialising the environment first if need be; raises as `invoke()` does.

        Returns once the event is on its way, so that an answer can be passed on, or a stream read, before the
        invocation is over. InitFailedError, EnvironmentStoppedError and, under SnapStart, RestoreFailedError may also
        come from the object returned.
        """
        self._check_not_stopped()
        self._check_room(invocation)
        flight = Flight(invocation)
        bringing_up = self._take_off(flight)
        if bringing_up is not None:
            await asyncio.shield(bringing_up)
        return RunningInvocation(flight)

    def launch(self, flight: Flight) -> None:
        """Give a flight to the function without waiting for anything: its hooks tell what becomes of it.

        For whoever drives many environments. Raises PayloadTooLargeError, EnvironmentBusyError and
        EnvironmentStoppedError; a failed initialisation is the flight's `error`.
        """
        self._check_not_stopped()
        self._check_room(flight.invocation)
        self._take_off(flight)

    async def stop(self) -> None:
        """End the process and free everything; invocations still running raise EnvironmentStoppedError."""
        self._stopped = True
        if self._sandbox is not None:
            await self._end(self._sandbox)
        while self._tasks:
            await asyncio.wait(self._tasks)
        for flight in list(self._flights.values()):
            self._abort(flight)
        self._deadlines.close()
        if self._layers is not None:
            self._layers.remove()
        server, self._server = self._server, None
        if server is not None:
            await close_listening(server)
            await server.wait_closed()

    # for the session

    def flight_finished(self, flight: Flight) -> None:
        """The runtime is done with the flight: close its books, unless extensions are at it still."""
        if flight.attended is None or flight.attended.runtime_ends():
            self._finish(flight)

    def engine_note(self, text: str) -> None:
        """Log a line of the engine's own."""
        self._journal.engine_note(text)

    # becoming ready

    def _take_off(self, flight: Flight) -> asyncio.Task[None] | None:
        """Hand the flight over at once if that can be done, else begin what must come first."""
        self._flights[flight.request_id] = flight
        sandbox = self._sandbox
        if sandbox is None or not sandbox.usable:
            return self._background(self._bring_up(flight))
        self._begin(flight)
        self._hand_over(flight)
        return None

    async def _bring_up(self, flight: Flight) -> None:
        """Make the environment ready, whatever state it is in, and hand the flight over."""
        async with self._lifecycle:
            try:
                await self._make_ready(flight)
            except InitFailedError as error:
                self._forget(flight)
                flight.abort(error)
                return
            except OSError as error:  # the machine has no room left: for a process, a descriptor, a file
                self._forget(flight)
                flight.abort(EmulatorError(f"The execution environment could not be started: {error}"))
                return
            if self._stopped:
                self._abort(flight)
            elif not flight.over:
                if not flight.started:
                    self._begin(flight)
                self._hand_over(flight)

    async def _make_ready(self, flight: Flight) -> None:
        if not self._initialised_before and not self._stopped:
            await self._first_init()
        if self._sandbox is not None and self._sandbox.ending:
            await self._end(self._sandbox)
        if self._sandbox is None and not self._stopped:
            await self._initialise_again(flight)
        if self._sandbox is not None and not self._sandbox.session.restored.done():
            await self._restore(self._sandbox, flight)

    async def _first_init(self) -> None:
        await self._listen()
        self._initialised_before = True
        self._observe()
        report, _ = await self._initialise("init", self.config.init_limit, "")
        if report is None or self.config.initialization_type == _ON_DEMAND:
            return
        self._initialised_before = False
        raise InitFailedError(report.error_type, report.body)

    async def _initialise_again(self, flight: Flight) -> None:
        """Within the invocation's time; but a snapshot is made outside it."""
        if self.config.initialization_type == SNAP_START:
            await self._first_init()
        else:
            await self._suppressed_init(flight)

    async def _suppressed_init(self, flight: Flight) -> None:
        self._observe()
        self._begin(flight)
        report, status = await self._initialise("invoke", self._deadlines.left(flight), flight.request_id)
        if report is not None and not self._stopped:
            self._fail(flight, report, status)
            self._finish(flight)

    async def _initialise(self, phase: Phase, limit: float, request_id: str) -> tuple[ErrorReport | None, Status]:
        """One INIT; None or the report of its failure, after which no process is left."""
        self._platform.init_start(phase)
        sandbox = self._sandbox = self._new_sandbox(request_id)
        began = time.perf_counter()
        try:
            report, status = await self._run_init(sandbox, max(0.0, limit))
        except BaseException:
            await self._end(sandbox)
            raise
        elapsed_ms = (time.perf_counter() - began) * 1000
        now = time.time()
        self.inits = (*self.inits[-1:], InitSpan(now - elapsed_ms / 1000, now, report is not None))
        if report is not None:
            await self._end_runtime(
                sandbox, own_exit_seconds=limits.INIT_ERROR_EXIT_SECONDS if status == "error" else 0.0
            )
        sandbox.output.drain()
        if report is None and phase == "init" and self.config.initialization_type != SNAP_START:
            self._init_ms = elapsed_ms
        if not self._stopped:
            self._journal.extensions(sandbox.session.extensions.notices())
            self._platform.init_end(phase, status, _shown_type(report, status), elapsed_ms)
        if report is None:
            self._onlookers.accompany(sandbox)
            self._platform = self._journal.platform
        else:
            await self._end(sandbox, reason="timeout" if status == "timeout" else "failure")
        return report, status

    def _new_sandbox(self, request_id: str) -> Sandbox:
        assert self._telemetry is not None
        session = session_for(self.config, self, self._telemetry, metadata_token=self._metadata_token)
        if self.config.initialization_type == SNAP_START:
            session.credentials = credentials_of(self._host)
        sandbox = Sandbox(session, on_line=self._journal.function_line, request_id=request_id)
        sandbox.programs = programs_in(
            None if self._layers is None else self._layers.path,
            session.extensions,
            on_line=self._journal.extension_line,
            on_exit=lambda name, cause: self._on_extension_exit(sandbox, name, cause),
        )
        return sandbox

    def _observe(self) -> None:
        self._telemetry = self._onlookers.observe()
        self._platform = self._journal.platform

    async def _run_init(self, sandbox: Sandbox, limit: float) -> tuple[ErrorReport | None, Status]:
        until = self._time() + limit
        initialised = sandbox.session.initialised
        try:
            if sandbox.programs is None or await self._start_extensions(sandbox, sandbox.programs, limit):
                self._spawn(sandbox)
        except LaunchError as launch:
            return faults.made_here("Extension.LaunchError", sandbox.request_id, launch.cause), "failure"
        except StartError as error:
            return faults.not_started(error.error_type, sandbox.request_id, error.what), "failure"
        await wait_within({initialised}, max(0.0, until - self._time()), self._hold)
        if not initialised.done():
            return faults.timed_out(sandbox.request_id, self.config.timeout), "timeout"
        report = initialised.result()
        if report is None:
            self.engine_note(f"process {self.pid} is initialised")
            return None, "success"
        return report, "failure" if report.cause else "error"

    async def _start_extensions(self, sandbox: Sandbox, programs: ExtensionPrograms, limit: float) -> bool:
        """Start the external extensions; whether all have registered in time and none has ended. Raises LaunchError."""
        programs.start(self.config.task_root, self._variables)
        if self._confinement is not None:
            for process in programs.processes:
                self._confinement.started(process, "extension")
        registered = sandbox.session.extensions.registered
        either: set[asyncio.Future[Any]] = {registered, sandbox.session.initialised}
        await wait_within(either, limit, self._hold)
        return registered.done() and not sandbox.ending

    async def _restore(self, sandbox: Sandbox, flight: Flight) -> None:
        self._platform.restore_start()
        began = time.perf_counter()
        sandbox.request_id = flight.request_id
        sandbox.session.restore()
        restored = sandbox.session.restored
        await wait_within({restored}, limits.RESTORE_SECONDS, self._hold)
        elapsed_ms = (time.perf_counter() - began) * 1000
        report = restored.result() if restored.done() else None
        status: Status = "timeout" if not restored.done() else "success" if report is None else "error"
        if self._stopped:
            return
        self._platform.restore_end(status, _shown_type(report, status), elapsed_ms)
        if status == "success":
            flight.restore_ms = elapsed_ms
            return
        await self._end_runtime(sandbox, own_exit_seconds=limits.INIT_ERROR_EXIT_SECONDS if report else 0.0)
        await self._end(sandbox, reason="timeout" if report is None else "failure")
        self._forget(flight)
        flight.abort(restore_error(report))

    # an invocation's way

    def _begin(self, flight: Flight) -> None:
        flight.begin(self.config.timeout)
        if self._hold is not None:
            self._deadlines.began(flight)
        self._platform.start(flight.request_id, flight.trace_id, flight.invocation.tenant_id)

    def _hand_over(self, flight: Flight) -> None:
        sandbox = self._sandbox
        assert sandbox is not None
        sandbox.flights[flight.request_id] = flight
        flight.sandbox = sandbox
        self._deadlines.watch(flight)
        if self._confinement is not None:
            self._confinement.begins()
        flight.event = event_reply(flight, self.config.arn, self._event_more)
        if sandbox.companions is not None:
            sandbox.companions.attend(flight)
        sandbox.session.deliver(flight)

    def _on_deadline(self, flight: Flight) -> None:
        sandbox = flight.sandbox
        assert sandbox is not None
        sandbox.session.forget(flight)
        if self.config.max_concurrency > 1:
            self._time_out(flight)
        else:
            sandbox.ending = True
            self._background(self._reset_after_timeout(sandbox, flight))

    async def _reset_after_timeout(self, sandbox: Sandbox, flight: Flight) -> None:
        async with self._lifecycle:
            self.engine_note(f"deadline passed, ending process {self.pid}")
            await self._end_runtime(sandbox)
            self._time_out(flight)
            await self._end(sandbox, reason="timeout")

    def _time_out(self, flight: Flight) -> None:
        self._fail(flight, faults.timed_out(flight.request_id, self.config.timeout), "timeout")
        self._finish(flight)

    def _fail(self, flight: Flight, report: ErrorReport, status: Status) -> None:
        flight.fail(report, status)
        if report.cause is not None:
            self._platform.problem(flight.request_id, faults.type_beside_cause(report), report.cause)

    def _finish(self, flight: Flight) -> None:
        """Close the flight's books: the last of its output, END, REPORT, the result."""
        sandbox = self._sandbox
        if sandbox is not None:
            sandbox.output.drain()
        init_ms, self._init_ms = self._init_ms, None
        memory_mb = None if self._process is None else self._process.peak_mb()
        figures = self._journal.report(flight, init_ms=init_ms, memory_mb=memory_mb)
        self._forget(flight)
        flight.finish(figures, self.config.version)
        self._rest()

    def _rest(self) -> None:
        confinement = self._confinement
        if confinement is not None and confinement.attends_idleness and not self._flights:
            confinement.idle()

    def _forget(self, flight: Flight) -> None:
        self._flights.pop(flight.request_id, None)
        self._deadlines.forget(flight)
        if self._sandbox is not None:
            self._sandbox.flights.pop(flight.request_id, None)

    def _abort(self, flight: Flight) -> None:
        self._forget(flight)
        flight.abort(EnvironmentStoppedError("The execution environment was stopped before the invocation was over."))

    # the process

    async def _listen(self) -> None:
        if self._server is not None:
            return
        loop = asyncio.get_running_loop()
        self._layers = self._layers or LayerRoot(self.config.layers)
        self._server = await loop.create_server(self._accept, _LOOPBACK, 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        facts = variables.Facts(self.config, f"{host}:{port}", self.log_stream, self._metadata_token, self._layers.path)
        self._variables = variables.build(facts, self._host)

    def _accept(self) -> asyncio.BaseProtocol:
        return Refusal() if self._sandbox is None else Connection(self._sandbox.session)

    def _spawn(self, sandbox: Sandbox) -> None:
        command = shlex.join((*self.config.runtime_command, self.config.handler))
        self.engine_note(f"starting {command} in {self.config.task_root}")
        root = None if self._layers is None else self._layers.path
        config = self.config
        if self._debugger is not None:
            config = replace(config, runtime_command=self._debugger.command(config.runtime_command))
        sandbox.spawn(config, self._variables, self._on_exit, layer_root=root)
        self._process = sandbox.process
        if self._debugger is not None and sandbox.process is not None:
            self._debugger.process_started(sandbox.process.pid)
        if self._confinement is not None and sandbox.process is not None:
            self._confinement.started(sandbox.process, "runtime")
            sandbox.session.forfeits_answer = self._confinement.answer_check

    def _on_exit(self, sandbox: Sandbox, status: ExitStatus) -> None:
        self.engine_note(f"process ended: {status.cause}")
        if self._debugger is not None and sandbox.process is not None:
            self._debugger.process_ended(sandbox.process.pid)
        if sandbox.ending:
            return
        self._end_by_itself(sandbox, lambda request_id: faults.exited(request_id, status))

    def _on_extension_exit(self, sandbox: Sandbox, name: str, cause: str) -> None:
        self.engine_note(f"extension {name} ended: {cause}")
        if not sandbox.ending:
            self._end_by_itself(sandbox, lambda request_id: _crashed(sandbox, request_id, cause))

    def _end_by_itself(self, sandbox: Sandbox, report_for: Callable[[str], ErrorReport]) -> None:
        sandbox.ending = True
        start_ending = sandbox.session.starting
        self._background(self._end_start(sandbox, report_for) if start_ending else self._collapse(sandbox, report_for))

    async def _end_start(self, sandbox: Sandbox, report_for: Callable[[str], ErrorReport]) -> None:
        """A process ended during INIT or restore: tell whoever waits for that, once all it sent is read."""
        assert self._server is not None
        await take_in(sandbox, self._server)
        sandbox.session.end_start(report_for(sandbox.request_id))

    async def _collapse(self, sandbox: Sandbox, report_for: Callable[[str], ErrorReport]) -> None:
        """A process ended by itself: once all it sent is read, fail the invocations that counted on it."""
        async with self._lifecycle:
            assert self._server is not None
            await take_in(sandbox, self._server)
            sandbox.output.drain()
            for flight in list(sandbox.flights.values()):
                self._fail(flight, report_for(flight.request_id), "failure")
                self._finish(flight)
            await self._end(sandbox, reason="failure")

    async def _end_runtime(self, sandbox: Sandbox, *, own_exit_seconds: float = 0.0) -> None:
        if self._confinement is not None:
            self._confinement.ending()
        if self._debugger is not None and sandbox.process is not None:
            self._debugger.process_ended(sandbox.process.pid)
        await sandbox.end_runtime(own_exit_seconds=own_exit_seconds)

    async def _end(self, sandbox: Sandbox, *, reason: ShutdownReason = "spindown") -> None:
        await self._end_runtime(sandbox)
        await sandbox.end(reason=reason)
        if self._sandbox is sandbox:
            self._sandbox = None
            self._journal.observe(None)
            self._platform = self._journal.platform

    # small parts

    def _background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _time(self) -> float:
        """A clock that stands still while a debugger is attached."""
        return time.perf_counter() - (0.0 if self._hold is None else self._hold.total())

    def _is_busy(self) -> bool:
        return bool(self._flights) or (self._sandbox is not None and self._sandbox.session.starting)

    def _check_not_stopped(self) -> None:
        if self._stopped:
            raise EnvironmentStoppedError("The execution environment has been stopped.")

    def _check_room(self, invocation: Invocation) -> None:
        if len(invocation.payload) > limits.PAYLOAD_BYTES:
            raise PayloadTooLargeError(len(invocation.payload), limits.PAYLOAD_BYTES)
        if invocation.request_id in self._flights:
            raise EnvironmentBusyError(f"Request id {invocation.request_id} is already running here.")
        if len(self._flights) >= self.config.max_concurrency:
            raise EnvironmentBusyError(
                f"The execution environment is running {len(self._flights)} invocation(s), its limit."
            )


def _crashed(sandbox: Sandbox, request_id: str, cause: str) -> ErrorReport:
    return faults.made_here(sandbox.session.extensions.fatal_type or "Extension.Crash", request_id, cause)


def _shown_type(report: ErrorReport | None, status: Status) -> str | None:
    # A timeout is named by its status; beside it AWS shows no error type.
    return None if report is None or status == "timeout" else report.error_type
