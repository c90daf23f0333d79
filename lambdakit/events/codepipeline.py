"""AWS CodePipeline jobs: an action of a pipeline that invokes a function.

Source: AWS CodePipeline user guide, "Invoke an AWS Lambda function in a pipeline"; API reference,
PutJobSuccessResult and PutJobFailureResult. The pipeline goes on when the result is reported; an action that reports
nothing runs until its timeout. The decorator reports what the function returns: `event.success(...)` (also for None),
`event.resume(token)` to be invoked again with that token, `event.failure(...)`; a failure also when it raises.
"""

from __future__ import annotations

from lambdakit.events.aws_clients import client_of
from lambdakit.events.convert import epoch_milliseconds, json_value
from lambdakit.events.model import Model, field
from lambdakit.events.reporting import ReportingDecorator
from lambdakit.events.rules import at_most, of_type, one_of, present, within
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any, Literal, TypeAlias

    FailureType: TypeAlias = Literal[
        "JobFailed",
        "ConfigurationError",
        "PermissionError",
        "RevisionOutOfSync",
        "RevisionUnavailable",
        "SystemUnavailable",
    ]

__all__ = (
    "ArtifactCredentials",
    "CodePipelineEvent",
    "EncryptionKey",
    "JobFailure",
    "JobSuccess",
    "PipelineArtifact",
    "codepipeline_job",
)

FAILURE_TYPES = (
    "JobFailed",
    "ConfigurationError",
    "PermissionError",
    "RevisionOutOfSync",
    "RevisionUnavailable",
    "SystemUnavailable",
)
# Characters, of PutJobSuccessResult and PutJobFailureResult.
MAX_MESSAGE = 5000
MAX_TOKEN = 2048
MAX_SUMMARY = 2048
MAX_EXECUTION_ID = 1500


class PipelineArtifact(Model, at="$['CodePipeline.job'].data.inputArtifacts[*]"):
    """Where an artifact is, or is to be put."""

    shown = ("name", "bucket_name", "object_key")

    name: str = field("name")
    revision: str | None = field("revision", default=None)
    location_type: str = field("location", "type")
    bucket_name: str = field("location", "s3Location", "bucketName")
    object_key: str = field("location", "s3Location", "objectKey", doc="The key as in the bucket.")


class ArtifactCredentials(Model, at="$['CodePipeline.job'].data.artifactCredentials"):
    """The pipeline's own credentials for the artifacts' bucket. Never shown."""

    access_key_id: str = field("accessKeyId")
    secret_access_key: str = field("secretAccessKey")
    session_token: str = field("sessionToken")
    expiration_time: datetime | None = field("expirationTime", convert=epoch_milliseconds, default=None)

    @property
    def client_arguments(self) -> dict[str, str]:
        """The credentials as `boto3.client("s3", **...)` takes them."""
        return {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "aws_session_token": self.session_token,
        }


class EncryptionKey(Model, at="$['CodePipeline.job'].data.encryptionKey"):
    """The key the artifacts are encrypted with, where it is not the default one."""

    shown = ("id",)

    id: str = field("id")
    type: str = field("type")


class JobSuccess:
    """A result for PutJobSuccessResult; made by an event."""

    __slots__ = ("arguments",)

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments


class JobFailure:
    """A result for PutJobFailureResult; made by an event."""

    __slots__ = ("arguments",)

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments


