"""What the service shows of itself over HTTP: logs, metrics, usage, and the clock.

    POST /                      CloudWatch Logs and CloudWatch metrics: the operation is in `X-Amz-Target`, all is JSON
    GET  /metrics               the same metrics for Prometheus
    GET  /_lambdakit/cost       what invocations would have cost
    GET  /_lambdakit/clock      the moment schedules go by; POST {"advance": SECONDS} moves a virtual clock on

Clients are pointed here with AWS_ENDPOINT_URL_CLOUDWATCH_LOGS and AWS_ENDPOINT_URL_CLOUDWATCH.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from lambdakit.emulator.clock import VirtualClock
from lambdakit.emulator.cloudwatch import logs_api, metrics_api, prometheus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.api.exchange import Exchange
    from lambdakit.emulator.api.routes import Operation
    from lambdakit.emulator.backstage import Backstage

__all__ = ("BackstageOperations",)

TARGET = b"x-amz-target"
JSON_1_0, JSON_1_1 = b"application/x-amz-json-1.0", b"application/x-amz-json-1.1"
# A virtual clock is moved on by at most this at once: more is a mistake in a test.
MOST_SECONDS = 366 * 86_400


_log = logging.getLogger(__name__)


class BackstageOperations:
    """The operations that show what is behind the service."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> dict[tuple[bytes, bytes], Operation]:
        """The table of paths."""
        return {
            (b"POST", b"/"): self.target,
            (b"GET", b"/metrics"): self.prometheus,
            (b"GET", b"/_lambdakit/cost"): self.cost,
            (b"GET", b"/_lambdakit/clock"): self.clock,
            (b"POST", b"/_lambdakit/clock"): self.advance,
        }

    def target(self, exchange: Exchange) -> None:
        """Answer an operation that is named in a header."""
        target = exchange.header(TARGET) or ""
        answer = self._metrics if target.startswith(metrics_api.TARGET_PREFIX) else self._logs
        answer(exchange, target.rpartition(".")[2])

    def _logs(self, exchange: Exchange, operation: str) -> None:
        account = logs_api.Account(self._backstage.region, self._backstage.account_id)
        try:
            answer = logs_api.call(operation, self._backstage.logs, _object(exchange.body), account)
        except logs_api.LogsError as error:
            refused = {"__type": error.kind, "message": error.message}
            exchange.reply(400, orjson.dumps(refused), content_type=JSON_1_1)
            return
        exchange.reply(200, orjson.dumps(answer), content_type=JSON_1_1)

    def _metrics(self, exchange: Exchange, operation: str) -> None:
        try:
            answer = metrics_api.call(operation, self._backstage.metrics, _object(exchange.body))
        except (metrics_api.MetricsError, logs_api.LogsError) as error:
            refused = {"__type": error.kind, "message": error.message}
            more = f"x-amzn-query-error: {error.kind};Sender\r\n".encode()
            exchange.reply(400, orjson.dumps(refused), more, content_type=JSON_1_0)
            return
        body = orjson.dumps(answer, default=datetime.timestamp, option=orjson.OPT_PASSTHROUGH_DATETIME)
        exchange.reply(200, body, content_type=JSON_1_0)

    def prometheus(self, exchange: Exchange) -> None:
        """Answer a scrape."""
        text = prometheus.exposition(self._backstage.metrics)
        exchange.reply(200, text.encode(), content_type=prometheus.CONTENT_TYPE.encode())

    def cost(self, exchange: Exchange) -> None:
        """Tell what each function used and what it all would have cost."""
        usage = self._backstage.usage()
        whole = self._backstage.bill()
        functions: list[dict[str, Any]] = [{**asdict(used), "gb_seconds": used.gb_seconds} for used in usage]
        total: dict[str, Any] = {**asdict(whole), "total": whole.total}
        exchange.reply_json(200, {"functions": functions, "bill": total})

    def clock(self, exchange: Exchange) -> None:
        """Tell the moment, and which kind of clock it is."""
        clock = self._backstage.clock
        kind = "virtual" if isinstance(clock, VirtualClock) else "system"
        pending = self._backstage.pending_events()
        exchange.reply_json(200, {"now": clock.now(), "kind": kind, "pending_events": pending})

    def advance(self, exchange: Exchange) -> None:
        """Move a virtual clock on, and answer when everything due on the way is done."""
        clock = self._backstage.clock
        if not isinstance(clock, VirtualClock):
            exchange.reply_json(409, {"message": "The clock is the system's; start the service with a virtual one."})
            return
        try:
            seconds = float(_object(exchange.body)["advance"])
        except (KeyError, TypeError, ValueError, logs_api.LogsError):
            seconds = -1.0
        if not 0 <= seconds <= MOST_SECONDS:
            exchange.reply_json(400, {"message": 'Expected {"advance": SECONDS}, from 0 to a year.'})
            return
        task = asyncio.get_running_loop().create_task(self._advance(exchange, clock, seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _advance(self, exchange: Exchange, clock: VirtualClock, seconds: float) -> None:
        try:
            exchange.reply_json(200, {"now": await clock.advance(seconds)})
        except Exception as error:
            _log.exception("The clock could not be moved on")
            exchange.reply_json(500, {"message": f"{type(error).__name__}: {error}"})


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value: Any = orjson.loads(body or b"{}")
        return {**value}
    except (ValueError, TypeError):
        raise logs_api.LogsError("SerializationException", "The request is not a JSON object.") from None
