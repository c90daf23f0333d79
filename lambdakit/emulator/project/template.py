"""The functions of a SAM or CloudFormation template.

Globals are merged as SAM merges them, intrinsic functions are resolved as far as they can be here. What the template
says of a function and the local service does not do is a note, so that nobody takes silence for support. Source: AWS
SAM developer guide, "AWS::Serverless::Function" and "Globals section".
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from lambdakit.emulator.asynchronous.event import (
    MAXIMUM_EVENT_AGE_SECONDS,
    MAXIMUM_RETRY_ATTEMPTS,
    EventInvokeConfig,
)
from lambdakit.emulator.code.source import source_of
from lambdakit.emulator.function import DEFAULT_ACCOUNT_ID, DEFAULT_REGION, FunctionConfig, this_python
from lambdakit.emulator.own_runtime import own_bootstrap
from lambdakit.emulator.project.intrinsics import Resolver, Unresolved
from lambdakit.emulator.project.spec import FunctionSpec, FunctionUrl, Project
from lambdakit.emulator.project.template_events import read_triggers
from lambdakit.emulator.project.template_file import read_template_file, table
from lambdakit.emulator.snapstart import SNAP_START
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdakit.emulator.code.source import CodeSource
    from lambdakit.emulator.project.spec import Architecture
    from lambdakit.emulator.project.template_events import Triggers

__all__ = ("read_template",)

FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")
# Properties of a function that mean nothing to a local service, and are dropped without a note.
_CLOUD_ONLY = frozenset(
    [
        *("AutoPublishAlias", "AutoPublishAliasAllProperties", "AutoPublishCodeSha256", "Code"),
        *("AssumeRolePolicyDocument", "CodeSigningConfigArn", "CodeUri", "DeploymentPreference", "Description"),
        *("Events", "FunctionName", "KmsKeyArn", "PermissionsBoundary", "Policies", "PropagateTags", "Role"),
        *("RolePath", "RuntimeManagementConfig", "SourceKMSKeyArn", "Tags"),
        *("VersionDescription", "VpcConfig"),
    ]
)

# `type`, but Any to type checkers.
_type: Any = type


class Reading(NamedTuple):
    """A template being read: the file, its values, and the notes made on the way."""

    file: Path
    template: Mapping[str, Any]
    resolver: Resolver
    notes: list[str]

    def plain(self, value: Any, what: str) -> Any:
        """A resolved value, or None and a note for what only the cloud knows."""
        if isinstance(value, Unresolved):
            self.notes.append(f"{what}: {value.why}; it is left out")
            return None
        return value


def read_template(
    file: Path,
    *,
    parameters: Mapping[str, str] | None = None,
    region: str = DEFAULT_REGION,
    account_id: str = DEFAULT_ACCOUNT_ID,
) -> Project:
    """The functions of a template, with the defaults of its parameters where `parameters` has none."""
    template = read_template_file(file)
    resolver = Resolver(template, parameters or {}, region=region, account_id=account_id)
    reading = Reading(file, template, resolver, [])
    resources: Mapping[str, Any] = template["Resources"]
    functions = [
        _function(reading, logical_id, resource, region, account_id)
        for logical_id, resource in resources.items()
        if resource.get("Type") in FUNCTION_TYPES and _is_wanted(reading, resource)
    ]
    return Project(tuple(f for f in functions if f is not None), file, tuple(reading.notes))


def _is_wanted(reading: Reading, resource: Mapping[str, Any]) -> bool:
    condition = resource.get("Condition")
    return condition is None or reading.resolver.condition(condition) is True


def _function(
    reading: Reading, logical_id: str, resource: Mapping[str, Any], region: str, account_id: str
) -> FunctionSpec | None:
    own: Mapping[str, Any] = table(resource.get("Properties"))
    shared: Mapping[str, Any] = table(table(reading.template.get("Globals")).get("Function"))
    is_sam = resource["Type"] == FUNCTION_TYPES[0]
    properties: dict[str, Any] = reading.resolver.value(_merged(shared, own) if is_sam else own)
    if properties.get("PackageType") == "Image":
        reading.notes.append(f"{logical_id}: a container image is not started here; it is left out")
        return None
    values = _config_values(reading, logical_id, properties)
    handler = _required(reading, logical_id, properties, "Handler")
    code = _code(reading, logical_id, properties)
    brought = own_bootstrap(values["runtime"], code if isinstance(code, Path) else None)
    if brought is not None:
        values["runtime_command"] = brought
    config = FunctionConfig(
        reading.resolver.physical_name(logical_id),
        handler,
        Path(str(code)),
        region=region,
        account_id=account_id,
        **values,
    )
    triggers = read_triggers(reading, logical_id, properties.get("Events") or {})
    spec = _spec(reading, logical_id, config, properties, triggers)
    return spec if isinstance(code, Path) and code.is_dir() else replace(spec, code=code)


def _merged(shared: Any, own: Any) -> Any:
    """Globals under a function's own: maps are merged, lists joined, all else replaced."""
    if _type(shared) is _type(own) is dict and not _is_intrinsic(own) and not _is_intrinsic(shared):
        return {**shared, **{key: _merged(shared[key], own[key]) if key in shared else own[key] for key in own}}
    if _type(shared) is _type(own) is list:
        return [*shared, *own]
    return own


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref", "Condition"))


