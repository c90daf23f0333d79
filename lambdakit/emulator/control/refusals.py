"""What the control plane refuses, and in which words: the rows beside those of invoking (`emulator.refusals`).

Blanks that look wrong are the service's own. Source: AWS Lambda API reference, the errors of each operation, and
recorded replies of the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.emulator.refusals import Row, refusal_of

if TYPE_CHECKING:
    from lambdakit.exceptions import ServiceError

__all__ = ("ROWS", "refuse")

_IPV = "InvalidParameterValueException"
_RNF = "ResourceNotFoundException"
_RC = "ResourceConflictException"
_PF = "PreconditionFailedException"
_TOO_LARGE = "RequestEntityTooLargeException"

_CANNOT = "The operation cannot be performed at this time. "

ROWS: dict[str, Row] = {
    # requests
    "validation": Row(400, "ValidationException", "{problems}", "message", None),
    "serialization": Row(400, "SerializationException", "{problem}", "message", None),
    "invalid": Row(400, _IPV, "{problem}"),
    "other account's role": Row(
        403, "AccessDeniedException", "Cross-account pass role is not allowed.", "message", None
    ),
    "name too long": Row(
        400,
        _IPV,
        "1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64",
    ),
    "name with qualifier": Row(
        400, _IPV, "A function is created without a qualifier; '{name}' names one. Publish a version instead."
    ),
    # functions
    "function not found": Row(404, _RNF, "Function not found: {arn}"),
    "function exists": Row(409, _RC, "Function already exist: {name}"),
    "in state": Row(409, _RC, _CANNOT + "The function is currently in the following state: {state}"),
    "in progress": Row(409, _RC, _CANNOT + "An update is in progress for resource: {arn}"),
    "stale revision": Row(
        412,
        _PF,
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id",
    ),
    "latest not deleted": Row(400, _IPV, "$LATEST version cannot be deleted without deleting the function."),
    "alias not deleted": Row(400, _IPV, "Deletion of aliases is not currently supported."),
    "version in use": Row(409, _RC, "Function version {version} is referenced by the alias {alias}; remove it first."),
    # code
    "no code": Row(400, _IPV, "Please provide the code of the function: ZipFile, or S3Bucket and S3Key."),
    "two codes": Row(
        400, _IPV, "Please do not provide other FunctionCode parameters when providing a ZipFile or an S3 object."
    ),
    "image": Row(
        400,
        _IPV,
        "The local service starts no container images: give the function a zip with PackageType Zip, or serve the "
        "image with its own entry point, which answers invocations at port 8080.",
    ),
    "image for zip": Row(400, _IPV, "Please don't provide ImageUri when updating a function with packageType Zip."),
    "not base64": Row(400, "SerializationException", "{member} is not base64.", "message", None),
    "not an archive": Row(
        400, _IPV, "Could not unzip uploaded file. Please check your file, then try to upload again.{hint}"
    ),
    "zipped too large": Row(413, _TOO_LARGE, "Zipped size must be smaller than {limit} bytes", "message", None),
    "unzipped too large": Row(400, _IPV, "{problem}"),
    # settings
    "no runtime": Row(400, _IPV, "Runtime and Handler are mandatory parameters for functions created with zip files."),
    "unknown runtime": Row(
        400,
        _IPV,
        "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{values}] or "
        "be a valid ARN",
    ),
    "old runtime": Row(
        400,
        _IPV,
        "The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. We "
        "recommend you use a supported runtime while creating or updating functions.",
    ),
    "runtime not here": Row(400, _IPV, "The runtime {runtime} cannot be started on this machine: {why}"),
    "variables too large": Row(
        400,
        _IPV,
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "exceeded the 4KB limit. String measured: {measured}",
    ),
    "reserved variables": Row(
        400,
        _IPV,
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: "
        "{names}",
    ),
    "level for text": Row(
        400,
        _IPV,
        'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the '
        'LogFormat to "JSON" and try again.',
    ),
    "too many layers": Row(400, _IPV, "Cannot reference more than 5 layers."),
    "one layer twice": Row(
        400,
        _IPV,
        "Two different versions of the same layer are not allowed to be referenced in the same function. {first} and "
        "{second} are versions of the same layer.",
    ),
    "layer of other region": Row(
        400,
        _IPV,
        "Layers are not in the same region as the function. Layers are expected to be in region {region}.",
    ),
    "layer not found": Row(400, _IPV, "Layer version {arn} does not exist."),
    "too many tags": Row(400, _IPV, "Number of tags exceeds resource tag limit."),
    "bad dead letter": Row(400, _IPV, "The dead-letter target {arn} is neither an SQS queue nor an SNS topic."),
    # versions and aliases
    "other code": Row(
        400,
        _IPV,
        "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({current}). Please try again with the "
        "CodeSHA256 in $LATEST.",
    ),
    "alias exists": Row(409, _RC, "Alias already exists: {arn}"),
    "no alias": Row(404, _RNF, "Cannot find alias arn: {arn}"),
    "alias not found": Row(404, _RNF, "Alias not found: {arn}"),
    "too many weights": Row(400, _IPV, "Number of items in AdditionalVersionWeights cannot be greater than 1"),
    "version in routing": Row(
        400,
        _IPV,
        "Invalid function version {version}. Function version {version} is already included in routing configuration.",
    ),
    "latest with weights": Row(
        400, _IPV, "$LATEST is not supported for an alias pointing to more than 1 version", "Message", None
    ),
    # concurrency
    "concurrency of function only": Row(
        400,
        _IPV,
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN.",
    ),
    "no provisioned config": Row(
        404,
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
    ),
    "provisioned unpublished": Row(
        400, _IPV, "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
    ),
    "provisioned of published": Row(
        400, _IPV, "The function resource provided must be an alias or a published version."
    ),
    "version provisioned": Row(
        409, _RC, "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
    ),
    "alias provisioned": Row(409, _RC, "Version is pointed by a Provisioned Concurrency alias"),
    # asynchronous invocation
    "function does not exist": Row(404, _RNF, "The function doesn't exist."),
    "nothing to configure": Row(400, _IPV, "You must specify at least one of error handling or destination setting."),
    "no event invoke config": Row(404, _RNF, "The function {arn} doesn't have an EventInvokeConfig"),
    "bad destination": Row(400, _IPV, "The destination ARN {arn} is invalid."),
    "own destination": Row(400, _IPV, "You can't specify the function as a destination for itself."),
    "unsupported destination": Row(
        400,
        _IPV,
        "The provided destination config DestinationConfig(onSuccess={success}, onFailure={failure}) is invalid.",
    ),
    # function URLs
    "no function for url": Row(404, _RNF, "Function does not exist"),
    "no resource": Row(404, _RNF, "The resource you requested does not exist."),
    "url exists": Row(
        409,
        _RC,
        "Failed to create function url config for [functionArn = {arn}]. Error message:  FunctionUrlConfig exists for "
        "this Lambda function",
    ),
}


def refuse(row: str, /, **values: object) -> ServiceError:
    """The error of a row, its message filled with `values`."""
    return refusal_of(ROWS[row], values)
