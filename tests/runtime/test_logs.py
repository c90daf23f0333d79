"""Sinks, streams and failure entries: byte for byte what AWS's client writes, and never in an answer's way."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.runtime import logs
from tests.fake_runtime_api import Answer, Event, request_id
from tests.runtime_process import OFFICIAL, OURS, run_runtime

if TYPE_CHECKING:
    from pathlib import Path

RUNTIMES = {"ours": OURS, "official": OFFICIAL}
# AWS's client decides on raw UTF-8 by this variable; ours always writes it.
RAW_UTF8 = {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"}


# -- Failure entries ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bootstrap() -> Any:
    """AWS's implementation, in text format."""
    import awslambdaric.bootstrap as theirs

    return theirs


class Recording(logs.Sink):
    """Keeps what is written; separates lines as the stream sink does."""

    def __init__(self) -> None:
        self.written: list[tuple[str, int | None, bool]] = []

    def write(self, text: str, *, level: int | None = None, is_json: bool = False) -> None:
        self.written.append((text, level, is_json))


class TheirRecording:
    def __init__(self) -> None:
        self.text = ""

    def log_error(self, lines: list[str]) -> None:
        self.text = "\r".join(lines) + "\n"


TRACE_LINES = st.text(st.sampled_from(" \tab\n\r:é\u00a0"), max_size=20)


@given(st.text(max_size=10), st.text(max_size=10), st.lists(TRACE_LINES, max_size=4))
def test_a_failure_in_text_is_the_official_entry(bootstrap, kind, message, trace):
    error = {"errorMessage": message, "errorType": kind, "requestId": "id", "stackTrace": trace}
    theirs = TheirRecording()
    bootstrap.log_error(error, theirs)
    sink = Recording()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(logs.LOG_FORMAT, raising=False)
        patch.setattr(logs, "_sink", sink)
        logs.log_failure(error)
    assert sink.written == [(theirs.text, 40, False)]


FAILS = """
import time
time.time = lambda: 1767322800.25
time.gmtime = lambda seconds=0, real=time.gmtime: real(1767322800.25)
time.strftime = lambda form, moment=None, real=time.strftime: real(form, moment or time.gmtime())
def inner():
    raise ValueError("no: ä")
def handler(event, context):
    if event:
        inner()
    raise KeyError
"""


def both(source: str, events: list[Any], **options: Any) -> tuple[Any, Any]:
    """The same handler and events on our runtime and on AWS's, in directories of the same text."""
    runs = []
    for command in RUNTIMES.values():
        env = {**RAW_UTF8, **options.get("env", {})}
        runs.append(run_runtime(source, [Event(event) for event in events], command=command, **{**options, "env": env}))
    return runs[0], runs[1]


def without_folder(text: bytes) -> str:
    """The text with the temporary directory's name made one."""
    import re

    return re.sub(r"/[^ \"\\]*/runtime-\w+", "/task", text.decode())


@pytest.mark.parametrize("log_format", [None, "JSON", "json", "Text", "nonsense"])
def test_entries_of_failed_invocations_are_the_official_bytes(log_format):
    mine, their = both(FAILS, [1, 0], env={"AWS_LAMBDA_LOG_FORMAT": log_format})
    assert without_folder(mine.stdout) == without_folder(their.stdout)
    assert "no: ä".encode() in mine.stdout
    assert (b"\r" in mine.stdout) == (log_format not in ("JSON", "json"))


# -- Frames ------------------------------------------------------------------------------------------------------

FRAMES = """
import logging, time
time.time_ns = lambda: 1767322800123456789
time.time = lambda: 1767322800.25
time.gmtime = lambda seconds=0, real=time.gmtime: real(1767322800.25)
time.strftime = lambda form, moment=None, real=time.strftime: real(form, moment or time.gmtime())
logging.getLogger().setLevel(1)
logging.raiseExceptions = False
def handler(event, context):
    log = logging.getLogger("name")
    for level in (1, 10, 15, 20, 30, 40, 50, 60):
        record = log.makeRecord("name", level, "f.py", 1, "level %d\\nä", (level,), None, "f")
        record.created, record.msecs = 1767322800.25, 250.0
        log.handle(record)
    context.log("raw ä\\n")
    print("printed")
    raise ValueError("lines\\nof text")
"""


