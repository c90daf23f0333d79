"""The measures of HTTP, as a table; the work of each is in a module that is imported when it is taken."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from tests.benchmarks.table import Measure, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders


def _work(module: str, name: str, *arguments: str) -> Callable[[Bench], Contenders]:
    """The contenders that a function of a module makes."""

    def contenders(bench: Bench) -> Contenders:
        make = partial(getattr(import_module(f"tests.benchmarks.{module}"), name), *arguments)
        made: Contenders = make(bench)
        return made

    return contenders


_first_byte = _work("stream_work", "first_byte", "/generator")
_first_event = _work("stream_work", "first_byte", "/events")

# fmt: off
HTTP = Table("lambdakit", "Powertools", "", (
    Measure("static", "1 static route, REST event", "us", 0.40, _work("http_work", "static"), 75),
    Measure("routes", "last dynamic of 50 static and 50 dynamic", "us", 0.30, _work("http_work", "last_of_many"), 75),
    Measure("http", "1 static route, event of format 2.0", "us", 0.35, _work("http_work", "http_v2"), 75),
    Measure("typed", "typed body (peer: `enable_validation`)", "us", 0.35, _work("http_work", "typed_body"), 75),
    Measure("router", "import of the router, beyond the interpreter", "ms", 0.35, _work("http_work", "imports"), 25),
    Measure("first-byte", "first streamed byte, 1 s before the second", "ms", 50, _first_byte, 9),
    Measure("first-event", "the same as server-sent events, async", "ms", 50, _first_event, 9),
))
HTTP_OWN = Table("among 100", "alone", "", (
    Measure("many", "a dynamic route among 100, and alone", "us", 1.30, _work("http_work", "many_to_one"), 75),
))
ADAPTERS = Table("lambdakit", "Mangum", "without lifespan", (
    Measure("asgi", "Starlette behind an adapter, 1 route, HTTP API event", "us", 0.75, _work("adapter_work", "adapters"), 75),  # noqa: E501
))
