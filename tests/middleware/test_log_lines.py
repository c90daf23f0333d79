"""The lines of `json_logging` against AWS's own formatter, what may be in them, and the one way out they take."""

from __future__ import annotations

import io
import json
import logging
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from awslambdaric import lambda_runtime_log_utils as utils
from hypothesis import given
from hypothesis import strategies as st

from lambdakit import lambda_handler
from lambdakit.log_format import JsonFormatter
from lambdakit.middleware import json_logging
from lambdakit.middleware.line import to_ascii_line, to_line
from lambdakit.middleware.log_lines import LineFormatter, StdoutHandler
from lambdakit.middleware.redaction import MASK
from lambdakit.middleware.secret_values import Secret
from lambdakit.runtime.log_records import RuntimeLogHandler
from lambdakit.runtime.logs import Sink
from tests.middleware.log_support import FakeContext, lines_of, ones_own
from tests.middleware.log_support import root as root

pytestmark = pytest.mark.usefixtures("root")

LOG = logging.getLogger("app")


def run(function: Any, context: Any = None, **options: Any) -> Any:
    """Call a function as a handler with json_logging around it."""
    return lambda_handler(middleware=[json_logging(**options)])(lambda event, context: function())({}, context)


class Recording(Sink):
    def __init__(self) -> None:
        self.written: list[tuple[str, int | None, bool]] = []

    def write(self, text: str, *, level: int | None = None, is_json: bool = False) -> None:
        self.written.append((text, level, is_json))


def error_info() -> Any:
    try:
        raise ValueError("wörse")
    except ValueError:
        return sys.exc_info()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=5,
)
EXTRAS = st.dictionaries(st.sampled_from(["a", "b", "order", "n", "custom"]), JSON_VALUES, max_size=3)
MESSAGES = st.text(st.characters(exclude_categories=["Cs"])) | st.dictionaries(st.text("abc"), JSON_VALUES, min_size=1)


@given(level=st.integers(0, 60), message=MESSAGES, extra=EXTRAS, failed=st.booleans(), tenant=st.none() | st.just("t"))
def test_a_line_is_that_of_awss_formatter(level, message, extra, failed, tenant):
    def record() -> logging.LogRecord:
        made = logging.LogRecord("app", level, __file__, 1, message, None, error_info() if failed else None, "function")
        made.__dict__.update(extra, created=1_700_000_000.5, aws_request_id="r-1", tenant_id=tenant, taskName=None)
        return made

    mine = LineFormatter(json_logging(redact=[])).format(record())
    theirs = json.loads(utils.JsonFormatter().format(record()))
    for line in (json.loads(mine), theirs):
        line.pop("stackTrace", None)  # of two calls
    assert json.loads(mine) == theirs | ({"stackTrace": json.loads(mine)["stackTrace"]} if failed else {})
    assert list(json.loads(mine)) == list(json.loads(utils.JsonFormatter().format(record())))


def test_an_exception_is_structured(capsys):
    def function() -> None:
        try:
            raise KeyError("x")
        except KeyError:
            LOG.exception("failed")

    run(function, FakeContext())
    (line,) = lines_of(capsys)
    assert (line["errorType"], line["errorMessage"], line["level"]) == ("KeyError", "'x'", "ERROR")
    assert 'raise KeyError("x")' in line["stackTrace"][0]
    assert line["location"].startswith(f"{__file__}:function:")


@dataclass
class Card:
    number: str
    password: str


class Untextual:
    def __str__(self) -> str:
        raise RuntimeError


CIRCLE: dict[str, Any] = {}
CIRCLE["self"] = CIRCLE


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Secret("s3cr3t"), "**********"),
        ([Secret("s3cr3t")], ["**********"]),
        (Card("4111", "x"), {"number": "4111", "password": MASK}),
        ({"Api-Key": "x", "deep": [{"userPassword": 1}]}, {"Api-Key": MASK, "deep": [{"userPassword": MASK}]}),
        ({("a", 1): 2}, {"('a', 1)": 2}),
        (float("nan"), "nan"),
        (Untextual(), "<Untextual that has no text: RuntimeError>"),
        (b"x", "b'x'"),
        ((1, 2), [1, 2]),
        (1 << 80, 1 << 80),
    ],
)
def test_a_line_is_never_lost_to_a_value(capsys, value, shown):
    run(lambda: LOG.info("text", extra={"value": value}))
    assert lines_of(capsys)[0]["value"] == shown


def test_a_circle_is_cut(capsys):
    run(lambda: LOG.info({"message": CIRCLE}), redact=[])
    assert "..." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("message", "extra"),
    [
        ("x" * 300_000, {}),
        ("€" * 100_000, {}),
        ("x", {"rows": ["y" * 100] * 3_000, "n": 1}),
        ("x", {f"key{number}": "z" * 8_000 for number in range(100)}),
    ],
)
def test_a_line_fits_into_a_log_event(capsys, message, extra):
    run(lambda: LOG.info(message, extra=extra), FakeContext())
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert len(out.encode()) + 26 <= 256 * 1024
    entry = json.loads(out)
    assert entry.keys() >= {"timestamp", "level", "logger", "requestId", *extra}
    assert entry["message"][:1] == message[:1]
    assert entry.get("n") == extra.get("n")


