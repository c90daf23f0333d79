"""What the front's environment says: the variables of AWS's emulator, and the front's own.

| variable | default | meaning |
|---|---|---|
| `AWS_LAMBDA_FUNCTION_HANDLER`, the image's command, `_HANDLER` | - | the handler; the first that is there |
| `AWS_LAMBDA_FUNCTION_TIMEOUT` | 300 | seconds an invocation may take; fractions are allowed |
| `AWS_LAMBDA_FUNCTION_MEMORY_SIZE` | 3008 | megabytes, as reported |
| `AWS_LAMBDA_FUNCTION_NAME` | `test_function` | |
| `AWS_LAMBDA_FUNCTION_VERSION` | `$LATEST` | |
| `AWS_LAMBDA_LOG_GROUP_NAME` | `/aws/lambda/NAME` | |
| `AWS_LAMBDA_LOG_FORMAT`, `AWS_LAMBDA_LOG_LEVEL` | text, INFO | `JSON` for JSON; the level is JSON's only |
| `AWS_LAMBDA_MAX_CONCURRENCY` | - | invocations at once in one environment (Lambda Managed Instances) |
| `AWS_REGION`, `AWS_DEFAULT_REGION`, `AWS_ACCOUNT_ID` | us-east-1, 123456789012 | parts of the function's ARN |
| `LAMBDAKIT_FRONT_HOST` | 0.0.0.0 | the address listened on |
| `LAMBDAKIT_FRONT_PORT`, `PORT` | 8080 | the port listened on |
| `LAMBDAKIT_FRONT_ENVIRONMENTS` | as many as are needed | the most environments; callers beyond wait |
| `LAMBDAKIT_FRONT_CONCURRENCY` | 1000 | the most invocations at once; callers beyond get 429 |
| `LAMBDAKIT_FRONT_DRAIN_SECONDS` | 25 | how long running invocations may take to end after SIGTERM |

Every other variable of the container is the function's own. Credentials are passed on. Source of the first rows: AWS
Lambda runtime interface emulator, README; the defaults are what it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lambdakit.container.ports import host_of, port_of
from lambdakit.emulator import limits
from lambdakit.emulator.function import DEFAULT_ACCOUNT_ID, DEFAULT_REGION, LATEST, FunctionConfig
from lambdakit.emulator.variables import RESERVED_NAMES
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lambdakit.emulator.function import LogFormat

__all__ = ("FrontSettings", "read_settings")

_TIMEOUT_SECONDS, _MEMORY_MB, _DRAIN_SECONDS = 300, 3008, 25
_NAME = "test_function"
_FOREVER = 1e9
_HANDLER, _HANDLER_FIRST = "_HANDLER", "AWS_LAMBDA_FUNCTION_HANDLER"
_AT_ONCE = "AWS_LAMBDA_MAX_CONCURRENCY"
_ENVIRONMENTS = "LAMBDAKIT_FRONT_ENVIRONMENTS"
_LOCAL = "LAMBDAKIT_LOCAL"
_RUNTIME_PREFIX = "AWS_Lambda_"


class FrontSettings(NamedTuple):
    """The function, where it is served, and how much at once."""

    config: FunctionConfig
    host: str
    port: int
    environments: int | None
    concurrency: int
    drain_seconds: float


def read_settings(arguments: Sequence[str], variables: Mapping[str, str], directory: Path) -> FrontSettings:
    """The settings of a container whose command has these arguments; the function is started in `directory`.

    Raises UsageError, which names the variable that is wrong.
    """
    environments = variables.get(_ENVIRONMENTS)
    return FrontSettings(
        config=_config(_handler(arguments, variables), variables, directory),
        host=host_of(variables),
        port=port_of(variables),
        environments=_whole(variables, _ENVIRONMENTS, 1, least=1) if environments else None,
        concurrency=_whole(variables, "LAMBDAKIT_FRONT_CONCURRENCY", limits.ACCOUNT_CONCURRENCY, least=1),
        drain_seconds=_seconds(variables, "LAMBDAKIT_FRONT_DRAIN_SECONDS", _DRAIN_SECONDS, least=0),
    )


def _handler(arguments: Sequence[str], variables: Mapping[str, str]) -> str:
    handler = variables.get(_HANDLER_FIRST) or next(iter(arguments), "") or variables.get(_HANDLER)
    if not handler:
        raise UsageError(f"no handler: name MODULE.FUNCTION as the container's command, or in {_HANDLER_FIRST}")
    return handler


def _config(handler: str, variables: Mapping[str, str], directory: Path) -> FunctionConfig:
    log_format: LogFormat = "json" if variables.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON" else "text"
    return FunctionConfig(
        name=variables.get("AWS_LAMBDA_FUNCTION_NAME") or _NAME,
        handler=handler,
        task_root=directory,
        timeout=_seconds(variables, "AWS_LAMBDA_FUNCTION_TIMEOUT", _TIMEOUT_SECONDS, least=0.001),
        memory_mb=_whole(variables, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", _MEMORY_MB, least=1),
        environment=_own(variables),
        version=variables.get("AWS_LAMBDA_FUNCTION_VERSION") or LATEST,
        region=variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or DEFAULT_REGION,
        account_id=variables.get("AWS_ACCOUNT_ID") or DEFAULT_ACCOUNT_ID,
        runtime=variables.get("AWS_EXECUTION_ENV", "").removeprefix(_RUNTIME_PREFIX),
        initialization_type="lambda-managed-instances" if variables.get(_AT_ONCE) else "on-demand",
        max_concurrency=_whole(variables, _AT_ONCE, 1, least=1),
        log_format=log_format,
        log_level=(variables.get("AWS_LAMBDA_LOG_LEVEL") or None) if log_format == "json" else None,
        log_group=variables.get("AWS_LAMBDA_LOG_GROUP_NAME") or None,
    )


def _own(variables: Mapping[str, str]) -> dict[str, str]:
    """The function's own variables; what is set here as in the cloud is no sign of a laptop."""
    own = {name: value for name, value in variables.items() if name not in RESERVED_NAMES}
    return {_LOCAL: "", **own}


def _whole(variables: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = variables.get(name) or str(default)
    if not text.isdecimal() or int(text) < least:
        raise UsageError(f"{name} is {text!r}: expected a whole number of at least {least}")
    return int(text)


def _seconds(variables: Mapping[str, str], name: str, default: float, *, least: float) -> float:
    text = variables.get(name) or str(default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not least <= seconds < _FOREVER:
        raise UsageError(f"{name} is {text!r}: expected seconds, at least {least:g}")
    return seconds
