"""Records of `logging` against AWS's own classes: every record is formatted to the same bytes."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

import pytest
from awslambdaric import bootstrap as official
from awslambdaric import lambda_runtime_log_utils as utils
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.runtime import log_records, logs
from lambdakit.runtime.log_records import JsonFormatter, RuntimeLogHandler


class Recording(logs.Sink):
    """Keeps what is written, and the frame it would be put into."""

    def __init__(self) -> None:
        self.written: list[tuple[str, int]] = []

    def write(self, text: str, *, level: int | None = None, is_json: bool = False) -> None:
        frames = logs._JSON_FRAMES if is_json else logs._TEXT_FRAMES
        self.written.append((text, frames[level or 0]))


class TheirRecording:
    def __init__(self) -> None:
        self.written: list[tuple[str, int]] = []

    def log(self, text: str, frame_type: bytes | None = None) -> None:
        self.written.append((text, int.from_bytes(frame_type or utils._DEFAULT_FRAME_TYPE, "big")))


@pytest.fixture
def root(monkeypatch):
    """A root logger as a fresh process has it; `logging`'s globals are put back."""
    fresh = logging.RootLogger(logging.WARNING)
    monkeypatch.setattr(logging, "getLogger", lambda name=None: fresh)
    monkeypatch.setattr(logging.Formatter, "converter", time.localtime)
    for name in (logs.LOG_FORMAT, logs.LOG_LEVEL):
        monkeypatch.delenv(name, raising=False)
    return fresh


def both_handlers(root: logging.Logger, log_format: str, log_level: str) -> tuple[Any, Any, Any, Any]:
    """Our handler and sink, then theirs, set up for the same environment."""
    mine, their = Recording(), TheirRecording()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(logs.LOG_FORMAT, log_format)
        patch.setenv(logs.LOG_LEVEL, log_level)
        log_records.set_up_root_logger(mine)
    official._setup_logging(utils.LogFormat.from_str(log_format), utils._get_log_level_from_env_var(log_level), their)
    my_handler, their_handler = (handler for handler in root.handlers if hasattr(handler, "log_sink"))
    return my_handler, mine, their_handler, their


def failure() -> Any:
    try:
        raise ValueError("no: ä")
    except ValueError:
        return sys.exc_info()


EXTRA_KEYS = st.sampled_from(
    ["user", "level", "message2", "taskName", "tenantId", "requestId", "location", "_private", "ä"]
)
VALUES = st.none() | st.text(max_size=5) | st.integers() | st.builds(object) | st.lists(st.integers(), max_size=2)
RECORDS = st.fixed_dictionaries(
    {
        "level": st.integers(-5, 70) | st.sampled_from([0, 10, 20, 30, 40, 50]),
        "message": st.sampled_from(
            [
                ("plain ä\n", ()),
                ("%s and %d", ("a", 1)),
                ({"a": 1, "b": object}, ()),
                ("%(a)s", ({"a": 2},)),
                (["l"], ()),
            ]
        ),
        "failed": st.booleans(),
        "extra": st.dictionaries(EXTRA_KEYS, VALUES, max_size=3),
        "name": st.sampled_from(["root", "my.logger"]),
    }
)


def make_record(form: Any) -> logging.LogRecord:
    message, args = form["message"]
    exc_info = failure() if form["failed"] else None
    record = logging.Logger("any").makeRecord(
        form["name"], form["level"], "/task/app.py", 12, message, args, exc_info, "func", None, "stack"
    )
    record.created, record.msecs = 1_767_322_800.25, 250.0
    record.__dict__.update(form["extra"])
    return record


@pytest.mark.parametrize("log_level", ["", "DEBUG"])
@pytest.mark.parametrize("log_format", ["", "JSON", "json", "Text"])
def test_every_record_is_the_official_bytes(root, log_format, log_level):
    my_handler, mine, their_handler, their = both_handlers(root, log_format, log_level)

    @given(RECORDS, st.sampled_from(["", "id-1"]), st.sampled_from([None, "tenant"]))
    def check(form: Any, request_id: str, tenant: str | None) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(logs, "_identity", logs.Identity(request_id, tenant))
            patch.setattr(official, "_GLOBAL_AWS_REQUEST_ID", request_id)
            patch.setattr(official, "_GLOBAL_TENANT_ID", tenant)
            my_handler.handle(my_record := make_record(form))
            their_handler.handle(their_record := make_record(form))
        wanted = their.written.pop()
        addresses_differ = "object at 0x" in wanted[0]
        if not addresses_differ:
            assert mine.written.pop() == wanted
        else:
            assert mine.written.pop()[1] == wanted[1]
        assert (my_record.levelno, my_record.levelname) == (their_record.levelno, their_record.levelname)

    check()
    assert not mine.written
    assert not their.written


LEVELS = ["", "DEBUG", "debug", "TRACE", "trace", "WARN", "FATAL", "NOTSET", "INFO", "nonsense", "10"]


@pytest.mark.parametrize("log_level", LEVELS)
def test_the_level_is_the_official_one(root, log_level, monkeypatch):
    monkeypatch.setenv(logs.LOG_LEVEL, log_level)
    log_records.set_up_root_logger(Recording())
    mine, root.level = root.level, logging.WARNING
    official._setup_logging(utils.LogFormat.TEXT, utils._get_log_level_from_env_var(log_level), TheirRecording())
    assert mine == root.level


def test_times_are_utc_whatever_the_zone(root, monkeypatch):
    log_records.set_up_root_logger(Recording())
    assert logging.Formatter.converter is time.gmtime


def test_a_record_that_cannot_be_formatted_does_not_reach_the_handler(root, monkeypatch):
    handler = RuntimeLogHandler(Recording(), frames_by_level=False)
    seen = []
    monkeypatch.setattr(handler, "handleError", seen.append)
    record = logging.LogRecord("n", 30, "p", 1, "%d", ("not a number",), None)
    handler.handle(record)
    assert seen == [record]


def test_a_json_value_without_a_form_is_shown_as_text():
    record = logging.LogRecord("n", 30, "p", 1, {"when": {1}, "list": [object]}, None, None)
    entry = json.loads(JsonFormatter().format(record))
    assert entry["message"] == {"when": "{1}", "list": ["<class 'object'>"]}


def test_each_json_record_is_one_line():
    record = logging.LogRecord("n", 30, "p", 1, "a\nb\r\u2028c", (), None)
    text = JsonFormatter().format(record)
    assert text.count("\n") == 1
    assert text.endswith("}\n")
    assert json.loads(text)["message"] == "a\nb\r\u2028c"
