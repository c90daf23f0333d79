from __future__ import annotations

import asyncio
import copy
import pickle
import sys
from typing import Any

import pytest

from lambdakit.events import cognito
from lambdakit.events.coverage import unmapped
from lambdakit.events.detection import detect
from lambdakit.exceptions import MissingFieldError, ResponseError, WrongSourceError


@pytest.fixture(autouse=True)
def _own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have imported AWS's client, under which async handlers are run at once."""
    monkeypatch.delitem(sys.modules, "awslambdaric.bootstrap", raising=False)


def trigger(source: str, request: dict[str, Any] | None = None, version: str = "1") -> dict[str, Any]:
    return {
        "version": version,
        "triggerSource": source,
        "region": "eu-west-1",
        "userPoolId": "eu-west-1_pool",
        "userName": "ada",
        "callerContext": {"awsSdkVersion": "sdk", "clientId": "client"},
        "request": {"userAttributes": {"email": "ada@example.org"}, **(request or {})},
        "response": {},
    }


# Trigger source -> class and decorator.
TRIGGERS = {
    "PreSignUp_AdminCreateUser": (cognito.PreSignUpEvent, cognito.pre_sign_up),
    "PostConfirmation_ConfirmSignUp": (cognito.PostConfirmationEvent, cognito.post_confirmation),
    "PreAuthentication_Authentication": (cognito.PreAuthenticationEvent, cognito.pre_authentication),
    "PostAuthentication_Authentication": (cognito.PostAuthenticationEvent, cognito.post_authentication),
    "TokenGeneration_HostedAuth": (cognito.TokenGenerationEvent, cognito.token_generation),
    "UserMigration_Authentication": (cognito.UserMigrationEvent, cognito.user_migration),
    "CustomMessage_SignUp": (cognito.CustomMessageEvent, cognito.custom_message),
    "DefineAuthChallenge_Authentication": (cognito.DefineAuthChallengeEvent, cognito.define_auth_challenge),
    "CreateAuthChallenge_Authentication": (cognito.CreateAuthChallengeEvent, cognito.create_auth_challenge),
    "VerifyAuthChallengeResponse_Authentication": (cognito.VerifyAuthChallengeEvent, cognito.verify_auth_challenge),
    "CustomEmailSender_SignUp": (cognito.CustomEmailSenderEvent, cognito.custom_email_sender),
    "CustomSMSSender_SignUp": (cognito.CustomSMSSenderEvent, cognito.custom_sms_sender),
    "InboundFederation_ExternalProvider": (cognito.InboundFederationEvent, cognito.inbound_federation),
}


@pytest.mark.parametrize("source", TRIGGERS)
def test_every_trigger_has_its_class_and_decorator(source: str) -> None:
    kind, decorator = TRIGGERS[source]
    raw = trigger(source)

    def handler(event: Any, context: Any) -> None:
        assert type(event) is kind

    assert type(detect(raw)) is kind
    assert unmapped(kind(raw)) == []
    assert decorator(handler)(raw) == raw
    assert cognito.cognito_trigger(handler)(raw) == raw


def test_an_unknown_trigger_is_still_an_event() -> None:
    event = cognito.CognitoEvent(trigger("NewTrigger_Some"))
    assert type(event) is cognito.CognitoEvent
    assert event.respond({"anything": 1})["response"] == {"anything": 1}


def test_events_copy_and_pickle_as_their_own_class() -> None:
    event = cognito.CognitoEvent(trigger("PreSignUp_SignUp"))
    assert copy.deepcopy(event) == event
    assert type(pickle.loads(pickle.dumps(event))) is cognito.PreSignUpEvent


def test_the_answer_is_the_whole_event_and_the_event_stays_as_it_was() -> None:
    @cognito.pre_sign_up
    def handler(event: cognito.PreSignUpEvent, context: Any) -> dict[str, Any]:
        return event.answer(auto_confirm_user=True, auto_verify_email=True)

    raw = trigger("PreSignUp_SignUp")
    answer = handler(raw)
    assert answer["response"] == {"autoConfirmUser": True, "autoVerifyEmail": True, "autoVerifyPhone": False}
    assert {**answer, "response": {}} == raw
    assert raw["response"] == {}


def test_the_fields_of_the_response_may_be_returned_alone() -> None:
    @cognito.pre_sign_up(middleware=[])
    async def handler(event: cognito.PreSignUpEvent, context: Any) -> dict[str, Any]:
        return {"autoConfirmUser": True}

    assert asyncio.run(handler(trigger("PreSignUp_SignUp")))["response"] == {"autoConfirmUser": True}  # type: ignore[arg-type]


def test_an_unknown_field_is_refused_with_the_nearest() -> None:
    @cognito.pre_sign_up
    def handler(event: cognito.PreSignUpEvent, context: Any) -> dict[str, Any]:
        return {"autoConfirmUsers": True}

    with pytest.raises(ResponseError, match="did you mean 'autoConfirmUser'"):
        handler(trigger("PreSignUp_SignUp"))


