"""Invoke, InvokeWithResponseStream and InvokeAsync: from a request's headers through the service to its answer.

Checks come in the order the service makes them. A buffered answer is written as soon as the runtime has given it,
from within the engine's own call, unless the log's end is wanted with it. Source: AWS Lambda API reference, "Invoke"
and "InvokeWithResponseStream".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeVar

import orjson

from lambdakit.emulator import limits
from lambdakit.emulator.api import event_stream
from lambdakit.emulator.flight import RunningInvocation
from lambdakit.emulator.function import Invocation
from lambdakit.emulator.lanes import Trip
from lambdakit.emulator.payload import check_payload
from lambdakit.emulator.refusals import refusal
from lambdakit.emulator.service import invoked_arn
from lambdakit.exceptions import EmulatorError, ServiceError

if TYPE_CHECKING:
    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.api.routes import Operation
    from lambdakit.emulator.names import FunctionName
    from lambdakit.emulator.service import LocalService, Served

InvocationType = Literal["RequestResponse", "Event", "DryRun"]
Choice = TypeVar("Choice", bound=str)

# Headers of a request.
TYPE = b"x-amz-invocation-type"
LOG_TYPE = b"x-amz-log-type"
CLIENT_CONTEXT = b"x-amz-client-context"
TENANT_ID = b"x-amz-tenant-id"
TRACE_ID = b"x-amzn-trace-id"
AUTHORIZATION = b"authorization"

_TYPES: tuple[InvocationType, ...] = ("Event", "RequestResponse", "DryRun")
_STREAM_TYPES: tuple[InvocationType, ...] = ("RequestResponse", "DryRun")
_LOG_TYPES = ("None", "Tail")
_TENANT_ID_PATTERN = r"[a-zA-Z0-9\._:\/=+\-@ ]+"
_TENANT_ID_LENGTH = 256
_REMEMBERED = 1000
_REGION = re.compile(rb"Credential=[^/]+/\d{8}/([a-z0-9-]+)/")


class TakeEvent(Protocol):
    """Takes an asynchronous invocation in, durably: when it returns, the caller is told 202."""

    def __call__(self, served: Served, name: FunctionName, invocation: Invocation, /) -> None: ...


class Asked(NamedTuple):
    """What the head of a request asks for."""

    kind: InvocationType
    wants_tail: bool
    name: FunctionName
    client_context: str | None
    trace_id: str | None
    tenant_id: str | None


class InvokeOperations:
    """The operations of invoking; `take_event` is the queue's, without one `Event` is refused."""

    def __init__(self, service: LocalService, take_event: TakeEvent | None = None) -> None:
        self._service = service
        self._take_event = take_event
        self._streams: set[asyncio.Task[None]] = set()
        # Names that say nothing of region and account, whose meaning therefore never changes.
        self._plain_names: dict[tuple[str, str | None], FunctionName] = {}

    def routes(self) -> dict[tuple[bytes, bytes], Operation]:
        """The table of paths."""
        return {
            (b"POST", b"/2015-03-31/functions/{}/invocations"): self.invoke,
            (b"POST", b"/2021-11-15/functions/{}/response-streaming-invocations"): self.stream,
            (b"POST", b"/2014-11-13/functions/{}/invoke-async"): self.invoke_async,
        }

    def invoke(self, exchange: Exchange) -> None:
        """Answer Invoke."""
        served, asked = self._understand(exchange, _TYPES)
        invocation = _invocation(exchange, served, asked)
        if asked.kind == "DryRun":
            exchange.reply(204)
        elif asked.kind == "Event":
            self._enqueue(exchange, served, asked.name, invocation)
        elif asked.wants_tail:
            trip = Trip(invocation)
            trip.tell_over = partial(self._answer_with_log, exchange, served)
            self._service.launch(served, trip)
        else:
            trip = Trip(invocation, partial(self._answer, exchange, served))
            self._service.launch(served, trip)

    def invoke_async(self, exchange: Exchange) -> None:
        """Answer InvokeAsync, which Invoke with `Event` has replaced."""
        served, asked = self._understand(exchange, None)
        self._enqueue(exchange, served, asked.name, _invocation(exchange, served, asked))

    def stream(self, exchange: Exchange) -> None:
        """Answer InvokeWithResponseStream."""
        served, asked = self._understand(exchange, _STREAM_TYPES)
        invocation = _invocation(exchange, served, asked)
        if asked.kind == "DryRun":
            exchange.reply(204)
            return
        trip = Trip(invocation)
        self._service.launch(served, trip)
        task = asyncio.get_running_loop().create_task(self._pump(exchange, served, asked, trip))
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)

    # requests

    def _understand(self, exchange: Exchange, types: tuple[InvocationType, ...] | None) -> tuple[Served, Asked]:
        """The function that is meant and what is asked of it, after all checks, which depend on the head but for two.

        `types` are those that the operation has; None for one that knows nothing of them.
        """
        asked = exchange.head.understood
        if isinstance(asked, Asked):
            check_payload(exchange.body)
            return self._service.find(asked.name), asked
        kind: InvocationType | None = None if types is None else _choice(exchange, TYPE, "invocationType", types)
        tail = _choice(exchange, LOG_TYPE, "logType", _LOG_TYPES) == "Tail"
        tenant_id = exchange.header(TENANT_ID)
        _check_tenant(tenant_id)
        name = self._name(exchange)
        check_payload(exchange.body)
        served = self._service.find(name)
        context = _client_context(exchange)
        asked = Asked(kind or "RequestResponse", tail, name, context, exchange.header(TRACE_ID), tenant_id)
        if name.region is None and name.account is None:
            exchange.head.understood = asked
        return served, asked

    def _name(self, exchange: Exchange) -> FunctionName:
        given = (exchange.labels[0], exchange.query.get("Qualifier"))
        name = self._plain_names.get(given)
        if name is None:
            name = self._service.parse(*given, signed_region(exchange))
            if name.region is None and name.account is None and len(self._plain_names) < _REMEMBERED:
                self._plain_names[given] = name
        return name

    def _enqueue(self, exchange: Exchange, served: Served, name: FunctionName, invocation: Invocation) -> None:
        if self._take_event is None:
            raise refusal("no queue")
        if len(invocation.payload) > limits.EVENT_BYTES:
            raise refusal(
                "payload too large",
                size=len(invocation.payload),
                invocation_type="Event",
                limit=limits.EVENT_BYTES,
            )
        self._take_event(served, name, invocation)
        exchange.reply(202)

    # answers

    def _answer(self, exchange: Exchange, served: Served, trip: Trip) -> None:
        """Called when there is an answer, or a stream has begun, of which Invoke gives only the whole."""
        if trip.error is not None:
            exchange.refuse(as_refusal(trip.error))
        elif trip.answered and trip.stream is None:
            exchange.reply(200, trip.payload, _lines(served, trip))
        else:
            trip.collect()
            trip.tell_over = partial(self._answer_over, exchange, served, b"")

    def _answer_with_log(self, exchange: Exchange, served: Served, trip: Trip) -> None:
        more = b""
        if trip.error is None:
            more = b"X-Amz-Log-Result: %b\r\n" % base64.b64encode(trip.result().log_tail)
        self._answer_over(exchange, served, more, trip)

    def _answer_over(self, exchange: Exchange, served: Served, more: bytes, trip: Trip) -> None:
        if trip.error is not None:
            exchange.refuse(as_refusal(trip.error))
            return
        streamed = trip.stream is not None and trip.function_error is None
        payload = trip.stream.take() if streamed and trip.stream is not None else trip.payload
        exchange.reply(200, payload, _lines(served, trip) + more)

    async def _pump(self, exchange: Exchange, served: Served, asked: Asked, trip: Trip) -> None:
        """Pass a response on as it is made, then say how it ended."""
        running = RunningInvocation(trip)
        exchange.on_gone = running.abandon
        try:
            answer = await running.answer()
        except EmulatorError as error:
            exchange.refuse(as_refusal(error))
            return
        exchange.begin(200, event_stream.CONTENT_TYPE, _stream_lines(served, trip))
        if answer.function_error is None or answer.response_mode == "streaming":
            async for chunk in running.chunks():
                if chunk:
                    await exchange.send(event_stream.payload_chunks(chunk))
        details: dict[str, str] = {}
        try:
            result = await running.result()
        except EmulatorError as error:
            details = {"ErrorCode": "ServiceException", "ErrorDetails": str(error)}
        else:
            if result.function_error is not None:
                details = {
                    "ErrorCode": result.function_error,
                    "ErrorDetails": result.payload.decode("utf-8", "replace"),
                }
            if asked.wants_tail:
                details["LogResult"] = base64.b64encode(result.log_tail).decode()
        await exchange.send(event_stream.invoke_complete(orjson.dumps(details)))
        exchange.end()


