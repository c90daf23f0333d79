"""`log_events`: the event before and the result after, shortened, without what must not be read."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit import lambda_handler
from lambdakit.events import api_gateway, sqs_batch
from lambdakit.exceptions import UsageError
from lambdakit.middleware import json_logging, log_events
from lambdakit.middleware.redaction import MASK
from lambdakit.middleware.secret_values import Secret
from tests.fake_runtime_api import Event
from tests.middleware.log_support import FakeContext, lines_of
from tests.middleware.log_support import root as root
from tests.runtime_process import run_runtime

if TYPE_CHECKING:
    from lambdakit.events import APIGatewayProxyEvent

pytestmark = pytest.mark.usefixtures("root")

REQUEST = {
    "httpMethod": "POST",
    "path": "/orders",
    "resource": "/orders",
    "headers": {"Authorization": "Bearer x", "Accept": "*/*"},
    "requestContext": {"requestId": "q-1"},
    "body": json.dumps({"card": "4111", "password": "x", "amount": 5}),
}


def test_an_event_and_its_result_are_logged(capsys):
    @api_gateway(middleware=[json_logging(), log_events(event_paths=["$.body.card"], result_paths=["$.headers.etag"])])
    def handler(event: APIGatewayProxyEvent, context: Any) -> Any:
        return {"statusCode": 200, "headers": {"etag": "e", "n": "1"}, "body": "ok"}

    handler(REQUEST, FakeContext())
    before, after = lines_of(capsys)
    assert before["correlationId"] == "q-1"
    assert before["logger"] == "lambdakit.middleware.event_log"
    event = before["message"]["event"]
    assert event["headers"] == {"Authorization": MASK, "Accept": "*/*"}
    assert event["body"] == {"card": MASK, "password": MASK, "amount": 5}
    assert after["message"]["result"] == {"statusCode": 200, "headers": {"etag": MASK, "n": "1"}, "body": "ok"}


def test_a_batch_shows_its_counts(capsys):
    @sqs_batch(middleware=[json_logging(), log_events()], on_error=lambda record, error, context: None)
    def handler(message: Any, context: Any) -> None:
        raise ValueError

    records = [{"eventSource": "aws:sqs", "messageId": f"m-{n}", "body": '{"token": "x"}'} for n in (1, 2)]
    with_failures = handler({"Records": records}, FakeContext())
    before, after = lines_of(capsys)
    assert before["message"]["event"]["Records"][0]["body"] == {"token": MASK}
    assert after["message"]["result"]["failed"] == 2
    assert after["message"]["result"]["batchItemFailures"] == with_failures["batchItemFailures"]


def test_an_async_handler_is_logged_too(capsys):
    @lambda_handler(middleware=[json_logging(), log_events()])
    async def handler(event: Any, context: Any) -> Any:
        return 5

    assert asyncio.run(handler({"a": 1}, None)) == 5
    assert [line["message"] for line in lines_of(capsys)] == [{"event": {"a": 1}}, {"result": 5}]


def test_a_failure_has_no_result(capsys):
    @lambda_handler(middleware=[json_logging(), log_events()])
    def handler(event: Any, context: Any) -> Any:
        raise LookupError

    with pytest.raises(LookupError):
        handler({}, None)
    assert [line["message"] for line in lines_of(capsys)] == [{"event": {}}]


def test_at_a_level_that_is_not_logged_nothing_is_done():
    middleware = log_events(level="DEBUG")
    middleware.shown = lambda *arguments: pytest.fail("looked at")  # type: ignore[method-assign]
    logging.root.setLevel("INFO")
    assert lambda_handler(middleware=[middleware])(lambda event, context: 1)({}, None) == 1


@dataclass
class Card:
    number: str
    secret: str


class Strange:
    pass


DEEP: list[Any] = []
DEEP.append(DEEP)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 16, "xxxxxxxxxxxx... 4 more characters"),
        (list(range(5)), [0, 1, 2, "... 2 more"]),
        ((1, 2), [1, 2]),
        (b"12345", "<5 bytes>"),
        (Card("4", "5"), {"number": "4", "secret": MASK}),
        (Secret("s"), "**********"),
        (Strange(), "<Strange>"),
        ((n for n in ()), "<generator>"),
        ('{"a": ', '{"a": '),
        ("[1]", [1]),
        ('["' + "\ud800" + '"]', '["\ud800"]'),
        ("{" + " " * 65_536, "<65537 chara... 6 more characters"),
        ({1: None, "f": 1.5}, {"1": None, "f": 1.5}),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_what_is_shown(value, shown):
    assert log_events(longest_text=12, most_items=3).shown(value) == shown


def test_a_circle_is_cut():
    assert "<list>" in json.dumps(log_events().shown(DEEP))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": "INFO"}, "LogEvents has no option 'levels'; did you mean 'level'?"),
        ({"level": "LOUD"}, "level='LOUD' is no level"),
        ({"event_paths": "$.a"}, "event_paths is a list, not the text '$.a'; give ['$.a']"),
        ({"result_paths": ["a"]}, "the JSON path 'a' names no place"),
        ({"most_items": 0}, "most_items=0 must be at least 1"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        log_events(**options)


SOURCE = """
from lambdakit import lambda_handler
from lambdakit.middleware import json_logging, log_events

@lambda_handler(middleware=[json_logging(), log_events()])
def handler(event, context):
    return {"token": "t", "n": event["n"]}
"""


def test_in_an_execution_environment():
    run = run_runtime(SOURCE, [Event({"n": 1, "password": "p"})])
    lines = [json.loads(line)["message"] for line in run.stdout.decode().splitlines()]
    assert lines == [{"event": {"n": 1, "password": MASK}}, {"result": {"token": MASK, "n": 1}}]
    assert json.loads(run.posts[0].body) == {"token": "t", "n": 1}
