"""AWS's own emulator binary as a place: started for one job, asked over HTTP, ended with SIGTERM.

It serves one request at a time, cannot take port 0, and dies on some inputs; an answer that never came is an
observation like any other (`<connection lost>`). Ended with SIGTERM it passes on all the function's output before it
exits, so that the log is whole.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import importlib.util
import os
import platform
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance.ran import FUNCTION_NAME, LOG_GROUP, LOG_STREAM, MEMORY, REGION, RUNTIME_MODULES, Answered, Ran
from tests.runtime_process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.conformance.case import Step
    from tests.conformance.ran import Job

VARIABLE = "LAMBDAKIT_TEST_RIE"
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
PATH = "/2015-03-31/functions/function/invocations"
LOST = b"<connection lost>"
# Below the ports that the kernel gives to connections (net.ipv4.ip_local_port_range).
PORTS = range(20_000, 32_000)
PLATFORM_LINE = re.compile(r"(?:START|END|REPORT) RequestId: [^\n]*\n")
# What the emulator answers meanwhile.
RESETTING = b"ErrGateCanceled"
MISSING = (
    "AWS's emulator binary (RIE) is needed for the conformance tests: pip install aws-sam-cli, which contains it, "
    f"or set {VARIABLE} to the path of the binary."
)


def binary() -> Path:
    """Where the emulator is; FileNotFoundError says how to get it."""
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named)
    else:
        spec = importlib.util.find_spec("samcli")
        folders = list(spec.submodule_search_locations or ()) if spec else []
        if not folders:
            raise FileNotFoundError(MISSING)
        machine = MACHINES.get(platform.machine().lower(), platform.machine())
        path = Path(folders[0]) / "local" / "rapid" / f"aws-lambda-rie-{machine}"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there. {MISSING}")
    return path


def run(job: Job) -> Ran:
    """Run one job; every step is one HTTP request."""
    bootstrap = [sys.executable, "-m", RUNTIME_MODULES[job.runtime], job.handler or ""]
    with emulator(bootstrap, job.directory, _variables(job)) as (process, port, output):
        answers = [Answered(_answer(port, request_id, step)) for request_id, step in job.steps]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    text = output.read_bytes().decode("utf-8", "replace")
    return Ran(answers, PLATFORM_LINE.sub("\n", text))


@contextlib.contextmanager
def emulator(
    bootstrap: Sequence[str], directory: Path, variables: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """The emulator with this bootstrap command: its process, the port to invoke at, the file of its output."""
    program = binary()
    if not os.access(program, os.X_OK):  # wheels carry it without the permission
        program.chmod(0o755)
    stdout, stderr = directory / ".rie-out", directory / ".rie-err"
    with _own_ports() as (front, api), stdout.open("wb") as out, stderr.open("wb") as err:
        command = [
            str(program),
            "--runtime-interface-emulator-address", f"127.0.0.1:{front}",
            "--runtime-api-address", f"127.0.0.1:{api}",
            *bootstrap,
        ]  # fmt: skip
        process = subprocess.Popen(command, cwd=directory, env=dict(variables), stdout=out, stderr=err)
        try:
            _wait_for(front, process)
            yield process, front, stdout
        finally:
            process.kill()
            process.wait()


def _variables(job: Job) -> dict[str, str]:
    setting = job.setting
    variables: dict[str, str | None] = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "LAMBDA_TASK_ROOT": str(job.directory),
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(setting.timeout),
        "AWS_LAMBDA_FUNCTION_HANDLER": job.handler,
        "AWS_LAMBDA_LOG_GROUP_NAME": LOG_GROUP,
        "AWS_LAMBDA_LOG_STREAM_NAME": LOG_STREAM,
        "AWS_EXECUTION_ENV": setting.execution_env and f"AWS_Lambda_{setting.execution_env}",
        "AWS_LAMBDA_LOG_FORMAT": setting.log_format,
        "AWS_LAMBDA_LOG_LEVEL": setting.log_level,
        **setting.variables,
    }
    return {name: value for name, value in variables.items() if value is not None}


def _answer(port: int, request_id: str, step: Step) -> bytes:
    """The answer to a step. An event that comes while the emulator ends the process of the last one is sent again."""
    until = time.monotonic() + 10
    while RESETTING in (answer := _invoke(port, request_id, step)) and time.monotonic() < until:
        time.sleep(0.02)
    return answer


def _invoke(port: int, request_id: str, step: Step) -> bytes:
    headers = {"X-Amzn-RequestId": request_id, "Content-Type": step.content_type}
    if step.client_context is not None:
        headers["X-Amz-Client-Context"] = base64.b64encode(step.client_context.encode()).decode()
    if step.cognito_identity is not None:
        headers["X-Amz-Cognito-Identity"] = step.cognito_identity
    if step.tenant_id is not None:
        headers["X-Amz-Tenant-Id"] = step.tenant_id
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", PATH, step.event, headers)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return LOST
    finally:
        connection.close()


@contextlib.contextmanager
def _own_ports() -> Iterator[tuple[int, int]]:
    """Two free ports that no other test process on this machine takes meanwhile."""
    candidates = random.sample(PORTS, len(PORTS))
    with contextlib.ExitStack() as claims:
        free = (port for port in candidates if _claimed(port, claims))
        yield next(free), next(free)


def _claimed(port: int, claims: contextlib.ExitStack) -> bool:
    # A name in Linux's abstract namespace is a claim that ends with its socket, whatever happens to the process.
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0lambdakit-conformance-{port}")
    except OSError:
        claim.close()
        return False
    claims.enter_context(claim)
    return _refused(port)


def _refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """The emulator says nowhere that it listens: ask until it answers."""
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        if _answers(port):
            return
        time.sleep(0.005)
    raise RuntimeError(f"AWS's emulator does not listen on port {port} (exit status {process.poll()})")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.HTTPStatus.NOT_FOUND
    except ConnectionError:
        return False
    finally:
        connection.close()
