"""The examples of the modules' own documentation, run as they stand there."""

from __future__ import annotations

import doctest
import re
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.middleware import event_log, logs, measures
from lambdakit.middleware.redaction import MASK
from tests.middleware.emf_schema import metrics_of
from tests.middleware.log_support import FakeContext, lines_of
from tests.middleware.log_support import root as root

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = pytest.mark.usefixtures("root")

BATCH = {"Records": [{"eventSource": "aws:sqs", "messageId": f"m-{n}", "body": ""} for n in range(2)]}
REQUEST = {"httpMethod": "POST", "path": "/", "requestContext": {"requestId": "q-1"}, "body": '{"card": "4111"}'}


def handler_of(module: ModuleType) -> Any:
    """The handler in the indented block of a module's docstring."""
    block = re.search(r"\n\n((?:(?:    .*)?\n)+)\n?\S", module.__doc__ or "")
    assert block is not None
    # As in a function's file: annotations are looked at.
    namespace: dict[str, Any] = {"__name__": "example"}
    exec(compile("\n".join(line[4:] for line in block[1].splitlines()), module.__name__, "exec"), namespace)
    return namespace["handler"]


def test_of_logging(capsys):
    handler_of(logs)(BATCH, FakeContext())
    lines = lines_of(capsys)
    assert [(line["messageId"], line["parcels"], line["service"]) for line in lines] == [
        ("m-0", 2, "orders"),
        ("m-1", 2, "orders"),
    ]
    assert doctest.testmod(logs).failed == 0


def test_of_the_log_of_events(capsys):
    handler_of(event_log)(REQUEST, FakeContext())
    before, after = lines_of(capsys)
    assert before["message"]["event"]["body"] == {"card": MASK}
    assert after["message"]["result"]["headers"] == MASK


def test_of_metrics(capsys, monkeypatch):
    monkeypatch.setattr(measures, "_started", False)
    handler_of(measures)(BATCH, FakeContext())
    cold, found = map(metrics_of, capsys.readouterr().out.splitlines())
    assert cold == {"ColdStart": 1}
    assert (found["Parcels"], found["BatchRecordsSucceeded"]) == ([2, 2], 2)
