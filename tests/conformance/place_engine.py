"""lambdakit's engine as a place: the execution environment as an object, no HTTP in between."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any

from lambdakit.emulator import ExecutionEnvironment, FunctionConfig, Invocation
from lambdakit.emulator.confinement import Rules, Warden
from lambdakit.exceptions import InitFailedError, RestoreFailedError
from tests.conformance.ran import ACCOUNT, FUNCTION_NAME, MEMORY, REGION, RUNTIME_MODULES, Answered, Ran
from tests.runtime_process import ROOT

if TYPE_CHECKING:
    from lambdakit.emulator import LogLine
    from tests.conformance.case import Setting, Step
    from tests.conformance.ran import Job


def run(job: Job) -> Ran:
    """Run one job in a fresh execution environment."""
    return asyncio.run(_run(job))


async def _run(job: Job) -> Ran:
    lines: list[LogLine] = []
    config = FunctionConfig(
        name=FUNCTION_NAME,
        handler=job.handler or "",
        task_root=job.directory,
        runtime_command=(sys.executable, "-m", RUNTIME_MODULES[job.runtime]),
        memory_mb=MEMORY,
        region=REGION,
        account_id=ACCOUNT,
        **_configured(job.setting),
    )
    host = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(ROOT)}
    warden = Warden(Rules(limits="all")) if job.setting.limits == "all" else None
    environment = ExecutionEnvironment(config, log=lines.append, host=host, warden=warden)
    try:
        await environment.start()
        answers = await _answers(environment, job)
    except InitFailedError as error:  # of a kind that is initialised before there is an event
        answers = [Answered(error.body, "init/error")] * len(job.steps)
    except RestoreFailedError as error:  # the runtime's own report, which the service does not pass on
        answers = [Answered(error.report, "restore/error")] * len(job.steps)
    finally:
        await environment.stop()
    return Ran(answers, "".join(f"{line.text}\n" for line in lines if line.source == "function"))


async def _answers(environment: ExecutionEnvironment, job: Job) -> list[Answered]:
    if job.setting.max_concurrency == 1:
        return [await _invoke(environment, request_id, step) for request_id, step in job.steps]
    return await asyncio.gather(*(_invoke(environment, request_id, step) for request_id, step in job.steps))


async def _invoke(environment: ExecutionEnvironment, request_id: str, step: Step) -> Answered:
    invocation = Invocation(
        step.event,
        request_id=request_id,
        client_context=step.client_context,
        cognito_identity=step.cognito_identity,
        trace_id=step.trace_id,
        tenant_id=step.tenant_id,
        content_type=step.content_type,
    )
    result = await environment.invoke(invocation)
    outcome = "error" if result.function_error else "response"
    return Answered(result.payload, outcome, result.content_type, result.xray_cause)


def _configured(setting: Setting) -> dict[str, Any]:
    """The setting in the engine's own terms: what AWS reserves is configuration, not a variable."""
    return {
        "timeout": setting.timeout,
        "runtime": setting.execution_env or "provided.al2023",
        "log_format": "json" if setting.log_format else "text",
        "log_level": setting.log_level if setting.log_format else None,
        "initialization_type": setting.initialization_type,
        "max_concurrency": setting.max_concurrency,
        "environment": {name: value for name, value in setting.variables.items() if value is not None},
    }
