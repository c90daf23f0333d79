"""The inputs of the control plane's operations: one table each, with the service's limits and patterns.

A table is checked before anything else is looked at (`constraints.check`). What is only known with the function at
hand is `settings`'. Source: AWS Lambda API reference; the upper limits of time and memory are those of functions that
are not on managed instances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.emulator.control.constraints import (
    Anything,
    Choice,
    Flag,
    Fraction,
    ListOf,
    MapOf,
    Number,
    Struct,
    Text,
)
from lambdakit.emulator.names import NAME_LENGTH, NAME_PATTERN, QUALIFIER_LENGTH, QUALIFIER_PATTERN

if TYPE_CHECKING:
    from lambdakit.emulator.control.constraints import (
        Constraint,
    )

__all__ = ("INPUTS",)

_REGION = r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
# In an update the name may be shorter and has no dots.
_UPDATE_NAME = Text(
    140,
    1,
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?({_REGION}:)?(\d{{12}}:)?(function:)?([a-zA-Z0-9-_]+)"
    r"(:(\$LATEST|[a-zA-Z0-9-_]+))?",
)
_NAME = Text(NAME_LENGTH, 1, NAME_PATTERN)
_URL_NAME = Text(
    140,
    1,
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?({_REGION}:)?(\d{{12}}:)?(function:)?([a-zA-Z0-9-_]{{1,64}})"
    r"(:((?!\d+$)[0-9a-zA-Z-_]+))?",
)
_QUALIFIER = Text(QUALIFIER_LENGTH, 1, QUALIFIER_PATTERN)
_OLD_QUALIFIER = Text(128, 1, r"(|[a-zA-Z0-9$_-]+)")
_VERSION = Text(1024, 1, r"(\$LATEST(\.PUBLISHED)?|[0-9]+)")
_ALIAS = Text(128, 1, r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)")
_URL_QUALIFIER = Text(128, 1, r"((?!^\d+$)^[0-9a-zA-Z-_]+$)")
_ROLE = Text(None, 0, r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_ANY_ARN = Text(None, 0, r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()")
_LAYER = Text(
    2048,
    1,
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:{_REGION}:\d{{12}}:layer:[a-zA-Z0-9-_]+:[0-9]+)|"
    r"(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)",
)
_DESTINATION = Text(
    350,
    0,
    rf"$|kafka://([^.]([a-zA-Z0-9\-_.]{{0,248}}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:({_REGION})?:(\d{{12}})?:(.*)",
)
_TAG_PATTERN, _TAG_MATCH = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", r"[\w\s.:/=+\-@]*"
_MARKER = Text()
_ITEMS = Number(1, 10_000)
_FEW_ITEMS = Number(1, 50)

_CODE: dict[str, Constraint] = {
    "ZipFile": Anything(),
    "S3Bucket": Text(63, 3, r"[0-9A-Za-z\.\-_]*(?<!\.)"),
    "S3Key": Text(1024, 1),
    "S3ObjectVersion": Text(1024, 1),
    "ImageUri": Text(),
}
_TRACING = Struct({"Mode": Choice(("Active", "PassThrough"))})
_VPC = Struct(
    {
        "SubnetIds": ListOf(Text(1024, 0, "subnet-[0-9a-z]*"), 16),
        "SecurityGroupIds": ListOf(Text(1024, 0, "sg-[0-9a-zA-Z]*"), 5),
        "Ipv6AllowedForDualStack": Flag(),
    }
)
_LOGGING = Struct(
    {
        "LogFormat": Choice(("JSON", "Text")),
        "ApplicationLogLevel": Choice(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")),
        "SystemLogLevel": Choice(("DEBUG", "INFO", "WARN")),
        "LogGroup": Text(512, 1, r"[\.\-_/#A-Za-z0-9]+"),
    }
)
_ARCHITECTURES = ListOf(Choice(("x86_64", "arm64")), 1, 1)
# What both CreateFunction and UpdateFunctionConfiguration take.
SETTINGS: dict[str, Constraint] = {
    "Runtime": Text(),
    "Role": _ROLE,
    "Handler": Text(128, 0, r"[^\s]+"),
    "Description": Text(256),
    "Timeout": Number(1, 900),
    "MemorySize": Number(128, 10_240),
    "VpcConfig": _VPC,
    "DeadLetterConfig": Struct({"TargetArn": _ANY_ARN}),
    "Environment": Struct({"Variables": MapOf(Text(pattern="[a-zA-Z]([a-zA-Z0-9_])+"), Text(), secret=True)}),
    "KMSKeyArn": _ANY_ARN,
    "TracingConfig": _TRACING,
    "Layers": ListOf(_LAYER),
    "FileSystemConfigs": ListOf(
        Struct({"Arn": Text(256), "LocalMountPath": Text(160, 0, "/mnt/[a-zA-Z0-9-_.]+")}, ("Arn", "LocalMountPath")), 1
    ),
    "EphemeralStorage": Struct({"Size": Number(512, 10_240)}, ("Size",)),
    "SnapStart": Struct({"ApplyOn": Choice(("PublishedVersions", "None"))}),
    "LoggingConfig": _LOGGING,
}
_WEIGHTS = MapOf(Text(1024, 1, "[0-9]+"), Fraction(0.0, 1.0))
_ROUTING = Struct({"AdditionalVersionWeights": _WEIGHTS})
_DESTINATIONS = Struct(
    {"OnSuccess": Struct({"Destination": _DESTINATION}), "OnFailure": Struct({"Destination": _DESTINATION})}
)
_EVENT_INVOKE: dict[str, Constraint] = {
    "FunctionName": _NAME,
    "Qualifier": _QUALIFIER,
    "MaximumRetryAttempts": Number(0, 2),
    "MaximumEventAgeInSeconds": Number(60, 21_600),
    "DestinationConfig": _DESTINATIONS,
}
_CORS = Struct(
    {
        "AllowCredentials": Flag(),
        "AllowHeaders": ListOf(Text(1024), 100),
        "AllowMethods": ListOf(Text(6), 6),
        "AllowOrigins": ListOf(Text(253, 1), 100),
        "ExposeHeaders": ListOf(Text(1024), 100),
        "MaxAge": Number(0, 86_400),
    }
)
_URL: dict[str, Constraint] = {
    "FunctionName": _URL_NAME,
    "Qualifier": _URL_QUALIFIER,
    "AuthType": Choice(("NONE", "AWS_IAM")),
    "Cors": _CORS,
    "InvokeMode": Choice(("RESPONSE_STREAM", "BUFFERED")),
}
_FUNCTION = Struct({"FunctionName": _NAME, "Qualifier": _QUALIFIER}, ("FunctionName",))
_UPDATED = Struct({"FunctionName": _UPDATE_NAME}, ("FunctionName",))
_MUST_QUALIFY = Struct({"FunctionName": _UPDATE_NAME, "Qualifier": _OLD_QUALIFIER}, ("FunctionName", "Qualifier"))
_URL_OF = Struct({"FunctionName": _URL_NAME, "Qualifier": _URL_QUALIFIER}, ("FunctionName",))
_ALIAS_OF = Struct({"FunctionName": _UPDATE_NAME, "Name": _ALIAS}, ("FunctionName", "Name"))
_LISTED: dict[str, Constraint] = {"FunctionName": _UPDATE_NAME, "Marker": _MARKER, "MaxItems": _FEW_ITEMS}

# Operation -> what it takes: its body, its path and its query as one.
INPUTS: dict[str, Struct] = {
    "CreateFunction": Struct(
        {
            "FunctionName": _UPDATE_NAME,
            **SETTINGS,
            "Code": Struct(_CODE),
            "Publish": Flag(),
            "PackageType": Choice(("Zip", "Image")),
            "Architectures": _ARCHITECTURES,
            "Tags": MapOf(Text(128, 1, _TAG_PATTERN, _TAG_MATCH), Text(256, 0, _TAG_PATTERN, _TAG_MATCH)),
            "TenancyConfig": Struct({"TenantIsolationMode": Choice(("PER_TENANT",))}, ("TenantIsolationMode",)),
        },
        ("FunctionName", "Role", "Code"),
    ),
    "GetFunction": _FUNCTION,
    "GetFunctionConfiguration": _FUNCTION,
    "ListFunctions": Struct({"FunctionVersion": Choice(("ALL",)), "Marker": _MARKER, "MaxItems": _ITEMS}),
    "UpdateFunctionCode": Struct(
        {
            "FunctionName": _UPDATE_NAME,
            **_CODE,
            "Architectures": _ARCHITECTURES,
            "Publish": Flag(),
            "DryRun": Flag(),
            "RevisionId": Text(),
        },
        ("FunctionName",),
    ),
    "UpdateFunctionConfiguration": Struct(
        {"FunctionName": _UPDATE_NAME, **SETTINGS, "RevisionId": Text()}, ("FunctionName",)
    ),
    "DeleteFunction": _FUNCTION,
    "PublishVersion": Struct(
        {"FunctionName": _UPDATE_NAME, "CodeSha256": Text(), "Description": Text(256), "RevisionId": Text()},
        ("FunctionName",),
    ),
    "ListVersionsByFunction": Struct({**_LISTED, "FunctionName": _NAME, "MaxItems": _ITEMS}, ("FunctionName",)),
    "CreateAlias": Struct(
        {
            "FunctionName": _UPDATE_NAME,
            "Name": _ALIAS,
            "FunctionVersion": _VERSION,
            "Description": Text(256),
            "RoutingConfig": _ROUTING,
        },
        ("FunctionName", "Name", "FunctionVersion"),
    ),
    "GetAlias": _ALIAS_OF,
    "UpdateAlias": Struct(
        {
            "FunctionName": _UPDATE_NAME,
            "Name": _ALIAS,
            "FunctionVersion": _VERSION,
            "Description": Text(256),
            "RoutingConfig": _ROUTING,
            "RevisionId": Text(),
        },
        ("FunctionName", "Name"),
    ),
    "DeleteAlias": _ALIAS_OF,
    "ListAliases": Struct({**_LISTED, "FunctionVersion": _VERSION, "MaxItems": _ITEMS}, ("FunctionName",)),
    "PutFunctionConcurrency": Struct(
        {"FunctionName": _UPDATE_NAME, "ReservedConcurrentExecutions": Number(0)},
        ("FunctionName", "ReservedConcurrentExecutions"),
    ),
    "GetFunctionConcurrency": _UPDATED,
    "DeleteFunctionConcurrency": _UPDATED,
    "PutProvisionedConcurrencyConfig": Struct(
        {"FunctionName": _UPDATE_NAME, "Qualifier": _OLD_QUALIFIER, "ProvisionedConcurrentExecutions": Number(1)},
        ("FunctionName", "Qualifier", "ProvisionedConcurrentExecutions"),
    ),
    "GetProvisionedConcurrencyConfig": _MUST_QUALIFY,
    "DeleteProvisionedConcurrencyConfig": _MUST_QUALIFY,
    "ListProvisionedConcurrencyConfigs": Struct(_LISTED, ("FunctionName",)),
    "PutFunctionEventInvokeConfig": Struct(_EVENT_INVOKE, ("FunctionName",)),
    "UpdateFunctionEventInvokeConfig": Struct(_EVENT_INVOKE, ("FunctionName",)),
    "GetFunctionEventInvokeConfig": _FUNCTION,
    "DeleteFunctionEventInvokeConfig": _FUNCTION,
    "ListFunctionEventInvokeConfigs": Struct({**_LISTED, "FunctionName": _NAME}, ("FunctionName",)),
    "CreateFunctionUrlConfig": Struct(_URL, ("FunctionName", "AuthType")),
    "UpdateFunctionUrlConfig": Struct(_URL, ("FunctionName",)),
    "GetFunctionUrlConfig": _URL_OF,
    "DeleteFunctionUrlConfig": _URL_OF,
    "ListFunctionUrlConfigs": Struct({**_LISTED, "FunctionName": _URL_NAME}, ("FunctionName",)),
    "GetAccountSettings": Struct({}),
}
