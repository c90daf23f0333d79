"""Exceptions as HTTP answers, and which of them are tried again."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from lambdakit import lambda_handler
from lambdakit.events import alb_target, api_gateway, s3_event, sqs_batch
from lambdakit.exceptions import (
    DeadlineError,
    HTTPError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    PayloadError,
    PermanentError,
    RetryableError,
    UsageError,
)
from lambdakit.middleware import errors, permanent_done
from tests.fake_runtime_api import Event
from tests.middleware.idempotency_support import Time
from tests.runtime_process import OFFICIAL, OURS, run_runtime

GET = {"httpMethod": "GET", "path": "/", "requestContext": {}}
S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}, "object": {"key": "a"}}}]}


class NoSuchOrder(LookupError):
    """What an application raises."""


def answer(error: Exception, *arguments: Any, **options: Any) -> Any:
    """The answer of an HTTP handler that raises the error."""

    @api_gateway(middleware=[errors(*arguments, **options)])
    def handler(event: Any, context: Any) -> Any:
        raise error

    return handler(GET, Time())


def problem_of(answer: Any) -> Any:
    assert answer["headers"]["content-type"] == "application/problem+json"
    body = json.loads(answer["body"])
    assert body["status"] == answer["statusCode"]
    assert body.pop("instance") == f"urn:uuid:{Time.aws_request_id}"
    return body


def test_a_mapped_exception_is_its_status_with_its_own_words() -> None:
    assert problem_of(answer(NoSuchOrder("no order o-1"), {LookupError: 404})) == {
        "title": "Not Found",
        "status": 404,
        "detail": "no order o-1",
    }


def test_the_nearest_class_counts_and_a_title_may_be_given() -> None:
    found = problem_of(answer(NoSuchOrder("o-1"), {LookupError: 404, NoSuchOrder: (410, "Order gone")}))
    assert (found["status"], found["title"]) == (410, "Order gone")


def test_an_answer_may_be_made_whole() -> None:
    made = answer(NoSuchOrder("o-1"), {NoSuchOrder: lambda error, event, context: {"statusCode": 204, "body": ""}})
    assert made["statusCode"] == 204


def test_what_nobody_mapped_tells_the_client_nothing(caplog: pytest.LogCaptureFixture) -> None:
    found = answer(RuntimeError("password=hunter2"))
    assert problem_of(found) == {"title": "Internal Server Error", "status": 500}
    assert "hunter2" not in json.dumps(found)
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "hunter2" in caplog.text


def test_a_mapped_fault_of_the_server_tells_the_client_nothing_either(caplog: pytest.LogCaptureFixture) -> None:
    assert "detail" not in problem_of(answer(ConnectionError("10.0.0.3 is down"), {OSError: 502}))
    assert "10.0.0.3" in caplog.text


def test_what_nobody_mapped_may_be_raised() -> None:
    with pytest.raises(RuntimeError, match="x"):
        answer(RuntimeError("x"), unknown="raise")


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (IdempotencyInProgressError("k", 3), 409, "1"),
        (IdempotencyConflictError("k"), 422, None),
        (RetryableError("busy"), 503, "1"),
        (DeadlineError("late"), 504, None),
    ],
)
def test_errors_of_lambdakit_have_a_status(error: Exception, status: int, retry: str | None) -> None:
    found = answer(error)
    assert found["statusCode"] == status
    assert found["headers"].get("retry-after") == retry


def test_an_http_error_is_the_answer_it_says() -> None:
    found = answer(HTTPError(409, "the order is shipped", title="Too late", headers={"x-a": "1"}, order=7))
    assert found["headers"]["x-a"] == "1"
    assert problem_of(found) == {"title": "Too late", "status": 409, "detail": "the order is shipped", "order": 7}


def test_every_fault_of_a_payload_is_listed() -> None:
    found = problem_of(answer(PayloadError((("$.body.a", "expected int, got str"), ("$.body.b", "missing")))))
    assert found["errors"] == [
        {"pointer": "$.body.a", "detail": "expected int, got str"},
        {"pointer": "$.body.b", "detail": "missing"},
    ]


def test_a_load_balancer_is_answered_too_and_async_handlers_alike() -> None:
    @alb_target(middleware=[errors({NoSuchOrder: 404})])
    async def handler(event: Any, context: Any) -> Any:
        raise NoSuchOrder("o-1")

    event = {"requestContext": {"elb": {"targetGroupArn": "a"}}, "httpMethod": "GET", "path": "/", "headers": {}}
    found: Any = asyncio.run(handler(event, Time()))
    assert found["statusCode"] == 404


def s3_handler(error: Exception, **options: Any) -> Any:
    @s3_event(middleware=[errors({ValueError: 400}, **options)])
    def handler(event: Any, context: Any) -> Any:
        raise error

    return handler


@pytest.mark.parametrize("error", [RetryableError("busy"), ValueError("mapped for HTTP only"), RuntimeError("x")])
def test_of_other_events_exceptions_are_raised_for_another_try(error: Exception) -> None:
    with pytest.raises(type(error)):
        s3_handler(error)(S3, Time())


def test_a_permanent_error_is_kept_and_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    kept: list[Any] = []
    error = PermanentError("not an image")
    handler = s3_handler(error, permanent=lambda event, error, context: kept.append((event.raw, error)))
    assert handler(S3, Time()) is None
    assert kept == [(S3, error)]
    assert "not to be tried again: not an image" in caplog.text


SQS = {"Records": [{"messageId": name, "eventSource": "aws:sqs", "body": name} for name in "abc"]}
FAULTS = {"a": PermanentError("never"), "b": RetryableError("later"), "c": KeyError("never, too")}


def test_in_a_batch_a_permanent_error_counts_as_done(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[str] = []

    @sqs_batch(on_error=permanent_done(lambda record, error, context: sent.append(record.body), KeyError))
    def handler(message: Any) -> None:
        raise FAULTS[message.body]

    assert handler(SQS, Time()) == {"batchItemFailures": [{"itemIdentifier": "b"}]}
    assert sent == ["a", "c"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3


def test_in_an_async_batch_the_hook_may_be_async_and_fail() -> None:
    async def send(record: Any, error: Exception, context: Any) -> None:
        await asyncio.sleep(0)
        if record.body == "c":
            raise ConnectionError("no dead letters today")

    @sqs_batch(on_error=permanent_done(send, KeyError))
    async def handler(message: Any) -> None:
        raise FAULTS[message.body]

    report: Any = asyncio.run(handler(SQS, Time()))  # type: ignore[arg-type]
    assert [entry["itemIdentifier"] for entry in report["batchItemFailures"]] == ["b", "c"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"ValueError": 400},), r"errors maps exception classes, not 'ValueError'"),
        (({ValueError: 200},), r"errors\(\{ValueError: 200\}\): an answer is a status from 400 to 599"),
        (({ValueError: "bad"},), r"an answer is a status"),
    ],
)
def test_misuse_is_named(arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        errors(*arguments)
    with pytest.raises(UsageError, match=r"unknown='hide'"):
        errors(unknown="hide")  # type: ignore[arg-type]


def test_invocations_at_once_do_not_cross() -> None:
    @lambda_handler(middleware=[errors({LookupError: 404})])
    async def handler(event: Any, context: Any) -> Any:
        await asyncio.sleep(0)
        raise LookupError(event["path"])

    async def run() -> list[Any]:
        return await asyncio.gather(*(handler({**GET, "path": f"/{number}"}, Time()) for number in range(100)))

    details = [json.loads(found["body"])["detail"] for found in asyncio.run(run())]
    assert details == [f"/{number}" for number in range(100)]


APP = """
from lambdakit.events import api_gateway
from lambdakit.middleware import errors

@api_gateway(middleware=[errors({LookupError: 404})])
def handler(event, context):
    raise LookupError("secret" if event.path == "/a" else {}["b"])
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["lambdakit", "awslambdaric"])
def test_it_holds_under_both_runtimes(command: Any) -> None:
    run = run_runtime(APP, [Event({**GET, "path": "/a"}), Event({**GET, "path": "/b"})], command=command)
    bodies = [json.loads(post.json()["body"]) for post in run.posts]
    assert [(body["status"], body["detail"]) for body in bodies] == [(404, "secret"), (404, "b")]