def _required(reading: Reading, logical_id: str, properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    if isinstance(value, str):
        return value
    why = value.why if isinstance(value, Unresolved) else "it is not there"
    raise UsageError(f"{reading.file}: Resources.{logical_id}.Properties.{name} cannot be read: {why}.")


def _config_values(reading: Reading, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    variables: Mapping[str, Any] = table(table(properties.get("Environment")).get("Variables"))
    environment: dict[str, str] = {}
    for name, raw in variables.items():
        value = reading.plain(raw, f"{logical_id}: the variable {name}")
        if value is not None:
            environment[name] = _text(value)
    logging: Mapping[str, Any] = table(properties.get("LoggingConfig"))
    json_levels = {"log_level": logging.get("ApplicationLogLevel"), "system_log_level": logging.get("SystemLogLevel")}
    found = {
        "timeout": properties.get("Timeout"),
        "memory_mb": properties.get("MemorySize"),
        "ephemeral_storage_mb": table(properties.get("EphemeralStorage")).get("Size"),
        "runtime": properties.get("Runtime") or this_python(),
        "log_format": str(logging.get("LogFormat", "Text")).lower(),
        "log_group": logging.get("LogGroup"),
        "initialization_type": _initialization_type(properties),
        "tracing": _tracing(properties),
        **json_levels,
    }
    known = {name: reading.plain(value, f"{logical_id}: {name}") for name, value in found.items()}
    return {"environment": environment, **{name: value for name, value in known.items() if value is not None}}


def _tracing(properties: Mapping[str, Any]) -> Any:
    """The mode, where SAM has a word of its own for what is the default."""
    mode = properties.get("Tracing") or table(properties.get("TracingConfig")).get("Mode")
    return "PassThrough" if mode == "Disabled" else mode


def _initialization_type(properties: Mapping[str, Any]) -> str | None:
    """With SnapStart a function is served as its published versions are; None where it has none."""
    return SNAP_START if table(properties.get("SnapStart")).get("ApplyOn") == "PublishedVersions" else None


def _text(value: Any) -> str:
    """A variable's value as the service writes it: booleans in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _code(reading: Reading, logical_id: str, properties: Mapping[str, Any]) -> CodeSource:
    code = properties.get("CodeUri", properties.get("Code", "."))
    if isinstance(code, Unresolved):
        raise UsageError(f"{reading.file}: {logical_id}: the CodeUri cannot be read: {code.why}.")
    try:
        return source_of(code, reading.file.parent)
    except UsageError as error:
        raise UsageError(f"{reading.file}: {logical_id}: the CodeUri cannot be used: {error}") from None


def _spec(
    reading: Reading, logical_id: str, config: FunctionConfig, properties: Mapping[str, Any], triggers: Triggers
) -> FunctionSpec:
    known = {*_CLOUD_ONLY, *_READ}
    for name in properties:
        if name not in known:
            reading.notes.append(f"{logical_id}: {name} has no effect here")
    provisioned: Mapping[str, Any] = table(properties.get("ProvisionedConcurrencyConfig"))
    place = f"{reading.file.name}: Resources.{logical_id}"
    return FunctionSpec(
        config,
        layers=_layers(reading, logical_id, properties),
        reserved_concurrency=properties.get("ReservedConcurrentExecutions"),
        provisioned_concurrency=int(provisioned.get("ProvisionedConcurrentExecutions", 0)),
        event_invoke=_event_invoke(reading, logical_id, properties),
        url=_url(properties.get("FunctionUrlConfig")),
        routes=triggers.routes,
        schedules=triggers.schedules,
        sources=triggers.sources,
        origins=dict.fromkeys([name.lower() for name in properties], place),
        architecture=_architecture(reading, logical_id, properties),
    )


def _layers(reading: Reading, logical_id: str, properties: Mapping[str, Any]) -> tuple[Path, ...]:
    """The directories of layers that the template builds itself; one in the cloud is a note."""
    folders: dict[str, Path] = {}
    for name, resource in reading.template["Resources"].items():
        content = reading.resolver.value(table(resource.get("Properties")).get("ContentUri"))
        local = isinstance(content, str) and not content.startswith("s3://")
        if str(resource.get("Type")).endswith("::LayerVersion") and local:
            folders[reading.resolver.ref(name)] = (reading.file.parent / content).resolve()
    layers: list[Path] = []
    for layer in properties.get("Layers") or ():
        if isinstance(layer, str) and layer in folders:
            layers.append(folders[layer])
        else:
            reading.notes.append(f"{logical_id}: the layer {layer} is in the cloud only; it is left out")
    return tuple(layers)


def _architecture(reading: Reading, logical_id: str, properties: Mapping[str, Any]) -> Architecture | None:
    """The one of the list that the service takes of it; a note for any other."""
    named = reading.plain(properties.get("Architectures"), f"{logical_id}: Architectures")
    if named in (["x86_64"], ["arm64"]):
        return cast("Architecture", named[0])
    if named is not None:
        reading.notes.append(f"{logical_id}: Architectures is {named}; expected [x86_64] or [arm64]")
    return None


def _event_invoke(reading: Reading, logical_id: str, properties: Mapping[str, Any]) -> EventInvokeConfig:
    config: Mapping[str, Any] = table(properties.get("EventInvokeConfig"))
    destinations: Mapping[str, Any] = table(config.get("DestinationConfig"))
    dead_letter = table(properties.get("DeadLetterQueue") or properties.get("DeadLetterConfig"))

    def target(of: Mapping[str, Any], name: str, what: str) -> str | None:
        found: str | None = reading.plain(of.get(name), f"{logical_id}: {what}")
        return found

    return EventInvokeConfig(
        config.get("MaximumRetryAttempts", MAXIMUM_RETRY_ATTEMPTS),
        config.get("MaximumEventAgeInSeconds", MAXIMUM_EVENT_AGE_SECONDS),
        target(destinations.get("OnSuccess") or {}, "Destination", "the destination of successes"),
        target(destinations.get("OnFailure") or {}, "Destination", "the destination of failures"),
        target(dead_letter, "TargetArn", "the dead-letter queue"),
    )


def _url(config: Any) -> FunctionUrl | None:
    if not config:
        return None
    return FunctionUrl(config.get("AuthType", "NONE"), config.get("InvokeMode", "BUFFERED"), config.get("Cors"))


# Properties that are read above.
_READ = frozenset(
    [
        *("Handler", "Runtime", "MemorySize", "Timeout", "Environment", "LoggingConfig", "PackageType", "Layers"),
        "SnapStart",
        *("ReservedConcurrentExecutions", "ProvisionedConcurrencyConfig", "EventInvokeConfig", "DeadLetterQueue"),
        *("Architectures", "DeadLetterConfig", "FunctionUrlConfig", "EphemeralStorage"),
        *("Tracing", "TracingConfig"),
    ]
)
