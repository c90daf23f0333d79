"""Amazon S3 Batch Operations: one task an invocation, answered by its result.

Source: Amazon S3 user guide, "Invoke AWS Lambda function", invocation schemas 1.0 (bucket by ARN) and 2.0 (bucket by
name, user arguments). A temporary failure is tried again; a task without a result counts as `treatMissingKeysAs`
says.
"""

from __future__ import annotations

from lambdakit.events.convert import form_decoded
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import needs, of_type, one_of
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    ResultCode: TypeAlias = Literal["Succeeded", "TemporaryFailure", "PermanentFailure"]

__all__ = ("S3BatchEvent", "S3BatchResults", "S3BatchTask", "s3_batch")

RESULT_CODES = ("Succeeded", "TemporaryFailure", "PermanentFailure")


class S3BatchTask(Model, at="$.tasks[*]"):
    """One object to work on."""

    shown = ("task_id", "bucket", "key")

    task_id: str = field("taskId")
    key: str = field(
        "s3Key", convert=form_decoded, doc="The key as in the bucket: the event's form encoding is undone."
    )
    raw_key: str = field("s3Key", doc="The key as in the event, form-encoded.")
    version_id: str | None = field("s3VersionId", default=None)
    bucket_arn: str | None = field("s3BucketArn", default=None, doc="Schema 1.0 only.")
    bucket_name: str | None = field("s3Bucket", default=None, doc="Schema 2.0 only.")

    @property
    def bucket(self) -> str | None:
        """The bucket's name, in either schema."""
        return self.bucket_name or (self.bucket_arn or "").rpartition(":")[2] or None


class S3BatchEvent(Model):
    """A part of a job: `tasks`, one of them today."""

    shown = ("job_id", "tasks")

    invocation_schema_version: str = field("invocationSchemaVersion")
    invocation_id: str = field("invocationId")
    job_id: str = field("job", "id")
    user_arguments: dict[str, str] | None = field("job", "userArguments", default=None, doc="Schema 2.0 only.")
    tasks: list[S3BatchTask] = field("tasks", each=S3BatchTask)

    @property
    def task(self) -> S3BatchTask:
        """The first task, which is the only one today."""
        return self.tasks[0]

    def results(self, *, missing_as: ResultCode = "Succeeded") -> S3BatchResults:
        """A builder of this event's answer; a task given no result counts as `missing_as`."""
        return S3BatchResults(self, missing_as)


class S3BatchResults:
    """The results of an event's tasks; its methods return it, so that calls may be chained."""

    def __init__(self, event: S3BatchEvent, missing_as: ResultCode) -> None:
        one_of("treatMissingKeysAs", missing_as, RESULT_CODES)
        self._event = event
        self._missing_as = missing_as
        self._tasks = {task.task_id for task in event.tasks}
        self._results: dict[str, dict[str, str]] = {}

    def succeeded(self, task: S3BatchTask, result: str = "") -> S3BatchResults:
        """The task is done; `result` goes into the job's report."""
        return self._add(task, "Succeeded", result)

    def temporary_failure(self, task: S3BatchTask, reason: str = "") -> S3BatchResults:
        """The task is to be tried again."""
        return self._add(task, "TemporaryFailure", reason)

    def permanent_failure(self, task: S3BatchTask, reason: str = "") -> S3BatchResults:
        """The task has failed for good."""
        return self._add(task, "PermanentFailure", reason)

    def _add(self, task: S3BatchTask, code: ResultCode, text: str) -> S3BatchResults:
        if task.task_id not in self._tasks:
            raise ResponseError(f"the task {task.task_id!r} is not one of this event's")
        if task.task_id in self._results:
            raise ResponseError(f"the task {task.task_id!r} has a result already; a task has one")
        of_type("resultString", text, str)
        self._results[task.task_id] = {"taskId": task.task_id, "resultCode": code, "resultString": text}
        return self

    def answer(self) -> dict[str, Any]:
        """The answer as S3 reads it."""
        return {
            "invocationSchemaVersion": self._event.invocation_schema_version,
            "treatMissingKeysAs": self._missing_as,
            "invocationId": self._event.invocation_id,
            "results": list(self._results.values()),
        }


def _answer(event: S3BatchEvent, result: Any) -> dict[str, Any]:
    """The answer: of a builder, of a whole answer, or of the text (or None) of one task that succeeded."""
    if isinstance(result, S3BatchResults):
        return result.answer()
    if result is None or isinstance(result, str):
        if len(event.tasks) != 1:
            raise ResponseError(f"the event has {len(event.tasks)} tasks: return event.results() with one for each")
        return event.results().succeeded(event.task, result or "").answer()
    of_type("what an S3 Batch function returns (event.results(), or the one task's text)", result, dict)
    whole: dict[str, Any] = result
    needs("an S3 Batch answer", whole, ("invocationSchemaVersion", "treatMissingKeysAs", "invocationId", "results"))
    for item in whole["results"]:
        one_of("resultCode", item.get("resultCode"), RESULT_CODES)
    return whole


s3_batch: EventDecorator[S3BatchEvent] = EventDecorator("s3_batch", S3BatchEvent, "s3-batch", answer=_answer)