def test_an_absent_attribute_cannot_be_verified() -> None:
    event = cognito.PreSignUpEvent(trigger("PreSignUp_SignUp"))
    with pytest.raises(ResponseError, match="phone_number"):
        event.answer(auto_verify_phone=True)


def test_another_trigger_is_a_wrong_source() -> None:
    @cognito.pre_sign_up
    def handler(event: cognito.PreSignUpEvent, context: Any) -> None: ...

    with pytest.raises(WrongSourceError, match=r"PreSignUp_\*; this is PostConfirmation_ConfirmSignUp"):
        handler(trigger("PostConfirmation_ConfirmSignUp"))
    with pytest.raises(WrongSourceError, match="takes a PreSignUpEvent; this event comes from s3 "):
        handler({"Records": [{"eventSource": "aws:s3"}]})


def test_tokens_of_version_one_and_two() -> None:
    old = cognito.TokenGenerationEvent(trigger("TokenGeneration_Authentication"))
    assert old.answer(add={"team": "blue"}, suppress=["email"])["response"] == {
        "claimsOverrideDetails": {"claimsToAddOrOverride": {"team": "blue"}, "claimsToSuppress": ["email"]}
    }
    with pytest.raises(ResponseError, match="version 1"):
        old.answer_tokens(add_scopes=["a"])
    with pytest.raises(ResponseError, match="must be str, not list"):
        old.answer(add={"teams": ["blue"]})  # type: ignore[dict-item]
    new = cognito.TokenGenerationEvent(trigger("TokenGeneration_Authentication", {"scopes": ["openid"]}, "2"))
    details = new.answer_tokens(access_add={"teams": ["blue"]}, add_scopes=["a"])["response"]
    assert details == {
        "claimsAndScopeOverrideDetails": {
            "accessTokenGeneration": {"claimsToAddOrOverride": {"teams": ["blue"]}, "scopesToAdd": ["a"]}
        }
    }


def test_migration_checks_its_words() -> None:
    event = cognito.UserMigrationEvent(trigger("UserMigration_Authentication", {"password": "x"}))
    answer = event.answer({"email": "a@b.c"}, final_user_status="CONFIRMED", desired_delivery_mediums=["EMAIL"])
    assert answer["response"] == {
        "userAttributes": {"email": "a@b.c"},
        "finalUserStatus": "CONFIRMED",
        "desiredDeliveryMediums": ["EMAIL"],
    }
    with pytest.raises(ResponseError, match="finalUserStatus"):
        event.answer({"email": "a@b.c"}, final_user_status="NEW")  # type: ignore[arg-type]
    with pytest.raises(ResponseError, match="needs userAttributes"):
        event.answer({})


def test_a_message_without_the_code_is_refused() -> None:
    event = cognito.CustomMessageEvent(trigger("CustomMessage_SignUp", {"codeParameter": "{####}"}))
    assert event.answer(email_message="Your code: {####}")["response"] == {"emailMessage": "Your code: {####}"}
    with pytest.raises(ResponseError, match=r"smsMessage must contain the placeholder \{####\}"):
        event.answer(sms_message="Hello")


def test_challenges() -> None:
    session = [{"challengeName": "SRP_A", "challengeResult": True}]
    event = cognito.DefineAuthChallengeEvent(trigger("DefineAuthChallenge_Authentication", {"session": session}))
    assert event.request.session is not None
    assert event.request.session[0].challenge_metadata is None
    assert event.challenge()["response"]["challengeName"] == "CUSTOM_CHALLENGE"
    assert event.issue_tokens()["response"] == {"issueTokens": True, "failAuthentication": False}
    assert event.fail()["response"]["failAuthentication"] is True
    create = cognito.CreateAuthChallengeEvent(trigger("CreateAuthChallenge_Authentication"))
    assert create.answer(public={"q": "1+1"}, private={"a": "2"})["response"] == {
        "publicChallengeParameters": {"q": "1+1"},
        "privateChallengeParameters": {"a": "2"},
    }
    verify = cognito.VerifyAuthChallengeEvent(trigger("VerifyAuthChallengeResponse_Authentication"))
    assert verify.correct()["response"] == {"answerCorrect": True}
    assert verify.wrong()["response"] == {"answerCorrect": False}


def test_a_missing_field_is_named() -> None:
    with pytest.raises(MissingFieldError, match=r"\$\.region"):
        _ = cognito.CognitoEvent({"triggerSource": "PreSignUp_SignUp"}).region


def test_sync_returns_the_event() -> None:
    raw = {
        "version": 2,
        "eventType": "SyncTrigger",
        "region": "eu-west-1",
        "identityPoolId": "p",
        "identityId": "i",
        "datasetName": "d",
        "datasetRecords": {"k": {"oldValue": None, "newValue": "n", "op": "replace"}},
    }

    @cognito.cognito_sync
    def handler(event: cognito.CognitoSyncEvent, context: Any) -> None:
        assert event.dataset_records["k"].old_value is None

    assert handler(raw) == raw