def framed(command: Any, env: dict[str, str], directory: Path) -> tuple[bytes, bytes]:
    """What a runtime writes to its telemetry descriptor, and to stdout."""
    path = directory / "frames"
    with path.open("wb") as file:
        run = run_runtime(
            FRAMES,
            [Event({})],
            command=command,
            env={**RAW_UTF8, **env, logs.LOG_FD: str(file.fileno())},
            pass_fds=(file.fileno(),),
        )
    return path.read_bytes(), run.stdout


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """(type, message) of each frame, the microseconds checked."""
    found = []
    while data:
        kind, length, moment = (int.from_bytes(data[a:b], "big") for a, b in ((0, 4), (4, 8), (8, 16)))
        assert moment == 1767322800123456
        found.append((kind, data[16 : 16 + length]))
        data = data[16 + length :]
    return found


@pytest.mark.parametrize(
    "env",
    [{}, {"AWS_LAMBDA_LOG_LEVEL": "DEBUG"}, {"AWS_LAMBDA_LOG_FORMAT": "JSON"}],
    ids=["text", "text by level", "JSON"],
)
def test_frames_are_the_official_bytes(env, tmp_path):
    written = {}
    for name, command in RUNTIMES.items():
        (tmp_path / name).mkdir()
        written[name] = framed(command, env, tmp_path / name)
    mine, their = (frames(data) for data, _ in written.values())
    assert [(kind, without_folder(text)) for kind, text in mine] == [
        (kind, without_folder(text)) for kind, text in their
    ]
    assert len(mine) == 10
    assert written["ours"][1] == written["official"][1] == b"printed\n"


@pytest.mark.parametrize("level", [None, 0, 10, 20, 30, 40, 50])
@pytest.mark.parametrize("is_json", [False, True])
def test_a_frame(level, is_json, tmp_path, monkeypatch):
    from awslambdaric import lambda_runtime_log_utils as theirs

    monkeypatch.setattr(logs.time, "time_ns", lambda: 1767322800123456789)
    path = tmp_path / "frames"
    sink = logs.FramedSink(os.open(path, os.O_WRONLY | os.O_CREAT))
    sink.write("ä\ud800", level=level, is_json=is_json)
    sink.close()
    [(kind, message)] = frames(path.read_bytes())
    table = theirs._JSON_FRAME_TYPES if is_json else theirs._TEXT_FRAME_TYPES
    assert kind.to_bytes(4, "big") == table[level or 0]
    assert message == "ä\\ud800".encode()


def test_a_large_frame_through_a_pipe_is_whole():
    import threading

    reading, writing = os.pipe()
    received = bytearray()

    def read() -> None:
        while data := os.read(reading, 65536):
            received.extend(data)

    thread = threading.Thread(target=read)
    thread.start()
    sink = logs.FramedSink(writing)
    sink.write("x" * 3_000_000)
    sink.close()
    thread.join(20)
    os.close(reading)
    assert received[4:8] == (3_000_000).to_bytes(4, "big")
    assert received[16:] == b"x" * 3_000_000


# -- Streams -----------------------------------------------------------------------------------------------------


def test_each_write_is_there_at_once():
    """Nothing waits in a buffer: the environment may be frozen, or killed, right after."""
    source = """
import os, sys
def handler(event, context):
    print("a", "b")
    sys.stderr.write("error")
    sys.stdout.writelines(["c\\n", "d"])
    sys.stdout.buffer.write(b"e"); sys.stdout.write("f")
    context.log("g")
    os._exit(7)
"""
    run = run_runtime(source, [Event({})])
    assert (run.stdout, run.stderr, run.exit_code) == (b"a b\nc\ndefg", b"error", 7)


def test_streams_the_function_put_in_place_are_flushed_after_each_invocation():
    source = """
import io, os, sys
sys.stdout = io.TextIOWrapper(io.FileIO(os.dup(1), "w"), "utf-8")
sys.stderr = io.TextIOWrapper(io.BufferedWriter(io.FileIO(os.dup(2), "w")), "utf-8")
def handler(event, context):
    print("out", event)
    print("err", event, file=sys.stderr)
    return event
"""
    run = run_runtime(source, [Event(1), Event(2)])
    assert (run.stdout, run.stderr) == (b"out 1\nout 2\n", b"err 1\nerr 2\n")
    assert [post.json() for post in run.posts] == [1, 2]


BREAKERS = {
    "closed": "sys.stdout.close()",
    "none": "sys.stdout = None",
    "descriptor closed": "os.close(1)",
    "no stream": "sys.stdout = object()",
    "both closed": "sys.stdout.close(); sys.stderr.close()",
}


