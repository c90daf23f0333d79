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
    Measure("first-byte", "first streamed byte, 1 s before the second", "ms", 50, _first_byte, 9),
    Measure("first-event", "the same as server-sent events, async", "ms", 50, _first_event, 9),
))
