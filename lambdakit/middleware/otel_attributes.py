"""What OpenTelemetry's semantic conventions ("FaaS spans", "AWS Lambda", "Cloud resource") say of an invocation."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("attributes_of", "resource_attributes", "text_of")

# Attribute of the resource -> environment variable.
_VARIABLES = {
    "cloud.region": "AWS_REGION",
    "faas.name": "AWS_LAMBDA_FUNCTION_NAME",
    "faas.version": "AWS_LAMBDA_FUNCTION_VERSION",
    "faas.instance": "AWS_LAMBDA_LOG_STREAM_NAME",
}
_MEBIBYTE = 1024 * 1024


def resource_attributes() -> dict[str, str | int]:
    """What does not change from one invocation to the next."""
    found: dict[str, str | int] = {"cloud.provider": "aws", "cloud.platform": "aws_lambda"}
    found |= {name: value for name, variable in _VARIABLES.items() if (value := os.environ.get(variable))}
    memory = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if memory.isdecimal():
        found["faas.max_memory"] = int(memory) * _MEBIBYTE
    return found


def attributes_of(context: Any, trigger: str, cold: bool) -> dict[str, str | bool]:
    """What holds for one invocation."""
    found: dict[str, str | bool] = {"faas.trigger": trigger, "faas.coldstart": cold}
    if request_id := text_of(context, "aws_request_id"):
        found["faas.invocation_id"] = request_id
    parts = text_of(context, "invoked_function_arn").split(":")
    if len(parts) >= 7:
        found["aws.lambda.invoked_arn"] = ":".join(parts)
        found["cloud.account.id"] = parts[4]
        found["cloud.resource_id"] = _resource_id(parts, text_of(context, "function_version"))
    return found


def text_of(context: Any, name: str) -> str:
    """An attribute of a context that may be None, or somebody's mock."""
    value = getattr(context, name, None)
    return value if isinstance(value, str) else ""


def _resource_id(parts: list[str], version: str) -> str:
    """The function's ARN; with the version in place of an alias, as several aliases can lead to one environment."""
    return ":".join([*parts[:7], version or parts[7]] if len(parts) > 7 else parts)
