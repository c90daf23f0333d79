"""The environment variables a runtime process is given: a literal table.

Later rows win, in this order: what is kept of the host, what Lambda sets but lets a customer change, the customer's
own variables, and what is reserved. Of the host only `HOST_NAMES` and `HOST_PREFIXES` are kept, so that a function
which reads a variable its configuration does not set fails here as it would on AWS. Where this differs from AWS on
purpose: PATH, LD_LIBRARY_PATH, PYTHONPATH, HOME and TMPDIR stay the host's, so that the user's own interpreter,
virtual environment and packages work on a laptop (AWS has /var/lang, /var/runtime and a private /tmp there), and
credentials are the host's, absent where it has none, so that an SDK's ordinary credential chain goes on working
(under SnapStart they are fetched over HTTP, as on AWS).
LAMBDAKIT_LOCAL=1, which AWS does not have, tells code that wants to know: configuration then reads a `.env` file.
Layers are not at /opt, so the variables that lead there lead to where they are (see `layers`).

Source: AWS Lambda developer guide, "Using Lambda environment variables".
"""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lambdakit.emulator.layers import layer_variables
from lambdakit.emulator.snapstart import SNAP_START, with_credentials_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lambdakit.emulator.function import FunctionConfig

HOST_NAMES = frozenset(
    {
        "PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX",
        "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
        "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "COVERAGE_PROCESS_START",
    }
)  # fmt: skip
HOST_PREFIXES = ("AWS_", "DYLD_", "LAMBDAKIT_")

# Relative entries of these would mean something else in the task root, where the process starts.
_HOST_PATH_LISTS = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

XRAY_ADDRESS, XRAY_DAEMON_HOST, XRAY_DAEMON_PORT = "AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1", 2000


@dataclass(frozen=True)
class Facts:
    """What the table's values are made from, for one execution environment (the same for every restart of it)."""

    config: FunctionConfig
    runtime_api: str
    log_stream: str
    metadata_token: str
    layer_root: Path | None = None


UNRESERVED: dict[str, str] = {
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "LAMBDAKIT_LOCAL": "1",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
}

# A row whose value is None is left out. `_X_AMZN_TRACE_ID` is the runtime's to set, per invocation.
RESERVED: dict[str, Callable[[Facts], str | None]] = {
    "_HANDLER": lambda f: f.config.handler,
    "_X_AMZN_TRACE_ID": lambda f: None,
    "AWS_DEFAULT_REGION": lambda f: f.config.region,
    "AWS_REGION": lambda f: f.config.region,
    "AWS_EXECUTION_ENV": lambda f: _execution_env(f.config.runtime),
    "AWS_LAMBDA_FUNCTION_NAME": lambda f: f.config.name,
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": lambda f: str(f.config.memory_mb),
    "AWS_LAMBDA_FUNCTION_VERSION": lambda f: f.config.version,
    "AWS_LAMBDA_INITIALIZATION_TYPE": lambda f: f.config.initialization_type,
    "AWS_LAMBDA_LOG_FORMAT": lambda f: "JSON" if f.config.log_format == "json" else None,
    "AWS_LAMBDA_LOG_GROUP_NAME": lambda f: f.config.log_group_name,
    "AWS_LAMBDA_LOG_LEVEL": lambda f: (f.config.log_level or "INFO") if f.config.log_format == "json" else None,
    "AWS_LAMBDA_LOG_STREAM_NAME": lambda f: f.log_stream,
    "AWS_LAMBDA_MAX_CONCURRENCY": lambda f: _max_concurrency(f.config),
    "AWS_LAMBDA_METADATA_API": lambda f: f.runtime_api,
    "AWS_LAMBDA_METADATA_TOKEN": lambda f: f.metadata_token,
    "AWS_LAMBDA_RUNTIME_API": lambda f: f.runtime_api,
    "LAMBDA_TASK_ROOT": lambda f: str(f.config.task_root),
    "LAMBDA_RUNTIME_DIR": lambda f: str(Path(__file__).resolve().parent.parent / "runtime"),
    # From the address of the X-Ray daemon: see `build`.
    "_AWS_XRAY_DAEMON_ADDRESS": lambda f: None,
    "_AWS_XRAY_DAEMON_PORT": lambda f: None,
}

# What only the runtime has, beside every name that begins with an underscore.
NOT_FOR_EXTENSIONS = frozenset(
    {
        "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",
    }
)  # fmt: skip
_INTERNAL_PREFIX = "_"

RESERVED_NAMES = frozenset({*RESERVED, *CREDENTIALS, "AWS_ACCESS_KEY"})


def reserved_among(names: Iterable[str]) -> list[str]:
    """Those of `names` a customer may not set, sorted."""
    return sorted(set(names) & RESERVED_NAMES)


def log_stream_name(version: str) -> str:
    """A new stream name: `YYYY/MM/DD/[VERSION]` and 32 hex digits."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version}]{uuid.uuid4().hex}"


def build(facts: Facts, host: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the process; `host` is usually `os.environ`."""
    variables = _kept(host)
    variables.update(UNRESERVED)
    xray_host, xray_port = xray_daemon(host)
    variables.setdefault(XRAY_ADDRESS, f"{xray_host}:{xray_port}")
    variables.update(facts.config.environment)
    for name, value_of in RESERVED.items():
        value = value_of(facts)
        if value is not None:
            variables[name] = value
    variables |= {"_AWS_XRAY_DAEMON_ADDRESS": xray_host, "_AWS_XRAY_DAEMON_PORT": str(xray_port)}
    variables["PWD"] = str(facts.config.task_root)
    if facts.layer_root is not None:
        variables.update(layer_variables(facts.layer_root, facts.config.runtime, variables))
    if facts.config.initialization_type == SNAP_START:
        variables = with_credentials_url(variables, facts.runtime_api, facts.metadata_token)
    return variables


def xray_daemon(host: Mapping[str, str]) -> tuple[str, int]:
    """Where documents for X-Ray are sent to: the host's AWS_XRAY_DAEMON_ADDRESS, else where a daemon usually is.

    Its forms are `HOST:PORT` and `tcp:HOST:PORT udp:HOST:PORT` (AWS X-Ray SDK for Python, "Environment variables").
    """
    for part in host.get(XRAY_ADDRESS, "").split(" "):
        name, _, port = part.removeprefix("udp:").rpartition(":")
        if name and not name.startswith("tcp:") and port.isdecimal():
            return name, int(port)
    return XRAY_DAEMON_HOST, XRAY_DAEMON_PORT


def for_extension(variables: Mapping[str, str]) -> dict[str, str]:
    """What an external extension sees of the process's environment."""
    return {
        name: value
        for name, value in variables.items()
        if name not in NOT_FOR_EXTENSIONS and not name.startswith(_INTERNAL_PREFIX)
    }


def _kept(host: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in host.items()
        if (name in HOST_NAMES or name.startswith(HOST_PREFIXES)) and name not in RESERVED
    }
    for name in _HOST_PATH_LISTS:
        if kept.get(name):
            kept[name] = os.pathsep.join(os.path.abspath(entry) for entry in kept[name].split(os.pathsep) if entry)
    return kept


def _execution_env(runtime: str) -> str | None:
    if not runtime or runtime.startswith("provided"):
        return None
    return f"AWS_Lambda_{runtime}"


def _max_concurrency(config: FunctionConfig) -> str | None:
    return str(config.max_concurrency) if config.max_concurrency > 1 else None
