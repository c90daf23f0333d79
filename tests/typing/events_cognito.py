"""The decorators of Cognito events, bare over a function and called over an async one."""

# ruff: noqa: TC001 - imports as users write them

from __future__ import annotations

from typing import Any

from typing_extensions import reveal_type

from lambdakit import Context
from lambdakit.events import (
    CognitoEvent,
    CognitoSyncEvent,
    CreateAuthChallengeEvent,
    CustomEmailSenderEvent,
    CustomMessageEvent,
    CustomSMSSenderEvent,
    DefineAuthChallengeEvent,
    InboundFederationEvent,
    PostAuthenticationEvent,
    PostConfirmationEvent,
    PreAuthenticationEvent,
    PreSignUpEvent,
    TokenGenerationEvent,
    UserMigrationEvent,
    VerifyAuthChallengeEvent,
    cognito_sync,
    cognito_trigger,
    create_auth_challenge,
    custom_email_sender,
    custom_message,
    custom_sms_sender,
    define_auth_challenge,
    inbound_federation,
    post_authentication,
    post_confirmation,
    pre_authentication,
    pre_sign_up,
    token_generation,
    user_migration,
    verify_auth_challenge,
)
from lambdakit.handlers import Call


def timing(event: Any, context: Any, call_next: Call) -> Any:
    return call_next(event, context)


@cognito_sync
def plain_cognito_sync(event: CognitoSyncEvent, context: Context) -> str:
    return str(event)


@cognito_sync(middleware=[timing])
async def async_cognito_sync(event: CognitoSyncEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_cognito_sync)  # Handler[CognitoSyncEvent, str]
reveal_type(async_cognito_sync)  # Handler[CognitoSyncEvent, Coroutine[Any, Any, str]]


@cognito_trigger
def plain_cognito_trigger(event: CognitoEvent, context: Context) -> str:
    return str(event)


@cognito_trigger(middleware=[timing])
async def async_cognito_trigger(event: CognitoEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_cognito_trigger)  # Handler[CognitoEvent, str]
reveal_type(async_cognito_trigger)  # Handler[CognitoEvent, Coroutine[Any, Any, str]]


@create_auth_challenge
def plain_create_auth_challenge(event: CreateAuthChallengeEvent, context: Context) -> str:
    return str(event)


@create_auth_challenge(middleware=[timing])
async def async_create_auth_challenge(event: CreateAuthChallengeEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_create_auth_challenge)  # Handler[CreateAuthChallengeEvent, str]
reveal_type(async_create_auth_challenge)  # Handler[CreateAuthChallengeEvent, Coroutine[Any, Any, str]]


@custom_email_sender
def plain_custom_email_sender(event: CustomEmailSenderEvent, context: Context) -> str:
    return str(event)


@custom_email_sender(middleware=[timing])
async def async_custom_email_sender(event: CustomEmailSenderEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_custom_email_sender)  # Handler[CustomEmailSenderEvent, str]
reveal_type(async_custom_email_sender)  # Handler[CustomEmailSenderEvent, Coroutine[Any, Any, str]]


@custom_message
def plain_custom_message(event: CustomMessageEvent, context: Context) -> str:
    return str(event)


@custom_message(middleware=[timing])
async def async_custom_message(event: CustomMessageEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_custom_message)  # Handler[CustomMessageEvent, str]
reveal_type(async_custom_message)  # Handler[CustomMessageEvent, Coroutine[Any, Any, str]]


@custom_sms_sender
def plain_custom_sms_sender(event: CustomSMSSenderEvent, context: Context) -> str:
    return str(event)


@custom_sms_sender(middleware=[timing])
async def async_custom_sms_sender(event: CustomSMSSenderEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_custom_sms_sender)  # Handler[CustomSMSSenderEvent, str]
reveal_type(async_custom_sms_sender)  # Handler[CustomSMSSenderEvent, Coroutine[Any, Any, str]]


