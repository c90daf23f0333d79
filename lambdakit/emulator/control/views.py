"""What the service shows of a function: the objects that operations answer with.

Members that are not set are left out, never null. Source: AWS Lambda API reference, "FunctionConfiguration",
"AliasConfiguration", and recorded replies of the service.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Literal

from lambdakit.emulator.function import LATEST

if TYPE_CHECKING:
    from lambdakit.emulator.control.codes import CodeFacts
    from lambdakit.emulator.control.record import AliasRecord, FunctionRecord, VersionRecord

__all__ = ("alias_view", "configuration", "iso_moment", "service_moment")

# A single function's answer has its state, one of a list has not.
Form = Literal["whole", "listed"]

_SETTINGS = (
    *("Role", "Handler", "Description", "Timeout", "MemorySize", "VpcConfig", "DeadLetterConfig", "Environment"),
    *("KMSKeyArn", "TracingConfig", "Layers", "FileSystemConfigs", "PackageType", "Architectures"),
    *("EphemeralStorage", "LoggingConfig", "TenancyConfig"),
)
_CREATING = ("The function is being created.", "Creating")


def configuration(
    function: FunctionRecord,
    version: VersionRecord,
    code: CodeFacts,
    *,
    qualifier: str | None = None,
    form: Form = "whole",
) -> dict[str, Any]:
    """A FunctionConfiguration; `qualifier` is what the ARN ends in, which is how the caller named it."""
    settings = version.settings
    view: dict[str, Any] = {
        "FunctionName": function.name,
        "FunctionArn": function.arn if qualifier is None else f"{function.arn}:{qualifier}",
        "Runtime": settings["Runtime"],
        "CodeSize": code.size,
        "CodeSha256": code.sha256,
        "LastModified": version.last_modified,
        "Version": version.version,
        "RevisionId": version.revision_id,
        **{name: settings[name] for name in _SETTINGS if name in settings},
        "SnapStart": _snap_start(version),
    }
    if form == "whole":
        view |= _state(version)
        view["RuntimeVersionConfig"] = {"RuntimeVersionArn": _runtime_arn(function.region, settings["Runtime"])}
    return view


def _snap_start(version: VersionRecord) -> dict[str, str]:
    apply_on: str = version.settings["SnapStart"].get("ApplyOn", "None")
    optimized = apply_on == "PublishedVersions" and version.version != LATEST
    return {"ApplyOn": apply_on, "OptimizationStatus": "On" if optimized else "Off"}


def _state(version: VersionRecord) -> dict[str, Any]:
    view: dict[str, Any] = {"State": version.state}
    if version.state == "Pending":
        view["StateReason"], view["StateReasonCode"] = _CREATING
    elif version.update is not None:
        view["LastUpdateStatus"] = version.update
        if version.update == "InProgress":
            view["LastUpdateStatusReason"], view["LastUpdateStatusReasonCode"] = _CREATING
    return view


def _runtime_arn(region: str, runtime: str) -> str:
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:aws:lambda:{region}::runtime:{digest}"


def alias_view(function: FunctionRecord, alias: AliasRecord) -> dict[str, Any]:
    """An AliasConfiguration."""
    view: dict[str, Any] = {
        "AliasArn": f"{function.arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.weights:
        view["RoutingConfig"] = {"AdditionalVersionWeights": alias.weights}
    return view


def service_moment(now: float) -> str:
    """A moment as functions have it: `2025-11-25T02:26:54.123+0000`."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}+0000"


def iso_moment(now: float) -> str:
    """A moment as function URLs have it: `2025-11-25T02:43:23.123456789Z`."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e9):09d}Z"
