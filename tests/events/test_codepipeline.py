from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdakit.events import aws_clients
from lambdakit.events.codepipeline import (
    MAX_EXECUTION_ID,
    MAX_MESSAGE,
    MAX_SUMMARY,
    MAX_TOKEN,
    CodePipelineEvent,
    codepipeline_job,
)
from lambdakit.events.coverage import unmapped
from lambdakit.exceptions import MissingFieldError, ResponseError, UsageError, WrongSourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambdakit.events.codepipeline import JobFailure, JobSuccess


def job(*, parameters: str | None = None, **data: Any) -> dict[str, Any]:
    configuration = (
        {"FunctionName": "build"} if parameters is None else {"FunctionName": "f", "UserParameters": parameters}
    )
    location = {"type": "S3", "s3Location": {"bucketName": "b", "objectKey": "p/a+b.zip"}}
    return {
        "CodePipeline.job": {
            "id": "job-1",
            "accountId": "1",
            "data": {
                "actionConfiguration": {"configuration": configuration},
                "inputArtifacts": [{"name": "in", "revision": None, "location": location}],
                "outputArtifacts": [],
                "artifactCredentials": {"accessKeyId": "k", "secretAccessKey": "s", "sessionToken": "t"},
                **data,
            },
        }
    }


DONE = {"jobId": "job-1", "executionDetails": {"percentComplete": 100}}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("codepipeline", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(aws_clients, "_clients", {"codepipeline": client})
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def expect_failure(service: Stubber, message: str, kind: str = "JobFailed") -> None:
    wanted = {"jobId": "job-1", "failureDetails": {"type": kind, "message": message}}
    service.add_response("put_job_failure_result", {}, wanted)


def test_a_job_is_read() -> None:
    raw = job(
        parameters='{"a": 1}',
        continuationToken="c",
        encryptionKey={"id": "arn:k", "type": "KMS"},
        artifactCredentials={
            "accessKeyId": "k",
            "secretAccessKey": "hidden",
            "sessionToken": "t",
            "expirationTime": 1575493418000,
        },
    )
    event = CodePipelineEvent(raw)
    artifact = event.input_artifacts[0]
    assert (event.continuation_token, event.user_parameters_json()) == ("c", {"a": 1})
    assert (artifact.bucket_name, artifact.object_key, artifact.revision) == ("b", "p/a+b.zip", None)
    assert event.artifact_credentials.expiration_time == datetime(2019, 12, 4, 21, 3, 38, tzinfo=timezone.utc)
    assert event.artifact_credentials.client_arguments["aws_session_token"] == "t"
    assert "hidden" not in repr(event) + repr(event.artifact_credentials)
    assert event.encryption_key is not None
    assert event.encryption_key.type == "KMS"
    assert unmapped(event) == []


def test_what_a_job_may_lack() -> None:
    event = CodePipelineEvent(job())
    assert (event.user_parameters, event.user_parameters_json(), event.continuation_token) == (None, None, None)
    assert event.encryption_key is None
    assert event.artifact_credentials.expiration_time is None
    with pytest.raises(ValueError, match=r"."):
        CodePipelineEvent(job(parameters="some text")).user_parameters_json()
    with pytest.raises(MissingFieldError, match="job_id"):
        CodePipelineEvent({"CodePipeline.job": {}}).job_id  # noqa: B018


def test_none_is_success(service: Stubber) -> None:
    @codepipeline_job
    def handler(event: CodePipelineEvent, context: Any) -> None: ...

    service.add_response("put_job_success_result", {}, DONE)
    handler(job())


def test_success_with_variables(service: Stubber) -> None:
    @codepipeline_job(middleware=[])
    async def handler(event: CodePipelineEvent, context: Any) -> JobSuccess:
        return event.success(variables={"Version": "1"}, summary="built", external_execution_id="x")

    details = {"summary": "built", "externalExecutionId": "x", "percentComplete": 100}
    wanted = {"jobId": "job-1", "executionDetails": details, "outputVariables": {"Version": "1"}}
    service.add_response("put_job_success_result", {}, wanted)
    asyncio.run(handler(job()))  # type: ignore[arg-type]


def test_a_job_is_resumed_with_its_token(service: Stubber) -> None:
    @codepipeline_job
    def handler(event: CodePipelineEvent, context: Any) -> JobSuccess:
        if event.continuation_token is None:
            return event.resume("step-2", percent_complete=50)
        return event.resume(event.continuation_token + "b")

    first = {"jobId": "job-1", "continuationToken": "step-2", "executionDetails": {"percentComplete": 50}}
    service.add_response("put_job_success_result", {}, first)
    service.add_response("put_job_success_result", {}, {"jobId": "job-1", "continuationToken": "step-2b"})
    handler(job())
    handler(job(continuationToken="step-2"))


def test_a_failure_is_reported(service: Stubber) -> None:
    @codepipeline_job
    def handler(event: CodePipelineEvent, context: Any) -> JobFailure:
        return event.failure("no such branch", failure_type="ConfigurationError")

    expect_failure(service, "no such branch", "ConfigurationError")
    handler(job())


def test_an_exception_is_reported_and_not_raised(service: Stubber, caplog: pytest.LogCaptureFixture) -> None:
    @codepipeline_job
    def short(event: CodePipelineEvent, context: Any) -> None:
        raise KeyError("branch")

    @codepipeline_job
    async def long(event: CodePipelineEvent, context: Any) -> None:
        raise ValueError("x" * MAX_MESSAGE)

    expect_failure(service, "KeyError: 'branch'")
    short(job())
    expect_failure(service, ("ValueError: " + "x" * MAX_MESSAGE)[:MAX_MESSAGE])
    asyncio.run(long(job()))  # type: ignore[arg-type]
    assert "KeyError" in caplog.text


def test_an_exit_is_reported_and_goes_on(service: Stubber) -> None:
    @codepipeline_job
    def handler(event: CodePipelineEvent, context: Any) -> None:
        sys.exit(3)

    expect_failure(service, "SystemExit: 3")
    with pytest.raises(SystemExit):
        handler(job())


def test_a_cancelled_job_is_reported(service: Stubber) -> None:
    @codepipeline_job
    async def handler(event: CodePipelineEvent, context: Any) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.ensure_future(handler(job()))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    expect_failure(service, "CancelledError: ")
    asyncio.run(main())


def test_a_result_without_meaning_is_a_failure(service: Stubber) -> None:
    @codepipeline_job
    def handler(event: CodePipelineEvent, context: Any) -> str:
        return "done"

    message = (
        "ResponseError: a CodePipeline job returns event.success(...), event.resume(...), event.failure(...) or None, "
        "not str"
    )
    expect_failure(service, message)
    with pytest.raises(ResponseError, match="not str"):
        handler(job())


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda event: event.resume(""), "continuationToken must not be empty"),
        (lambda event: event.resume("x" * (MAX_TOKEN + 1)), "at most 2048 characters"),
        (lambda event: event.resume("t", percent_complete=101), "from 0 to 100"),
        (lambda event: event.resume("t", percent_complete=0.5), "percentComplete must be int"),
        (lambda event: event.success(summary="x" * (MAX_SUMMARY + 1)), "at most 2048 characters"),
        (lambda event: event.success(external_execution_id="x" * (MAX_EXECUTION_ID + 1)), "at most 1500"),
        (lambda event: event.success(variables={"n": 1}), "'n' must be str"),
        (lambda event: event.failure("no", failure_type="Failed"), "must be one of"),
        (lambda event: event.failure("no", external_execution_id=""), "must not be empty"),
    ],
)
def test_what_codepipeline_would_refuse(build: Callable[[Any], Any], rule: str) -> None:
    with pytest.raises(ResponseError, match=rule):
        build(CodePipelineEvent(job()))


def test_boto3_missing_is_said_before_the_function_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    @codepipeline_job
    def handler(event: CodePipelineEvent, context: Any) -> None:
        ran.append(1)

    monkeypatch.setattr(aws_clients, "_clients", {})
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match=r"@codepipeline_job .* pip install 'lambdakit\[aws\]'"):
        handler(job())
    assert ran == []
    with pytest.raises(WrongSourceError, match="codedeploy"):
        handler({"DeploymentId": "d", "LifecycleEventHookExecutionId": "h"})
