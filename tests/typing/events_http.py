"""The decorators of HTTP and edge events, bare over a function and called over an async one."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from typing import Any

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    ALBEvent,
    AmplifyResolverEvent,
    APIGatewayProxyEventV2,
    AppSyncAuthorizerEvent,
    AppSyncBatchEvent,
    AppSyncEventsEvent,
    AppSyncResolverEvent,
    CloudFrontRequest,
    CloudFrontResponse,
    FunctionURLEvent,
    RequestAuthorizerEventV2,
    S3ObjectLambdaEvent,
    TokenAuthorizerEvent,
    VPCLatticeEventV2,
    WebSocketEvent,
    alb_target,
    amplify_resolver,
    api_gateway,
    appsync_authorizer,
    appsync_batch,
    appsync_channel,
    appsync_resolver,
    function_url,
    origin_request,
    origin_response,
    request_authorizer,
    s3_object_lambda,
    token_authorizer,
    viewer_request,
    viewer_response,
    vpc_lattice,
    websocket_event,
)
from lambdakit.handlers import Call


def timing(event: Any, context: Any, call_next: Call) -> Any:
    return call_next(event, context)


@alb_target
def plain_alb_target(event: ALBEvent, context: Context) -> str:
    return str(event)


@alb_target(middleware=[timing])
async def async_alb_target(event: ALBEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_alb_target)  # Handler[ALBEvent[Any], str]
reveal_type(async_alb_target)  # Handler[ALBEvent[Any], Coroutine[Any, Any, str]]


@api_gateway
def plain_api_gateway(event: APIGatewayProxyEventV2, context: Context) -> str:
    return str(event)


@api_gateway(middleware=[timing])
async def async_api_gateway(event: APIGatewayProxyEventV2, context: Context) -> str:
    return str(event)


reveal_type(plain_api_gateway)  # Handler[APIGatewayProxyEventV2[Any], str]
reveal_type(async_api_gateway)  # Handler[APIGatewayProxyEventV2[Any], Coroutine[Any, Any, str]]


@function_url
def plain_function_url(event: FunctionURLEvent, context: Context) -> str:
    return str(event)


@function_url(middleware=[timing])
async def async_function_url(event: FunctionURLEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_function_url)  # Handler[FunctionURLEvent[Any], str]
reveal_type(async_function_url)  # Handler[FunctionURLEvent[Any], Coroutine[Any, Any, str]]


@vpc_lattice
def plain_vpc_lattice(event: VPCLatticeEventV2, context: Context) -> str:
    return str(event)


@vpc_lattice(middleware=[timing])
async def async_vpc_lattice(event: VPCLatticeEventV2, context: Context) -> str:
    return str(event)


reveal_type(plain_vpc_lattice)  # Handler[VPCLatticeEventV2[Any], str]
reveal_type(async_vpc_lattice)  # Handler[VPCLatticeEventV2[Any], Coroutine[Any, Any, str]]


@websocket_event
def plain_websocket_event(event: WebSocketEvent, context: Context) -> str:
    return str(event)


@websocket_event(middleware=[timing])
async def async_websocket_event(event: WebSocketEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_websocket_event)  # Handler[WebSocketEvent[Any], str]
reveal_type(async_websocket_event)  # Handler[WebSocketEvent[Any], Coroutine[Any, Any, str]]


@origin_request
def plain_origin_request(event: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    return event


@origin_request(middleware=[timing])
async def async_origin_request(event: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    return event


reveal_type(plain_origin_request)  # Handler[CloudFrontRequest, dict[str, Any]]
reveal_type(async_origin_request)  # Handler[CloudFrontRequest, Coroutine[Any, Any, dict[str, Any]]]


@origin_response
def plain_origin_response(event: CloudFrontResponse, context: Context) -> CloudFrontResponse:
    return event


@origin_response(middleware=[timing])
async def async_origin_response(event: CloudFrontResponse, context: Context) -> CloudFrontResponse:
    return event


reveal_type(plain_origin_response)  # Handler[CloudFrontResponse, dict[str, Any]]
reveal_type(async_origin_response)  # Handler[CloudFrontResponse, Coroutine[Any, Any, dict[str, Any]]]


@viewer_request
def plain_viewer_request(event: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    return event


@viewer_request(middleware=[timing])
async def async_viewer_request(event: CloudFrontRequest, context: Context) -> CloudFrontRequest:
    return event


reveal_type(plain_viewer_request)  # Handler[CloudFrontRequest, dict[str, Any]]
reveal_type(async_viewer_request)  # Handler[CloudFrontRequest, Coroutine[Any, Any, dict[str, Any]]]


@viewer_response
def plain_viewer_response(event: CloudFrontResponse, context: Context) -> CloudFrontResponse:
    return event


@viewer_response(middleware=[timing])
async def async_viewer_response(event: CloudFrontResponse, context: Context) -> CloudFrontResponse:
    return event


reveal_type(plain_viewer_response)  # Handler[CloudFrontResponse, dict[str, Any]]
reveal_type(async_viewer_response)  # Handler[CloudFrontResponse, Coroutine[Any, Any, dict[str, Any]]]


@s3_object_lambda
def plain_s3_object_lambda(event: S3ObjectLambdaEvent, context: Context) -> str:
    return str(event)


@s3_object_lambda(middleware=[timing])
async def async_s3_object_lambda(event: S3ObjectLambdaEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_s3_object_lambda)  # Handler[S3ObjectLambdaEvent, str]
reveal_type(async_s3_object_lambda)  # Handler[S3ObjectLambdaEvent, Coroutine[Any, Any, str]]


@request_authorizer
def plain_request_authorizer(event: RequestAuthorizerEventV2, context: Context) -> str:
    return str(event)


@request_authorizer(middleware=[timing])
async def async_request_authorizer(event: RequestAuthorizerEventV2, context: Context) -> str:
    return str(event)


reveal_type(plain_request_authorizer)  # Handler[RequestAuthorizerEventV2, str]
reveal_type(async_request_authorizer)  # Handler[RequestAuthorizerEventV2, Coroutine[Any, Any, str]]


@token_authorizer
def plain_token_authorizer(event: TokenAuthorizerEvent, context: Context) -> str:
    return str(event)


@token_authorizer(middleware=[timing])
async def async_token_authorizer(event: TokenAuthorizerEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_token_authorizer)  # Handler[TokenAuthorizerEvent, str]
reveal_type(async_token_authorizer)  # Handler[TokenAuthorizerEvent, Coroutine[Any, Any, str]]


@amplify_resolver
def plain_amplify_resolver(event: AmplifyResolverEvent, context: Context) -> str:
    return str(event)


@amplify_resolver(middleware=[timing])
async def async_amplify_resolver(event: AmplifyResolverEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_amplify_resolver)  # Handler[AmplifyResolverEvent, str]
reveal_type(async_amplify_resolver)  # Handler[AmplifyResolverEvent, Coroutine[Any, Any, str]]


@appsync_batch
def plain_appsync_batch(event: AppSyncBatchEvent, context: Context) -> str:
    return str(event)


@appsync_batch(middleware=[timing])
async def async_appsync_batch(event: AppSyncBatchEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_appsync_batch)  # Handler[AppSyncBatchEvent, str]
reveal_type(async_appsync_batch)  # Handler[AppSyncBatchEvent, Coroutine[Any, Any, str]]


@appsync_resolver
def plain_appsync_resolver(event: AppSyncResolverEvent, context: Context) -> str:
    return str(event)


@appsync_resolver(middleware=[timing])
async def async_appsync_resolver(event: AppSyncResolverEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_appsync_resolver)  # Handler[AppSyncResolverEvent, str]
reveal_type(async_appsync_resolver)  # Handler[AppSyncResolverEvent, Coroutine[Any, Any, str]]


@appsync_channel
def plain_appsync_channel(event: AppSyncEventsEvent, context: Context) -> str:
    return str(event)


@appsync_channel(middleware=[timing])
async def async_appsync_channel(event: AppSyncEventsEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_appsync_channel)  # Handler[AppSyncEventsEvent, str]
reveal_type(async_appsync_channel)  # Handler[AppSyncEventsEvent, Coroutine[Any, Any, str]]


@appsync_authorizer
def plain_appsync_authorizer(event: AppSyncAuthorizerEvent, context: Context) -> str:
    return str(event)


@appsync_authorizer(middleware=[timing])
async def async_appsync_authorizer(event: AppSyncAuthorizerEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_appsync_authorizer)  # Handler[AppSyncAuthorizerEvent, str]
reveal_type(async_appsync_authorizer)  # Handler[AppSyncAuthorizerEvent, Coroutine[Any, Any, str]]
