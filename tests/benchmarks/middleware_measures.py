"""The measures of middleware, as a table; the work of each is in a module that is imported when it is taken."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tests.benchmarks.table import Measure, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders


def _work(module: str, name: str) -> Callable[[Bench], Contenders]:
    """The contenders that a function of a module makes."""

    def contenders(bench: Bench) -> Contenders:
        made: Contenders = getattr(import_module(f"tests.benchmarks.{module}"), name)(bench)
        return made

    return contenders


# fmt: off
MIDDLEWARE = Table("lambdakit", "Powertools", "", (
    Measure("onion", "decorated handler, empty middleware list", "us", 1.00, _work("log_work", "empty"), 75),
    Measure("five", "five middlewares that do nothing", "us", 0.50, _work("log_work", "five"), 75),
    Measure("log", "structured log line", "us", 0.60, _work("log_work", "line"), 75),
    Measure("emf", "invocation with three metrics (EMF)", "us", 0.60, _work("log_work", "emf"), 75),
    Measure("unsampled", "tracing, not sampled (peer: switched off)", "us", 0.60, _work("trace_work", "unsampled"), 75),
    Measure("sampled", "tracing, sampled, one subsegment", "us", 0.80, _work("trace_work", "sampled"), 75),
    Measure("hit", "idempotent call, hit (stub of a client)", "us", 0.60, _work("idempotency_work", "hit"), 75),
    Measure("request", "the same through all of botocore", "us", None, _work("idempotency_work", "request"), 25),
    Measure("cached", "the same from the local cache", "us", 0.60, _work("idempotency_work", "remembered"), 75),
    Measure("setting", "a parameter of a store, in the cache", "us", 0.60, _work("config_work", "parameter"), 75),
    Measure("tracer", "import of tracing, tracing off", "ms", 0.20, _work("trace_work", "importing"), 25),
))
