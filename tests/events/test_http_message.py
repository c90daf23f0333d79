"""What the events of the HTTP sources share, and each source's decorator over a small event of its own."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import pytest

from lambdakit.events.alb import ALBEvent, alb_target
from lambdakit.events.apigateway import APIGatewayProxyEvent, APIGatewayProxyEventV2, api_gateway
from lambdakit.events.convert import certificate_time
from lambdakit.events.coverage import unmapped
from lambdakit.events.function_urls import FunctionURLEvent, function_url
from lambdakit.events.lattice import VPCLatticeEvent, VPCLatticeEventV2, vpc_lattice
from lambdakit.events.websocket import WebSocketEvent, websocket_event
from lambdakit.exceptions import MissingFieldError, WrongSourceError

REST: dict[str, Any] = {
    "resource": "/{proxy+}",
    "path": "/a%2Bb",
    "httpMethod": "GET",
    "headers": {"X-Kind": "b", "Cookie": "a=1; b=2; a=3"},
    "multiValueHeaders": {"X-Kind": ["a", "b"], "Cookie": ["a=1; b=2; a=3"]},
    "queryStringParameters": {"n": "2"},
    "multiValueQueryStringParameters": {"n": ["1", "2"]},
    "body": "aGk=",
    "isBase64Encoded": True,
    "requestContext": {
        "requestId": "r-1",
        "requestTime": "04/Mar/2026:19:15:17 +0000",
        "authorizer": {"principalId": "me", "tenant": "t1"},
        "identity": {"sourceIp": "192.0.2.1"},
    },
}
CONSOLE: dict[str, Any] = {
    "path": "/",
    "httpMethod": "GET",
    "headers": None,
    "multiValueHeaders": None,
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "body": None,
}


def format_2(domain: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a",
        "rawQueryString": "n=1%2C5&n=2&empty=",
        "headers": {"x-kind": "a,b"},
        "cookies": ["a=1", "b=x=y"],
        "queryStringParameters": {"n": "1,5,2", "empty": ""},
        "isBase64Encoded": False,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "domainName": domain,
            "domainPrefix": "id",
            "requestId": "r-1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "04/Mar/2026:19:15:17 +0000",
            "timeEpoch": 1772651717000,
            "http": {"method": "POST", "path": "/a", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            "authorizer": {"jwt": {"claims": {"sub": "u"}, "scopes": None}},
        },
    }


HTTP_API = format_2("id.execute-api.eu-west-1.amazonaws.com")
URL = format_2("id.lambda-url.eu-west-1.on.aws")
ALB: dict[str, Any] = {
    "requestContext": {
        "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/1"}
    },
    "httpMethod": "GET",
    "path": "/",
    "multiValueHeaders": {"user-agent": ["ELB-HealthChecker/2.0"]},
    "multiValueQueryStringParameters": {"a%20b": ["x+y", "1%2B1"]},
    "body": "",
    "isBase64Encoded": False,
}
WEBSOCKET: dict[str, Any] = {
    "requestContext": {
        "routeKey": "$default",
        "eventType": "MESSAGE",
        "connectionId": "c-1",
        "connectedAt": 1772651717000,
        "stage": "prod",
        "domainName": "id.execute-api.eu-west-1.amazonaws.com",
    },
    "body": '{"a": 1}',
    "isBase64Encoded": False,
}
LATTICE_1: dict[str, Any] = {
    "raw_path": "/p?n=1",
    "method": "GET",
    "headers": {"Accept": "*/*"},
    "query_string_parameters": {"n": "1"},
    "body": "aGk=",
    "is_base64_encoded": True,
}
LATTICE_2: dict[str, Any] = {
    "version": "2.0",
    "path": "/p?n=1",
    "method": "GET",
    "headers": {"Accept": ["a", "b"], "plain": "c"},
    "queryStringParameters": {"n": ["1", "2"]},
    "requestContext": {
        "serviceNetworkArn": "arn:n",
        "serviceArn": "arn:s",
        "targetGroupArn": "arn:t",
        "region": "eu-west-1",
        "timeEpoch": "1772651717000001",
    },
}
NOON = datetime(2026, 3, 4, 19, 15, 17, tzinfo=timezone.utc)


def test_rest_event() -> None:
    event = APIGatewayProxyEvent(REST)
    assert event.path == "/a%2Bb"
    assert (event.header("x-KIND"), event.header_values("x-kind")) == ("b", ["a", "b"])
    assert (event.query("n"), event.query_values("n"), event.query("m", "0")) == ("2", ["1", "2"], "0")
    assert event.cookies == {"a": "1", "b": "2"}
    assert event.body_bytes == event.payload_bytes() == b"hi"
    assert event.request_context.request_time == NOON
    assert event.request_context.principal_id == "me"
    assert event.request_context.authorizer["tenant"] == "t1"
    assert unmapped(event) == []


def test_null_maps_read_as_empty_ones() -> None:
    event = APIGatewayProxyEvent(CONSOLE)
    assert event.header("host") is None
    assert event.cookies == {}
    assert event.query_values("n") == []
    assert event.body_bytes == b""
    assert event.request_context.identity.source_ip == ""


def test_a_plain_body_flagged_as_base64_is_text() -> None:
    assert APIGatewayProxyEvent({**REST, "body": "plain!"}).body_bytes == b"plain!"


def test_http_api_event() -> None:
    event = APIGatewayProxyEventV2(HTTP_API)
    assert event.query_values("n") == ["1,5", "2"]
    assert event.query("empty") == ""
    assert event.header("X-Kind") == "a,b"
    assert event.cookies == {"a": "1", "b": "x=y"}
    assert event.request_context.time == event.request_context.time_epoch == NOON
    assert event.request_context.jwt is not None
    assert event.request_context.jwt.scopes == ()
    assert unmapped(event) == []
    with pytest.raises(MissingFieldError, match=r"APIGatewayProxyEventV2\.raw_path: the event has no \$\.rawPath"):
        _ = APIGatewayProxyEventV2({}).raw_path


def test_alb_event_decodes_query_and_knows_its_mode() -> None:
    event = ALBEvent(ALB)
    assert event.query_values("a b") == ["x y", "1+1"]
    assert event.is_multi_value
    assert event.is_health_check
    single = ALBEvent({**CONSOLE, "requestContext": ALB["requestContext"], "queryStringParameters": {"a": "%2F"}})
    assert single.query("a") == "/"


def test_websocket_event() -> None:
    event = WebSocketEvent(WEBSOCKET)
    assert event.request_context.management_url == "https://id.execute-api.eu-west-1.amazonaws.com/prod"
    assert event.request_context.connected_at == NOON
    assert event.json() == {"a": 1}
    own = {**WEBSOCKET["requestContext"], "domainName": "ws.example.com"}
    assert WebSocketEvent({"requestContext": own}).request_context.management_url == "https://ws.example.com"


def test_lattice_events() -> None:
    first, second = VPCLatticeEvent(LATTICE_1), VPCLatticeEventV2(LATTICE_2)
    assert (first.header("accept"), first.query("n"), first.body_bytes) == ("*/*", "1", b"hi")
    assert (second.header_values("accept"), second.header("PLAIN")) == (["a", "b"], "c")
    assert second.query_values("n") == ["1", "2"]
    assert second.request_context.time == NOON.replace(microsecond=1)


def test_a_request_time_without_a_space() -> None:
    context = {**HTTP_API["requestContext"], "time": "04/Mar/2026:19:15:17+0000"}
    assert APIGatewayProxyEventV2({**HTTP_API, "requestContext": context}).request_context.time == NOON


def test_certificate_time() -> None:
    assert certificate_time("Mar  4 19:15:17 2026 GMT") == NOON


@pytest.mark.parametrize(
    ("decorator", "raw", "model"),
    [
        (api_gateway, REST, APIGatewayProxyEvent),
        (api_gateway, HTTP_API, APIGatewayProxyEventV2),
        (function_url, URL, FunctionURLEvent),
        (alb_target, ALB, ALBEvent),
        (websocket_event, WEBSOCKET, WebSocketEvent),
        (vpc_lattice, LATTICE_1, VPCLatticeEvent),
        (vpc_lattice, LATTICE_2, VPCLatticeEventV2),
    ],
)
def test_decorators(decorator: Any, raw: dict[str, Any], model: type) -> None:
    @decorator
    def name(event: Any, context: Any) -> str:
        return type(event).__name__

    @decorator(middleware=[])
    async def later(event: Any, context: Any) -> str:
        return type(event).__name__

    assert name(raw, None) == name(model(raw), None) == asyncio.run(later(raw, None)) == model.__name__
    with pytest.raises(WrongSourceError, match=r"this event comes from s3-test$"):
        name({"Event": "s3:TestEvent"}, None)
    with pytest.raises(WrongSourceError, match="it got list"):
        name([], None)