class CodePipelineEvent(Model):
    """A job: one run of the action, or with a `continuation_token` the next part of one."""

    shown = ("job_id", "function_name")

    job_id: str = field("CodePipeline.job", "id")
    account_id: str = field("CodePipeline.job", "accountId")
    function_name: str = field("CodePipeline.job", "data", "actionConfiguration", "configuration", "FunctionName")
    user_parameters: str | None = field(
        "CodePipeline.job", "data", "actionConfiguration", "configuration", "UserParameters", default=None
    )
    input_artifacts: list[PipelineArtifact] = field("CodePipeline.job", "data", "inputArtifacts", each=PipelineArtifact)
    output_artifacts: list[PipelineArtifact] = field(
        "CodePipeline.job", "data", "outputArtifacts", each=PipelineArtifact
    )
    artifact_credentials: ArtifactCredentials = field(
        "CodePipeline.job", "data", "artifactCredentials", convert=ArtifactCredentials
    )
    continuation_token: str | None = field("CodePipeline.job", "data", "continuationToken", default=None)
    encryption_key: EncryptionKey | None = field(
        "CodePipeline.job", "data", "encryptionKey", convert=EncryptionKey, default=None
    )

    def user_parameters_json(self) -> Any:
        """The user parameters as JSON; None where there are none. Raises ValueError for text that is not JSON."""
        text = self.user_parameters
        return json_value(text) if text else None

    def success(
        self,
        *,
        variables: Mapping[str, str] | None = None,
        summary: str | None = None,
        external_execution_id: str | None = None,
    ) -> JobSuccess:
        """The job is done; `variables` are the action's output variables. Raises ResponseError."""
        for name, value in (variables or {}).items():
            of_type(f"the output variable {name!r}", value, str)
        details = _details(summary, external_execution_id, 100)
        return JobSuccess(
            {
                "jobId": self.job_id,
                "executionDetails": details,
                **present({"outputVariables": dict(variables) if variables else None}),
            }
        )

    def resume(
        self,
        token: str,
        *,
        percent_complete: int | None = None,
        summary: str | None = None,
        external_execution_id: str | None = None,
    ) -> JobSuccess:
        """The job goes on: invoke the function again, with this continuation token. Raises ResponseError."""
        _check_text("continuationToken", token, MAX_TOKEN)
        arguments: dict[str, Any] = {"jobId": self.job_id, "continuationToken": token}
        details = _details(summary, external_execution_id, percent_complete)
        return JobSuccess({**arguments, "executionDetails": details} if details else arguments)

    def failure(
        self,
        message: str,
        *,
        failure_type: FailureType = "JobFailed",
        external_execution_id: str | None = None,
    ) -> JobFailure:
        """The job has failed; a message too long for the service is cut. Raises ResponseError."""
        one_of("the type of a job's failure", failure_type, FAILURE_TYPES)
        of_type("the message of a job's failure", message, str)
        if external_execution_id is not None:
            _check_text("externalExecutionId", external_execution_id, MAX_EXECUTION_ID)
        details = {
            "type": failure_type,
            "message": message[:MAX_MESSAGE] or "failed",
            "externalExecutionId": external_execution_id,
        }
        return JobFailure({"jobId": self.job_id, "failureDetails": present(details)})


def _check_text(what: str, value: str, limit: int) -> None:
    of_type(what, value, str)
    if not value:
        raise ResponseError(f"{what} must not be empty")
    at_most(what, len(value), limit, "characters")


def _details(summary: str | None, external_execution_id: str | None, percent: int | None) -> dict[str, Any]:
    if summary is not None:
        at_most("summary", len(summary), MAX_SUMMARY, "characters")
    if external_execution_id is not None:
        _check_text("externalExecutionId", external_execution_id, MAX_EXECUTION_ID)
    if percent is not None:
        of_type("percentComplete", percent, int)
        within("percentComplete", percent, 0, 100)
    return present({"summary": summary, "externalExecutionId": external_execution_id, "percentComplete": percent})


def _client() -> Any:
    return client_of("codepipeline", "@codepipeline_job")


def _success(event: CodePipelineEvent, result: Any) -> None:
    if result is None:
        result = event.success()
    if isinstance(result, JobFailure):
        _client().put_job_failure_result(**result.arguments)
        return
    if not isinstance(result, JobSuccess):
        fault = ResponseError(
            "a CodePipeline job returns event.success(...), event.resume(...), event.failure(...) or None, "
            f"not {type(result).__name__}"
        )
        _failure(event, fault)
        raise fault
    _client().put_job_success_result(**result.arguments)


def _failure(event: CodePipelineEvent, error: BaseException) -> None:
    failure = event.failure(f"{type(error).__name__}: {error}")
    _client().put_job_failure_result(**failure.arguments)


codepipeline_job: ReportingDecorator[CodePipelineEvent] = ReportingDecorator(
    "codepipeline_job", CodePipelineEvent, "codepipeline", ready=_client, success=_success, failure=_failure
)
