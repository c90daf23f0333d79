"""Requests as events: what each HTTP service sends a function.

Sources: Lambda developer guide, "Invoking Lambda function URLs"; API Gateway developer guide, "Input format of a Lambda
function for proxy integration" and "Working with AWS Lambda proxy integrations for HTTP APIs"; Elastic Load Balancing
user guide, "Lambda functions as targets". Keys that are null, absent or empty are so as the services have them.
"""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdakit.emulator.faces.message import FaceRequest

__all__ = ("Place", "alb_event", "http_api_event", "rest_event", "url_event")

# What the service itself adds to a request's headers.
_FORWARDED = {"x-forwarded-port": "443", "x-forwarded-proto": "https"}


class Place(NamedTuple):
    """Where in an API a request arrived: the API's id, the route's template, the parameters of the path, the stage.

    `domain` is the host the client was told; `authorizer` is what an authorizer added, in the service's own form;
    `identity` is what a REST API tells of who signed a request.
    """

    api_id: str
    domain: str
    account_id: str
    resource: str = "$default"
    path_parameters: Mapping[str, str] = {}
    stage: str = "$default"
    authorizer: Mapping[str, Any] | None = None
    identity: Mapping[str, str] | None = None


def url_event(request: FaceRequest, place: Place) -> dict[str, Any]:
    """The event of a function URL: format 2.0 with no route, stage variables or path parameters."""
    event = _version_two(request, place, route_key="$default", raw_path=request.path)
    event["requestContext"]["accountId"] = "anonymous" if place.authorizer is None else place.account_id
    if place.authorizer is not None:
        event["requestContext"]["authorizer"] = {"iam": dict(place.authorizer)}
    return event


def http_api_event(request: FaceRequest, place: Place) -> dict[str, Any]:
    """The event of an HTTP API in format 2.0; with a named stage the path begins with it."""
    prefix = "" if place.stage == "$default" else f"/{place.stage}"
    event = _version_two(request, place, route_key=place.resource, raw_path=prefix + request.decoded_path)
    if place.path_parameters:
        event["pathParameters"] = dict(place.path_parameters)
    if place.authorizer is not None:
        event["requestContext"]["authorizer"] = dict(place.authorizer)
    return event


def _version_two(request: FaceRequest, place: Place, *, route_key: str, raw_path: str) -> dict[str, Any]:
    headers, cookies = _joined_headers(request)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": raw_path,
        "rawQueryString": request.query,
    }
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    pairs = request.query_pairs()
    if pairs:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in _grouped(pairs).items()}
    event["requestContext"] = {
        "accountId": place.account_id,
        "apiId": place.api_id,
        "domainName": place.domain,
        "domainPrefix": place.domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": raw_path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent"),
        },
        "requestId": request.request_id,
        "routeKey": route_key,
        "stage": place.stage,
        "time": _clf(request.time),
        "timeEpoch": int(request.time * 1000),
    }
    return {**event, **_body(request)}


def _joined_headers(request: FaceRequest) -> tuple[dict[str, str], list[str]]:
    """The headers in lower case, repeats joined, without the cookies; and the cookies."""
    cookies = [part for text in request.header_values("cookie") for part in text.split("; ") if part]
    own = [(name.lower(), value) for name, value in request.headers if name.lower() != "cookie"]
    joined = {name: ",".join(values) for name, values in _grouped(own).items()}
    return {**_FORWARDED, "x-forwarded-for": request.source_ip, **joined}, cookies


def _body(request: FaceRequest) -> dict[str, Any]:
    if not request.body:
        return {"isBase64Encoded": False}
    if request.is_text:
        try:
            return {"body": request.body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def rest_event(request: FaceRequest, place: Place) -> dict[str, Any]:
    """The event of a REST API's proxy integration (format 1.0).

    A body that is no text is base64, as with `*/*` among the API's binary media types.
    """
    own = [(name, value) for name, value in request.headers]
    forwarded = [("X-Forwarded-For", request.source_ip), ("X-Forwarded-Port", "443"), ("X-Forwarded-Proto", "https")]
    headers = _grouped([*own, *(pair for pair in forwarded if not request.header(pair[0]))])
    query = _grouped(request.query_pairs())
    context: dict[str, Any] = {
        "accountId": place.account_id,
        "apiId": place.api_id,
        "deploymentId": "local",
        "domainName": place.domain,
        "domainPrefix": place.domain.partition(".")[0],
        "extendedRequestId": request.request_id[:16],
        "httpMethod": request.method,
        "identity": {
            **_NO_IDENTITY,
            **(place.identity or {}),
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent") or None,
        },
        "path": f"/{place.stage}{request.path}",
        "protocol": request.protocol,
        "requestId": request.request_id,
        "requestTime": _clf(request.time),
        "requestTimeEpoch": int(request.time * 1000),
        "resourceId": "local",
        "resourcePath": place.resource,
        "stage": place.stage,
    }
    if place.authorizer is not None:
        context["authorizer"] = dict(place.authorizer)
    body = _body(request)
    return {
        "resource": place.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()} or None,
        "multiValueHeaders": headers or None,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(place.path_parameters) or None,
        "stageVariables": None,
        "requestContext": context,
        "body": body.get("body"),
        "isBase64Encoded": body["isBase64Encoded"],
    }


_NO_IDENTITY: dict[str, None] = dict.fromkeys(
    (
        *("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType"),
        *("cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"),
    )
)


def alb_event(request: FaceRequest, target_group_arn: str, *, values: str = "last") -> dict[str, Any]:
    """The event of a load balancer; `values="all"` is the target group's attribute for multi-value headers."""
    own = [(name.lower(), value) for name, value in request.headers]
    forwarded = [("x-forwarded-for", request.source_ip), ("x-forwarded-port", "80"), ("x-forwarded-proto", "http")]
    headers = _grouped([*own, *(pair for pair in forwarded if not request.header(pair[0]))])
    query = _grouped(request.raw_query_pairs())
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": target_group_arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    if values == "all":
        event |= {"multiValueQueryStringParameters": query, "multiValueHeaders": headers}
    else:
        event["queryStringParameters"] = {name: found[-1] for name, found in query.items()}
        event["headers"] = {name: found[-1] for name, found in headers.items()}
    body = _body(request)
    return {**event, "body": body.get("body", ""), "isBase64Encoded": body["isBase64Encoded"]}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _clf(moment: float) -> str:
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(moment))
