"""A function's settings: what it has where nothing is said, how an update changes them, and what they make of it.

FIELDS is the mapping from the API's members to the engine's configuration. What a single member may be was checked
before (`inputs`); here is what is only known of several together. Source: AWS Lambda API reference, "CreateFunction"
and "UpdateFunctionConfiguration".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdakit.emulator.control.inputs import SETTINGS
from lambdakit.emulator.control.refusals import refuse
from lambdakit.emulator.control.runtimes import check_runtime
from lambdakit.emulator.variables import reserved_among

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lambdakit.emulator.function import FunctionConfig

__all__ = ("FIELDS", "changed", "check_settings", "created", "fields_of", "settings_of_config", "without_effect")

VARIABLES_BYTES = 4096
LAYERS = 5
TAGS = 50
_ROLE_ACCOUNT = re.compile(r"arn:[a-zA-Z-]*:iam::(\d{12}):")
_DEAD_LETTER_SERVICES = ("sqs", "sns")
_LEVELS = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}

DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "TracingConfig": {"Mode": "PassThrough"},
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "SnapStart": {"ApplyOn": "None"},
}
# Members beside those of an update.
_ONCE = ("PackageType", "Architectures", "TenancyConfig")
# What is kept and shown, and changes nothing here.
WITHOUT_EFFECT = ("VpcConfig", "FileSystemConfigs", "KMSKeyArn")


class Owner(NamedTuple):
    """Whose settings they are."""

    name: str
    region: str
    account_id: str


def _logging(value: Mapping[str, Any]) -> dict[str, Any]:
    json_lines = value["LogFormat"] == "JSON"
    fields: dict[str, Any] = {
        "log_format": "json" if json_lines else "text",
        "log_group": value.get("LogGroup"),
        "log_level": value.get("ApplicationLogLevel") if json_lines else None,
        "system_log_level": value.get("SystemLogLevel", "INFO"),
    }
    return fields


# A member's value -> the values of FunctionConfig it becomes.
FIELDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "Runtime": lambda value: {"runtime": value},
    "Handler": lambda value: {"handler": value},
    "Timeout": lambda value: {"timeout": float(value)},
    "MemorySize": lambda value: {"memory_mb": value},
    "Environment": lambda value: {"environment": dict(value.get("Variables", {}))},
    "LoggingConfig": _logging,
    "TracingConfig": lambda value: {"tracing": value.get("Mode", "PassThrough")},
    "EphemeralStorage": lambda value: {"ephemeral_storage_mb": value["Size"]},
    "TenancyConfig": lambda value: {"tenant_isolation": value.get("TenantIsolationMode") == "PER_TENANT"},
}


def fields_of(settings: Mapping[str, Any], members: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values of FunctionConfig that settings give; only those of `members`, where these are given.

    A member that an update has removed is one that is empty.
    """
    wanted = FIELDS if members is None else [name for name in FIELDS if name in members]
    found: dict[str, Any] = {}
    for name in wanted:
        if name in settings:
            found |= FIELDS[name](settings[name])
        elif name == "Environment":
            found |= FIELDS[name]({})
    return found


