"""The X-Ray operations over HTTP, on the service's own port and on the daemon's.

POST /TraceSegments, /TraceSummaries ...      see `api`; clients are pointed here with AWS_ENDPOINT_URL_XRAY
GET  /_lambdakit/traces                       the latest traces, and what the daemon has taken and refused
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from lambdakit.emulator.tracing import api
from lambdakit.emulator.tracing.summaries import summary

if TYPE_CHECKING:
    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.api.routes import Operation
    from lambdakit.emulator.tracing.daemon import XRayDaemon

__all__ = ("trace_routes", "xray_routes")

REFUSED = b"x-amzn-ErrorType: InvalidRequestException\r\n"
LATEST_TRACES = 20


def xray_routes(xray: api.XRay) -> dict[tuple[bytes, bytes], Operation]:
    """The table of the operations' paths."""
    return {(b"POST", path.encode()): partial(_answer, xray, path) for path in api.PATHS}


def _answer(xray: api.XRay, path: str, exchange: Exchange) -> None:
    try:
        answer = api.call(path, xray, _object(exchange.body))
    except api.XRayError as error:
        exchange.reply(400, orjson.dumps({"Message": str(error)}), REFUSED)
        return
    exchange.reply_json(200, answer)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value: Any = orjson.loads(body or b"{}")
        return {**value}
    except (ValueError, TypeError):
        raise api.XRayError("The request is not a JSON object.") from None


def trace_routes(xray: api.XRay, daemon: XRayDaemon | None) -> dict[tuple[bytes, bytes], Operation]:
    """The operations, and the service's own view of traces."""

    def latest(exchange: Exchange) -> None:
        count = exchange.query.get("limit", "")
        limit = int(count) if count.isdecimal() else LATEST_TRACES
        traces = [summary(trace) for trace, _ in zip(xray.store.newest(), range(limit), strict=False)]
        exchange.reply_json(200, {"traces": traces, "daemon": None if daemon is None else daemon.told()})

    return {**xray_routes(xray), (b"GET", b"/_lambdakit/traces"): latest}
