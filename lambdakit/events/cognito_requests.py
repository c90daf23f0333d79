"""What the triggers of Cognito user pools are asked: the caller and the request of each.

Source: Amazon Cognito developer guide, "Customizing user pool workflows with Lambda triggers". The events they stand in
are in `lambdakit.events.cognito`.
"""

from __future__ import annotations

from lambdakit.events.model import Model, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = (
    "CallerContext",
    "Challenge",
    "ChallengeRequest",
    "CodeSenderRequest",
    "CognitoRequest",
    "CustomMessageRequest",
    "FederationRequest",
    "GroupConfiguration",
    "TokenGenerationRequest",
    "UserMigrationRequest",
    "VerifyRequest",
)


class CallerContext(Model, at="$.callerContext"):
    """The SDK and the application client of the caller."""

    aws_sdk_version: str | None = field("awsSdkVersion", default=None)
    aws_sdk: str | None = field("awsSdk", default=None, doc="As the sender triggers write it.")
    client_id: str = field("clientId")


class CognitoRequest(Model, at="$.request"):
    """What every trigger's request may hold. Attributes are text, flags too (`"true"`)."""

    user_attributes: dict[str, str] | None = field("userAttributes", default=None)
    client_metadata: dict[str, str] | None = field("clientMetadata", default=None)
    validation_data: dict[str, str] | None = field("validationData", default=None)
    user_not_found: bool = field("userNotFound", default=False)
    new_device_used: bool = field("newDeviceUsed", default=False)


class Challenge(Model, at="$.request.session[*]"):
    """One challenge of the sign-in so far, and whether it was met."""

    shown = ("challenge_name", "challenge_result")

    challenge_name: str = field("challengeName")
    challenge_result: bool = field("challengeResult")
    challenge_metadata: str | None = field("challengeMetadata", default=None)


class ChallengeRequest(CognitoRequest, at="$.request"):
    """What Define and Create Auth Challenge know: the challenges so far, and (Create) the one to make."""

    session: list[Challenge] | None = field("session", each=Challenge, default=None)
    challenge_name: str | None = field("challengeName", default=None)


class VerifyRequest(CognitoRequest, at="$.request"):
    """The answer a user gave and the secret it is held against."""

    private_challenge_parameters: dict[str, str] | None = field("privateChallengeParameters", default=None)
    challenge_answer: Any = field("challengeAnswer", default=None, doc="Text, or JSON as the client sent it.")


class CustomMessageRequest(CognitoRequest, at="$.request"):
    """The placeholders a message must use."""

    code_parameter: str | None = field("codeParameter", default=None)
    link_parameter: str | None = field("linkParameter", default=None)
    username_parameter: str | None = field("usernameParameter", default=None)


class CodeSenderRequest(CognitoRequest, at="$.request"):
    """A code to send, encrypted with the pool's KMS key (AWS Encryption SDK), as base64 text."""

    type: str = field("type")
    code: str | None = field("code", default=None)


class UserMigrationRequest(CognitoRequest, at="$.request"):
    """What the user typed; no password with a forgotten one."""

    password: str | None = field("password", default=None)


class FederationRequest(CognitoRequest, at="$.request"):
    """What an identity provider said of a user, raw under `attributes`."""

    provider_name: str = field("providerName")
    provider_type: str = field("providerType")
    attributes: dict[str, Any] | None = field("attributes", default=None)


class GroupConfiguration(Model, at="$.request.groupConfiguration"):
    """The groups and roles of the user as the pool has them."""

    groups_to_override: list[str] | None = field("groupsToOverride", default=None)
    iam_roles_to_override: list[str] | None = field("iamRolesToOverride", default=None)
    preferred_role: str | None = field("preferredRole", default=None)


class TokenGenerationRequest(CognitoRequest, at="$.request"):
    """The user's groups and, from version 2 on, the scopes asked for."""

    group_configuration: GroupConfiguration | None = field(
        "groupConfiguration", convert=GroupConfiguration, default=None
    )
    scopes: list[str] | None = field("scopes", default=None)