def signed_region(exchange: Exchange) -> str | None:
    """The region the request was signed for."""
    authorization = exchange.headers.get(AUTHORIZATION)
    found = _REGION.search(authorization) if authorization else None
    return found[1].decode() if found else None


def as_refusal(error: Exception) -> ServiceError:
    """What the caller is told of an error that is not about the request."""
    return error if isinstance(error, ServiceError) else refusal("service", problem=str(error))


def _invocation(exchange: Exchange, served: Served, asked: Asked) -> Invocation:
    return Invocation(
        payload=exchange.body or b"{}",
        request_id=exchange.request_id,
        client_context=asked.client_context,
        trace_id=asked.trace_id,
        tenant_id=asked.tenant_id,
        arn=invoked_arn(served.config, asked.name.qualifier),
    )


def _client_context(exchange: Exchange) -> str | None:
    encoded = exchange.headers.get(CLIENT_CONTEXT)
    if not encoded:
        return None
    if len(encoded) > limits.CLIENT_CONTEXT_BYTES:
        raise refusal("client context")
    try:
        decoded = base64.b64decode(encoded, validate=True)
        value: object = orjson.loads(decoded)
    except (binascii.Error, ValueError):
        raise refusal("client context") from None
    if not isinstance(value, dict):
        raise refusal("client context")
    return decoded.decode()


