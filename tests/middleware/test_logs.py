"""`json_logging`: the ids and keys of an invocation on every line, its level, and what is held for an error."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lambdakit import lambda_handler
from lambdakit.events import sqs_batch
from lambdakit.exceptions import UsageError
from lambdakit.middleware import json_logging, log_context, logs
from tests.fake_runtime_api import Event, request_id
from tests.middleware.log_support import FakeContext, lines_of
from tests.middleware.log_support import root as root
from tests.runtime_process import OFFICIAL, OURS, run_runtime

LOG = logging.getLogger("app")

pytestmark = pytest.mark.usefixtures("root")


def handler_of(function: Any, **options: Any) -> Any:
    return lambda_handler(middleware=[json_logging(**options)])(function)


def logging_once(event: Any, context: Any) -> str:
    LOG.info("shipped %s", event["order"], extra={"parcels": 2})
    return "done"


def test_a_line_has_the_runtimes_keys_then_ones_own(capsys):
    handler = handler_of(logging_once, keys={"service": "orders"})
    assert handler({"order": "A-1"}, FakeContext(tenant_id="blue")) == "done"
    (line,) = lines_of(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line.pop("timestamp"))
    assert list(line.items()) == [
        ("level", "INFO"),
        ("message", "shipped A-1"),
        ("logger", "app"),
        ("requestId", "r-1"),
        ("tenantId", "blue"),
        ("service", "orders"),
        ("parcels", 2),
    ]


def test_an_async_handler_has_the_same_lines(capsys):
    async def function(event: Any, context: Any) -> None:
        await asyncio.sleep(0)
        logging_once(event, context)

    asyncio.run(handler_of(function)({"order": "A-1"}, FakeContext()))
    (line,) = lines_of(capsys)
    assert (line["requestId"], line["message"], line["parcels"]) == ("r-1", "shipped A-1", 2)


def test_without_a_context_there_is_no_request_id(capsys):
    handler_of(logging_once)({"order": "A-1"}, None)
    (line,) = lines_of(capsys)
    assert "requestId" not in line
    assert line["message"] == "shipped A-1"


def test_the_first_keys_are_where_they_are_wanted(capsys):
    handler_of(logging_once, first=["message", "parcels", "absent"])({"order": "A-1"}, FakeContext())
    (line,) = lines_of(capsys)
    assert list(line)[:3] == ["message", "parcels", "timestamp"]
    assert line["level"] == "INFO"


def test_context_keys_last_to_the_end_of_the_invocation(capsys):
    def function(event: Any, context: Any) -> None:
        log_context(order_id=event)
        LOG.info("one")
        with log_context(step="pack", order_id="other"):
            LOG.info("two")
        LOG.info("three", extra={"order_id": "mine"})

    handler = handler_of(function, keys={"order_id": "static"})
    handler("A-1", FakeContext())
    LOG.info("outside")
    found = [(line["message"], line.get("order_id"), line.get("step")) for line in lines_of(capsys)]
    assert found == [
        ("one", "A-1", None),
        ("two", "other", "pack"),
        ("three", "mine", None),
        ("outside", "static", None),
    ]


def test_a_context_key_of_none_takes_one_away(capsys):
    def function(event: Any, context: Any) -> None:
        log_context(service=None)
        LOG.info("one")

    handler_of(function, keys={"service": "orders"})({}, FakeContext())
    assert "service" not in lines_of(capsys)[0]


def test_the_environments_level_comes_before_the_option(capsys, monkeypatch):
    monkeypatch.setenv(logs.LEVEL_VARIABLE, "trace")
    middleware = json_logging(level="ERROR")
    assert middleware.level == logging.DEBUG
    monkeypatch.setenv(logs.LEVEL_VARIABLE, "nonsense")
    assert json_logging(level="ERROR").level == logging.ERROR


def levels(event: Any, context: Any) -> None:
    for level in (10, 20, 30, 40):
        LOG.log(level, "at %d", level)


def test_below_the_level_nothing_is_logged(capsys):
    handler_of(levels, level="WARNING")({}, FakeContext())
    assert [line["level"] for line in lines_of(capsys)] == ["WARNING", "ERROR"]


def test_a_logger_keeps_a_level_of_its_own(capsys, monkeypatch):
    monkeypatch.setattr(LOG, "level", logging.DEBUG)
    LOG.manager._clear_cache()  # type: ignore[attr-defined]
    handler_of(levels, level="ERROR", sample=1e-300)({}, FakeContext())
    assert len(lines_of(capsys)) == 4
    monkeypatch.undo()
    LOG.manager._clear_cache()  # type: ignore[attr-defined]


def test_a_level_the_root_logger_is_given_later_holds(root, capsys):
    handler = handler_of(levels, level="ERROR")
    root.setLevel("INFO")
    handler({}, FakeContext())
    assert [line["level"] for line in lines_of(capsys)] == ["INFO", "WARNING", "ERROR"]


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 4), (0.24, 4), (0.25, 3), (0.9, 3)])
def test_a_sampled_invocation_logs_from_debug_on(capsys, monkeypatch, chance, expected):
    monkeypatch.setattr(os, "urandom", lambda count: int(chance * 2**32).to_bytes(count, "big"))
    handler_of(levels, sample=0.25)({}, FakeContext())
    assert len(lines_of(capsys)) == expected


def test_libraries_stay_quiet_when_debug_is_sampled_or_held(capsys):
    loggers = [logging.getLogger(f"quiet.{name}") for name in ("library", "wordy")]
    loggers[1].setLevel(logging.DEBUG)

    def function(event: Any, context: Any) -> None:
        for logger in loggers:
            levels_of(logger)

    def levels_of(logger: logging.Logger) -> None:
        logger.debug("%s debug", logger.name)
        logger.info("%s info", logger.name)

    handler_of(function, sample=1, level="INFO", quiet=[logger.name for logger in loggers])({}, FakeContext())
    assert messages(capsys) == ["quiet.library info", "quiet.wordy debug", "quiet.wordy info"]


def held_then(event: Any, context: Any) -> None:
    LOG.debug("held", extra={"n": 1})
    LOG.info("shown")
    if event == "log":
        LOG.error("wrong")
    if event == "raise":
        raise ValueError(event)
    if event == "exit":
        raise SystemExit(event)


def messages(capsys: Any) -> list[str]:
    return [line["message"] for line in lines_of(capsys)]


def test_what_is_held_is_dropped_when_nothing_fails(capsys):
    handler_of(held_then, buffer="DEBUG")("well", FakeContext())
    assert messages(capsys) == ["shown"]


@pytest.mark.parametrize(("event", "expected"), [("log", ["shown", "held", "wrong"]), ("raise", ["shown", "held"])])
def test_an_error_writes_what_is_held(capsys, event, expected):
    handler = handler_of(held_then, buffer="DEBUG")
    if event == "raise":
        with pytest.raises(ValueError, match="raise"):
            handler(event, FakeContext())
    else:
        handler(event, FakeContext())
    assert messages(capsys) == expected


def test_what_is_held_has_the_ids_of_its_moment(capsys):
    def function(event: Any, context: Any) -> None:
        data = [1]
        with log_context(step="pack"):
            LOG.debug("held %s", data)
        data.append(2)
        raise LookupError

    with pytest.raises(LookupError):
        handler_of(function, buffer="DEBUG")({}, FakeContext("r-7"))
    (line,) = lines_of(capsys)
    assert (line["message"], line["step"], line["requestId"], line["level"]) == ("held [1]", "pack", "r-7", "DEBUG")


def test_an_async_handler_that_fails_writes_what_is_held(capsys):
    async def function(event: Any, context: Any) -> None:
        held_then(event, context)

    with pytest.raises(ValueError, match="raise"):
        asyncio.run(handler_of(function, buffer="INFO")("raise", FakeContext()))
    assert messages(capsys) == ["held", "shown"]


def test_a_batch_with_a_failed_record_writes_what_is_held(capsys):
    event = {"Records": [{"eventSource": "aws:sqs", "messageId": str(n), "body": str(n)} for n in range(2)]}

    @sqs_batch(middleware=[json_logging(buffer="DEBUG")], on_error=lambda record, error, context: None)
    def handler(message: Any, context: Any) -> None:
        LOG.debug("record %s", message.body)
        if message.body == failing:
            raise ValueError

    failing = "1"
    assert handler(event, FakeContext()) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert messages(capsys) == ["record 0", "record 1"]
    failing = "none"
    handler(event, FakeContext())
    assert messages(capsys) == []


def test_the_buffer_keeps_the_newest_and_says_what_is_lost(capsys):
    def function(event: Any, context: Any) -> None:
        for number in range(10):
            LOG.debug("%d%s", number, "x" * 100)
        raise LookupError

    with pytest.raises(LookupError):
        handler_of(function, buffer="DEBUG", buffer_bytes=700)({}, FakeContext())
    first, *rest = messages(capsys)
    assert 0 < len(rest) < 10
    assert first == f"{10 - len(rest)} held records are lost: the buffer takes 700 bytes"
    assert [text[0] for text in rest] == [str(number) for number in range(10 - len(rest), 10)]


def test_a_hundred_invocations_at_once_do_not_mix(capsys):
    @lambda_handler(middleware=[json_logging(buffer="DEBUG", correlation=lambda event: f"c-{event}")])
    async def handler(event: int, context: Any) -> None:
        log_context(number=event)
        LOG.debug("held")
        for _ in range(3):
            await asyncio.sleep(0)
            LOG.info("shown")
        if event % 2:
            raise ValueError

    async def all_of_them() -> list[Any]:
        calls = (handler(n, FakeContext(f"r-{n}", f"t-{n}")) for n in range(100))
        return await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(all_of_them())
    lines = lines_of(capsys)
    assert len(lines) == 100 * 3 + 50
    for line in lines:
        n = line["number"]
        assert (line["requestId"], line["tenantId"], line["correlationId"]) == (f"r-{n}", f"t-{n}", f"c-{n}")
    assert {line["number"] for line in lines if line["message"] == "held"} == set(range(1, 100, 2))


def test_threads_do_not_mix(capsys):
    together = threading.Barrier(8, timeout=20)

    @lambda_handler(middleware=[json_logging()])
    def handler(event: int, context: Any) -> None:
        log_context(number=event)
        together.wait()
        LOG.info("shown")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: handler(n, FakeContext(f"r-{n}")), range(32)))
    lines = lines_of(capsys)
    assert sorted(line["number"] for line in lines) == list(range(32))
    assert all(line["requestId"] == f"r-{line['number']}" for line in lines)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levl": "INFO"}, "JsonLogging has no option 'levl'; did you mean 'level'?"),
        ({"level": "LOUD"}, "level='LOUD' is no level; it can be DEBUG, INFO"),
        ({"buffer": "ERROR"}, "an error is what writes the buffer"),
        ({"buffer": "LOUD"}, "buffer='LOUD' is no level"),
        ({"buffer_bytes": 0}, "buffer_bytes=0"),
        ({"sample": 2}, "sample=2 is no share of invocations; give a number from 0 to 1"),
        ({"keys": {"level": 1}}, "keys has 'level', which every line has by itself"),
        ({"first": "level"}, "first is a list of names, not the text 'level'; give ['level']"),
        ({"quiet": "boto3"}, "quiet is a list of names, not the text 'boto3'"),
        ({"redact": "token"}, "the names to redact are a list, not the text 'token'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        json_logging(**options)


def test_a_correlation_id_of_ones_own_comes_first(capsys):
    def function(event: Any, context: Any) -> None:
        LOG.info("theirs")
        with log_context(correlationId="of-record"):
            LOG.info("mine")

    handler_of(function)({"detail-type": "x", "source": "y", "id": "e-1"}, FakeContext())
    assert [line["correlationId"] for line in lines_of(capsys)] == ["e-1", "of-record"]


def test_a_thread_without_a_context_has_no_keys_of_the_invocation(capsys):
    def function(event: Any, context: Any) -> None:
        log_context(order_id="A-1")
        for run in (LOG.info, contextvars.copy_context().run):
            arguments = ("bare",) if run == LOG.info else (LOG.info, "copied")
            thread = threading.Thread(target=run, args=arguments)
            thread.start()
            thread.join()

    handler_of(function)({}, FakeContext())
    bare, copied = lines_of(capsys)
    assert (copied["order_id"], copied["requestId"]) == ("A-1", "r-1")
    assert bare["message"] == "bare"
    if not getattr(sys.flags, "thread_inherit_context", False):
        assert "order_id" not in bare


def test_a_context_key_that_every_line_has_is_refused():
    with pytest.raises(UsageError, match="'requestId' is a key that every line has by itself"):
        log_context(requestId="x")


CONCURRENT = """
import asyncio
import logging
from lambdakit import lambda_handler
from lambdakit.middleware import json_logging, log_context