def created(inputs: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
    """The settings of a new function. Raises ServiceError."""
    known = {name: inputs[name] for name in (*SETTINGS, *_ONCE) if inputs.get(name) is not None}
    log_group = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{owner.name}"}
    settings = _merged({**DEFAULTS, "LoggingConfig": log_group}, known, owner)
    if not (settings.get("Runtime") and settings.get("Handler")):
        raise refuse("no runtime")
    check_settings(settings, owner)
    tags: Mapping[str, str] = inputs.get("Tags") or {}
    if len(tags) > TAGS:
        raise refuse("too many tags")
    return settings


def changed(settings: Mapping[str, Any], inputs: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
    """The settings after an update. Raises ServiceError."""
    given = {name: inputs[name] for name in SETTINGS if inputs.get(name) is not None}
    merged = _merged(settings, given, owner)
    # What a project's function has by its file may be more than the API takes; only what is new is judged.
    check_settings({name: merged[name] for name in given if name in merged}, owner)
    return merged


def without_effect(inputs: Mapping[str, Any]) -> Iterator[str]:
    """The members of a request that are kept and do nothing here."""
    return (name for name in WITHOUT_EFFECT if inputs.get(name))


# merging


def _merged(settings: Mapping[str, Any], given: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
    merged = dict(settings)
    for name, value in given.items():
        rule = _RULES.get(name)
        kept = value if rule is None else rule(merged.get(name), value, owner)
        if kept is None:
            merged.pop(name, None)
        else:
            merged[name] = kept
    return merged


def _environment(_: Any, value: Mapping[str, Any], __: Owner) -> Any:
    return value if "Variables" in value else None


def _vpc(_: Any, value: Mapping[str, Any], __: Owner) -> Any:
    subnets, groups = value.get("SubnetIds", []), value.get("SecurityGroupIds", [])
    return {
        "SubnetIds": subnets,
        "SecurityGroupIds": groups,
        "VpcId": "vpc-local" if subnets else "",
        "Ipv6AllowedForDualStack": value.get("Ipv6AllowedForDualStack", False),
    }


def _dead_letter(before: Any, value: Mapping[str, Any], _: Owner) -> Any:
    if "TargetArn" not in value:
        return before
    return value if value["TargetArn"] else None


def _layers(_: Any, value: list[str], __: Owner) -> Any:
    return [{"Arn": arn, "CodeSize": 0} for arn in value] or None


def _log_settings(before: Any, value: Mapping[str, Any], owner: Owner) -> Any:
    kept: dict[str, Any] = {"LogGroup": f"/aws/lambda/{owner.name}", **(before or {}), **value}
    if kept["LogFormat"] == "JSON":
        return {**_LEVELS, **kept}
    if any(level in value for level in _LEVELS):
        raise refuse("level for text")
    return {name: setting for name, setting in kept.items() if name not in _LEVELS}


# How a member of an update changes what was there; without a rule it replaces that, and None removes it.
_RULES: dict[str, Callable[[Any, Any, Owner], Any]] = {
    "Environment": _environment,
    "VpcConfig": _vpc,
    "DeadLetterConfig": _dead_letter,
    "Layers": _layers,
    "LoggingConfig": _log_settings,
    "KMSKeyArn": lambda _, value, __: value or None,
    "FileSystemConfigs": lambda _, value, __: value or None,
}


# what several members must be together


def check_settings(settings: Mapping[str, Any], owner: Owner) -> None:
    """Raise ServiceError for settings that the service's own layer refuses."""
    for name, check in _CHECKS.items():
        if name in settings:
            check(settings[name], owner)


def _check_role(role: str, owner: Owner) -> None:
    account = _ROLE_ACCOUNT.match(role)
    if account is not None and account[1] != owner.account_id:
        raise refuse("other account's role")


def _check_environment(value: Mapping[str, Any], _: Owner) -> None:
    variables: Mapping[str, str] = value.get("Variables", {})
    reserved = set(reserved_among(variables))
    if reserved:
        raise refuse("reserved variables", names=", ".join(name for name in variables if name in reserved))
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > VARIABLES_BYTES:
        raise refuse("variables too large", measured=measured)


def _check_layers(value: list[Mapping[str, Any]], owner: Owner) -> None:
    arns: list[str] = [layer["Arn"] for layer in value]
    if len(arns) > LAYERS:
        raise refuse("too many layers")
    seen: dict[str, str] = {}
    for arn in arns:
        layer = arn.rpartition(":")[0]
        if layer in seen:
            raise refuse("one layer twice", first=seen[layer], second=arn)
        seen[layer] = arn
    for arn in arns:
        if arn.split(":")[3] not in ("", owner.region):
            raise refuse("layer of other region", region=owner.region)
        raise refuse("layer not found", arn=arn)


def _check_dead_letter(value: Mapping[str, Any], _: Owner) -> None:
    arn: str = value["TargetArn"]
    if arn.split(":")[2:3] and arn.split(":")[2] not in _DEAD_LETTER_SERVICES:
        raise refuse("bad dead letter", arn=arn)


_CHECKS: dict[str, Callable[[Any, Owner], None]] = {
    "Runtime": lambda runtime, _: check_runtime(runtime),
    "Role": _check_role,
    "Layers": _check_layers,
    "Environment": _check_environment,
    "DeadLetterConfig": _check_dead_letter,
}


# the other way round


def settings_of_config(config: FunctionConfig) -> dict[str, Any]:
    """The settings of a function that a project names, as far as its configuration has them."""
    log: dict[str, Any] = {"LogFormat": "JSON" if config.log_format == "json" else "Text"}
    if config.log_format == "json":
        log |= {"ApplicationLogLevel": config.log_level or "INFO", "SystemLogLevel": config.system_log_level}
    settings: dict[str, Any] = {
        **DEFAULTS,
        "Runtime": config.runtime,
        "Role": f"arn:aws:iam::{config.account_id}:role/lambdakit-local",
        "Handler": config.handler,
        "Timeout": max(1, -int(-config.timeout // 1)),
        "MemorySize": config.memory_mb,
        "EphemeralStorage": {"Size": config.ephemeral_storage_mb},
        "TracingConfig": {"Mode": config.tracing},
        "LoggingConfig": {**log, "LogGroup": config.log_group_name},
    }
    if config.environment:
        settings["Environment"] = {"Variables": dict(config.environment)}
    if config.tenant_isolation:
        settings["TenancyConfig"] = {"TenantIsolationMode": "PER_TENANT"}
    return settings
