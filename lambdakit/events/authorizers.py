"""Lambda authorizers of API Gateway: REST (token and request), HTTP API (formats 1.0 and 2.0), WebSocket.

Source: API Gateway developer guide, "Use API Gateway Lambda authorizers" and "Control access to HTTP APIs with AWS
Lambda authorizers". To answer 401 from a REST API raise `Exception("Unauthorized")`, exactly this text; any other
exception gives 500, a deny 403.

API Gateway keeps an answer for all requests with the same identity, so a policy that allows only the method asked for
breaks the caller's next request to another one: `allow` and `deny` cover the whole stage, `policy()` builds finer ones.
Not here: the requests' tokens, which the function verifies itself.
"""

from __future__ import annotations

from lambdakit.events.apigateway import APIGatewayRequestContext, HTTPDescription, HTTPEventV2
from lambdakit.events.authorizer_answer import (
    AuthorizerPolicy,
    MethodARN,
    check_flat_context,
    check_policy_answer,
    check_simple_answer,
)
from lambdakit.events.convert import clf_time, epoch_milliseconds
from lambdakit.events.decorator import EventDecorator, VariantDecorator
from lambdakit.events.http_message import EMPTY, MultiValueHTTPEvent
from lambdakit.events.model import Model, field
from lambdakit.events.rules import of_type, present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

__all__ = (
    "AuthorizerEvent",
    "AuthorizerPolicy",
    "AuthorizerRequestContext",
    "MethodARN",
    "RequestAuthorizerEvent",
    "RequestAuthorizerEventV2",
    "TokenAuthorizerEvent",
    "request_authorizer",
    "token_authorizer",
)


class AuthorizerEvent(Model):
    """What the authorizers have in common: what is asked for, and answers in the policy form."""

    type: str = field("type", doc="TOKEN or REQUEST.")

    @property
    def arn(self) -> MethodARN:
        """What is asked for, taken apart. Raises ValueError where it has not the form of a method's ARN."""
        return MethodARN(self.raw["methodArn"])

    def policy(self) -> AuthorizerPolicy:
        """A new policy about the stage of this request."""
        return AuthorizerPolicy(self.arn)

    def allow(
        self,
        principal_id: str,
        *,
        context: Mapping[str, Any] | None = None,
        usage_identifier_key: str | None = None,
    ) -> dict[str, Any]:
        """Let this caller use the whole stage."""
        return self.answer(principal_id, self.policy().allow(), context, usage_identifier_key)

    def deny(self, principal_id: str, *, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Refuse this caller the whole stage: 403."""
        return self.answer(principal_id, self.policy().deny(), context)

    def answer(
        self,
        principal_id: str,
        policy: AuthorizerPolicy,
        context: Mapping[str, Any] | None = None,
        usage_identifier_key: str | None = None,
    ) -> dict[str, Any]:
        """The answer with this policy; `context` goes to the integration. Raises ResponseError."""
        optional = {"context": context and dict(context), "usageIdentifierKey": usage_identifier_key}
        return self.checked(
            {"principalId": principal_id, "policyDocument": policy.document(), **present(optional)},
        )

    def checked(self, answer: Any) -> dict[str, Any]:
        """The answer, if API Gateway would take it. Raises ResponseError, which names the rule it breaks."""
        of_type("what an authorizer returns", answer, dict)
        check_policy_answer(answer)
        check_flat_context(answer)
        checked: dict[str, Any] = answer
        return checked


class TokenAuthorizerEvent(AuthorizerEvent):
    """A token of a REST API's request, from the header the authorizer was set up for."""

    shown = ("method_arn",)

    authorization_token: str = field("authorizationToken", doc="The header's value, with its `Bearer` if it has one.")
    method_arn: str = field("methodArn")


class AuthorizerRequestContext(APIGatewayRequestContext, at="$.requestContext"):
    """What API Gateway knows of the request; the connection's fields are there for WebSocket APIs."""

    route_key: str | None = field("routeKey", default=None)
    event_type: str | None = field("eventType", default=None)
    connection_id: str | None = field("connectionId", default=None)
    connected_at: datetime | None = field("connectedAt", convert=epoch_milliseconds, default=None)
    message_direction: str | None = field("messageDirection", default=None)
    http: HTTPDescription | None = field("http", convert=HTTPDescription, default=None)
    time: datetime | None = field("time", convert=clf_time, default=None)
    time_epoch: datetime | None = field("timeEpoch", convert=epoch_milliseconds, default=None)


class RequestAuthorizerEvent(AuthorizerEvent, MultiValueHTTPEvent):
    """A request to a REST API, to an HTTP API in format 1.0, or the connect of a WebSocket API (it has no path)."""

    shown = ("method_arn",)

    version: str | None = field("version", default=None, doc="`1.0` from an HTTP API; the others send none.")
    method_arn: str = field("methodArn")
    identity_source: str | None = field("identitySource", default=None, doc="HTTP API only: the values, by commas.")
    authorization_token: str | None = field("authorizationToken", default=None, doc="HTTP API only.")
    resource: str | None = field("resource", default=None)
    path: str | None = field("path", default=None)
    http_method: str | None = field("httpMethod", default=None)
    path_parameters: Mapping[str, str] = field("pathParameters", default=EMPTY)
    stage_variables: Mapping[str, str] = field("stageVariables", default=EMPTY)
    request_context: AuthorizerRequestContext = field(
        "requestContext", convert=AuthorizerRequestContext, default=AuthorizerRequestContext({})
    )


class RequestAuthorizerEventV2(AuthorizerEvent, HTTPEventV2):
    """A request to an HTTP API (format 2.0). `authorize` and `refuse` give simple answers, where these are enabled."""

    shown = ("http_method", "route_arn")

    route_arn: str = field("routeArn")
    identity_source: Sequence[str] = field("identitySource", default=(), doc="The values, in the authorizer's order.")

    @property
    def arn(self) -> MethodARN:
        """What is asked for, taken apart. Raises ValueError where it has not the form of a route's ARN."""
        return MethodARN(self.route_arn)

    def authorize(self, *, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The simple answer that lets the request pass; `context` (any JSON) goes to the integration."""
        return self.checked({"isAuthorized": True, **present({"context": context and dict(context)})})

    def refuse(self, *, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The simple answer that refuses the request: 403."""
        return self.checked({"isAuthorized": False, **present({"context": context and dict(context)})})

    def checked(self, answer: Any) -> dict[str, Any]:
        """The answer in one of the two forms, if API Gateway would take it; a boolean becomes a simple answer."""
        if answer is True or answer is False:
            return {"isAuthorized": answer}
        of_type("what an authorizer returns", answer, dict, bool)
        if "policyDocument" in answer or "principalId" in answer:
            check_policy_answer(answer)
        else:
            check_simple_answer(answer)
        checked: dict[str, Any] = answer
        return checked


def _answer(event: AuthorizerEvent, result: Any) -> dict[str, Any]:
    return event.checked(result)


token_authorizer: EventDecorator[TokenAuthorizerEvent] = EventDecorator(
    "token_authorizer", TokenAuthorizerEvent, "authorizer-token", answer=_answer
)
request_authorizer: VariantDecorator[RequestAuthorizerEventV2, RequestAuthorizerEvent] = VariantDecorator(
    "request_authorizer",
    {"authorizer-v2": RequestAuthorizerEventV2, "authorizer-request": RequestAuthorizerEvent},
    answer=_answer,
)
