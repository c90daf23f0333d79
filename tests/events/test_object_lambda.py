from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdakit.events import aws_clients
from lambdakit.events.coverage import unmapped
from lambdakit.events.object_lambda import S3ObjectLambdaEvent, s3_object_lambda
from lambdakit.exceptions import MissingFieldError, ResponseError, UsageError, WrongSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

GET = {"getObjectContext": {"inputS3Url": "https://b/k?X-Amz-Signature=s", "outputRoute": "io-1", "outputToken": "tok"}}
HEAD = {"headObjectContext": {"inputS3Url": "https://b/k"}}
LIST = {"listObjectsContext": {"inputS3Url": "https://b"}}
LIST_V2 = {"listObjectsV2Context": {"inputS3Url": "https://b"}}


def request(context: dict[str, Any]) -> dict[str, Any]:
    return {
        "xAmzRequestId": "r",
        **context,
        "configuration": {"accessPointArn": "arn:o", "supportingAccessPointArn": "arn:s", "payload": '{"a": 1}'},
        "userRequest": {"url": "https://o/k", "headers": {"Host": "o"}},
        "userIdentity": {"type": "AssumedRole", "arn": "arn:r", "sessionContext": {"attributes": {"x": "false"}}},
        "protocolVersion": "1.00",
    }


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(aws_clients, "_clients", {"s3": client})
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def expect(service: Stubber, **wanted: Any) -> None:
    service.add_response("write_get_object_response", {}, {"RequestRoute": "io-1", "RequestToken": "tok", **wanted})


@pytest.mark.parametrize(
    ("context", "operation"),
    [(GET, "GetObject"), (HEAD, "HeadObject"), (LIST, "ListObjects"), (LIST_V2, "ListObjectsV2"), ({}, None)],
)
def test_a_request_is_read(context: dict[str, Any], operation: str | None) -> None:
    event = S3ObjectLambdaEvent(request(context))
    assert event.operation == operation
    assert (event.input_s3_url is None) == (operation is None)
    assert (event.payload_json(), event.user_identity.user_name) == ({"a": 1}, None)
    assert unmapped(event) == []
    assert "Signature" not in repr(event) + repr(event.get_object)
    with pytest.raises(MissingFieldError, match="request_id"):
        S3ObjectLambdaEvent({}).request_id  # noqa: B018


def test_a_returned_body_is_written(service: Stubber) -> None:
    @s3_object_lambda
    def text(event: S3ObjectLambdaEvent, context: Any) -> str:
        return "é"

    @s3_object_lambda(middleware=[])
    async def data(event: S3ObjectLambdaEvent, context: Any) -> bytes:
        return b"\0"

    expect(service, StatusCode=200, Body="é".encode())
    assert text(request(GET)) is None
    expect(service, StatusCode=200, Body=b"\0")
    asyncio.run(data(request(GET)))  # type: ignore[arg-type]


def test_a_function_may_write_itself(service: Stubber) -> None:
    @s3_object_lambda
    def handler(event: S3ObjectLambdaEvent, context: Any) -> None:
        event.write(status_code=403, ErrorCode="NoAccess", ErrorMessage="no")

    expect(service, StatusCode=403, ErrorCode="NoAccess", ErrorMessage="no")
    handler(request(GET))


def test_head_and_list_are_returned() -> None:
    @s3_object_lambda
    def handler(event: S3ObjectLambdaEvent, context: Any) -> dict[str, Any]:
        if event.operation == "HeadObject":
            return event.head({"Content-Length": 3})
        return event.list("<ListBucketResult/>" if event.operation == "ListObjects" else {"name": "b"})

    assert handler(request(HEAD)) == {"statusCode": 200, "headers": {"Content-Length": 3}}
    assert handler(request(LIST)) == {"statusCode": 200, "listResultXml": "<ListBucketResult/>"}
    assert handler(request(LIST_V2)) == {"statusCode": 200, "listBucketResult": {"name": "b"}}


def test_any_but_get_may_be_refused_by_the_answer() -> None:
    @s3_object_lambda
    def handler(event: S3ObjectLambdaEvent, context: Any) -> dict[str, Any]:
        return event.error(404, "NoSuchKey", "gone")

    refused = {"statusCode": 404, "errorCode": "NoSuchKey", "errorMessage": "gone"}
    assert handler(request(HEAD)) == handler(request(LIST)) == refused


@pytest.mark.parametrize(
    ("context", "answer", "rule"),
    [
        (GET, {"statusCode": 200}, "must be bytes or str, not dict"),
        (HEAD, None, "must be dict"),
        (HEAD, {"statusCode": "200"}, "statusCode must be int"),
        (HEAD, {"statusCode": 199}, "from 200 to 599"),
        (HEAD, {"statusCode": 200, "header": {}}, "did you mean 'headers'"),
        (HEAD, {"statusCode": 200, "headers": []}, "headers must be dict"),
        (LIST, {"statusCode": 200}, "one of listBucketResult and listResultXml"),
        (LIST, {"statusCode": 200, "listResultXml": "", "listBucketResult": {}}, "one of listBucketResult"),
        (LIST_V2, {"statusCode": 200, "listResultXml": {}}, "listResultXml must be str"),
        (LIST_V2, {"statusCode": 200, "listBucketResult": "x"}, "listBucketResult must be dict"),
    ],
)
def test_what_s3_would_refuse(context: dict[str, Any], answer: Any, rule: str) -> None:
    @s3_object_lambda
    def handler(event: S3ObjectLambdaEvent, context: Any) -> Any:
        return answer

    with pytest.raises(ResponseError, match=rule):
        handler(request(context))


def test_misuse_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResponseError, match="only GetObject is answered by a call"):
        S3ObjectLambdaEvent(request(HEAD)).write(b"")
    monkeypatch.setattr(aws_clients, "_clients", {})
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match=r"pip install 'lambdakit\[aws\]'"):
        S3ObjectLambdaEvent(request(GET)).write(b"")

    @s3_object_lambda
    def handler(event: S3ObjectLambdaEvent, context: Any) -> None: ...

    with pytest.raises(WrongSourceError):
        handler({"xAmzRequestId": "r"})
