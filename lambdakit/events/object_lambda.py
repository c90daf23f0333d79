"""Amazon S3 Object Lambda: a function that answers GetObject, HeadObject and the list requests of an access point.

Source: Amazon S3 user guide, "Writing Lambda functions for S3 Object Lambda Access Points" and "Event context format
and usage". GetObject is answered within 60 seconds by the WriteGetObjectResponse call, which `event.write` makes; a
decorated function may return the body instead. The other requests are answered by what the function returns.
"""

from __future__ import annotations

from lambdakit.events.aws_clients import client_of
from lambdakit.events.convert import json_value
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import known_keys, of_type, present, within
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal, TypeAlias

    Operation: TypeAlias = Literal["GetObject", "HeadObject", "ListObjects", "ListObjectsV2"]

__all__ = ("ObjectContext", "ObjectUserIdentity", "S3ObjectLambdaEvent", "s3_object_lambda")

HEAD_FIELDS = ("statusCode", "errorCode", "errorMessage", "headers")
LIST_FIELDS = ("statusCode", "errorCode", "errorMessage", "listBucketResult", "listResultXml")


class ObjectContext(Model, at="$.getObjectContext"):
    """What the request is about. Only GetObject has a route and a token; they are for this one request."""

    input_s3_url: str = field("inputS3Url", doc="Signed: it fetches the original, or does the original request.")
    output_route: str | None = field("outputRoute", default=None)
    output_token: str | None = field("outputToken", default=None)


class ObjectUserIdentity(Model, at="$.userIdentity"):
    """Who made the request."""

    shown = ("type", "arn")

    type: str = field("type")
    principal_id: str | None = field("principalId", default=None)
    arn: str | None = field("arn", default=None)
    account_id: str | None = field("accountId", default=None)
    access_key_id: str | None = field("accessKeyId", default=None)
    user_name: str | None = field("userName", default=None)
    session_context: dict[str, Any] | None = field("sessionContext", default=None, doc="Its flags are text.")


class S3ObjectLambdaEvent(Model):
    """A request to an Object Lambda access point; `operation` tells which."""

    shown = ("operation", "request_id")

    request_id: str = field("xAmzRequestId")
    get_object: ObjectContext | None = field("getObjectContext", convert=ObjectContext, default=None)
    head_object: ObjectContext | None = field("headObjectContext", convert=ObjectContext, default=None)
    list_objects: ObjectContext | None = field("listObjectsContext", convert=ObjectContext, default=None)
    list_objects_v2: ObjectContext | None = field("listObjectsV2Context", convert=ObjectContext, default=None)
    access_point_arn: str = field("configuration", "accessPointArn")
    supporting_access_point_arn: str = field("configuration", "supportingAccessPointArn")
    payload: str | None = field("configuration", "payload", default=None, doc="The access point's own text.")
    user_url: str = field("userRequest", "url")
    user_headers: dict[str, str] = field("userRequest", "headers", doc="Names in the caller's case.")
    user_identity: ObjectUserIdentity = field("userIdentity", convert=ObjectUserIdentity)
    protocol_version: str = field("protocolVersion")

    @property
    def operation(self) -> Operation | None:
        """The S3 operation; None for one not known here."""
        if self.get_object is not None:
            return "GetObject"
        if self.head_object is not None:
            return "HeadObject"
        if self.list_objects is not None:
            return "ListObjects"
        return None if self.list_objects_v2 is None else "ListObjectsV2"

    @property
    def input_s3_url(self) -> str | None:
        """The signed URL of the original request, whichever operation it is."""
        context = self.get_object or self.head_object or self.list_objects or self.list_objects_v2
        return None if context is None else context.input_s3_url

    def payload_json(self) -> Any:
        """The payload as JSON; None where there is none. Raises ValueError for text that is not JSON."""
        return json_value(self.payload) if self.payload else None

    def write(self, body: Any = None, *, status_code: int = 200, **arguments: Any) -> None:
        """Answer GetObject now. `body` is bytes, text or a readable file.

        `arguments` are WriteGetObjectResponse's own: ContentType, Metadata, ErrorCode. Raises ResponseError for
        another operation's event, UsageError where boto3 is missing, and what boto3 raises.
        """
        context = self.get_object
        if context is None:
            raise ResponseError(f"only GetObject is answered by a call; return the answer of {self.operation}")
        within("the status of an answer", status_code, 200, 599)
        if body is not None:
            arguments["Body"] = body.encode() if isinstance(body, str) else body
        client_of("s3", "event.write").write_get_object_response(
            RequestRoute=context.output_route,
            RequestToken=context.output_token,
            StatusCode=status_code,
            **arguments,
        )

    def head(self, headers: Mapping[str, Any] | None = None, *, status_code: int = 200) -> dict[str, Any]:
        """The answer to HeadObject, with these headers. Raises ResponseError."""
        return _head_answer({"statusCode": status_code, **present({"headers": headers})})

    def list(self, result: Mapping[str, Any] | str, *, status_code: int = 200) -> dict[str, Any]:
        """The answer to a list request: XML as text (unchecked by S3) or a listBucketResult. Raises ResponseError."""
        name = "listResultXml" if isinstance(result, str) else "listBucketResult"
        return _list_answer({"statusCode": status_code, name: result})

    def error(self, status_code: int, code: str, message: str) -> dict[str, Any]:
        """The answer that refuses any request but GetObject (for that: write with ErrorCode, ErrorMessage)."""
        answer = {"statusCode": status_code, "errorCode": code, "errorMessage": message}
        return _head_answer(answer)


def _check_status(answer: Mapping[str, Any]) -> None:
    of_type("statusCode", answer.get("statusCode"), int)
    within("statusCode", answer["statusCode"], 200, 599)


def _head_answer(answer: dict[str, Any]) -> dict[str, Any]:
    known_keys("the answer to HeadObject", answer, HEAD_FIELDS)
    _check_status(answer)
    if answer.get("headers") is not None:
        of_type("headers", answer["headers"], dict)
    return answer


def _list_answer(answer: dict[str, Any]) -> dict[str, Any]:
    known_keys("the answer to a list request", answer, LIST_FIELDS)
    _check_status(answer)
    given = [name for name in ("listBucketResult", "listResultXml") if answer.get(name) is not None]
    if len(given) > 1 or (not given and answer["statusCode"] < 300):
        raise ResponseError("the answer to a list request has one of listBucketResult and listResultXml")
    for name, kind in (("listBucketResult", dict), ("listResultXml", str)):
        if name in given:
            of_type(name, answer[name], kind)
    return answer


def _answer(event: S3ObjectLambdaEvent, result: Any) -> Any:
    """Of GetObject: write a returned body; None where the function has written. Of the others: the answer, checked."""
    operation = event.operation
    if operation == "GetObject":
        if result is not None:
            of_type("what a GetObject function returns (the body, or None after event.write)", result, bytes, str)
            event.write(result)
        return None
    if operation == "HeadObject":
        return _head_answer(result)
    return result if operation is None else _list_answer(result)


s3_object_lambda: EventDecorator[S3ObjectLambdaEvent] = EventDecorator(
    "s3_object_lambda", S3ObjectLambdaEvent, "s3-object-lambda", answer=_answer
)
