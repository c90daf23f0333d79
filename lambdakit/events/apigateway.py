"""API Gateway proxy events: REST API (format 1.0, also HTTP API with `version: "1.0"`) and HTTP API (format 2.0).

Source: API Gateway developer guide, "Input format of a Lambda function for proxy integration", and "Working with
AWS Lambda proxy integrations for HTTP APIs". Paths and path parameters of a REST API are not percent-decoded; query
parameters are. With a named stage an HTTP API's `raw_path` starts with it. Local tools and the console's test feature
leave out or null what the service always sends: such text reads as empty.
"""

from __future__ import annotations

from lambdakit.events.convert import clf_time, epoch_milliseconds
from lambdakit.events.decorator import VariantDecorator
from lambdakit.events.http_message import EMPTY, ClientCertificate, HTTPEvent, MultiValueHTTPEvent
from lambdakit.events.model import Model, field
from lambdakit.events.payload import PayloadT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = (
    "APIGatewayIdentity",
    "APIGatewayProxyEvent",
    "APIGatewayProxyEventV2",
    "APIGatewayRequestContext",
    "APIGatewayRequestContextV2",
    "HTTPDescription",
    "HTTPEventV2",
    "IAMAuthorizer",
    "IAMCognitoIdentity",
    "JWTAuthorizer",
    "api_gateway",
)


class APIGatewayIdentity(Model, at="$.requestContext.identity"):
    """Who sent a request, as far as the kind of authorization tells."""

    shown = ("source_ip",)

    source_ip: str = field("sourceIp", default="")
    user_agent: str | None = field("userAgent", default=None)
    account_id: str | None = field("accountId", default=None)
    caller: str | None = field("caller", default=None)
    access_key: str | None = field("accessKey", default=None)
    user: str | None = field("user", default=None)
    user_arn: str | None = field("userArn", default=None)
    api_key: str | None = field("apiKey", default=None)
    api_key_id: str | None = field("apiKeyId", default=None)
    principal_org_id: str | None = field("principalOrgId", default=None)
    cognito_identity_id: str | None = field("cognitoIdentityId", default=None)
    cognito_identity_pool_id: str | None = field("cognitoIdentityPoolId", default=None)
    cognito_authentication_type: str | None = field("cognitoAuthenticationType", default=None)
    cognito_authentication_provider: str | None = field("cognitoAuthenticationProvider", default=None)
    cognito_amr: list[str] | None = field("cognitoAmr", default=None)
    client_cert: ClientCertificate | None = field("clientCert", convert=ClientCertificate, default=None)


class APIGatewayRequestContext(Model, at="$.requestContext"):
    """What API Gateway knows of a REST request."""

    shown = ("http_method", "resource_path", "request_id")

    account_id: str = field("accountId", default="")
    api_id: str = field("apiId", default="")
    stage: str = field("stage", default="")
    request_id: str = field("requestId", default="")
    extended_request_id: str | None = field("extendedRequestId", default=None)
    resource_id: str | None = field("resourceId", default=None)
    resource_path: str = field("resourcePath", default="")
    path: str | None = field("path", default=None, doc="The path with the stage.")
    http_method: str = field("httpMethod", default="")
    protocol: str | None = field("protocol", default=None)
    domain_name: str | None = field("domainName", default=None)
    domain_prefix: str | None = field("domainPrefix", default=None)
    request_time: datetime | None = field("requestTime", convert=clf_time, default=None)
    request_time_epoch: datetime | None = field("requestTimeEpoch", convert=epoch_milliseconds, default=None)
    deployment_id: str | None = field("deploymentId", default=None)
    operation_name: str | None = field("operationName", default=None)
    identity: APIGatewayIdentity = field("identity", convert=APIGatewayIdentity, default=APIGatewayIdentity({}))
    authorizer: Mapping[str, Any] = field(
        "authorizer", default=EMPTY, doc="What the authorizer added: the keys of a Lambda authorizer's context."
    )
    principal_id: str | None = field("authorizer", "principalId", default=None)
    claims: Mapping[str, Any] = field("authorizer", "claims", default=EMPTY)
    integration_latency: int | None = field("authorizer", "integrationLatency", default=None, doc="Milliseconds.")


class APIGatewayProxyEvent(MultiValueHTTPEvent[PayloadT]):
    """A request to a REST API, or to an HTTP API in format 1.0."""

    shown = ("http_method", "path")

    version: str | None = field("version", default=None, doc="`1.0` from an HTTP API; a REST API sends none.")
    resource: str | None = field("resource", default=None, doc="The route's template: `/users/{id}`.")
    path: str = field("path")
    http_method: str = field("httpMethod")
    path_parameters: Mapping[str, str] = field("pathParameters", default=EMPTY)
    stage_variables: Mapping[str, str] = field("stageVariables", default=EMPTY)
    request_context: APIGatewayRequestContext = field(
        "requestContext", convert=APIGatewayRequestContext, default=APIGatewayRequestContext({})
    )


