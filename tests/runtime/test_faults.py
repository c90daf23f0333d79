"""Failures as the caller, X-Ray and the log see them."""

from __future__ import annotations

import json
import sys
import traceback

import pytest
from awslambdaric.bootstrap import extract_traceback, make_xray_fault

from lambdakit.exceptions import Fault
from lambdakit.runtime import faults
from lambdakit.runtime.faults import report


def failing(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        if cause is not None:
            raise error from cause
        raise error
    except BaseException as caught:
        return caught


def lines(error: BaseException) -> list[str]:
    return report(error).error["stackTrace"]  # type: ignore[return-value]


@pytest.mark.parametrize(
    "error", [KeyError("k"), ValueError("a", 1), RuntimeError(), OSError(2, "gone"), ValueError("é \ud800")]
)
def test_an_exception_reads_as_in_the_official_client(error) -> None:
    failing(error)
    frames = extract_traceback(error.__traceback__)
    made = report(error, "the-id")
    assert made.error == {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": "the-id",
        "stackTrace": traceback.format_list(frames),
    }
    assert json.loads(made.body()) == made.error
    cause = json.loads(made.cause())
    assert cause == make_xray_fault(type(error).__name__, str(error), cause["working_directory"], frames)


def test_a_cause_is_ascii_because_it_is_a_header() -> None:
    cause = report(failing(ValueError("é\r\nX-Evil: 1"))).cause()
    assert cause.isascii()
    assert b"\r" not in cause
    assert b"\n" not in cause


def test_a_cause_behind_the_error_is_shown_behind_its_frames() -> None:
    error = failing(ValueError("outer"), cause=failing(KeyError("inner")))
    own, label, *rest = lines(error)
    assert "raise error from cause" in own
    assert label == "Caused by KeyError: 'inner'\n"
    assert rest[0].startswith(f'  File "{__file__}"')
    exceptions = json.loads(report(error).cause())["exceptions"]
    assert [item["type"] for item in exceptions] == ["ValueError", "KeyError"]


def test_a_context_is_shown_unless_it_is_suppressed() -> None:
    try:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904 - the implicit context is what is tested
    except ValueError as error:
        shown = error
    assert "During handling of KeyError: 'first'\n" in lines(shown)
    shown.__suppress_context__ = True
    assert len(lines(shown)) == 1


def test_notes_are_shown() -> None:
    error = failing(ValueError("x"))
    error.__notes__ = ["look at item 3"]
    assert lines(error)[1:] == ["look at item 3\n"]


def test_the_members_of_a_group_are_shown() -> None:
    class Group(Exception):
        """Looks like an ExceptionGroup, which Python 3.10 does not have."""

        exceptions = (KeyError("a"), ValueError("b"))
        split = None

    kind = getattr(__builtins__, "ExceptionGroup", None) or globals().get("ExceptionGroup")
    error = kind("several", list(Group.exceptions)) if kind else Group("several")
    name = type(error).__name__
    assert lines(failing(error))[1:] == [
        f"Member 0 of {name} KeyError: 'a'\n",
        f"Member 1 of {name} ValueError: b\n",
    ]


def test_an_attribute_called_exceptions_means_nothing_elsewhere() -> None:
    error = failing(ValueError("x"))
    error.exceptions = [KeyError("y")]  # type: ignore[attr-defined]
    assert len(lines(error)) == 1


def test_a_circle_of_causes_ends() -> None:
    first, second = failing(ValueError("1")), failing(ValueError("2"))
    first.__cause__, second.__cause__ = second, first
    assert [line for line in lines(first) if line.startswith("Caused by")] == ["Caused by ValueError: 2\n"]


def test_a_long_chain_of_causes_is_cut() -> None:
    error: BaseException = failing(ValueError("0"))
    for number in range(1, 2_000):
        error = failing(ValueError(str(number)), cause=error)
    shown = [line for line in lines(error) if line.startswith("Caused by")]
    assert shown == [f"Caused by ValueError: {number}\n" for number in range(1998, 1988, -1)]


def test_an_exception_that_cannot_say_what_it_is() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    assert report(failing(Mute())).error["errorMessage"] == "<Mute.__str__ raised ZeroDivisionError>"


@pytest.mark.parametrize(
    ("code", "said"), [(None, "0"), (0, "0"), (3, "3"), ("bye", "1 (bye)"), (True, "True"), ([1], "1")]
)
def test_an_exit_says_its_status(code, said) -> None:
    made = report(failing(SystemExit(code)))
    assert made.error_type == "Runtime.ExitError"
    assert made.error["errorMessage"] == f"sys.exit was called: exit status {said}"
    assert len(made.error["stackTrace"]) == 1


def test_a_fault_is_told_as_it_is() -> None:
    made = report(Fault("Runtime.Kind", "message", stack_trace=("line",), hint="do this"), "the-id")
    assert made.error == {
        "errorMessage": "message",
        "errorType": "Runtime.Kind",
        "requestId": "the-id",
        "stackTrace": ["line"],
    }
    assert json.loads(made.cause())["exceptions"] == [
        {"message": "message", "type": "LambdaValidationError", "stack": []}
    ]
    assert made.hint == "do this"


def test_the_log_has_the_entry_and_the_hint(capsys, caplog) -> None:
    report(Fault("Runtime.Kind", "message", hint="do this")).log()
    assert capsys.readouterr().out == "[ERROR] Runtime.Kind: message\rTraceback (most recent call last):\n"
    assert caplog.messages == ["do this"]


@pytest.mark.parametrize("problem", [ValueError("I/O operation on closed file"), BrokenPipeError()])
def test_a_log_that_cannot_be_written_is_no_failure(problem, monkeypatch) -> None:
    class Stream:
        written = 0

        def write(self, text: str) -> int:
            self.written += 1
            raise problem

    monkeypatch.setattr(sys, "stdout", stream := Stream())
    report(ValueError("x")).log()
    assert stream.written


def test_a_working_directory_that_is_gone_is_empty(monkeypatch) -> None:
    def gone() -> str:
        raise FileNotFoundError

    monkeypatch.setattr("os.getcwd", gone)
    assert json.loads(report(failing(ValueError("x"))).cause())["working_directory"] == ""


def test_the_runtimes_own_frames_are_cut_from_the_front_only(monkeypatch) -> None:
    from lambdakit.runtime.streaming import StreamingResponse

    with pytest.raises(ValueError, match="status") as caught:
        StreamingResponse(0)
    frames = faults.user_frames(caught.value.__traceback__)
    assert [frame[0] == __file__ for frame in frames] == [True, False]
    inner = caught.value.__traceback__
    assert inner is not None
    # A failure that has no frame of the user's keeps its last one.
    assert len(faults.user_frames(inner.tb_next)) == 1


def test_frames_of_the_import_system_are_left_out(tmp_path, monkeypatch) -> None:
    (tmp_path / "outer_module.py").write_text("import inner_module\n")
    (tmp_path / "inner_module.py").write_text("import nowhere_to_be_found\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import importlib

    with pytest.raises(ImportError) as caught:
        importlib.import_module("outer_module")
    shown = faults.import_frames(caught.value)
    assert not any("<frozen" in line or "/importlib/" in line for line in shown)
    assert [line.splitlines()[1].strip() for line in shown[1:]] == ["import inner_module", "import nowhere_to_be_found"]