def test_wrong_arguments_are_said():
    record = logging.LogRecord("app", 20, __file__, 1, "%d", ("text",), None)
    line = json.loads(LineFormatter(json_logging()).format(record))
    assert line["message"] == "%d"
    assert line["loggingError"].startswith("TypeError: %d format")


def test_a_message_that_is_a_dict_is_redacted(capsys):
    run(lambda: LOG.info({"user": "ann", "token": "x"}))
    assert lines_of(capsys)[0]["message"] == {"user": "ann", "token": MASK}


def test_keys_that_match_are_redacted_wherever_they_come_from(capsys):
    run(lambda: LOG.info("x", extra={"pin": 1}), keys={"door_pin": 2, "n": 3}, redact=["*pin"])
    (line,) = lines_of(capsys)
    assert (line["pin"], line["door_pin"], line["n"]) == (MASK, MASK, 3)


def test_lines_of_a_library_are_the_same(capsys):
    run(lambda: logging.getLogger("library.part").warning("careful"))
    assert [(line["logger"], line["message"]) for line in lines_of(capsys)] == [("library.part", "careful")]


def test_a_line_is_one_write(monkeypatch):
    writes: list[str] = []

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            writes.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Out())
    run(lambda: LOG.info("one\ntwo"))
    assert len(writes) == 1
    assert writes[0].count("\n") == 1
    assert writes[0].endswith("\n")


def test_the_runtimes_handler_keeps_its_sink_and_frames(root):
    sink = Recording()
    handler = RuntimeLogHandler(sink, frames_by_level=False)
    root.addHandler(handler)
    run(lambda: LOG.info("text"))
    assert ones_own(root) == [handler]
    ((text, level, is_json),) = sink.written
    assert (json.loads(text)["message"], text[-1], level, is_json) == ("text", "\n", 20, True)
    assert isinstance(handler.formatter, JsonFormatter)


def test_awss_handler_gets_frames_of_json(root):
    from awslambdaric.bootstrap import LambdaLoggerHandlerWithFrameType

    written: list[tuple[str, Any]] = []

    class TheirSink:
        def log(self, text: str, frame_type: Any = None) -> None:
            written.append((text, frame_type))

    root.addHandler(LambdaLoggerHandlerWithFrameType(TheirSink()))
    run(lambda: LOG.warning("text"))
    ((text, frame),) = written
    assert (json.loads(text)["message"], frame) == ("text", utils._JSON_FRAME_TYPES[logging.WARNING])


def test_handlers_on_the_console_are_taken_over_and_become_one(root, capsys):
    first, second = logging.StreamHandler(sys.stdout), logging.StreamHandler(sys.stderr)
    elsewhere = logging.StreamHandler(io.StringIO())
    for handler in (elsewhere, first, second):
        root.addHandler(handler)
    run(lambda: LOG.warning("text"))
    out, err = capsys.readouterr()
    assert json.loads(out)["message"] == "text"
    assert err == ""
    assert ones_own(root) == [elsewhere, first]
    assert elsewhere.stream.getvalue() == "text\n"


def test_a_logger_with_a_console_handler_has_written_itself(capsys, monkeypatch):
    own = logging.StreamHandler(sys.stdout)
    monkeypatch.setattr(LOG, "handlers", [own])
    run(lambda: (LOG.warning("own"), logging.getLogger("app.child").warning("child"), logging.warning("root")))
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["own", "child"]
    assert [json.loads(line)["message"] for line in out[2:]] == ["root"]


def test_a_second_handler_adds_no_second_line(root, capsys):
    first = lambda_handler(middleware=[json_logging(level="ERROR", keys={"of": 1})])(lambda e, c: LOG.warning("first"))
    other = lambda_handler(middleware=[json_logging(keys={"of": 2})])(lambda e, c: LOG.warning("second"))
    first({}, None)
    other({}, None)
    assert [(line["message"], line["of"]) for line in lines_of(capsys)] == [("second", 2)]
    assert [type(handler) for handler in ones_own(root)] == [StdoutHandler]


def test_handlers_put_there_later_are_taken_over_too(root, capsys):
    handler = lambda_handler(middleware=[json_logging()])(lambda event, context: LOG.info("text"))
    logging.basicConfig(force=True, stream=sys.stdout, level=logging.INFO)
    handler({}, None)
    assert [line["message"] for line in lines_of(capsys)] == ["text"]
    assert len(ones_own(root)) == 1


def test_a_broken_stdout_does_not_reach_the_function(monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    monkeypatch.setattr(sys, "stdout", None)
    assert run(lambda: LOG.info("text")) is None


@given(st.dictionaries(st.text(max_size=5), JSON_VALUES | st.floats(), max_size=4))
def test_every_entry_is_valid_json_on_one_line(entry):
    for line in (to_line(entry), to_ascii_line(entry)):
        assert "\n" not in line
        read = json.loads(line, parse_constant=pytest.fail)
        assert read.keys() == entry.keys()
    assert to_ascii_line(entry).isascii()
