"""The Runtime API seen from the runtime: what it says, and how it takes answers that no emulator gives."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.conformance.case import Case, Step, does, function, module
from tests.fake_runtime_api import ACCEPTED, Answer

if TYPE_CHECKING:
    from collections.abc import Callable


OK = function("return event")
LOOKS_AT = ("result", "exit", "calls")


def answered(id: str, contract: str, reply: Answer, body: str = "return event", **options: Any) -> Case:
    """A case about the answer to a response (or error): two events, the first answered so."""
    steps = (Step(b"1", reply=reply), Step(b"2"))
    return Case(
        f"api.{id}", contract, function(body), steps=steps, places=("fake",), looks_at=LOOKS_AT, alone=True, **options
    )


def ended(id: str, contract: str, end: Answer, **options: Any) -> Case:
    """A case about the answer to `next` after a first event."""
    return Case(
        f"api.{id}",
        contract,
        OK,
        steps=(Step(b"1"),),
        places=("fake",),
        looks_at=LOOKS_AT,
        alone=True,
        script={"end": end},
        **options,
    )


def init_answered(id: str, contract: str, reply: Answer) -> Case:
    """A case about the answer to `init/error`."""
    script = {"replies": {"init/error": reply}}
    return module(f"api.{id}", contract, "1 / 0\n", places=("fake",), looks_at=("exit", "calls"), script=script)


says: Callable[..., Case] = partial(does, places=("fake",), looks_at=("headers", "calls", "outcome"), alone=True)
ERROR_413 = Answer(413, b'{"errorMessage":"Exceeded maximum","errorType":"RequestEntityTooLarge"}\n')
ERROR_410 = Answer(410, b'{"errorMessage":"Invoke timeout","errorType":"InvokeTimeout"}\n')
ERROR_400 = Answer(400, b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n')
ERROR_403 = Answer(403, b'{"errorMessage":"State transition","errorType":"InvalidStateTransition"}\n')
ERROR_500 = Answer(500, b'{"errorMessage":"Internal Server Error","errorType":"InternalServerError"}\n')

CASES: tuple[Case, ...] = (
    says("api.response-headers", "a result says application/json", "return 1"),
    says("api.bytes-headers", "bytes say application/unknown", "return b'x'"),
    says("api.init-error-headers", "an init error says its type", "return 1", "raise ValueError('x')"),
    says("api.invocation-id", "the invocation id is echoed", "return event",
        steps=(Step(b"1", answer={"headers": {"Lambda-Runtime-Invocation-Id": "try-1"}}), Step(b"2"))),
    says("api.invocation-id-error", "also with an error", "raise ValueError",
        steps=(Step(b"1", answer={"headers": {"Lambda-Runtime-Invocation-Id": "try-1"}}),)),
    answered("response-413", "413 ends the runtime", ERROR_413),
    answered("response-410", "410 ends the runtime", ERROR_410),
    answered("response-400", "400 ends the runtime", ERROR_400),
    answered("response-403", "403 ends the runtime", ERROR_403),
    answered("response-500", "500 ends the runtime", ERROR_500),
    answered("response-200", "any 2xx will do", Answer(200, b"")),
    answered("response-204", "also without a body",
        Answer(204, b"", framing="none", after="keep", raw=b"HTTP/1.1 204 No Content\r\n\r\n")),
    answered("response-chunked", "an answer in chunks", Answer(202, ACCEPTED, framing="chunked")),
    answered("response-split", "an answer byte by byte", Answer(202, ACCEPTED, split=1)),
    answered("response-continue", "100 Continue before it",
        Answer(raw=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")),
    answered("response-close", "the server may close after it",
        Answer(202, ACCEPTED, {"Connection": "close"}, after="close")),
    answered("response-silent-close", "also without saying so", Answer(202, ACCEPTED, after="close")),
    answered("response-lost", "an answer that never comes ends the runtime", Answer(raw=b"", after="close")),
    answered("response-cut", "half an answer ends the runtime", Answer(202, ACCEPTED, cut=30)),
    answered("response-garbage", "an answer that is not HTTP ends the runtime",
        Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n", after="close")),
    answered("error-413", "413 to an error ends the runtime", ERROR_413, "raise ValueError(event)"),
    answered("error-410", "410 too", ERROR_410, "raise ValueError(event)"),
    answered("error-500", "500 too", ERROR_500, "raise ValueError(event)"),
    ended("next-500", "an error of next ends the runtime", ERROR_500),
    ended("next-403", "403", ERROR_403),
    ended("next-410", "410", ERROR_410),
    ended("next-404", "404", Answer(404, b"404 page not found\n")),
    ended("next-204", "204 is no event", Answer(204, b"", raw=b"HTTP/1.1 204 No Content\r\n\r\n")),
    ended("next-closed", "a connection closed without an answer ends the runtime", Answer(raw=b"", after="close")),
    ended("next-garbage", "what is not HTTP ends the runtime",
        Answer(raw=b"\x16\x03\x01 nonsense\r\n\r\n", after="close")),
    ended("next-cut-head", "half a head ends the runtime", Answer(200, b"{}", cut=20)),
    ended("next-cut-body", "half a body ends the runtime",
        Answer(200, b"{}" * 50, {"Lambda-Runtime-Aws-Request-Id": "x"}, cut=120)),
    ended("next-no-id", "an event without request id ends the runtime", Answer(200, b"{}")),
    ended("next-bad-length", "a length that is no number",
        Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}", after="close")),
    ended("next-bad-chunk", "a chunk without a size",
        Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", after="close")),
    init_answered("init-500", "whatever is said to an init error, the status is 1", ERROR_500),
    init_answered("init-403", "also 403", ERROR_403),
    init_answered("init-lost", "also nothing", Answer(raw=b"", after="close")),
)  # fmt: skip
