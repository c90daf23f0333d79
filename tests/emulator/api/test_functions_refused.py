"""What the control plane refuses, in the service's own words; and what its tables say beside AWS's own model."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from lambdakit.emulator.control import codes, constraints
from lambdakit.emulator.control.inputs import INPUTS
from lambdakit.emulator.control.runtimes import CREATABLE, DEPRECATED
from tests.emulator.api.control_support import ARN, ROLE, code, plane_server
from tests.emulator.code.archives import archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.api.control_support import Site

IPV, VE, RNF, RC = (
    "InvalidParameterValueException",
    "ValidationException",
    "ResourceNotFoundException",
    "ResourceConflictException",
)
SENTENCE = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: {}"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plane_server() as running:
        running.create("there")
        yield running


CREATED: dict[str, tuple[dict[str, Any], str, str]] = {
    "timeout": (
        {"Timeout": 901},
        VE,
        SENTENCE.format(901, "timeout", "Member must have value less than or equal to 900"),
    ),
    "memory": (
        {"MemorySize": 10_241},
        VE,
        SENTENCE.format(10_241, "memorySize", "Member must have value less than or equal to 10240"),
    ),
    "storage": (
        {"EphemeralStorage": {"Size": 10_241}},
        VE,
        SENTENCE.format(10_241, "ephemeralStorage.size", "Member must have value less than or equal to 10240"),
    ),
    "description": (
        {"Description": "x" * 257},
        VE,
        SENTENCE.format("x" * 257, "description", "Member must have length less than or equal to 256"),
    ),
    "role": (
        {"Role": "r"},
        VE,
        SENTENCE.format(
            "r",
            "role",
            "Member must satisfy regular expression pattern: "
            r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
        ),
    ),
    "architectures": (
        {"Architectures": ["x86_64", "arm64"]},
        VE,
        SENTENCE.format("[x86_64, arm64]", "architectures", "Member must have length less than or equal to 1"),
    ),
    "an unknown architecture": (
        {"Architectures": ["foo"]},
        VE,
        SENTENCE.format(
            "[foo]",
            "architectures",
            "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], "
            "Member must not be null]",
        ),
    ),
    "several at once": (
        {"Timeout": 1000, "Handler": "a b"},
        VE,
        "2 validation errors detected: Value 'a b' at 'handler' failed to satisfy constraint: Member must satisfy "
        r"regular expression pattern: [^\s]+; Value '1000' at 'timeout' failed to satisfy constraint: Member must have "
        "value less than or equal to 900",
    ),
    "snap start": (
        {"SnapStart": {"ApplyOn": "Always"}},
        VE,
        SENTENCE.format("Always", "snapStart.applyOn", "Member must satisfy enum value set: [PublishedVersions, None]"),
    ),
    "a name that is too long": (
        {"FunctionName": "n" * 65},
        IPV,
        SENTENCE.format("n" * 65, "functionName", "Member must have length less than or equal to 64"),
    ),
    "a name that is there": ({"FunctionName": "there"}, RC, "Function already exist: there"),
    "another region": (
        {"FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:f"},
        RNF,
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    ),
    "another account's role": (
        {"Role": "arn:aws:iam::000000000000:role/r"},
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    ),
    "an old runtime": (
        {"Runtime": "python3.7"},
        IPV,
        "The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. We "
        "recommend you use a supported runtime while creating or updating functions.",
    ),
    "no runtime": (
        {"Runtime": None},
        IPV,
        "Runtime and Handler are mandatory parameters for functions created with zip files.",
    ),
    "variables": (
        {"Environment": {"Variables": {"BIG": "x" * 5000}}},
        IPV,
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        'exceeded the 4KB limit. String measured: {"BIG":"' + "x" * 5000 + '"}',
    ),
    "reserved variables": (
        {"Environment": {"Variables": {"AWS_REGION": "x", "OK": "y", "AWS_ACCESS_KEY_ID": "z"}}},
        IPV,
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: "
        "AWS_REGION, AWS_ACCESS_KEY_ID",
    ),
    "a level for text": (
        {"LoggingConfig": {"LogFormat": "Text", "ApplicationLogLevel": "DEBUG"}},
        IPV,
        'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the '
        'LogFormat to "JSON" and try again.',
    ),
    "too many layers": (
        {"Layers": [f"{LAYER}l{n}:1" for n in range(6)]},
        IPV,
        "Cannot reference more than 5 layers.",
    ),
    "one layer twice": (
        {"Layers": [f"{LAYER}l:1", f"{LAYER}l:2"]},
        IPV,
        "Two different versions of the same layer are not allowed to be referenced in the same function. "
        f"{LAYER}l:1 and {LAYER}l:2 are versions of the same layer.",
    ),
    "a layer of another region": (
        {"Layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:l:1"]},
        IPV,
        "Layers are not in the same region as the function. Layers are expected to be in region us-east-1.",
    ),
    "a layer that is not there": ({"Layers": [f"{LAYER}l:1"]}, IPV, f"Layer version {LAYER}l:1 does not exist."),
    "too many tags": (
        {"Tags": {f"t{n}": "" for n in range(51)}},
        IPV,
        "Number of tags exceeds resource tag limit.",
    ),
    "no archive": (
        {"Code": {"ZipFile": b"any zip file"}},
        IPV,
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    ),
    "an archive that does harm": (
        {"Code": {"ZipFile": archive({"../x": ""})}},
        IPV,
        "Could not unzip uploaded file. Please check your file, then try to upload again. The entry '../x' leads out "
        "of the archive's folder.",
    ),
    "an empty archive": ({"Code": {"ZipFile": b""}}, IPV, "Uploaded file must be a non-empty zip"),
    "no code": ({"Code": {}}, IPV, "Please provide the code of the function: ZipFile, or S3Bucket and S3Key."),
    "two codes": (
        {"Code": {"ZipFile": b"x", "S3Bucket": "abc", "S3Key": "k"}},
        IPV,
        "Please do not provide other FunctionCode parameters when providing a ZipFile or an S3 object.",
    ),
}


@pytest.mark.parametrize("case", CREATED)
def test_what_cannot_be_created(site: Site, case: str) -> None:
    changes, kind, message = CREATED[case]
    before = site.client.list_functions()["Functions"]
    given = {
        "FunctionName": "f",
        "Role": ROLE,
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Code": {"ZipFile": code("1")},
        **changes,
    }
    arguments = {key: value for key, value in given.items() if value is not None}
    assert site.refused("create_function", **arguments) == (kind, message)
    assert site.client.list_functions()["Functions"] == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Runtime": "nodejs22.x"}, "only Python's runtime is here"),
        ({"Runtime": "python3.8"}, "Python 3.10 is the oldest"),
        ({"Runtime": "cobol1"}, "Value cobol1 at 'runtime' failed to satisfy constraint: Member must satisfy enum"),
        ({"FunctionName": "f:1"}, "without a qualifier"),
        ({"PackageType": "Image", "Code": {"ImageUri": "x"}}, "starts no container images"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:lambda:x:1:f"}}, "neither an SQS queue nor an SNS topic"),
    ],
)
def test_what_only_the_local_service_refuses(site: Site, changes: dict[str, Any], words: str) -> None:
    given = {
        "FunctionName": "f",
        "Role": ROLE,
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Code": {"ZipFile": code("1")},
        **changes,
    }
    kind, message = site.refused("create_function", **given)
    assert kind == IPV
    assert words in message


def test_an_archive_that_is_too_large_to_be_sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes.ZIPPED_BYTES == 52_428_800
    monkeypatch.setattr(codes, "ZIPPED_BYTES", 1000)
    with pytest.raises(ClientError, match="Zipped size must be smaller than 1000 bytes") as caught:
        site.create("f", Code={"ZipFile": bytes(1001)})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_an_archive_that_becomes_too_large(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from lambdakit.emulator.code import store, unpack

    limits = unpack.DEFAULT_LIMITS._replace(unpacked_bytes=1000)
    monkeypatch.setattr(store, "unpack", lambda data, folder: unpack.unpack(data, folder, limits))
    given = {"FunctionName": "f", "Role": ROLE, "Runtime": "python3.11", "Handler": "app.handler"}
    refused = site.refused("create_function", **given, Code={"ZipFile": archive({"x": os.urandom(1001)})})
    assert refused == (IPV, "Unzipped size must be smaller than 1000 bytes")


@pytest.mark.parametrize(
    ("operation", "arguments", "kind", "message"),
    [
        ("get_function", {"FunctionName": "gone"}, RNF, f"Function not found: {ARN}gone"),
        ("get_function", {"FunctionName": "gone:7"}, RNF, f"Function not found: {ARN}gone:7"),
        ("get_function", {"FunctionName": "there", "Qualifier": "7"}, RNF, f"Function not found: {ARN}there:7"),
        (
            "get_function",
            {"FunctionName": f"{ARN}there:1", "Qualifier": "2"},
            IPV,
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
        (
            "update_function_code",
            {"FunctionName": "there", "ImageUri": "x"},
            IPV,
            "Please don't provide ImageUri when updating a function with packageType Zip.",
        ),
        (
            "delete_function",
            {"FunctionName": "there", "Qualifier": "$LATEST"},
            IPV,
            "$LATEST version cannot be deleted without deleting the function.",
        ),
        (
            "delete_function",
            {"FunctionName": "there", "Qualifier": "live"},
            IPV,
            "Deletion of aliases is not currently supported.",
        ),
        ("list_versions_by_function", {"FunctionName": "gone"}, RNF, f"Function not found: {ARN}gone"),
        ("update_function_configuration", {"FunctionName": "gone"}, RNF, f"Function not found: {ARN}gone"),
    ],
)
def test_what_else_is_refused(site: Site, operation: str, arguments: dict[str, Any], kind: str, message: str) -> None:
    assert site.refused(operation, **arguments) == (kind, message)


def test_requests_that_no_sdk_would_send(site: Site) -> None:
    with httpx.Client(base_url=site.server.url, timeout=10) as client:

        def ask(body: Any, path: str = "/2015-03-31/functions") -> tuple[int, str, str]:
            options = {"content": body} if isinstance(body, bytes) else {"json": body}
            answer = client.post(path, **options)  # type: ignore[arg-type]
            return answer.status_code, answer.headers["x-amzn-errortype"], answer.json()["message"]

        assert ask(b"{")[:2] == (400, "SerializationException")
        assert ask(b"[]")[2] == "The body of the request is not a JSON object."
        assert ask({"Timeout": "3"})[2] == "timeout: an integer was expected"
        assert ask({"Timeout": True})[2] == "timeout: an integer was expected"
        assert ask({"Environment": {"Variables": {"AB": 1}}})[2] == "environment.variables: a string was expected"
        assert ask({"Layers": [1]})[2] == "layers: a string was expected"
        missing = ask({})[2]
        assert missing.startswith("3 validation errors detected: Value null at 'functionName' failed to satisfy")
        given = {"FunctionName": "f", "Role": ROLE, "Runtime": "python3.11", "Handler": "a.b"}
        assert ask({**given, "Code": {"ZipFile": "é"}})[2] == "ZipFile is not base64."
        assert ask({**given, "Code": {"ZipFile": 1}})[2] == "ZipFile is not base64."
        secret = ask({**given, "Code": {}, "Environment": {"Variables": {"1": "hidden"}}})[2]
        assert "Value '{1=***}' at 'environment.variables'" in secret
        listed = client.get("/2015-03-31/functions?MaxItems=x")
        assert (listed.status_code, listed.json()["message"]) == (400, "MaxItems: an integer was expected.")
        assert client.get("/2015-03-31/functions/?MaxItems=0").status_code == 400
        assert client.get("/2015-03-31/functions/there/").status_code == 200


MODEL = get_session().get_service_model("lambda")
# Where the service is narrower than the model, which knows functions on managed instances.
NARROWER = {"Timeout", "MemorySize", "Size"}


@pytest.mark.parametrize("operation", INPUTS)
def test_the_tables_agree_with_the_model(operation: str) -> None:
    shape = MODEL.operation_model(operation).input_shape
    assert set(INPUTS[operation].required) == set(shape.required_members if shape else ())
    differing = [*differences(INPUTS[operation], shape)] if shape else []
    assert differing == []


def differences(ours: constraints.Constraint, shape: Any, path: str = "") -> Iterator[str]:
    """Where a table says otherwise than the model: unknown members, other types, other bounds, other words."""
    bounds = shape.metadata
    if isinstance(ours, constraints.Struct):
        for name, member in ours.members.items():
            if name not in shape.members:
                yield f"{path}.{name}: unknown"
            else:
                yield from differences(member, shape.members[name], f"{path}.{name}")
    elif isinstance(ours, constraints.Choice):
        if set(ours.values) != set(shape.enum):
            yield f"{path}: {shape.enum}"
    elif isinstance(ours, constraints.Number):
        top = path.rpartition(".")[2] in NARROWER or ours.most == bounds.get("max")
        if not top or ours.least != bounds.get("min"):
            yield f"{path}: {bounds}"
    elif isinstance(ours, constraints.ListOf):
        if (ours.longest, ours.shortest) != (bounds.get("max"), bounds.get("min", 0)):
            yield f"{path}: {bounds}"
        yield from differences(ours.member, shape.member, f"{path}[]")
    elif isinstance(ours, constraints.MapOf):
        yield from differences(ours.value, shape.value, f"{path}{{}}")
    elif isinstance(ours, constraints.Text):
        if shape.type_name not in ("string", "blob"):
            yield f"{path}: {shape.type_name}"
        elif ours.pattern is not None and bounds.get("pattern", "") not in (ours.pattern, f"({ours.pattern})"):
            yield f"{path}: {bounds['pattern']}"


def test_the_runtimes_are_those_of_the_model() -> None:
    future = {"nodejs26.x", "python3.15", "ruby4.0", "java8.al2023", "java11.al2023", "java17.al2023", "custom"}
    assert set(CREATABLE) | DEPRECATED == set(MODEL.shape_for("Runtime").enum) - future
    assert not set(CREATABLE) & DEPRECATED
