"""The engine's tables and pure parts: states, faults, X-Ray causes, variables, configuration, log lines, exits."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from lambdakit.emulator import FunctionConfig, faults, limits, states, variables, xray
from lambdakit.emulator.logs import OutputPipe, timestamp
from lambdakit.emulator.platform_log import Figures, application_line_passes, platform_log
from lambdakit.emulator.process import BootstrapProcess, exit_cause
from lambdakit.exceptions import UsageError
from tests.engine_support import run


def config(**changes):
    return FunctionConfig(name="f", handler="app.handler", task_root=Path("/task"), **changes)


# states


def test_every_step_leads_to_a_state_of_the_table():
    assert {target for targets in states.STEPS.values() for target in targets} <= set(states.STEPS)


def test_terminal_states_allow_nothing():
    for state in (states.INIT_ERROR, states.RESTORE_ERROR):
        assert all(states.refusal(state, target) for target in states.STEPS)


def test_refusals_use_the_services_names():
    assert states.refusal(states.STARTED, states.READY) is None
    assert states.refusal(states.READY, states.RESTORE_ERROR) == (
        "State transition from Ready to RuntimeRestoreErrorState failed for runtime. "
        "Error: State transition is not allowed"
    )


# exits


@pytest.mark.parametrize(
    ("wait_status", "cause"),
    [
        (0, "Runtime exited without providing a reason"),
        (7 << 8, "Runtime exited with error: exit status 7"),
        (127 << 8, "Runtime exited with error: exit status 127"),
        (signal.SIGKILL, "Runtime exited with error: signal: killed"),
        (signal.SIGSEGV | 0x80, "Runtime exited with error: signal: segmentation fault (core dumped)"),
        (signal.SIGBUS, "Runtime exited with error: signal: bus error"),
        (60, "Runtime exited with error: signal: signal 60"),
    ],
)
def test_exit_causes(wait_status, cause):
    assert exit_cause(wait_status) == cause


def test_a_waiting_thread_serves_where_there_is_no_pidfd(tmp_path, monkeypatch):
    monkeypatch.setattr("lambdakit.emulator.process._open_pidfd", lambda pid: None)

    async def go():
        seen = []
        process = BootstrapProcess(
            ("/bin/sh", "-c", "exit 3"),
            cwd=tmp_path,
            environment={},
            output_fd=1,
            on_exit=lambda _, status: seen.append(status.cause),
        )
        status = await process.exited
        assert status.wait_status == 3 << 8
        assert seen == ["Runtime exited with error: exit status 3"]
        assert not process.alive

    run(go())


# faults


def test_xray_causes_need_one_filled_field_of_the_right_type():
    assert xray.valid_cause(b"") is None
    assert xray.valid_cause(b"not json") is None
    assert xray.valid_cause(b"[]") is None
    assert xray.valid_cause(b'{"paths":[],"message":"","other":"x"}') is None
    assert xray.valid_cause(b'{"paths":"x"}') is None
    assert xray.valid_cause(b'{"message":"m","other":1}') == b'{"message":"m"}'


def test_xray_causes_are_cropped_to_64_kib():
    frames = [{"message": "x" * 100, "type": "T", "stack": []} for _ in range(1000)]
    cropped = xray.valid_cause(json.dumps({"exceptions": frames, "paths": []}).encode())
    assert cropped is not None
    assert len(cropped) <= limits.XRAY_CAUSE_BYTES
    assert len(json.loads(cropped)["exceptions"]) == 400


def test_an_xray_cause_that_no_share_fits_keeps_its_texts_cut():
    cause = {"working_directory": "/w" * 60_000, "message": "m" * 100_000, "paths": ["p" * 90_000]}
    cropped = xray.valid_cause(json.dumps(cause).encode())
    assert cropped is not None
    kept = json.loads(cropped)
    assert set(kept) == {"working_directory", "message"}
    room = (65_536 - 4096) // 2
    assert [len(text) for text in kept.values()] == [room, room]
    assert all(text.endswith("...") for text in kept.values())


def test_the_timeout_text_names_the_configured_seconds():
    assert json.loads(faults.timed_out("id", 3).body)["errorMessage"] == (
        "RequestId: id Error: Task timed out after 3.00 seconds"
    )


# variables


def facts(**changes):
    return variables.Facts(config(**changes), "127.0.0.1:9", "2026/01/01/[$LATEST]abc", "token")


def test_every_documented_variable_has_its_value():
    built = variables.build(facts(memory_mb=512, region="eu-west-1", runtime="python3.13"), {})
    assert built == {
        "_HANDLER": "app.handler",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]abc",
        "AWS_LAMBDA_METADATA_API": "127.0.0.1:9",
        "AWS_LAMBDA_METADATA_TOKEN": "token",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9",
        "LAMBDA_TASK_ROOT": "/task",
        "LAMBDA_RUNTIME_DIR": built["LAMBDA_RUNTIME_DIR"],
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "LAMBDAKIT_LOCAL": "1",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PWD": "/task",
    }
    assert Path(built["LAMBDA_RUNTIME_DIR"], "__main__.py").is_file()


def test_variables_that_depend_on_the_configuration():
    built = variables.build(facts(runtime="provided.al2023", log_format="json", max_concurrency=4), {})
    assert "AWS_EXECUTION_ENV" not in built
    assert (built["AWS_LAMBDA_LOG_FORMAT"], built["AWS_LAMBDA_LOG_LEVEL"]) == ("JSON", "INFO")
    assert built["AWS_LAMBDA_MAX_CONCURRENCY"] == "4"
    levelled = variables.build(facts(log_format="json", log_level="DEBUG", log_group="/own"), {})
    assert (levelled["AWS_LAMBDA_LOG_LEVEL"], levelled["AWS_LAMBDA_LOG_GROUP_NAME"]) == ("DEBUG", "/own")


def test_of_the_host_only_what_the_table_names_is_kept():
    host = {
        "PATH": "/usr/bin",
        "HOME": "/home/me",
        "AWS_PROFILE": "dev",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_ENDPOINT_URL_S3": "http://localhost:5000",
        "AWS_LAMBDA_FUNCTION_NAME": "outer",
        "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
        "_X_AMZN_TRACE_ID": "outer",
        "TABLE_NAME": "leaks",
        "LANG": "de_DE.UTF-8",
    }
    built = variables.build(facts(), host)
    for name in ("PATH", "HOME", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_S3"):
        assert built[name] == host[name]
    assert built["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert built["LANG"] == "en_US.UTF-8"
    assert not {"TABLE_NAME", "_X_AMZN_TRACE_ID", "AWS_LAMBDA_LOG_LEVEL"} & set(built)


def test_relative_path_entries_are_taken_from_where_the_command_was_given():
    built = variables.build(facts(), {"PYTHONPATH": "src" + os.pathsep + "/abs"})
    assert built["PYTHONPATH"] == os.path.abspath("src") + os.pathsep + "/abs"


def test_customer_variables_win_over_what_may_be_changed():
    built = variables.build(facts(environment={"TZ": ":Europe/Berlin", "PATH": "/mine", "MODE": "x"}), {"PATH": "/h"})
    assert (built["TZ"], built["PATH"], built["MODE"]) == (":Europe/Berlin", "/mine", "x")


def test_log_stream_names():
    name = variables.log_stream_name("$LATEST")
    day, _, rest = name.rpartition("/")
    assert len(day.split("/")) == 3
    assert rest.startswith("[$LATEST]")
    assert len(rest) == len("[$LATEST]") + 32


# configuration


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"timeout": 0}, "timeout must be more than 0 seconds"),
        ({"memory_mb": 0}, "memory_mb must be at least 1"),
        ({"max_concurrency": 0}, "max_concurrency must be at least 1"),
        ({"runtime_command": ()}, "runtime_command must name an executable"),
        ({"log_level": "DEBUG"}, "log_level is only available with the json log format"),
        (
            {"environment": {"OK": "1", "AWS_REGION": "x", "_HANDLER": "y"}},
            "environment contains reserved keys: AWS_REGION, _HANDLER",
        ),
    ],
)
def test_configuration_is_checked_when_made(changes, problem):
    with pytest.raises(UsageError, match=problem):
        config(**changes)


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, 10),
        ({"init_timeout": 1.5}, 1.5),
        ({"initialization_type": "snap-start"}, 130),
        ({"initialization_type": "provisioned-concurrency", "timeout": 600}, 600),
        ({"initialization_type": "lambda-managed-instances", "timeout": 5000}, 900),
    ],
)
def test_init_limits(changes, limit):
    assert config(**changes).init_limit == limit


# log lines


def figures(**changes):
    given = {
        "request_id": "id",
        "status": "success",
        "error_type": None,
        "duration_ms": 3.008,
        "billed_ms": 4,
        "max_memory_mb": 36,
        "init_ms": None,
        "restore_ms": None,
        "produced_bytes": 2,
        "trace_id": "Root=1-a",
        "tenant_id": None,
    }
    return Figures(**{**given, **changes})


def lines_of(configuration, act):
    lines = []
    act(platform_log(configuration, lambda text, request_id: lines.append(text)))
    return lines


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"init_ms": 110.1}, "\tInit Duration: 110.10 ms\t"),
        ({"restore_ms": 12.2}, "\tRestore Duration: 12.20 ms\tBilled Restore Duration: 13 ms\t"),
        ({"status": "timeout"}, "\tStatus: timeout"),
        ({"status": "failure", "error_type": "Runtime.ExitError"}, "\tStatus: error\tError Type: Runtime.ExitError"),
        ({}, "\t"),
    ],
)
def test_report_lines(changes, ending):
    end, report = lines_of(config(), lambda log: log.report(figures(**changes)))
    assert end == "END RequestId: id"
    start = (
        "REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB"
    )
    assert report == start + ending


def test_the_report_of_a_traced_function_leads_to_its_trace():
    root, parent = "1-5e34a614-10bd0d8c1fb44f07bc535a10", "07f5a0c1d2d1f6f8"
    for sampled, ending in ((1, f"\t\nXRAY TraceId: {root}\tSegmentId: {parent}\tSampled: true\t"), (0, "MB\t")):
        traced = figures(trace_id=f"Root={root};Parent={parent};Sampled={sampled}")
        _, report = lines_of(config(tracing="Active"), lambda log, traced=traced: log.report(traced))
        assert report.endswith(ending)
        _, report = lines_of(config(), lambda log, traced=traced: log.report(traced))
        assert report.endswith("MB\t")


def test_an_unknown_memory_figure_is_left_out():
    _, report = lines_of(config(), lambda log: log.report(figures(max_memory_mb=None)))
    assert "Max Memory Used" not in report


def test_system_log_level_decides_which_events_are_written():
    def act(log):
        log.init_start("init")
        log.init_end("init", "success", None, 12.3456)
        log.start("id", "Root=1-a", "blue")
        log.report(figures(tenant_id="blue"))

    debug = lines_of(config(log_format="json", system_log_level="DEBUG"), act)
    events = [json.loads(line) for line in debug]
    assert [event["type"] for event in events] == [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    assert events[2]["record"]["metrics"] == {"durationMs": 12.346}
    assert events[3]["record"]["tenantId"] == "blue"
    assert events[4]["record"]["metrics"] == {"durationMs": 3.008, "producedBytes": 2}
    assert events[5]["record"]["metrics"]["maxMemoryUsedMB"] == 36
    assert lines_of(config(log_format="json", system_log_level="WARN"), act) == []


@pytest.mark.parametrize(
    ("line", "threshold", "passes"),
    [
        ("plain", None, True),
        ("plain", "WARN", False),
        ('{"level":"ERROR"}', "WARN", True),
        ('{"level":"debug"}', None, False),
        ('{"level":"nonsense"}', None, True),
        ('{"level": broken', None, True),
        ('{"other":"DEBUG"}', None, True),
    ],
)
def test_application_lines_are_filtered_by_their_level(line, threshold, passes):
    assert application_line_passes(line, threshold) is passes


def test_timestamps_have_milliseconds():
    assert timestamp(1_735_689_600.1239) == "2025-01-01T00:00:00.123Z"


def test_output_is_cut_into_lines():
    async def go():
        lines = []
        pipe = OutputPipe(asyncio.get_running_loop(), lines.append)
        os.write(pipe.write_fd, b"one\ntwo\rstill two\n\nhalf")
        pipe.drain()
        assert lines == ["one", "two\rstill two", "", "half"]
        os.write(pipe.write_fd, b"\xff\n")
        pipe.close_write_end()
        pipe.close()
        pipe.close()
        assert lines[4:] == ["\ufffd"]

    run(go())


def test_a_line_without_end_is_cut_at_the_event_limit(monkeypatch):
    monkeypatch.setattr(limits, "LOG_LINE_BYTES", 1000)

    async def go():
        lines = []
        pipe = OutputPipe(asyncio.get_running_loop(), lines.append)
        os.write(pipe.write_fd, b"x" * 2500)
        pipe.drain()
        assert [len(line) for line in lines] == [1000, 1000, 500]
        pipe.close()

    run(go())
