"""CreateFunction and the operations beside it, by boto3: what is answered, what runs, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest

from tests.emulator.api.control_support import ARN, ROLE, code, plane_server
from tests.moto_server import aws, aws_server, unique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.api.control_support import Site

__all__ = ("aws", "aws_server")


# What AWS tells of every function, also in a list.
MEMBERS = {
    *("FunctionName", "FunctionArn", "Runtime", "Role", "Handler", "CodeSize", "Description", "Timeout", "MemorySize"),
    *("LastModified", "CodeSha256", "Version", "TracingConfig", "RevisionId", "PackageType", "Architectures"),
    *("EphemeralStorage", "SnapStart", "LoggingConfig"),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plane_server() as running:
        yield running


def test_a_function_is_created_and_runs(site: Site) -> None:
    name = unique("f")
    archive = code("first")
    made = site.create(name, Code={"ZipFile": archive}, Environment={"Variables": {"VAR": "b"}}, MemorySize=256)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    known = {
        "FunctionName": name,
        "FunctionArn": ARN + name,
        "Runtime": "python3.11",
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(archive),
        "CodeSha256": base64.b64encode(hashlib.sha256(archive).digest()).decode(),
        "Description": "",
        "Timeout": 3,
        "MemorySize": 256,
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        "Environment": {"Variables": {"VAR": "b"}},
    }
    assert {key: made[key] for key in known} == known
    assert set(made) - set(known) == {"LastModified", "RevisionId", "RuntimeVersionConfig", "ResponseMetadata"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made["LastModified"])
    # The first question of a waiter already finds it active.
    site.client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    answer = site.invoke(name, Payload=b"[1]")
    assert answer == {
        "code": "first", "version": "$LATEST", "arn": ARN + name, "memory": "256", "variable": "b", "event": [1],
    }  # fmt: skip


def test_what_get_function_shows(site: Site) -> None:
    name = unique("f")
    archive = code("x")
    made = site.create(name, Code={"ZipFile": archive}, Tags={"team": "a b"}, VpcConfig={"SubnetIds": ["subnet-1"]})
    shown = site.client.get_function(FunctionName=name)
    configuration = shown["Configuration"]
    assert (configuration["State"], configuration["LastUpdateStatus"]) == ("Active", "Successful")
    assert not {"StateReason", "LastUpdateStatusReason"} & set(configuration)
    assert configuration["RevisionId"] != made["RevisionId"]
    assert configuration["VpcConfig"]["SubnetIds"] == ["subnet-1"]
    assert site.notes[-1] == f"{name}: VpcConfig has no effect here"
    assert shown["Tags"] == {"team": "a b"}
    assert "Concurrency" not in shown
    assert shown["Code"]["RepositoryType"] == "S3"
    with httpx.Client(timeout=10) as client:
        location = shown["Code"]["Location"]
        fetched = client.get(location)
        assert (fetched.status_code, fetched.content) == (200, archive)
        assert fetched.headers["content-type"] == "application/zip"
        for forged in (location[:-1] + "x", location.partition("?")[0], re.sub(r"Expires=\d+", "Expires=1", location)):
            assert client.get(forged).status_code == 403
    flat = site.client.get_function_configuration(FunctionName=ARN + name)
    assert {key: value for key, value in flat.items() if key != "ResponseMetadata"} == configuration
    latest = site.client.get_function_configuration(FunctionName=name, Qualifier="$LATEST")
    assert latest["FunctionArn"] == f"{ARN}{name}:$LATEST"


def test_new_code_is_run_from_the_next_invocation_on(site: Site) -> None:
    name = unique("f")
    site.create(name, Code={"ZipFile": code("old")})
    assert site.invoke(name)["code"] == "old"
    before = site.client.get_function_configuration(FunctionName=name)
    dry = site.client.update_function_code(FunctionName=name, ZipFile=code("new"), DryRun=True)
    assert dry["CodeSha256"] != before["CodeSha256"]
    assert site.invoke(name)["code"] == "old"
    updated = site.client.update_function_code(
        FunctionName=name, ZipFile=code("new"), RevisionId=before["RevisionId"], Architectures=["arm64"]
    )
    assert updated["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert (updated["State"], updated["LastUpdateStatus"]) == ("Active", "InProgress")
    assert updated["LastUpdateStatusReasonCode"] == "Creating"
    assert (updated["CodeSha256"], updated["Architectures"]) == (dry["CodeSha256"], ["arm64"])
    site.client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    after = site.client.get_function_configuration(FunctionName=name)
    assert after["LastUpdateStatus"] == "Successful"
    assert len({before["RevisionId"], updated["RevisionId"], after["RevisionId"]}) == 3
    assert site.invoke(name)["code"] == "new"
    assert site.refused("update_function_code", FunctionName=name, ZipFile=code("x"), RevisionId="gone") == (
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id",
    )


def test_a_changed_configuration_begins_new_environments(site: Site) -> None:
    name = unique("f")
    site.create(name, Environment={"Variables": {"VAR": "1"}}, DeadLetterConfig={"TargetArn": "arn:aws:sqs:x:1:q"})
    assert site.invoke(name)["variable"] == "1"

    def update(**changes: Any) -> Any:
        return site.client.update_function_configuration(FunctionName=name, **changes)

    changed = update(Environment={"Variables": {"VAR": "2"}}, MemorySize=512, Timeout=9, Description="d")
    assert changed["LastUpdateStatus"] == "InProgress"
    assert (changed["MemorySize"], changed["Timeout"], changed["Description"]) == (512, 9, "d")
    answer = site.invoke(name)
    assert (answer["variable"], answer["memory"]) == ("2", "512")
    kept = update(DeadLetterConfig={})
    assert kept["DeadLetterConfig"] == {"TargetArn": "arn:aws:sqs:x:1:q"}
    assert (kept["Environment"], kept["Timeout"]) == ({"Variables": {"VAR": "2"}}, 9)
    cleared = update(Environment={}, DeadLetterConfig={"TargetArn": ""}, VpcConfig={"SubnetIds": []}, Layers=[])
    assert not {"Environment", "DeadLetterConfig", "Layers"} & set(cleared)
    assert cleared["VpcConfig"]["VpcId"] == ""
    assert site.invoke(name)["variable"] is None
    as_json = update(LoggingConfig={"LogFormat": "JSON", "LogGroup": "mine"})
    assert as_json["LoggingConfig"] == {
        "LogFormat": "JSON", "LogGroup": "mine", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
    }  # fmt: skip
    assert update(LoggingConfig={"LogFormat": "Text"})["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "mine"}


def test_deleting_removes_all_there_is(site: Site) -> None:
    name = unique("f")
    site.create(name, Publish=True)
    site.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    site.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    gone = site.client.delete_function(FunctionName=name)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing = ("ResourceNotFoundException", f"Function not found: {ARN}{name}")
    assert site.refused("get_function", FunctionName=name) == missing
    assert site.refused("delete_function", FunctionName=name) == missing
    assert site.refused("delete_function", FunctionName=name, Qualifier="1") == missing
    assert site.refused("invoke", FunctionName=name)[1] == f"{missing[1]}:$LATEST"
    site.create(name)
    assert site.client.list_versions_by_function(FunctionName=name)["Versions"][1:] == []
    assert site.client.get_function_concurrency(FunctionName=name).keys() == {"ResponseMetadata"}


def test_lists_have_pages_and_leave_the_state_out(site: Site) -> None:
    names = sorted(unique("page") for _ in range(3))
    for name in names:
        site.create(name, Publish=True)
    first = site.client.list_functions(MaxItems=1)
    assert len(first["Functions"]) == 1
    paginator = site.client.get_paginator("list_functions")
    pages = [*paginator.paginate(PaginationConfig={"PageSize": 2})]
    found = [function["FunctionName"] for answer in pages for function in answer["Functions"]]
    assert found == sorted(found)
    assert set(names) <= set(found)
    assert set(first["Functions"][0]) >= MEMBERS
    assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & set(pages[0]["Functions"][0])
    everything = [
        function["FunctionArn"]
        for answer in paginator.paginate(FunctionVersion="ALL")
        for function in answer["Functions"]
        if function["FunctionName"] == names[0]
    ]
    assert everything == [f"{ARN}{names[0]}:$LATEST", f"{ARN}{names[0]}:1"]
    assert "enum value set: [ALL]" in site.refused("list_functions", FunctionVersion="NONE")[1]


def test_code_comes_from_s3(site: Site, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, name = unique("bucket"), unique("f")
    client: Any = boto3.session.Session().client("s3")
    with closing(client):
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        version = client.put_object(Bucket=bucket, Key="a/code.zip", Body=code("first"))["VersionId"]
        client.put_object(Bucket=bucket, Key="a/code.zip", Body=code("second"))
    site.create(name, Code={"S3Bucket": bucket, "S3Key": "a/code.zip", "S3ObjectVersion": version})
    assert site.invoke(name)["code"] == "first"
    site.client.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key="a/code.zip")
    assert site.invoke(name)["code"] == "second"
    refused = site.refused("update_function_code", FunctionName=name, S3Bucket=bucket, S3Key="gone")
    assert refused == (
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.",
    )
    assert site.client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful"


def test_a_bootstrap_is_run_by_provided_runtimes(site: Site) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o100755 << 16
        archive.writestr(
            info,
            '#!/bin/sh\nH=$(mktemp)\nwhile true; do\n  E=$(curl -sS -D "$H" '
            '"http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")\n'
            "  I=$(grep -i Lambda-Runtime-Aws-Request-Id \"$H\" | tr -d '[:space:]' | cut -d: -f2)\n"
            '  curl -sS -o /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$I/response" '
            '-d "[$E, \\"$_HANDLER\\"]"\ndone\n',
        )
    name = unique("f")
    site.create(name, Runtime="provided.al2023", Handler="any", Code={"ZipFile": buffer.getvalue()}, Timeout=10)
    assert site.invoke(name, Payload=b'{"a": 1}') == [{"a": 1}, "any"]


def test_another_python_runs_its_functions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from lambdakit.emulator.control import runtimes

    others = [f"python3.{minor}" for minor in (10, 12, 13, 14) if next(runtimes._interpreters(f"3.{minor}"), None)]
    others = [name for name in others if name != runtimes.this_python()]
    if not others:  # a machine with one Python: what is said then is another test's
        return
    name = unique("f")
    source = "import sys\ndef handler(event, context):\n    return 'python%d.%d' % sys.version_info[:2]\n"
    site.create(name, Runtime=others[0], Code={"ZipFile": code("x", source)}, Timeout=10)
    assert site.invoke(name) == others[0]
