"""A request's way through the faces: to an event, to the function, and back as a response.

A passage is made when a request's head is known and answers it when its body is there. Failures of the function and
refusals of the service become the answers that the face's service gives (`answers.FAULTS`); the function runs on when
its service or its client has stopped waiting.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.faces.answers import answer, fault
from lambdakit.emulator.faces.message import FaceRequest, FaceResponse
from lambdakit.emulator.faces.stream_head import HTTP_TYPE, read_head, split_head
from lambdakit.emulator.faces.url_cors import preflight, with_cors
from lambdakit.emulator.faces.wire import is_sendable, own_headers
from lambdakit.emulator.function import ACTIVE
from lambdakit.emulator.ids import new_uuid, undecided_trace_id, unsampled
from lambdakit.emulator.service import InvokeRequest
from lambdakit.exceptions import EmulatorError, ServiceError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from lambdakit.emulator.faces.answers import Face
    from lambdakit.emulator.faces.connection import RequestHead, Writer
    from lambdakit.emulator.faces.doors import Door
    from lambdakit.emulator.faces.events import Place
    from lambdakit.emulator.flight import RunningInvocation
    from lambdakit.emulator.function import Answer
    from lambdakit.emulator.project.spec import FunctionUrl
    from lambdakit.emulator.service import LocalService

    # What lets a request in: the place with what the authorizer added to it, or the answer to who is not let in.
    Admission = Callable[[FaceRequest, Place], Awaitable[Place | FaceResponse]]

__all__ = ("FixedPassage", "FunctionPassage", "Way", "request_of")

_TRACE_ID = "X-Amzn-Trace-Id"
_OCTETS = "application/octet-stream"


class Way(NamedTuple):
    """Where a request leads: through which door to which function, and for a function URL what that is set to."""

    door: Door
    function: str
    place: Place
    path: str
    admit: Admission | None = None
    url: FunctionUrl | None = None


class FixedPassage(NamedTuple):
    """A request that no function gets: the answer is known by its head."""

    response: FaceResponse
    limit: int
    too_large: FaceResponse

    async def respond(self, body: bytes, writer: Writer) -> None:
        """Answer the request."""
        writer.send(self.response)


def request_of(head: RequestHead, path: str, body: bytes) -> FaceRequest:
    """The request as the faces see it, with the trace header that services add."""
    headers = head.headers if head.header(_TRACE_ID.lower()) else (*head.headers, (_TRACE_ID, undecided_trace_id()))
    query = head.target.partition("?")[2]
    return FaceRequest(head.method, path, query, headers, body, head.source_ip, head.protocol, time.time(), new_uuid())


class FunctionPassage:
    """A request that a function answers."""

    def __init__(self, service: LocalService, head: RequestHead, way: Way) -> None:
        self._service = service
        self._head = head
        self._way = way
        self._face: Face = way.door.face
        self._cors: Mapping[str, Any] | None = way.url.cors if way.url is not None else None

    @property
    def limit(self) -> int:
        """The bytes a body may have."""
        return self._way.door.request_bytes

    @property
    def too_large(self) -> FaceResponse:
        """The answer to a body that has more."""
        return fault(self._face, "too-large")

    async def respond(self, body: bytes, writer: Writer) -> None:
        """Answer the request."""
        request = request_of(self._head, self._way.path, body)
        answered = preflight(request, self._cors)
        if answered is not None:
            writer.send(self._with_added(request, answered))
            return
        response = await self._from_function(request, writer)
        if response is not None:
            writer.send(self._finished(request, response))

    async def _from_function(self, request: FaceRequest, writer: Writer) -> FaceResponse | None:
        """The function's answer, or the service's instead; None where it has been streamed to the writer."""
        place = self._way.place
        if self._way.admit is not None:
            admitted = await self._way.admit(request, place)
            if isinstance(admitted, FaceResponse):
                return admitted
            place = admitted
        try:
            running = self._service.dispatch(self._invocation(request, place))
            return await self._bounded(running, request, writer)
        except ThrottledError:
            return fault(self._face, "throttled")
        except ServiceError as error:
            return fault(self._face, "too-large" if error.status == 413 else "malformed")
        except EmulatorError:
            return fault(self._face, "malformed")

    def _invocation(self, request: FaceRequest, place: Place) -> InvokeRequest:
        event = json.dumps(self._way.door.event(request, place), ensure_ascii=False).encode("utf-8", "replace")
        header = request.header(_TRACE_ID) or ""
        config = self._service.find(self._service.parse(self._way.function, None, None)).config
        # With active tracing it is the service that decides.
        trace_id = header if config.tracing == ACTIVE else unsampled(header)
        return InvokeRequest(self._way.function, event, request_id=request.request_id, trace_id=trace_id)

    async def _bounded(self, running: RunningInvocation, request: FaceRequest, writer: Writer) -> FaceResponse | None:
        """The answer within the time the service waits for it."""
        url = self._way.url
        if url is not None and url.invoke_mode == "RESPONSE_STREAM":
            return await self._streamed(running, request, writer)
        try:
            return await asyncio.wait_for(self._whole(running), self._way.door.seconds)
        except asyncio.TimeoutError:
            return fault(self._face, "timeout")

    async def _whole(self, running: RunningInvocation) -> FaceResponse:
        told = await running.answer()
        payload, error = told.payload, told.function_error
        if told.response_mode == "streaming" and error is None:
            result = await running.result()
            payload, error = result.payload, result.function_error
        if error is not None or len(payload) > self._way.door.response_bytes:
            return fault(self._face, "malformed")
        if told.content_type == HTTP_TYPE:
            return _with_prelude(payload) or fault(self._face, "malformed")
        return answer(self._face, payload)

    async def _streamed(self, running: RunningInvocation, request: FaceRequest, writer: Writer) -> FaceResponse | None:
        """Pass an answer on as it is made."""
        told = await running.answer()
        if told.response_mode == "buffered":
            return answer(self._face, told.payload, outcome="failed" if told.function_error else "answered")
        try:
            return await self._pump(running, told, request, writer)
        finally:
            running.abandon()

    async def _pump(
        self, running: RunningInvocation, told: Answer, request: FaceRequest, writer: Writer
    ) -> FaceResponse | None:
        chunks = running.chunks()
        found: tuple[FaceResponse, bytes] | None = (_plain_head(told), b"")
        if told.content_type == HTTP_TYPE:
            found = await read_head(chunks)
        if found is None:
            return fault(self._face, "malformed")
        writer.begin(self._finished(request, found[0]))
        await writer.write(found[1])
        async for piece in chunks:
            await writer.write(piece)
        await self._end(running, writer)
        return None

    async def _end(self, running: RunningInvocation, writer: Writer) -> None:
        try:
            result = await running.result()
        except EmulatorError:
            writer.break_off()
            return
        if result.function_error is not None:
            writer.break_off()
        else:
            writer.end()

    def _finished(self, request: FaceRequest, response: FaceResponse) -> FaceResponse:
        """The response with what the service adds, fit to be sent."""
        if not is_sendable(response):
            response = fault(self._face, "malformed")
        kept = own_headers(response.headers, remap="rest" if self._face == "rest" else "none")
        return self._with_added(request, with_cors(request, response._replace(headers=kept), self._cors))

    def _with_added(self, request: FaceRequest, response: FaceResponse) -> FaceResponse:
        values = {"request_id": request.request_id, "trace_id": request.header(_TRACE_ID)}
        added = tuple((name, value.format(**values)) for name, value in self._way.door.added)
        return response._replace(headers=(*response.headers, *added))


def _plain_head(told: Answer) -> FaceResponse:
    return FaceResponse(200, (("content-type", told.content_type or _OCTETS),), b"")


def _with_prelude(payload: bytes) -> FaceResponse | None:
    found = split_head(payload)
    return None if found is None else found[0]._replace(body=found[1])