def _choice(exchange: Exchange, header: bytes, member: str, values: tuple[Choice, ...]) -> Choice | None:
    given = exchange.header(header)
    if given is None:
        return None
    for value in values:
        if given == value:
            return value
    raise refusal("enum", value=given, member=member, values=", ".join(values))


def _check_tenant(tenant_id: str | None) -> None:
    if tenant_id is None:
        return
    if len(tenant_id) > _TENANT_ID_LENGTH:
        raise refusal("length", value=tenant_id, member="tenantId", most=_TENANT_ID_LENGTH)
    if not re.fullmatch(_TENANT_ID_PATTERN, tenant_id):
        raise refusal("pattern", value=tenant_id, member="tenantId", pattern=_TENANT_ID_PATTERN)


def _lines(served: Served, trip: Trip) -> bytes:
    error = b"X-Amz-Function-Error: Unhandled\r\n" if trip.function_error is not None else b""
    return b"%bX-Amz-Executed-Version: %b\r\nx-amzn-Remapped-Content-Length: 0\r\nX-Amzn-Trace-Id: %b\r\n" % (
        error, served.config.version.encode(), trip.trace_id.encode(),
    )  # fmt: skip


def _stream_lines(served: Served, trip: Trip) -> bytes:
    return b"X-Amz-Executed-Version: %b\r\nX-Amzn-Trace-Id: %b\r\n" % (
        served.config.version.encode(), trip.trace_id.encode(),
    )  # fmt: skip
