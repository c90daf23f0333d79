"""Who calls an AppSync API: one model for each way of authorization.

Source: AWS AppSync developer guide, "AWS AppSync resolver mapping template context reference" (identity). An API key
gives no identity. Which kind it is does not stand in the JSON: `identity_of` tells it by the fields only that kind has.
"""

from __future__ import annotations

from lambdakit.events.http_message import EMPTY
from lambdakit.events.model import Model, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = (
    "AppSyncCognitoIdentity",
    "AppSyncIAMIdentity",
    "AppSyncIdentity",
    "AppSyncLambdaIdentity",
    "AppSyncOIDCIdentity",
    "identity_of",
)

# `type`, but Any to type checkers.
_type: Any = type


class AppSyncIdentity(Model, at="$.identity"):
    """What the identities have in common, and one of a kind not known here."""

    source_ip: Sequence[str] = field("sourceIp", default=(), doc="As the X-Forwarded-For header has them.")


class AppSyncCognitoIdentity(AppSyncIdentity):
    """A user of a Cognito user pool."""

    shown = ("username", "sub")

    sub: str = field("sub")
    issuer: str = field("issuer")
    username: str = field("username")
    claims: Mapping[str, Any] = field("claims", default=EMPTY)
    default_auth_strategy: str | None = field("defaultAuthStrategy", default=None, doc="ALLOW or DENY.")
    groups: Sequence[str] = field("groups", default=())


class AppSyncIAMIdentity(AppSyncIdentity):
    """A caller that signed with AWS credentials, its own or those of a Cognito identity pool."""

    shown = ("user_arn",)

    account_id: str = field("accountId")
    user_arn: str = field("userArn")
    username: str | None = field("username", default=None)
    user: str | None = field("user", default=None, doc="The id, where the caller is an IAM user.")
    cognito_identity_pool_id: str | None = field("cognitoIdentityPoolId", default=None)
    cognito_identity_id: str | None = field("cognitoIdentityId", default=None)
    cognito_identity_auth_type: str | None = field(
        "cognitoIdentityAuthType", default=None, doc="authenticated or unauthenticated."
    )
    cognito_identity_auth_provider: str | None = field("cognitoIdentityAuthProvider", default=None)


class AppSyncOIDCIdentity(AppSyncIdentity):
    """A user of an OpenID Connect provider."""

    shown = ("sub", "issuer")

    sub: str = field("sub")
    issuer: str = field("issuer")
    claims: Mapping[str, Any] = field("claims", default=EMPTY)


class AppSyncLambdaIdentity(AppSyncIdentity):
    """What an AppSync Lambda authorizer answered; never shown, for it may hold secrets."""

    resolver_context: Mapping[str, Any] = field("resolverContext", default=EMPTY, doc="Of a GraphQL API.")
    handler_context: Mapping[str, Any] = field("handlerContext", default=EMPTY, doc="Of an Events API.")


# The first model one of whose fields is there; only Cognito has both a `sub` and these.
_KINDS: tuple[tuple[type[AppSyncIdentity], tuple[str, ...]], ...] = (
    (AppSyncLambdaIdentity, ("resolverContext", "handlerContext")),
    (AppSyncIAMIdentity, ("userArn",)),
    (AppSyncCognitoIdentity, ("defaultAuthStrategy", "username")),
    (AppSyncOIDCIdentity, ("sub", "claims")),
)


def identity_of(raw: Any) -> AppSyncIdentity | None:
    """The identity in the model of its kind; None where there is none, as with an API key."""
    if _type(raw) is not dict or not raw:
        return None
    for model, names in _KINDS:
        if any(name in raw for name in names):
            return model(raw)
    return AppSyncIdentity(raw)