@lambda_handler(middleware=[json_logging(buffer="DEBUG", correlation=lambda event: "c-%d" % event["n"])])
async def handler(event, context):
    log_context(number=event["n"])
    logging.debug("held")
    for _ in range(3):
        await asyncio.sleep(0)
        logging.info("shown %s", context.aws_request_id)
    if event["n"] % 2:
        raise LookupError
"""


def test_a_hundred_invocations_in_one_environment_do_not_mix():
    concurrency = {"AWS_LAMBDA_MAX_CONCURRENCY": "25", "LAMBDAKIT_CONCURRENCY": "async"}
    events = [Event({"n": number}, headers={"Lambda-Runtime-Aws-Tenant-Id": f"t-{number}"}) for number in range(100)]
    run = run_runtime(CONCURRENT, events, env=concurrency)
    lines = [json.loads(line) for line in run.stdout.decode().splitlines() if '"number"' in line]
    assert len(lines) == 350
    for line in lines:
        number = line["number"]
        ids = (line["requestId"], line["tenantId"], line["correlationId"])
        assert ids == (request_id(number + 1), f"t-{number}", f"c-{number}")
        assert line["message"] in ("held", f"shown {request_id(number + 1)}")
    assert {line["number"] for line in lines if line["message"] == "held"} == set(range(1, 100, 2))


SOURCE = """
import logging
logging.getLogger().setLevel("WARNING")
logging.info("not shown")
logging.warning("at import")
from lambdakit import lambda_handler
from lambdakit.middleware import json_logging, log_context

