"""Amazon Cognito: the triggers of user pools, and the synchronisation event of Cognito Sync.

Source: Amazon Cognito developer guide, "Customizing user pool workflows with Lambda triggers". A trigger returns the
whole event with its `response` filled in, within five seconds; an exception refuses the operation and its message is
shown to the client.

`CognitoEvent(raw)` makes an object of the class of its trigger. Each class has `answer`, or methods named for what they
decide, which build the event to return; the event itself is never changed. A decorated function may also return the
fields of `response` as a dict, or None for the response as it came. Not here: the messages themselves and KMS, which
decrypts the code of the sender triggers.
"""

from __future__ import annotations

from lambdakit.events.cognito_requests import (
    CallerContext,
    Challenge,
    ChallengeRequest,
    CodeSenderRequest,
    CognitoRequest,
    CustomMessageRequest,
    FederationRequest,
    GroupConfiguration,
    TokenGenerationRequest,
    UserMigrationRequest,
    VerifyRequest,
)
from lambdakit.events.decorator import EventDecorator
from lambdakit.events.model import Model, field
from lambdakit.events.rules import at_most, known_keys, of_type, one_of, present
from lambdakit.exceptions import ResponseError, WrongSourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal, TypeVar

    from typing_extensions import Self

__all__ = (
    "CallerContext",
    "Challenge",
    "ChallengeRequest",
    "CodeSenderRequest",
    "CognitoEvent",
    "CognitoRequest",
    "CognitoSyncEvent",
    "CreateAuthChallengeEvent",
    "CustomEmailSenderEvent",
    "CustomMessageEvent",
    "CustomMessageRequest",
    "CustomSMSSenderEvent",
    "DatasetRecord",
    "DefineAuthChallengeEvent",
    "FederationRequest",
    "GroupConfiguration",
    "InboundFederationEvent",
    "PostAuthenticationEvent",
    "PostConfirmationEvent",
    "PreAuthenticationEvent",
    "PreSignUpEvent",
    "TokenGenerationEvent",
    "TokenGenerationRequest",
    "UserMigrationEvent",
    "UserMigrationRequest",
    "VerifyAuthChallengeEvent",
    "VerifyRequest",
    "TriggerDecorator",
    "cognito_sync",
    "cognito_trigger",
    "create_auth_challenge",
    "custom_email_sender",
    "custom_message",
    "custom_sms_sender",
    "define_auth_challenge",
    "inbound_federation",
    "post_authentication",
    "post_confirmation",
    "pre_authentication",
    "pre_sign_up",
    "token_generation",
    "user_migration",
    "verify_auth_challenge",
)

FINAL_STATUSES = ("CONFIRMED", "RESET_REQUIRED")
DELIVERY_MEDIUMS = ("EMAIL", "SMS")
# Characters, of "Quotas in Amazon Cognito".
LONGEST_TEXTS = {"smsMessage": 140, "emailMessage": 20_000, "emailSubject": 140}


