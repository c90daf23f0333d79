from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.events.s3_batch_operations import S3BatchEvent, s3_batch
from lambdakit.exceptions import ResponseError, WrongSourceError

if TYPE_CHECKING:
    from lambdakit.events.s3_batch_operations import S3BatchResults

OLD = {
    "invocationSchemaVersion": "1.0",
    "invocationId": "inv",
    "job": {"id": "job"},
    "tasks": [{"taskId": "t", "s3Key": "a+b%2Bc", "s3VersionId": None, "s3BucketArn": "arn:aws:s3:::pics"}],
}
NEW = {
    "invocationSchemaVersion": "2.0",
    "invocationId": "inv",
    "job": {"id": "job", "userArguments": {"k": "v"}},
    "tasks": [{"taskId": "t", "s3Key": "a", "s3VersionId": "1", "s3Bucket": "pics"}],
}


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def test_both_schemas() -> None:
    old, new = S3BatchEvent(OLD), S3BatchEvent(NEW)
    assert (old.task.key, old.task.raw_key) == ("a b+c", "a+b%2Bc")
    assert old.task.bucket == new.task.bucket == "pics"
    assert old.user_arguments is None
    assert new.user_arguments == {"k": "v"}


def test_the_builder_answers() -> None:
    @s3_batch
    def handler(event: S3BatchEvent, context: Any) -> S3BatchResults:
        return event.results(missing_as="PermanentFailure").temporary_failure(event.task, "busy")

    assert handler(OLD) == {  # type: ignore[comparison-overlap]
        "invocationSchemaVersion": "1.0",
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": "inv",
        "results": [{"taskId": "t", "resultCode": "TemporaryFailure", "resultString": "busy"}],
    }


def test_text_is_success() -> None:
    @s3_batch
    async def handler(event: S3BatchEvent, context: Any) -> str:
        return "done"

    answer: Any = asyncio.run(handler(NEW))  # type: ignore[arg-type]
    assert answer["results"] == [{"taskId": "t", "resultCode": "Succeeded", "resultString": "done"}]


def test_what_s3_would_refuse() -> None:
    event = S3BatchEvent(OLD)
    with pytest.raises(ResponseError, match="treatMissingKeysAs must be one of"):
        event.results(missing_as="Failed")  # type: ignore[arg-type]
    with pytest.raises(ResponseError, match="has a result already"):
        event.results().succeeded(event.task).permanent_failure(event.task)
    other = S3BatchEvent({**OLD, "tasks": [{"taskId": "u"}]})
    with pytest.raises(ResponseError, match="not one of this event's"):
        event.results().succeeded(other.task)

    @s3_batch
    def handler(event: S3BatchEvent, context: Any) -> dict[str, Any]:
        return {**event.results().answer(), "results": [{"taskId": "t", "resultCode": "OK"}]}

    with pytest.raises(ResponseError, match="resultCode"):
        handler(OLD)
    with pytest.raises(WrongSourceError):
        handler({"a": 1})
