"""The same calls to this service and to moto's: members and values agree, but for what moto has otherwise than AWS."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from tests.emulator.api.control_support import client_of, code, plane_server
from tests.moto_server import aws, aws_server, unique

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("aws", "aws_server")

# What differs on purpose, or each time: moto creates functions that are Active at once, with `Layers: []`, has no
# RevisionId and LoggingConfig of its own, and tells an InvokeMode (`Buffered`) that nobody asked for.
OWN = frozenset(
    [
        *("ResponseMetadata", "LastModified", "RevisionId", "Location", "LoggingConfig", "RuntimeVersionConfig"),
        *("State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason"),
        *("LastUpdateStatusReasonCode", "Layers", "FunctionArn", "FunctionUrl", "CreationTime", "LastModifiedTime"),
        *("SnapStart", "EphemeralStorage", "VpcConfig", "RepositoryType", "InvokeMode"),
    ]
)


def test_both_answer_alike(aws: str) -> None:
    client: Any = boto3.session.Session().client("iam")
    with closing(client):
        role = client.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    arn = role["Role"]["Arn"]
    there = boto3.session.Session().client("lambda")
    with plane_server() as site, closing(there), closing(client_of(site.server.url, region_name="eu-west-1")) as here:
        for made in calls(unique("f"), arn):
            ours, theirs = (told(client, made) for client in (here, there))
            assert ours == theirs, made


def calls(name: str, role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Operations, one after the other, of which moto and AWS say the same."""
    function = {"FunctionName": name}
    created = {
        **function,
        "Role": role,
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Code": {"ZipFile": code("1")},
        "Description": "d",
        "Timeout": 5,
        "MemorySize": 256,
        "Environment": {"Variables": {"VAR": "1"}},
        "Tags": {"a": "b"},
        "TracingConfig": {"Mode": "Active"},
    }
    yield "create_function", created
    yield "create_function", created
    yield "get_function", function
    yield "get_function", {**function, "Qualifier": "$LATEST"}
    yield "get_function_configuration", function
    yield "get_function_configuration", {"FunctionName": "gone"}
    yield "get_function", {"FunctionName": "gone"}
    yield "update_function_configuration", {**function, "Timeout": 9, "Environment": {"Variables": {"VAR": "2"}}}
    yield "update_function_code", {**function, "ZipFile": code("2")}
    yield "publish_version", {**function, "Description": "first"}
    yield "get_function_configuration", {**function, "Qualifier": "1"}
    yield "create_alias", {**function, "Name": "live", "FunctionVersion": "1", "Description": "a"}
    yield "update_alias", {**function, "Name": "live", "Description": "b"}
    yield "get_alias", {**function, "Name": "live"}
    yield "get_alias", {**function, "Name": "none"}
    yield "put_function_concurrency", {**function, "ReservedConcurrentExecutions": 3}
    yield "get_function_concurrency", function
    yield "delete_function_concurrency", function
    yield "get_function_concurrency", function
    yield "create_function_url_config", {**function, "AuthType": "NONE"}
    yield "get_function_url_config", function
    yield "delete_function_url_config", function
    yield "delete_alias", {**function, "Name": "live"}
    yield "delete_function", function
    yield "delete_function", function


def told(client: Any, call: tuple[str, dict[str, Any]]) -> Any:
    """What an operation answers or is refused with, as far as the two can agree."""
    operation, arguments = call
    try:
        return plain(getattr(client, operation)(**arguments))
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in sorted(value.items()) if key not in OWN}
    return value


def test_what_is_compared_is_not_nothing() -> None:
    given = {"State": 1, "Timeout": 3, "Nested": {"Location": 1, "Size": 2}}
    assert plain(given) == {"Nested": {"Size": 2}, "Timeout": 3}
