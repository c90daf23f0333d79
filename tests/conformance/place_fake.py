"""The scripted Runtime API as a place: shows statuses, headers and frames that no emulator lets through."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from tests.conformance.ran import FUNCTION_NAME, LOG_GROUP, LOG_STREAM, MEMORY, REGION, RUNTIME_MODULES, Answered, Ran
from tests.fake_runtime_api import Event, FakeRuntimeApi
from tests.runtime_process import RuntimeProcess, environment

if TYPE_CHECKING:
    from tests.conformance.case import Setting, Step
    from tests.conformance.ran import Job
    from tests.fake_runtime_api import Post

FRAME_HEADER = 16
CAUSE = "lambda-runtime-function-xray-error-cause"
MEANINGFUL = (
    "lambda-runtime-function-error-type",
    "lambda-runtime-function-response-mode",
    "lambda-runtime-invocation-id",
    "trailer",
    "transfer-encoding",
)


def run(job: Job) -> Ran:
    """Run one process against a script made from the job's steps."""
    case = job.case
    events = [_event(request_id, step) for request_id, step in job.steps]
    script = dict(case.script) if case else {}
    read_end, write_end = os.pipe()
    with FakeRuntimeApi(events, **script) as api:
        framed = case is not None and case.framed
        variables = _variables(job.setting) | ({"_LAMBDA_TELEMETRY_LOG_FD": str(write_end)} if framed else {})
        argv = [sys.executable, "-m", RUNTIME_MODULES[job.runtime], *([job.handler] if job.handler else [])]
        process = RuntimeProcess(
            api,
            job.directory,
            argv,
            env=environment(api.address, variables),
            pass_fds=(write_end,) if framed else (),
        )
        os.close(write_end)
        exit_code = _to_its_end(process, api, job)
        frames = _frames(read_end)
        return Ran(
            answers=[_answered(api, request_id) for request_id, _ in job.steps],
            log=(process.stdout() + process.stderr()).decode("utf-8", "replace"),
            exit_code=exit_code,
            calls=[post.call for post in api.posts],
            frames=frames,
        )


def _to_its_end(process: RuntimeProcess, api: FakeRuntimeApi, job: Job) -> int | None:
    """Wait until the process has done its work; its exit status, None if it had to be ended."""
    case = job.case
    condition = (case.until if case else None) or FakeRuntimeApi.drained
    try:
        process.wait_until(lambda: condition(api), timeout=30)
        if case is not None and case.signal is not None:
            os.kill(process.popen.pid, signal.Signals(case.signal))
            process.wait_until(lambda: False, timeout=10)
        return process.popen.poll()
    finally:
        process.kill()


def _event(request_id: str, step: Step) -> Event:
    headers: dict[str, Any] = {
        "Lambda-Runtime-Aws-Request-Id": request_id,
        "Content-Type": step.content_type,
        "Lambda-Runtime-Client-Context": step.client_context,
        "Lambda-Runtime-Cognito-Identity": step.cognito_identity,
        "Lambda-Runtime-Aws-Tenant-Id": step.tenant_id,
        "Lambda-Runtime-Trace-Id": step.trace_id,
        **step.answer.get("headers", {}),
    }
    options = {name: value for name, value in step.answer.items() if name != "headers"}
    return Event(step.event, headers=headers, reply=step.reply, **options)


def _variables(setting: Setting) -> dict[str, str | None]:
    return {
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY),
        "AWS_LAMBDA_LOG_GROUP_NAME": LOG_GROUP,
        "AWS_LAMBDA_LOG_STREAM_NAME": LOG_STREAM,
        "AWS_REGION": REGION,
        "AWS_EXECUTION_ENV": setting.execution_env and f"AWS_Lambda_{setting.execution_env}",
        "AWS_LAMBDA_LOG_FORMAT": setting.log_format,
        "AWS_LAMBDA_LOG_LEVEL": setting.log_level,
        "AWS_LAMBDA_INITIALIZATION_TYPE": setting.initialization_type,
        "AWS_LAMBDA_MAX_CONCURRENCY": str(setting.max_concurrency) if setting.max_concurrency > 1 else None,
        **setting.variables,
    }


def _answered(api: FakeRuntimeApi, request_id: str) -> Answered:
    for post in api.posts:
        if f"/{request_id}/" in post.path or post.call in ("init/error", "restore/error"):
            return _from_post(post)
    return Answered(None)


def _from_post(post: Post) -> Answered:
    cause = post.headers.get(CAUSE)
    return Answered(
        post.body,
        post.call,
        post.headers.get("content-type"),
        None if cause is None else cause.encode("latin-1"),
        {name: post.headers[name] for name in MEANINGFUL if name in post.headers} | post.trailers,
    )


def _frames(descriptor: int) -> list[tuple[str, str]]:
    with os.fdopen(descriptor, "rb") as pipe:
        data = pipe.read()
    frames = []
    while len(data) >= FRAME_HEADER:
        size = int.from_bytes(data[4:8], "big")
        frames.append((data[:4].hex(), data[FRAME_HEADER : FRAME_HEADER + size].decode("utf-8", "replace")))
        data = data[FRAME_HEADER + size :]
    return frames