class HTTPDescription(Model, at="$.requestContext.http"):
    """The request line and its sender."""

    shown = ("method", "path")

    method: str = field("method")
    path: str = field("path")
    protocol: str = field("protocol")
    source_ip: str = field("sourceIp")
    user_agent: str = field("userAgent")


class JWTAuthorizer(Model, at="$.requestContext.authorizer.jwt"):
    """What a JWT authorizer found. Values of claims are text; a list is bracketed text (`[a b]`)."""

    claims: Mapping[str, str] = field("claims", default=EMPTY)
    scopes: Sequence[str] = field("scopes", default=())


class IAMCognitoIdentity(Model, at="$.requestContext.authorizer.iam.cognitoIdentity"):
    """The Cognito identity behind IAM credentials."""

    shown = ("identity_id",)

    amr: Sequence[str] = field("amr", default=())
    identity_id: str = field("identityId")
    identity_pool_id: str = field("identityPoolId")


class IAMAuthorizer(Model, at="$.requestContext.authorizer.iam"):
    """Whose IAM credentials signed the request."""

    shown = ("user_arn",)

    access_key: str = field("accessKey")
    account_id: str = field("accountId")
    caller_id: str = field("callerId")
    cognito_identity: IAMCognitoIdentity | None = field("cognitoIdentity", convert=IAMCognitoIdentity, default=None)
    principal_org_id: str | None = field("principalOrgId", default=None)
    user_arn: str = field("userArn")
    user_id: str = field("userId")


class APIGatewayRequestContextV2(Model, at="$.requestContext"):
    """What the service knows of a request in format 2.0."""

    shown = ("http", "request_id")

    account_id: str = field("accountId")
    api_id: str = field("apiId")
    domain_name: str = field("domainName")
    domain_prefix: str = field("domainPrefix")
    request_id: str = field("requestId")
    route_key: str = field("routeKey")
    stage: str = field("stage")
    time: datetime = field("time", convert=clf_time)
    time_epoch: datetime = field("timeEpoch", convert=epoch_milliseconds)
    http: HTTPDescription = field("http", convert=HTTPDescription)
    authentication: Mapping[str, Any] = field("authentication", default=EMPTY)
    client_cert: ClientCertificate | None = field(
        "authentication", "clientCert", convert=ClientCertificate, default=None
    )
    jwt: JWTAuthorizer | None = field("authorizer", "jwt", convert=JWTAuthorizer, default=None)
    iam: IAMAuthorizer | None = field("authorizer", "iam", convert=IAMAuthorizer, default=None)
    lambda_context: Mapping[str, Any] = field(
        "authorizer", "lambda", default=EMPTY, doc="The context a Lambda authorizer answered; JSON types are kept."
    )
    authorizer: Mapping[str, Any] = field("authorizer", default=EMPTY)


class HTTPEventV2(HTTPEvent[PayloadT]):
    """A request in format 2.0: repeated headers and query values come joined by commas, cookies in their own list."""

    shown = ("http_method", "raw_path")

    version: str = field("version")
    route_key: str = field("routeKey", doc="`METHOD /path`, or `$default`.")
    raw_path: str = field("rawPath")
    raw_query_string: str = field("rawQueryString")
    cookie_list: Sequence[str] = field("cookies", default=(), doc="The `name=value` texts, as sent.")
    path_parameters: Mapping[str, str] = field("pathParameters", default=EMPTY)
    stage_variables: Mapping[str, str] = field("stageVariables", default=EMPTY)
    request_context: APIGatewayRequestContextV2 = field("requestContext", convert=APIGatewayRequestContextV2)
    http_method: str = field("requestContext", "http", "method")

    def query_values(self, name: str) -> list[str]:
        """All decoded values of a query parameter, from the raw query string: commas in values stay."""
        from urllib.parse import parse_qs

        return parse_qs(self.raw_query_string, keep_blank_values=True).get(name, [])

    def _cookie_texts(self) -> Sequence[str]:
        return self.cookie_list or self.header_values("cookie")


class APIGatewayProxyEventV2(HTTPEventV2[PayloadT]):
    """A request to an HTTP API (format 2.0)."""


api_gateway: VariantDecorator[APIGatewayProxyEventV2, APIGatewayProxyEvent] = VariantDecorator(
    "api_gateway", {"api-gateway-v2": APIGatewayProxyEventV2, "api-gateway": APIGatewayProxyEvent}
)