@define_auth_challenge
def plain_define_auth_challenge(event: DefineAuthChallengeEvent, context: Context) -> str:
    return str(event)


@define_auth_challenge(middleware=[timing])
async def async_define_auth_challenge(event: DefineAuthChallengeEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_define_auth_challenge)  # Handler[DefineAuthChallengeEvent, str]
reveal_type(async_define_auth_challenge)  # Handler[DefineAuthChallengeEvent, Coroutine[Any, Any, str]]


@inbound_federation
def plain_inbound_federation(event: InboundFederationEvent, context: Context) -> str:
    return str(event)


@inbound_federation(middleware=[timing])
async def async_inbound_federation(event: InboundFederationEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_inbound_federation)  # Handler[InboundFederationEvent, str]
reveal_type(async_inbound_federation)  # Handler[InboundFederationEvent, Coroutine[Any, Any, str]]


@post_authentication
def plain_post_authentication(event: PostAuthenticationEvent, context: Context) -> str:
    return str(event)


@post_authentication(middleware=[timing])
async def async_post_authentication(event: PostAuthenticationEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_post_authentication)  # Handler[PostAuthenticationEvent, str]
reveal_type(async_post_authentication)  # Handler[PostAuthenticationEvent, Coroutine[Any, Any, str]]


@post_confirmation
def plain_post_confirmation(event: PostConfirmationEvent, context: Context) -> str:
    return str(event)


@post_confirmation(middleware=[timing])
async def async_post_confirmation(event: PostConfirmationEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_post_confirmation)  # Handler[PostConfirmationEvent, str]
reveal_type(async_post_confirmation)  # Handler[PostConfirmationEvent, Coroutine[Any, Any, str]]


@pre_authentication
def plain_pre_authentication(event: PreAuthenticationEvent, context: Context) -> str:
    return str(event)


@pre_authentication(middleware=[timing])
async def async_pre_authentication(event: PreAuthenticationEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_pre_authentication)  # Handler[PreAuthenticationEvent, str]
reveal_type(async_pre_authentication)  # Handler[PreAuthenticationEvent, Coroutine[Any, Any, str]]


@pre_sign_up
def plain_pre_sign_up(event: PreSignUpEvent, context: Context) -> str:
    return str(event)


@pre_sign_up(middleware=[timing])
async def async_pre_sign_up(event: PreSignUpEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_pre_sign_up)  # Handler[PreSignUpEvent, str]
reveal_type(async_pre_sign_up)  # Handler[PreSignUpEvent, Coroutine[Any, Any, str]]


@token_generation
def plain_token_generation(event: TokenGenerationEvent, context: Context) -> str:
    return str(event)


@token_generation(middleware=[timing])
async def async_token_generation(event: TokenGenerationEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_token_generation)  # Handler[TokenGenerationEvent, str]
reveal_type(async_token_generation)  # Handler[TokenGenerationEvent, Coroutine[Any, Any, str]]


@user_migration
def plain_user_migration(event: UserMigrationEvent, context: Context) -> str:
    return str(event)


@user_migration(middleware=[timing])
async def async_user_migration(event: UserMigrationEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_user_migration)  # Handler[UserMigrationEvent, str]
reveal_type(async_user_migration)  # Handler[UserMigrationEvent, Coroutine[Any, Any, str]]


@verify_auth_challenge
def plain_verify_auth_challenge(event: VerifyAuthChallengeEvent, context: Context) -> str:
    return str(event)


@verify_auth_challenge(middleware=[timing])
async def async_verify_auth_challenge(event: VerifyAuthChallengeEvent, context: Context) -> str:
    return str(event)


reveal_type(plain_verify_auth_challenge)  # Handler[VerifyAuthChallengeEvent, str]
reveal_type(async_verify_auth_challenge)  # Handler[VerifyAuthChallengeEvent, Coroutine[Any, Any, str]]
