"""AWS AppSync: Lambda authorizers, of GraphQL APIs and of Event APIs.

Source: AWS AppSync developer guide, "AWS_LAMBDA authorization"; AWS AppSync Events developer guide, "Configuring
authorization and authentication". AppSync keeps an answer for all requests with the same token until its time is over,
so the answer must not depend on the query unless `ttl` is 0.
"""

from __future__ import annotations

from lambdakit.events.decorator import EventDecorator
from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field
from lambdakit.events.rules import at_most, known_keys, of_type, present
from lambdakit.exceptions import ResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = ("AppSyncAuthorizerContext", "AppSyncAuthorizerEvent", "appsync_authorizer")

# What is answered to each kind of API, the second being where the context stands.
GRAPHQL_FIELDS = ("isAuthorized", "resolverContext", "deniedFields", "ttlOverride")
EVENTS_FIELDS = ("isAuthorized", "handlerContext", "ttlOverride")
LARGEST_CONTEXT = 5 * 1024 * 1024


class AppSyncAuthorizerContext(Model, at="$.requestContext"):
    """The request: a GraphQL one has a query, one to an Event API an operation."""

    shown = ("api_id", "operation_name", "operation")

    api_id: str = field("apiId")
    account_id: str = field("accountId")
    request_id: str = field("requestId")
    query_string: str | None = field("queryString", default=None, doc="The GraphQL document.")
    operation_name: str | None = field("operationName", default=None)
    variables: Mapping[str, Any] = field("variables", default=EMPTY)
    operation: str | None = field("operation", default=None, doc="EVENT_CONNECT, EVENT_SUBSCRIBE or EVENT_PUBLISH.")
    channel_namespace_name: str | None = field("channelNamespaceName", default=None)
    channel: str | None = field("channel", default=None)


class AppSyncAuthorizerEvent(Model):
    """A token to be judged; its request is in `request_context`."""

    shown = ("request_context",)

    authorization_token: str = field("authorizationToken", doc="The header's value, without any `Bearer` taken off.")
    request_context: AppSyncAuthorizerContext = field("requestContext", convert=AppSyncAuthorizerContext)
    request_headers: Mapping[str, str] = field("requestHeaders", default=EMPTY)

    @property
    def of_event_api(self) -> bool:
        """Whether the request is to an Event API rather than a GraphQL one."""
        return self.request_context.operation is not None

    def allow(
        self,
        *,
        context: Mapping[str, Any] | None = None,
        denied_fields: Sequence[str] | None = None,
        ttl: int | None = None,
    ) -> dict[str, Any]:
        """Let the request pass.

        `context` is flat and goes to the resolvers or handlers, `denied_fields` (GraphQL only; `Type.field` or ARNs)
        are null for this caller, `ttl` is how many seconds the answer holds. Raises ResponseError.
        """
        where = "handlerContext" if self.of_event_api else "resolverContext"
        given = {
            where: context and dict(context),
            "deniedFields": denied_fields and list(denied_fields),
            "ttlOverride": ttl,
        }
        return _checked(self, {"isAuthorized": True, **present(given)})

    def deny(self, *, ttl: int | None = None) -> dict[str, Any]:
        """Refuse the request: UnauthorizedException."""
        return _checked(self, {"isAuthorized": False, **present({"ttlOverride": ttl})})


def _checked(event: AppSyncAuthorizerEvent, result: Any) -> dict[str, Any]:
    """The answer, if AppSync would take it; True and False become whole answers. Raises ResponseError."""
    if result is True or result is False:
        return {"isAuthorized": result}
    known_keys("what an AppSync authorizer returns", result, EVENTS_FIELDS if event.of_event_api else GRAPHQL_FIELDS)
    answer: dict[str, Any] = result
    of_type("isAuthorized", answer.get("isAuthorized"), bool)
    for name in ("resolverContext", "handlerContext"):
        if answer.get(name) is not None:
            _check_context(name, answer[name])
    if answer.get("deniedFields") is not None:
        _check_denied(answer["deniedFields"])
    if answer.get("ttlOverride") is not None:
        of_type("ttlOverride", answer["ttlOverride"], int)
        if answer["ttlOverride"] < 0:
            raise ResponseError(f"ttlOverride is seconds, 0 for no caching, not {answer['ttlOverride']}")
    return answer


def _check_context(name: str, context: Any) -> None:
    from lambdakit.codec import encode

    of_type(name, context, dict)
    for key, value in context.items():
        of_type(f"a key of {name}", key, str)
        of_type(f"{name}[{key!r}] (nested values are not taken)", value, str, int, float, bool)
    at_most(name, len(encode(context)), LARGEST_CONTEXT, "bytes")


def _check_denied(fields: Any) -> None:
    of_type("deniedFields", fields, list)
    for item in fields:
        of_type("an item of deniedFields", item, str)
        name = item.startswith("arn:") or len(item.split(".")) == 2
        if not name:
            raise ResponseError(f"an item of deniedFields is Type.field or the field's ARN, not {item!r}")


appsync_authorizer: EventDecorator[AppSyncAuthorizerEvent] = EventDecorator(
    "appsync_authorizer", AppSyncAuthorizerEvent, "appsync-authorizer", answer=_checked
)