@lambda_handler(middleware=[json_logging(buffer="DEBUG", keys={"service": "orders"})])
def handler(event, context):
    log_context(order_id=event["order"])
    logging.getLogger("other.library").info("shipped", extra={"parcels": 2})
    logging.debug("held")
    if event["order"] == "bad":
        raise ValueError("no " + "such order")
"""


@pytest.mark.parametrize("command", [OURS, OFFICIAL], ids=["ours", "official"])
@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_in_an_execution_environment(command, log_format):
    events = [Event({"order": "A-1"}), Event({"order": "bad"})]
    run = run_runtime(SOURCE, events, command=command, env={"AWS_LAMBDA_LOG_FORMAT": log_format})
    lines = [json.loads(line) for line in run.stdout.decode().splitlines() if '"service"' in line]
    assert [(line["message"], line["order_id"], line["requestId"]) for line in lines] == [
        ("shipped", "A-1", request_id(1)),
        ("shipped", "bad", request_id(2)),
        ("held", "bad", request_id(2)),
    ]
    text = run.stdout.decode()
    assert (text.count("at import"), text.count("shipped"), text.count("not shown")) == (1, 2, 0)
    assert text.count("no such order") == 1
    assert run.posts[1].path.endswith("/error")
    assert run.stderr == b""


def test_a_middleware_that_is_called_by_itself_works_too(capsys):
    assert json_logging()({"order": "A-1"}, FakeContext(), logging_once) == "done"
    assert messages(capsys) == ["shipped A-1"]
