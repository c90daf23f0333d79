"""The work of the measures of the onion, of structured logs and of metrics, for lambdakit and for Powertools.

Both write to the same file that keeps nothing, as both write in an execution environment: a line at a time, through
`sys.stdout`. What they write is compared before anything is timed.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
import timeit
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.middleware_factory import lambda_handler_decorator
from aws_lambda_powertools.utilities import data_classes as powertools

from lambdakit import lambda_handler
from lambdakit.events import s3_event
from lambdakit.middleware import json_logging, metrics
from tests.benchmarks.event_samples import S3

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdakit.events import S3Event
    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

__all__ = ("emf", "empty", "five", "line")

# How often a work is done for one sample.
REPEATED = 200


class Context:
    """What both sides ask a context for."""

    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
    function_name = "orders"
    memory_limit_in_mb = "128"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    tenant_id = None


CONTEXT: Any = Context()
Work = dict[str, Any]


def _nothing(event: Any, context: Any) -> Any:
    return None


def _noop(event: Any, context: Any, call_next: Any) -> Any:
    return call_next(event, context)


@lambda_handler_decorator
def _noop_powertools(handler: Any, event: Any, context: Any) -> Any:
    return handler(event, context)


@s3_event(middleware=[])
def _empty(event: S3Event, context: Any) -> Any:
    return None


@powertools.event_source(data_class=powertools.S3Event)
def _empty_powertools(event: powertools.S3Event, context: Any) -> Any:
    return None


def _five_powertools() -> Any:
    handler: Any = _nothing
    for _ in range(5):
        handler = _noop_powertools(handler)
    return handler


def _log_work() -> Work:
    here = lambda_handler(middleware=[json_logging(keys={"service": "orders"})])(lambda event, context: event())
    # Made after the root logger has its handler, which it then keeps its own lines from.
    log, peer = logging.getLogger("benchmark"), Logger(service="orders", stream=_Stdout())

    def ours() -> None:
        log.info("shipped %s", "A-1", extra={"parcels": 2})

    def theirs() -> None:
        peer.info("shipped %s", "A-1", extra={"parcels": 2})

    return {
        "lambdakit": (here, ours),
        "Powertools": (peer.inject_lambda_context(lambda event, context: event()), theirs),
    }


def _metric_work() -> Work:
    shop = metrics(namespace="Shop", dimensions={"service": "orders"})
    peer = Metrics(namespace="Shop", service="orders")

    @lambda_handler(middleware=[shop])
    def ours(event: Any, context: Any) -> None:
        shop.add("Orders", 1, "Count")
        shop.add("Latency", 2.5, "Milliseconds")
        shop.add("Parcels", 3, "Count")

    @peer.log_metrics
    def theirs(event: Any, context: Any) -> None:
        peer.add_metric("Orders", "Count", 1)
        peer.add_metric("Latency", "Milliseconds", 2.5)
        peer.add_metric("Parcels", "Count", 3)

    return {"lambdakit": partial(ours, {}, CONTEXT), "Powertools": partial(theirs, {}, CONTEXT)}


class _Stdout:
    """Whatever stdout is, for a logger that keeps its stream."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


def _microseconds(work: Callable[[], object]) -> float:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        return timeit.timeit(work, number=REPEATED) / REPEATED * 1e6


def _lines(work: Callable[[], object]) -> list[dict[str, Any]]:
    with io.StringIO() as out, contextlib.redirect_stdout(out):
        work()
        return [json.loads(line) for line in out.getvalue().splitlines()]


def _same(name: str, found: dict[str, object]) -> None:
    if found["lambdakit"] != found["Powertools"]:
        raise SystemExit(f"{name}: the contenders write different values: {found}")


def empty(_bench: Bench) -> Contenders:
    """A decorated handler with nothing around it."""
    return {
        "lambdakit": partial(_microseconds, partial(_empty, S3, CONTEXT)),
        "Powertools": partial(_microseconds, partial(_empty_powertools, S3, CONTEXT)),
    }


def five(_bench: Bench) -> Contenders:
    """Five middlewares that do nothing but call the next."""
    return {
        "lambdakit": partial(_microseconds, partial(lambda_handler(middleware=[_noop] * 5)(_nothing), {}, CONTEXT)),
        "Powertools": partial(_microseconds, partial(_five_powertools(), {}, CONTEXT)),
    }


def line(_bench: Bench) -> Contenders:
    """One line of log, with one key of its own, within an invocation."""
    works = _log_work()
    keys = {"lambdakit": "requestId", "Powertools": "function_request_id"}
    found: dict[str, object] = {}
    for name, (within, work) in works.items():
        (entry,) = _lines(partial(within, work, CONTEXT))
        same = [entry[key] for key in ("level", "message", "parcels", "service")]
        found[name] = [*same, entry[keys[name]], "timestamp" in entry]
    _same("line", found)
    return {name: partial(within, partial(_microseconds, work), CONTEXT) for name, (within, work) in works.items()}


def emf(_bench: Bench) -> Contenders:
    """An invocation with three metrics."""
    works = _metric_work()
    found: dict[str, object] = {}
    for name, work in works.items():
        (document,) = _lines(work)
        values = [document[key] for key in ("Orders", "Latency", "Parcels")]
        found[name] = [document["service"], [value[0] if isinstance(value, list) else value for value in values]]
    _same("emf", found)
    return {name: partial(_microseconds, work) for name, work in works.items()}
