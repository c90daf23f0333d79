"""The measures of typed events, as a table: work in this process, and the import of one source in fresh ones."""

from __future__ import annotations

import timeit
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.table import Measure, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.harness import Bench
    from tests.benchmarks.table import Contenders

# How often a work is done for one sample.
REPEATED = 100

# The statements that give a module one source's events and their decorator, as each documentation writes them.
IMPORTS = {
    "lambdakit": "from lambdakit.events import SQSEvent, sqs_event",
    "Powertools": "from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source",
    "chalice": "from chalice.app import Chalice, SQSEvent",
}


def _work(name: str) -> Callable[[Bench], Contenders]:
    def contenders(_bench: Bench) -> Contenders:
        from tests.benchmarks.event_work import WORK, equal_work

        equal_work(name)
        return {contender: partial(_microseconds, work) for contender, work in WORK[name].items()}

    return contenders


def _microseconds(work: Callable[[], object]) -> float:
    return timeit.timeit(work, number=REPEATED) / REPEATED * 1e6


def _imports(bench: Bench) -> Contenders:
    return {name: partial(_beyond_bare, bench, statement) for name, statement in IMPORTS.items()}


def _beyond_bare(bench: Bench, statement: str) -> float:
    """Milliseconds a statement adds to the start of an interpreter."""
    return (bench.first_statement(statement) - bench.first_statement()) * 1e3


# fmt: off
EVENTS = Table("lambdakit", "Powertools", "chalice", (
    Measure("s3", "S3 event, five fields", "us", 0.40, _work("s3"), 75),
    Measure("sqs", "10 SQS messages, five fields each", "us", 0.45, _work("sqs"), 75),
    Measure("dynamodb", "2 DynamoDB records, keys and images", "us", 0.40, _work("dynamodb"), 75),
    Measure("batch", "`sqs_batch` of 10 messages, trivial handler", "us", 0.40, _work("batch"), 75),
    Measure("body", "10 SQS bodies as dataclasses (peer: its parser, pydantic)", "us", 0.50, _work("body"), 75),
    Measure("import", "import of one source, beyond the interpreter", "ms", 0.25, _imports, 25),
    Measure("decorated", "decorated S3 handler that does nothing", "us", None, _work("decorated"), 75),
))
