"""What the Runtime API's calls mean: one runtime process's conversation with its execution environment.

A session lives as long as its process. The two kinds, one event at a time and several at once, are in `kinds`; here
is what they have in common. A session is driven from two sides: the connections call the endpoints, the environment
delivers flights. Everything is a plain synchronous call on the event loop; no call waits.

Not here: time limits, the process and its end, log lines of the platform. Those are the environment's, which the
session tells what happened through `SessionOwner`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from lambdakit.emulator import faults, limits, replies, routes, states
from lambdakit.emulator.extensions import Extensions
from lambdakit.emulator.faults import ErrorReport
from lambdakit.emulator.stream import ResponseStream

if TYPE_CHECKING:
    from lambdakit.emulator.flight import Flight
    from lambdakit.emulator.function import FunctionConfig
    from lambdakit.emulator.protocol import Connection, Request
    from lambdakit.emulator.snapstart import Credentials
    from lambdakit.emulator.telemetry.hub import Telemetry
    from lambdakit.emulator.telemetry.subscription import Api

INVOCATION_ID = b"lambda-runtime-invocation-id"
RESPONSE_MODE = b"lambda-runtime-function-response-mode"
ERROR_TYPE = b"lambda-runtime-function-error-type"
ERROR_BODY = b"lambda-runtime-function-error-body"
CONTENT_TYPE = b"content-type"

HTTP_STREAM_CONTENT_TYPE = b"application/vnd.awslambda.http-integration-response"

Endpoint = Callable[["Request"], "bytes | None"]


class SessionOwner(Protocol):
    """What a session tells the execution environment it belongs to."""

    def flight_finished(self, flight: Flight) -> None:
        """The runtime is done with the flight."""

    def engine_note(self, text: str) -> None:
        """Something worth knowing happened that AWS would not log for the customer."""


class Session:
    """What both kinds have in common: INIT, restore, extensions, and the upload of a response."""

    def __init__(
        self, config: FunctionConfig, owner: SessionOwner, telemetry: Telemetry, *, metadata_token: str
    ) -> None:
        self.config = config
        self.owner = owner
        self.telemetry = telemetry
        self.state = states.STARTED
        self.extensions = Extensions(config)
        # The report of a failed INIT or restore; None when the environment is ready (or ready to be restored).
        self.initialised: asyncio.Future[ErrorReport | None] = asyncio.get_running_loop().create_future()
        self.restored: asyncio.Future[ErrorReport | None] = asyncio.get_running_loop().create_future()
        # Asked before an answer is taken: True when the process is being killed for what it did meanwhile.
        self.forfeits_answer: Callable[[], bool] | None = None
        self._up = False
        self._token = metadata_token
        self._metadata_authorization = f"Bearer {metadata_token}".encode()
        # What `credentials` hands out, where it does.
        self.credentials: Credentials | None = None
        self._connections: set[Connection] = set()
        self._all_closed: asyncio.Future[None] | None = None
        self._restoring: Connection | None = None
        self.routes = {**routes.FIXED, **(routes.SNAP_START if config.initialization_type == "snap-start" else {})}
        self.endpoints: dict[str, Endpoint] = {
            "ping": lambda request: replies.PONG,
            "next": self.next,
            "respond": self.respond,
            "report_error": self.report_error,
            "report_init_error": self.report_init_error,
            "restore_next": self.restore_next,
            "report_restore_error": self.report_restore_error,
            "register_extension": self.register_extension,
            "extension_next": self.extension_next,
            "extension_init_error": self.extensions.report_init_error,
            "extension_exit_error": self.extensions.report_exit_error,
            "telemetry": lambda request: self._subscribe("telemetry", request),
            "logs": lambda request: self._subscribe("logs", request),
            "metadata": self.metadata,
            "credentials": self.give_credentials,
        }

    # for the kinds

    def next(self, request: Request) -> bytes | None:
        """Answer `GET /runtime/invocation/next`."""
        raise NotImplementedError

    def deliver(self, flight: Flight) -> None:
        """Give the flight to the runtime, now or when it asks."""
        raise NotImplementedError

    def forget(self, flight: Flight) -> None:
        """The flight has timed out; whatever the runtime says about it comes too late."""
        raise NotImplementedError

    def accept_upload(self, request: Request) -> bytes | None:
        """Decide on `/response` and `/error` when their headers have come: None, or the reply that refuses them."""
        raise NotImplementedError

    def uploaded(self, flight: Flight) -> None:
        """The runtime has answered the flight."""
        raise NotImplementedError

    # connections

    def connected(self, connection: Connection) -> None:
        """A connection was opened."""
        self._connections.add(connection)

    def disconnected(self, connection: Connection) -> None:
        """A connection was closed."""
        self._connections.discard(connection)
        self.extensions.disconnected(connection)
        if self._restoring is connection:
            self._restoring = None
        if self._all_closed is not None and not self._all_closed.done() and self._runtime_is_gone():
            self._all_closed.set_result(None)

    async def settle(self, seconds: float) -> None:
        """Wait until what the ended process had sent is read to its end; extensions are other processes."""
        if not self._runtime_is_gone():
            self._all_closed = asyncio.get_running_loop().create_future()
            await asyncio.wait({self._all_closed}, timeout=seconds)

    def _runtime_is_gone(self) -> bool:
        return all(self.extensions.owns(connection) for connection in self._connections)

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            connection.abort()

    # INIT and restore

    def report_init_error(self, request: Request) -> bytes:
        """Answer `POST /runtime/init/error`."""
        refused = self._step(states.INIT_ERROR)
        if refused is not None:
            return refused
        self._end_init(faults.from_runtime(request.headers, request.body))
        return replies.ACCEPTED

    def restore_next(self, request: Request) -> bytes | None:
        """Answer `GET /runtime/restore/next`: not before the environment is restored."""
        refused = self._step(states.RESTORE_READY)
        if refused is not None:
            return refused
        self._restoring = request.connection
        self._maybe_initialised()
        return None

    def restore(self) -> None:
        """Let the waiting runtime go on from its snapshot; `restored` tells how that went."""
        self.state = states.RESTORING
        if self._restoring is not None:
            self._restoring.reply(replies.RESTORED)
            self._restoring = None

    def report_restore_error(self, request: Request) -> bytes:
        """Answer `POST /runtime/restore/error`."""
        refused = self._step(states.RESTORE_ERROR)
        if refused is not None:
            return refused
        if not self.restored.done():
            self.restored.set_result(faults.from_runtime(request.headers, request.body))
        return replies.ACCEPTED

    @property
    def up(self) -> bool:
        """Whether INIT and restore are over, whatever came of them."""
        # Asked for every event; once true it stays so.
        self._up = self._up or (self.initialised.done() and self.restored.done())
        return self._up

    @property
    def starting(self) -> bool:
        """Whether INIT or a restore is under way, so that somebody waits for its outcome."""
        return not self.initialised.done() or (self.state == states.RESTORING and not self.restored.done())

    def end_start(self, report: ErrorReport) -> None:
        """The process is gone: whatever waited for it to be ready has failed."""
        self._end_init(report)
        if not self.restored.done():
            self.restored.set_result(report)

    def _end_init(self, report: ErrorReport | None) -> None:
        if not self.initialised.done():
            self.initialised.set_result(report)

    def _maybe_initialised(self) -> None:
        if self._up:
            return
        if self.state in (states.STARTED, states.INIT_ERROR) or not self.extensions.initialised:
            return
        self._end_init(None)
        if self.state != states.RESTORE_READY and not self.restored.done():
            self.restored.set_result(None)

    def _step(self, target: str) -> bytes | None:
        if target not in states.STEPS[self.state]:
            return replies.invalid_transition(self.state, target)
        self.state = target
        return None

    # extensions, telemetry, metadata

    def register_extension(self, request: Request) -> bytes:
        """Answer `POST /extension/register`."""
        return self.extensions.register(request, closed=self.initialised.done() or self.state != states.STARTED)

    def extension_next(self, request: Request) -> bytes | None:
        """Answer `GET /extension/event/next`."""
        reply = self.extensions.wait_for_event(request)
        self._maybe_initialised()
        return reply

    def _subscribe(self, api: Api, request: Request) -> bytes:
        caller = self.extensions.identify(request)
        if isinstance(caller, bytes):
            return caller
        return self.telemetry.subscribe(api, caller.name, request.body)

    def metadata(self, request: Request) -> bytes:
        """Answer `GET /metadata/execution-environment`."""
        if request.headers.get(b"authorization") != self._metadata_authorization:
            return replies.METADATA_UNAUTHORIZED
        body = json.dumps({"AvailabilityZoneID": "use1-az1"}).encode()
        return replies.reply(200, body, replies.JSON, ("Cache-Control", "private, max-age=43200, immutable"))

    def give_credentials(self, request: Request) -> bytes:
        """Answer `GET /credentials`."""
        return replies.NOT_FOUND if self.credentials is None else self.credentials.answer(request, self._token)

    # uploads

    def respond(self, request: Request) -> bytes:
        """Answer `POST /runtime/invocation/{id}/response` once its body is whole."""
        flight = request.flight
        assert flight is not None
        if flight.answered:
            return replies.INVOKE_TIMEOUT
        if self.forfeits_answer is not None and self.forfeits_answer():
            return replies.INVOKE_TIMEOUT
        if request.on_chunk is not None:
            self._end_stream(flight, request)
        elif request.oversized:
            flight.fail(faults.RESPONSE_TOO_LARGE, "error")
        elif request.trailers.get(ERROR_TYPE):
            flight.fail(_from_trailers(request), "error")
        else:
            flight.succeed(request.body, _text(request.headers.get(CONTENT_TYPE)))
        return self._uploaded(request, flight)

    def report_error(self, request: Request) -> bytes:
        """Answer `POST /runtime/invocation/{id}/error` once its body is whole."""
        flight = request.flight
        assert flight is not None
        if flight.answered:
            return replies.INVOKE_TIMEOUT
        if self.forfeits_answer is not None and self.forfeits_answer():
            return replies.INVOKE_TIMEOUT
        if request.oversized:
            flight.fail(faults.RESPONSE_TOO_LARGE, "error")
        else:
            flight.content_type = _text(request.headers.get(CONTENT_TYPE))
            flight.fail(faults.from_runtime(request.headers, request.body), "error")
        return self._uploaded(request, flight)

    def upload_cut(self, request: Request) -> None:
        """The connection ended, or stopped making sense, in the middle of an accepted upload."""
        flight = request.flight
        assert flight is not None
        if flight.answered:
            return
        report = faults.made_here("Runtime.TruncatedResponse", flight.request_id, faults.TRUNCATED_CAUSE)
        flight.fail(report, "error")
        self.uploaded(flight)

    def _accept(self, request: Request, flight: Flight) -> bytes | None:
        """The checks that need the flight; None accepts."""
        given = request.headers.get(INVOCATION_ID)
        if given and given.decode("latin-1") != flight.invocation_id:
            self.owner.engine_note(
                f"Cross-wiring detected: invocation ID mismatch on response (request {flight.request_id})"
            )
            return replies.INVOKE_TIMEOUT
        mode = request.headers.get(RESPONSE_MODE)
        if mode is not None and mode != b"streaming":
            flight.fail(
                faults.made_here(
                    "Runtime.InvalidResponseModeHeader", flight.request_id, "Invalid function response mode"
                ),
                "error",
            )
            self.uploaded(flight)
            return replies.INVALID_RESPONSE_MODE
        request.flight = flight
        if _is_response(request) and (mode is not None or _is_http_stream(request)):
            self._start_stream(request, flight)
        return None

    def _start_stream(self, request: Request, flight: Flight) -> None:
        stream = ResponseStream(request.connection.pause, request.connection.resume)
        flight.start_stream(stream, _text(request.headers.get(CONTENT_TYPE)))
        if flight.attended is not None:
            flight.attended.answer_begins()

        def on_chunk(chunk: bytes) -> None:
            if request.size > limits.STREAM_BYTES:
                request.oversized = True
            elif not flight.answered:
                stream.feed(chunk)

        request.on_chunk = on_chunk

    def _end_stream(self, flight: Flight, request: Request) -> None:
        if request.oversized:
            flight.fail(faults.STREAM_TOO_LARGE, "error")
        elif request.trailers.get(ERROR_TYPE):
            flight.fail(_from_trailers(request), "error")
        else:
            flight.end_stream()

    def _uploaded(self, request: Request, flight: Flight) -> bytes:
        if flight.attended is not None:
            flight.attended.answer_ends()
        self.uploaded(flight)
        if request.oversized:
            return replies.TOO_LARGE if request.on_chunk is None else replies.STREAM_TOO_LARGE
        return replies.ACCEPTED


def _is_response(request: Request) -> bool:
    return request.route is not None and request.route.endpoint == "respond"


def _is_http_stream(request: Request) -> bool:
    return request.headers.get(CONTENT_TYPE, b"").startswith(HTTP_STREAM_CONTENT_TYPE)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _from_trailers(request: Request) -> ErrorReport:
    error_type = faults.normalise_type(request.trailers[ERROR_TYPE].decode("latin-1"))
    raw = request.trailers.get(ERROR_BODY, b"")
    try:
        body = base64.b64decode(raw, validate=True)
    except binascii.Error:
        body = raw
    return ErrorReport(error_type, body)
