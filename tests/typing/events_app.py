"""An App's registrations have the types of the source's own decorator."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    APIGatewayProxyEvent,
    App,
    CloudFrontRequest,
    CloudFrontResponse,
    S3Event,
    SQSMessage,
    api_gateway,
    redirect,
    s3_event,
    sqs_batch,
    viewer_request,
)

app = App()


@app.on(s3_event, bucket="photos", suffix=".jpg")
def photo(event: S3Event, context: Context) -> int:
    return len(event.records)


@app.on(s3_event)(middleware=[])
def other(event: S3Event, context: Context) -> str:
    return event.records[0].object.key


@app.on(api_gateway)
def request(event: APIGatewayProxyEvent, context: Context) -> str:
    return event.path


@app.on(viewer_request)
def viewer(request: CloudFrontRequest, context: Context) -> CloudFrontRequest | CloudFrontResponse:
    return request if request.cookies.get("session") else redirect("/login")


@app.on(sqs_batch)
def message(record: SQSMessage, context: Context) -> None: ...


reveal_type(photo)  # Handler[S3Event, int]
reveal_type(other)  # Handler[S3Event, str]
reveal_type(request)  # Handler[APIGatewayProxyEvent[Any], str]
reveal_type(viewer)  # Handler[CloudFrontRequest, dict[str, Any]]
reveal_type(message.__wrapped__)  # (SQSMessage[Any], LambdaContext[Any]) -> None
reveal_type(app({}))  # Any