@pytest.mark.parametrize("breaks", BREAKERS.values(), ids=BREAKERS)
def test_a_broken_stdout_loses_no_answer(breaks):
    source = f"""
import os, sys
def handler(event, context):
    if event == "first":
        {breaks}
    if event == "fail":
        raise ValueError("told")
    return event
"""
    run = run_runtime(source, [Event("first"), Event("fail"), Event("again")])
    assert [post.call for post in run.posts] == ["response", "error", "response"]
    assert [run.posts[0].json(), run.posts[2].json()] == ["first", "again"]
    assert run.posts[1].json()["errorMessage"] == "told"


def test_a_lone_surrogate_in_the_log_loses_nothing():
    source = """
import logging
def handler(event, context):
    context.log("raw \\ud800\\n")
    logging.warning("record \\ud800")
    raise ValueError("message \\ud800")
"""
    run = run_runtime(source, [Event({})])
    assert run.posts[0].json()["errorMessage"] == "message \ud800"
    assert rb"raw \ud800" in run.stdout
    assert rb"record \ud800" in run.stdout
    assert rb"[ERROR] ValueError: message \ud800" in run.stdout
    assert run.stderr == b""


# -- Set-up ------------------------------------------------------------------------------------------------------


def test_the_root_logger_is_set_up_when_logging_is_imported():
    source = """
import sys
imported = "logging" in sys.modules
def handler(event, context):
    import logging
    logging.warning("first")
    return [imported, len(logging.getLogger().handlers), len(sys.meta_path), "logging" in repr(logging)]
"""
    run = run_runtime(source, [Event({}), Event({})])
    first, second = (post.json() for post in run.posts)
    assert first == second
    assert first[:2] == [False, 1]
    lines = run.stdout.decode().splitlines()
    assert [line.split("\t")[::3] for line in lines] == [["[WARNING]", "first"]] * 2
    assert [line.split("\t")[2] for line in lines] == [request_id(1), request_id(2)]


@pytest.mark.parametrize("how", ["import logging.handlers", "import logging.config", "from logging import getLogger"])
def test_it_is_set_up_however_logging_is_imported(how):
    handler = "def handler(event, context): return len(logging.root.handlers)"
    source = f"{how}\nimport logging\nlogging.error('in init')\n{handler}"
    run = run_runtime(source, [Event({})])
    assert run.posts[0].json() == 1
    assert run.stdout.startswith(b"[ERROR]\t")
    assert run.stdout.endswith(b"Z\t\tin init\n")


def test_logging_imported_before_the_runtime_is_set_up_as_well():
    start = "import logging, sys; from lambdakit.runtime.entry import main; sys.exit(main(['app.handler']))"
    source = "import logging\ndef handler(event, context): logging.error('x'); return len(logging.root.handlers)"
    run = run_runtime(source, [Event({})], handler=None, command=(sys.executable, "-c", start))
    assert run.posts[0].json() == 1
    assert run.stdout.endswith(f"\t{request_id(1)}\tx\n".encode())


def test_the_descriptor_is_taken_out_of_the_environment(tmp_path):
    source = "import os\ndef handler(event, context): return os.environ.get('_LAMBDA_TELEMETRY_LOG_FD', 'gone')"
    with (tmp_path / "log").open("wb") as file:
        env = {logs.LOG_FD: str(file.fileno())}
        run = run_runtime(source, [Event({})], env=env, pass_fds=(file.fileno(),))
    assert run.posts[0].json() == "gone"


def test_nobodys_records_have_an_empty_id():
    identity = logs.Identity()
    assert (identity.request_id, identity.tenant_id, identity.trace_id) == ("", None, None)


def test_records_of_threads_carry_the_running_invocations_id():
    source = """
import logging, threading
def handler(event, context):
    thread = threading.Thread(target=logging.warning, args=("from a thread",))
    thread.start(); thread.join()
"""
    run = run_runtime(source, [Event({}), Event({})])
    assert [line.split("\t")[2] for line in run.stdout.decode().splitlines()] == [request_id(1), request_id(2)]


def test_an_init_failure_is_logged_with_an_empty_id():
    mine, their = (
        run_runtime(
            "import logging\nlogging.warning('before')\nraise RuntimeError('init')",
            command=command,
            end=Answer(500),
            env={**RAW_UTF8, "AWS_LAMBDA_LOG_FORMAT": "JSON"},
        )
        for command in RUNTIMES.values()
    )
    entries = [[json.loads(line) for line in run.stdout.splitlines()] for run in (mine, their)]
    for found in entries:
        for entry in found:
            del entry["timestamp"]
            entry.pop("stackTrace", None)
    assert entries[0] == entries[1]
    assert [entry["requestId"] for entry in entries[0]] == ["", "", ""]