class CognitoEvent(Model):
    """A trigger of a user pool; `CognitoEvent(raw)` is an object of the trigger's own class, where it has one."""

    shown = ("trigger_source", "user_pool_id")
    # Start of the trigger source, and the fields its response may have (None: any).
    trigger = ""
    response_fields: tuple[str, ...] | None = None

    def __new__(cls, raw: Mapping[str, Any]) -> Self:
        if cls is not CognitoEvent:
            return object.__new__(cls)
        source = str(raw.get("triggerSource", ""))
        kinds: list[Any] = [kind for kind in cls.__subclasses__() if source.startswith(kind.trigger)]
        kind: Any = kinds[0] if kinds else cls
        made: Self = object.__new__(kind)
        return made

    version: str = field("version")
    trigger_source: str = field("triggerSource")
    region: str = field("region")
    user_pool_id: str = field("userPoolId")
    user_name: str | None = field("userName", default=None)
    caller_context: CallerContext = field("callerContext", convert=CallerContext)
    request: Any = field("request", convert=CognitoRequest)
    response: dict[str, Any] | None = field("response", default=None, doc="As it came; flags in it may be null.")

    def respond(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The event to return, these fields put in its `response`. Raises ResponseError, as `check_response` does."""
        self.check_response(fields)
        return {**self._raw, "response": {**(self.response or {}), **fields}}

    def check_response(self, fields: Mapping[str, Any]) -> None:
        """Refuse fields that this trigger's response does not have. Raises ResponseError."""
        if self.response_fields is not None:
            known_keys(f"the response to {self.trigger_source}", fields, self.response_fields)


class PreSignUpEvent(CognitoEvent):
    """A user is about to be signed up, created by an administrator or linked from a provider."""

    trigger = "PreSignUp_"
    response_fields = ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")

    request: CognitoRequest = field("request", convert=CognitoRequest)

    def answer(
        self, *, auto_confirm_user: bool = False, auto_verify_email: bool = False, auto_verify_phone: bool = False
    ) -> dict[str, Any]:
        """Let the sign-up go on. Cognito refuses to verify an attribute the user does not have; so does this."""
        attributes = self.request.user_attributes or {}
        for wanted, name in ((auto_verify_email, "email"), (auto_verify_phone, "phone_number")):
            if wanted and not attributes.get(name):
                raise ResponseError(f"an attribute must be there to be verified: the user has no {name}")
        return self.respond(
            {
                "autoConfirmUser": auto_confirm_user,
                "autoVerifyEmail": auto_verify_email,
                "autoVerifyPhone": auto_verify_phone,
            }
        )


class PostConfirmationEvent(CognitoEvent):
    """A user was confirmed; the answer says nothing."""

    trigger = "PostConfirmation_"
    response_fields = ()
    request: CognitoRequest = field("request", convert=CognitoRequest)


class PreAuthenticationEvent(CognitoEvent):
    """A user is about to sign in; raise to refuse."""

    trigger = "PreAuthentication_"
    response_fields = ()
    request: CognitoRequest = field("request", convert=CognitoRequest)


class PostAuthenticationEvent(CognitoEvent):
    """A user signed in; the answer says nothing."""

    trigger = "PostAuthentication_"
    response_fields = ()
    request: CognitoRequest = field("request", convert=CognitoRequest)


class TokenGenerationEvent(CognitoEvent):
    """Tokens are about to be made; `request.scopes` is there from version 2 on."""

    trigger = "TokenGeneration_"
    response_fields = ("claimsOverrideDetails", "claimsAndScopeOverrideDetails")
    request: TokenGenerationRequest = field("request", convert=TokenGenerationRequest)

    def answer(
        self,
        *,
        add: Mapping[str, str] | None = None,
        suppress: Sequence[str] | None = None,
        groups: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Version 1: change the claims of the ID token (text only). `groups` is a groupOverrideDetails object."""
        for name, value in (add or {}).items():
            of_type(f"the claim {name!r} of a version 1 trigger", value, str)
        details = _claims(add, suppress) | present({"groupOverrideDetails": groups})
        return self.respond({"claimsOverrideDetails": details})

    def answer_tokens(
        self,
        *,
        id_add: Mapping[str, Any] | None = None,
        id_suppress: Sequence[str] | None = None,
        access_add: Mapping[str, Any] | None = None,
        access_suppress: Sequence[str] | None = None,
        add_scopes: Sequence[str] | None = None,
        suppress_scopes: Sequence[str] | None = None,
        groups: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Version 2 and 3: change claims (any JSON) and scopes of both tokens."""
        if self.version == "1" and self.request.scopes is None:
            raise ResponseError("a version 1 trigger changes the ID token only: use answer(), or trigger version V2_0")
        scopes = present({"scopesToAdd": add_scopes, "scopesToSuppress": suppress_scopes})
        details = {
            "idTokenGeneration": _claims(id_add, id_suppress),
            "accessTokenGeneration": {**_claims(access_add, access_suppress), **scopes},
            "groupOverrideDetails": groups,
        }
        return self.respond({"claimsAndScopeOverrideDetails": {k: v for k, v in details.items() if v}})


def _claims(add: Mapping[str, Any] | None, suppress: Sequence[str] | None) -> dict[str, Any]:
    return present({"claimsToAddOrOverride": add, "claimsToSuppress": suppress})


class UserMigrationEvent(CognitoEvent):
    """A user the pool does not know signs in or forgot the password; raise if nobody knows them."""

    trigger = "UserMigration_"
    response_fields = (
        "userAttributes",
        "finalUserStatus",
        "messageAction",
        "desiredDeliveryMediums",
        "forceAliasCreation",
        "enableSMSMFA",
    )
    request: UserMigrationRequest = field("request", convert=UserMigrationRequest)

    def answer(
        self,
        user_attributes: Mapping[str, str],
        *,
        final_user_status: Literal["CONFIRMED", "RESET_REQUIRED"] | None = None,
        message_action: Literal["SUPPRESS"] | None = None,
        desired_delivery_mediums: Sequence[Literal["EMAIL", "SMS"]] | None = None,
        force_alias_creation: bool | None = None,
        enable_sms_mfa: bool | None = None,
    ) -> dict[str, Any]:
        """Create the user with these attributes (at least one)."""
        if not user_attributes:
            raise ResponseError("a migrated user needs userAttributes; raise an exception for a user nobody knows")
        if final_user_status is not None:
            one_of("finalUserStatus", final_user_status, FINAL_STATUSES)
        if message_action is not None:
            one_of("messageAction", message_action, ("SUPPRESS",))
        for medium in desired_delivery_mediums or ():
            one_of("desiredDeliveryMediums", medium, DELIVERY_MEDIUMS)
        fields = {
            "userAttributes": dict(user_attributes),
            "finalUserStatus": final_user_status,
            "messageAction": message_action,
            "desiredDeliveryMediums": desired_delivery_mediums,
            "forceAliasCreation": force_alias_creation,
            "enableSMSMFA": enable_sms_mfa,
        }
        return self.respond(present(fields))


class CustomMessageEvent(CognitoEvent):
    """A message with a code or a link is about to be sent."""

    trigger = "CustomMessage_"
    response_fields = ("smsMessage", "emailMessage", "emailSubject")
    request: CustomMessageRequest = field("request", convert=CustomMessageRequest)

    def check_response(self, fields: Mapping[str, Any]) -> None:
        """Refuse unknown fields, and texts that are too long. Raises ResponseError."""
        super().check_response(fields)
        for name, limit in LONGEST_TEXTS.items():
            at_most(name, len(fields.get(name) or ""), limit, "characters")

    def answer(
        self, *, sms_message: str | None = None, email_message: str | None = None, email_subject: str | None = None
    ) -> dict[str, Any]:
        """Send these texts; a message without the code's (or link's) placeholder would reach nobody and is refused."""
        request = self.request
        placeholders = [text for text in (request.code_parameter, request.link_parameter) if text]
        for name, message in (("smsMessage", sms_message), ("emailMessage", email_message)):
            if message is not None and placeholders and not any(text in message for text in placeholders):
                raise ResponseError(f"{name} must contain the placeholder {' or '.join(placeholders)}")
        texts = {"smsMessage": sms_message, "emailMessage": email_message, "emailSubject": email_subject}
        return self.respond(present(texts))


class DefineAuthChallengeEvent(CognitoEvent):
    """What comes next in a custom sign-in is to be decided: one of the three methods."""

    trigger = "DefineAuthChallenge_"
    response_fields = ("challengeName", "issueTokens", "failAuthentication")
    request: ChallengeRequest = field("request", convert=ChallengeRequest)

    def challenge(self, name: str = "CUSTOM_CHALLENGE") -> dict[str, Any]:
        """Put this challenge to the user."""
        return self.respond({"challengeName": name, "issueTokens": False, "failAuthentication": False})

    def issue_tokens(self) -> dict[str, Any]:
        """The user is who they say; sign them in."""
        return self.respond({"issueTokens": True, "failAuthentication": False})

    def fail(self) -> dict[str, Any]:
        """End the sign-in."""
        return self.respond({"issueTokens": False, "failAuthentication": True})


class CreateAuthChallengeEvent(CognitoEvent):
    """A challenge is to be made."""

    trigger = "CreateAuthChallenge_"
    response_fields = ("publicChallengeParameters", "privateChallengeParameters", "challengeMetadata")
    request: ChallengeRequest = field("request", convert=ChallengeRequest)

    def answer(
        self, *, public: Mapping[str, str], private: Mapping[str, str], metadata: str | None = None
    ) -> dict[str, Any]:
        """`public` goes to the client, `private` only to the verification; metadata names the challenge."""
        parameters = {"publicChallengeParameters": dict(public), "privateChallengeParameters": dict(private)}
        return self.respond({**parameters, **present({"challengeMetadata": metadata})})


class VerifyAuthChallengeEvent(CognitoEvent):
    """The answer to a challenge is to be judged."""

    trigger = "VerifyAuthChallengeResponse_"
    response_fields = ("answerCorrect",)
    request: VerifyRequest = field("request", convert=VerifyRequest)

    def correct(self) -> dict[str, Any]:
        """The answer is right."""
        return self.respond({"answerCorrect": True})

    def wrong(self) -> dict[str, Any]:
        """The answer is wrong."""
        return self.respond({"answerCorrect": False})


class CustomEmailSenderEvent(CognitoEvent):
    """An email is to be sent by the function itself."""

    trigger = "CustomEmailSender_"
    response_fields = ()
    request: CodeSenderRequest = field("request", convert=CodeSenderRequest)


class CustomSMSSenderEvent(CognitoEvent):
    """A text message is to be sent by the function itself."""

    trigger = "CustomSMSSender_"
    response_fields = ()
    request: CodeSenderRequest = field("request", convert=CodeSenderRequest)


class InboundFederationEvent(CognitoEvent):
    """A user comes from an identity provider; the attributes to store may be chosen."""

    trigger = "InboundFederation_"
    response_fields = ("userAttributesToMap",)
    request: FederationRequest = field("request", convert=FederationRequest)

    def answer(self, user_attributes: Mapping[str, str]) -> dict[str, Any]:
        """Store these attributes and no others."""
        return self.respond({"userAttributesToMap": dict(user_attributes)})


class DatasetRecord(Model, at="$.datasetRecords.*"):
    """What a client did to one key of a data set."""

    old_value: str | None = field("oldValue", default=None)
    new_value: str | None = field("newValue", default=None)
    op: str = field("op", doc="replace or remove.")


class CognitoSyncEvent(Model):
    """A data set of Cognito Sync is about to be stored (legacy); return the event, its records changed as wanted."""

    shown = ("dataset_name", "identity_id")

    version: int = field("version")
    event_type: str = field("eventType")
    region: str = field("region")
    identity_pool_id: str = field("identityPoolId")
    identity_id: str = field("identityId")
    dataset_name: str = field("datasetName")
    dataset_records: dict[str, DatasetRecord] = field("datasetRecords", values=DatasetRecord)


def _answer(event: CognitoEvent, result: Any) -> dict[str, Any]:
    """The whole event, of what a function returned: the event, the fields of its response, or None for no change."""
    if result is None:
        return event.respond({})
    if isinstance(result, CognitoEvent):
        return result.raw
    of_type(f"what a function returns for {event.trigger_source}", result, dict)
    whole: dict[str, Any] = result
    if "triggerSource" not in whole:
        return event.respond(whole)
    event.check_response(whole.get("response") or {})
    return whole


def _sync_answer(event: CognitoSyncEvent, result: Any) -> dict[str, Any]:
    if result is None:
        return event.raw
    return result.raw if isinstance(result, CognitoSyncEvent) else result


if TYPE_CHECKING:
    TriggerT = TypeVar("TriggerT", bound=CognitoEvent)
else:
    TriggerT = None


class TriggerDecorator(EventDecorator[TriggerT]):
    """The decorator of one trigger (or of all); what the function returns becomes the whole event."""

    def __init__(self, name: str, event_type: type[TriggerT]) -> None:
        super().__init__(name, event_type, "cognito", answer=_answer)

    def prepare(self, event: Any) -> TriggerT:
        """The typed event of a raw one. Raises WrongSourceError, for another trigger too."""
        typed: Any = super().prepare(event)
        if not typed.trigger_source.startswith(self.event_type.trigger):
            raise WrongSourceError(
                f"@{self.__name__} takes the triggers {self.event_type.trigger}*; this is {typed.trigger_source}"
            )
        return typed  # type: ignore[no-any-return]


cognito_trigger: TriggerDecorator[CognitoEvent] = TriggerDecorator("cognito_trigger", CognitoEvent)
pre_sign_up: TriggerDecorator[PreSignUpEvent] = TriggerDecorator("pre_sign_up", PreSignUpEvent)
post_confirmation: TriggerDecorator[PostConfirmationEvent] = TriggerDecorator(
    "post_confirmation", PostConfirmationEvent
)
pre_authentication: TriggerDecorator[PreAuthenticationEvent] = TriggerDecorator(
    "pre_authentication", PreAuthenticationEvent
)
post_authentication: TriggerDecorator[PostAuthenticationEvent] = TriggerDecorator(
    "post_authentication", PostAuthenticationEvent
)
token_generation: TriggerDecorator[TokenGenerationEvent] = TriggerDecorator("token_generation", TokenGenerationEvent)
user_migration: TriggerDecorator[UserMigrationEvent] = TriggerDecorator("user_migration", UserMigrationEvent)
custom_message: TriggerDecorator[CustomMessageEvent] = TriggerDecorator("custom_message", CustomMessageEvent)
define_auth_challenge: TriggerDecorator[DefineAuthChallengeEvent] = TriggerDecorator(
    "define_auth_challenge", DefineAuthChallengeEvent
)
create_auth_challenge: TriggerDecorator[CreateAuthChallengeEvent] = TriggerDecorator(
    "create_auth_challenge", CreateAuthChallengeEvent
)
verify_auth_challenge: TriggerDecorator[VerifyAuthChallengeEvent] = TriggerDecorator(
    "verify_auth_challenge", VerifyAuthChallengeEvent
)
custom_email_sender: TriggerDecorator[CustomEmailSenderEvent] = TriggerDecorator(
    "custom_email_sender", CustomEmailSenderEvent
)
custom_sms_sender: TriggerDecorator[CustomSMSSenderEvent] = TriggerDecorator("custom_sms_sender", CustomSMSSenderEvent)
inbound_federation: TriggerDecorator[InboundFederationEvent] = TriggerDecorator(
    "inbound_federation", InboundFederationEvent
)
cognito_sync: EventDecorator[CognitoSyncEvent] = EventDecorator(
    "cognito_sync", CognitoSyncEvent, "cognito-sync", answer=_sync_answer
)
