"""The HTTP services as a table: how each makes events, how long it waits, how much it takes, what it adds.

Sources: Lambda quotas (function URLs: 6 MB both ways, the function's own timeout); API Gateway quotas (10 MB; 29
seconds for REST APIs, 30 for HTTP APIs); Elastic Load Balancing user guide, "Lambda functions as targets" (1 MB both
ways).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator import limits
from lambdakit.emulator.faces.events import alb_event, http_api_event, rest_event, url_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.emulator.faces.answers import Face
    from lambdakit.emulator.faces.events import Place
    from lambdakit.emulator.faces.message import FaceRequest

__all__ = ("DOORS", "Door")


class Door(NamedTuple):
    """One service. `seconds` None: the function's own timeout is the only one.

    `added` are headers of every answer: `{request_id}` and `{trace_id}` stand for this request's.
    """

    face: Face
    event: Callable[[FaceRequest, Place], dict[str, Any]]
    request_bytes: int
    response_bytes: int
    seconds: float | None
    added: tuple[tuple[str, str], ...] = ()


def _alb(request: FaceRequest, place: Place) -> dict[str, Any]:
    return alb_event(request, place.resource)


_MB = 1024 * 1024
_IDS = (("x-amzn-RequestId", "{request_id}"), ("X-Amzn-Trace-Id", "{trace_id}"))
DOORS: dict[Face, Door] = {
    "url": Door("url", url_event, limits.REQUEST_BYTES, limits.PAYLOAD_BYTES, None, _IDS),
    "http": Door("http", http_api_event, 10 * _MB, 10 * _MB, 30.0, (("apigw-requestid", "{request_id}"),)),
    "rest": Door("rest", rest_event, 10 * _MB, 10 * _MB, 29.0, (*_IDS, ("x-amz-apigw-id", "{request_id}"))),
    "alb": Door("alb", _alb, _MB, _MB, None),
}
